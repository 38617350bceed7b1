"""A small base model that can be retrained, made once."""

from __future__ import annotations

from pathlib import Path

import pytest
from retraining import base_model


@pytest.fixture(scope="session")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shipped classifiers with a replay of example and template pages."""
    path = tmp_path_factory.mktemp("base") / "model"
    base_model(path)
    return path
