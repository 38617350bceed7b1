"""The environment variables and what they refuse."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from api.settings import VARIABLES, Settings, SettingsError


def test_defaults() -> None:
    settings = Settings.from_environment({})
    assert settings == Settings()
    assert settings.model is None
    assert settings.max_body_bytes == 10_000_000
    assert (settings.host, settings.port) == ("127.0.0.1", 8000)
    assert settings.worker_count >= 1


def test_every_variable_is_read() -> None:
    settings = Settings.from_environment(
        {
            "SEGMENTER_MODEL": "some/model",
            "SEGMENTER_MAX_BODY_BYTES": "123",
            "SEGMENTER_HOST": "::1",
            "SEGMENTER_PORT": "8080",
            "SEGMENTER_WORKERS": "3",
        }
    )
    assert settings == Settings(Path("some/model"), 123, "::1", 8080, 3)
    assert settings.worker_count == 3


def test_an_empty_variable_leaves_the_default() -> None:
    assert Settings.from_environment(dict.fromkeys(VARIABLES, "")) == Settings()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SEGMENTER_MAX_BODY_BYTES", "10MB"),
        ("SEGMENTER_MAX_BODY_BYTES", "0"),
        ("SEGMENTER_MAX_BODY_BYTES", "-1"),
        ("SEGMENTER_MAX_BODY_BYTES", "2000000001"),
        ("SEGMENTER_MAX_BODY_BYTES", "9" * 10_000),
        ("SEGMENTER_PORT", "http"),
        ("SEGMENTER_PORT", "65536"),
        ("SEGMENTER_PORT", "8_000"),
        ("SEGMENTER_PORT", "٨٠٠٠"),
        ("SEGMENTER_WORKERS", "0"),
        ("SEGMENTER_WORKERS", "1.5"),
        ("SEGMENTER_QUEUE_LENGTH", "0"),
        ("SEGMENTER_PAGE_SECONDS", "0.5"),
        ("SEGMENTER_PAGE_BYTES", "499999999"),
        ("SEGMENTER_MAX_UNPACKED_BYTES", "0"),
        ("SEGMENTER_MAX_BLOCKS", "many"),
        ("SEGMENTER_MAX_NESTING", "-1"),
        ("SEGMENTER_BATCH_ROWS", "0"),
        ("SEGMENTER_BATCHES", "0"),
        ("SEGMENTER_CLIENT_SECONDS", "3601"),
        ("SEGMENTER_HOST", "two words"),
    ],
)
def test_a_wrong_value_names_its_variable(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=re.escape(name)):
        Settings.from_environment({name: value})
