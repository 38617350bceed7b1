"""Import time, load time and peak memory, each in processes of their own."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from bench.spread import Spread

__all__ = ["Startup", "startup"]

# Peak memory is taken after the load and again after one small page of each kind. Where there is
# VmHWM it is taken: ru_maxrss counts the process that started this one too.
_PROGRAM: Final = """
import json, os, resource, sys, time

def peak():
    if os.path.exists("/proc/self/status"):
        with open("/proc/self/status") as lines:
            return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024
    size = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return size / (1 << 20 if sys.platform == "darwin" else 1 << 10)

empty = peak()
start = time.perf_counter()
from segmenter import Segmenter
imported = time.perf_counter()
segmenter = Segmenter.load()
loaded = time.perf_counter()
memory = peak()
segmenter.segment("The ferry leaves at nine.\\nAll seats are taken.").to_dict()
segmenter.segment_html("<h1>Ferry</h1><p>The ferry leaves at nine.").to_dict()
first = time.perf_counter()
print(json.dumps({
    "import_s": imported - start,
    "load_s": loaded - imported,
    "first_pages_s": first - loaded,
    "empty_mib": empty,
    "loaded_mib": memory,
    "after_pages_mib": peak(),
}))
"""


@dataclass(frozen=True, slots=True)
class Startup:
    """Figures by name: ``_s`` in seconds, ``_mib`` peak resident memory in MiB."""

    figures: Mapping[str, Spread]


def startup(processes: int) -> Startup:
    """Start fresh interpreters one after another, files in the page cache.

    Raises:
        subprocess.CalledProcessError: the segmenter can't be imported or loaded.
    """
    _once()
    runs = [_once() for _ in range(processes)]
    return Startup({name: Spread.of([run[name] for run in runs]) for name in runs[0]})


def _once() -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM], check=True, stdout=subprocess.PIPE, timeout=120
    )
    result: dict[str, Any] = json.loads(done.stdout)
    return result
