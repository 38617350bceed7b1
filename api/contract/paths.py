"""Names in paths, beside fixed words at the same place."""

from __future__ import annotations

import re

from flask import Flask
from werkzeug.routing import BaseConverter, Map

__all__ = ["register"]


class NameConverter(BaseConverter):
    """One part of a path, other than words that are routes themselves.

    A route for any name would else answer for such a word too, with the methods that the word's own
    route does not have.
    """

    def __init__(self, map: Map, *words: str) -> None:
        super().__init__(map)
        self.regex = rf"(?!{_any(words)}\Z)[^/]+"


class IdentityConverter(BaseConverter):
    """As ``NameConverter``, and slashes may stand anywhere in it."""

    part_isolating = False
    weight = 200

    def __init__(self, map: Map, *words: str) -> None:
        super().__init__(map)
        self.regex = rf"(?!{_any(words)}\Z).+"


def register(app: Flask) -> None:
    """Let the app's routes use ``<name('word'):x>`` and ``<identity('word'):x>``."""
    app.url_map.converters["name"] = NameConverter
    app.url_map.converters["identity"] = IdentityConverter


def _any(words: tuple[str, ...]) -> str:
    return f"(?:{'|'.join(map(re.escape, words))})"
