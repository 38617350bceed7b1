"""The model that the service answers with."""

from __future__ import annotations

from typing import Final

from flask import Flask, current_app

from api.problems import NOT_READY, ProblemError
from api.settings import Settings
from segmenter import Limits, Segmenter

__all__ = ["ModelSlot", "model_slot", "ready_segmenter", "register"]

_EXTENSION: Final = "segmenter"


class ModelSlot:
    """Holds the loaded model of one app; empty until ``load``."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._segmenter: Segmenter | None = None

    def load(self) -> Segmenter:
        """Load the model that the settings name.

        Raises:
            ModelError: it is missing, altered, or made for another version.
        """
        # A document is never larger than the body it came in, so one limit serves both.
        limits = Limits(document_bytes=self._settings.max_body_bytes)
        self._segmenter = Segmenter.load(self._settings.model, limits=limits)
        return self._segmenter

    @property
    def segmenter(self) -> Segmenter | None:
        """The loaded segmenter, or ``None``."""
        return self._segmenter


def register(app: Flask, settings: Settings) -> ModelSlot:
    """Give the app its model slot, still empty."""
    slot = ModelSlot(settings)
    app.extensions[_EXTENSION] = slot
    return slot


def model_slot(app: Flask) -> ModelSlot:
    """The model slot of an app made by ``create_app``."""
    slot = app.extensions[_EXTENSION]
    assert isinstance(slot, ModelSlot)
    return slot


def ready_segmenter() -> Segmenter:
    """The current app's segmenter.

    Raises:
        ProblemError: 503, no model is loaded.
    """
    segmenter = model_slot(current_app).segmenter
    if segmenter is None:
        raise ProblemError(NOT_READY, "No model is loaded yet.")
    return segmenter
