"""How many pages fuzzing has tried, and what the dearest of them took."""

from __future__ import annotations

import mmap
import os
import struct
from pathlib import Path
from typing import Final

__all__ = ["Tally"]

_FORM: Final = struct.Struct("QQdQ")


class Tally:
    """Kept in a file, so that it outlives the process that fuzzes, however that ends."""

    def __init__(self, path: Path) -> None:
        """Go on from what the file has; a new one is at zero."""
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            os.ftruncate(descriptor, _FORM.size)
            self._memory = mmap.mmap(descriptor, _FORM.size)
        finally:
            os.close(descriptor)

    def add(self, seconds: float, taken: int, *, refused: bool) -> None:
        """A page was tried.

        Args:
            seconds: of processor time.
            taken: bytes of memory.
            refused: whether it was no page that can be segmented.
        """
        pages, refusals, slowest, most = _FORM.unpack(self._memory)
        totals = (pages + 1, refusals + refused, max(slowest, seconds), max(most, taken))
        _FORM.pack_into(self._memory, 0, *totals)

    def __str__(self) -> str:
        pages, refused, slowest, most = _FORM.unpack(self._memory)
        return (
            f"{pages:,} pages tried, {refused:,} of them refused; slowest {slowest:.2f} s, "
            f"most memory {most / 1e6:.0f} MB"
        )
