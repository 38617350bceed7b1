"""The running service under requests made of its own OpenAPI document."""

from __future__ import annotations

import pytest

from bench.fuzz_api import fuzz, guarded_service


@pytest.mark.slow
def test_a_minute_of_requests_of_the_document_finds_nothing() -> None:
    with guarded_service() as target:
        assert fuzz(target, 45, seed=1) is None
        assert target.calls() > 200
