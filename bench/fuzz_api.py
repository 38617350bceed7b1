"""``python -m bench.fuzz_api``: fuzz the running service by its own OpenAPI document.

schemathesis makes requests of the document, right and wrong ones, and checks every answer with all
of its checks. The service has API keys, so that what it asks for them is checked too.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

import click

from bench.machine import measured_by
from bench.marks import write_between_marks, write_option
from bench.service import running_service
from segmenter.keys import new_key

__all__ = ["Round", "Target", "fuzz", "guarded_service", "main"]

_ROOT: Final = Path(__file__).resolve().parents[1]
_ROUND_SECONDS: Final = 600
_FAMILY: Final = re.compile(r"^segmenter_requests_total\{[^}]*\} ([0-9.e+]+)$", re.MULTILINE)
# What JSON Schema can't say, so that a request that fits it is refused all the same: labels stand
# where their page has them, a page has the block that is to be explained, a key belongs to one
# request, what a list goes on behind exists, and metadata is told from HTML alone.
_MAY_REFUSE: Final = (
    "POST /v1/segment",
    "POST /v1/explanations",
    "POST /v1/labels",
    "POST /v1/training-runs",
    "GET /v1/training-runs",
    "GET /v1/models",
)
_OPERATION: Final = """
[[operations]]
include-name = "{}"
checks.positive_data_acceptance.expected-statuses = ["2xx", "3xx", 422]
"""
_NO_REPORT: Final[Mapping[str, Any]] = {
    "test_cases": {"unique_failures": 0, "errored": 0},
    "operations": {"tested": 0, "total": 0},
}
_SETTINGS: Final = 'hooks = "bench.fuzz_hooks"\n'


@dataclass(frozen=True, slots=True)
class Target:
    """A service to fuzz, with a key of the role ``admin``."""

    url: str
    key: str

    def calls(self) -> int:
        """Requests that it has answered."""
        request = urllib.request.Request(
            f"{self.url}/metrics", headers={"Authorization": f"Bearer {self.key}"}
        )
        with urllib.request.urlopen(request) as answer:
            counts = answer.read().decode("utf-8")
        return int(sum(map(float, _FAMILY.findall(counts))))


@dataclass(frozen=True, slots=True)
class Round:
    """What came of one run of schemathesis.

    Attributes:
        tested, operations: that were called, and that there are.
        failures: different ones.
        told: its report, where there is a failure.
    """

    tested: int
    operations: int
    failures: int
    told: str

    @classmethod
    def of(cls, done: subprocess.CompletedProcess[str], report: Path) -> Self:
        """Of the process that has ended, and the report that it may have written."""
        counts = json.loads(report.read_bytes()) if report.exists() else _NO_REPORT
        cases, operations = counts["test_cases"], counts["operations"]
        return cls(
            operations["tested"],
            operations["total"],
            # What it has no count of, such as a document that can't be read, is a failure too.
            max(cases["unique_failures"] + cases["errored"], int(done.returncode != 0)),
            done.stdout + done.stderr if done.returncode else "",
        )


@contextmanager
def guarded_service() -> Iterator[Target]:
    """A service with a key, a small limit for bodies, and no limit for requests."""
    secret, key = new_key("admin", "fuzz")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "keys"
        file.write_text(key.line() + "\n", "utf-8")
        file.chmod(0o600)
        with running_service({"SEGMENTER_API_KEYS": str(file)}) as service:
            yield Target(f"http://127.0.0.1:{service.port}", secret)


def fuzz(target: Target, seconds: int, seed: int) -> Round:
    """One round."""
    with tempfile.TemporaryDirectory() as folder:
        document = Path(folder) / "openapi.json"
        with urllib.request.urlopen(f"{target.url}/openapi.json") as answer:
            document.write_bytes(answer.read())
        settings = Path(folder) / "schemathesis.toml"
        report = Path(folder) / "report.json"
        operations = "".join(_OPERATION.format(name) for name in _MAY_REFUSE)
        settings.write_text(_SETTINGS + operations, "utf-8")
        done = subprocess.run(
            [
                *(sys.executable, "-m", "schemathesis.cli", "--config-file", str(settings)),
                *("run", str(document), "--url", target.url, "--checks", "all", "--no-color"),
                *("--header", f"Authorization: Bearer {target.key}", "--warnings", "off"),
                *("--max-time", str(seconds), "--seed", str(seed), "--continue-on-failure"),
                *("--generation-database", "none", "--request-timeout", "120"),
                *("--report-json-path", str(report)),
            ],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(_ROOT)},
            check=False,
            capture_output=True,
            text=True,
        )
        return Round.of(done, report)


@click.command()
@click.option("--calls", type=click.IntRange(min=1), default=10_000, show_default=True)
@click.option("--seed", type=click.IntRange(min=0), default=1, show_default=True)
@write_option
def main(*, calls: int, seed: int, write: Path | None) -> None:
    """Fuzz the service until it has answered so many requests; exit code 1 on a failure."""
    rounds: list[Round] = []
    answered = failures = 0
    with guarded_service() as target:
        while answered < calls and not failures:
            rounds.append(fuzz(target, _ROUND_SECONDS, seed + len(rounds)))
            failures = rounds[-1].failures
            with suppress(OSError):  # a service that is gone has failed above
                answered = target.calls()
            click.echo(f"{answered:,} requests answered\n{rounds[-1].told}".rstrip())
    plural = "s" if len(rounds) > 1 else ""
    summary = (
        f"{answered:,} calls in {len(rounds)} round{plural}, of {rounds[-1].tested} of the "
        f"{rounds[-1].operations} operations; {failures} failures"
    )
    click.echo(summary)
    if write is not None:
        write_between_marks(write, "fuzz-api", _report(summary, calls))
    sys.exit(1 if failures else 0)


def _report(summary: str, calls: int) -> str:
    return f"{measured_by(f'bench.fuzz_api --calls {calls}', 'schemathesis')}:\n{summary}."


if __name__ == "__main__":
    main()
