"""One colour and one letter for each label, the same wherever people look at blocks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

__all__ = ["COLOURS", "LETTERS"]

# Okabe and Ito's colour-blind-safe palette (jfly.uni-koeln.de/color); their black is no colour on
# a dark page, so teaser takes Paul Tol's wine, and grey is left for boilerplate.
COLOURS: Final[Mapping[str, str]] = {
    "headline": "#d55e00",
    "deck": "#e69f00",
    "byline": "#f0e442",
    "body": "#0072b2",
    "caption": "#56b4e9",
    "headline_fragment": "#cc79a7",
    "comment": "#009e73",
    "teaser": "#882255",
    "boilerplate": "#999999",
}
# Also the key that gives the label: no two are the same, and none relies on colour.
LETTERS: Final[Mapping[str, str]] = {
    "headline": "H",
    "deck": "D",
    "byline": "Y",
    "body": "B",
    "caption": "C",
    "headline_fragment": "F",
    "comment": "M",
    "teaser": "T",
    "boilerplate": "X",
}
