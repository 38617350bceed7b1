"""A service and its clients on cores of their own, so that neither takes time from the other."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from bench.service import Service, running_service

__all__ = ["Cores", "chosen_cores", "running_apart"]


@dataclass(frozen=True, slots=True)
class Cores:
    """Numbers of cores, none of them in both.

    Attributes:
        service: of all processes of the service.
        clients: of the process that asks.
    """

    service: tuple[int, ...]
    clients: tuple[int, ...]


def chosen_cores(service: str | None, clients: str | None) -> Cores | None:
    """The cores that are named; without names the clients, which are one process, get the last one.

    Args:
        service, clients: numbers with commas between, or ``None``.

    Returns:
        ``None`` where there is one core, or the system can't pin processes.

    Raises:
        ValueError: a core is none of this process's, or in both.
    """
    if not hasattr(os, "sched_setaffinity"):
        return None
    there = sorted(os.sched_getaffinity(0))
    wanted = [None if text is None else _numbers(text, there) for text in (service, clients)]
    of_clients = wanted[1] or tuple(core for core in there[-1:] if core not in (wanted[0] or ()))
    of_service = wanted[0] or tuple(core for core in there if core not in of_clients)
    if set(of_service) & set(of_clients):
        raise ValueError("the service and the clients can't share a core")
    return Cores(of_service, of_clients) if of_service and of_clients else None


@contextmanager
def running_apart(cores: Cores | None, variables: Mapping[str, str]) -> Iterator[Service]:
    """``running_service`` on its cores, and the calling thread, with those that it starts, on the
    others; ``None`` pins nothing.

    The service has a segmenting process for each of its cores.

    Raises:
        RuntimeError: it did not start.
    """
    if cores is None:
        with running_service({"SEGMENTER_WORKERS": str(os.cpu_count() or 1), **variables}) as one:
            yield one
        return
    before = os.sched_getaffinity(0)
    # Whatever the service starts, now or later, stays where the first of its processes is.
    os.sched_setaffinity(0, cores.service)
    try:
        workers = {"SEGMENTER_WORKERS": str(len(cores.service))}
        with running_service({**workers, **variables}) as service:
            os.sched_setaffinity(0, cores.clients)
            yield service
    finally:
        os.sched_setaffinity(0, before)


def _numbers(text: str, there: list[int]) -> tuple[int, ...]:
    named = [part.strip() for part in text.split(",")]
    if not all(part.isdecimal() and int(part) in there for part in named):
        accepted = ", ".join(map(str, there))
        raise ValueError(f"{text!r} are no cores of this machine; there are {accepted}")
    return tuple(sorted({int(part) for part in named}))
