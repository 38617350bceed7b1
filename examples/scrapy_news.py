"""A Scrapy spider whose items are segmented on their way out.

    pip install 'page-segmenter[scrapy]'
    scrapy runspider examples/scrapy_news.py -a start=https://example.org/ -O pages.jsonl

Every page becomes an item; the pipeline puts headline, text and blocks into it. Settings of the
pipeline are in ``segmenter.crawl.scrapy``.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any
from urllib.parse import urlsplit

import scrapy
from scrapy.http import Response, TextResponse

from segmenter.crawl.scrapy import Segment


class NewsSpider(scrapy.Spider):
    """Follows the links of one site."""

    name = "news"
    custom_settings: Any = {  # noqa: RUF012 - as Scrapy has it
        "ITEM_PIPELINES": {"segmenter.crawl.scrapy.SegmentPipeline": 300},
        "SEGMENTER_KEEP": ["headline", "body"],
        "SEGMENTER_DROP_SOURCE": True,
    }

    def __init__(self, start: str, **options: Any) -> None:
        super().__init__(**options)
        self.start_urls = [start]
        self.allowed_domains = [urlsplit(start).hostname or ""]

    def parse(self, response: Response) -> Iterator[Any]:
        """One item a page, and the pages it links to."""
        yield {"url": response.url, "html": response.body}
        if isinstance(response, TextResponse):
            yield from response.follow_all(css="a")


class ArticleSpider(NewsSpider):
    """Decides in the callback by what the segmenter says: only pages that are an article."""

    name = "articles"
    custom_settings: Any = {"SEGMENTER_KEEP": ["body"]}  # noqa: RUF012
    segment: Segment

    async def parse(self, response: Response) -> AsyncIterator[Any]:  # type: ignore[override]
        """One item an article, and the pages that any page links to."""
        page = await self.segment(response)
        if page.headline and len(page.text) > 200:
            yield {"url": response.url, "headline": page.headline, "text": page.text}
        if isinstance(response, TextResponse):
            for request in response.follow_all(css="a"):
                yield request

    @classmethod
    def from_crawler(cls, crawler: Any, *arguments: Any, **options: Any) -> Any:
        """Give the spider its segmenter."""
        spider = super().from_crawler(crawler, *arguments, **options)
        spider.segment = Segment.from_crawler(crawler)
        return spider
