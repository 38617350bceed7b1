"""JSON bodies and query strings to values; what is not well-formed is a problem."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qsl

from api.contract.faults import kind_of
from api.problems import BAD_QUERY, INVALID, NOT_JSON, UNDECODABLE, ProblemError

__all__ = ["json_object", "parse_json", "parse_query"]


def json_object(body: bytes) -> dict[str, Any]:
    """The JSON object in a body.

    Raises:
        ProblemError: 400 it is not JSON in UTF-8; 422 it is something else.
    """
    value = parse_json(body)
    if not isinstance(value, dict):
        raise ProblemError(INVALID, f"The body is a JSON object, not {kind_of(value)}.")
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
