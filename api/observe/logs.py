"""Log lines as JSON on standard error, one object a line.

By default a line has no stack trace, no path and no text of a page: an unexpected error is told by
its type and by where it was raised.
"""

from __future__ import annotations

import json
import logging
import os
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Final

from gunicorn.glogging import Logger

from api.observe.record import current_record
from api.settings import VARIABLES, Settings

__all__ = ["GunicornLogger", "JsonFormatter", "configure", "warn_of_unknown_variables"]

_log: Final = logging.getLogger(__name__)
# Set by our own processes for each other, and by the command line's users.
_OTHERS: Final = frozenset({"SEGMENTER_PAGES_FOLDER", "SEGMENTER_READY_FD", "SEGMENTER_TRACEBACK"})
_DEEPEST: Final = 5


def configure(settings: Settings) -> None:
    """Send all log lines of this process to standard error as JSON."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter(traces=settings.log_traces))
    logging.basicConfig(level=settings.log_level.upper(), handlers=[handler], force=True)
    # These tell at this level of every message and task; what matters of it we log ourselves.
    for name in ("huey", "alembic", "flask-limiter"):
        logging.getLogger(name).setLevel(logging.WARNING)
    # An empty page is no error of the service.
    logging.getLogger("trafilatura").setLevel(logging.CRITICAL)


def warn_of_unknown_variables(environ: Mapping[str, str] = os.environ) -> None:
    """Log the names of variables that look like settings and are none.

    They are not refused: orchestrators set such ones for a service named segmenter.
    """
    known = {*VARIABLES, *_OTHERS}
    unknown = sorted(n for n in environ if n.startswith("SEGMENTER_") and n not in known)
    if unknown:
        _log.warning("not a setting, and ignored: %s", ", ".join(unknown))


class JsonFormatter(logging.Formatter):
    """A log record as one line of JSON."""

    def __init__(self, *, traces: bool = False) -> None:
        """Choose what to tell of an error.

        Args:
            traces: also its message and its stack trace, which may hold text of pages.
        """
        super().__init__()
        self._traces = traces

    def format(self, record: logging.LogRecord) -> str:
        """The members ``at``, ``level``, ``logger``, ``message``, then those of the record."""
        line: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        current = current_record()
        if current is not None:
            line["request_id"] = current.id
        line.update(getattr(record, "fields", {}))
        if record.exc_info and record.exc_info[1] is not None:
            line["error"] = _chain(record.exc_info[1])
            line["where"] = _where(record.exc_info[2])
            if self._traces:
                line["trace"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=True, default=str)


def _chain(error: BaseException) -> list[str]:
    """The types of an error and of those behind it; of the system's errors also which."""
    names: list[str] = []
    behind: BaseException | None = error
    while behind is not None and len(names) < _DEEPEST:
        name = type(behind).__name__
        reason = behind.strerror if isinstance(behind, OSError) else None
        names.append(f"{name}: {reason}" if reason else name)
        behind = behind.__cause__ or behind.__context__
    return names


def _where(trace: TracebackType | None) -> str | None:
    """Module and line that raised it."""
    if trace is None:
        return None
    while trace.tb_next is not None:
        trace = trace.tb_next
    module = trace.tb_frame.f_globals.get("__name__", "?")
    return f"{module}:{trace.tb_lineno}"


class GunicornLogger(Logger):  # type: ignore[misc]
    """gunicorn's own lines go where all others go."""

    def setup(self, cfg: Any) -> None:
        """Called by gunicorn when it starts."""
        super().setup(cfg)
        self.error_log.handlers.clear()
        self.error_log.propagate = True
