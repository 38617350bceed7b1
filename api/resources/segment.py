"""``/v1/segment``: one page in, its labelled blocks out."""

from __future__ import annotations

import time
from typing import Final

from flask import Blueprint, Response, request

from api.body import accepted_type, read_body
from api.contract.forms import accepted_form, segmentation_response
from api.contract.operations import describe
from api.contract.pages import SEGMENT
from api.observe.metrics import app_metrics
from api.pages.executor import app_pages
from api.pages.tasks import HTML_TYPES, JSON_TYPES, TEXT_TYPES
from api.pages.wire import Job

__all__ = ["blueprint"]

blueprint: Final = Blueprint("segment", __name__, url_prefix="/v1")

_ACCEPTED: Final = (*TEXT_TYPES, *HTML_TYPES, *JSON_TYPES)


@blueprint.post("/segment")
@describe(SEGMENT)
def segment() -> Response:
    """Segment a page.

    It is the body; beside plain text and HTML the options are query parameters.
    """
    form = accepted_form(request)
    kind = accepted_type(request, _ACCEPTED)
    pages, metrics = app_pages(), app_metrics()
    pages.check_room()
    began = time.perf_counter()
    body = read_body(request)
    metrics.stage_done("read", time.perf_counter() - began)
    options = {
        "media_type": kind,
        "content_type": request.headers["Content-Type"],
        "query": request.query_string.decode("latin-1"),
        "form": form,
    }
    outcome = pages.run(Job("segment", body, options))
    if outcome.summary is not None:
        metrics.page_done(outcome.summary)
    return segmentation_response(outcome.body, form)
