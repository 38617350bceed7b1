"""The measurements of the service run, and tell what they say they do."""

from __future__ import annotations

import pytest

from bench.http_rates import measure as measure_rates
from bench.load import measure as measure_load

PAGES = [f"<h1>Bridge {n}</h1>" + "<p>After two years it was opened.</p>" * 20 for n in range(8)]


@pytest.mark.slow
def test_http_rates() -> None:
    rates = measure_rates(PAGES, "made here", count=64, clients=4, rounds=1)
    assert rates.statuses == {"200": 64}
    assert rates.to_library.median == pytest.approx(rates.service.median / rates.library.median)
    assert 0 < rates.p50_ms <= rates.p99_ms


@pytest.mark.slow
def test_load_over_the_capacity_is_refused_and_nothing_fails() -> None:
    load = measure_load(PAGES, "made here", clients=100, seconds=8, times=2)
    assert set(load.statuses) <= {200, 503}
    assert load.statuses[200] > 0
    assert load.throughput <= load.offered
    assert load.memory_mb > 50
