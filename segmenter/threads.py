"""One thread for the matrix products of a page."""

from __future__ import annotations

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
    times as much where other work wants the cores. The setting is the process's: threads that
    segment at the same time may still see the other one, which changes no answer.
    """
    changed = [(library, count) for library in _libraries() if (count := library.num_threads) > 1]
    for library, _ in changed:
        library.set_num_threads(1)
    try:
        yield
    finally:
        for library, count in changed:
            library.set_num_threads(count)


@cache
def _libraries() -> list[Any]:
    """The loaded BLAS libraries; numpy's is loaded with it."""
    controller: Any = ThreadpoolController()
    found: list[Any] = controller.select(user_api="blas").lib_controllers
    return found
