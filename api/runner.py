"""Run the service under gunicorn: load the model, listen, fork the workers."""

from __future__ import annotations

import argparse
import errno
import gc
import os
import socket
import sys
from typing import Any, Final

from flask import Flask
from gunicorn.app.base import BaseApplication

from api import create_app
from api.model import model_slot
from api.settings import VARIABLES, Settings, SettingsError
from api.supervisor import READY_VARIABLE
from api.worker import ProblemWorker
from segmenter import ModelError

__all__ = ["run"]

_BACKLOG: Final = 2048
# A page of the largest body takes seconds; a worker silent for this long is stuck.
_WORKER_TIMEOUT_SECONDS: Final = 120
_GRACEFUL_TIMEOUT_SECONDS: Final = 30


def run(arguments: list[str]) -> int:
    """Serve until a signal ends it; the exit code is 1 where it can't start."""
    _parser().parse_args(arguments)
    try:
        settings = Settings.from_environment()
        app = create_app(settings)
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
    _Server(app, settings, listener).run()
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


class _Server(BaseApplication):  # type: ignore[misc]
    """gunicorn with our app, our listening socket and no configuration of its own."""

    def __init__(self, app: Flask, settings: Settings, listener: socket.socket) -> None:
        self._app = app
        self._settings = settings
        self._address = _address(listener)
        self._descriptor = listener.detach()
        super().__init__()

    def load_config(self) -> None:
        options: dict[str, Any] = {
            "bind": f"fd://{self._descriptor}",
            "backlog": _BACKLOG,
            "workers": self._settings.worker_count,
            "threads": 1,
            "worker_class": ProblemWorker,
            "preload_app": True,
            "timeout": _WORKER_TIMEOUT_SECONDS,
            "graceful_timeout": _GRACEFUL_TIMEOUT_SECONDS,
            "control_socket_disable": True,
            "loglevel": "warning",
            "proc_name": "segmenter",
            "when_ready": self._announce,
            "post_worker_init": self._follow_model,
        }
        for name, value in options.items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        return self._app

    def _follow_model(self, _worker: Any) -> None:
        # Threads don't survive the fork: each worker has its own.
        model_slot(self._app).watch()

    def _announce(self, _server: Any) -> None:
        segmenter = model_slot(self._app).segmenter
        assert segmenter is not None
        workers = self._settings.worker_count
        print(
            f"Segmenter listens on {self._address} with {workers} "
            f"worker{'s' if workers > 1 else ''} and serves model {segmenter.model.name} "
            f"{segmenter.model.version}. Ctrl+C stops it.",
            flush=True,
        )
        descriptor = os.environ.get(READY_VARIABLE)
        if descriptor is not None:
            os.write(int(descriptor), b"1")


def _address(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
