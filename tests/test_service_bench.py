"""The measurements of the service run, and tell what they say they do."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import click
import psutil
import pytest

from bench.cores import Cores, chosen_cores, running_apart
from bench.http_rates import measure as measure_rates
from bench.load import measure as measure_load
from bench.load_report import Load, Phase, load_report
from bench.machine import describe_machine
from bench.marks import write_between_marks
from bench.service import ask

ROOT = Path(__file__).resolve().parents[1]
PAGES = [f"<h1>Bridge {n}</h1>" + "<p>After two years it was opened.</p>" * 20 for n in range(8)]
CORES = sorted(os.sched_getaffinity(0))
needs_two_cores = pytest.mark.skipif(len(CORES) < 2, reason="needs two cores")


@pytest.mark.slow
def test_http_rates() -> None:
    rates = measure_rates(PAGES, "made here", count=64, clients=4, rounds=1)
    assert rates.statuses == {"200": 64}
    assert rates.to_library.median == pytest.approx(rates.service.median / rates.library.median)
    assert 0 < rates.p50_ms <= rates.p99_ms


@pytest.mark.slow
def test_load_over_the_capacity_is_refused_and_nothing_fails() -> None:
    cores = chosen_cores(None, None)
    load = measure_load(PAGES, "made here", clients=[16, 100], seconds=8, times=2, cores=cores)
    assert set(load.at_capacity.statuses) == {200}
    assert [phase.clients for phase in load.over] == [16, 100]
    for phase in load.over:
        assert set(phase.statuses) <= {200, 503}
        assert phase.throughput <= phase.offered
        assert load.to_capacity(phase) == phase.throughput / load.at_capacity.throughput
        assert phase.memory_mb > 50
    assert sorted(os.sched_getaffinity(0)) == CORES


@needs_two_cores
def test_service_and_clients_have_cores_of_their_own() -> None:
    cores = chosen_cores(None, None)
    assert cores == Cores(tuple(CORES[:-1]), (CORES[-1],))
    with running_apart(cores, {}) as service:
        assert os.sched_getaffinity(0) == {CORES[-1]}
        number = iter([0])
        assert [
            one.status for one in ask(service, [b"<p>A page"], 1, lambda: next(number, None))
        ] == [200]
        top = psutil.Process(service.process.pid)
        processes = [top, *top.children(recursive=True)]
        assert len(processes) >= 5
        assert {tuple(process.cpu_affinity()) for process in processes} == {cores.service}
    assert sorted(os.sched_getaffinity(0)) == CORES


@needs_two_cores
def test_cores_can_be_named() -> None:
    first, second = map(str, CORES[:2])
    assert chosen_cores(second, first) == Cores((CORES[1],), (CORES[0],))
    assert chosen_cores(f"{first}, {second}", None) is None or len(CORES) > 2
    with pytest.raises(ValueError, match="can't share"):
        chosen_cores(first, first)
    for wrong in ("", "x", "-1", "0,", "100000"):
        with pytest.raises(ValueError, match="no cores of this machine"):
            chosen_cores(wrong, None)


def load_on(cores: Cores | None) -> Load:
    at_capacity = Phase(16, 30.0, 40.2, 40.0, {200: 1_200}, 190.0, 370.4, 410.0, 1.001)
    few = Phase(16, 60.0, 41.0, 40.8, {200: 2_448}, 191.0, 372.0, 411.0, 1.002)
    many = Phase(256, 60.0, 80.0, 38.0, {0: 1, 200: 2_280, 503: 2_519}, 1.0, 2.0, 420.0, 1.0)
    return Load(describe_machine(), "pages made here", cores, 2.0, at_capacity, (few, many))


def test_the_report_says_where_clients_and_service_ran() -> None:
    apart = " ".join(load_report(load_on(Cores((0, 1), (3,)))).split())
    assert "pinned to cores 0, 1, the clients to core 3" in apart
    assert "python -m bench.load --clients 16 --clients 256 --seconds 60" in apart
    assert (
        "| answered 200; 503; anything else | 1,200; 0; 0 | 2,448; 0; 0 | 2,280; 2,519; 1 |"
        in apart
    )
    assert "| of the capacity | 1.00 | 1.02 | 0.95 |" in apart
    assert "whatever `Retry-After` says." in apart
    assert "took time from it" in load_report(load_on(None))


@pytest.mark.parametrize("name", ["load", "fuzz-api", "fuzz-pages"])
def test_figures_are_written_between_the_marks_of_the_document(tmp_path: Path, name: str) -> None:
    document = Path(shutil.copy(ROOT / "docs" / "operations.md", tmp_path))
    before = document.read_text("utf-8")
    write_between_marks(document, name, "The figures.")
    after = document.read_text("utf-8")
    assert f"<!-- {name} -->\nThe figures.\n<!-- end of {name} -->" in after
    assert after.startswith(before.partition(f"<!-- {name} -->")[0])
    assert after.endswith(before.partition(f"<!-- end of {name} -->")[2])


def test_a_document_without_marks_is_refused(tmp_path: Path) -> None:
    document = tmp_path / "document.md"
    document.write_text("<!-- load -->\n", "utf-8")
    with pytest.raises(click.ClickException, match="end of load"):
        write_between_marks(document, "load", "The figures.")
    assert document.read_text("utf-8") == "<!-- load -->\n"
