"""What browsers are told and refused: security headers, other sites' pages, other names of ours."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final
from urllib.parse import urlsplit

from flask import Flask, Response, request

from api.problems import FORBIDDEN, ProblemError
from api.settings import Settings, is_loopback

__all__ = ["ANSWER_HEADERS", "register"]

ANSWER_HEADERS: Final = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    # Answers hold text of pages; a client may keep them, no cache on the way.
    "Cache-Control": "private, no-cache",
}
"""Of every answer that is no page to look at, unless its view has set its own."""
# A view that serves a page of its own needs may set its own policy.
_PAGE_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_PORT: Final = re.compile(r":[0-9]*\Z")
_PREFLIGHT_SECONDS: Final = 600
_SENT: Final = "Accept, Authorization, Content-Type, Idempotency-Key, If-None-Match, X-Request-Id"
_SHOWN: Final = "ETag, Location, Retry-After, X-Request-Id"


def register(app: Flask, settings: Settings) -> None:
    """Set the headers of every answer. Without keys also refuse what other sites' pages send:
    a browser on this machine reaches a service that other machines can't.
    """
    if settings.api_keys is None:
        app.before_request(_own_pages_only(settings.cors_origins))
        if not settings.allow_anyone:
            app.before_request(_own_name_only)
    app.after_request(_set_headers)
    if settings.cors_origins:
        app.after_request(_cross_origin(settings.cors_origins))


def _set_headers(response: Response) -> Response:
    if response.mimetype == "text/html":
        response.headers.setdefault("Content-Security-Policy", _PAGE_POLICY)
    for name, value in ANSWER_HEADERS.items():
        if not response.headers.get(name):
            response.headers[name] = value
    return response


def _own_name_only() -> None:
    """A foreign name that resolves to this machine would make a foreign page one of ours (DNS
    rebinding). Werkzeug's own check of trusted hosts knows no IPv6 addresses.
    """
    sent = request.headers.get("Host")
    if sent is not None and not is_loopback(_name(sent)):
        raise ProblemError(
            FORBIDDEN,
            "Without API keys the service answers to the names of this machine alone, such as "
            "localhost and 127.0.0.1; behind a proxy set SEGMENTER_ALLOW_ANYONE=1.",
        )


def _name(host: str) -> str:
    """Of ``name:port`` the name, without the brackets of IPv6."""
    name = host.rpartition(":")[0] if _PORT.search(host) else host
    return name.removeprefix("[").removesuffix("]").lower()


def _own_pages_only(origins: tuple[str, ...]) -> Callable[[], None]:
    def check() -> None:
        origin = request.headers.get("Origin")
        if origin is None or request.method in _SAFE or origin in origins:
            return
        if urlsplit(origin).netloc != request.host:
            raise ProblemError(
                FORBIDDEN,
                "Pages of other origins can't change anything here; "
                "SEGMENTER_CORS_ORIGINS names those that can.",
            )

    return check


def _cross_origin(origins: tuple[str, ...]) -> Callable[[Response], Response]:
    def allow(response: Response) -> Response:
        response.vary.add("Origin")
        origin = request.headers.get("Origin")
        if origin not in origins:
            return response
        response.headers["Access-Control-Allow-Origin"] = origin
        response.headers["Access-Control-Expose-Headers"] = _SHOWN
        if request.method == "OPTIONS" and "Access-Control-Request-Method" in request.headers:
            response.headers["Access-Control-Allow-Methods"] = response.headers.get("Allow", "")
            response.headers["Access-Control-Allow-Headers"] = _SENT
            response.headers["Access-Control-Max-Age"] = str(_PREFLIGHT_SECONDS)
        return response

    return allow
