"""What is said to the service and what it answers, the same for both clients."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from segmenter.client.errors import ServiceError
from segmenter.decoding import decode_html, decode_text
from segmenter.errors import SegmenterError
from segmenter.extras import extra
from segmenter.types import DEFAULT_KEEP, Document

with extra("client"):
    import httpx

__all__ = [
    "JSON_HEADERS",
    "SEGMENT",
    "Answer",
    "AnswerOptions",
    "one_document_only",
    "read_answer",
    "request_body",
    "unreachable",
]

Answer = dict[str, Any]
SEGMENT: Final = "/v1/segment"
JSON_HEADERS: Final = {"Content-Type": "application/json", "Accept": "application/json"}


@dataclass(frozen=True, slots=True)
class AnswerOptions:
    """What an answer shall have.

    Attributes:
        keep: labels whose blocks make up ``text``.
        probabilities: give every block the probabilities of all labels.
        page_text: include the text that the offsets refer to.
        metadata: include title, author, date and site name; HTML only.
    """

    keep: Sequence[str] = DEFAULT_KEEP
    probabilities: bool = False
    page_text: bool = False
    metadata: bool = False


def request_body(document: Document, options: AnswerOptions) -> bytes:
    """The JSON of a request; bytes are decoded here as the library decodes them.

    Raises:
        DecodingError: the bytes are not text in the stated character set.
    """
    kind = document.input
    content = document.text if document.html is None else document.html
    if isinstance(content, bytes):
        decode = decode_text if kind == "text" else decode_html
        content = decode(content, document.content_type)
    value: Answer = {kind: content, "keep": list(options.keep)}
    value |= {"id": document.id, "url": document.url}
    value |= {
        name: True for name in ("probabilities", "page_text", "metadata") if getattr(options, name)
    }
    return json.dumps({name: item for name, item in value.items() if item is not None}).encode()


def read_answer(response: httpx.Response) -> Answer:
    """The answer's JSON.

    Raises:
        ServiceError: the service refused the request or failed.
    """
    try:
        value = response.json()
    except ValueError:
        value = None
    if response.is_success and isinstance(value, dict):
        return value
    problem = value if isinstance(value, dict) else {}
    said = problem.get("detail") or problem.get("title") or response.reason_phrase
    message = f"the service answered {response.status_code}: {said}"
    raise ServiceError(message, status=response.status_code, problem=problem)


def one_document_only(error: SegmenterError) -> SegmenterError:
    """The error, as the answer for its document.

    Raises:
        ServiceError: it concerns the others too.
    """
    if isinstance(error, ServiceError) and not error.is_refusal:
        raise error
    return error


def unreachable(url: object, error: Exception) -> ServiceError:
    """The error for a service that gave no answer."""
    return ServiceError(f"no answer from {url}: {error or type(error).__name__}")
