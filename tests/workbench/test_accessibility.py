"""axe-core finds no violation in any view, light, dark and at phone width."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from live_server import Server
from playwright.sync_api import expect
from visits import PHONE, Visit

pytest_plugins = ("browsing",)

LOOKS: dict[str, dict[str, Any]] = {
    "light": {"color_scheme": "light"},
    "dark": {"color_scheme": "dark"},
    "phone": {"viewport": PHONE},
    "dark phone": {"viewport": PHONE, "color_scheme": "dark"},
}


def check(visitor: Visit, view: str) -> None:
    # The rules are put in from outside; the page's own policy would refuse them.
    found = Axe().run(visitor.page)
    assert found.violations_count == 0, f"{view}: {found.generate_report()}"


@pytest.mark.parametrize("look", LOOKS)
def test_the_comparison_has_no_violation(
    visit: Callable[..., Visit], compared: Server, look: str
) -> None:
    visitor = visit(compared, **LOOKS[look], bypass_csp=True)
    visitor.compare()
    check(visitor, "comparison")


@pytest.mark.slow
@pytest.mark.parametrize("look", LOOKS)
def test_no_view_has_a_violation(visit: Callable[..., Visit], look: str) -> None:
    visitor = visit(**LOOKS[look], bypass_csp=True)
    check(visitor, "start")
    visitor.pick("000_5c0e006fbbd7d074.txt")
    visitor.press("ArrowDown", "c", "ArrowDown", "s")
    expect(visitor.page.locator(".cut")).to_be_visible()
    visitor.page.locator(".close-up").evaluate("e => { e.open = true }")
    expect(visitor.page.locator("#inspected .evidence").first).to_be_visible()
    for view in ("blocks", "kept", "original", "json"):
        visitor.page.locator(f"[data-view={view}]").click()
        check(visitor, view)
    visitor.go()
    visitor.page.locator("#segment").click()
    check(visitor, "error")
    visitor.page.locator("#show-help").evaluate("e => e.click()")
    check(visitor, "keys")
    visitor.go("#train")
    expect(visitor.page.locator("#versions tr").first).to_be_visible()
    check(visitor, "train")


def test_everything_is_reached_by_keyboard_alone(visit: Callable[..., Visit]) -> None:
    visitor = visit()
    visitor.page.locator("#content").focus()
    visitor.page.keyboard.insert_text("Bridge closed\n\nRust was found in two of its beams.")
    for _ in range(10):
        if visitor.page.evaluate("document.activeElement.id") == "segment":
            break
        visitor.press("Tab")
    visitor.press("Enter")
    expect(visitor.page.locator("#blocks")).to_be_focused()
    active = visitor.page.locator("#blocks").get_attribute("aria-activedescendant")
    assert visitor.page.locator(f"#{active}").get_attribute("aria-selected") == "true"
    visitor.press("?")
    expect(visitor.page.get_by_role("dialog", name="Keys in the list of blocks")).to_be_visible()
    visitor.press("Escape")
    option = visitor.page.get_by_role("option", name="Rust was found").first
    expect(option).to_be_visible()
