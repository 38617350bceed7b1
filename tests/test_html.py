"""HTML to blocks."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import html as lxml_html  # type: ignore[import-untyped,unused-ignore]

from segmenter.errors import LimitError
from segmenter.html import split_html
from segmenter.types import Limits, Page


def markup_of(page: Page) -> list[str]:
    assert page.markup is not None
    return [page.markup.path(index) for index in range(len(page))]


@pytest.mark.parametrize(
    ("html", "blocks"),
    [
        ("<p>a<br>b<br/>c", ["a", "b", "c"]),
        ("<p>one <b>two</b>\n <a href=x>three</a></p>", ["one two three"]),
        ("<table><tr><td>a<td>b<tr><th>c<td>d</table>", ["a b", "c d"]),
        ("<ul><li>a<li>b<ul><li>c</ul></ul>", ["a", "b", "c"]),
        ("<pre>  first\n    second\n\nthird</pre>", ["first\n    second\nthird"]),
        ("<dl><dt>term<dd>meaning</dl>", ["term", "meaning"]),
        ("<figure><img><figcaption>caption</figcaption></figure>after", ["caption", "after"]),
        ("<p hidden>no</p><p>yes", ["yes"]),
        ("<div style='color:red; DISPLAY : none'>no</div><p>yes", ["yes"]),
        ("<template><p>no</template><p>yes", ["yes"]),
        ("<div>a<noscript><p>no</p></noscript></div>yes", ["a", "yes"]),
        ("<p>few</p><noscript><p>the whole<p>thread</noscript>", ["few", "the whole", "thread"]),
        ("<p>few</p><div hidden>the whole story</div>", ["few", "the whole story"]),
        ("<p>some</p><div hidden id=S:0><p>sent later</div>", ["some", "sent later"]),
        ("<script>no</script><style>no</style><textarea>no</textarea>yes", ["yes"]),
        ("a<!-- no -->b", ["ab"]),
        ("<p>a<p>b<div>c<p>d", ["a", "b", "c", "d"]),
        ("<b><p>a</b>b</p>", ["ab"]),
        ("<h1>a</h2>b</h1>", ["a", "b"]),
        ("<p>in</p></body></html>after", ["in", "after"]),
        ("before<html><body><p>in", ["before", "in"]),
        ('<?xml version="1.0" encoding="utf-8"?><html><body><p>a', ["a"]),
        ("<title>no</title><p>yes", ["yes"]),
        ("<p>&lt;b&gt; &amp; &#8212; &nbsp;x", ["<b> & — x"]),
        ("<p>a\0b", ["a\ufffdb"]),
        ("", []),
        ("<p> \n&nbsp;</p>", []),
    ],
)
def test_blocks(html: str, blocks: list[str]) -> None:
    assert split_html(html).block_texts() == blocks


def test_path_is_the_xpath_of_the_element() -> None:
    html = (
        "<html><body><div><p>first</p><p>second</p></div><div><ul><li>third</li><li>fourth</li>"
        "</ul><h2>fifth</h2></div><p>sixth</p></body></html>"
    )
    page = split_html(html)
    tree = lxml_html.document_fromstring(html)
    for path, text in zip(markup_of(page), page.block_texts(), strict=True):
        (element,) = tree.xpath(path)
        assert element.text_content() == text
    assert len(page) == 6


def test_metadata_of_the_head() -> None:
    markup = split_html(
        "<html lang=en-GB><head><title>Story | Site</title><meta property=og:title content=Story>"
        "<meta name=author content='Mara Lind'><meta name=description content='In short.'>"
        "</head><body><p>x"
    ).markup
    assert markup is not None
    assert set(markup.titles) == {"Story | Site", "Story"}
    assert markup.author == "Mara Lind"
    assert markup.description == "In short."
    assert markup.language == "en-GB"


def test_link_and_strong_characters() -> None:
    markup = split_html("<p>abc <a href=x>link</a> <strong>bold!</strong></p><p>plain").markup
    assert markup is not None
    assert markup.link_chars.tolist() == [4, 0]
    assert markup.strong_chars.tolist() == [5, 0]
    assert markup.links.tolist() == [1, 0]


def test_blocks_at_the_limit() -> None:
    limits = Limits(blocks=3)
    assert len(split_html("<p>a" * 3, limits)) == 3
    with pytest.raises(LimitError, match="blocks"):
        split_html("<p>a" * 4, limits)


PIECES = st.sampled_from(
    """<p> </p> <div> </div> <b> </b> <a|href=x> </a> <table> <tr> <td> </table> <ul> <li> </ul>
    <svg> </svg> <math> <select> <option> <template> </template> <script> </script> <!-- --> <br>
    <body> </body> <html> <frameset> <head> <title> </title> <pre> </pre> <p|hidden> <form> <button>
    <h1> </h1> <![CDATA[ ]]> <?x &amp; &#0; &#xD800; < > " ' = word 漢字 \ud800 \0 \ufeff
    <noscript> <iframe> <object> </object> <plaintext> <font|size=1> </font>""".replace(
        "\\ud800", "\ud800"
    ).split()
).map(lambda piece: piece.replace("|", " "))


@given(st.lists(st.one_of(PIECES, st.text(max_size=5)), max_size=60))
def test_any_markup_gives_blocks_at_right_offsets(pieces: list[str]) -> None:
    page = split_html("".join(pieces))
    position = 0
    for start, end in zip(page.starts.tolist(), page.ends.tolist(), strict=True):
        assert position <= start < end <= len(page.text)
        assert not page.text[position:start].strip()
        assert page.text[start:end] == page.text[start:end].strip()
        position = end
    assert not page.text[position:].strip()
    assert all(path.startswith("/") for path in markup_of(page))


def test_hidden_elements_nested_ten_thousand_deep_are_read_once() -> None:
    depth = 10_000
    page = split_html("<p>a</p>" + "<div hidden>" * depth + "the text" + "</div>" * depth)
    assert page.block_texts() == ["a", "the text"]
