"""Elements of a page as XPaths."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["element_paths"]

_Ints = NDArray[np.signedinteger[Any]]


def element_paths(parent: _Ints, tags: Sequence[str], kind: _Ints, elements: _Ints) -> list[str]:
    """The paths of some elements, ``/html/body[1]/div[2]/p[1]``.

    Climbs from each to the nearest element whose path is known.

    Args:
        parent: shape (m,), index of each element's parent; the root is its own parent.
        tags: the tag of each kind of element.
        kind: shape (m,), which of ``tags`` each element has.
        elements: the wanted ones.
    """
    names: dict[str, int] = {}
    tag = np.array([names.setdefault(name, len(names)) for name in tags]).take(kind)
    place = _places(parent, tag, len(names)).tolist()
    above, tag_of, name_of = parent.tolist(), tag.tolist(), list(names)
    path = {0: f"/{name_of[tag_of[0]]}"}
    wanted = elements.tolist()
    for element in wanted:
        steps: list[int] = []
        at = element
        while at not in path:
            steps.append(at)
            at = above[at]
        found = path[at]
        while steps:
            step = steps.pop()
            path[step] = found = f"{found}/{name_of[tag_of[step]]}[{place[step]}]"
    return [path[element] for element in wanted]


def _places(parent: _Ints, tag: _Ints, tags: int) -> _Ints:
    """Shape (m,): the place of each element, from 1, among the siblings of the same tag.

    Args:
        parent: as above.
        tag: shape (m,), below ``tags``.
    """
    group = parent.astype(np.int64) * tags + tag
    group[0] = -1
    order = np.argsort(group, kind="stable")
    heads = np.flatnonzero(np.diff(group[order], prepend=-2))
    sizes = np.diff(heads, append=len(order))
    places = np.empty(len(order), dtype=np.int64)
    places[order] = np.arange(1, len(order) + 1) - np.repeat(heads, sizes)
    return places
