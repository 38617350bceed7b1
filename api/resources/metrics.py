"""``/metrics``: the counts of all processes, for Prometheus."""

from __future__ import annotations

from typing import Final

from flask import Blueprint, Response
from prometheus_client import CONTENT_TYPE_LATEST

from api.contract.operations import Answer, Content, Operation, describe
from api.observe.metrics import app_metrics
from api.pages.executor import app_pages

__all__ = ["blueprint"]

_EXAMPLE: Final = 'segmenter_pages_total{input="html"} 1024.0\n'

blueprint: Final = Blueprint("metrics", __name__)


@blueprint.get("/metrics")
@describe(
    Operation(
        tag="Health",
        answers=(Answer(200, "Counts.", (Content("text/plain", example=_EXAMPLE),)),),
    )
)
def metrics() -> Response:
    """Tell what was counted, in Prometheus' text format."""
    counts = app_metrics().exposition(app_pages().model())
    return Response(counts, content_type=CONTENT_TYPE_LATEST)
