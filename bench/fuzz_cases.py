"""Fuzzed pages: how bytes become a page, and what has to hold for any page.

A case is three letters and the page. The letters choose the front end, the content type and how
often the page's last part is repeated, so that a few bytes can be a page of 80 KB: what
is quadratic shows only there. ``head NUL NUL unit`` repeats the unit behind the head; without the
two NULs all of it is the unit.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from api.answers import encode_json
from api.problems import ProblemError
from api.schemas import SegmentRequest
from bench.fuzz_tally import Tally
from segmenter import Document, Segmentation, Segmenter, SegmenterError

__all__ = ["MOST_BYTES", "MOST_SECONDS", "Case", "FuzzFailureError", "check_case", "warm_segmenter"]

MOST_SECONDS: Final = 2.0
"""Processor time of one page: wall-clock time is also what else the machine does."""
MOST_BYTES: Final = 300_000_000
"""Resident memory of one page at its peak, beyond what the process has before. With the model,
which takes under 200 MB, that is under 500 MB."""
_LONGEST: Final = 80_000
"""Of a page with repeats; some times of it would be slow without being a fault."""
_SEPARATOR: Final = b"\0\0"
_KINDS: Final = ("text", "html", "json")
_CONTENT_TYPES: Final = (
    None,
    "text/html",
    "text/html; charset=utf-8",
    "text/html; charset=windows-1252",
    "text/html; charset=utf-16",
    "text/html; charset=shift_jis",
    "text/html; charset=gb18030",
    "text/html; charset=iso-2022-jp",
    "text/html; charset=utf-7",
    "text/html; charset=none",
)
_REPEATS: Final = (1, 1, 1, 2, 10, 100, 1_000, 10_000, 100_000, 1)


class FuzzFailureError(AssertionError):
    """A page for which something did not hold."""


@dataclass(frozen=True, slots=True)
class Case:
    """One page to segment.

    Attributes:
        kind: ``text``, ``html`` or ``json``, the body of a request.
        content_type: as a server would state it.
        content: the page's bytes.
    """

    kind: str
    content_type: str | None
    content: bytes

    @classmethod
    def from_bytes(cls, data: bytes) -> Case:
        """Any bytes are a case."""
        kind, content_type, repeat = (*data[:3], 0, 0, 0)[:3]
        head, separator, unit = data[3:].partition(_SEPARATOR)
        if not separator:
            head, unit = b"", head
        times = min(_REPEATS[repeat % len(_REPEATS)], _LONGEST // max(len(unit), 1))
        return cls(
            _KINDS[kind % len(_KINDS)],
            _CONTENT_TYPES[content_type % len(_CONTENT_TYPES)],
            head + unit * max(times, 1),
        )

    def request(self) -> SegmentRequest:
        """What a service would make of it.

        Raises:
            ProblemError: it is not of an accepted form.
        """
        if self.kind == "json":
            return SegmentRequest.from_json(self.content)
        if self.kind == "text" and self.content_type is None:
            # As a caller in Python may hand it over, lone surrogates included.
            return SegmentRequest(Document(text=_characters(self.content)))
        text, html = (self.content if self.kind == kind else None for kind in _KINDS[:2])
        return SegmentRequest(Document(text=text, html=html, content_type=self.content_type))


def warm_segmenter() -> Segmenter:
    """The shipped model's segmenter with all loaded that is loaded at first use."""
    segmenter = Segmenter.load()
    page = "The bridge was closed in spring because its bearings had rusted through."
    segmenter.segment(page)
    segmenter.segment_html(f"<p>{page}</p>".encode("latin-1") + b"\xe9")
    return segmenter


def check_case(
    case: Case,
    segmenter: Segmenter,
    tally: Tally | None = None,
    *,
    judge_slow: Callable[[], None] | None = None,
) -> Segmentation | None:
    """Segment a page and check all that has to hold; ``None`` where it was refused properly.

    Args:
        tally: gets the page, also one for which something does not hold.
        judge_slow: checks a page that takes too long here, instead; for a process in which code is
            watched, and takes several times as long.

    Raises:
        FuzzFailureError: something did not hold.
    """
    before = _reset_peak()
    began = time.process_time()
    answered = _answered(case, segmenter)
    seconds = time.process_time() - began
    taken = _memory("VmHWM") - before
    if seconds > MOST_SECONDS and judge_slow is not None:
        judge_slow()
        return None
    if tally is not None:
        tally.add(seconds, max(taken, 0), refused=answered is None)
    if seconds > MOST_SECONDS:
        raise FuzzFailureError(f"{len(case.content):,} bytes took {seconds:.1f} s")
    if taken > MOST_BYTES:
        raise FuzzFailureError(f"{len(case.content):,} bytes took {taken:,} bytes of memory")
    if answered is None:
        return None
    result, answer = answered
    _check_blocks(json.loads(answer))
    if case.kind == "text" and case.content_type is None:
        _require(result.page.text == _characters(case.content), "raw text was changed")
    return result


def _reset_peak() -> int:
    """Bytes of resident memory; the peak counts from now on (Linux, proc(5), clear_refs)."""
    Path("/proc/self/clear_refs").write_text("5")
    return _memory("VmRSS")


def _memory(name: str) -> int:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) * 1024
    raise OSError(f"/proc/self/status has no {name}")


def _answered(case: Case, segmenter: Segmenter) -> tuple[Segmentation, bytes] | None:
    """What a service does for a page."""
    try:
        request = case.request()
        result = segmenter.segment_document(request.document, keep=request.keep)
    except (ProblemError, SegmenterError):
        return None
    return result, encode_json(result.to_dict(probabilities=True, page_text=True))


def _check_blocks(answer: dict[str, Any]) -> None:
    """Blocks in order, without overlap, all of what is visible in them; probabilities sum to 1."""
    text, end = answer["page_text"], 0
    for block in answer["blocks"]:
        start = block["start"]
        _require(end <= start < block["end"] <= len(text), "blocks overlap or are empty")
        _require(not text[end:start].strip(), "visible text is in no block")
        _require(text[start : block["end"]] == block["text"], "a block is not at its place")
        _require(block["text"] == block["text"].strip(), "a block has white space at an end")
        total = sum(block["probabilities"].values())
        _require(abs(total - 1) < 0.001, f"probabilities sum to {total}")
        end = block["end"]
    _require(not text[end:].strip(), "visible text is behind the last block")
    _require(0 <= answer["confidence"] <= 1, f"confidence is {answer['confidence']}")


def _characters(content: bytes) -> str:
    try:
        text = content.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        return content.decode("utf-8", "replace")
    # Two halves side by side, which only a program can make, are one character to JSON.
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")


def _require(holds: bool, fault: str) -> None:
    if not holds:
        raise FuzzFailureError(fault)
