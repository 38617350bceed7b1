"""A page is looked at: colours, probabilities, contributions, other readings, long pages."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from live_server import Server
from playwright.sync_api import expect
from visits import OWNERS_PAGE, PHONE, Visit

from segmenter.palette import COLOURS, LETTERS
from segmenter.types import LABELS

pytest_plugins = ("browsing",)

JSON = {"Content-Type": "application/json"}
LONG = "\n\n".join(
    f"The council of Ardwick decided on bridge number {n} after a long debate." if n % 7 else "Menu"
    for n in range(5_000)
)
TOO_LONG = "\n\n".join(["The bridge of Ardwick stays closed. " * 800] * 40)


def owners_page() -> str:
    return OWNERS_PAGE.read_text("utf-8")


def segmented(service: Server, **request: Any) -> Any:
    answer = service.request("POST", "/v1/segment", json.dumps(request), JSON)
    assert answer.status == 200
    return answer.json


def colour(locator: Any) -> str:
    red, green, blue = map(
        int, re.findall(r"\d+", locator.evaluate("e => getComputedStyle(e).backgroundColor"))
    )
    return f"#{red:02x}{green:02x}{blue:02x}"


def test_the_owners_page_in_the_labels_colours(
    visit: Callable[..., Visit], service: Server
) -> None:
    visitor = visit()
    visitor.paste(owners_page())
    expected = [block["label"] for block in segmented(service, text=owners_page())["blocks"]]
    assert visitor.labels() == expected
    assert len(set(expected)) > 5
    legend = visitor.page.locator("#legend [data-label]")
    assert legend.evaluate_all("all => all.map(one => one.dataset.label)") == list(LABELS)
    counts = Counter(expected)
    for label in LABELS:
        entry = visitor.page.locator(f"#legend [data-label={label}]")
        expect(entry.locator(".count")).to_have_text(str(counts[label]))
        assert colour(entry.locator(".badge")) == COLOURS[label]
    for label in counts:
        badge = visitor.page.locator(f"#blocks .l-{label} .badge").first
        assert colour(badge) == COLOURS[label]
        assert badge.text_content() == LETTERS[label]


def test_facts_and_doubtful_blocks(visit: Callable[..., Visit], service: Server) -> None:
    visitor = visit()
    visitor.paste(owners_page())
    answer = segmented(service, text=owners_page())
    facts = visitor.page.locator("#facts").inner_text()
    assert f"{round(answer['confidence'] * 100)} %" in facts
    assert f"{answer['model']['name']} {answer['model']['version']}" in facts
    assert re.search(r"time\s+[\d,]+ ms", facts)
    doubtful = [n for n, block in enumerate(answer["blocks"]) if block["probability"] < 0.6]
    marked = visitor.blocks.evaluate_all(
        "all => all.flatMap((one, n) => one.classList.contains('unsure') ? [n] : [])"
    )
    assert marked == doubtful
    assert doubtful


def test_a_block_close_up_has_all_probabilities_and_real_contributions(
    visit: Callable[..., Visit], service: Server
) -> None:
    visitor = visit()
    visitor.paste(owners_page())
    visitor.press("ArrowDown")
    body = json.dumps({"text": owners_page(), "block": 1})
    expected = service.request("POST", "/v1/explanations", body, JSON).json
    first = visitor.page.locator("#inspected .evidence li").first
    expect(first).to_contain_text(
        next(c["meaning"] for c in expected["contributions"] if c["log_odds"] > 0)
    )
    answer = segmented(service, text=owners_page(), probabilities=True)
    shown = visitor.page.locator("#inspected .probabilities .number").all_text_contents()
    given = answer["blocks"][1]["probabilities"]
    assert shown == [f"{int(given[label] * 100 + 0.5)} %" for label in LABELS]
    visitor.blocks.nth(0).hover()
    expect(visitor.page.locator("#inspected")).to_contain_text("characters 0 – 88")


def test_other_readings_are_the_services_own(visit: Callable[..., Visit], service: Server) -> None:
    visitor = visit()
    visitor.paste(owners_page())
    answer = segmented(service, text=owners_page(), probabilities=False, keep=["headline", "body"])
    visitor.page.locator("[data-view=kept]").click()
    visitor.page.locator("#kept-labels [value=headline]").check()
    paragraphs = visitor.page.locator("#kept-text p").all_text_contents()
    assert "\n\n".join(paragraphs) == answer["text"]
    visitor.page.locator("[data-view=original]").click()
    original = visitor.page.locator("#view-original")
    assert original.text_content() == owners_page().replace("\r\n", "\n")
    assert original.locator("mark").all_text_contents() == [b["text"] for b in answer["blocks"]]
    shown = visitor.answer()
    assert shown["blocks"] == answer["blocks"]
    assert (shown["text"], shown["headline"]) == (answer["text"], answer["headline"])
    assert shown["byline"] == answer["byline"]


def test_download_is_what_is_shown(visit: Callable[..., Visit]) -> None:
    visitor = visit()
    visitor.pick("001_en_ferry-timetable.txt")
    with visitor.page.expect_download() as downloaded:
        visitor.page.locator("#download").click()
    assert downloaded.value.suggested_filename == "001_en_ferry-timetable.json"
    content = json.loads(downloaded.value.path().read_text("utf-8"))
    assert [block["label"] for block in content["blocks"]] == visitor.labels()


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        ("A plain line.\n\nAnother one, 3 < 4 and 5 > 4.", "raw text"),
        ("<!doctype html><title>T</title><p>A line.</p>", "HTML"),
        ("Copied: <p>one</p> <p>two</p> <p>three</p>", "HTML"),
    ],
)
def test_the_kind_is_detected_and_can_be_overridden(
    visit: Callable[..., Visit], content: str, kind: str
) -> None:
    visitor = visit()
    visitor.page.locator("#content").fill(content)
    expect(visitor.page.locator("#kind-hint")).to_have_text(f"Read as {kind}.")
    visitor.page.locator("input[name=kind][value=text]").check(force=True)
    visitor.page.locator("#segment").click()
    visitor.blocks.first.wait_for()
    assert "".join("".join(visitor.texts()).split()) == "".join(content.split())


def test_a_dropped_file_with_an_old_character_set(visit: Callable[..., Visit]) -> None:
    visitor = visit()
    page = '<meta charset="windows-1251"><title>Я</title><p>Мост закрыт до осени.</p>'
    visitor.page.locator("#file").set_input_files(
        {"name": "bridge.html", "mimeType": "text/html", "buffer": page.encode("cp1251")}
    )
    visitor.blocks.first.wait_for()
    assert visitor.texts() == ["Мост закрыт до осени."]


@pytest.mark.parametrize("name", ["long.txt", "Pasted text"])
def test_a_page_too_long_for_the_field_is_kept_aside(
    visit: Callable[..., Visit], service: Server, name: str
) -> None:
    visitor = visit()
    blocks = len(segmented(service, text=TOO_LONG)["blocks"])
    field, aside = visitor.page.locator("#content"), visitor.page.locator("#aside")
    if name == "Pasted text":
        visitor.paste(TOO_LONG)
    else:
        visitor.page.locator("#file").set_input_files(
            {"name": name, "mimeType": "text/plain", "buffer": TOO_LONG.encode()}
        )
    for _ in range(2):
        expect(visitor.blocks).to_have_count(blocks)
        visitor.page.locator("#new-page").click()
        expect(aside).to_contain_text(f"{len(TOO_LONG):,} characters")
        expect(aside.locator("strong")).to_have_text(name)
        expect(field).to_be_hidden()
        expect(field).to_have_value("")
        visitor.page.locator("#segment").click()
    visitor.page.locator("#new-page").click()
    aside.get_by_role("button").click()
    expect(aside).to_be_hidden()
    expect(field).to_be_focused()
    visitor.paste("Bridge closed\n\nRust was found in two of its beams.")
    expect(visitor.blocks).to_have_count(2)


def test_right_to_left_pages_stand_right_to_left(visit: Callable[..., Visit]) -> None:
    for options in ({}, {"viewport": PHONE}):
        visitor = visit(**options)
        visitor.pick("018_ar_nakhil.txt")
        directions = visitor.blocks.locator(".text").evaluate_all(
            "all => all.map(one => getComputedStyle(one).direction)"
        )
        assert directions.count("rtl") > 0.8 * len(directions)
        text, block = (
            one.bounding_box()
            for one in (visitor.blocks.first.locator(".text"), visitor.blocks.first)
        )
        assert text is not None
        assert block is not None
        assert block["x"] <= text["x"]
        assert text["x"] + text["width"] <= block["x"] + block["width"]


def test_errors_are_said_in_words(visit: Callable[..., Visit]) -> None:
    visitor = visit()
    alert = visitor.page.get_by_role("alert")
    visitor.page.locator("#segment").click()
    expect(alert).to_contain_text("Paste the text or the HTML of a page first")
    visitor.page.locator("#file").set_input_files(
        {"name": "a.txt", "mimeType": "text/plain", "buffer": b"A line. " * 250_001}
    )
    expect(alert).to_contain_text("over the limit")
    visitor.page.locator("#aside-drop").click()
    visitor.page.locator("#content").fill("A line.")
    visitor.page.context.route("**/v1/segment", lambda route: route.abort())
    visitor.page.locator("#segment").click()
    expect(alert).to_contain_text("The service does not answer")


def test_a_page_of_5000_blocks_takes_keys_at_once(visit: Callable[..., Visit]) -> None:
    visitor = visit()
    visitor.paste(LONG)
    expect(visitor.blocks).to_have_count(5_000)
    processor = visitor.processor()
    for key in ("ArrowDown", "t", "PageDown", "Shift+ArrowDown", "c", "Control+z", "End", "Home"):
        times = []
        for _ in range(3):
            began = processor.milliseconds()
            visitor.press(key)
            visitor.page.evaluate(
                "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"
            )
            times.append(processor.milliseconds() - began)
        assert min(times) < 100, f"{key} took {times} ms"
    visitor.press("End")
    expect(visitor.blocks.last).to_be_in_viewport()
