"""The API keys that the service accepts, followed while it runs."""

from __future__ import annotations

import hmac
import logging
import os
from pathlib import Path
from typing import Final

from api.settings import SettingsError
from segmenter.errors import ApiKeyError
from segmenter.keys import ApiKey, hash_of, parse_keys

__all__ = ["KeyRing"]

_log: Final = logging.getLogger(__name__)


class KeyRing:
    """The keys of a file. A change of the file is seen by the next request."""

    def __init__(self, path: Path) -> None:
        """Read the file.

        Raises:
            SettingsError: it can't be read, a line is wrong, or it has no key.
        """
        self._path = path
        self._stamp = self._stamp_now()
        try:
            self._keys = self._read()
        except (OSError, ValueError, ApiKeyError) as error:
            raise SettingsError(f"SEGMENTER_API_KEYS can't be used: {_reason(error)}") from None

    def find(self, secret: str) -> ApiKey | None:
        """The key that a secret is of; every key is compared, each in constant time."""
        self._follow()
        wanted = hash_of(secret)
        found = None
        for key in self._keys:
            if hmac.compare_digest(key.hash, wanted):
                found = key
        return found

    def _follow(self) -> None:
        stamp = self._stamp_now()
        if stamp == self._stamp:
            return
        self._stamp = stamp
        try:
            self._keys = self._read()
            _log.info("the file of API keys has changed: %d keys", len(self._keys))
        except (OSError, ValueError, ApiKeyError) as error:
            # It may be half written; whoever changed it sees the log.
            _log.error("the keys so far stay, those of the file can't be used: %s", _reason(error))

    def _read(self) -> tuple[ApiKey, ...]:
        keys = parse_keys(self._path.read_text("utf-8"))
        if not keys:
            raise ApiKeyError("the file has no key")
        return keys

    def _stamp_now(self) -> tuple[int, int, int] | None:
        try:
            status = os.stat(self._path)
        except OSError:
            return None
        return status.st_ino, status.st_mtime_ns, status.st_size


def _reason(error: Exception) -> str:
    if isinstance(error, UnicodeDecodeError):
        return "the file is not text in UTF-8"
    if isinstance(error, OSError):
        return f"{error.filename}: {error.strerror}"
    return str(error)
