"""Training files from checkouts, in the layouts of the public repositories, of invented pages."""

from __future__ import annotations

import gzip
import json
import lzma
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from segmenter.cli import cli
from segmenter.errors import CorpusError
from segmenter.training.build import GOLD_FILE, SourceReport, build_corpora
from segmenter.training.corpora import load_corpora, load_gold
from segmenter.training.scoring import known_labels
from segmenter.training.sources import Sources, load_pages, load_unlabelled_pages
from segmenter.training.standoff import (
    Annotation,
    block_hash,
    read_annotations,
    write_annotations,
)
from segmenter.types import LABEL_INDEX

SEEDS = Path(__file__).parents[1] / "seeds"

TITLE = "Mill race dries up"
LINES = ["The mill race fell dry on Monday.", "Nobody knows for how long."]
HTML = (
    f"<!DOCTYPE html>\r\n<html lang='en-GB'><head><title>{TITLE}</title></head><body>"
    f"<a href='/'>Start</a><h1>{TITLE}</h1><p>By Tom Reed</p>"
    + "".join(f"<p>{line}</p>" for line in LINES)
    + "<footer>All rights reserved</footer></body></html>"
)
BLOCKS = (
    ("Start", "boilerplate"), (TITLE, "headline"), ("By Tom Reed", "byline"),
    (LINES[0], "body"), (LINES[1], "body"), ("All rights reserved", "boilerplate"),
)  # fmt: skip
KEY = "0123456789abcdef0123456789abcdef"
IDS = {
    "wcxb-dev": "wcxb-0007", "fundus": "fundus-xx-Herald_2024_01_02",
    "andythefactory": f"atf-{KEY[:12]}", "readability": "readability-mill",
    "zh-handcrafted": "zhwce-aa-bb", "trafeval": "trafeval-0000",
    "postlight": "postlight-mill.example", "goose3": "goose3-test_mill", "newspaper4k": "np4k-mill",
}  # fmt: skip


def silent(_: str) -> None:
    """Progress that nobody reads."""


def put(path: Path, content: str | bytes | dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(content, dict):
        content = json.dumps(content)
    data = content.encode() if isinstance(content, str) else content
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)


def wcxb_truth(url: str, text: str = "\n\n".join(LINES)) -> dict[str, Any]:
    truth = {
        "title": TITLE, "author": "Tom Reed", "publish_date": "2024-01-02", "main_content": text,
        "with": [LINES[0]], "without": ["Start"],
    }  # fmt: skip
    return {
        "url": url,
        "_internal": {"page_type": {"primary": "article"}},
        "ground_truth": truth,
    }


