"""Run the service under gunicorn: listen, and fork the workers that hand pages to the pool."""

from __future__ import annotations

import argparse
import errno
import gc
import os
import resource
import signal
import socket
import sys
from pathlib import Path
from typing import Any, Final

from flask import Flask
from gunicorn.app.base import BaseApplication
from gunicorn.arbiter import Arbiter

from api import create_app
from api.observe import logs
from api.observe.metrics import metrics_of
from api.pages import executor
from api.pages.pooled import Pooled
from api.settings import VARIABLES, Settings, SettingsError
from api.supervisor import PAGES_VARIABLE, READY_VARIABLE
from api.worker import ProblemWorker
from segmenter import ModelError

__all__ = ["run"]

_BACKLOG: Final = 2048
# A worker's event loop works on no request; one that is silent for this long is stuck.
_WORKER_TIMEOUT_SECONDS: Final = 120
_PROCESSES_PER_WORKER: Final = 4
"""Segmenting processes that one gunicorn worker keeps busy."""
_OTHER_THREADS: Final = 32
"""For requests that are no pages."""
_MOST_CONNECTIONS: Final = 10_000
_KEEPALIVE_SECONDS: Final = 5


def run(arguments: list[str]) -> int:
    """Serve until a signal ends it; the exit code is 1 where it can't start."""
    _parser().parse_args(arguments)
    try:
        settings = Settings.from_environment()
        logs.configure(settings)
        logs.warn_of_unknown_variables()
        # Only the pool needs the model.
        app = create_app(settings, load_model=False)
        pages = Pooled(Path(os.environ[PAGES_VARIABLE]), settings, metrics_of(app))
        executor.register(app, pages)
        listener = _listen(settings)
    except (SettingsError, ModelError) as error:
        return _refuse(str(error))
    except OSError as error:
        return _refuse(_listen_fault(settings, error))
    except KeyboardInterrupt:
        return 130
    # What exists now is shared with the workers; the collector would copy it page by page.
    gc.collect()
    gc.freeze()
    _Server(app, settings, pages, listener).run()
    return 0


def _parser() -> argparse.ArgumentParser:
    names = "\n".join(f"  {name:<26}{variable.meaning}" for name, variable in VARIABLES.items())
    return argparse.ArgumentParser(
        prog="python -m api",
        description="Serve the segmenter over HTTP. Environment variables set it up:\n\n" + names,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )


def _refuse(message: str) -> int:
    print(f"The service did not start: {message}", file=sys.stderr)
    return 1


def _listen(settings: Settings) -> socket.socket:
    """Listen before the fork: a port in use is one clear error and no worker starts."""
    try:
        found = socket.getaddrinfo(settings.host, settings.port, type=socket.SOCK_STREAM)
    except UnicodeError:
        raise SettingsError(f"SEGMENTER_HOST is {settings.host!r}: not a host name") from None
    family, _, _, _, address = found[0]
    return socket.create_server(address[:2], family=family, backlog=_BACKLOG)


def _listen_fault(settings: Settings, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return (
            f"port {settings.port} of {settings.host} is in use; "
            "stop what listens there or choose another port with SEGMENTER_PORT"
        )
    if isinstance(error, socket.gaierror) or error.errno is None:
        reason = error.strerror or str(error)
    else:
        reason = os.strerror(error.errno)
    return (
        f"can't listen on port {settings.port} of {settings.host}: {reason}; "
        "SEGMENTER_HOST and SEGMENTER_PORT choose where"
    )


class _Arbiter(Arbiter):  # type: ignore[misc]
    """gunicorn's parent of the workers, which loses no signal while one boots.

    A worker has its parent's handlers until it sets its own; a signal that came between would only
    be put into a queue that nobody reads, and the service end when the workers' time is over.
    """

    def spawn_worker(self) -> Any:
        """Fork a worker; it takes signals as soon as it has its own handlers."""
        before = signal.pthread_sigmask(signal.SIG_BLOCK, ProblemWorker.SIGNALS)
        try:
            return super().spawn_worker()
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)


class _Server(BaseApplication):  # type: ignore[misc]
    """gunicorn with our app, our listening socket and no configuration of its own."""

    def __init__(
        self, app: Flask, settings: Settings, pages: Pooled, listener: socket.socket
    ) -> None:
        self._app = app
        self.settings = settings
        self._pages = pages
        self._address = _address(listener)
        self._descriptor = listener.detach()
        super().__init__()

    def load_config(self) -> None:
        options: dict[str, Any] = {
            "bind": f"fd://{self._descriptor}",
            "backlog": _BACKLOG,
            "workers": max(1, self.settings.worker_count // _PROCESSES_PER_WORKER),
            "threads": _threads(self.settings),
            "worker_connections": _connections(),
            "keepalive": _KEEPALIVE_SECONDS,
            "worker_class": ProblemWorker,
            "preload_app": True,
            "timeout": _WORKER_TIMEOUT_SECONDS,
            "graceful_timeout": _drain_seconds(self.settings),
            "control_socket_disable": True,
            "loglevel": "warning",
            "logger_class": logs.GunicornLogger,
            "proc_name": "segmenter",
            "when_ready": self._announce,
            "child_exit": self._forget,
        }
        for name, value in options.items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        return self._app

    def run(self) -> None:
        _Arbiter(self).run()

    def _forget(self, _server: Any, worker: Any) -> None:
        metrics_of(self._app).process_gone(worker.pid)

    def _announce(self, _server: Any) -> None:
        model = self._pages.model()
        served = "no model yet" if model is None else f"model {model.name} {model.version}"
        workers = self.settings.worker_count
        print(
            f"Segmenter listens on {self._address} with {workers} "
            f"worker{'s' if workers > 1 else ''} and serves {served}. {_who(self.settings)} "
            "Ctrl+C stops it.",
            flush=True,
        )
        descriptor = os.environ.get(READY_VARIABLE)
        if descriptor is not None:
            os.write(int(descriptor), b"1")


def _who(settings: Settings) -> str:
    if settings.api_keys is not None:
        return "It asks for API keys."
    if settings.allow_anyone:
        return "It has no API keys and lets in everyone who reaches it."
    return "It has no API keys and serves this machine only."


def _threads(settings: Settings) -> int:
    """Enough to fill the queue: nothing waits, or is refused, for want of a thread."""
    pages = settings.worker_count + settings.queue_length
    return pages + settings.batches + _OTHER_THREADS


def _connections() -> int:
    """Connections of a worker, most of them waiting; as many as there are descriptors for."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    if most == resource.RLIM_INFINITY:
        return _MOST_CONNECTIONS
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    return min(_MOST_CONNECTIONS, most // 2)


def _drain_seconds(settings: Settings) -> int:
    """What a request that was accepted may take at most: to come in, to wait, to be answered."""
    return settings.client_seconds + 2 * settings.page_seconds


def _address(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
