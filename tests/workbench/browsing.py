"""The service as ``make serve`` starts it, and a real browser in front of it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from live_server import Server, start_server
from outcomes import OUTCOME
from playwright.sync_api import Browser, sync_playwright
from visits import Visit

from api.data import open_data
from api.settings import Settings

_NAMES = ("chromium", "chromium-browser", "google-chrome")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    found = next((path for path in map(shutil.which, _NAMES) if path), None)
    if found is None:
        pytest.skip("Chromium is not installed (Debian: apt-get install chromium)")
    with sync_playwright() as playwright:
        # The sandbox needs rights that a container does not give.
        running = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield running
        running.close()


@pytest.fixture(scope="session")
def service(base: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    running = start_server(
        SEGMENTER_MODEL=str(base),
        SEGMENTER_DATA=str(tmp_path_factory.mktemp("workbench")),
        SEGMENTER_WORKERS="2",
        SEGMENTER_TRAINERS="1",
        SEGMENTER_MAX_BODY_BYTES="2000000",
    )
    yield running
    running.end()


@pytest.fixture(scope="session")
def compared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A service with a run that ended with ``OUTCOME``."""
    data = tmp_path_factory.mktemp("compared")
    runs = open_data(Settings(data=data)).runs
    asked = {"promote": "never", "base_loss": 0.005, "user_gain": 0.0, "seed": 0}
    runs.finish(runs.create(asked).id, "succeeded", outcome=OUTCOME.to_dict())
    running = start_server(
        SEGMENTER_DATA=str(data),
        SEGMENTER_WORKERS="1",
        SEGMENTER_TRAINERS="0",
    )
    yield running
    running.end()


@pytest.fixture
def visit(browser: Browser, service: Server) -> Iterator[Callable[..., Visit]]:
    """Open the workbench; at the end nothing may have failed or left the service's origin."""
    visits: list[Visit] = []

    def opened(server: Server = service, **options: Any) -> Visit:
        visits.append(Visit.of(browser, server.port, **options))
        return visits[-1]

    yield opened
    for one in visits:
        one.end()
