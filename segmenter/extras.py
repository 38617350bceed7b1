"""Optional packages: what to install where one is missing."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from segmenter.errors import SegmenterError

__all__ = ["MissingExtraError", "extra"]


class MissingExtraError(SegmenterError, ImportError):
    """A package that only an extra installs is missing; the message says which to install."""


@contextlib.contextmanager
def extra(name: str) -> Iterator[None]:
    """Around the imports that an extra installs.

    Raises:
        MissingExtraError: one of them is not installed.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        package = (error.name or "a package").partition(".")[0]
        raise MissingExtraError(
            f"{package} is not installed; it comes with: pip install 'page-segmenter[{name}]'"
        ) from error
