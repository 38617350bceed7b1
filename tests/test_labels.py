"""Labelled pages: what is taken, what is refused and how it is said."""

from __future__ import annotations

import gzip
import json
import lzma
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st
from retraining import ROOT, records

from segmenter import Segmenter
from segmenter.errors import LabelError
from segmenter.labels.files import checked_records, read_records, write_records
from segmenter.labels.label_studio import labelling_config, records_from_export, task
from segmenter.labels.pages import labelled_page
from segmenter.training.evaluate import known_labels
from segmenter.types import LABEL_INDEX, LABELS

TEXT = "Bridge closed\n\nThe bridge was closed on Monday.\n\nRead more"
PAGE: dict[str, Any] = {"id": "a", "text": TEXT}
HEADLINE = {"text": "Bridge closed", "label": "headline"}


def faults(*pages: object) -> list[tuple[int, int | None, str]]:
    with pytest.raises(LabelError) as caught:
        checked_records(enumerate(pages, start=1))
    return [(fault.row, fault.block, fault.detail) for fault in caught.value.faults]


def labels_of(page: dict[str, Any]) -> list[str | None]:
    (record,) = checked_records([(1, page)])
    return [None if i < 0 else LABELS[i] for i in known_labels(labelled_page(record)).tolist()]


def test_blocks_by_text_and_by_place_mean_the_same() -> None:
    by_text = {**PAGE, "blocks": [HEADLINE, {"text": "Read more", "label": "teaser"}]}
    by_place = {
        **PAGE,
        "blocks": [
            {"start": 0, "end": 13, "label": "headline"},
            {"start": 49, "end": 58, "label": "teaser", "text": "Read more"},
        ],
    }
    assert labels_of(by_text) == labels_of(by_place) == ["headline", None, "teaser"]


def test_what_is_not_labelled_is_unknown_not_boilerplate() -> None:
    assert labels_of({**PAGE, "blocks": [HEADLINE]}) == ["headline", None, None]


def test_more_words_than_can_be_compared_are_refused_before_they_are() -> None:
    """A page may have a million words: comparing them all would take 125 GB."""
    words = " ".join(["a"] * 50_000)
    page = {"id": "a", "text": words, "blocks": [{"text": words, "label": "body"}]}
    ((_, block, detail),) = faults(page)
    assert block is None
    assert "compared_words: 2,500,000,000 where 2,147,483,648 are allowed" in detail
    assert "'start' and 'end'" in detail
    placed = {**page, "blocks": [{"start": 0, "end": len(words), "label": "body"}]}
    assert set(labels_of(placed)) == {"body"}


def test_a_place_in_html_is_one_in_its_plain_text() -> None:
    html = "<h1>Bridge closed</h1><p>The bridge was closed on Monday.</p>"
    page = {"id": "h", "html": html, "blocks": [{"start": 0, "end": 13, "label": "headline"}]}
    assert labels_of(page) == ["headline", None]


def test_a_corrected_answer_is_a_record() -> None:
    segmentation = Segmenter.load().segment(TEXT)
    blocks = segmentation.to_dict(probabilities=True)["blocks"]
    assert labels_of({**PAGE, "blocks": blocks}) == [b.label for b in segmentation.blocks]