@pytest.fixture
def checkouts(tmp_path: Path) -> Path:
    root = tmp_path / "checkouts"
    wcxb = root / "web-content-extraction-benchmark"
    put(wcxb / "dev/ground-truth/0007.json", wcxb_truth("https://mill.example/7"))
    put(wcxb / "dev/html/0007.html.gz", HTML)
    put(wcxb / "dev/ground-truth/0008.json", wcxb_truth("https://mill.example/8"))
    put(wcxb / "dev/html/0008.html.gz", HTML)
    put(wcxb / "dev/ground-truth/0009.json", wcxb_truth("https://mill.example/9"))
    put(wcxb / "test/ground-truth/1008.json", {"url": "https://mill.example/8"})
    fundus = root / "fundus/tests/resources/parser/test_data/xx"
    put(fundus / "Herald_2024_01_02.html.gz", HTML)
    put(fundus / "meta.info", {"Herald_2024_01_02.html.gz": {
        "url": "https://herald.example/mill", "crawl_date": "2024-01-02 10:00:00"}})  # fmt: skip
    sections = [{"headline": [], "paragraphs": LINES}]
    version = {
        "title": TITLE, "authors": ["Tom Reed"], "publishing_date": "2024-01-02",
        "body": {"summary": [], "sections": sections},
        "images": [{"caption": "The mill", "authors": ["Z", "A"]}, {"caption": None}],
    }  # fmt: skip
    other = {"title": "Other", "body": {"summary": ["Not on this page."], "sections": []}}
    put(fundus / "Herald.json", {"V1": version, "V2": other})
    trafilatura = root / "trafilatura/tests"
    put(trafilatura / "evaldata.json", {
        "https://mill.example/t": {"file": "mill.html", "with": [LINES[0]], "without": ["Start"],
                                   "author": "Tom Reed"},
        "https://mill.example/u": {"file": "gone.html", "with": [], "without": []}})  # fmt: skip
    put(trafilatura / "eval/mill.html", HTML)
    mill = root / "readability/test/test-pages/mill"
    put(mill / "source.html", HTML)
    paragraphs = "</p>\n<p>".join(LINES)
    table = "<table><tr><td>a</td><td>b</td></tr></table>"
    put(mill / "expected.html", f"<div><p>{paragraphs}</p>{table}</div>")
    put(mill / "expected-metadata.json", {
        "title": TITLE, "byline": None, "excerpt": LINES[0], "siteName": None, "readerable": True
    })  # fmt: skip
    articles = root / "article-extraction-dataset"
    body = {
        "title": TITLE,
        "authors": "Tom Reed",
        "date": "2024-01-02",
        "url": "https://mill.example/a",
    }
    put(articles / "articles.json", {
        KEY: body | {"articleBody": "\n\n".join(LINES) + "\n"},
        "f" * 32: body | {"articleBody": "x"}})  # fmt: skip
    put(articles / f"html/{KEY}.html", HTML)
    chinese = root / "Chinese-Web-Content-Extraction-Dataset"
    put(
        chinese / "Original/aa-bb.html",
        HTML.encode("utf-8").replace(b"Reed", "里德".encode("gb18030")),
    )
    put(chinese / "cleaned/aa-bb.txt", "\n\n".join(LINES))
    put(chinese / "author/aa-bb.txt", "UNKNOWN")
    put(root / "parser/fixtures/mill.example.html", HTML)
    put(root / "goose3/tests/data/content/test_mill.html", HTML)
    put(root / "goose3/tests/data/content/test_mill.json", {"url": "https://mill.example/g"})
    put(root / "newspaper4k/tests/data/html/mill.html", HTML)
    put(root / "newspaper4k/tests/data/html/untested.html", HTML)
    metadata = {"metadata": {"url": "https://mill.example/n"}}
    put(root / "newspaper4k/tests/data/metadata/mill.json", metadata)
    return root


@pytest.fixture
def standoff(tmp_path: Path) -> Path:
    blocks = tuple((block_hash(text), label) for text, label in BLOCKS)
    path = tmp_path / "standoff.jsonl"
    write_annotations(path, (
        Annotation(id_, name, f"https://{name}.example/", "en", "article", blocks)
        for name, id_ in IDS.items() if name != "zh-handcrafted"
    ))  # fmt: skip
    return path


