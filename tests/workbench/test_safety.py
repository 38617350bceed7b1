"""Pasted pages are shown as text: nothing in them runs, loads or is styled."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from live_server import Server, start_server
from playwright.sync_api import expect
from visits import Visit

from segmenter.keys import new_key

pytest_plugins = ("browsing",)

ATTACK = """<!doctype html><html><head><title><img src=x onerror=run('title')></title>
<base href="https://evil.example/"><meta http-equiv="refresh" content="0;url=https://evil.example/">
<link rel="stylesheet" href="https://evil.example/a.css">
<style>@import url(https://evil.example/b.css); #blocks { display: none !important }</style>
<script>run('script')</script><script src="https://evil.example/c.js"></script></head>
<body onload="run('load')" style="background: url(https://evil.example/d.png)">
<h1 onclick="run('click')" onmouseover="run('over')">Bridge
&lt;script&gt;run('escaped')&lt;/script&gt; closed</h1>
<p>&lt;img src=x onerror=run('text')&gt; Rust was found in two of its beams, they said.</p>
<svg onload="run('svg')"><script>run('svg script')</script><text>drawn</text></svg>
<img src="https://evil.example/e.png" onerror="run('image')">
<iframe srcdoc="<script>parent.run('frame')</script>"></iframe>
<a href="javascript:run('link')">Read on</a>
<math><mtext><style><img src=x
onerror=run('math')></style></mtext></math><details open ontoggle="run('toggle')"><summary>More
</summary>It opens in spring.</details>
<form action="javascript:run('form')"><button>Go</button></form>
<template><script>run('template')</script></template></body></html>"""


def test_nothing_in_a_pasted_page_runs_or_loads(visit: Callable[..., Visit]) -> None:
    for kind in ("html", "text"):
        visitor = visit()
        visitor.page.evaluate("() => { window.ran = []; window.run = (what) => ran.push(what) }")
        visitor.page.locator(f"input[name=kind][value={kind}]").check(force=True)
        visitor.paste(ATTACK)
        for view in ("kept", "original", "json", "blocks"):
            visitor.page.locator(f"[data-view={view}]").click()
        count = visitor.blocks.count()
        for index in range(count):
            visitor.blocks.nth(index).click()
        expect(visitor.blocks.first).to_be_visible()
        assert visitor.page.evaluate("window.ran") == []
        made = "#blocks :is(script, style, img, svg, iframe, a, form, link, meta)"
        assert visitor.page.locator(made).count() == 0
        assert any("<script>run('escaped')</script>" in text for text in visitor.texts()) == (
            kind == "html"
        )
        visitor.save()
        assert visitor.page.url.startswith(visitor.origin)


def test_the_policy_allows_nothing_but_the_services_own_files(service: Server) -> None:
    answer = service.request("GET", "/")
    policy = dict(
        part.strip().split(" ", 1) for part in answer.headers["content-security-policy"].split(";")
    )
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'"
    assert policy["base-uri"] == policy["frame-ancestors"] == "'none'"
    assert policy["require-trusted-types-for"] == "'script'"
    page = answer.body.decode()
    assert "<style" not in page
    assert " style=" not in page
    assert "://" not in page.replace("https://news.example", "")


def test_an_example_page_is_never_served_as_html(service: Server) -> None:
    answer = service.request("GET", "/workbench/seeds/101_en_bakery-strike.html")
    assert answer.headers["content-type"].startswith("text/plain")
    assert answer.headers["x-content-type-options"] == "nosniff"
    for name in ("nothing.txt", "..%2f..%2fpyproject.toml", "000_5c0e006fbbd7d074.labels.json"):
        assert service.request("GET", f"/workbench/seeds/{name}").status == 404


def test_a_service_with_keys_asks_for_one_and_keeps_it_in_the_tab(
    visit: Callable[..., Visit], base: Path, tmp_path: Path
) -> None:
    secret, key = new_key("admin", "ada")
    keys = tmp_path / "keys"
    keys.write_text(f"{key.line()}\n", "utf-8")
    server = start_server(
        SEGMENTER_MODEL=str(base),
        SEGMENTER_DATA=str(tmp_path / "data"),
        SEGMENTER_WORKERS="1",
        SEGMENTER_API_KEYS=str(keys),
    )
    try:
        visitor = visit(server)
        dialog = visitor.page.get_by_role("dialog", name="This service asks for a key")
        visitor.page.get_by_label("Key", exact=True).fill("wrong")
        visitor.press("Enter")
        expect(dialog).to_contain_text("not known")
        visitor.page.get_by_label("Key", exact=True).fill(secret)
        visitor.press("Enter")
        expect(dialog).to_be_hidden()
        visitor.paste("Bridge closed\n\nRust was found in two of its beams.")
        expect(visitor.blocks).to_have_count(2)
        assert visitor.page.evaluate("localStorage.length + document.cookie.length") == 0
        assert visitor.page.evaluate("Object.values(sessionStorage)") == [secret]
    finally:
        server.end()
