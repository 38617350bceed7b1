"""The settings of the service, read once from environment variables."""

from __future__ import annotations

import ipaddress
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

__all__ = ["VARIABLES", "Settings", "SettingsError", "Variable", "is_loopback"]


class SettingsError(ValueError):
    """A setting has a value that is not accepted; the message names its variable."""


@dataclass(frozen=True, slots=True)
class Variable:
    """One environment variable.

    Attributes:
        field: the field of ``Settings`` that it fills.
        read: makes the field's value of it; ``ValueError`` where it is not accepted.
        meaning: in words, with its default behind the last semicolon.
        accepted: what ``read`` accepts, in words.
    """

    field: str
    read: Callable[[str], Any]
    meaning: str
    accepted: str = "a whole number"


def _integer(value: str) -> int:
    # int() alone would also take "1_000", " 1 " and digits of other scripts.
    if not (value.isascii() and value.isdigit() and len(value) <= 18):
        raise ValueError(value)
    return int(value)


_REDIS: Final = ("redis://", "rediss://")
_POSTGRES: Final = ("postgresql://", "postgres://")


def _switch(value: str) -> bool:
    return {"0": False, "1": True}[value]


def _rate(value: str) -> str | None:
    if value == "none":
        return None
    if not re.fullmatch(r"[1-9][0-9]{0,8}/(second|minute|hour|day)", value):
        raise ValueError(value)
    return value


def _origins(value: str) -> tuple[str, ...]:
    origins = tuple(origin.strip() for origin in value.split(","))
    if not all(re.fullmatch(r"https?://[a-z0-9.-]+(:[0-9]{1,5})?", one) for one in origins):
        raise ValueError(value)
    return origins


