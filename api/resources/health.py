"""``/livez`` and ``/readyz``: is the process up, and can it answer."""

from __future__ import annotations

from typing import Final

from flask import Blueprint, Response

from api.answers import json_response
from api.model import ready_segmenter

__all__ = ["blueprint"]

blueprint: Final = Blueprint("health", __name__)


@blueprint.get("/livez")
def livez() -> Response:
    """200 as long as the process answers."""
    return json_response({"status": "up"})


@blueprint.get("/readyz")
def readyz() -> Response:
    """200 with the model's name and version once it is loaded, else a 503 problem."""
    model = ready_segmenter().model
    return json_response(
        {"status": "ready", "model": {"name": model.name, "version": model.version}}
    )
