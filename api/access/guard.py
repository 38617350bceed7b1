"""Lets a request in, or answers 401, 403 or 429."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Any, Final

from flask import Flask, Response, g, request
from flask_limiter import Limiter, RateLimitExceeded

from api.access.keyring import KeyRing
from api.access.roles import may, needed_role
from api.problems import FORBIDDEN, TOO_MANY, UNAUTHENTICATED, ProblemError, problem_response
from api.settings import Settings
from segmenter.keys import ApiKey

__all__ = ["current_key", "register"]

_REALM: Final = 'Bearer realm="segmenter"'
# A counting server that does not answer must not hold a request; each process counts for itself
# meanwhile.
_STORE_SECONDS: Final = 0.5


def register(app: Flask, settings: Settings) -> None:
    """Guard the app's routes by the keys of the settings; without keys they are open.

    Raises:
        SettingsError: the file of keys can't be used.
    """
    if settings.api_keys is None:
        return
    app.before_request(_admission(KeyRing(settings.api_keys)))
    if settings.rate_limit is not None:
        _limit(app, settings.rate_limit, settings.rate_store)


def current_key() -> ApiKey | None:
    """The key of the current request, where it needed one."""
    key: ApiKey | None = g.get("api_key")
    return key


def _admission(ring: KeyRing) -> Callable[[], None]:
    def admit() -> None:
        # Without a route there is nothing to guard: that is a 404 or 405. OPTIONS only tells which
        # methods there are, and browsers send it without a key.
        if request.url_rule is None or request.method == "OPTIONS":
            return
        role = needed_role(request.method, request.url_rule.rule)
        if role is None:
            return
        key = ring.find(_secret())
        if key is None:
            raise _unauthenticated("The API key is not known.", ', error="invalid_token"')
        g.api_key = key
        if not may(key, role):
            raise ProblemError(
                FORBIDDEN,
                f"This needs a key of the role {role!r}; the one sent is of the role {key.role!r}.",
                members={"needed": role, "role": key.role},
                headers={
                    "WWW-Authenticate": f'{_REALM}, error="insufficient_scope", scope="{role}"'
                },
            )

    return admit


def _secret() -> str:
    scheme, _, secret = request.headers.get("Authorization", "").strip().partition(" ")
    if scheme.lower() != "bearer" or not secret.strip():
        raise _unauthenticated("Send an API key as 'Authorization: Bearer KEY'.")
    return secret.strip()


def _unauthenticated(detail: str, more: str = "") -> ProblemError:
    return ProblemError(UNAUTHENTICATED, detail, headers={"WWW-Authenticate": _REALM + more})


def _limit(app: Flask, rate: str, store: str | None) -> None:
    """Count the requests of each key over all routes, and refuse those over the limit."""
    timeouts: Any = {"socket_timeout": _STORE_SECONDS, "socket_connect_timeout": _STORE_SECONDS}
    limiter = Limiter(
        _key_name,
        app=app,
        application_limits=[rate],
        # Bounded memory for each key, and no double burst where two windows meet.
        strategy="sliding-window-counter",
        storage_uri=store or "memory://",
        storage_options=timeouts if store else {},
        in_memory_fallback_enabled=store is not None,
    )
    limiter.request_filter(lambda: current_key() is None)

    def refuse(_error: RateLimitExceeded) -> Response:
        limit = limiter.current_limit
        wait = 1 if limit is None else max(1, math.ceil(limit.reset_at - time.time()))
        return problem_response(
            ProblemError(
                TOO_MANY,
                f"The key has made more than {rate} requests; try again in {wait} seconds.",
                members={"limit": "requests_per_key", "value": rate},
                headers={"Retry-After": str(wait)},
            )
        )

    app.register_error_handler(RateLimitExceeded, refuse)


def _key_name() -> str:
    key = current_key()
    return "" if key is None else key.name