def _level(value: str) -> str:
    if value not in ("info", "warning", "error"):
        raise ValueError(value)
    return value


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
        "workers",
        _integer,
        "segmenting processes, and so pages in work at once; default the number of cores",
    ),
    "SEGMENTER_QUEUE_LENGTH": Variable(
        "queue_length", _integer, "pages that may wait for a segmenting process; default 64"
    ),
    "SEGMENTER_PAGE_SECONDS": Variable(
        "page_seconds", _integer, "longest that a page may take, or wait; default 30"
    ),
    "SEGMENTER_PAGE_BYTES": Variable(
        "page_bytes", _integer, "most memory of a segmenting process; default 2000000000"
    ),
    "SEGMENTER_MAX_UNPACKED_BYTES": Variable(
        "max_unpacked_bytes",
        _integer,
        "largest compressed body or page once unpacked, in bytes; default 20000000",
    ),
    "SEGMENTER_MAX_BLOCKS": Variable(
        "max_blocks", _integer, "most blocks of a page; default 500000"
    ),
    "SEGMENTER_MAX_NESTING": Variable(
        "max_nesting", _integer, "most HTML elements open at once; default 20000"
    ),
    "SEGMENTER_BATCH_ROWS": Variable(
        "batch_rows", _integer, "most rows of a batch; default 1000000"
    ),
    "SEGMENTER_BATCHES": Variable("batches", _integer, "batches at the same time; default 16"),
    "SEGMENTER_CLIENT_SECONDS": Variable(
        "client_seconds",
        _integer,
        "longest to wait for a client that neither sends nor takes bytes; default 20",
    ),
    "SEGMENTER_API_KEYS": Variable(
        "api_keys", Path, "file of API keys, made by 'segmenter keys new'; default none"
    ),
    "SEGMENTER_ALLOW_ANYONE": Variable(
        "allow_anyone",
        _switch,
        "1 serves other machines without keys, behind a proxy that authenticates; default 0",
        "0 or 1",
    ),
    "SEGMENTER_RATE_LIMIT": Variable(
        "rate_limit",
        _rate,
        "requests that one key may make, or none; default 6000/minute",
        "none, or a number and second, minute, hour or day as in 6000/minute",
    ),
    "SEGMENTER_RATE_STORE": Variable(
        "rate_store", str, "Redis URL that counts them for all processes; default each for itself"
    ),
    "SEGMENTER_CORS_ORIGINS": Variable(
        "cors_origins",
        _origins,
        "origins whose pages may call the service, with commas between; default none",
        "origins as in https://app.example, with commas between",
    ),
    "SEGMENTER_LOG_LEVEL": Variable(
        "log_level",
        _level,
        "info has a line for each request, warning only what went wrong; default info",
        "info, warning or error",
    ),
    "SEGMENTER_LOG_TRACES": Variable(
        "log_traces",
        _switch,
        "1 logs stack traces, which may hold text of pages; default 0",
        "0 or 1",
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
        workers: number of segmenting processes; ``None`` is the number of cores.
        data: folder of labels, model versions, runs and their queue.
        store: database URL; ``None`` is an SQLite file in ``data``.
        queue: queue URL; ``None`` is an SQLite file in ``data``.
        signing_key: file with the key that model versions are signed by.
        trainers: training workers that are started beside the service, 0 or 1.
        run_seconds: longest that a training run may take.
        run_bytes: most memory that a training run may take.
        api_keys: file of API keys; ``None`` lets everyone in, from this machine only.
        allow_anyone: without keys, serve other machines too.
        rate_limit: requests that one key may make, as in ``6000/minute``; ``None`` is no limit.
        rate_store: Redis URL where these are counted; ``None`` is the memory of each process.
        cors_origins: origins whose pages may call the service.
        log_level: ``info``, ``warning`` or ``error``.
        log_traces: log stack traces.
        queue_length: pages that may wait for a segmenting process.
        page_seconds: longest that a page may take, and before that wait for a process.
        page_bytes: most memory that a segmenting process may take.
        max_unpacked_bytes: largest body once unpacked, and largest page.
        max_blocks: most blocks of a page.
        max_nesting: most HTML elements of a page that are open at once.
        batch_rows: most rows of a batch.
        batches: batches at the same time.
        client_seconds: longest to wait for a client that neither sends nor takes bytes.

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
    api_keys: Path | None = None
    allow_anyone: bool = False
    rate_limit: str | None = "6000/minute"
    rate_store: str | None = None
    cors_origins: tuple[str, ...] = ()
    log_level: str = "info"
    log_traces: bool = False
    queue_length: int = 64
    page_seconds: int = 30
    page_bytes: int = 2_000_000_000
    max_unpacked_bytes: int = 20_000_000
    max_blocks: int = 500_000
    max_nesting: int = 20_000
    batch_rows: int = 1_000_000
    batches: int = 16
    client_seconds: int = 20

    def __post_init__(self) -> None:
        _in_range("SEGMENTER_MAX_BODY_BYTES", self.max_body_bytes, 1, 2_000_000_000)
        _in_range("SEGMENTER_PORT", self.port, 0, 65_535)
        if self.workers is not None:
            _in_range("SEGMENTER_WORKERS", self.workers, 1, 1_024)
        _in_range("SEGMENTER_TRAINERS", self.trainers, 0, 1)
        _in_range("SEGMENTER_RUN_SECONDS", self.run_seconds, 1, 86_400)
        _in_range("SEGMENTER_RUN_BYTES", self.run_bytes, 500_000_000, 1 << 50)
        _in_range("SEGMENTER_QUEUE_LENGTH", self.queue_length, 1, 4_096)
        _in_range("SEGMENTER_PAGE_SECONDS", self.page_seconds, 1, 3_600)
        _in_range("SEGMENTER_PAGE_BYTES", self.page_bytes, 500_000_000, 1 << 50)
        _in_range("SEGMENTER_MAX_UNPACKED_BYTES", self.max_unpacked_bytes, 1, 2_000_000_000)
        _in_range("SEGMENTER_MAX_BLOCKS", self.max_blocks, 1, 100_000_000)
        _in_range("SEGMENTER_MAX_NESTING", self.max_nesting, 1, 1_000_000)
        _in_range("SEGMENTER_BATCH_ROWS", self.batch_rows, 1, 1_000_000_000)
        _in_range("SEGMENTER_BATCHES", self.batches, 1, 1_024)
        _in_range("SEGMENTER_CLIENT_SECONDS", self.client_seconds, 1, 3_600)
        if not self.host or any(char.isspace() for char in self.host):
            raise SettingsError(
                f"SEGMENTER_HOST is {self.host!r}: accepted is an address or a host name"
            )
        if self.api_keys is None and not self.allow_anyone and not is_loopback(self.host):
            raise SettingsError(
                f"SEGMENTER_HOST is {self.host!r}, where other machines can reach the service, and "
                "there are no API keys: make one with 'segmenter keys new' and name their file in "
                "SEGMENTER_API_KEYS, or set SEGMENTER_ALLOW_ANYONE=1 behind a proxy that "
                "authenticates"
            )
        # The values are not shown: such URLs have passwords.
        if self.rate_store is not None and not self.rate_store.startswith(_REDIS):
            raise SettingsError("SEGMENTER_RATE_STORE is no URL of redis:// or rediss://")
        if self.queue is not None and not self.queue.startswith((*_REDIS, *_POSTGRES)):
            raise SettingsError(
                "SEGMENTER_QUEUE is no queue URL: accepted are redis:// and postgresql://"
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
            except (ValueError, KeyError):
                raise SettingsError(
                    f"{name} is {value!r}: accepted is {variable.accepted}"
                ) from None
        return cls(**values)

    @property
    def worker_count(self) -> int:
        """The number of worker processes to start."""
        return _cores() if self.workers is None else self.workers


def _in_range(name: str, value: int, lowest: int, highest: int) -> None:
    if not lowest <= value <= highest:
        raise SettingsError(f"{name} is {value}: accepted is {lowest} to {highest}")


def is_loopback(host: str) -> bool:
    """Whether a host name or address is one that only this machine can reach."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
