"""Around each request: its id, its counts and its log line."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, Final

from flask import Flask, request

from api.access.guard import current_key
from api.observe.metrics import Metrics, metrics_of
from api.observe.record import RECORD, RequestRecord, current_record

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

__all__ = ["register", "request_over"]

_log: Final = logging.getLogger("segmenter.requests")
# Asked all the time by machines; a line only where they fail.
_QUIET: Final = frozenset({"/livez", "/readyz", "/metrics"})


def register(app: Flask) -> None:
    """Observe every request of the app, from its head to the end of its answer."""
    app.before_request(_note_route)
    app.teardown_request(_note_key)
    app.wsgi_app = _Observer(app, app.wsgi_app)  # type: ignore[method-assign]


def _note_route() -> None:
    record = current_record()
    if record is not None and request.url_rule is not None:
        record.route = request.url_rule.rule


def _note_key(_error: BaseException | None) -> None:
    record, key = current_record(), current_key()
    if record is not None and key is not None:
        record.key = key.name


def request_over(metrics: Metrics, method: str, record: RequestRecord) -> None:
    """Count a request that has begun before, and write its line.

    Args:
        method: as sent; empty where it could not be read.
        record: of the request, complete.
    """
    seconds = time.monotonic() - record.begun
    metrics.request_done(method, record.route or "none", record.status, seconds)
    if record.limit is not None:
        metrics.rejected(record.limit)
    if record.route in _QUIET and record.status < 400:
        return
    level = logging.WARNING if record.status >= 500 else logging.INFO
    if _log.isEnabledFor(level):
        _log.log(level, "request", extra={"fields": _fields(method, record, seconds)})


def _fields(method: str, record: RequestRecord, seconds: float) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "request_id": record.id,
        "method": method[:16] or None,
        "route": record.route or None,
        "status": record.status,
        "seconds": round(seconds, 4),
        "bytes": record.sent,
        "key": record.key,
        "model": record.model,
    }
    if record.limit is not None:
        fields["limit"] = record.limit
    if record.error is not None:
        fields["error"] = [record.error]
    if not record.complete:
        fields["complete"] = False
    if record.context is not None and record.parent is not None:
        fields["trace_id"] = record.context.trace
        fields["span_id"] = record.context.span
        fields["parent_id"] = record.parent.span
    return fields


class _Observer:
    """The app as WSGI sees it, observed."""

    def __init__(self, app: Flask, inner: WSGIApplication) -> None:
        self._inner = inner
        self._metrics = metrics_of(app)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        record = RequestRecord.of(environ)
        environ[RECORD] = record
        method = str(environ["REQUEST_METHOD"])
        self._metrics.request_begun()

        def start(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            record.status = int(status[:3])
            headers = [*headers, ("X-Request-Id", record.id)]
            if record.context is not None:
                headers.append(("traceresponse", record.context.header))
            return start_response(status, headers, exc_info)

        try:
            body = self._inner(environ, start)
        except BaseException:
            record.status = record.status or 500
            request_over(self._metrics, method, record)
            raise
        return _Counted(body, record, lambda: request_over(self._metrics, method, record))


class _Counted:
    """An answer's body whose bytes are counted; the request is over when it is closed."""

    def __init__(self, body: Iterable[bytes], record: RequestRecord, end: Any) -> None:
        self._body = body
        self._record = record
        self._end = end

    def __iter__(self) -> Iterator[bytes]:
        for part in self._body:
            yield part
            self._record.sent += len(part)
        self._record.complete = True

    def close(self) -> None:
        """Called by the server in any case, whether all was sent or the client is gone."""
        try:
            close = getattr(self._body, "close", None)
            if close is not None:
                close()
        finally:
            self._end()
