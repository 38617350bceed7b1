"""One thread for the matrix products of a page."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from threadpoolctl import ThreadpoolController

__all__ = ["one_blas_thread"]


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Have matrix products computed by the calling thread alone.

    A page's matrices are small: threads that wait for one another cost more than they save, ten
    times as much where other work wants the cores. And the last bits of a product may depend on how
    many there are. The setting is the process's: it is made by the first thread that segments, and
    undone when none does any more.
    """
    _setting.enter()
    try:
        yield
    finally:
        _setting.leave()


class _Setting:
    """One BLAS thread while there are users."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._users = 0
        self._changed: list[tuple[Any, int]] = []

    def enter(self) -> None:
        with self._lock:
            if not self._users:
                numbers = [(library, library.num_threads) for library in _libraries()]
                self._changed = [(library, number) for library, number in numbers if number > 1]
                for library, _ in self._changed:
                    _set_number(library, 1)
            self._users += 1

    def leave(self) -> None:
        with self._lock:
            self._users -= 1
            if not self._users:
                for library, number in self._changed:
                    _set_number(library, number)

    def forked(self) -> None:
        """The threads that used it, or held its lock, are not in a forked process."""
        self._lock = threading.Lock()
        self._users = 0


def _set_number(library: Any, number: int) -> None:
    """From whatever thread: threadpoolctl 3.8 lets only the first one that asks have its way."""
    release = getattr(library, "clear_controlling_thread", None)
    if release is not None:
        release(force=True)
    library.set_num_threads(number)
    if release is not None:
        release(force=True)


@cache
def _libraries() -> list[Any]:
    """The loaded BLAS libraries; numpy's is loaded with it."""
    controller: Any = ThreadpoolController()
    found: list[Any] = controller.select(user_api="blas").lib_controllers
    return found


_setting = _Setting()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_setting.forked)
