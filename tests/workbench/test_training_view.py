"""From a wrong label to a better model and back, all in the browser."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from live_server import Server, start_server
from playwright.sync_api import expect
from retraining import records
from visits import Visit

pytest_plugins = ("browsing",)

LINES = {"Content-Type": "application/x-ndjson"}
SITE = 2
RUN_MS = 600_000


@pytest.fixture
def own_service(base: Path, tmp_path: Path) -> Iterator[Server]:
    """With no labels but those of this test."""
    running = start_server(
        SEGMENTER_MODEL=str(base),
        SEGMENTER_DATA=str(tmp_path),
        SEGMENTER_WORKERS="2",
        SEGMENTER_TRAINERS="1",
    )
    yield running
    running.end()


@pytest.mark.slow
def test_correct_train_compare_promote_and_roll_back(
    visit: Callable[..., Visit], own_service: Server
) -> None:
    *known, last = records(SITE, 6)
    body = "".join(json.dumps(record.to_dict()) + "\n" for record in known).encode()
    assert own_service.request("POST", "/v1/labels", body, LINES).status == 201
    gold = [block.label for block in last.blocks]

    # One more page of the site, every wrong label corrected by its key.
    visitor = visit(own_service)
    visitor.paste(last.content)
    before = visitor.labels()
    wrong = [n for n, (is_, should) in enumerate(zip(before, gold, strict=True)) if is_ != should]
    assert wrong
    digit = {name: str(n) for n, name in enumerate(_shown_labels(visitor), start=1)}
    for n in range(len(gold)):
        if n in wrong:
            visitor.press(digit[gold[n]])
        visitor.press("ArrowDown")
    assert visitor.labels() == gold
    visitor.save()

    visitor.page.get_by_role("link", name="Train").click()
    visitor.page.locator("#start-run").click()
    expect(visitor.page.locator("#run-step")).to_contain_text("html", timeout=RUN_MS)
    expect(visitor.page.locator("#comparison-box")).to_be_visible(timeout=RUN_MS)
    expect(visitor.page.locator("#comparison")).to_contain_text("is a candidate beside")
    _check_comparison(visitor, own_service)

    base = visitor.page.locator("#model").text_content()
    promote = visitor.page.get_by_role("button", name="Promote").first
    promote.click()
    expect(visitor.page.locator("#versions .current")).to_contain_text("answers now")
    expect(visitor.page.locator("#model")).not_to_have_text(str(base))
    visitor.go()
    visitor.paste(last.content)
    after = visitor.labels()
    assert _right(after, gold) > _right(before, gold)

    visitor.go("#train")
    visitor.page.locator("#rollback").click()
    expect(visitor.page.locator("#model")).to_have_text(str(base))


def _check_comparison(visitor: Visit, service: Server) -> None:
    """What is shown is what the run came to."""
    run = service.request("GET", "/v1/training-runs").json["training_runs"][0]
    report = run["outcome"]["kinds"]["html"]
    scores = report["by_page"]["macro_f1"]
    section = visitor.page.locator("#comparison .kind").filter(has_text="HTML")
    figures = section.locator("details").first
    rows = figures.locator(".figures tbody tr")
    expect(rows.first).to_contain_text(f"{scores['active']:.3f}")
    expect(rows.first).to_contain_text(f"{scores['candidate']:.3f}")
    expect(rows).to_have_count(len(report["by_page"]["labels"]) + 1)
    for kind in ("now", "new"):
        expect(figures.locator(f".chart .{kind} .ct-bar")).to_have_count(rows.count())
    expect(figures.locator(".chart .interval")).to_have_count(rows.count())
    for place, name in enumerate(("active", "candidate")):
        words = sum(map(sum, report["by_page"]["confusion"][name]))
        shown = figures.locator(".matrix").nth(place).locator("td").all_text_contents()
        assert sum(int(cell.replace(",", "")) for cell in shown if cell != "·") == words > 0
    changed = run["outcome"]["changes"]["html"]
    assert changed
    expect(section.locator(".changes summary")).to_have_count(len(changed))


def _shown_labels(visitor: Visit) -> list[str]:
    found: list[str] = visitor.page.locator("#legend [data-label]").evaluate_all(
        "all => all.map(one => one.dataset.label)"
    )
    return found


def _right(labels: list[str], gold: list[str]) -> int:
    return sum(a == b for a, b in zip(labels, gold, strict=True))
