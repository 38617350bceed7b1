"""The bounds of the records in a WARC file (ISO 28500), found again where one is broken.

FastWARC reads a record once its bounds are known, but goes on silently into the next record
where a length is wrong, and not at all behind a damaged member.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import BinaryIO, Final

from segmenter.crawl.inputs.members import members
from segmenter.errors import InputError, LimitError

__all__ = ["MAX_RECORD_BYTES", "Frame", "FrameFault", "frames"]

# The largest accepted document, 50 MB, with its HTTP header.
MAX_RECORD_BYTES: Final = 51_000_000
_MAX_HEADER_BYTES: Final = 1 << 16
_HEADER_END: Final = b"\r\n\r\n"
_START: Final = b"WARC/"
_RECORD: Final = re.compile(rb"WARC/1\.\d\r\n")
_LINE_ENDS: Final = re.compile(rb"[\r\n]+")
_MOST_LINE_ENDS: Final = 64
_START_BYTES: Final = len(b"WARC/1.0\r\n")
_LENGTH: Final = re.compile(rb"\r\nContent-Length[ \t]*:[ \t]*(\d{1,18})[ \t]*\r\n", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Frame:
    """One record.

    Attributes:
        offset: where it begins, or the compressed member that holds it, in bytes of the file.
        header: its WARC header with the blank line behind it.
        block: what ``Content-Length`` counts.
    """

    offset: int
    header: bytes
    block: bytes


@dataclass(frozen=True, slots=True)
class FrameFault:
    """A place where there is no whole record, see ``Frame`` for ``offset``.

    Attributes:
        error: what is wrong.
        damaged: the file is broken here, and the next record was looked for.
    """

    offset: int
    error: InputError
    damaged: bool = True


def frames(
    source: BinaryIO, wanted: Callable[[bytes], bool]
) -> Iterator[Frame | FrameFault | None]:
    """The records of a WARC file, plain or compressed, read to its end whatever is broken in it.

    Args:
        source: opened in binary at its beginning; need not be seekable.
        wanted: tells by its header whether a record is handed out; for others there is ``None``.
    """
    for member in members(source):
        tape = _Tape(member.pieces)
        offset = member.offset
        try:
            while tape.skip_line_ends():
                offset = member.offset if member.compressed else tape.position
                yield _next_frame(tape, offset, wanted)
        except InputError as error:
            yield FrameFault(offset, error)


def _next_frame(
    tape: _Tape, offset: int, wanted: Callable[[bytes], bool]
) -> Frame | FrameFault | None:
    end = tape.header_end()
    if end is None or not tape.is_at(_START, 0):
        tape.forget(1)
        tape.skip_to_record()
        return FrameFault(offset, InputError("no WARC header begins here"))
    header = tape.look(0, end)
    length = _LENGTH.search(header)
    if length is None:
        tape.forget(end)
        tape.skip_to_record()
        return FrameFault(offset, InputError("the WARC header has no valid Content-Length"))
    size = int(length[1])
    if size > MAX_RECORD_BYTES:
        return _oversized(tape, offset, end + size, wanted(header))
    if not tape.fill(end + size) or not tape.may_end_at(end + size):
        return FrameFault(offset, _wrong_length(tape, end, size))
    block = tape.look(end, end + size) if wanted(header) else None
    tape.forget(end + size)
    return None if block is None else Frame(offset, header, block)


def _oversized(tape: _Tape, offset: int, size: int, wanted: bool) -> FrameFault | None:
    if not tape.drop(size):
        return FrameFault(offset, InputError("the record is cut short"))
    if not wanted:
        return None
    return FrameFault(offset, LimitError("record_bytes", MAX_RECORD_BYTES, size), damaged=False)


def _wrong_length(tape: _Tape, start: int, size: int) -> InputError:
    """What is wrong with a record's length; the tape then stands at the next record."""
    following = tape.find_record(start, start + size)
    if following is not None:
        tape.forget(following)
        return InputError(
            f"Content-Length is {size:,}, but the next record begins after {following - start:,}"
        )
    if not tape.fill(start + size):
        found = tape.forget_all() - start
        return InputError(f"the record is cut short: {found:,} of {size:,} bytes")
    tape.forget(start + size)
    tape.skip_to_record()
    return InputError(f"Content-Length is {size:,}, but the record goes on behind that")


class _Tape:
    """Plain bytes, looked at without being copied, then forgotten.

    Every look costs as much as is forgotten after it: broken bounds inside broken bounds must
    not add up to more than the size of the file.
    """

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._held = bytearray()
        self._no_header_end_before = 0
        self.position = 0

    def fill(self, size: int) -> bool:
        """Have so many bytes at hand; false where there are fewer."""
        while len(self._held) < size:
            piece = next(self._pieces, b"")
            if not piece:
                return False
            self._held += piece
        return True

    def look(self, start: int, end: int) -> bytes:
        """Bytes that are at hand."""
        return bytes(memoryview(self._held)[start:end])

    def is_at(self, mark: bytes, start: int) -> bool:
        """Whether the mark stands there."""
        self.fill(start + len(mark))
        return self._held.startswith(mark, start)

    def forget(self, size: int) -> None:
        """Go on by so many bytes that are at hand."""
        del self._held[:size]
        self.position += size

    def forget_all(self) -> int:
        """Go on by all that is at hand; how much that was."""
        size = len(self._held)
        self.forget(size)
        return size

    def drop(self, size: int) -> bool:
        """Go on by so many bytes without holding them; false where there are fewer."""
        left = size
        while left and self.fill(1):
            step = min(left, len(self._held))
            self.forget(step)
            left -= step
        return not left

    def skip_line_ends(self) -> bool:
        """Go to the next byte that is no line end; false if there is none."""
        while self.fill(1):
            line_ends = _LINE_ENDS.match(self._held)
            if line_ends is None:
                return True
            self.forget(line_ends.end())
        return False

    def header_end(self) -> int | None:
        """Where the blank line behind a header ends, if it is in reach."""
        while True:
            searched = max(self._no_header_end_before - self.position, 0)
            found = self._held.find(_HEADER_END, searched, _MAX_HEADER_BYTES)
            if found >= 0:
                return found + len(_HEADER_END)
            seen = min(len(self._held), _MAX_HEADER_BYTES) - len(_HEADER_END) + 1
            self._no_header_end_before = max(self._no_header_end_before, self.position + seen)
            if len(self._held) >= _MAX_HEADER_BYTES or not self.fill(len(self._held) + 1):
                return None

    def may_end_at(self, end: int) -> bool:
        """Whether a record may end there: the end, the next record, or two line ends follow."""
        # Behind the last record of a compressed member this reads its checksum too.
        self.fill(end + _MOST_LINE_ENDS + len(_START))
        if self.is_at(_HEADER_END, end):
            return True
        line_ends = _LINE_ENDS.match(self._held, end, end + _MOST_LINE_ENDS)
        behind = end if line_ends is None else line_ends.end()
        return behind == len(self._held) or self.is_at(_START, behind)

    def find_record(self, start: int, end: int) -> int | None:
        """Where a record begins between two places at hand, if one does."""
        found = _RECORD.search(self._held, start, end)
        return None if found is None else found.start()

    def skip_to_record(self) -> None:
        """Go to where the next record begins, else to the end."""
        while (found := self.find_record(0, len(self._held))) is None:
            self.forget(max(len(self._held) - _START_BYTES, 0))
            if not self.fill(len(self._held) + 1):
                self.forget_all()
                return
        self.forget(found)
