"""Scrapy: an item pipeline, and a helper for callbacks.

Settings, all optional:

    SEGMENTER_MODEL           model directory; the shipped model
    SEGMENTER_PROFILES        file of site profiles, used for pages with an address; none
    SEGMENTER_KEEP            labels whose blocks make up "text"; ["body"]
    SEGMENTER_PROBABILITIES   give every block the probabilities of all labels; False
    SEGMENTER_HTML_FIELD      item field with a page's HTML; "html"
    SEGMENTER_TEXT_FIELD      item field with a page's raw text; "text"
    SEGMENTER_URL_FIELD       item field with its address; "url"
    SEGMENTER_RESULT_FIELD    item field that the result is put into; "segmentation"
    SEGMENTER_DROP_SOURCE     empty the field with the page afterwards; False
    SEGMENTER_MIN_CONFIDENCE  drop items under this confidence, 0 to 1; 0.0

Pages are segmented in one thread beside the reactor, in the order in which they come. Scrapy
counts a response as being in work until its items are through, so a crawl that is faster than the
segmenter slows down by itself (SCRAPER_SLOT_MAX_ACTIVE_SIZE, CONCURRENT_ITEMS).

Scrapy's stats get ``segmenter/pages``, ``segmenter/labels/<label>``, ``segmenter/errors/<type>``,
``segmenter/confidence/<tenth>``, ``segmenter/passed_over`` and ``segmenter/dropped``.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Self

from segmenter.crawl.tally import CONFIDENCE_BINS, confidence_bin
from segmenter.decoding import looks_like_html
from segmenter.errors import InputError, SegmenterError
from segmenter.extras import extra
from segmenter.segmenter import Segmenter
from segmenter.types import DEFAULT_KEEP, LABELS, Document, Segmentation, check_keep

with extra("scrapy"):
    from itemadapter import ItemAdapter
    from scrapy import signals
    from scrapy.exceptions import DropItem
    from scrapy.http import Response
    from twisted.internet.defer import Deferred

if TYPE_CHECKING:
    from scrapy.crawler import Crawler
    from scrapy.settings import BaseSettings

__all__ = ["Segment", "SegmentPipeline"]


class Segment:
    """Segments pages off the reactor thread: ``page = await self.segment(response)``.

    Args:
        crawler: its settings say which model and labels; its stats are counted in.

    Raises:
        ModelError: the model can't be loaded.
        ProfileError: ``SEGMENTER_PROFILES`` can't be read.
        InputError: ``SEGMENTER_KEEP`` has an unknown label.
    """

    def __init__(self, crawler: Crawler) -> None:
        settings = crawler.settings
        self._segmenter = Segmenter.load(
            settings.get("SEGMENTER_MODEL"), profiles=settings.get("SEGMENTER_PROFILES")
        )
        self._keep = check_keep(settings.getlist("SEGMENTER_KEEP", list(DEFAULT_KEEP)))
        self._crawler = crawler
        # One thread: Python code of several would wait for each other, and order would be lost.
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="segmenter")
        crawler.signals.connect(self._close, signals.spider_closed)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """As Scrapy makes its components."""
        return cls(crawler)

    async def __call__(
        self,
        page: Response | Document,
        *,
        id: str | None = None,
        keep: Sequence[str] | None = None,
    ) -> Segmentation:
        """Segment a response or a document.

        Args:
            page: of a response its body, Content-Type and URL are used.
            id: a name for the page, where it is a response.
            keep: in place of ``SEGMENTER_KEEP``.

        Raises:
            SegmenterError: the page can't be segmented.
        """
        document = page if isinstance(page, Document) else _document(page, id)
        kept = self._keep if keep is None else check_keep(keep)
        work = partial(self._segmenter.segment_document, document, keep=kept)
        try:
            result = await _beside_the_reactor(self._thread, work)
        except SegmenterError as error:
            self.count(f"errors/{type(error).__name__}")
            raise
        self._count_page(result)
        return result

    def count(self, name: str, count: int = 1) -> None:
        """Add to one of the stats ``segmenter/…``."""
        if self._crawler.stats is not None:
            self._crawler.stats.inc_value(f"segmenter/{name}", count)

    def _count_page(self, page: Segmentation) -> None:
        self.count("pages")
        self.count(f"confidence/{confidence_bin(page.confidence) / CONFIDENCE_BINS:.1f}")
        for label, count in Counter(page.labels.tolist()).items():
            self.count(f"labels/{LABELS[label]}", count)

    def _close(self) -> None:
        self._thread.shutdown(wait=False, cancel_futures=True)


@dataclass(frozen=True, slots=True)
class _Fields:
    """Where in an item things are; see the settings."""

    html: str
    text: str
    url: str
    result: str

    @classmethod
    def of(cls, settings: BaseSettings) -> _Fields:
        return cls(
            html=settings.get("SEGMENTER_HTML_FIELD", "html"),
            text=settings.get("SEGMENTER_TEXT_FIELD", "text"),
            url=settings.get("SEGMENTER_URL_FIELD", "url"),
            result=settings.get("SEGMENTER_RESULT_FIELD", "segmentation"),
        )


class SegmentPipeline:
    """An item pipeline: ``ITEM_PIPELINES = {"segmenter.crawl.scrapy.SegmentPipeline": 300}``.

    Every item with a page gets the result's JSON form in a field of its own; a page that can't be
    segmented gets ``{"error": {"type": …, "message": …}}`` there. Items without a page pass.
    """

    def __init__(self, crawler: Crawler) -> None:
        settings = crawler.settings
        self._segment = Segment(crawler)
        self._fields = _Fields.of(settings)
        self._probabilities = settings.getbool("SEGMENTER_PROBABILITIES")
        self._drop_source = settings.getbool("SEGMENTER_DROP_SOURCE")
        self._min_confidence = settings.getfloat("SEGMENTER_MIN_CONFIDENCE")

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """As Scrapy makes its components."""
        return cls(crawler)

    async def process_item(self, item: Any) -> Any:
        """Put the segmentation into the item.

        Raises:
            DropItem: the confidence is under ``SEGMENTER_MIN_CONFIDENCE``.
        """
        adapter = ItemAdapter(item)
        field = next((f for f in (self._fields.html, self._fields.text) if adapter.get(f)), None)
        if field is None:
            self._segment.count("passed_over")
            return item
        try:
            page = await self._segment(self._document(adapter, field))
        except SegmenterError as error:
            result = {"error": {"type": type(error).__name__, "message": str(error)}}
        else:
            if page.confidence < self._min_confidence:
                self._segment.count("dropped")
                raise DropItem(f"confidence {page.confidence:.2f} of {page.url}")
            result = page.to_dict(probabilities=self._probabilities)
        if self._drop_source:
            adapter[field] = None
        adapter[self._fields.result] = result
        return item

    def _document(self, adapter: ItemAdapter, field: str) -> Document:
        url, content = adapter.get(self._fields.url), adapter[field]
        if field == self._fields.html:
            return Document(html=content, url=url)
        return Document(text=content, url=url)


def _document(response: Response, id: str | None) -> Document:
    header = response.headers.get("Content-Type")
    content_type = None if header is None else header.decode("latin-1")
    kind = (content_type or "").partition(";")[0].strip().lower()
    url, body = response.url, response.body
    if "html" in kind or (not kind and looks_like_html(body)):
        return Document(html=body, url=url, id=id, content_type=content_type)
    if kind in ("text/plain", ""):
        return Document(text=body, url=url, id=id, content_type=content_type)
    raise InputError(f"{url} is {kind}, not HTML or plain text")


async def _beside_the_reactor(
    thread: ThreadPoolExecutor, work: Callable[[], Segmentation]
) -> Segmentation:
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:
        # A reactor other than asyncio's: there only Deferreds can be waited for.
        return await _deferred(thread.submit(work))
    return await loop.run_in_executor(thread, work)


def _deferred(future: Future[Segmentation]) -> Deferred[Segmentation]:
    from twisted.internet import reactor

    deferred: Deferred[Segmentation] = Deferred()

    def fire() -> None:
        try:
            deferred.callback(future.result())
        except Exception:
            deferred.errback()

    future.add_done_callback(lambda _: reactor.callFromThread(fire))
    return deferred
