"""Compressed streams, read and written as a series of complete members.

Every member can be read without the others, so a file may be cut after any of them and
continued there. RFC 1952 (gzip), the .xz file format and RFC 8878 (zstd) all allow this.
"""

from __future__ import annotations

import gzip
import itertools
import lzma
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from pathlib import PurePath
from typing import BinaryIO, Final, Literal, Protocol, cast

import zstandard
from isal import isal_zlib

from segmenter.errors import InputError

__all__ = [
    "DAMAGE",
    "MAGIC",
    "PACKED_PIECE_BYTES",
    "Compression",
    "compress",
    "compression_of",
    "decompressor",
    "plain_pieces",
    "recognised",
    "unpacked",
    "without_suffix",
]

Compression = Literal["none", "gzip", "xz", "zstd"]

_SUFFIXES: Final[Mapping[str, Compression]] = {".gz": "gzip", ".xz": "xz", ".zst": "zstd"}
# No text begins with any of these, so the content can decide whatever the name says.
MAGIC: Final[Mapping[Compression, bytes]] = {
    "gzip": b"\x1f\x8b",
    "xz": b"\xfd7zXZ\x00",
    "zstd": b"\x28\xb5\x2f\xfd",
}
_MAGIC_BYTES = 6
DAMAGE: Final[tuple[type[Exception], ...]] = (
    # Its stub has an instance for the class.
    cast("type[Exception]", isal_zlib.error),
    lzma.LZMAError,
    zstandard.ZstdError,
)
_PLAIN_PIECE_BYTES = 1 << 16
# A piece unpacks to 32 MiB at most: gzip to a thousand times its size, a zstd block of 4 bytes to
# 128 KiB.
PACKED_PIECE_BYTES: Final[Mapping[Compression, int]] = {
    "gzip": 1 << 14,
    "xz": 1 << 10,
    "zstd": 1 << 10,
}
_XZ_MEMORY_BYTES = 256 << 20
# xz at its default level takes longer than the segmentation itself.
_XZ_PRESET = 2
_ZSTD_LEVEL = 3


def compression_of(name: str) -> Compression:
    """The compression that a file name asks for."""
    return _SUFFIXES.get(PurePath(name).suffix.lower(), "none")


def without_suffix(name: str) -> str:
    """A file name less the suffix that says how it is compressed."""
    return name if compression_of(name) == "none" else name[: -len(PurePath(name).suffix)]


def compress(data: bytes, compression: Compression) -> bytes:
    """One complete member; equal data gives equal bytes."""
    match compression:
        case "gzip":
            return gzip.compress(data, mtime=0)
        case "xz":
            return lzma.compress(data, preset=_XZ_PRESET)
        case "zstd":
            return zstandard.ZstdCompressor(level=_ZSTD_LEVEL).compress(data)
        case "none":
            return data


def plain_pieces(source: BinaryIO, name: str) -> Iterator[bytes]:
    """The plain bytes of a stream piece by piece, its compression told by its first bytes.

    A piece is 32 MiB at most, whatever the stream unpacks to.

    Args:
        source: opened for reading, at its start; need not be seekable.
        name: only consulted for an empty stream, which no compression produces.

    Raises:
        InputError: the compressed stream is damaged or ends early.
    """
    head = source.read(_MAGIC_BYTES)
    compression = recognised(head) if head else compression_of(name)
    if compression == "none":
        # What a pipe has so far, without waiting for more.
        read: Callable[[int], bytes] = getattr(source, "read1", source.read)
        return itertools.chain([head], iter(partial(read, _PLAIN_PIECE_BYTES), b""))
    packed = iter(partial(source.read, PACKED_PIECE_BYTES[compression]), b"")
    return unpacked(itertools.chain([head], packed), compression)


def recognised(head: bytes) -> Compression:
    """The compression of a stream, by its first bytes."""
    for compression, magic in MAGIC.items():
        if head.startswith(magic):
            return compression
    return "none"


def unpacked(pieces: Iterable[bytes], compression: Compression) -> Iterator[bytes]:
    """The plain bytes of a compressed stream, piece by piece.

    Args:
        pieces: of ``PACKED_PIECE_BYTES`` at most, so that a plain piece is 32 MiB at most.
        compression: other than ``none``.

    Raises:
        InputError: the stream is damaged or ends early.
    """
    unpack = decompressor(compression)
    inside, members = False, 0
    for piece in pieces:
        packed = piece
        while packed:
            if not inside:
                # Zero bytes after a member are padding.
                packed = packed.lstrip(b"\0") if members else packed
                if not packed:
                    break
                unpack, inside = decompressor(compression), True
            try:
                plain = unpack.decompress(packed)
            except DAMAGE as error:
                raise InputError(f"the {compression} stream is damaged: {error}") from error
            if plain:
                yield plain
            packed = b""
            if unpack.eof:
                packed, inside, members = unpack.unused_data, False, members + 1
    if inside or not members:
        raise InputError(f"the {compression} stream ends early: the file is cut short")


class Decompressor(Protocol):
    """What the decompressors of isal, lzma and zstandard have in common."""

    @property
    def eof(self) -> bool: ...

    @property
    def unused_data(self) -> bytes: ...

    def decompress(self, data: bytes, /) -> bytes: ...


def decompressor(compression: Compression) -> Decompressor:
    """For one member."""
    match compression:
        case "xz":
            return lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_XZ_MEMORY_BYTES)
        case "zstd":
            return zstandard.ZstdDecompressor().decompressobj()
        case _:
            # Twice as fast as zlib.
            return isal_zlib.decompressobj(wbits=31)
