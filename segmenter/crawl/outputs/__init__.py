"""Where segmentations go: JSONL, Parquet, and WARC records of the kept text."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePath
from typing import Final, Literal

from segmenter.crawl.compression import without_suffix
from segmenter.crawl.outputs.base import Output, SealedOutput
from segmenter.crawl.outputs.jsonl import JsonlOutput
from segmenter.crawl.outputs.parquet import ParquetOutput
from segmenter.crawl.outputs.warc import WarcOutput
from segmenter.extras import extra

__all__ = ["OUTPUT_FORMATS", "Output", "OutputFormat", "SealedOutput", "output_for"]

OutputFormat = Literal["jsonl", "parquet", "warc"]
OUTPUT_FORMATS: Final[tuple[OutputFormat, ...]] = ("jsonl", "parquet", "warc")
_SUFFIXES: Final[Mapping[str, OutputFormat]] = {
    ".parquet": "parquet",
    ".warc": "warc",
    ".wet": "warc",
}


def output_for(format: OutputFormat | None, name: str, probabilities: bool) -> Output:
    """The output of a format, which without one is told by the suffix of the file's name.

    Raises:
        MissingExtraError: the format's package is not installed.
    """
    stated = format or _SUFFIXES.get(PurePath(without_suffix(name)).suffix.lower(), "jsonl")
    match stated:
        case "parquet":
            with extra("parquet"):
                import pyarrow  # noqa: F401 - found missing here, before there is any output
            return ParquetOutput(probabilities)
        case "warc":
            with extra("warc"):
                import fastwarc  # noqa: F401
            return WarcOutput()
        case "jsonl":
            return JsonlOutput(probabilities)
