"""API keys of the service: made here, kept as hashes.

A key is 256 random bits, so that no one can guess it from its hash however fast that is computed:
SHA-256 is enough, and slow hashes, which protect guessable passwords, would only let callers wear
the service down.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from dataclasses import dataclass
from typing import Final, Literal

from segmenter.errors import ApiKeyError

__all__ = ["ROLES", "ApiKey", "Role", "hash_of", "new_key", "parse_keys"]

Role = Literal["read", "label", "admin"]
ROLES: Final[tuple[Role, ...]] = ("read", "label", "admin")
"""Each may do what those before it may, and more."""

_PREFIX: Final = "seg_"
"""So that a scanner for leaked secrets can tell what it found."""
_BYTES: Final = 32
_NAME: Final = re.compile(r"[0-9A-Za-z][0-9A-Za-z._-]{0,63}")
_HASH: Final = re.compile(r"sha256:([0-9a-f]{64})")


@dataclass(frozen=True, slots=True)
class ApiKey:
    """What the service knows of a key.

    Attributes:
        role: what it may do.
        name: whose it is, as logs have it.
        hash: SHA-256 of the key.
    """

    role: Role
    name: str
    hash: bytes

    def line(self) -> str:
        """As the file of keys has it, without the line's end."""
        return f"{self.role} {self.name} sha256:{self.hash.hex()}"


def new_key(role: Role, name: str) -> tuple[str, ApiKey]:
    """A new key, which is nowhere kept, and what to keep of it.

    Raises:
        ApiKeyError: the name is not accepted.
    """
    _check_name(name)
    secret = _PREFIX + secrets.token_urlsafe(_BYTES)
    return secret, ApiKey(role, name, hash_of(secret))


def hash_of(secret: str) -> bytes:
    """What is kept of a key."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()


def parse_keys(text: str) -> tuple[ApiKey, ...]:
    """The keys of a file: ``ROLE NAME sha256:HEX`` a line; ``#`` begins a comment.

    Raises:
        ApiKeyError: a line is not such a one, or a name or key occurs twice; the message has the
            line's number, never its content.
    """
    keys: list[ApiKey] = []
    for number, line in enumerate(text.splitlines(), start=1):
        words = line.partition("#")[0].split()
        if not words:
            continue
        try:
            key = _key(words)
        except ApiKeyError as error:
            raise ApiKeyError(f"line {number}: {error}") from None
        if any(key.name == other.name or key.hash == other.hash for other in keys):
            raise ApiKeyError(f"line {number}: its name or its key occurs before")
        keys.append(key)
    return tuple(keys)


def _key(words: list[str]) -> ApiKey:
    if len(words) != 3:
        raise ApiKeyError("accepted is ROLE NAME sha256:HEX, as 'segmenter keys new' prints it")
    role = next((role for role in ROLES if role == words[0]), None)
    if role is None:
        raise ApiKeyError(f"the role is none of {', '.join(ROLES)}")
    _check_name(words[1])
    found = _HASH.fullmatch(words[2])
    if found is None:
        raise ApiKeyError("the hash is not sha256: and 64 digits of 0-9, a-f")
    return ApiKey(role, words[1], bytes.fromhex(found[1]))


def _check_name(name: str) -> None:
    if not _NAME.fullmatch(name):
        raise ApiKeyError(
            "a name is 1 to 64 letters, digits, dots, dashes and underscores of ASCII, "
            "beginning with a letter or digit"
        )
