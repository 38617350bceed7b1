"""A sample of each site's pages that does not depend on the order in which pages come.

Of every site the pages with the smallest hashes of their addresses are kept: a bottom-k sample
(Cohen and Kaplan 2007), whose union is the sample of the union, so that it can be taken in parts
and put together (Agarwal et al. 2012, "Mergeable summaries"). A page that comes again, or in two
parts, counts once.

Memory is bounded by the number of pages kept: where there are more, k falls for all sites alike,
down to one page a site, and from there on the sites with the largest hashes are dropped. Both
follow from the set of pages alone: k never rises again, and with it nothing that was dropped could
come back.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Final

import numpy as np

from segmenter.errors import ProfileError
from segmenter.profiles.address import Address, hash64

__all__ = ["MAX_PAGES", "PAGES_PER_SITE", "PageSample", "SampledPage"]

PAGES_PER_SITE: Final = 64
"""The largest k: as many as a 64-bit mask has places."""
MAX_PAGES: Final = 100_000
"""Pages kept of all sites together; one takes about 1 kB."""
_SLACK: Final = 1.25
"""How far over the bound the sample grows before it is cut, which looks at all sites."""


@dataclass(frozen=True, slots=True, order=True)
class SampledPage:
    """What is remembered of a page.

    Attributes:
        key: 64-bit hash of its address.
        digest: 64-bit hash of the fingerprints.
        fingerprints: of its distinct blocks, ascending, as little-endian 32-bit numbers.
    """

    key: int
    digest: int
    fingerprints: bytes


class PageSample:
    """The sample while it grows.

    Args:
        max_pages: pages kept of all sites together, from 1.

    Attributes:
        rank: k, pages kept of each site.
    """

    def __init__(self, max_pages: int = MAX_PAGES, rank: int = PAGES_PER_SITE) -> None:
        self.max_pages = max_pages
        self.rank = rank
        self._sites: dict[str, list[SampledPage]] = {}
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def wants(self, address: Address) -> bool:
        """Whether a page would be kept: if not, it need not be looked at."""
        pages = self._sites.get(address.site)
        return not pages or len(pages) < self.rank or address.key <= pages[-1].key

    def add(self, site: str, page: SampledPage) -> None:
        """Take a page. Of one that comes with different contents the smallest digest stays."""
        pages = self._sites.setdefault(site, [])
        place = bisect_left(pages, page.key, key=attrgetter("key"))
        if place < len(pages) and pages[place].key == page.key:
            pages[place] = min(pages[place], page)
            return
        pages.insert(place, page)
        self._count += 1
        if len(pages) > self.rank:
            pages.pop()
            self._count -= 1
        if self._count > _SLACK * self.max_pages:
            self._cut()

    def merge(self, sites: Mapping[str, Sequence[SampledPage]], max_pages: int, rank: int) -> None:
        """Take the pages of another sample.

        Raises:
            ProfileError: it was made with another bound.
        """
        if max_pages != self.max_pages:
            raise ProfileError(
                f"profiles of at most {self.max_pages:,} and of at most {max_pages:,} pages can't "
                "be merged; build all parts with the same --max-pages"
            )
        self._limit(min(self.rank, rank))
        for site, pages in sites.items():
            for page in pages:
                self.add(site, page)

    def sites(self) -> Iterator[tuple[str, list[SampledPage]]]:
        """Each site and its pages by key; sites by their hash. Cuts the sample to its bound."""
        self._cut()
        yield from sorted(self._sites.items(), key=lambda item: (hash64(item[0]), item[0]))

    def _cut(self) -> None:
        """Within the bound by the largest k that allows it, then by dropping sites."""
        if self._count <= self.max_pages:
            return
        sizes = np.array([len(pages) for pages in self._sites.values()])
        rank = self.rank
        while rank > 1 and np.minimum(sizes, rank).sum() > self.max_pages:
            rank -= 1
        self._limit(rank)
        if self._count > self.max_pages:
            kept = sorted(self._sites, key=lambda site: (hash64(site), site))[: self.max_pages]
            self._sites = {site: self._sites[site] for site in kept}
            self._count = len(kept)

    def _limit(self, rank: int) -> None:
        self.rank = rank
        for pages in self._sites.values():
            del pages[rank:]
        self._count = sum(map(len, self._sites.values()))
