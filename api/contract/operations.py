"""What a view promises, written beside it: ``@describe(Operation(…))``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from pydantic import BaseModel

from api.problems import ProblemType

__all__ = ["Answer", "Content", "Operation", "describe", "operation_of"]

View = TypeVar("View", bound=Callable[..., Any])
_ATTRIBUTE: Final = "described_operation"


@dataclass(frozen=True, slots=True)
class Content:
    """A body in one media type.

    Attributes:
        media_type: of the body.
        model: of what is in it; of one line where ``lines``. ``None`` is text.
        example: a whole one.
        lines: a model a line (NDJSON).
        many: a model, or a list of them.
    """

    media_type: str
    model: type[BaseModel] | None = None
    example: Any = None
    lines: bool = False
    many: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """A successful answer.

    Attributes:
        description: in words.
        contents: one for each media type; none is an answer without a body.
        headers: names of those that it has beside the ones that every answer has.
    """

    status: int
    description: str
    contents: tuple[Content, ...] = ()
    headers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Operation:
    """A route and method.

    Attributes:
        tag: the group that the documentation shows it in.
        answers: those of success.
        problems: those that this operation has beside the ones that every one has.
        query, headers: parameters.
        path: description and example of each variable of the path.
        bodies: one for each accepted media type.
        body_required: whether a body has to be sent.
    """

    tag: str
    answers: tuple[Answer, ...]
    problems: tuple[ProblemType, ...] = ()
    query: type[BaseModel] | None = None
    headers: tuple[type[BaseModel], ...] = ()
    path: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    bodies: tuple[Content, ...] = ()
    body_required: bool = True


def describe(operation: Operation) -> Callable[[View], View]:
    """Say what a view promises; its docstring is the summary and the description."""

    def mark(view: View) -> View:
        setattr(view, _ATTRIBUTE, operation)
        return view

    return mark


def operation_of(view: Callable[..., Any]) -> Operation | None:
    """What a view promises; ``None`` for pages and files, which are not for programs."""
    found: Operation | None = getattr(view, _ATTRIBUTE, None)
    return found
