"""``segmenter batch``: folders, globs, URLs, Parquet in and out, and what is said of wrong ones."""

from __future__ import annotations

import gzip
import io
import json
from pathlib import Path
from typing import Any

import fsspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from batch_runs import rows_of, run
from click.testing import CliRunner
from crawl_pages import STORY, page, response, write_warc

from segmenter.cli.batch import batch
from segmenter.crawl.arrow import arrow_schema, json_row
from segmenter.crawl.inputs.locate import LocationError, find_inputs
from segmenter.crawl.outputs.jsonl import encode_row
from segmenter.crawl.reader import CrawlReader
from segmenter.crawl.records import RecordError
from segmenter.types import Document


def table(path: Path, **columns: list[Any]) -> Path:
    pq.write_table(pa.table(columns), path)
    return path


def documents(*arguments: str | Path, **options: Any) -> list[Document | RecordError]:
    inputs = find_inputs(list(map(str, arguments)), stdin=io.BytesIO(), **options)
    return [item.parse() for chunk in CrawlReader(inputs).chunks() for item in chunk.records]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Files of every kind, in folders."""
    crawl = tmp_path / "crawl"
    (crawl / "deep").mkdir(parents=True)
    (crawl / "b.html").write_bytes(page(1))
    (crawl / "deep" / "a.txt.gz").write_bytes(gzip.compress(STORY.format(2).encode()))
    (crawl / "c.warc").write_bytes(response(3))
    (crawl / "d.jsonl").write_text(json.dumps({"id": "row", "text": STORY.format(4)}) + "\n")
    table(crawl / "e.parquet", html=[page(5)], url=["https://news.example/5"])
    (crawl / "picture.png").write_bytes(b"\x89PNG")
    return crawl


def test_a_folder_gives_its_files_of_known_kinds_sorted(folder: Path) -> None:
    result = run(folder, "-o", "-")
    assert result.returncode == 0, result.stderr
    rows = rows_of(result.stdout)
    assert [row["id"] for row in rows] == [
        str(folder / "b.html"),
        "<urn:uuid:00000000-0000-0000-0000-000000000003>",
        "row",
        str(folder / "deep" / "a.txt.gz"),
        None,
    ]
    assert [row["input"] for row in rows] == ["html", "html", "text", "text", "html"]


def test_a_stated_format_takes_every_file_of_a_folder(tmp_path: Path) -> None:
    (tmp_path / "page1").write_bytes(page(1))
    (tmp_path / "page2").write_bytes(b"\x1f\x8b broken")
    good, bad = documents(tmp_path, format="page")
    assert isinstance(good, Document)
    assert good.html == page(1)
    assert isinstance(bad, RecordError)
    assert bad.damaged
    assert bad.to_dict()["file"] == str(tmp_path / "page2")


def test_globs_and_urls_find_the_same(folder: Path) -> None:
    by_glob = documents(folder / "**" / "*.*[lt]", folder / "deep" / "*.gz")
    by_url = documents(f"file://{folder}/**/*.*[lt]", f"file://{folder}/deep/*.gz")
    assert [type(item) for item in by_glob] == [Document] * 4
    assert [item.url for item in by_url if isinstance(item, Document)] == [
        item.url for item in by_glob if isinstance(item, Document)
    ]


def test_a_bucket_is_read_through_fsspec(folder: Path) -> None:
    bucket = fsspec.filesystem("memory")
    bucket.put(str(folder), "/crawl-bucket", recursive=True)
    found = documents("memory://crawl-bucket")
    assert [item for item in found if isinstance(item, RecordError)] == []
    assert len(found) == 5
    assert len(documents("memory://crawl-bucket/*.parquet")) == 1
    with pytest.raises(LocationError, match="names no file"):
        documents("memory://crawl-bucket/*.nothing")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["nowhere.jsonl"], "'nowhere.jsonl' names no file"),
        (["empty"], "folders with files of the suffixes .jsonl"),
        (["*.warc.gz"], "names no file"),
        (["-", "-"], "more than once"),
        ([], "Missing argument"),
        (["a.jsonl", "-o", "s3://bucket/out"], "local file"),
        (["a.jsonl", "-o", "missing/out.jsonl"], "no directory"),
        (["a.jsonl", "--output-format", "parquet", "-o", "-"], "not to a stream"),
        (["a.jsonl", "--probabilities", "-o", "out.warc"], "--probabilities needs"),
        (["a.jsonl", "-o", "a.jsonl", "--overwrite"], "the same file"),
    ],
)
def test_wrong_arguments_are_named(
    arguments: list[str], says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    (tmp_path / "a.jsonl").write_text("")
    result = CliRunner().invoke(batch, [*arguments, *([] if "-o" in arguments else ["-o", "out"])])
    assert result.exit_code == 2
    assert says in " ".join(result.output.split())
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.jsonl", "empty"]


def test_parquet_rows_with_their_faults(tmp_path: Path) -> None:
    source = table(
        tmp_path / "in.parquet",
        id=["1", "2", "3", "4", "5"],
        url=["https://a.example/", None, None, None, None],
        html=[page(1).decode(), None, None, "<p>x</p>", "ä".encode().decode("latin-1")],
        text=[None, STORY, None, "both", None],
    )
    result = run(source, "-o", "-")
    assert result.returncode == 0, result.stderr
    rows = rows_of(result.stdout)
    assert [row["id"] for row in rows] == ["1", "2", "3", "4", "5"]
    assert [row.get("input") for row in rows] == ["html", "text", None, None, "html"]
    assert [row.get("row") for row in rows] == [None, None, 3, 4, None]
    assert "exactly one of" in rows[2]["error"]["message"]


def test_parquet_columns_by_other_names_numbers_and_bytes(tmp_path: Path) -> None:
    source = table(tmp_path / "in.parquet", id=[12, None], content=[page(1), page(2)])
    rows = rows_of(run(source, "-o", "-", "--html-column", "content").stdout)
    assert [row["id"] for row in rows] == ["12", None]
    assert rows[1]["headline"] == "Bridge 2 opens"
    refused = run(source, "-o", "-")
    assert refused.returncode == 1
    assert (
        "there is no column 'html' or 'text'; there are 'id', 'content'"
        in (rows_of(refused.stdout)[0]["error"]["message"])
    )


def test_damaged_parquet_is_an_error_row(tmp_path: Path) -> None:
    path = tmp_path / "in.parquet"
    pq.write_table(
        pa.table({"text": [STORY.format(n) for n in range(100)]}),
        path,
        row_group_size=50,
        compression="none",
        use_dictionary=False,
        write_page_checksum=True,
    )
    data = path.read_bytes()
    path.write_bytes(data[:-20])
    (error,) = documents(path)
    assert isinstance(error, RecordError)
    assert error.damaged
    hit = bytearray(data)
    hit[4:40] = b"\xff" * 36
    path.write_bytes(hit)
    found = documents(path)
    assert isinstance(found[0], RecordError)
    assert found[0].place.number == 1
    # The second row group is sound.
    assert [item.text for item in found[1:] if isinstance(item, Document)] == [
        STORY.format(n) for n in range(50, 100)
    ]
    (piped,) = rows_of(run("-", "-o", "-", "--input-format", "parquet", stdin=data).stdout)
    assert "pipe" in piped["error"]["message"]


def test_parquet_output_holds_what_json_rows_hold(tmp_path: Path) -> None:
    source = write_warc(tmp_path / "crawl.warc.gz", 70)
    source.write_bytes(source.read_bytes()[:-50])
    lines, output = tmp_path / "out.jsonl", tmp_path / "out.parquet"
    assert run(source, "-o", lines, "--probabilities").returncode == 1
    assert run(source, "-o", output, "--probabilities").returncode == 1
    made = pq.read_table(output)
    assert made.schema.equals(arrow_schema(probabilities=True))
    assert pa.types.is_struct(made.schema.field("blocks").type.value_type)
    rows = made.to_pylist()
    assert len(rows) == 70
    assert b"".join(encode_row(json_row(row)) for row in rows) == lines.read_bytes()


def test_a_lone_surrogate_keeps_offsets_right_in_parquet(tmp_path: Path) -> None:
    source, output = tmp_path / "in.jsonl", tmp_path / "out.parquet"
    source.write_bytes(rb'{"id": "\ud800", "text": "A \udc00 page of some words.\n\nAnd more."}')
    assert run(source, "-o", output).returncode == 0
    (row,) = pq.read_table(output).to_pylist()
    assert [(block["start"], block["text"]) for block in row["blocks"]] == [
        (0, "A ? page of some words."),
        (25, "And more."),
    ]


def test_an_empty_input_gives_an_empty_table(tmp_path: Path) -> None:
    output = tmp_path / "out.parquet"
    assert run("-", "-o", output).returncode == 0
    assert pq.read_table(output).num_rows == 0
