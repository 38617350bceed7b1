"""Trainings two at a time, each on one core, so that what they give does not depend on how many
cores the machine has."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from functools import cache
from tempfile import TemporaryDirectory
from typing import Any, Final, TypeVar

import jax
from joblib import Parallel, delayed

__all__ = ["side_by_side"]

_AT_ONCE: Final = 2
"""Each takes some 4 GiB with all the corpora."""
_ONE_CORE: Final = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
Result = TypeVar("Result")


def side_by_side(tasks: Iterable[Callable[[], Result]]) -> list[Result]:
    """The results of the tasks, in their order.

    Args:
        tasks: picklable; they are begun in their order, so that no core waits at the end if the
            longest are first.
    """
    shared = _compiled_once().name
    results: list[Result] = Parallel(n_jobs=_AT_ONCE)(
        delayed(_on_one_core)(shared, task) for task in tasks
    )
    return results


@cache
def _compiled_once() -> TemporaryDirectory[str]:
    """Where the tasks leave the steps they compiled to one another; gone with this process."""
    return TemporaryDirectory(prefix="segmenter-compiled-")


def _on_one_core(compiled: str, task: Callable[[], Result]) -> Result:
    """Do one of the tasks that run at the same time; XLA looks at this when it is first used."""
    os.environ.setdefault("XLA_FLAGS", _ONE_CORE)
    set_option: Callable[[str, Any], None] = jax.config.update
    set_option("jax_compilation_cache_dir", compiled)
    set_option("jax_persistent_cache_min_compile_time_secs", 0)
    return task()
