"""What passes between a process that answers requests and one that segments.

One job a connection: the job's head and body, then the moment at which work began, then the head
and body of what came of it. Heads are JSON; bodies are bytes, passed through as they are. Each side
waits as long as the timeouts of its socket say.
"""

from __future__ import annotations

import json
import socket
import struct
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from api.observe.metrics import PageSummary
from api.problems import ProblemError, ProblemType

__all__ = [
    "Job",
    "Outcome",
    "PageFaultError",
    "receive_job",
    "receive_outcome",
    "receive_start",
    "send_fault",
    "send_job",
    "send_outcome",
    "send_problem",
    "send_start",
]

_MOMENT: Final = struct.Struct("d")
_SIZES: Final = struct.Struct("QQ")


@dataclass(frozen=True, slots=True)
class Job:
    """Something to do with the model.

    Attributes:
        task: a name in ``api.pages.tasks.TASKS``.
        body: the bytes to work on.
        options: JSON values, see the task.
    """

    task: str
    body: bytes
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a job.

    Attributes:
        body: the answer, complete.
        summary: what is counted of a segmented page.
        problem: for a row of a batch that got an error, the problem's name.
        limit: the limit that this row was over.
    """

    body: bytes
    summary: PageSummary | None = None
    problem: str | None = None
    limit: str | None = None


class PageFaultError(Exception):
    """A fault of ours in a segmenting process, which has logged it."""


def send_job(connection: socket.socket, job: Job) -> None:
    """Hand over a job."""
    _send(connection, {"task": job.task, "options": dict(job.options)}, job.body)


def receive_job(connection: socket.socket) -> Job:
    """Take over a job."""
    head, body = _receive(connection)
    return Job(head["task"], body, head["options"])


def send_start(connection: socket.socket, moment: float) -> None:
    """Say when work on the job began, by the monotonic clock."""
    connection.sendall(_MOMENT.pack(moment))


def receive_start(connection: socket.socket) -> float:
    """When work on the job began."""
    moment: float = _MOMENT.unpack(_exactly(connection, _MOMENT.size))[0]
    return moment


def send_outcome(connection: socket.socket, outcome: Outcome) -> None:
    """Hand back what came of a job."""
    summary = None if outcome.summary is None else asdict(outcome.summary)
    head = {"summary": summary, "problem": outcome.problem, "limit": outcome.limit}
    _send(connection, head, outcome.body)


def send_problem(connection: socket.socket, problem: ProblemError) -> None:
    """Hand back that the job's page is refused."""
    refused = {
        "kind": asdict(problem.kind),
        "detail": problem.detail,
        "members": problem.members,
        "headers": problem.headers,
    }
    _send(connection, {"refused": refused}, b"")


def send_fault(connection: socket.socket) -> None:
    """Hand back that we failed."""
    _send(connection, {"fault": True}, b"")


def receive_outcome(connection: socket.socket) -> Outcome:
    """What came of a job.

    Raises:
        ProblemError: the page is refused.
        PageFaultError: the process failed on it.
    """
    head, body = _receive(connection)
    if "fault" in head:
        raise PageFaultError("a segmenting process failed on a page")
    if "refused" in head:
        refused = head["refused"]
        raise ProblemError(
            ProblemType(**refused["kind"]),
            refused["detail"],
            members=refused["members"],
            headers=refused["headers"],
        )
    summary = None if head["summary"] is None else PageSummary(**head["summary"])
    return Outcome(body, summary, head["problem"], head["limit"])


def _send(connection: socket.socket, head: Mapping[str, Any], body: bytes) -> None:
    start = json.dumps(head).encode("ascii")
    start = _SIZES.pack(len(start), len(body)) + start
    sent = connection.sendmsg([start, body])
    if sent < len(start):
        connection.sendall(start[sent:])
        sent = len(start)
    if sent < len(start) + len(body):
        connection.sendall(memoryview(body)[sent - len(start) :])


def _receive(connection: socket.socket) -> tuple[dict[str, Any], bytes]:
    head_size, body_size = _SIZES.unpack(_exactly(connection, _SIZES.size))
    head: dict[str, Any] = json.loads(_exactly(connection, head_size))
    return head, _exactly(connection, body_size)


def _exactly(connection: socket.socket, size: int) -> bytes:
    """So many bytes, in one call.

    Raises:
        EOFError: the other side ended before, or was silent for longer than the socket's timeout.
    """
    data = connection.recv(size, socket.MSG_WAITALL) if size else b""
    if len(data) < size:
        raise EOFError
    return data