def rows(path: Path) -> list[dict[str, Any]]:
    with lzma.open(path, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def built(checkouts: Path, standoff: Path, out: Path) -> dict[str, SourceReport]:
    return {report.source: report for report in build_corpora(checkouts, standoff, out)}


def test_wcxb_records(checkouts: Path, standoff: Path, tmp_path: Path) -> None:
    report = built(checkouts, standoff, tmp_path / "out")["wcxb-dev"]
    (record,) = rows(tmp_path / "out/wcxb-dev.jsonl.xz")
    assert record == {
        "id": "wcxb-0007", "url": "https://mill.example/7", "page_type": "article",
        "html": HTML.replace("\r\n", "\n"), "text": "\n\n".join(LINES), "title": TITLE,
        "author": "Tom Reed", "date": "2024-01-02", "without": ["Start"], "must_have": [LINES[0]],
        "must_not_have": ["Start"],
    }  # fmt: skip
    assert [missing.id for missing in report.missing] == ["wcxb-0008", "wcxb-0009"]
    assert "test split" in report.missing[0].reason
    assert "FileNotFoundError" in report.missing[1].reason


def test_fundus_records_are_of_the_version_that_fits(
    checkouts: Path, standoff: Path, tmp_path: Path
) -> None:
    built(checkouts, standoff, tmp_path / "out")
    (record,) = rows(tmp_path / "out/fundus.jsonl.xz")
    assert record == {
        "id": IDS["fundus"], "publisher": "Herald", "country": "xx", "version": "V1",
        "crawl_date": "2024-01-02 10:00:00", "lang": "en", "url": "https://herald.example/mill",
        "html": HTML, "title": TITLE, "authors": ["Tom Reed"], "date": "2024-01-02", "topics": None,
        "captions": ["The mill"], "credits": ["A", "Z"],
        "gold": [{"kind": "paragraph", "text": line} for line in LINES],
        "text": "\n\n".join(LINES), "found": 1.0, "found_chars": 1.0, "title_on_page": True,
        "authors_on_page": ["Tom Reed"],
    }  # fmt: skip


def test_a_fundus_page_whose_text_is_elsewhere_is_left_out(
    checkouts: Path, standoff: Path, tmp_path: Path
) -> None:
    data = checkouts / "fundus/tests/resources/parser/test_data/xx"
    put(data / "Herald_2024_02_02.html.gz", "<p>Something else.</p>")
    report = built(checkouts, standoff, tmp_path / "out")["fundus"]
    assert [missing.id for missing in report.missing] == ["fundus-xx-Herald_2024_02_02"]


def test_trafilatura_records(checkouts: Path, standoff: Path, tmp_path: Path) -> None:
    report = built(checkouts, standoff, tmp_path / "out")["trafeval"]
    (record,) = rows(tmp_path / "out/trafeval.jsonl.xz")
    assert record == {
        "id": "trafeval-0000", "url": "https://mill.example/t", "lang": "en", "html": HTML,
        "with_": [LINES[0]], "without": ["Start"], "file": "mill.html", "author": "Tom Reed",
    }  # fmt: skip
    assert [missing.id for missing in report.missing] == ["trafeval-0001"]


def test_readability_records(checkouts: Path, standoff: Path, tmp_path: Path) -> None:
    built(checkouts, standoff, tmp_path / "out")
    (record,) = rows(tmp_path / "out/readability.jsonl.xz")
    assert record.pop("text_html").startswith("<div>")
    assert record == {
        "id": "readability-mill", "lang": "en", "html": HTML, "text": "\n".join([*LINES, "a", "b"]),
        "title": TITLE, "byline": None, "excerpt": LINES[0], "site_name": None, "date": None,
        "readerable": True, "found": 1.0,
    }  # fmt: skip


def test_article_and_chinese_records(checkouts: Path, standoff: Path, tmp_path: Path) -> None:
    reports = built(checkouts, standoff, tmp_path / "out")
    (article,) = rows(tmp_path / "out/andythefactory.jsonl.xz")
    assert (article["id"], article["text"]) == (f"atf-{KEY[:12]}", "\n".join(LINES))
    assert [block["label"] for block in article["blocks"]] == ["headline", "body", "body"]
    assert [missing.id for missing in reports["andythefactory"].missing] == ["atf-ffffffffffff"]
    (chinese,) = rows(tmp_path / "out/zh-handcrafted.jsonl.xz")
    assert (chinese["id"], chinese["lang"], chinese["authors"]) == ("zhwce-aa-bb", "zh", [])
    assert chinese["text"] == "\n".join(LINES)


def test_pages_of_which_nothing_is_known(checkouts: Path, standoff: Path, tmp_path: Path) -> None:
    built(checkouts, standoff, tmp_path / "out")
    assert rows(tmp_path / "out/postlight.jsonl.xz") == [
        {"id": "postlight-mill.example", "site": "mill.example", "lang": "en", "html": HTML}
    ]
    assert rows(tmp_path / "out/goose-newspaper.jsonl.xz") == [
        {"id": IDS["goose3"], "url": "https://mill.example/g", "lang": "en", "html": HTML},
        {"id": IDS["newspaper4k"], "url": "https://mill.example/n", "lang": "en", "html": HTML},
    ]


def test_labels_are_joined_to_the_pages_of_every_source(
    checkouts: Path, standoff: Path, tmp_path: Path
) -> None:
    reports = built(checkouts, standoff, tmp_path / "out")
    gold = rows(tmp_path / "out" / GOLD_FILE)
    assert [row["id"] for row in gold] == [
        id_ for name, id_ in IDS.items() if name != "zh-handcrafted"
    ]
    for row in gold:
        assert row["blocks"] == [{"text": text, "label": label} for text, label in BLOCKS]
        assert list(row) == ["id", "url", "lang", "page_type", "blocks", "html"]
    assert all(r.joined == r.annotated and r.blocks == r.blocks_found for r in reports.values())


def test_what_is_built_can_be_trained_on(checkouts: Path, standoff: Path, tmp_path: Path) -> None:
    built(checkouts, standoff, tmp_path / "out")
    pages = list(load_gold(tmp_path / "out" / GOLD_FILE))
    assert len(pages) == 8
    assert all(len(page.page) == len(BLOCKS) and page.weight.all() for page in pages)
    assert {page.source for page in load_corpora(tmp_path / "out")} == {
        "wcxb-dev", "fundus", "andythefactory", "readability", "zh-handcrafted"
    }  # fmt: skip


def test_chosen_pages_are_labelled_for_training(
    checkouts: Path, standoff: Path, tmp_path: Path
) -> None:
    built(checkouts, standoff, tmp_path / "out")
    seeds = tmp_path / "seeds"
    for path in (SEEDS / "pages").glob("001_*"):
        put(seeds / "pages" / path.name, path.read_text("utf-8"))
    known = {annotation.id: annotation for annotation in read_annotations(standoff)}
    main_text, bare, changed = IDS["wcxb-dev"], IDS["postlight"], IDS["goose3"]
    chosen = [known[main_text], known[bare], replace(known[changed], blocks=(("0" * 8, "body"),))]
    write_annotations(seeds / "standoff" / "chosen.jsonl.xz", chosen)
    sources = Sources(seeds, corpora=tmp_path / "out")
    pages = {page.id: page for page in load_pages(sources, silent)}
    for id_ in (main_text, bare):
        assert pages[id_].source == "chosen"
        assert pages[id_].gold == tuple(BLOCKS)
        assert known_labels(pages[id_]).tolist() == [LABEL_INDEX[label] for _, label in BLOCKS]
        assert not pages[id_].scored
    assert pages[main_text].main_text
    unlabelled = load_unlabelled_pages(sources, list(pages.values()), silent)
    assert bare not in {page.id for page in unlabelled}
    assert changed in {page.id for page in unlabelled}
    assert seeds / "standoff" / "chosen.jsonl.xz" in sources.files()
    # A page of the gold file stays what it is there.
    gold = Sources(seeds, gold=tmp_path / "out" / GOLD_FILE, corpora=tmp_path / "out")
    assert {page.source for page in load_pages(gold, silent) if page.id == main_text} == {"gold"}


def test_another_version_of_a_page_is_reported(
    checkouts: Path, standoff: Path, tmp_path: Path
) -> None:
    put(checkouts / "newspaper4k/tests/data/html/mill.html", HTML.replace("Monday", "Tuesday"))
    put(checkouts / "goose3/tests/data/content/test_mill.html", "")
    reports = built(checkouts, standoff, tmp_path / "out")
    assert "5 of 6" in reports["newspaper4k"].missing[0].reason
    assert "0 of 6" in reports["goose3"].missing[0].reason
    assert len(rows(tmp_path / "out" / GOLD_FILE)) == 6


def test_missing_checkouts_are_named(standoff: Path, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(CorpusError, match="no checkout of a known source"):
        build_corpora(empty, standoff, tmp_path / "out")
    put(empty / "readability/README.md", "nothing here")
    reports = built(empty, standoff, tmp_path / "out")
    assert "looked for fundus" in reports["fundus"].missing[0].reason
    assert [missing.id for missing in reports["readability"].missing] == ["readability-mill"]


def test_a_source_that_nobody_knows_is_an_error(checkouts: Path, tmp_path: Path) -> None:
    path = tmp_path / "standoff.jsonl"
    write_annotations(path, [Annotation("x-1", "x", None, None, "article", ())])
    with pytest.raises(CorpusError, match="unknown source 'x'"):
        build_corpora(checkouts, path, tmp_path / "out")


def test_command_reports_what_is_missing(checkouts: Path, standoff: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    arguments = ["corpora", "build", str(checkouts), "-o", str(out), "--annotations", str(standoff)]
    result = CliRunner().invoke(cli, arguments)
    assert result.exit_code == 0, result.output
    assert "wcxb-dev" in result.stdout
    assert "left out" in result.stderr
    missing = json.loads((out / "report.json").read_text("utf-8"))[0]["missing"]
    assert [row["id"] for row in missing] == ["wcxb-0008", "wcxb-0009"]
    again = tmp_path / "again.jsonl.xz"
    result = CliRunner().invoke(
        cli, ["corpora", "annotations", str(out / GOLD_FILE), "-o", str(again)]
    )
    assert result.exit_code == 0, result.output
    with lzma.open(again, "rt", encoding="utf-8") as lines:
        assert lines.read() == standoff.read_text("utf-8")
