"""The versions below one directory, and which of them is active.

``versions/NAME/`` are model directories that never change; ``active.json`` says which one answers
and which came before. It is replaced by an atomic rename, so that a reader sees the old or the new
state and nothing between. Without it the base model is active.
"""

from __future__ import annotations

import fcntl
import json
import re
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Literal

from segmenter.classifier import BlockClassifier
from segmenter.durable import sync, write_aside
from segmenter.errors import ModelError
from segmenter.model_package import (
    Manifest,
    Model,
    load_model,
    read_manifest,
    verify,
    write_model,
)
from segmenter.registry.seal import check_seal, write_seal
from segmenter.types import InputKind

__all__ = ["Active", "Registry", "State", "Version"]

State = Literal["base", "active", "previous", "candidate"]
_POINTER: Final = "active.json"
_NAME: Final = re.compile(r"[0-9A-Za-z][0-9A-Za-z._-]{0,79}")
_REMEMBERED: Final = 20


@dataclass(frozen=True, slots=True)
class Active:
    """Which version answers.

    Attributes:
        version: its name.
        previous: those before it, latest last; a rollback goes to the last.
        since: when it was made active, ISO 8601; ``None`` for the base that always was.
        reason: why, in words.
    """

    version: str
    previous: tuple[str, ...] = ()
    since: str | None = None
    reason: str = "the base model"


@dataclass(frozen=True, slots=True)
class Version:
    """A version and what it is now.

    Attributes:
        manifest: ``None`` where it can't be used by this program; then ``fault`` says why.
    """

    name: str
    states: tuple[State, ...]
    path: Path
    manifest: Manifest | None
    fault: str | None = None


