"""Pages to a profile, and profiles to one: the two halves of a map-reduce."""

from __future__ import annotations

from collections.abc import Iterable

from segmenter.errors import ProfileError, SegmenterError
from segmenter.profiles.address import Address, page_address
from segmenter.profiles.fingerprints import content_digest, page_fingerprints
from segmenter.profiles.profile import Profile, packed
from segmenter.profiles.sample import MAX_PAGES, PageSample, SampledPage
from segmenter.splitting import split_document
from segmenter.types import Document, Limits

__all__ = ["count_pages", "merge_profiles", "sampled_page"]


def count_pages(
    documents: Iterable[Document], *, max_pages: int = MAX_PAGES, limits: Limits | None = None
) -> Profile:
    """The profile of some pages; any order of them gives the same.

    Pages without a URL belong to no site and are passed over, and so are those that can't be
    split.

    Args:
        documents: read once.
        max_pages: pages kept of all sites together; the same for all parts of a crawl.
        limits: on one document.
    """
    sample = PageSample(max_pages)
    for document in documents:
        address = page_address(document.url)
        if address is None or not sample.wants(address):
            continue
        try:
            sample.add(address.site, sampled_page(document, address, limits or Limits()))
        except SegmenterError:
            continue
    return packed(sample)


def merge_profiles(profiles: Iterable[Profile]) -> Profile:
    """The profile of all pages that some profiles were made from, in any order.

    Raises:
        ProfileError: there are none, or they were made with different bounds.
    """
    sample: PageSample | None = None
    for profile in profiles:
        if sample is None:
            sample = PageSample(profile.max_pages)
        sample.merge(dict(profile.sites()), profile.max_pages, profile.rank)
    if sample is None:
        raise ProfileError("there are no profiles to merge")
    return packed(sample)


def sampled_page(document: Document, address: Address, limits: Limits) -> SampledPage:
    """What is remembered of a page.

    Raises:
        DecodingError: the bytes are not text in the stated character set.
        LimitError: the document is over one of the limits.
    """
    distinct = page_fingerprints(split_document(document, limits)).distinct()
    return SampledPage(address.key, content_digest(distinct), distinct.astype("<u4").tobytes())
