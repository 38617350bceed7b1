"""A plain install has none of the adapters' packages, and each says which extra it needs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HEAVY = ("fastwarc", "pyarrow", "fsspec", "scrapy", "twisted", "datatrove", "ray", "httpx")
# What is called, the package that is missing, the extra that has it.
USES = {
    "warc": ("fastwarc", "list(warc_records(io.BytesIO(b'WARC/1.0')))"),
    "parquet": ("pyarrow", "import segmenter.crawl.arrow"),
    "remote": ("fsspec", "find_inputs(['s3://bucket/a.warc'], stdin=io.BytesIO())"),
    "scrapy": ("scrapy", "import segmenter.crawl.scrapy"),
    "datatrove": ("datatrove", "import segmenter.crawl.datatrove"),
    "ray": ("ray", "import segmenter.crawl.ray"),
    "client": ("httpx", "import segmenter.client"),
}
CODE = """
import io, sys
sys.modules[{package!r}] = None
from segmenter.errors import SegmenterError
from segmenter.crawl.inputs.locate import find_inputs
from segmenter.crawl.inputs.warc import warc_records
try:
    {use}
except SegmenterError as error:
    print(error)
"""


def python(code: str) -> str:
    result = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr
    return result.stdout


@pytest.mark.parametrize("extra", USES)
def test_without_its_extra_it_says_which_to_install(extra: str) -> None:
    package, use = USES[extra]
    said = python(CODE.format(package=package, use=use))
    assert f"{package} is not installed" in said
    assert f"pip install 'page-segmenter[{extra}]'" in said


@pytest.mark.parametrize(
    ("source", "output", "package", "extra"),
    [
        ("a.warc.gz", "-", "fastwarc", "warc"),
        ("a.parquet", "-", "pyarrow", "parquet"),
        ("a.jsonl", "out.parquet", "pyarrow", "parquet"),
        ("a.jsonl", "out.warc", "fastwarc", "warc"),
    ],
)
def test_the_command_line_says_it_too(
    source: str, output: str, package: str, extra: str, tmp_path: Path
) -> None:
    (tmp_path / source).write_text('{"text": "A page."}\n')
    target = output if output == "-" else tmp_path / output
    code = f"import sys; sys.modules[{package!r}] = None; from segmenter.cli import main; main()"
    result = subprocess.run(
        [sys.executable, "-c", code, "batch", str(tmp_path / source), "-o", str(target)],
        capture_output=True, text=True, cwd=ROOT, check=False,
    )  # fmt: skip
    assert result.returncode == 1
    assert f"pip install 'page-segmenter[{extra}]'" in result.stderr
    assert "Traceback" not in result.stderr
    assert not (tmp_path / output).exists()


def test_a_jsonl_batch_loads_none_of_them(tmp_path: Path) -> None:
    source = tmp_path / "a.jsonl"
    source.write_text('{"text": "A page."}\n')
    blocked = "".join(f"sys.modules[{name!r}] = None; " for name in HEAVY)
    code = f"import sys; {blocked}from segmenter.cli import main; main()"
    result = subprocess.run(
        [sys.executable, "-c", code, "batch", str(source), "-o", "-"],
        capture_output=True, text=True, cwd=ROOT, check=False,
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    assert '"text":"A page."' in result.stdout
