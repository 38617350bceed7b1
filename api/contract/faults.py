"""Everything that is wrong with one request, in words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, Literal

from pydantic import ValidationError

from api.problems import INVALID, ProblemError

__all__ = ["ACCEPTED", "Faults", "Place", "kind_of", "shortened"]

Place = Literal["body", "query", "header"]
ACCEPTED: Final = "accepted"
"""Type of the errors that a model raises itself, with a message for the client."""

# Bounds on what an error repeats of a request.
_MOST_ERRORS: Final = 20
_NAME_LENGTH: Final = 80
_KINDS: Final[Mapping[str, str]] = {
    "string": "a string",
    "boolean": "a boolean",
    "integer": "a number",
    "number": "a number",
    "array": "a list",
    "object": "an object",
}


class Faults:
    """Collects faults; ``errors`` is the member of the problem document."""

    def __init__(self, place: Place) -> None:
        self.errors: list[dict[str, str]] = []
        self._place = place
        self._accepted: Sequence[str] | None = None

    def add(self, name: str, detail: str) -> None:
        """Note that a value is wrong."""
        known = any(error["name"] == shortened(name) for error in self.errors)
        if len(self.errors) < _MOST_ERRORS and not known:
            self.errors.append({"in": self._place, "name": shortened(name), "detail": detail})

    def unknown(self, given: Iterable[str], accepted: Sequence[str]) -> None:
        """Note every name that is not accepted."""
        for name in given:
            if name not in accepted:
                self.add(name, "unknown")
                self._accepted = accepted

    def take(
        self, error: ValidationError, properties: Mapping[str, Any], given: Mapping[str, Any]
    ) -> None:
        """Note what Pydantic found.

        Args:
            properties: JSON Schema of each member.
            given: the values that were checked.
        """
        for found in error.errors(include_url=False, include_input=False):
            place = found["loc"]
            if not place:
                # A model's own check of several members: it names the first of them.
                name, _, detail = found["msg"].partition(": ")
                self.add(name, detail)
                continue
            name = str(place[0])
            if found["type"] == ACCEPTED:
                self.add(name, found["msg"])
            elif found["type"] == "missing":
                self.add(name, f"missing; it is {_words(_value_schema(properties[name]))}")
            else:
                self.add(name, _wrong(properties[name], given[name]))

    def problem(self) -> ProblemError:
        """The problem that names every fault."""
        detail = "; ".join(f"'{error['name']}': {error['detail']}" for error in self.errors)
        members: dict[str, object] = {"errors": self.errors}
        if self._accepted is not None:
            named = ", ".join(self._accepted) or "none"
            detail += f"; accepted in the {self._place} are {named}"
            members["accepted"] = list(self._accepted)
        return ProblemError(INVALID, detail, members=members)


def shortened(name: str) -> str:
    """A name from a request, cut to what an answer repeats."""
    return name if len(name) <= _NAME_LENGTH else name[: _NAME_LENGTH - 1] + "…"


def kind_of(value: object) -> str:
    """What a JSON value is, in words; never its content."""
    names = {bool: "boolean", int: "number", float: "number", str: "string", list: "array"}
    return "null" if value is None else _KINDS[names.get(type(value), "object")]


def _wrong(schema: Mapping[str, Any], value: object) -> str:
    schema = _value_schema(schema)
    words, kind = _words(schema), kind_of(value)
    # Of the right kind but out of its bounds, the words alone say what is wrong.
    return words if kind == _KINDS.get(schema.get("type", "")) else f"{words}, not {kind}"


def _value_schema(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """Without the ``null`` that stands for leaving it out."""
    values = [one for one in schema.get("anyOf", ()) if one.get("type") != "null"]
    return {**schema, **values[0]} if values else schema


def _words(schema: Mapping[str, Any]) -> str:
    """What a JSON Schema accepts."""
    if "enum" in schema:
        return f"one of {', '.join(schema['enum'])}"
    if "title" in schema:
        return str(schema["title"])
    least, most = schema.get("minimum"), schema.get("maximum")
    match schema.get("type"):
        case "boolean":
            words = "true or false"
        case "integer":
            words = f"a whole number from {least:,} to {most:,}"
        case "number":
            words = f"a number from {least:g} to {most:g}"
        case "array":
            words = f"a list of {schema['items']['title']}s"
        case _:
            words = "a string"
    return words
