"""``/v1/segment/batch``: pages in and blocks out, a line each, as long as the client likes."""

from __future__ import annotations

import threading
from typing import Final

from flask import Blueprint, Flask, Request, Response, current_app, request

from api.body import accepted_type, body_pieces, drain
from api.contract.operations import describe
from api.contract.pages import BATCH
from api.observe.metrics import app_metrics
from api.pages.executor import app_pages
from api.pages.rows import RowStream
from api.problems import BUSY, NOT_ACCEPTABLE, ProblemError, limit_members
from api.settings import Settings

__all__ = ["PATH", "blueprint", "register"]

PATH: Final = "/v1/segment/batch"
blueprint: Final = Blueprint("batch", __name__)

_EXTENSION: Final = "segmenter-batches"
_LINES: Final = ("application/x-ndjson", "application/jsonl")
_RETRY_AFTER: Final = {"Retry-After": "10"}


class _Batches:
    """The batches that are going on."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.places = threading.BoundedSemaphore(settings.batches)


def register(app: Flask, settings: Settings) -> None:
    """Give the app the resource."""
    app.extensions[_EXTENSION] = _Batches(settings)
    app.register_blueprint(blueprint)


@blueprint.post(PATH)
@describe(BATCH)
def segment_batch() -> Response:
    """Segment pages as they come, in their order.

    A row is a JSON request of `/v1/segment` on a line; what is wrong with a row becomes a row with
    `line` and the problem document as `error`. Rows are read as answers are taken.
    """
    _check_types(request)
    batches = current_app.extensions[_EXTENSION]
    assert isinstance(batches, _Batches)
    incoming = request._get_current_object()  # type: ignore[attr-defined]
    stream = RowStream(
        body_pieces(incoming), app_pages(), app_metrics(), batches.settings,
        rest=lambda: drain(incoming),
    )  # fmt: skip
    if not batches.places.acquire(blocking=False):
        raise _too_many(batches.settings.batches)
    response = Response(stream.answers(), mimetype=_LINES[0])
    response.call_on_close(batches.places.release)
    return response


def _check_types(incoming: Request) -> None:
    accepted_type(incoming, _LINES)
    if incoming.headers.get("Accept", "").strip() and not any(
        incoming.accept_mimetypes.quality(kind) for kind in _LINES
    ):
        raise ProblemError(
            NOT_ACCEPTABLE,
            f"A batch is answered as {_LINES[0]} only.",
            members={"accepted": [_LINES[0]]},
        )


def _too_many(allowed: int) -> ProblemError:
    return ProblemError(
        BUSY,
        f"{allowed:,} batches are going on already.",
        members=limit_members("batches", allowed),
        headers=_RETRY_AFTER,
    )
