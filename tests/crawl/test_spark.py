"""A real Spark session on this machine."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from batch_runs import run
from crawl_pages import page

from segmenter.crawl.arrow import json_row
from segmenter.crawl.outputs.jsonl import encode_row

ROOT = Path(__file__).parents[2]
ROWS = 150

pytestmark = pytest.mark.slow


def test_map_in_arrow_gives_the_bytes_of_the_command_line(tmp_path: Path) -> None:
    pytest.importorskip("pyspark", reason="needs pyspark: pip install 'pyspark>=4,<5'")
    if shutil.which("java") is None:
        pytest.skip("needs Java, which Spark runs on")
    source, output = tmp_path / "pages.parquet", tmp_path / "blocks.parquet"
    pages = [page(number).decode() for number in range(ROWS - 1)]
    pq.write_table(pa.table({"id": [f"p{n}" for n in range(ROWS)], "html": [*pages, None]}), source)
    command = [sys.executable, "examples/spark_crawl.py", source, output]
    environment = {**os.environ, "PYSPARK_PYTHON": sys.executable, "SPARK_LOCAL_IP": "127.0.0.1"}
    result = subprocess.run(
        list(map(str, command)), cwd=ROOT, env=environment, capture_output=True, text=True,
        timeout=300, check=False,
    )  # fmt: skip
    assert result.returncode == 0, result.stderr[-3_000:]
    rows = sorted(pq.read_table(output).to_pylist(), key=lambda row: int(row["id"][1:]))
    lines = run(source, "-o", "-").stdout.splitlines(keepends=True)
    assert [encode_row(json_row(row)) for row in rows[:-1]] == lines[:-1]
    # Rows have no number in Spark: an error names the row of its batch.
    assert rows[-1]["error"]["type"] == "InputError"
