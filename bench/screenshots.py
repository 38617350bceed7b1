"""Pictures of the workbench for the README, taken from a running service in a real browser.

``python -m bench.screenshots`` starts a service with data of its own, labels and trains on pages
of an invented site, and writes ``docs/workbench-*.png``. It needs Chromium and the packages of the
development group.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final
from urllib.request import Request, urlopen

import click

from bench.sites import site_pages

__all__ = ["main"]

_ROOT: Final = Path(__file__).resolve().parents[1]
_SITE: Final = 2
_PAGES: Final = 6
_BROWSERS: Final = ("chromium", "chromium-browser", "google-chrome")
_DESKTOP: Final = {"width": 1280, "height": 840}
_PHONE: Final = {"width": 390, "height": 780}
_PATIENCE_MS: Final = 900_000


@click.command()
@click.option("--output", type=click.Path(path_type=Path), default=_ROOT / "docs")
def main(output: Path) -> None:
    """Write the pictures into a folder, docs by default."""
    found = next((path for path in map(shutil.which, _BROWSERS) if path), None)
    if found is None:
        raise click.ClickException("Chromium is not installed (Debian: apt-get install chromium)")
    with tempfile.TemporaryDirectory() as data, _service(Path(data)) as address:
        _send_labels(address)
        _take(found, address, output)


@contextmanager
def _service(data: Path) -> Iterator[str]:
    """The address of a service with a training worker, as ``make serve`` starts it."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("SEGMENTER_")}
    process = subprocess.Popen(
        [sys.executable, "-m", "api"],
        cwd=_ROOT,
        env={**own, "SEGMENTER_PORT": "0", "SEGMENTER_DATA": str(data)},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        address = re.search(r"http://\S+:\d+", process.stdout.readline())
        if address is None:
            raise click.ClickException("the service did not start")
        yield address[0]
    finally:
        process.terminate()
        process.wait()


def _send_labels(address: str) -> None:
    lines = [json.dumps(page.record()) for page in site_pages(_SITE, _PAGES)]
    request = Request(
        f"{address}/v1/labels",
        "\n".join(lines).encode(),
        {"Content-Type": "application/x-ndjson"},
    )
    with urlopen(request) as answer:
        assert answer.status == 201


def _take(chromium: str, address: str, output: Path) -> None:
    from playwright.sync_api import Browser, Page, sync_playwright

    def opened(browser: Browser, part: str = "", **options: object) -> Page:
        page = browser.new_page(**{"viewport": _DESKTOP, **options})  # type: ignore[arg-type]
        page.set_default_timeout(_PATIENCE_MS)
        page.goto(f"{address}/{part}")
        page.wait_for_selector("html[data-ready]")
        return page

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = opened(browser)
        page.select_option("#seed", "000_5c0e006fbbd7d074.txt")
        page.wait_for_selector("#blocks [role=option]")
        for key in ("ArrowDown", "ArrowDown"):
            page.keyboard.press(key)
        page.wait_for_selector("#inspected .evidence")
        _write(page, output / "workbench-label.png")
        phone = opened(browser, viewport=_PHONE, color_scheme="dark", device_scale_factor=2)
        phone.select_option("#seed", "018_ar_nakhil.txt")
        phone.wait_for_selector("#blocks [role=option]")
        _write(phone, output / "workbench-phone.png")
        page = opened(browser, "#train")
        page.click("#start-run")
        page.wait_for_selector("#comparison .chart svg")
        page.locator("#comparison-box").evaluate("box => box.scrollIntoView()")
        _write(page, output / "workbench-train.png")
        browser.close()


def _write(page: object, path: Path) -> None:
    """A picture of few colours: a third of the size, and nobody sees the difference."""
    from io import BytesIO

    from PIL import Image
    from playwright.sync_api import Page

    assert isinstance(page, Page)
    with Image.open(BytesIO(page.screenshot())) as picture:
        picture.quantize(256, dither=Image.Dither.NONE).save(path, optimize=True)
    click.echo(path)


if __name__ == "__main__":
    main()