@pytest.mark.parametrize(
    ("page", "block", "words"),
    [
        (["a"], None, "JSON object"),
        ({"text": TEXT}, None, "'id' is missing"),
        ({"id": 7, "text": TEXT}, None, "'id' is a string"),
        ({"id": "a\x00b", "text": TEXT}, None, "can't be printed"),
        ({"id": "x" * 501, "text": TEXT}, None, "500 are most"),
        ({"id": "a"}, None, "exactly one of 'text' and 'html'"),
        ({"id": "a", "text": TEXT, "html": "<p>b"}, None, "exactly one"),
        ({"id": "a", "text": "a \ud800 b"}, None, "surrogate"),
        ({"id": "a", "text": " \n "}, None, "no visible text"),
        ({"id": "a", "text": "x" * 2_000_001}, None, "document_bytes"),
        ({**PAGE, "labels": []}, None, "unknown member 'labels'"),
        ({**PAGE, "model": {"name": "m"}}, None, "'name' and 'version'"),
        ({**PAGE, "blocks": {}}, None, "'blocks' is a list"),
        ({**PAGE, "blocks": ["x"]}, 1, "JSON object"),
        ({**PAGE, "blocks": [{"text": "Read more", "label": "ad"}]}, 1, "accepted are headline"),
        ({**PAGE, "blocks": [{"label": "body"}]}, 1, "neither 'text' nor 'start'"),
        ({**PAGE, "blocks": [{"label": "body", "start": 1}]}, 1, "both whole numbers"),
        ({**PAGE, "blocks": [{"label": "body", "start": True, "end": 3}]}, 1, "whole numbers"),
        ({**PAGE, "blocks": [{"label": "body", "start": 50, "end": 99}]}, 1, "no place"),
        ({**PAGE, "blocks": [{"label": "body", "start": 5, "end": 5}]}, 1, "no place"),
        ({**PAGE, "blocks": [HEADLINE, {"label": "body", "start": 1, "end": 2}]}, None, "either"),
        ({**PAGE, "blocks": [{"label": "body", "text": "Not here at all"}]}, 1, "not on the page"),
        (
            {**PAGE, "blocks": [{"label": "body", "start": 0, "end": 4, "text": "bridge"}]},
            1,
            "not what the page has",
        ),
        (
            {**PAGE, "blocks": [{"label": "body", "start": s, "end": s + 8} for s in (9, 12)]},
            2,
            "do not overlap",
        ),
    ],
)
def test_what_is_refused(page: object, block: int | None, words: str) -> None:
    found = faults(page)
    assert [(row, number) for row, number, _ in found] == [(1, block)]
    assert words in found[0][2]


def test_blocks_out_of_order_are_named() -> None:
    page = {**PAGE, "blocks": [{"text": "Read more", "label": "teaser"}, HEADLINE]}
    assert [block for _, block, _ in faults(page)] in ([1], [2])


def test_all_faults_of_a_batch_are_reported() -> None:
    bad = {**PAGE, "id": "b", "blocks": [{"text": "Read more", "label": "x"}, {"label": "body"}]}
    found = faults(PAGE, bad, {**PAGE, "url": 1}, {**PAGE})
    assert [(row, block) for row, block, _ in found] == [(2, 1), (2, 2), (3, None), (4, None)]
    assert "row 1 has the same id" in found[3][2]


@given(st.lists(st.tuples(st.text("abcd é😀", min_size=1, max_size=9), st.sampled_from(LABELS))))
def test_places_label_exactly_their_blocks(lines: list[tuple[str, str]]) -> None:
    """Every block of a page made of lines gets the label of the place that is its line."""
    lines = [(line.strip(), label) for line, label in lines if line.strip()]
    text = "start of the page here"
    blocks: list[dict[str, Any]] = []
    for line, label in lines:
        text += "\n\n"
        blocks.append({"start": len(text), "end": len(text) + len(line), "label": label})
        text += line
    (record,) = checked_records([(1, {"id": "p", "text": text, "blocks": blocks})])
    page = labelled_page(record)
    known = known_labels(page)
    for start, end, label in zip(page.page.starts, page.page.ends, known, strict=True):
        inside = [b for b in blocks if b["start"] < end and b["end"] > start]
        if len(inside) == 1:
            assert label == LABEL_INDEX[inside[0]["label"]]


@pytest.mark.parametrize(
    ("suffix", "pack"),
    [
        ("", bytes),
        (".gz", gzip.compress),
        (".xz", lzma.compress),
        (".zst", zstandard.ZstdCompressor().compress),
    ],
)
def test_files_come_back_as_they_were(tmp_path: Path, suffix: str, pack: Any) -> None:
    written, packed = tmp_path / "labels.jsonl", tmp_path / f"packed.jsonl{suffix}"
    made = records(count=3)
    write_records(written, made)
    packed.write_bytes(pack(written.read_bytes()))
    assert read_records(packed) == made


