"""Profiles as files: a line of JSON, padded with spaces, and behind it the arrays as they are.

The file has host names and hashes, no text of a page. It is mapped into memory: processes that
read the same one share it.
"""

from __future__ import annotations

import hashlib
import json
import mmap
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np

from segmenter.durable import write_aside
from segmenter.errors import ProfileError
from segmenter.profiles.profile import Profile

__all__ = [
    "profile_bytes",
    "profile_digest",
    "profile_of_bytes",
    "read_profile",
    "write_profile",
]

_FORMAT: Final = "page-segmenter profile"
_VERSION: Final = 1
_HEADER: Final = 1_024
_ARRAYS: Final[Mapping[str, str]] = {
    "first_page": "<i8",
    "first_print": "<i8",
    "site": "<u8",
    "key": "<u8",
    "digest": "<u8",
    "holders": "<u8",
    "prints": "<u4",
    "names": "u1",
}
_ADVICE: Final = "build it again with 'segmenter profile build'"


def write_profile(path: Path, profile: Profile) -> None:
    """Write a profile aside and put it in place whole."""
    write_aside(path, profile_bytes(profile))


def profile_bytes(profile: Profile) -> bytes:
    """A profile as a file has it; the same pages give the same bytes."""
    arrays = {name: getattr(profile, name).astype(kind) for name, kind in _ARRAYS.items()}
    body = b"".join(array.tobytes() for array in arrays.values())
    fields = {
        "format": _FORMAT,
        "version": _VERSION,
        "max_pages": profile.max_pages,
        "rank": profile.rank,
        "sizes": {name: len(array) for name, array in arrays.items()},
    }
    header = json.dumps({**fields, "sha256": _digest(fields, body)}).encode()
    return header.ljust(_HEADER - 1) + b"\n" + body


def read_profile(path: Path) -> Profile:
    """Read a profile; nothing in it is used before its hash is right.

    Raises:
        ProfileError: it can't be read, is no profile or one of another version, or was altered.
    """
    return _parsed(str(path), _mapped(path))


def profile_of_bytes(data: bytes) -> Profile:
    """A profile from what ``profile_bytes`` gave.

    Raises:
        ProfileError: as ``read_profile``.
    """
    return _parsed("the data", data)


def _parsed(name: str, data: bytes | mmap.mmap) -> Profile:
    fields = _fields(name, data)
    body = memoryview(data)[_HEADER:]
    if fields.pop("sha256", None) != _digest(fields, body):
        raise ProfileError(f"{name} is cut short or was altered: its SHA-256 is wrong; {_ADVICE}")
    arrays: dict[str, Any] = {}
    place = 0
    try:
        for array, kind in _ARRAYS.items():
            size = fields["sizes"][array]
            arrays[array] = np.frombuffer(body, dtype=kind, count=size, offset=place)
            place += arrays[array].nbytes
        return Profile(max_pages=fields["max_pages"], rank=fields["rank"], **arrays)
    except (KeyError, TypeError, ValueError) as error:
        raise ProfileError(f"{name}: malformed profile ({error}); {_ADVICE}") from error


def profile_digest(path: Path) -> str:
    """What tells a profile from others: the SHA-256 in its header.

    Raises:
        ProfileError: it can't be read, or is no profile.
    """
    return str(_fields(str(path), _mapped(path)).get("sha256"))


def _mapped(path: Path) -> bytes | mmap.mmap:
    try:
        with path.open("rb") as file:
            return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    except ValueError:
        return b""
    except OSError as error:
        raise ProfileError(f"{path} can't be read ({error.strerror})") from error


def _fields(name: str, data: bytes | mmap.mmap) -> dict[str, Any]:
    try:
        fields = json.loads(data[:_HEADER])
    except ValueError:
        fields = None
    if not isinstance(fields, dict) or fields.get("format") != _FORMAT:
        raise ProfileError(f"{name} is not a profile; {_ADVICE}")
    if fields.get("version") != _VERSION:
        raise ProfileError(
            f"{name}: profile version {fields.get('version')!r} where {_VERSION} is accepted; "
            f"{_ADVICE}"
        )
    return fields


def _digest(fields: Mapping[str, Any], body: bytes | memoryview) -> str:
    digest = hashlib.sha256(json.dumps(fields).encode())
    digest.update(body)
    return digest.hexdigest()
