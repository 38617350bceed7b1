"""A datatrove pipeline from WARC or WET files to JSON lines with labelled blocks.

    pip install 'page-segmenter[datatrove,warc]'
    python examples/datatrove_warc.py CRAWL-FOLDER OUTPUT-FOLDER --tasks 8 --workers 4

Killed and started again, it does only the tasks that were not finished. With datatrove's extra
``io``, its ``JsonlWriter`` or ``ParquetWriter`` can stand in place of ``JsonLines``.
"""

from __future__ import annotations

import argparse
import json
from typing import IO, Any

from datatrove.executor import LocalPipelineExecutor
from datatrove.pipeline.writers.disk_base import DiskWriter

from segmenter.crawl.datatrove import SegmentExtractor, SegmentPages, WarcPages


class JsonLines(DiskWriter):  # type: ignore[misc]
    """Writes JSON lines with nothing but datatrove's core dependencies."""

    default_output_filename = "${rank}.jsonl"
    name = "JSON lines"

    def _write(self, document: dict[str, Any], file_handler: IO[str], filename: str) -> None:  # noqa: ARG002
        file_handler.write(json.dumps(document, ensure_ascii=False) + "\n")


def main() -> None:
    """Run the pipeline on this machine."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("crawl", help="folder or URL with .warc.gz or .warc.wet.gz files")
    parser.add_argument("output", help="folder or URL to write to")
    parser.add_argument("--tasks", type=int, default=1)
    parser.add_argument("--workers", type=int, default=-1)
    parser.add_argument("--min-confidence", type=float, default=0.0)
    parser.add_argument("--text-only", action="store_true", help="no blocks, with a time limit")
    parser.add_argument("--seconds", type=float, default=1.0, help="the time limit for a page")
    arguments = parser.parse_args()
    segment = (
        SegmentExtractor(timeout=arguments.seconds)
        if arguments.text_only
        else SegmentPages(
            min_confidence=arguments.min_confidence,
            drop_empty=False,
            exclusion_writer=JsonLines(f"{arguments.output}/dropped"),
        )
    )
    LocalPipelineExecutor(
        [
            WarcPages(arguments.crawl, glob_pattern="*.warc*.gz"),
            segment,
            JsonLines(f"{arguments.output}/pages"),
        ],
        tasks=arguments.tasks,
        workers=arguments.workers,
        logging_dir=f"{arguments.output}/logs",
    ).run()


if __name__ == "__main__":
    main()
