"""The request of ``/v1/segment``, from JSON or from a query string."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import parse_qsl

from api.problems import BAD_QUERY, INVALID, NOT_JSON, UNDECODABLE, ProblemError
from segmenter import LABELS, Document
from segmenter.types import DEFAULT_KEEP

__all__ = ["Check", "SegmentRequest", "json_object", "parse_json", "parse_query"]

_CONTENT: Final = ("text", "html")
_FLAGS: Final = ("probabilities", "page_text", "metadata")
_OPTIONS: Final = ("url", "id", "keep", *_FLAGS)
# Bounds on what an error repeats of a request.
_MOST_ERRORS: Final = 20
_NAME_LENGTH: Final = 80
_WORDS: Final[Mapping[str, bool]] = {"true": True, "false": False}


@dataclass(frozen=True, slots=True)
class SegmentRequest:
    """A document and what to answer about it.

    Attributes:
        document: the page.
        keep: labels whose blocks make up the answer's ``text``.
        probabilities: give every block the probabilities of all labels.
        page_text: include the text that the offsets refer to.
        metadata: include title, author, date and site name; HTML only.
    """

    document: Document
    keep: tuple[str, ...] = DEFAULT_KEEP
    probabilities: bool = False
    page_text: bool = False
    metadata: bool = False

    @classmethod
    def from_json(cls, body: bytes) -> SegmentRequest:
        """Read a JSON body.

        Raises:
            ProblemError: 400 it is not JSON in UTF-8; 422 with all that is wrong in it.
        """
        value = json_object(body)
        # null is the same as leaving a member out.
        check = Check("body", {name: item for name, item in value.items() if item is not None})
        check.names((*_CONTENT, *_OPTIONS), value)
        text, html = check.string("text"), check.string("html")
        if sum(name in check.values for name in _CONTENT) != 1:
            check.fault("text", "exactly one of 'text' and 'html' is given")
        return _request(check, text, html, content_type=None)

    @classmethod
    def from_query(
        cls, query: bytes, *, text: bytes | None, html: bytes | None, content_type: str
    ) -> SegmentRequest:
        """Read the options beside a plain body; exactly one of ``text`` and ``html`` is given.

        Raises:
            ProblemError: 400 the query string is malformed; 422 with all that is wrong in it.
        """
        check = Check("query", {})
        for name, value in parse_query(query):
            if name in check.values:
                check.fault(name, "given more than once")
            check.values[name] = _option(name, value)
        check.names(_OPTIONS, check.values)
        return _request(check, text, html, content_type)


@dataclass
class Check:
    """Collects everything that is wrong with one request."""

    place: str
    values: dict[str, Any]
    errors: list[dict[str, str]] = field(default_factory=list)
    accepted: tuple[str, ...] | None = None

    def fault(self, name: str, detail: str) -> None:
        """Note that a value is wrong."""
        if len(self.errors) < _MOST_ERRORS:
            self.errors.append({"in": self.place, "name": _shortened(name), "detail": detail})

    def names(self, accepted: tuple[str, ...], given: Mapping[str, object]) -> None:
        """Note every name that is not accepted."""
        for name in given:
            if name not in accepted:
                self.fault(name, "unknown")
                self.accepted = accepted

    def string(self, name: str) -> str | None:
        """A string, or ``None`` where it is left out."""
        value = self.values.get(name)
        if value is None or isinstance(value, str):
            return value
        self.fault(name, f"a string, not {_kind(value)}")
        return None

    def flag(self, name: str) -> bool:
        """True or false, false where it is left out."""
        value = self.values.get(name, False)
        if isinstance(value, bool):
            return value
        self.fault(name, f"true or false, not {_kind(value)}")
        return False

    def number(self, name: str, default: float, most: float) -> float:
        """A number from 0 to ``most``."""
        value = self.values.get(name, default)
        if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= most:
            return value
        self.fault(name, f"a number from 0 to {most:g}")
        return default

    def integer(self, name: str, default: int, least: int, most: int) -> int:
        """A whole number within bounds."""
        value = self.values.get(name, default)
        if isinstance(value, int) and not isinstance(value, bool) and least <= value <= most:
            return value
        self.fault(name, f"a whole number from {least:,} to {most:,}")
        return default

    def choice(self, name: str, default: str, accepted: tuple[str, ...]) -> str:
        """One of the accepted words."""
        value = self.values.get(name, default)
        if isinstance(value, str) and value in accepted:
            return value
        self.fault(name, f"one of {', '.join(accepted)}")
        return default

    def labels(self, name: str) -> tuple[str, ...]:
        """A list of labels."""
        value = self.values.get(name, list(DEFAULT_KEEP))
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            self.fault(name, "a list of labels")
            return DEFAULT_KEEP
        unknown = sorted({item for item in value if item not in LABELS})
        if unknown:
            shown = ", ".join(repr(_shortened(item)) for item in unknown[:_MOST_ERRORS])
            self.fault(name, f"unknown label {shown}; accepted are {', '.join(LABELS)}")
        return tuple(value)

    def finish(self) -> None:
        """Raise the problem that names every fault found, if there is one."""
        if not self.errors:
            return
        detail = "; ".join(f"'{error['name']}': {error['detail']}" for error in self.errors)
        members: dict[str, object] = {"errors": self.errors}
        if self.accepted is not None:
            detail += f"; accepted in the {self.place} are {', '.join(self.accepted) or 'none'}"
            members["accepted"] = list(self.accepted)
        raise ProblemError(INVALID, detail, members=members)


def _request(
    check: Check, text: str | bytes | None, html: str | bytes | None, content_type: str | None
) -> SegmentRequest:
    url, identifier, keep = check.string("url"), check.string("id"), check.labels("keep")
    probabilities, page_text, metadata = (check.flag(name) for name in _FLAGS)
    if metadata and text is not None:
        check.fault("metadata", "is told from HTML only")
    check.finish()
    document = Document(text=text, html=html, url=url, id=identifier, content_type=content_type)
    return SegmentRequest(document, keep, probabilities, page_text, metadata)


def json_object(body: bytes) -> dict[str, Any]:
    """The JSON object in a body.

    Raises:
        ProblemError: 400 it is not JSON in UTF-8; 422 it is something else.
    """
    value = parse_json(body)
    if not isinstance(value, dict):
        raise ProblemError(INVALID, f"The body is a JSON object, not {_kind(value)}.")
    return value


def parse_json(body: bytes) -> object:
    """The JSON value in a body; see ``json_object`` for the errors raised."""
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ProblemError(
            UNDECODABLE, f"JSON is UTF-8, but byte {error.start:,} of the body is not."
        ) from None
    try:
        return json.loads(text)
    except RecursionError:
        raise ProblemError(NOT_JSON, "The JSON is nested too deep.") from None
    except json.JSONDecodeError as error:
        raise ProblemError(NOT_JSON, f"The body is not JSON: {error}.") from None
    except ValueError:
        # Python refuses to convert integers of thousands of digits.
        raise ProblemError(NOT_JSON, "The JSON holds a number with too many digits.") from None


def parse_query(query: bytes) -> list[tuple[str, str]]:
    """The names and values of a query string.

    Raises:
        ProblemError: 400 it is malformed.
    """
    if not query:
        return []
    try:
        return parse_qsl(
            query.decode("ascii"),
            keep_blank_values=True,
            strict_parsing=True,
            errors="strict",
            max_num_fields=100,
        )
    except ValueError:
        raise ProblemError(
            BAD_QUERY,
            "The query string is name=value pairs joined by '&', "
            "with UTF-8 in percent-encoding for other than ASCII.",
        ) from None


def _option(name: str, value: str) -> object:
    """The JSON value that a query parameter stands for."""
    if name == "keep":
        return value.split(",")
    return _WORDS.get(value, value) if name in _FLAGS else value


def _shortened(name: str) -> str:
    return name if len(name) <= _NAME_LENGTH else name[: _NAME_LENGTH - 1] + "…"


def _kind(value: object) -> str:
    """What a JSON value is, in words; never its content."""
    kinds = {bool: "a boolean", int: "a number", float: "a number", str: "a string", list: "a list"}
    return "null" if value is None else kinds.get(type(value), "an object")