class Registry:
    """The versions in a directory, beside a base model that stands elsewhere."""

    def __init__(self, root: Path, base: Path, *, key: bytes | None = None) -> None:
        """Nothing is read or made yet.

        Args:
            root: where ``versions`` and the pointer are.
            base: the model directory that all versions are adapted from; trusted like the
                program itself.
            key: signs what is added; what is loaded must be signed by it.
        """
        self._root = root
        self._base = base
        self._key = key

    @property
    def base(self) -> Path:
        """The base's model directory."""
        return self._base

    def base_name(self) -> str:
        """The base's version."""
        return read_manifest(self._base).version

    def active(self) -> Active:
        """The active version.

        Raises:
            ModelError: the pointer is malformed.
        """
        try:
            text = (self._root / _POINTER).read_bytes()
        except FileNotFoundError:
            return Active(self.base_name())
        try:
            value = json.loads(text)
            return Active(
                str(value["version"]),
                tuple(map(str, value["previous"])),
                str(value["since"]),
                str(value["reason"]),
            )
        except (ValueError, KeyError, TypeError) as error:
            raise ModelError(f"{self._root / _POINTER} is malformed: {error!r}") from error

    def stamp(self) -> object:
        """A value that is equal as long as the pointer was not replaced; cheap to ask for."""
        try:
            status = (self._root / _POINTER).stat()
        except FileNotFoundError:
            return None
        return (status.st_ino, status.st_mtime_ns, status.st_size)

    def path(self, name: str) -> Path:
        """The model directory of a version.

        Raises:
            ModelError: there is none of that name.
        """
        place = self._root / "versions" / name
        if _NAME.fullmatch(name) and place.is_dir():
            return place
        if name == self.base_name():
            return self._base
        known = ", ".join(version.name for version in self.versions())
        raise ModelError(f"no model version {name[:80]!r}; there are {known}")

    def load(self, name: str) -> Model:
        """Load a version, verified first.

        Raises:
            ModelError: there is none of that name, or it was altered or is not signed.
        """
        return load_model(self.check(name))

    def check(self, name: str) -> Path:
        """Verify a version without loading it; its directory.

        Raises:
            ModelError: as ``load``.
        """
        path = self.path(name)
        if path == self._base:
            verify(path)
        else:
            check_seal(path, self._key)
        return path

    def versions(self) -> list[Version]:
        """The base, then all versions by age."""
        active = self.active()
        before = active.previous[-1] if active.previous else None
        folder = self._root / "versions"
        found = [path for path in folder.glob("*/") if _NAME.fullmatch(path.name)]
        found = [path for path in found if (path / "manifest.json").is_file()]
        result = []
        for path in [self._base, *sorted(found, key=_age)]:
            is_base = path == self._base
            name = self.base_name() if is_base else path.name
            states: list[State] = ["base"] if is_base else []
            if name == active.version:
                states.append("active")
            elif name == before:
                states.append("previous")
            elif not is_base:
                states.append("candidate")
            try:
                result.append(Version(name, tuple(states), path, read_manifest(path)))
            except ModelError as error:
                result.append(Version(name, tuple(states), path, None, str(error)))
        return result

    def add(
        self,
        classifiers: Mapping[InputKind, BlockClassifier],
        describe: Mapping[str, Any],
        card: Callable[[str], str],
    ) -> Version:
        """Write a new version, as a candidate; it gets the next free name after the base's.

        Args:
            classifiers: of the new model.
            describe: the manifest's values as ``write_model`` takes them, without ``version``.
            card: makes the model card of the version's name.
        """
        folder = self._root / "versions"
        folder.mkdir(parents=True, exist_ok=True)
        with self._locked():
            for left_over in folder.glob(".*"):
                # Of a process that was ended in the middle; the lock says that none is writing.
                shutil.rmtree(left_over, ignore_errors=True)
            name = self._next_name()
            aside = folder / f".new-{name}"
            manifest = write_model(aside, classifiers, {**describe, "version": name}, card(name))
            write_seal(aside, self._key)
            sync(aside / "seal.json")
            sync(aside)
            aside.rename(folder / name)
            sync(folder)
        return Version(name, ("candidate",), folder / name, manifest)

    def promote(self, name: str, reason: str) -> Active:
        """Make a version active, verified first.

        Raises:
            ModelError: as ``load``, or it is active already.
        """
        with self._locked():
            active = self.active()
            if name == active.version:
                raise ModelError(f"model version {name} is active already")
            self.check(name)
            previous = (*active.previous, active.version)[-_REMEMBERED:]
            return self._switch(name, previous, reason)

    def rollback(self, reason: str) -> Active:
        """Go back to the version that was active before, verified first.

        Raises:
            ModelError: there is none before, or it can't be loaded.
        """
        with self._locked():
            active = self.active()
            if not active.previous:
                raise ModelError(f"there is no version before {active.version} to go back to")
            self.check(active.previous[-1])
            return self._switch(active.previous[-1], active.previous[:-1], reason)

    def prune(self, keep: int) -> list[str]:
        """Remove all but the newest versions; the active one, the one before and the base stay.

        Returns:
            the names of those removed.
        """
        with self._locked():
            candidates = [v for v in self.versions() if v.states == ("candidate",)]
            removed = candidates[: max(len(candidates) - keep, 0)]
            for version in removed:
                # Renamed first: a reader finds all of it or nothing.
                trash = version.path.with_name(f".old-{version.name}")
                version.path.rename(trash)
                shutil.rmtree(trash)
        return [version.name for version in removed]

    def _switch(self, name: str, previous: tuple[str, ...], reason: str) -> Active:
        since = datetime.now(UTC).isoformat(timespec="milliseconds")
        value = {"version": name, "previous": list(previous), "since": since, "reason": reason}
        text = json.dumps(value, indent=1, ensure_ascii=False) + "\n"
        write_aside(self._root / _POINTER, text.encode("utf-8"))
        return Active(name, previous, since, reason)

    def _next_name(self) -> str:
        """Never one that was used before, removed ones included."""
        counter = self._root / "counter"
        last = int(counter.read_text("ascii")) if counter.exists() else 0
        write_aside(counter, f"{last + 1}\n".encode("ascii"))
        return f"{self.base_name()}-r{last + 1}"

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """One writer at a time, of all processes."""
        self._root.mkdir(parents=True, exist_ok=True)
        with (self._root / "lock").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield


def _age(path: Path) -> tuple[int, str]:
    number = re.search(r"-r(\d+)$", path.name)
    return (int(number[1]) if number else 0, path.name)
