"""What the service keeps beside its model: store, versions and queue of one app."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from flask import Flask, current_app

from api.settings import Settings
from api.store.engine import Database
from api.store.labels import LabelStore
from api.store.repeats import RepeatStore
from api.store.runs import RunStore
from segmenter.model_package import shipped_model_path
from segmenter.registry.seal import read_key
from segmenter.registry.versions import Registry

__all__ = ["Data", "app_data", "open_data", "open_registry", "register"]

_EXTENSION: Final = "segmenter-data"


@dataclass(frozen=True, slots=True)
class Data:
    """Where things are kept; opened when they are first used."""

    settings: Settings
    database: Database
    labels: LabelStore
    runs: RunStore
    repeats: RepeatStore
    registry: Registry

    def told(self, message: str) -> str:
        """A message of the library as clients may have it: without this machine's folders."""
        base = shipped_model_path() if self.settings.model is None else self.settings.model
        for folder in (self.settings.data / "models", self.settings.data, base.parent):
            message = message.replace(f"{folder}/", "")
        return message


def open_data(settings: Settings) -> Data:
    """By the settings.

    Raises:
        SettingsError: the store's URL is not accepted.
        ModelError: there is no base model, or the signing key can't be used.
    """
    file = settings.data.absolute() / "store.db"
    database = Database(settings.store or f"sqlite:///{file}")
    return Data(
        settings,
        database,
        LabelStore(database),
        RunStore(database),
        RepeatStore(database),
        open_registry(settings),
    )


def open_registry(settings: Settings) -> Registry:
    """The model versions by the settings.

    Raises:
        ModelError: there is no base model, or the signing key can't be used.
    """
    key = None if settings.signing_key is None else read_key(settings.signing_key)
    base = shipped_model_path() if settings.model is None else settings.model
    return Registry(settings.data / "models", base, key=key)


def register(app: Flask, settings: Settings) -> Data:
    """Give the app its data."""
    data = open_data(settings)
    app.extensions[_EXTENSION] = data
    return data


def app_data() -> Data:
    """The current app's data."""
    data = current_app.extensions[_EXTENSION]
    assert isinstance(data, Data)
    return data
