"""Bytes to text in the order of the WHATWG standards."""

from __future__ import annotations

import pytest

from segmenter.decoding import decode_html, decode_text, looks_like_html
from segmenter.errors import DecodingError

SAMPLES = {
    "gb2312": "渡轮因为大雾在今天早晨推迟了两个小时",
    "shift_jis": "渡し船は霧のために二時間遅れて出港した",
    "euc-kr": "여객선은 안개 때문에 두 시간 늦게 출항했다",
    "windows-1251": "Паром вышел из гавани на два часа позже из-за тумана",
    "windows-1252": "Zwölf Gäste – “später” – kosten 5 €",
}


@pytest.mark.parametrize("charset", SAMPLES)
def test_stated_charset(charset: str) -> None:
    text = SAMPLES[charset]
    data = text.encode(charset)
    assert decode_html(data, f"text/html; charset={charset}") == text
    assert decode_text(data, f"text/plain; charset={charset}") == text
    page = f"<meta charset={charset}><p>{text}"
    assert decode_html(page.encode(charset)) == page


def test_byte_order_mark_is_over_header_over_meta() -> None:
    meta = "<meta charset=windows-1251>é"
    marked = b"\xef\xbb\xbf" + meta.encode()
    assert decode_html(marked, "text/html; charset=shift_jis").endswith("é")
    assert decode_html(meta.encode(), "text/html; charset=utf-8") == meta
    assert decode_html(meta.encode()) == meta.encode().decode("windows-1251")


def test_html_without_any_statement_is_detected() -> None:
    assert decode_html("<p>é漢".encode()) == "<p>é漢"


@pytest.mark.parametrize("charset", ["iso-8859-1", "latin1", "us-ascii"])
def test_latin_1_is_read_as_windows_1252(charset: str) -> None:
    assert decode_html(b"<p>\x93quoted\x94", f"text/html; charset={charset}") == "<p>“quoted”"


@pytest.mark.parametrize(
    ("mark", "charset"), [(b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be")]
)
def test_utf_16(mark: bytes, charset: str) -> None:
    data = mark + "<p>é漢".encode(charset)
    assert decode_html(data).endswith("<p>é漢")
    assert decode_text(data).endswith("<p>é漢")


def test_text_keeps_its_byte_order_mark() -> None:
    assert decode_text(b"\xef\xbb\xbfa") == "\ufeffa"


def test_html_with_wrong_bytes_is_read_all_the_same() -> None:
    assert decode_html(b"<p>a\xffb", "text/html; charset=utf-8") == "<p>a\ufffdb"


def test_unknown_charset_of_text() -> None:
    with pytest.raises(DecodingError, match="x-nonsense"):
        decode_text(b"a", "text/plain; charset=x-nonsense")


def test_text_that_is_not_in_its_stated_charset() -> None:
    with pytest.raises(DecodingError, match="byte 2"):
        decode_text(b"ab\xff", "text/plain; charset=utf-8")


def test_character_cut_at_the_end_of_the_detected_head() -> None:
    text = "a" * 65_535 + "漢" * 10
    assert decode_html(text.encode()) == text


@pytest.mark.parametrize(
    "document",
    [
        "<!DOCTYPE html><p>x",
        "\ufeff \n<html>",
        '<?xml version="1.0"?>\n<!-- c --><html>',
        "text<p>a</p><p>b</p><div>c</div>",
        b"\xff\xfe" + "<html>".encode("utf-16-le"),
    ],
)
def test_html_is_told(document: str | bytes) -> None:
    assert looks_like_html(document)


@pytest.mark.parametrize(
    "document",
    ["", "plain text", "a < b and c > d", "use <b> for bold", "# Title\n\ntext </p>", b"\xff"],
)
def test_text_is_told(document: str | bytes) -> None:
    assert not looks_like_html(document)
