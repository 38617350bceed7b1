"""``python -m bench.faults``: what happens to requests and stored labels when something breaks.

While clients ask for pages and store labels, one thing after the other is broken and mended. An
answer is right if it is the page's answer to the byte, or a 503; labels whose storing was answered
have to be there in the end.
"""

from __future__ import annotations

import http.client
import json
import os
import shutil
import subprocess
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

import click

from bench.fault_kinds import FAULTS, Broken, Fault
from bench.fault_report import Outcome, fault_report
from bench.machine import describe_machine
from bench.marks import write_between_marks, write_option
from bench.pages import seed_pages
from bench.postgres import controlled_server, programs
from bench.service import Service, running_service

__all__ = ["main", "measure"]

_CLIENTS: Final = 4
_READY_SECONDS: Final = 60.0
_CLOCK_SHIFT: Final = Path(__file__).with_name("clock_shift.c")
_DISK_BYTES: Final = 8_000_000
_HTML: Final = {"Content-Type": "text/html; charset=utf-8"}
_JSON: Final = {"Content-Type": "application/json"}


def measure(names: Sequence[str], seconds: float, report: Callable[[Outcome], None]) -> list[str]:
    """Try faults one by one; the names of those for which something is missing here.

    Args:
        names: of ``FAULTS``.
        seconds: that each fault lasts, and that all is well before it.
        report: called with the outcome of each.
    """
    missing = []
    for setting in dict.fromkeys(FAULTS[name].setting for name in names):
        chosen = [name for name in names if FAULTS[name].setting == setting]
        with ExitStack() as stack:
            broken = _SETTINGS[setting](stack)
            if broken is None:
                missing += chosen
                continue
            for name in chosen:
                report(_Trial(broken).run(FAULTS[name], seconds))
    return missing


def _with_postgres(stack: ExitStack) -> Broken | None:
    if programs() is None:
        return None
    store = stack.enter_context(controlled_server())
    data = Path(stack.enter_context(tempfile.TemporaryDirectory()))
    variables = {"SEGMENTER_STORE": store.url, "SEGMENTER_TRAINERS": "1"}
    service = stack.enter_context(_service(data, variables))
    return Broken(service, data, store=store)


def _on_a_small_disk(stack: ExitStack) -> Broken | None:
    if os.geteuid() != 0:
        return None
    data = Path(stack.enter_context(tempfile.TemporaryDirectory()))
    mount = ["mount", "-t", "tmpfs", "-o", f"size={_DISK_BYTES}", "tmpfs", str(data)]
    if subprocess.run(mount, check=False, capture_output=True).returncode:
        return None
    stack.callback(subprocess.run, ["umount", "--lazy", str(data)], check=False)
    return Broken(stack.enter_context(_service(data, {})), data)


def _with_another_clock(stack: ExitStack) -> Broken | None:
    compiler = shutil.which("cc")
    if compiler is None:
        return None
    data = Path(stack.enter_context(tempfile.TemporaryDirectory()))
    library = data / "clock_shift.so"
    subprocess.run([compiler, "-shared", "-fPIC", "-o", library, _CLOCK_SHIFT], check=True)
    clock = data / "clock"
    clock.write_text("0", "ascii")
    variables = {"LD_PRELOAD": str(library), "CLOCK_SHIFT_FILE": str(clock)}
    return Broken(stack.enter_context(_service(data, variables)), data, clock=clock)


_SETTINGS: Final[Mapping[str, Callable[[ExitStack], Broken | None]]] = {
    "postgres": _with_postgres,
    "disk": _on_a_small_disk,
    "clock": _with_another_clock,
}


@contextmanager
def _service(data: Path, variables: Mapping[str, str]) -> Iterator[Service]:
    own = {"SEGMENTER_DATA": str(data), "SEGMENTER_WORKERS": "2", "SEGMENTER_LOG_LEVEL": "error"}
    with running_service({**own, "SEGMENTER_CLIENT_SECONDS": "5", **variables}) as service:
        yield service


