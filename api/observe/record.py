"""What is noted of a request while it is answered."""

from __future__ import annotations

import re
import secrets
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from flask import has_request_context, request

__all__ = ["RECORD", "RequestRecord", "TraceContext", "current_record", "parse_traceparent"]

RECORD: Final = "segmenter.record"
"""Its place in the WSGI environment."""
_REQUEST_ID: Final = re.compile(r"[0-9A-Za-z._-]{1,128}")
_TRACEPARENT: Final = re.compile(
    r"(?P<version>[0-9a-f]{2})-(?P<trace>[0-9a-f]{32})-(?P<parent>[0-9a-f]{16})-(?P<flags>[0-9a-f]{2})"
    r"(?P<more>-.*)?"
)


@dataclass(frozen=True, slots=True)
class TraceContext:
    """A place in a trace (W3C Trace Context): 32, 16 and 2 hexadecimal digits."""

    trace: str
    span: str
    flags: str

    @property
    def header(self) -> str:
        """As ``traceparent`` has it."""
        return f"00-{self.trace}-{self.span}-{self.flags}"


def parse_traceparent(value: str) -> TraceContext | None:
    """The context of a header; ``None`` where it is not one, which is then as if it were missing
    (W3C Trace Context, 3.2).
    """
    found = _TRACEPARENT.fullmatch(value.strip())
    if found is None or found["version"] == "ff" or (found["version"] == "00" and found["more"]):
        return None
    if not (found["trace"].strip("0") and found["parent"].strip("0")):
        return None
    return TraceContext(found["trace"], found["parent"], found["flags"])


@dataclass(slots=True)
class RequestRecord:
    """One request; filled by the parts that know.

    Attributes:
        id: the client's ``X-Request-Id`` if it is a sane one, else a new one.
        parent: where the request came from, ``None`` without a proper ``traceparent``.
        context: this request's own place below that.
        route: its template, empty where none fits.
        key: name of the API key.
        limit: the limit that it was over.
        model: version of the model that segmented its page; of a batch, its last page.
        status: of the answer; 0 before there is one.
        sent: bytes of the answer's body that were handed over.
        complete: whether these were all.
        error: type of the error of a request that never reached the app.
    """

    id: str
    parent: TraceContext | None = None
    context: TraceContext | None = None
    begun: float = field(default_factory=time.monotonic)
    route: str = ""
    key: str | None = None
    limit: str | None = None
    model: str | None = None
    status: int = 0
    sent: int = 0
    complete: bool = False
    error: str | None = None

    @classmethod
    def of(cls, environ: Mapping[str, Any]) -> RequestRecord:
        """Of a request that begins."""
        wanted = str(environ.get("HTTP_X_REQUEST_ID", ""))
        record = cls(wanted if _REQUEST_ID.fullmatch(wanted) else uuid.uuid4().hex)
        record.parent = parse_traceparent(str(environ.get("HTTP_TRACEPARENT", "")))
        if record.parent is not None:
            record.context = TraceContext(
                record.parent.trace, secrets.token_hex(8), record.parent.flags
            )
        return record


def current_record() -> RequestRecord | None:
    """The current request's record; ``None`` outside of a request."""
    if not has_request_context():
        return None
    record: RequestRecord | None = request.environ.get(RECORD)
    return record
