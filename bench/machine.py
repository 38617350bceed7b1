"""What a run was measured on."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final

__all__ = ["Machine", "describe_machine", "in_words", "measured_by", "pin_to_one_core"]

_LIBRARIES: Final = (
    "numpy",
    "selectolax",
    "trafilatura",
    "lxml",
    "resiliparse",
    "justext",
    "readability-lxml",
    "boilerpy3",
)


@dataclass(frozen=True, slots=True)
class Machine:
    """Date (UTC), processor and versions.

    Attributes:
        load: processes that wanted a core in the minute before; ``None`` where unknown. Over 0.5
            or so, other work slowed the run down.
    """

    date: str
    processor: str
    cores: int
    load: float | None
    system: str
    python: str
    libraries: Mapping[str, str]


def describe_machine() -> Machine:
    """Look it up; a library that is not installed is left out."""
    return Machine(
        date=datetime.now(UTC).date().isoformat(),
        processor=_processor(),
        cores=os.cpu_count() or 1,
        load=round(os.getloadavg()[0], 1) if hasattr(os, "getloadavg") else None,
        system=f"{platform.system()} {platform.machine()}",
        python=platform.python_version(),
        libraries={name: found for name in _LIBRARIES if (found := _version(name))},
    )


def in_words(machine: Machine) -> str:
    """Date, processor, cores, load and Python of a machine."""
    load = "" if machine.load is None else f", load {machine.load} in the minute before"
    return (
        f"on {machine.date}: {machine.processor}, {machine.cores} cores{load}, "
        f"Python {machine.python}"
    )


def measured_by(command: str, library: str) -> str:
    """By which command, when and with which library something was measured here, in words."""
    machine = describe_machine()
    with_library = f"{library} {version(library)}"
    return f"By `python -m {command}` on {machine.date}, {with_library}, {machine.processor}"


def pin_to_one_core() -> None:
    """Stay on one core where the system can be asked for that."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        return platform.processor() or "unknown"
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or "unknown"
