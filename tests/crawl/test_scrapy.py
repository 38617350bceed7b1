"""Real Scrapy crawls of a site on loopback."""

from __future__ import annotations

import http.server
import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import pytest
from crawl_pages import page
from scrapy.utils.test import get_crawler

from segmenter import InputError, Segmenter
from segmenter.crawl.scrapy import SegmentPipeline

ROOT = Path(__file__).parents[2]
PAGES = 12
RUN = """
import json, sys, warnings
from scrapy.crawler import CrawlerProcess
spider, start, settings = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])
sys.path.insert(0, "examples")
import scrapy_news
from scrapy.exceptions import ScrapyDeprecationWarning
from scrapy.utils.project import get_project_settings
process = CrawlerProcess({"LOG_LEVEL": "ERROR", "TELNETCONSOLE_ENABLED": False, **settings})
crawler = process.create_crawler(getattr(scrapy_news, spider))
process.crawl(crawler, start=start)
process.start()
print(json.dumps(crawler.stats.get_stats(), default=str))
"""


class Site(http.server.BaseHTTPRequestHandler):
    """A start page that links to articles and a text."""

    asked: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        name = self.path.strip("/")
        self.asked.append(name)
        if not name:
            links = "".join(f"<a href='/{n}'>Story {n}</a> " for n in [*range(PAGES), "x.txt"])
            self.answer("text/html", f"<html><body><p>{links}</p></body></html>".encode())
        elif name.isdecimal():
            self.answer("text/html; charset=utf-8", page(int(name)))
        else:
            self.answer("text/plain", b"A short text\n\nthat is not HTML, as anyone can see.")

    def answer(self, kind: str, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Nothing on stderr."""


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Site)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()


def crawl(
    spider: str, site: str, output: Path, **settings: Any
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """The items and the stats of a crawl."""
    feeds = {str(output): {"format": "jsonlines", "overwrite": True}}
    command = [sys.executable, "-c", RUN, spider, site, json.dumps({"FEEDS": feeds, **settings})]
    result = subprocess.run(
        command, cwd=ROOT, capture_output=True, encoding="utf-8", timeout=120, check=False
    )
    assert result.returncode == 0, result.stderr
    assert not result.stderr, result.stderr
    items = [json.loads(line) for line in output.read_text("utf-8").splitlines()]
    return items, json.loads(result.stdout.splitlines()[-1])


def test_the_pipeline_gives_every_item_what_the_library_gives(site: str, tmp_path: Path) -> None:
    Site.asked.clear()
    items, stats = crawl("NewsSpider", site, tmp_path / "items.jsonl", CONCURRENT_REQUESTS=1)
    by_url = {item["url"]: item for item in items}
    assert set(by_url) == {
        site,
        f"{site}news",
        f"{site}x.txt",
        *map(f"{site}{{}}".format, range(PAGES)),
    }
    for number in range(PAGES):
        url = f"{site}{number}"
        alone = Segmenter.load().segment_html(page(number), url=url, keep=["headline", "body"])
        assert by_url[url]["segmentation"] == alone.to_dict()
        assert by_url[url]["html"] is None
    assert stats["segmenter/pages"] == stats["item_scraped_count"] == len(items)
    labels = [block["label"] for item in items for block in item["segmentation"]["blocks"]]
    assert stats["segmenter/labels/body"] == labels.count("body")
    # One page at a time was fetched: the items leave in the order in which they came.
    assert [item["url"] for item in items] == [f"{site}{name}" for name in Site.asked]


@pytest.mark.parametrize(
    "reactor",
    [
        "twisted.internet.asyncioreactor.AsyncioSelectorReactor",
        "twisted.internet.selectreactor.SelectReactor",
    ],
)
def test_the_helper_lets_a_callback_decide(reactor: str, site: str, tmp_path: Path) -> None:
    items, stats = crawl("ArticleSpider", site, tmp_path / "items.jsonl", TWISTED_REACTOR=reactor)
    assert {item["headline"] for item in items} == {f"Bridge {n} opens" for n in range(PAGES)}
    assert stats["segmenter/pages"] > PAGES


def test_items_under_a_confidence_are_dropped(site: str, tmp_path: Path) -> None:
    items, stats = crawl("NewsSpider", site, tmp_path / "items.jsonl", SEGMENTER_MIN_CONFIDENCE=1.1)
    assert items == []
    assert stats["segmenter/dropped"] == stats["item_dropped_count"] > PAGES


def test_a_wrong_label_stops_the_crawl_before_it_begins() -> None:
    with pytest.raises(InputError, match="unknown label in 'keep': prose"):
        SegmentPipeline.from_crawler(get_crawler(settings_dict={"SEGMENTER_KEEP": ["prose"]}))
