"""``/docs`` in a real browser, without any network but the service."""

from __future__ import annotations

import shutil
from typing import Any

import pytest
from flask.testing import FlaskClient
from live_server import Server

NAMES = ("chromium", "chromium-browser", "google-chrome")


def test_the_page_and_its_files_are_the_services_own(client: FlaskClient) -> None:
    page = client.get("/docs")
    assert page.mimetype == "text/html"
    assert "http" not in page.get_data(as_text=True)
    policy = page.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'")
    assert "unsafe" not in policy
    for name, kind in (
        ("swagger-ui.css", "text/css"),
        ("swagger-ui-bundle.js", "text/javascript"),
        ("start.js", "text/javascript"),
    ):
        file = client.get(f"/docs/{name}")
        assert (file.status_code, file.mimetype) == (200, kind)


@pytest.mark.parametrize("name", ["none.js", "..%2f__init__.py", "%2e%2e/plugins.py", "index.html"])
def test_no_other_files(client: FlaskClient, name: str) -> None:
    assert client.get(f"/docs/{name}").status_code == 404


@pytest.mark.slow
def test_a_browser_shows_every_operation_within_the_policy(server: Server) -> None:
    from playwright.sync_api import sync_playwright

    found = next((path for path in map(shutil.which, NAMES) if path), None)
    if found is None:
        pytest.skip("Chromium is not installed (Debian: apt-get install chromium)")
    said: list[str] = []
    asked: list[str] = []
    origin = f"http://127.0.0.1:{server.port}"
    document: Any = server.request("GET", "/openapi.json").json
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        page = browser.new_page()
        page.set_default_timeout(120_000)
        page.on("console", lambda message: said.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: said.append(f"error: {error}"))
        page.on("request", lambda request: asked.append(request.url))
        page.goto(f"{origin}/docs")
        page.wait_for_selector(".opblock")
        shown = page.locator(".opblock").count()
        page.locator("#operations-Pages-segment_segment .opblock-summary").click()
        page.wait_for_selector("#operations-Pages-segment_segment .parameters")
        browser.close()
    assert shown == sum(map(len, document["paths"].values()))
    assert [line for line in said if line.startswith(("error", "warning"))] == []
    assert all(url.startswith((origin, "data:", "blob:")) for url in asked)
