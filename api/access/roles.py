"""Which role a route asks for."""

from __future__ import annotations

from typing import Final

from segmenter.keys import ROLES, ApiKey, Role

__all__ = ["may", "needed_role"]

_READING: Final = frozenset({"GET", "HEAD"})

# Routes that say nothing of pages, labels or models, and the pages that a browser has to get before
# it can send a key.
_OPEN: Final = ("/", "/livez", "/readyz", "/openapi.json", "/docs", "/static", "/workbench")

# Beginning of the route's template, the role for reading, the role for everything else. The first
# that fits counts.
_ROLES: Final[tuple[tuple[str, Role, Role], ...]] = (
    ("/v1/segment", "read", "read"),
    ("/v1/explanations", "read", "read"),
    ("/v1/labels", "label", "label"),
    ("/v1/models", "read", "admin"),
    ("/v1/training-runs", "admin", "admin"),
    ("/metrics", "read", "read"),
)


def needed_role(method: str, route: str) -> Role | None:
    """The role for a method of a route; ``None`` is open to all, what is not listed is for admins.

    Args:
        route: its template, as in ``/v1/labels/<path:identity>``.
    """
    if any(_within(route, opened) for opened in _OPEN):
        return None
    for beginning, reading, writing in _ROLES:
        if _within(route, beginning):
            return reading if method in _READING else writing
    return "admin"


def may(key: ApiKey, role: Role) -> bool:
    """Whether a key's role is enough."""
    return ROLES.index(key.role) >= ROLES.index(role)


def _within(route: str, beginning: str) -> bool:
    return route == beginning or (beginning != "/" and route.startswith(f"{beginning}/"))
