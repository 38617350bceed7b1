"""Where the processes of one service keep their counts while it runs."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

__all__ = ["FOLDER_VARIABLE", "counts_folder"]

FOLDER_VARIABLE: Final = "PROMETHEUS_MULTIPROC_DIR"
"""Read by prometheus_client when it is imported."""
_MEMORY: Final = Path("/dev/shm")


@contextmanager
def counts_folder() -> Iterator[str]:
    """A new folder, removed with its files at the end.

    In memory where there is such a place: the files are mapped, and a write to a mapped file on a
    full disk ends the process.
    """
    place = _MEMORY if _MEMORY.is_dir() and os.access(_MEMORY, os.W_OK) else None
    with tempfile.TemporaryDirectory(
        prefix="segmenter-counts-", dir=place, ignore_cleanup_errors=True
    ) as folder:
        yield folder
