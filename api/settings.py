"""The settings of the service, read once from environment variables."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

__all__ = ["VARIABLES", "Settings", "SettingsError"]


class SettingsError(ValueError):
    """A setting has a value that is not accepted; the message names its variable."""


@dataclass(frozen=True, slots=True)
class Variable:
    """One environment variable: the field it fills, how it is read and what it means."""

    field: str
    read: Callable[[str], Any]
    meaning: str


def _integer(value: str) -> int:
    # int() alone would also take "1_000", " 1 " and digits of other scripts.
    if not (value.isascii() and value.isdigit() and len(value) <= 18):
        raise ValueError(value)
    return int(value)


VARIABLES: Final[Mapping[str, Variable]] = {
    "SEGMENTER_MODEL": Variable("model", Path, "directory of the model; default the shipped one"),
    "SEGMENTER_MAX_BODY_BYTES": Variable(
        "max_body_bytes", _integer, "largest request body in bytes; default 10000000"
    ),
    "SEGMENTER_HOST": Variable("host", str, "address to listen on; default 127.0.0.1"),
    "SEGMENTER_PORT": Variable(
        "port", _integer, "port to listen on, 0 takes a free one; default 8000"
    ),
    "SEGMENTER_DATA": Variable(
        "data", Path, "folder of labels, model versions and runs; default segmenter-data"
    ),
    "SEGMENTER_STORE": Variable(
        "store", str, "database URL (sqlite, postgresql); default a file in SEGMENTER_DATA"
    ),
    "SEGMENTER_QUEUE": Variable(
        "queue", str, "queue URL (redis, postgresql); default a file in SEGMENTER_DATA"
    ),
    "SEGMENTER_SIGNING_KEY": Variable(
        "signing_key", Path, "file with the key that model versions are signed by; default none"
    ),
    "SEGMENTER_TRAINERS": Variable(
        "trainers", _integer, "training workers started beside the service, 0 or 1; default 1"
    ),
    "SEGMENTER_RUN_SECONDS": Variable(
        "run_seconds", _integer, "longest that a training run may take; default 1800"
    ),
    "SEGMENTER_RUN_BYTES": Variable(
        "run_bytes", _integer, "most memory that a training run may take; default 4000000000"
    ),
    "SEGMENTER_WORKERS": Variable(
        "workers", _integer, "worker processes; default the number of cores"
    ),
}


def _cores() -> int:
    """Cores that this process may use, which in a container are fewer than the machine has."""
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity is not None else os.cpu_count() or 1


@dataclass(frozen=True, slots=True)
class Settings:
    """What an operator can choose.

    Attributes:
        model: directory of the model; ``None`` is the shipped one.
        max_body_bytes: largest request body, in bytes.
        host: address or host name to listen on.
        port: TCP port to listen on; 0 takes a free one.
        workers: number of worker processes; ``None`` is the number of cores.
        data: folder of labels, model versions, runs and their queue.
        store: database URL; ``None`` is an SQLite file in ``data``.
        queue: queue URL; ``None`` is an SQLite file in ``data``.
        signing_key: file with the key that model versions are signed by.
        trainers: training workers that are started beside the service, 0 or 1.
        run_seconds: longest that a training run may take.
        run_bytes: most memory that a training run may take.

    Raises:
        SettingsError: a value is out of its range.
    """

    model: Path | None = None
    max_body_bytes: int = 10_000_000
    host: str = "127.0.0.1"
    port: int = 8000
    workers: int | None = None
    data: Path = Path("segmenter-data")
    store: str | None = None
    queue: str | None = None
    signing_key: Path | None = None
    trainers: int = 1
    run_seconds: int = 1_800
    run_bytes: int = 4_000_000_000

    def __post_init__(self) -> None:
        _in_range("SEGMENTER_MAX_BODY_BYTES", self.max_body_bytes, 1, 2_000_000_000)
        _in_range("SEGMENTER_PORT", self.port, 0, 65_535)
        if self.workers is not None:
            _in_range("SEGMENTER_WORKERS", self.workers, 1, 1_024)
        _in_range("SEGMENTER_TRAINERS", self.trainers, 0, 1)
        _in_range("SEGMENTER_RUN_SECONDS", self.run_seconds, 1, 86_400)
        _in_range("SEGMENTER_RUN_BYTES", self.run_bytes, 500_000_000, 1 << 50)
        if not self.host or any(char.isspace() for char in self.host):
            raise SettingsError(
                f"SEGMENTER_HOST is {self.host!r}: accepted is an address or a host name"
            )

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] = os.environ) -> Settings:
        """Read the variables SEGMENTER_*; one that is unset or empty leaves the default.

        Raises:
            SettingsError: a variable has a value that is not accepted.
        """
        values: dict[str, Any] = {}
        for name, variable in VARIABLES.items():
            value = environ.get(name, "")
            if not value:
                continue
            try:
                values[variable.field] = variable.read(value)
            except ValueError:
                raise SettingsError(f"{name} is {value!r}: accepted is a whole number") from None
        return cls(**values)

    @property
    def worker_count(self) -> int:
        """The number of worker processes to start."""
        return _cores() if self.workers is None else self.workers


def _in_range(name: str, value: int, lowest: int, highest: int) -> None:
    if not lowest <= value <= highest:
        raise SettingsError(f"{name} is {value}: accepted is {lowest} to {highest}")
