"""The site of a page, and what tells the page from others of its site."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b
from typing import Final
from urllib.parse import urlsplit

__all__ = ["Address", "hash64", "page_address"]

_LONGEST_HOST: Final = 253


@dataclass(frozen=True, slots=True)
class Address:
    """Where a page stands.

    Attributes:
        site: its host in lower case, without ``www.`` before it.
        key: 64-bit hash of host, path and query.
    """

    site: str
    key: int


def page_address(url: str | None) -> Address | None:
    """The address in an absolute URL; ``None`` where it names no host.

    Scheme, user, port, fragment and ``www.`` do not count: with others the page is the same.
    """
    try:
        parts = urlsplit((url or "").strip())
        host = (parts.hostname or "").rstrip(".").removeprefix("www.")
    except ValueError:
        return None
    if not host or len(host) > _LONGEST_HOST or not host.isprintable() or not parts.scheme:
        return None
    return Address(host, hash64(f"{host}\n{parts.path or '/'}\n{parts.query}"))


def hash64(text: str) -> int:
    """The first 8 bytes of its BLAKE2b."""
    data = text.encode("utf-8", "surrogatepass")
    return int.from_bytes(blake2b(data, digest_size=8).digest(), "little")
