"""The charts of a comparison are drawn from its figures, row by row as in its table."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from live_server import Server
from outcomes import BY_PAGE
from playwright.sync_api import Locator, expect
from visits import PHONE, Visit

from segmenter.training.gate import Scores

pytest_plugins = ("browsing",)

SMALLEST = {"width": 320, "height": 640}
ROWS = [BY_PAGE.macro_f1, *BY_PAGE.labels.values()]
NAMES = ["macro F1", *(label.replace("_", " ") for label in BY_PAGE.labels)]
COLOURED = (".now .ct-bar", ".new .ct-bar", ".interval.gain", ".interval.loss",
            ".interval.unclear", ".zero")  # fmt: skip


def sets_of(visitor: Visit) -> Locator:
    """The sets of HTML pages that are compared; the first one is open and its charts are drawn."""
    visitor.go("#train")
    html = visitor.page.locator("#comparison .kind").filter(has_text="12 pages of 1 site")
    sets = html.locator("> details")
    expect(sets.first.locator("svg")).to_have_count(2)
    return sets


def lines(chart: Locator, selector: str) -> list[dict[str, float]]:
    """Lines of a chart from top to bottom: their ends, and the value that they were drawn from."""
    found: list[dict[str, float]] = chart.locator(selector).evaluate_all(
        """all => all.map(one => ({
            value: Number(one.getAttribute("ct:value")), x1: one.x1.baseVal.value,
            x2: one.x2.baseVal.value, y: one.y1.baseVal.value }))"""
    )
    return sorted(found, key=lambda line: line["y"])


def middles(rows: Locator) -> list[float]:
    found: list[float] = rows.evaluate_all(
        "all => all.map(e => e.getBoundingClientRect()).map(box => box.y + box.height / 2)"
    )
    return found


def verdict(scores: Scores) -> str:
    return "gain" if scores.low > 0 else "loss" if scores.high < 0 else "unclear"


def test_rows_stand_beside_those_of_the_table(
    visit: Callable[..., Visit], compared: Server
) -> None:
    by_page = sets_of(visit(compared)).first
    heads = by_page.locator(".figures tbody th")
    for head, name in zip(heads.all_text_contents(), NAMES, strict=True):
        assert head.endswith(name)
    for chart in by_page.locator(".chart").all():
        names = chart.locator(".ct-label.ct-vertical")
        assert names.all_text_contents() == NAMES[::-1]
        assert middles(names) == pytest.approx(middles(heads)[::-1], abs=2)


def test_bars_are_as_long_as_f1_is_high(visit: Callable[..., Visit], compared: Server) -> None:
    f1 = sets_of(visit(compared)).first.locator("figure").first
    assert f1.locator("figcaption .key").all_text_contents() == ["now", "new"]
    ticks = [tick["x1"] for tick in lines(f1, ".ct-grid.ct-horizontal")]
    start, whole = min(ticks), max(ticks) - min(ticks)
    for kind, expected in (
        ("now", [scores.active for scores in ROWS]),
        ("new", [scores.candidate for scores in ROWS]),
    ):
        bars = lines(f1, f".{kind} .ct-bar")
        assert [bar["value"] for bar in bars] == expected
        assert [bar["x1"] for bar in bars] == pytest.approx([start] * len(bars))
        lengths = [(bar["x2"] - bar["x1"]) / whole for bar in bars]
        assert lengths == pytest.approx(expected, abs=1e-4)


def test_intervals_go_from_low_to_high_around_the_gain(
    visit: Callable[..., Visit], compared: Server
) -> None:
    gain = sets_of(visit(compared)).first.locator("figure").last
    assert gain.locator("figcaption .key").all_text_contents() == ["gain", "loss", "unclear"]
    (zero,) = lines(gain, ".zero")
    bars = lines(gain, ".ct-bar")
    assert [bar["value"] for bar in bars] == [scores.difference for scores in ROWS]
    assert [bar["x1"] for bar in bars] == pytest.approx([zero["x1"]] * len(ROWS))
    longest = max(bars, key=lambda bar: bar["value"])
    a_whole = (longest["x2"] - zero["x1"]) / longest["value"]
    intervals = gain.locator(".interval").evaluate_all(
        """all => all.map(one => ({ kind: one.getAttribute("class"), from: one.getBBox().x,
            to: one.getBBox().x + one.getBBox().width }))"""
    )[::-1]
    assert [one["kind"] for one in intervals] == [f"interval {verdict(one)}" for one in ROWS]
    for end, values in (("from", [one.low for one in ROWS]), ("to", [one.high for one in ROWS])):
        shown = [(one[end] - zero["x1"]) / a_whole for one in intervals]
        assert shown == pytest.approx(values, abs=1e-4)


def test_a_chart_is_drawn_when_its_fold_opens_and_anew_when_the_window_narrows(
    visit: Callable[..., Visit], compared: Server
) -> None:
    visitor = visit(compared)
    base = sets_of(visitor).nth(1)
    base.locator("summary").click()
    chart = base.locator(".chart").first
    expect(chart.locator(".ct-bar")).to_have_count(4)
    visitor.page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    visitor.page.wait_for_function(
        """([chart, width]) => {
            const ends = [...chart.querySelectorAll("line")].map(
                line => line.getBoundingClientRect().right);
            return chart.clientWidth < width && Math.max(...ends) < width;
        }""",
        arg=[chart.element_handle(), PHONE["width"]],
    )


@pytest.mark.parametrize("size", [PHONE, SMALLEST], ids=["phone", "smallest"])
def test_narrow_pages_stay_as_wide_as_the_window(
    visit: Callable[..., Visit], compared: Server, size: dict[str, int]
) -> None:
    visitor = visit(compared, viewport=size)
    visitor.compare()
    assert visitor.page.evaluate("document.documentElement.scrollWidth") == size["width"]


def test_colours_are_those_of_the_scheme(visit: Callable[..., Visit], compared: Server) -> None:
    strokes: dict[str, list[str]] = {}
    for scheme in ("light", "dark"):
        drawn = sets_of(visit(compared, color_scheme=scheme)).first
        strokes[scheme] = [
            drawn.locator(f".chart {selector}").first.evaluate("e => getComputedStyle(e).stroke")
            for selector in COLOURED
        ]
    assert "none" not in strokes["light"] + strokes["dark"]
    assert all(light != dark for light, dark in zip(*strokes.values(), strict=True))
