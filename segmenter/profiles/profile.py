"""A profile as it is looked things up in: arrays over all sites, nothing to unpack."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from segmenter.profiles.address import hash64, page_address
from segmenter.profiles.fingerprints import Fingerprints, content_digest
from segmenter.profiles.sample import PageSample, SampledPage
from segmenter.types import IntArray

__all__ = ["Profile", "Seen", "packed"]


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """What a profile says of a page with n blocks.

    Attributes:
        counts: shape (n,), other pages of the site that hold the block; 0 for one without words.
        pages: other pages of the site that it was looked for on, at least 1.
    """

    counts: IntArray
    pages: int


@dataclass(frozen=True, eq=False)
class Profile:
    """The sampled pages of s sites, p pages together.

    Attributes:
        max_pages: the bound that the sample was taken with.
        rank: pages kept of each site at most.
        first_page: shape (s + 1,), where each site's pages begin.
        first_print: shape (s + 1,), where each site's fingerprints begin.
        site: shape (s,), 64-bit hash of each site's name, ascending.
        key, digest: shape (p,), see ``SampledPage``; keys of a site are ascending.
        holders: shape (f,), bit j is set where the site's page j has the fingerprint.
        prints: shape (f,), the fingerprints of each site, ascending.
        names: the sites' names, each with a line end, in UTF-8.
    """

    max_pages: int
    rank: int
    first_page: NDArray[np.int64]
    first_print: NDArray[np.int64]
    site: NDArray[np.uint64]
    key: NDArray[np.uint64]
    digest: NDArray[np.uint64]
    holders: NDArray[np.uint64]
    prints: NDArray[np.uint32]
    names: NDArray[np.uint8]

    def __len__(self) -> int:
        return len(self.key)

    @cached_property
    def site_names(self) -> list[str]:
        """In the order of the arrays."""
        return self.names.tobytes().decode("utf-8", "surrogatepass").split("\n")[:-1]

    def seen(self, url: str | None, blocks: Fingerprints) -> Seen | None:
        """How many other pages of its site hold each block of a page; ``None`` if there are none.

        A page is not another page of itself: one of the same address is left out, and so is one
        of the same content. Sampled pages of the same content count once.
        """
        address = page_address(url)
        index = None if address is None else self._index(address.site)
        if address is None or index is None:
            return None
        pages = slice(int(self.first_page[index]), int(self.first_page[index + 1]))
        others = self._others(pages, address.key, content_digest(blocks.distinct()))
        if not others:
            return None
        here = slice(int(self.first_print[index]), int(self.first_print[index + 1]))
        known, holders = self.prints[here], self.holders[here] & np.uint64(others)
        if not len(known):
            return Seen(np.zeros(len(blocks.hashes), dtype=np.int64), others.bit_count())
        place = np.minimum(known.searchsorted(blocks.hashes), len(known) - 1)
        same = (known[place] == blocks.hashes) & (blocks.words > 0)
        counts = np.where(same, np.bitwise_count(holders[place]), 0).astype(np.int64)
        return Seen(counts, others.bit_count())

    def pages_of(self, site: str) -> list[SampledPage]:
        """The sampled pages of a site; none where it is not known."""
        index = self._index(site)
        return [] if index is None else self._pages(index)

    def sites(self) -> Iterator[tuple[str, list[SampledPage]]]:
        """Each site and its pages."""
        for index, name in enumerate(self.site_names):
            yield name, self._pages(index)

    def sizes(self) -> Mapping[str, int]:
        """Pages kept of each site."""
        return dict(zip(self.site_names, np.diff(self.first_page).tolist(), strict=True))

    def _index(self, site: str) -> int | None:
        wanted = np.uint64(hash64(site))
        index = int(self.site.searchsorted(wanted))
        return index if index < len(self.site) and self.site[index] == wanted else None

    def _others(self, pages: slice, key: int, digest: int) -> int:
        """Bits of the pages that count for a page."""
        keys, digests = self.key[pages].tolist(), self.digest[pages].tolist()
        known, bits = {digest}, 0
        for place, (its_key, its_digest) in enumerate(zip(keys, digests, strict=True)):
            if its_key != key and its_digest not in known:
                bits |= 1 << place
                known.add(its_digest)
        return bits

    def _pages(self, index: int) -> list[SampledPage]:
        first, last = int(self.first_page[index]), int(self.first_page[index + 1])
        here = slice(int(self.first_print[index]), int(self.first_print[index + 1]))
        prints, holders = self.prints[here], self.holders[here]
        return [
            SampledPage(
                int(self.key[page]),
                int(self.digest[page]),
                prints[(holders >> np.uint64(page - first)) & np.uint64(1) > 0]
                .astype("<u4")
                .tobytes(),
            )
            for page in range(first, last)
        ]


def packed(sample: PageSample) -> Profile:
    """The profile of a sample."""
    sites = list(sample.sites())
    parts = [_holders(pages) for _, pages in sites]
    pages = [page for _, own in sites for page in own]
    names = "".join(f"{name}\n" for name, _ in sites).encode("utf-8", "surrogatepass")
    return Profile(
        max_pages=sample.max_pages,
        rank=sample.rank,
        first_page=_edges(len(own) for _, own in sites),
        first_print=_edges(len(prints) for prints, _ in parts),
        site=np.array([hash64(name) for name, _ in sites], dtype=np.uint64),
        key=np.array([page.key for page in pages], dtype=np.uint64),
        digest=np.array([page.digest for page in pages], dtype=np.uint64),
        holders=_joined([holders for _, holders in parts], np.uint64),
        prints=_joined([prints for prints, _ in parts], np.uint32),
        names=np.frombuffer(names, dtype=np.uint8),
    )


def _holders(pages: list[SampledPage]) -> tuple[NDArray[np.uint32], NDArray[np.uint64]]:
    """A site's distinct fingerprints, and the pages that have each."""
    each = [np.frombuffer(page.fingerprints, dtype="<u4") for page in pages]
    prints, place = np.unique(_joined(each, np.uint32), return_inverse=True)
    bits = np.repeat(np.uint64(1) << np.arange(len(pages), dtype=np.uint64), [len(e) for e in each])
    holders = np.zeros(len(prints), dtype=np.uint64)
    np.bitwise_or.at(holders, place, bits)
    return prints, holders


def _edges(sizes: Iterable[int]) -> NDArray[np.int64]:
    return np.cumsum([0, *sizes], dtype=np.int64)


def _joined(parts: list[Any], kind: Any) -> NDArray[Any]:
    return np.concatenate([np.zeros(0, dtype=kind), *parts]).astype(kind, copy=False)
