"""Print the part of requirements.lock that the service needs, hashes and all.

    python deploy/service_lock.py [pyproject.toml requirements.lock]

The lock is of all extras, of training and crawling too. It says of each package what asked for it
("# via"); what hangs on the library's and the service's own dependencies stays.
"""

from __future__ import annotations

import re
import sys
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

__all__ = ["main", "service_lock"]

_EXTRA: Final = "api"
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_PINNED: Final = re.compile(r"^(?P<name>[a-z0-9][a-z0-9._-]*)(\[[a-z,]+\])?==")
_VIA: Final = re.compile(r"^ +#(?: via)? +(?P<name>[a-z0-9][a-z0-9._-]*)")


def service_lock(project: Mapping[str, Any], lock: str) -> str:
    """The entries of a lock that the service needs, in its order.

    Args:
        project: the table ``project`` of pyproject.toml.
        lock: as ``uv pip compile --universal --generate-hashes`` writes it.
    """
    entries = _entries(lock)
    needed = set(_roots(project, _EXTRA)) | set(map(_name, project["dependencies"]))
    before: set[str] = set()
    while needed != before:
        before = set(needed)
        needed |= {name for name, (_, askers) in entries.items() if askers & needed}
    missing = needed - set(entries)
    if missing:
        raise SystemExit(f"not in the lock: {', '.join(sorted(missing))}")
    return "".join(text for name, (text, _) in entries.items() if name in needed)


def _entries(lock: str) -> dict[str, tuple[str, set[str]]]:
    """Name -> its lines and the names of those that asked for it."""
    entries: dict[str, tuple[str, set[str]]] = {}
    name = ""
    for line in lock.splitlines(keepends=True):
        pinned = _PINNED.match(line)
        if pinned:
            name = pinned["name"]
        if not name:
            continue
        text, askers = entries.get(name, ("", set()))
        asker = _VIA.match(line)
        entries[name] = (text + line, askers | {asker["name"]} if asker else askers)
    return entries


def _roots(project: Mapping[str, Any], extra: str) -> Iterable[str]:
    for requirement in project["optional-dependencies"][extra]:
        name = _name(requirement)
        if name == project["name"]:
            # Another extra of the project itself.
            for other in re.findall(r"\[([a-z, -]+)\]", requirement)[0].split(","):
                yield from _roots(project, other.strip())
        else:
            yield name


def _name(requirement: str) -> str:
    found = _NAME.match(requirement)
    assert found is not None
    return re.sub(r"[-_.]+", "-", found[0]).lower()


def main(arguments: list[str]) -> None:
    """Read the two files and print."""
    pyproject, lock = arguments or ["pyproject.toml", "requirements.lock"]
    project = tomllib.loads(Path(pyproject).read_text("utf-8"))["project"]
    sys.stdout.write(service_lock(project, Path(lock).read_text("utf-8")))


if __name__ == "__main__":
    main(sys.argv[1:])
