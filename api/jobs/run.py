"""One training run, in a process of its own."""

from __future__ import annotations

import os
import resource
import time
from dataclasses import dataclass, field
from typing import Final

from api.data import open_data
from api.jobs.patience import patiently
from api.settings import Settings
from api.store.runs import RunStore
from segmenter import SegmenterError
from segmenter.training.gate import Thresholds
from segmenter.training.retrain import retrain

__all__ = ["run_training"]

_NOTE_SECONDS: Final = 0.5
_NICENESS: Final = 5


def run_training(identity: str) -> int:
    """Do a claimed run; what it came to is in the store."""
    settings = Settings.from_environment()
    os.nice(_NICENESS)
    resource.setrlimit(resource.RLIMIT_DATA, (settings.run_bytes, settings.run_bytes))
    data = open_data(settings)
    run = patiently(lambda: data.runs.get(identity))
    if run is None or run.state != "running":
        return 0
    options = run.options
    try:
        outcome = retrain(
            data.labels.records(labelled=True),
            data.registry,
            promote=options["promote"],
            thresholds=Thresholds(base_loss=options["base_loss"], user_gain=options["user_gain"]),
            seed=options["seed"],
            report=_Notes(data.runs, identity).note,
        )
    except SegmenterError as error:
        reason = data.told(str(error))
        patiently(lambda: data.runs.finish(identity, "failed", error=reason))
        return 0
    except _EndedError:
        return 0
    except MemoryError:
        data.runs.finish(identity, "failed", error="it needs more memory than SEGMENTER_RUN_BYTES")
        return 0
    patiently(lambda: data.runs.finish(identity, "succeeded", outcome=outcome.to_dict()))
    return 0


class _EndedError(Exception):
    """The run was cancelled or given up for lost: it must not go on to a version."""


@dataclass
class _Notes:
    """Writes progress to the store, new steps at once and the rest now and then; ends a run that
    the store says has ended."""

    runs: RunStore
    identity: str
    step: str = ""
    last: float = field(default=0.0)

    def note(self, step: str, done: float) -> None:
        now = time.monotonic()
        if step != self.step or now - self.last > _NOTE_SECONDS:
            self.step, self.last = step, now
            if not patiently(lambda: self.runs.progress(self.identity, step, done)):
                raise _EndedError
