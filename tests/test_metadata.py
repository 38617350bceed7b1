"""Metadata of pages, honest and hostile."""

from __future__ import annotations

import pytest

from segmenter.metadata import page_metadata

FIELDS = {"title", "author", "date", "sitename", "description"}


def test_fields_of_a_page() -> None:
    found = page_metadata(
        "<html><head><title>The tide clock</title><meta name=author content='Mara Lind'>"
        "<meta name=description content='How it was mended.'>"
        "<meta property=article:published_time content=2021-03-04></head>"
        "<body><p>Some text.</p></body></html>"
    )
    assert found["title"] == "The tide clock"
    assert found["author"] == "Mara Lind"
    assert found["date"] == "2021-03-04"
    assert found["description"] == "How it was mended."
    assert set(found) == FIELDS


@pytest.mark.parametrize(
    "html", ["<svg><p><p>", "", " ", "\0", "<", "<frameset><frame>", "<!-- x -->", "<?x?>", "plain"]
)
@pytest.mark.parametrize("url", [None, "http://[", "https://site.example/2020/13/45/x"])
def test_hostile_page_has_no_metadata_and_no_error(html: str, url: str | None) -> None:
    found = page_metadata(html, url)
    assert set(found) == FIELDS
    assert found["author"] is None
