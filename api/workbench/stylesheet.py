"""The labels' colours as a stylesheet."""

from __future__ import annotations

from typing import Final

from segmenter.palette import COLOURS

__all__ = ["label_stylesheet"]

_DARK, _LIGHT = "#111111", "#ffffff"
_WEIGHTS: Final = (0.2126, 0.7152, 0.0722)


def label_stylesheet() -> str:
    """For each label ``--label``, its colour, and ``--on-label``, what can be read on it."""
    return "".join(
        f".l-{label} {{ --label: {colour}; --on-label: {_readable_on(colour)}; }}\n"
        for label, colour in COLOURS.items()
    )


def _readable_on(colour: str) -> str:
    return max((_DARK, _LIGHT), key=lambda ink: _contrast(ink, colour))


def _contrast(one: str, other: str) -> float:
    """WCAG 2.2, contrast ratio."""
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


def _luminance(colour: str) -> float:
    """WCAG 2.2, relative luminance of ``#rrggbb``."""
    channels = (int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5))
    linear = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return sum(weight * value for weight, value in zip(_WEIGHTS, linear, strict=True))