@dataclass
class _Trial:
    """One fault, and the clients around it."""

    broken: Broken
    statuses: Counter[int] = field(default_factory=Counter)
    wrong: int = 0
    stored: list[str] = field(default_factory=list)
    refused: int = 0
    over: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)
    pages: list[bytes] = field(default_factory=list)
    right: list[bytes] = field(default_factory=list)

    def run(self, fault: Fault, seconds: float) -> Outcome:
        self.pages = [page.encode("utf-8") for page in seed_pages().html[:4]]
        self.right = [self._asked(page)[1] for page in self.pages]
        threads = [threading.Thread(target=self._ask, args=(n,)) for n in range(_CLIENTS)]
        threads.append(threading.Thread(target=self._store, args=(fault.name,)))
        for thread in threads:
            thread.start()
        try:
            time.sleep(seconds)
            seen = fault.happen(self.broken, seconds)
            ready = self._until_ready(time.monotonic())
        finally:
            self.over.set()
            for thread in threads:
                thread.join()
        there = self._all_stored()
        lost = [identity for identity in self.stored if identity not in there]
        return Outcome(
            fault.name, dict(sorted(self.statuses.items())), self.wrong, len(self.stored),
            self.refused, len(lost), round(ready, 2), seen,
        )  # fmt: skip

    def _ask(self, first: int) -> None:
        number = first
        while not self.over.is_set():
            status, body = self._asked(self.pages[number % len(self.pages)])
            is_right = status == 503 or body == self.right[number % len(self.pages)]
            with self.lock:
                self.statuses[status] += 1
                self.wrong += not is_right
            number += 1
            if status != 200:
                time.sleep(0.1)

    def _store(self, prefix: str) -> None:
        number = 0
        while not self.over.wait(0.05):
            identity = f"{prefix}-{os.getpid()}-{number}"
            if self._stored(identity) == 201:
                self.stored.append(identity)
            else:
                self.refused += 1
            number += 1

    def _until_ready(self, since: float) -> float:
        """Seconds until all three are well; the whole wait where they never are."""
        while time.monotonic() - since < _READY_SECONDS:
            status, body = self._asked(self.pages[0])
            is_right = status == 200 and body == self.right[0]
            ready = self._request("GET", "/readyz")[0] == 200
            if ready and is_right and self._stored("ready") == 201:
                break
            time.sleep(0.05)
        return time.monotonic() - since

    def _asked(self, page: bytes) -> tuple[int, bytes]:
        return self._request("POST", "/v1/segment", page, _HTML)

    def _stored(self, identity: str) -> int:
        blocks = [{"text": identity, "label": "headline"}, {"text": "A page.", "label": "body"}]
        page = {"id": identity, "text": f"{identity}\n\nA page.", "blocks": blocks}
        return self._request("POST", "/v1/labels", json.dumps(page).encode(), _JSON)[0]

    def _all_stored(self) -> set[str]:
        there: set[str] = set()
        after = ""
        while True:
            query = f"/v1/labels?limit=1000&after={after}" if after else "/v1/labels?limit=1000"
            answer: dict[str, Any] = json.loads(self._request("GET", query)[1])
            there.update(answer["pages"])
            after = answer["next"] or ""
            if not after:
                return there

    def _request(
        self, method: str, path: str, body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> tuple[int, bytes]:  # fmt: skip
        """Status and body; status 0 where the connection failed, 500 for a 503 without a time."""
        connection = http.client.HTTPConnection("127.0.0.1", self.broken.service.port, timeout=30)
        try:
            connection.request(method, path, body, dict(headers or {}))
            answer = connection.getresponse()
            content = answer.read()
            if answer.status == 503 and path != "/readyz" and not answer.headers["Retry-After"]:
                return 500, content
            return answer.status, content
        except (OSError, http.client.HTTPException):
            return 0, b""
        finally:
            connection.close()


@click.command()
@click.option("--fault", "names", multiple=True, type=click.Choice(list(FAULTS)))
@click.option("--seconds", type=click.FloatRange(min=1), default=10.0, show_default=True)
@write_option
@click.pass_context
def main(ctx: click.Context, *, names: tuple[str, ...], seconds: float, write: Path | None) -> None:
    """Try each --fault (all of them by default) for --seconds; one JSON line each.

    The exit code is 1 where an answer was wrong, something stored was lost, or the service was not
    ready within 5 seconds of a fault's end.
    """
    machine = describe_machine()
    click.echo(json.dumps(asdict(machine)))
    outcomes: list[Outcome] = []

    def report(outcome: Outcome) -> None:
        outcomes.append(outcome)
        click.echo(json.dumps({**asdict(outcome), "is_well": outcome.is_well}))

    for name in measure(names or list(FAULTS), seconds, report):
        click.echo(json.dumps({"fault": name, "skipped": FAULTS[name].needs}))
    if write is not None:
        write_between_marks(write, "faults", fault_report(machine, seconds, outcomes))
    ctx.exit(not all(outcome.is_well for outcome in outcomes))


if __name__ == "__main__":
    main()
