"""What the arguments of a run name: files, folders, globs, URLs, standard input."""

from __future__ import annotations

import contextlib
import glob
import os
import stat
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path, PurePath
from typing import Any, BinaryIO, Final, Literal

from segmenter.crawl.compression import without_suffix
from segmenter.crawl.inputs.jsonl import JsonlInput
from segmenter.crawl.inputs.opened import Location, OpenedInput
from segmenter.crawl.inputs.pages import PageInput
from segmenter.crawl.inputs.parquet import Columns, ParquetInput
from segmenter.crawl.inputs.sniff import SniffedInput
from segmenter.crawl.inputs.warc import WarcInput
from segmenter.errors import InputError
from segmenter.extras import extra

__all__ = ["FORMATS", "InputFormat", "LocationError", "find_inputs", "format_of"]

InputFormat = Literal["jsonl", "warc", "parquet", "page"]
FORMATS: Final[tuple[InputFormat, ...]] = ("jsonl", "warc", "parquet", "page")
_SUFFIXES: Final[Mapping[str, InputFormat]] = {
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "jsonl",
    ".warc": "warc",
    ".wet": "warc",
    ".parquet": "parquet",
    ".html": "page",
    ".htm": "page",
    ".xhtml": "page",
    ".txt": "page",
}


class LocationError(InputError):
    """An argument names nothing that can be read."""


def format_of(name: str) -> InputFormat | None:
    """The format that a file name stands for, ``None`` if it says nothing."""
    return _SUFFIXES.get(PurePath(without_suffix(name)).suffix.lower())


def find_inputs(
    arguments: Iterable[str],
    *,
    stdin: BinaryIO,
    format: InputFormat | None = None,
    columns: Columns | None = None,
) -> list[OpenedInput]:
    """The inputs that arguments name, in their order; what a folder or glob finds is sorted.

    Args:
        arguments: files, folders (searched for files of known suffixes; all files where a format
            is given), globs with ``**`` for folders in folders, URLs that fsspec knows, ``-``.
        stdin: what ``-`` stands for.
        format: of all inputs; without it the suffix says it, else the first bytes.
        columns: which Parquet columns hold what.

    Raises:
        LocationError: an argument names nothing.
        MissingExtraError: a URL is given and fsspec is not installed.
    """
    found: list[OpenedInput] = []
    for argument in arguments:
        locations = list(_locations(argument, stdin, every=format is not None))
        if not locations:
            raise LocationError(
                f"{argument!r} names no file; accepted are files, folders with files of the "
                f"suffixes {' '.join(_SUFFIXES)} (also with .gz, .xz or .zst behind), globs, URLs "
                "and -"
            )
        found += [_input(place, format, columns or Columns()) for place in locations]
    if sum(source.name == "-" for source in found) > 1:
        raise LocationError("'-' is given more than once; there is one standard input")
    return found


def _input(location: Location, format: InputFormat | None, columns: Columns) -> OpenedInput:
    kind = format or format_of(location.name)
    if kind is None:
        return SniffedInput(location, lambda place, kind: _input(place, kind, columns))
    match kind:
        case "warc":
            return WarcInput(location)
        case "parquet":
            return ParquetInput(location, columns)
        case "page":
            return PageInput(location)
        case "jsonl":
            return JsonlInput(location)


def _locations(argument: str, stdin: BinaryIO, *, every: bool) -> Iterator[Location]:
    if argument == "-":
        yield Location("-", lambda: contextlib.nullcontext(stdin), *_known_of(stdin))
    elif "://" in argument:
        yield from _remote(argument, every=every)
    elif os.path.isdir(argument):
        paths = sorted(path for path in Path(argument).rglob("*") if path.is_file())
        yield from (_local(str(path)) for path in paths if every or format_of(path.name))
    elif os.path.exists(argument):
        yield _local(argument)
    elif glob.has_magic(argument):
        paths = sorted(Path(name) for name in glob.glob(argument, recursive=True))
        yield from (_local(str(path)) for path in paths if path.is_file())


def _local(path: str) -> Location:
    def opened() -> BinaryIO:
        return open(path, "rb")

    status = os.stat(path)
    if not stat.S_ISREG(status.st_mode):
        return Location(path, opened)
    return Location(path, opened, status.st_size, _stamp(status))


def _known_of(stream: BinaryIO) -> tuple[int | None, str]:
    """Size and stamp of a stream, where it is a file."""
    try:
        status = os.fstat(stream.fileno())
    except OSError:
        return None, ""
    if not stat.S_ISREG(status.st_mode):
        return None, ""
    return status.st_size, _stamp(status)


def _stamp(status: os.stat_result) -> str:
    return f"{status.st_size}-{status.st_mtime_ns}"


def _remote(url: str, *, every: bool) -> Iterator[Location]:
    with extra("remote"):
        from fsspec.core import url_to_fs
    files, path = url_to_fs(url)
    infos: dict[str, dict[str, Any]]
    if glob.has_magic(path):
        infos = files.glob(path, detail=True)
    elif files.isfile(path):
        infos = {path: files.info(path)}
    else:
        found = files.find(path, detail=True)
        infos = {name: info for name, info in found.items() if every or format_of(name)}
    for name in sorted(infos):
        info = infos[name]
        if info.get("type") == "file":
            marks = [info.get(key) for key in ("size", "ETag", "etag", "mtime", "LastModified")]
            stamp = "-".join(str(mark) for mark in marks if mark is not None)
            opened = partial(files.open, name, "rb")
            yield Location(files.unstrip_protocol(name), opened, info.get("size"), stamp)
