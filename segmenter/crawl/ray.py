"""Ray Data: pages of crawl files as a dataset, and a callable for ``map_batches``.

pages = read_pages(["s3://bucket/crawl/*.warc.gz"])
segmented = pages.map_batches(
    SegmentBatch, batch_format="pyarrow", batch_size=64,
    compute=ray.data.ActorPoolStrategy(size=8),
)
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, cast

from segmenter.crawl.arrow import page_tables, segment_table
from segmenter.crawl.inputs.locate import InputFormat, find_inputs
from segmenter.crawl.inputs.parquet import Columns
from segmenter.crawl.segmenting import loaded
from segmenter.extras import extra
from segmenter.types import DEFAULT_KEEP, check_keep

with extra("ray"):
    import ray.data

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["SegmentBatch", "cores", "read_pages", "segment_pages"]

_BATCH_ROWS = 64


class SegmentBatch:
    """A class for ``map_batches`` with ``batch_format="pyarrow"``; one model in each actor.

    Args: those of ``segmenter.crawl.arrow.segment_table``, which also says what comes out.
    """

    def __init__(
        self,
        *,
        columns: Columns | None = None,
        model: str | None = None,
        keep: Sequence[str] = DEFAULT_KEEP,
        probabilities: bool = False,
        profiles: str | None = None,
    ) -> None:
        loaded(model, profiles)
        self._options: dict[str, Any] = {
            "columns": columns or Columns(),
            "model": model,
            "keep": check_keep(tuple(keep)),
            "probabilities": probabilities,
            "profiles": profiles,
        }

    def __call__(self, batch: pa.Table) -> pa.Table:
        """One row for every page, in order."""
        return segment_table(batch, **self._options)


def cores(address: str | None = None) -> int:
    """Join a cluster, or start one on this machine, and count its cores."""
    ray.init(address=address, ignore_reinit_error=True)
    resources: dict[str, float] = ray.cluster_resources()  # type: ignore[no-untyped-call]
    return int(resources.get("CPU", 1))


def read_pages(
    arguments: Sequence[str],
    *,
    format: InputFormat | None = None,
    columns: Columns | None = None,
) -> ray.data.Dataset:
    """The pages of crawl files; columns as ``segmenter.crawl.arrow.page_schema`` has them.

    A file is the unit of work, read and segmented by one actor: give more files than actors.

    Args:
        arguments: files, folders, globs, URLs as ``segmenter batch`` takes them; every node has
            to reach them.
        format: of all files; without it the suffix says it, else the first bytes.
        columns: which Parquet columns hold what.

    Raises:
        LocationError: an argument names nothing.
    """
    inputs = find_inputs(arguments, stdin=io.BytesIO(), format=format, columns=columns)
    rows = [{"name": source.name} for source in inputs]
    return ray.data.from_items(rows, override_num_blocks=len(rows)).map_batches(
        cast(Any, _read_files),
        fn_kwargs={"format": format, "columns": columns},
        batch_format="pyarrow",
        batch_size=1,
    )


def segment_pages(
    pages: ray.data.Dataset, *, workers: int | tuple[int, int], **options: Any
) -> ray.data.Dataset:
    """Segment a dataset of pages in actors, one for each core.

    Args:
        pages: see ``segment_table`` for its columns.
        workers: actors, or the least and the most of them.
        options: of ``SegmentBatch``.
    """
    least, most = (workers, workers) if isinstance(workers, int) else workers
    return pages.map_batches(
        SegmentBatch,
        fn_constructor_kwargs=options,
        batch_format="pyarrow",
        batch_size=_BATCH_ROWS,
        compute=ray.data.ActorPoolStrategy(min_size=least, max_size=most),
    )


def _read_files(
    batch: pa.Table, format: InputFormat | None, columns: Columns | None
) -> Iterator[pa.Table]:
    for name in batch.column("name").to_pylist():
        inputs = find_inputs([name], stdin=io.BytesIO(), format=format, columns=columns)
        yield from page_tables(inputs)
