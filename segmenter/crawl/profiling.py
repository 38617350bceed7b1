"""A crawl to a site profile, over worker processes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

from segmenter.crawl.reader import Chunk, CrawlReader
from segmenter.crawl.records import Input, Record, RecordError
from segmenter.crawl.segmenting import INTERNAL_ERROR
from segmenter.crawl.tally import Tally
from segmenter.crawl.workers import in_order
from segmenter.errors import SegmenterError
from segmenter.profiles.address import Address, page_address
from segmenter.profiles.counting import sampled_page
from segmenter.profiles.profile import Profile, packed
from segmenter.profiles.sample import MAX_PAGES, PageSample, SampledPage
from segmenter.types import Limits

__all__ = ["NO_URL", "build_profile"]

NO_URL: Final = "NoUrl"
"""Counted among the errors: a page that names no site."""
Wanted = Callable[[Address], bool]
Found = list[tuple[str, SampledPage]]


def build_profile(
    inputs: Sequence[Input],
    *,
    max_pages: int = MAX_PAGES,
    workers: int = 1,
    on_progress: Callable[[Tally, int], object],
) -> tuple[Profile, Tally]:
    """The profile of all pages of some inputs; it depends neither on their order nor on workers.

    Args:
        inputs: read one after the other.
        max_pages: pages kept of all sites together.
        workers: processes, from 1.
        on_progress: called with the counts and the bytes read, first before any work.

    Returns:
        the profile, and the counts: pages read, errors by kind, damaged places.

    Raises:
        WorkerError: a worker process died.
    """
    reader, tally, sample = CrawlReader(inputs), Tally(), PageSample(max_pages)
    on_progress(tally, 0)
    # In this process a page that would not be kept need not be split.
    task = partial(_sampled, wanted=sample.wants if workers == 1 else None)
    for _, (found, counted) in in_order(task, reader.chunks(), workers):
        for site, page in found:
            sample.add(site, page)
        tally = tally.plus(counted)
        on_progress(tally, reader.bytes_read)
    return packed(sample), tally


def _sampled(chunk: Chunk, wanted: Wanted | None) -> tuple[Found, Tally]:
    """The pages of a chunk that may be kept, and the counts."""
    found: Found = []
    errors = Counter[str]()
    damaged = 0
    for record in chunk.records:
        result = _page(record, wanted)
        if isinstance(result, RecordError):
            errors[result.type] += 1
            damaged += result.damaged
        elif result is not None:
            found.append(result)
    pages = len(chunk.records) - errors.total()
    return found, Tally(pages, {}, dict(errors), damaged, chunk.passed_over)


def _page(record: Record, wanted: Wanted | None) -> tuple[str, SampledPage] | RecordError | None:
    """A page's site and what is remembered of it; ``None`` if it would not be kept."""
    document = record.parse()
    if isinstance(document, RecordError):
        return document
    address = page_address(document.url)
    if address is None:
        return RecordError(record.place, NO_URL, "the page has no URL, and so no site")
    if wanted is not None and not wanted(address):
        return None
    try:
        return address.site, sampled_page(document, address, Limits())
    except SegmenterError as error:
        return RecordError(record.place, type(error).__name__, str(error))
    except MemoryError:
        raise
    except Exception as error:
        # One page that meets a fault of this library must not stop a crawl of millions.
        return RecordError(record.place, INTERNAL_ERROR, f"{type(error).__name__}: {error}")
