"""POST requests that are sent again: one with the same ``Idempotency-Key`` creates nothing anew.

As the IETF draft "The Idempotency-Key HTTP Header Field" has it. What is created and the answer to
it are committed together, so that there is no moment in which a repeated request finds one without
the other; a repeat that comes meanwhile waits. Refused requests are not kept: they created nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Final

from flask import Request, Response
from pydantic import Field

from api.access.guard import current_key
from api.contract.models import ParameterModel
from api.data import app_data
from api.problems import KEY_REUSED, ProblemError
from api.store.repeats import KeptAnswer

__all__ = ["REPLAYED", "RepeatHeaders", "once"]

REPLAYED: Final = "Idempotency-Replayed"
_NAME: Final = "Idempotency-Key"
_KEPT: Final = ("Content-Type", "Location")


class RepeatHeaders(ParameterModel):
    """The header that names a request to its sender."""

    key: str | None = Field(
        default=None,
        alias=_NAME,
        title="1 to 255 visible characters of ASCII",
        pattern=r"^[!-~]{1,255}$",
        examples=["8e03978e-40d5-43dd-bc93-6894a57f9324"],
    )
    """A name of this request, new for each one: sent again with it, the request creates nothing
    and gets the first answer. Kept for a day, for each API key apart."""


def once(incoming: Request, body: bytes, create: Callable[[], Response]) -> Response:
    """The answer of ``create``, or where the request was answered before, that answer.

    Args:
        body: of the request, read already.
        create: runs inside the transaction that keeps its answer.

    Raises:
        ProblemError: 422 the key is malformed, or was sent with another request.
    """
    sent = incoming.headers.get(_NAME)
    if sent is None:
        return create()
    key = RepeatHeaders.checked({_NAME: sent}, "header").key or ""
    caller = current_key()
    owner = "" if caller is None else caller.name
    digest = _digest(incoming, body)
    repeats = app_data().repeats
    with repeats.transaction():
        kept = repeats.find(owner, key)
        if kept is None:
            response = create()
            repeats.keep(owner, key, _kept(digest, response))
            return response
    if kept.request != digest:
        raise ProblemError(
            KEY_REUSED, f"This {_NAME} was sent with another request; each request has its own."
        )
    return _replayed(kept)


def _digest(incoming: Request, body: bytes) -> bytes:
    head = f"{incoming.method} {incoming.full_path} {incoming.mimetype}\n"
    return hashlib.sha256(head.encode("utf-8", "surrogatepass") + body).digest()


def _kept(digest: bytes, response: Response) -> KeptAnswer:
    headers = {name: response.headers[name] for name in _KEPT if name in response.headers}
    return KeptAnswer(digest, response.status_code, headers, response.get_data())


def _replayed(kept: KeptAnswer) -> Response:
    response = Response(kept.body, status=kept.status, headers=dict(kept.headers))
    response.headers[REPLAYED] = "true"
    return response
