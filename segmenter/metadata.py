"""Title, author, date and site name of an HTML page, by trafilatura."""

from __future__ import annotations

from trafilatura import extract_metadata

__all__ = ["page_metadata"]

_FIELDS = ("title", "author", "date", "sitename", "description")


def page_metadata(html: str, url: str | None = None) -> dict[str, str | None]:
    """What the page tells of itself in its head, JSON-LD and microformats.

    Nothing is fetched: ``url`` only helps to read relative data. A page that the reader can't
    cope with has ``None`` in every field.
    """
    try:
        document = extract_metadata(html, default_url=url)
    except AssertionError:
        # lxml.html asserts that a page has one body; ``<svg><p><p>`` has none.
        return dict.fromkeys(_FIELDS)
    return {field: getattr(document, field, None) or None for field in _FIELDS}
