"""An output file that survives being killed: ``OUT.part`` with a checkpoint beside it.

The order of writes is what makes it safe: a chunk's bytes are on the disk before the checkpoint
that counts them, and the checkpoint is replaced as a whole. Whatever stands in the part behind
the checkpoint is cut off when the run goes on.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from segmenter.crawl.reader import Position
from segmenter.crawl.tally import Tally
from segmenter.durable import sync
from segmenter.errors import InputError

__all__ = ["Checkpoint", "OutputError", "ResumableOutput"]

_FORMAT: Final = 2
_RESTART = "use --restart to discard it and begin again"


class OutputError(InputError):
    """The output exists, is being written by another run, or belongs to another job."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """How far a run got.

    Attributes:
        after: where the inputs stand behind what is dealt with.
        size: bytes of the part that are valid.
        complete: nothing is left to do but to make the part the output file.
        sealed: bytes of the output file, where it is not the part itself.
        tally: what was counted so far.
    """

    after: Position = field(default_factory=Position)
    size: int = 0
    complete: bool = False
    sealed: int | None = None
    tally: Tally = field(default_factory=Tally)


class ResumableOutput:
    """Opens or goes on with the part of an output file; a context manager.

    Args:
        path: the output file.
        job: what the output depends on, JSON values only; a part of another job is refused.
        overwrite: replace an existing output file at the end.
        restart: discard an existing part.
        seal: writes the output file from the part, given both paths; ``None`` where the part is
            the file.

    Raises:
        OutputError: see the class; the message names the way out.
    """

    def __init__(
        self,
        path: Path,
        job: Mapping[str, Any],
        *,
        overwrite: bool,
        restart: bool,
        seal: Callable[[Path, Path], None] | None = None,
    ) -> None:
        self.path = path
        self._seal = seal
        self._job = json.loads(json.dumps(job))
        self.part = path.with_name(path.name + ".part")
        self._saved = path.with_name(path.name + ".checkpoint")
        self._descriptor: int | None = None
        self.checkpoint = Checkpoint()
        if not restart and self._finished_before():
            return
        if path.exists() and not overwrite:
            raise OutputError(f"{path} exists; use --overwrite to replace it")
        self._descriptor = os.open(self.part, os.O_RDWR | os.O_CREAT, 0o666)
        try:
            self._lock()
            self._begin(restart=restart)
        except BaseException:
            os.close(self._descriptor)
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def append(
        self, data: bytes, *, after: Position | None = None, tally: Tally | None = None
    ) -> None:
        """Add a chunk's bytes for good and count it."""
        assert self._descriptor is not None
        _write_all(self._descriptor, data)
        os.fsync(self._descriptor)
        before = self.checkpoint
        size, total = before.size + len(data), before.tally.plus(tally or Tally())
        self._save(Checkpoint(after or before.after, size, tally=total))

    def finish(self) -> None:
        """Make the part the output file."""
        if self._descriptor is not None:
            os.fsync(self._descriptor)
            if self._seal is None:
                self._save(replace(self.checkpoint, complete=True))
                os.replace(self.part, self.path)
            else:
                self._finish_sealed(self._seal)
            sync(self.path.parent)
        if self._seal is not None:
            self.part.unlink(missing_ok=True)
        self._saved.unlink(missing_ok=True)

    def _finish_sealed(self, seal: Callable[[Path, Path], None]) -> None:
        """The part stays until the file stands: killed before that, it is sealed once more."""
        aside = self.path.with_name(self.path.name + ".sealed")
        seal(self.part, aside)
        sync(aside)
        self._save(replace(self.checkpoint, complete=True, sealed=aside.stat().st_size))
        os.replace(aside, self.path)

    def _finished_before(self) -> bool:
        """Whether a run was killed between the rename and the removal of its checkpoint."""
        if not self.path.exists() or not self._saved.exists():
            return False
        if self._seal is None and self.part.exists():
            return False
        job, checkpoint = self._load()
        size = checkpoint.size if checkpoint.sealed is None else checkpoint.sealed
        finished = checkpoint.complete and job == self._job and self.path.stat().st_size == size
        if finished:
            self.checkpoint = checkpoint
        return finished

    def _lock(self) -> None:
        assert self._descriptor is not None
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            same = os.path.samestat(os.fstat(self._descriptor), self.part.stat())
        except (BlockingIOError, FileNotFoundError):
            same = False
        if not same:
            raise OutputError(f"another run is writing {self.path}")

    def _begin(self, *, restart: bool) -> None:
        assert self._descriptor is not None
        size = os.fstat(self._descriptor).st_size
        if restart:
            self._saved.unlink(missing_ok=True)
        elif self._saved.exists():
            job, self.checkpoint = self._load()
            self._check_job(job)
            if size < self.checkpoint.size:
                raise OutputError(f"{self.part} is shorter than its checkpoint says; {_RESTART}")
        elif size:
            raise OutputError(f"{self.part} has no checkpoint beside it; {_RESTART}")
        os.ftruncate(self._descriptor, self.checkpoint.size)
        os.lseek(self._descriptor, self.checkpoint.size, os.SEEK_SET)
        if not self._saved.exists():
            self._save(self.checkpoint)

    def _check_job(self, job: Mapping[str, Any]) -> None:
        names = sorted(name for name in {*job, *self._job} if job.get(name) != self._job.get(name))
        if names:
            raise OutputError(
                f"{self.part} was begun with another {' and another '.join(names)}; {_RESTART}"
            )

    def _load(self) -> tuple[dict[str, Any], Checkpoint]:
        try:
            saved = json.loads(self._saved.read_bytes())
            if saved["format"] != _FORMAT:
                raise ValueError(f"format {saved['format']}")
            state = saved["checkpoint"]
            after, tally = Position(**state["after"]), Tally(**state["tally"])
            return saved["job"], Checkpoint(**{**state, "after": after, "tally": tally})
        except (ValueError, KeyError, TypeError) as error:
            raise OutputError(f"{self._saved} can't be read ({error}); {_RESTART}") from error

    def _save(self, checkpoint: Checkpoint) -> None:
        value = {"format": _FORMAT, "job": self._job, "checkpoint": asdict(checkpoint)}
        aside = self._saved.with_name(self._saved.name + ".new")
        with aside.open("wb") as file:
            file.write(json.dumps(value).encode())
            file.flush()
            os.fsync(file.fileno())
        os.replace(aside, self._saved)
        self.checkpoint = checkpoint


def _write_all(descriptor: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(descriptor, rest) :]
