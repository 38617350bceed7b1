"""A model directory's seal: a digest of its manifest, and with a key its signature.

The manifest holds the SHA-256 of every file, so the digest of the manifest covers them all.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from pathlib import Path
from typing import Any, Final

from segmenter.errors import ModelError
from segmenter.model_package import verify

__all__ = ["LEAST_KEY_BYTES", "SEAL", "check_seal", "read_key", "write_seal"]

SEAL: Final = "seal.json"
LEAST_KEY_BYTES: Final = 32


def read_key(path: Path) -> bytes:
    """The signing key in a file: its bytes, white space at both ends left out.

    Raises:
        ModelError: it can't be read or is shorter than ``LEAST_KEY_BYTES``.
    """
    try:
        key = path.read_bytes().strip()
    except OSError as error:
        raise ModelError(f"the signing key {path} can't be read ({error.strerror})") from error
    if len(key) < LEAST_KEY_BYTES:
        raise ModelError(f"the signing key {path} has {len(key)} bytes; at least 32 are accepted")
    return key


def write_seal(path: Path, key: bytes | None) -> None:
    """Seal a model directory whose manifest is in place."""
    manifest = (path / "manifest.json").read_bytes()
    value: dict[str, Any] = {"sha256": hashlib.sha256(manifest).hexdigest()}
    if key is not None:
        value["hmac_sha256"] = hmac.new(key, manifest, hashlib.sha256).hexdigest()
    (path / SEAL).write_text(json.dumps(value, indent=1) + "\n", "utf-8")


def check_seal(path: Path, key: bytes | None) -> None:
    """Check the seal, then every file of the directory.

    Raises:
        ModelError: the seal is missing or wrong, with a key its signature too, or a file differs.
    """
    try:
        manifest = (path / "manifest.json").read_bytes()
        value = json.loads((path / SEAL).read_bytes())
        digest, signature = value["sha256"], value.get("hmac_sha256", "")
    except (OSError, ValueError, KeyError, AttributeError, TypeError) as error:
        raise ModelError(f"{path} has no readable {SEAL}: it is refused ({error})") from error
    if digest != hashlib.sha256(manifest).hexdigest():
        raise ModelError(f"{path} was altered: its manifest is not the one that was sealed")
    if key is not None:
        expected = hmac.new(key, manifest, hashlib.sha256).hexdigest()
        if not isinstance(signature, str) or not hmac.compare_digest(
            signature.encode(), expected.encode()
        ):
            raise ModelError(f"{path} has no valid signature by the signing key: it is refused")
    verify(path)
