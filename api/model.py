"""The model that pages are segmented with, exchanged while the service runs."""

from __future__ import annotations

import logging
from typing import Final

from flask import Flask

from api.settings import Settings
from segmenter import Limits, ModelError, Segmenter
from segmenter.registry.versions import Registry

__all__ = ["ModelSlot", "model_slot", "register"]

_log = logging.getLogger(__name__)

_EXTENSION: Final = "segmenter"


class ModelSlot:
    """Holds a loaded model; empty until ``load``."""

    def __init__(self, settings: Settings, registry: Registry) -> None:
        self._settings = settings
        self._registry = registry
        self._segmenter: Segmenter | None = None
        self._stamp: object = None

    def load(self) -> Segmenter:
        """Load the active version.

        Raises:
            ModelError: it is missing, altered, not signed, or made for another version.
        """
        # Asked for first: a promotion in between is then seen as a change.
        self._stamp = self._registry.stamp()
        model = self._registry.load(self._registry.active().version)
        self._segmenter = Segmenter(model, limits=_limits(self._settings))
        return self._segmenter

    @property
    def segmenter(self) -> Segmenter | None:
        """The loaded segmenter, or ``None``."""
        return self._segmenter

    def refresh(self) -> bool:
        """Load the active version if it was switched since; whether another model is here now."""
        if self._registry.stamp() == self._stamp:
            return False
        try:
            self.load()
        except ModelError as error:
            # The model that answers so far stays; the next switch is tried again.
            _log.error("the active model can't be loaded: %s", error)
        except Exception:
            _log.exception("the active model can't be loaded")
        else:
            return True
        return False


def _limits(settings: Settings) -> Limits:
    return Limits(
        document_bytes=settings.max_unpacked_bytes,
        blocks=settings.max_blocks,
        nesting=settings.max_nesting,
    )


def register(app: Flask, settings: Settings, registry: Registry) -> ModelSlot:
    """Give the app its model slot, still empty."""
    slot = ModelSlot(settings, registry)
    app.extensions[_EXTENSION] = slot
    return slot


def model_slot(app: Flask) -> ModelSlot:
    """The model slot of an app made by ``create_app``."""
    slot = app.extensions[_EXTENSION]
    assert isinstance(slot, ModelSlot)
    return slot
