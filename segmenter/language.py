"""The language of a page: what the page says, else what its text looks like."""

from __future__ import annotations

import re
from typing import Final

import py3langid

__all__ = ["page_language"]

_TAG: Final = re.compile(r"([a-z]{2,3})(?:[-_]|$)", re.IGNORECASE)
# Characters; each costs time, and a few lines are enough to tell a language by.
_SAMPLE: Final = 200
_ENOUGH: Final = 20


def page_language(text: str, declared: str = "") -> str | None:
    """ISO 639 code in lower case, or ``None`` where there is too little text.

    Args:
        text: text to detect by; its beginning is enough.
        declared: value of ``<html lang>``; taken as it is where it looks like a language tag.
    """
    match = _TAG.match(declared.strip())
    if match:
        return match.group(1).lower()
    sample = text[:_SAMPLE]
    if sum(map(str.isalpha, sample)) < _ENOUGH:
        return None
    code, _ = py3langid.classify(sample.encode("utf-8", "replace").decode("utf-8"))
    return str(code)
