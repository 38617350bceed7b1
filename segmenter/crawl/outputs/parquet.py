"""Parquet: one row for every record, blocks as a list of structs.

A Parquet file ends with an index of all before it and can't be gone on with, so chunks are
gathered as Arrow IPC streams, one after the other, and turned into the file at the end.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Final

from segmenter.crawl.compression import Compression
from segmenter.crawl.outputs.base import Outcome

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["ParquetOutput"]

# Readers take a row group at a time: large enough to compress well, small enough to hold.
_GROUP_BYTES: Final = 64 << 20
_COMPRESSION: Final = "zstd"


@dataclass(frozen=True, slots=True)
class ParquetOutput:
    """Rows of ``segmenter.crawl.arrow.arrow_schema``.

    Attributes:
        probabilities: give every block the probabilities of all labels.
    """

    name: ClassVar[str] = "parquet"
    probabilities: bool = False

    def encode(self, outcomes: Sequence[Outcome], compression: Compression) -> bytes:  # noqa: ARG002
        """See ``Output``; Parquet compresses by itself."""
        import pyarrow as pa

        from segmenter.crawl.arrow import to_table

        results = [outcome.result for outcome in outcomes]
        table = to_table(results, probabilities=self.probabilities)
        sink = pa.BufferOutputStream()
        options = pa.ipc.IpcWriteOptions(compression=_COMPRESSION)
        with pa.ipc.new_stream(sink, table.schema, options=options) as writer:
            writer.write_table(table)
        return bytes(sink.getvalue().to_pybytes())

    def seal(self, part: Path, aside: Path) -> None:
        """See ``SealedOutput``."""
        from pyarrow.parquet import ParquetWriter

        from segmenter.crawl.arrow import arrow_schema

        schema = arrow_schema(probabilities=self.probabilities)
        with ParquetWriter(aside, schema, compression=_COMPRESSION) as writer:
            for table in _groups(part):
                writer.write_table(table)


def _groups(part: Path) -> Iterator[pa.Table]:
    """The rows of a part, as much at a time as a row group holds."""
    import pyarrow as pa

    held, size = list[pa.Table](), 0
    with pa.OSFile(str(part), "rb") as file:
        end = file.size()
        while file.tell() < end:
            table = pa.ipc.open_stream(file).read_all()
            held.append(table)
            size += table.nbytes
            if size >= _GROUP_BYTES:
                yield pa.concat_tables(held)
                held, size = [], 0
    if held:
        yield pa.concat_tables(held)