def test_a_file_with_faults_names_their_lines(tmp_path: Path) -> None:
    path = tmp_path / "labels.jsonl"
    lines = [json.dumps(PAGE), "", "{", json.dumps({**PAGE, "id": "b", "text": 3})]
    path.write_text("\n".join(lines), "utf-8")
    with pytest.raises(LabelError) as caught:
        read_records(path)
    assert [fault.row for fault in caught.value.faults] == [3, 4]


def test_a_cut_off_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "labels.jsonl.gz"
    whole = "".join(json.dumps({**PAGE, "id": str(n)}) + "\n" for n in range(500))
    path.write_bytes(gzip.compress(whole.encode())[:-20])
    with pytest.raises(LabelError, match="damaged"):
        read_records(path)


def test_a_gold_file_is_a_label_file(tmp_path: Path) -> None:
    """What trains a model from nothing adapts one too."""
    path = tmp_path / "gold.jsonl"
    page = {"id": "g", "html": "<p>Bridge closed", "lang": "en", "page_type": "article"}
    path.write_text(json.dumps({**page, "blocks": [HEADLINE]}) + "\n", "utf-8")
    assert read_records(path)[0].blocks[0].label == "headline"


def export_of(made: dict[str, Any], **annotation: Any) -> dict[str, Any]:
    given = made["annotations"] if "annotations" in made else made["predictions"]
    result = given[0]["result"]
    return {"id": 1, "data": made["data"], "annotations": [{"result": result, **annotation}]}


def test_label_studio_there_and_back() -> None:
    (record,) = records(count=1)
    segmentation = Segmenter.load().segment_document(record.document())
    made = task(record, segmentation)
    assert made["predictions"][0]["model_version"].startswith("default ")
    (back,) = records_from_export([export_of(made, completed_by={"email": "ada@example.org"})])
    assert (back.id, back.url, back.content) == (record.id, record.url, record.content)
    assert (back.annotator, back.source) == ("ada@example.org", "label-studio")
    assert [b.label for b in back.blocks] == [b.label for b in segmentation.blocks]
    assert np.array_equal(known_labels(labelled_page(back)), segmentation.labels)


def test_label_studio_offsets_in_utf16_units() -> None:
    """Versions before 1.4 count an emoji as two."""
    text = "😀😀 Bridge closed\n\nThe bridge was closed."
    value = {"start": 5, "end": 18, "text": "Bridge closed", "labels": ["headline"]}
    export = {
        "id": 5,
        "data": {"text": text},
        "annotations": [{"result": [{"type": "labels", "value": value}]}],
    }
    (record,) = records_from_export([export])
    assert (record.blocks[0].start, record.blocks[0].end) == (3, 16)
    assert record.id == "5"


def test_label_studio_takes_the_latest_that_was_not_cancelled() -> None:
    def annotation(label: str, **more: Any) -> dict[str, Any]:
        value = {"start": 0, "end": 13, "labels": [label]}
        return {"result": [{"type": "labels", "value": value}], **more}

    tasks = [
        {
            "id": 1,
            "data": {"text": TEXT},
            "annotations": [
                annotation("deck", updated_at="2026-01-02"),
                annotation("headline", updated_at="2026-01-03"),
                annotation("body", updated_at="2026-01-04", was_cancelled=True),
            ],
        },
        {"id": 2, "data": {"text": TEXT}, "annotations": []},
    ]
    (record,) = records_from_export(tasks)
    assert [block.label for block in record.blocks] == ["headline"]


@pytest.mark.parametrize("export", [{}, [3], [{"id": 1}], [{"data": {}, "annotations": [{}]}]])
def test_what_is_no_export_is_said(export: object) -> None:
    with pytest.raises(LabelError, match="export"):
        records_from_export(export)


def test_the_labelling_interface_has_every_label() -> None:
    config = labelling_config()
    assert all(f'value="{label}"' in config for label in LABELS)
    assert 'value="$text"' in config


def test_the_example_pages_are_label_files() -> None:
    rows = []
    for path in sorted((ROOT / "seeds" / "pages").glob("1*.labels.json"))[:5]:
        row = json.loads(path.read_text("utf-8"))
        html = (path.parent / row["html_file"]).read_text("utf-8")
        rows.append({"id": row["id"], "html": html, "blocks": row["blocks"]})
    assert len(checked_records(enumerate(rows, start=1))) == 5
