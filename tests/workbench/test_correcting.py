"""Labels are corrected by keyboard and mouse, and saved exactly."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from live_server import Server
from playwright.sync_api import expect
from retraining import records
from visits import Visit

pytest_plugins = ("browsing",)

LINES = {"Content-Type": "application/x-ndjson"}
# Characters outside the Basic Multilingual Plane are two UTF-16 units each.
PAGE = """The 🌉 bridge of Ardwick is closed

By Nadia Weir 😀 Updated today

The bridge was closed on Monday 𝒂fter an inspection found rust in two of its oldest beams.

It opens again in spring, the council says.
"""


def stored(service: Server, identity: str) -> Any:
    return service.request("GET", f"/v1/labels/{identity}").json


def saved(visitor: Visit, service: Server) -> Any:
    """Save the open page; it as the service has it."""
    visitor.save()
    name = visitor.page.locator("#facts dd").first.text_content()
    assert name is not None
    return stored(service, name)


def test_one_key_gives_a_label_and_undo_takes_it_back(
    visit: Callable[..., Visit], service: Server
) -> None:
    visitor = visit()
    visitor.paste(PAGE)
    before = visitor.labels()
    visitor.press("ArrowDown", "c")
    assert visitor.labels()[1] == "caption"
    expect(visitor.page.locator("#unsaved")).to_be_visible()
    visitor.press("ArrowDown", "Shift+ArrowDown", "8")
    assert visitor.labels()[2:4] == ["teaser", "teaser"]
    visitor.press("Control+z", "Control+z")
    assert visitor.labels() == before
    visitor.press("Control+y")
    assert visitor.labels() == [before[0], "caption", *before[2:]]
    record = saved(visitor, service)
    expect(visitor.page.locator("#unsaved")).to_be_hidden()
    assert record["text"] == PAGE
    assert [block["label"] for block in record["blocks"]] == visitor.labels()
    assert (record["source"], record["model"]["name"]) == ("workbench", "default")


def test_mouse_selects_and_the_legend_gives_labels(visit: Callable[..., Visit]) -> None:
    visitor = visit()
    visitor.paste(PAGE)
    before = visitor.labels()
    visitor.blocks.nth(1).click()
    visitor.blocks.nth(3).click(modifiers=["Shift"])
    visitor.page.locator("#legend [data-label=comment]").click()
    assert visitor.labels() == [before[0], "comment", "comment", "comment"]
    visitor.blocks.nth(0).click()
    visitor.blocks.nth(2).click(modifiers=["Control"])
    visitor.page.locator("#legend [data-label=deck]").click()
    assert visitor.labels() == ["deck", "comment", "deck", "comment"]


def test_split_and_joined_blocks_are_saved_exactly(
    visit: Callable[..., Visit], service: Server
) -> None:
    visitor = visit()
    visitor.paste(PAGE)
    visitor.press("ArrowDown", "s")
    # To the word before "Updated", and over the emoji.
    place = visitor.page.locator("#blocks .active .cut")
    expect(place).to_be_visible()
    text = visitor.page.locator("#blocks .active .text")
    for _ in range(20):
        if text.evaluate("e => e.lastChild.textContent").startswith("Updated"):
            break
        visitor.press("ArrowRight")
    visitor.press("Enter")
    assert visitor.texts()[1:3] == ["By Nadia Weir 😀", "Updated today"]
    visitor.press("y", "ArrowDown", "ArrowDown", "j", "b")
    assert len(visitor.texts()) == 4
    record = saved(visitor, service)
    spans = [(b["start"], b["end"]) for b in record["blocks"]]
    assert [PAGE[start:end] for start, end in spans] == [b["text"] for b in record["blocks"]]
    assert record["blocks"][3]["text"].startswith("The bridge was closed")
    assert record["blocks"][3]["text"].endswith("the council says.")


def test_split_by_double_click(visit: Callable[..., Visit]) -> None:
    visitor = visit()
    visitor.paste(PAGE)
    text = visitor.blocks.nth(3).locator(".text")
    box = text.evaluate(
        """e => {
            const range = document.createRange();
            range.setStart(e.firstChild, 26);
            range.setEnd(e.firstChild, 27);
            const { x, y, height } = range.getBoundingClientRect();
            return { x, y: y + height / 2 };
        }"""
    )
    visitor.page.mouse.dblclick(box["x"], box["y"])
    visitor.page.locator("#split").click()
    assert visitor.texts()[3:] == ["It opens again in spring,", "the council says."]


def test_html_is_split_and_saved_exactly(visit: Callable[..., Visit], service: Server) -> None:
    html = "<h1>Bridge closed</h1><p>By Nadia Weir. Rust was found in <b>two</b> beams.</p>"
    visitor = visit()
    visitor.paste(html)
    visitor.press("End", "s")
    text = visitor.page.locator("#blocks .active .text")
    for _ in range(20):
        if text.evaluate("e => e.lastChild.textContent").startswith("Rust"):
            break
        visitor.press("ArrowLeft")
    visitor.press("Enter", "y")
    record = saved(visitor, service)
    assert record["html"] == html
    assert [block["text"] for block in record["blocks"]] == [
        "Bridge closed",
        "By Nadia Weir.",
        "Rust was found in two beams.",
    ]
    # Opened again, it has its own labels and not the model's.
    visitor.go()
    visitor.page.locator("#stored-box summary").click()
    visitor.page.get_by_role("button", name=record["id"]).click()
    expect(visitor.blocks).to_have_count(3)
    assert visitor.labels() == [block["label"] for block in record["blocks"]]


def test_the_queue_goes_from_page_to_page(visit: Callable[..., Visit], service: Server) -> None:
    pool = []
    for record in records(31, 3):
        page = record.to_dict()
        page["blocks"] = []
        pool.append(page)
    body = "".join(json.dumps(page) + "\n" for page in pool).encode()
    assert service.request("POST", "/v1/labels", body, LINES).status == 201
    left = {page["id"] for page in pool}
    visitor = visit()
    visitor.page.locator("#begin").click()
    name = visitor.page.locator("#facts dd").first
    while left:
        expect(name).to_have_text(re.compile("|".join(left)))
        left.remove(str(name.text_content()))
        visitor.press("x", "Control+Enter")
    expect(visitor.page.locator("#queue-size")).to_have_text("No stored page waits for labels.")
    for page in pool:
        assert stored(service, page["id"])["blocks"][0]["label"] == "boilerplate"
