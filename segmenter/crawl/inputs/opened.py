"""Files and streams, opened where they are: on the disk, behind a URL, at standard input."""

from __future__ import annotations

import contextlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import BinaryIO

from segmenter.crawl.records import Record

__all__ = ["Location", "OpenedInput"]


@dataclass(frozen=True, slots=True)
class Location:
    """A file or stream that can be read.

    Attributes:
        name: as the user wrote it, or as it was found.
        open: opens it in binary at its beginning.
        size: bytes, where known.
        stamp: what changes with the content: size and time, or an object store's tag; empty for
            a stream, of which nothing is known before it is read.
    """

    name: str
    open: Callable[[], AbstractContextManager[BinaryIO]]
    size: int | None = None
    stamp: str = ""


class OpenedInput(ABC):
    """An ``Input`` that reads one location from its beginning to its end."""

    def __init__(self, location: Location) -> None:
        self._location = location
        self._stream: BinaryIO | None = None

    @property
    def name(self) -> str:
        """See ``Input``."""
        return self._location.name

    @property
    def size(self) -> int | None:
        """See ``Input``."""
        return self._location.size

    @property
    def stamp(self) -> str:
        """See ``Input``."""
        return self._location.stamp

    @property
    def bytes_read(self) -> int:
        """See ``Input``."""
        if self._stream is None or self._location.size is None:
            return 0
        return self._stream.tell()

    @abstractmethod
    def records(self) -> Iterator[Record | None]:
        """See ``Input``."""

    @contextlib.contextmanager
    def _open(self) -> Iterator[BinaryIO]:
        with self._location.open() as stream:
            self._stream = stream
            try:
                yield stream
            finally:
                self._stream = None
