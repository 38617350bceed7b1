"""A visit to the workbench: a page of the browser, and what must not happen on it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, CDPSession, Page, Route, expect

SEEDS = Path(__file__).resolve().parents[2] / "seeds" / "pages"
OWNERS_PAGE = SEEDS / "000_5c0e006fbbd7d074.txt"
DESKTOP = {"width": 1280, "height": 900}
PHONE = {"width": 390, "height": 844}
# Other work on the machine slows a browser down many times.
PATIENCE_MS = 60_000

expect.set_options(timeout=PATIENCE_MS)


@dataclass
class Visit:
    """An open workbench.

    Attributes:
        faults: errors of scripts, and what the Content-Security-Policy refused.
        strays: addresses outside the service that were asked for.
    """

    page: Page
    origin: str
    faults: list[str] = field(default_factory=list)
    strays: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, browser: Browser, port: int, **options: Any) -> Visit:
        context = browser.new_context(**{"viewport": DESKTOP, **options})
        context.set_default_timeout(PATIENCE_MS)
        visit = cls(context.new_page(), f"http://127.0.0.1:{port}")
        visit.page.on("pageerror", lambda error: visit.faults.append(str(error)))
        visit.page.on(
            "console",
            lambda message: (
                visit.faults.append(message.text)
                if "Content Security Policy" in message.text or "Trusted" in message.text
                else None
            ),
        )
        context.route("**/*", visit._keep_to_the_origin)
        visit.go()
        return visit

    def _keep_to_the_origin(self, route: Route) -> None:
        address = route.request.url
        if address.startswith((f"{self.origin}/", "data:", "blob:")):
            route.continue_()
        else:
            self.strays.append(address)
            route.abort()

    def go(self, part: str = "") -> None:
        self.page.goto(f"{self.origin}/{part}")
        self.page.wait_for_selector("html[data-ready]")

    def paste(self, content: str) -> None:
        """Put a page in as a paste does, and segment it."""
        self.page.locator("#content").focus()
        self.page.evaluate(
            """text => {
                const clipboard = new DataTransfer();
                clipboard.setData("text/plain", text);
                const event = new ClipboardEvent("paste", {
                    clipboardData: clipboard, bubbles: true, cancelable: true });
                const field = document.getElementById("content");
                if (field.dispatchEvent(event)) {
                    field.value = text;
                    field.dispatchEvent(new Event("input", { bubbles: true }));
                }
            }""",
            content,
        )
        self.page.locator("#segment").click()
        self.blocks.first.wait_for()

    def pick(self, seed: str) -> None:
        self.page.locator("#seed").select_option(seed)
        self.blocks.first.wait_for()

    def compare(self) -> None:
        """Go to the last run's comparison, and open all that is folded in it."""
        self.go("#train")
        folds = self.page.locator("#comparison details")
        expect(folds).not_to_have_count(0)
        folds.evaluate_all("all => all.forEach(one => { one.open = true })")
        drawn = self.page.locator("#comparison .chart svg")
        expect(drawn).to_have_count(self.page.locator("#comparison .chart").count())

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def save(self) -> None:
        """Save, and see that it was."""
        self.press("Control+s")
        said = self.page.get_by_role("status").filter(has_text=re.compile(r"^Saved \d+ block"))
        expect(said).to_be_visible()

    @property
    def blocks(self) -> Any:
        return self.page.locator("#blocks [role=option]")

    def labels(self) -> list[str]:
        """The label of each block as it is shown."""
        found: list[str] = self.blocks.evaluate_all(
            "items => items.map(item => item.className.match(/l-(\\w+)/)[1])"
        )
        return found

    def texts(self) -> list[str]:
        found: list[str] = self.blocks.locator(".text").all_text_contents()
        return found

    def answer(self) -> Any:
        """What the JSON view shows."""
        self.page.locator("[data-view=json]").click()
        text = self.page.locator("#view-json").text_content()
        self.page.locator("[data-view=blocks]").click()
        self.page.locator("#blocks").focus()
        return self.page.evaluate("text => JSON.parse(text)", text)

    def processor(self) -> Processor:
        return Processor(self.page.context.new_cdp_session(self.page))

    def end(self) -> None:
        faults, strays = self.faults, self.strays
        self.page.context.close()
        assert not faults
        assert not strays


class Processor:
    """The processor time of the page's main thread, which other work on the machine leaves as it
    is."""

    def __init__(self, session: CDPSession) -> None:
        self._session = session
        session.send("Performance.enable", {"timeDomain": "threadTicks"})

    def milliseconds(self) -> float:
        answer = self._session.send("Performance.getMetrics")
        seconds: dict[str, float] = {one["name"]: one["value"] for one in answer["metrics"]}
        return seconds["TaskDuration"] * 1000
