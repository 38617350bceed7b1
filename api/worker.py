"""The gunicorn worker: what happens to requests before and beside the app."""

from __future__ import annotations

import errno
import selectors
import signal
import socket
import time
from collections import deque
from functools import partial
from typing import Any, Final

from gunicorn.workers.gthread import TConn, ThreadWorker

from api.malformed import problem_answer, status_of
from api.observe.metrics import metrics_of
from api.observe.record import RequestRecord
from api.observe.requests import request_over
from api.receiving import ArrivingBody, PacedUnreader, is_worth_a_thread
from api.resources import batch

__all__ = ["ProblemWorker"]

_RECEIVED_AT_ONCE: Final = 65_536
_NOBODY_THERE: Final = (errno.EAGAIN, errno.ECONNABORTED, errno.EWOULDBLOCK)


class Connected(TConn):  # type: ignore[misc]
    """A connection, and what has been received of its next request."""

    def __init__(self, cfg: Any, sock: socket.socket, client: Any, server: Any) -> None:
        super().__init__(cfg, sock, client, server)
        self.received = bytearray()

    def prepare(self, seconds: float) -> None:
        """Give the parser what has been received, and a pace for the rest."""
        is_new = not self.initialized
        self.init()
        if is_new:
            self.parser.unreader = PacedUnreader(self.sock, seconds)
        self.parser.unreader.unread(bytes(self.received))
        self.parser.unreader.begin(is_stream=False)
        self.received.clear()


class ProblemWorker(ThreadWorker):  # type: ignore[misc]
    """A threaded worker whose own error answers are problem documents.

    A request gets a thread when its head is here, and of its body the first bytes, all of it if it
    is small. Until then it waits in the event loop, where many can.
    """

    pending_conns: deque[Connected]

    def init_signals(self) -> None:
        """Take the signals that came since the fork; see ``api.runner``."""
        super().init_signals()
        signal.pthread_sigmask(signal.SIG_UNBLOCK, self.SIGNALS)

    def accept(self, listener: socket.socket) -> None:
        """Take in a new connection."""
        try:
            client, address = listener.accept()
        except OSError as error:
            if error.errno not in _NOBODY_THERE:
                raise
            return
        self.nr_conns += 1
        self._receive(Connected(self.cfg, client, address, listener.getsockname()))

    def on_client_socket_readable(self, conn: Connected, client: socket.socket) -> None:
        """Another request begins on a connection that was kept."""
        self.poller.unregister(client)
        self.keepalived_conns.remove(conn)
        self._receive(conn)

    def on_pending_socket_readable(self, conn: Connected, client: socket.socket) -> None:
        """More of a request is here."""
        try:
            data = client.recv(_RECEIVED_AT_ONCE)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        conn.received += data
        if data and not is_worth_a_thread(conn.received):
            return
        self.poller.unregister(client)
        self.pending_conns.remove(conn)
        if conn.received:
            conn.data_ready = True
            self.enqueue_req(conn)
        else:
            self.nr_conns -= 1
            conn.close()

    def handle(self, conn: Connected) -> Any:
        """Serve one request, in a thread."""
        try:
            conn.prepare(self._client_seconds)
        except OSError:
            return False
        return super().handle(conn)

    def handle_request(self, req: Any, conn: Connected) -> Any:
        """Serve a request whose head is read."""
        req.body = ArrivingBody(req.body.reader)
        conn.parser.unreader.begin(is_stream=req.path == batch.PATH)
        # For what is sent: an answer that nobody takes holds the thread no longer than this.
        conn.sock.settimeout(self._client_seconds)
        try:
            return super().handle_request(req, conn)
        except TimeoutError:
            self.log.debug("The client did not take its answer.")
            return False

    @property
    def _client_seconds(self) -> float:
        seconds: float = self.app.settings.client_seconds
        return seconds

    def _receive(self, conn: Connected) -> None:
        conn.sock.setblocking(False)
        conn.timeout = time.monotonic() + self._client_seconds
        self.pending_conns.append(conn)
        ready = partial(self.on_pending_socket_readable, conn)
        self.poller.register(conn.sock, selectors.EVENT_READ, ready)

    def _cap_keepalive(self, deadline: float) -> None:
        """The worker ends: connections on which nothing was sent wait no longer than kept ones."""
        super()._cap_keepalive(deadline)
        silent = [conn for conn in self.pending_conns if not conn.received]
        for conn in silent:
            conn.timeout = min(conn.timeout, deadline)
        rest = [conn for conn in self.pending_conns if conn.received]
        self.pending_conns = deque([*silent, *rest])

    def handle_error(self, req: Any, client: socket.socket, _addr: Any, exc: BaseException) -> None:
        """Answer what the app never saw, or did not handle."""
        record = RequestRecord.of({})
        record.status = status_of(exc)
        metrics = metrics_of(self.wsgi)
        reached_app = req is not None
        if not reached_app:
            metrics.request_begun()
        if record.status == 500:
            fields = {"request_id": record.id}
            self.log.error("Error outside the app", exc_info=exc, extra={"fields": fields})
        head, body = problem_answer(exc, record)
        try:
            client.sendall(head + body)
            record.sent, record.complete = len(body), True
        except OSError:
            self.log.debug("The client was gone before its error answer.")
        if not reached_app:  # which takes note of its requests itself
            record.error = type(exc).__name__
            request_over(metrics, "", record)
