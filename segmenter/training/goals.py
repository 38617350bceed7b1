"""What the segmenter is to reach, and whether an evaluation reached it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from segmenter.training.evaluate import NEWS
from segmenter.training.forms import FORMS
from segmenter.types import LABELS

__all__ = ["Goal", "goals", "label_bar"]

_MAIN_TEXT_HTML: Final = (
    ("wcxb-dev", 0.91),
    ("wcxb-dev article", 0.972),
    ("wcxb-dev documentation", 0.95),
    ("wcxb-dev forum", 0.87),
    ("wcxb-dev service", 0.89),
    ("wcxb-dev product", 0.80),
    ("wcxb-dev collection", 0.80),
    ("wcxb-dev listing", 0.80),
    (NEWS, 0.98),
)
_MAIN_TEXT_LINES: Final = (("wcxb-dev", 0.88), ("wcxb-dev article", 0.95))
_BODY_TEXT: Final = (("all", 0.965), ("news", 0.975))
_MACRO: Final = {"html": 0.92, "text": 0.85}
_LEAST_LABEL: Final = {"html": 0.80, "text": 0.70}
_FRAGMENTS: Final = 0.85
_CALIBRATION: Final = 0.02
_RISK_SHARE: Final = 0.5
_LANGUAGE_GAP: Final = 0.05
_REFERENCE_LANGUAGE: Final = "language en"
_UNKNOWN_LANGUAGE: Final = "language unknown"


@dataclass(frozen=True, slots=True)
class Goal:
    """One bound and the figure measured.

    Attributes:
        what: on what it is measured, for readers.
        form: of the input.
        bound: to be reached, or where ``most`` is true not to be passed.
        figure: what was measured.
        interval: 95 % bootstrap over pages, where there is one.
        pages: that it is measured on.
        ceiling: the figure of the best label for each block by alignment.
        readers: the figure of labels given by readers along the annotation guide, on those of the
            pages that have them.
        rivals: their figures on the same pages.
        note: what else a reader should know.
    """

    what: str
    form: str
    bound: float
    figure: float
    most: bool = False
    interval: tuple[float, float] | None = None
    pages: int | None = None
    ceiling: float | None = None
    readers: float | None = None
    rivals: Mapping[str, float] = field(default_factory=dict)
    note: str = ""

    @property
    def met(self) -> bool:
        """Whether the figure is on the right side of the bound."""
        return self.figure <= self.bound if self.most else self.figure >= self.bound


def goals(figures: Mapping[str, Any]) -> list[Goal]:
    """All bounds that an evaluation has figures for, in the order of the inputs."""
    return [
        *_means(figures, "html", "main_text", _MAIN_TEXT_HTML, "body word-F1, {}"),
        *_means(figures, "lines", "main_text", _MAIN_TEXT_LINES, "body word-F1, {} as raw text"),
        *(
            goal
            for form in FORMS
            for goal in _means(figures, form, "body", _BODY_TEXT, "body word-F1, gold pages, {}")
        ),
        *_labels(figures),
        *_calibration(figures),
        *_languages(figures),
    ]


def label_bar(form: str) -> float:
    """The F1 that no label is to be under."""
    return _LEAST_LABEL["html" if form == "html" else "text"]


def _means(
    figures: Mapping[str, Any],
    form: str,
    name: str,
    bounds: tuple[tuple[str, float], ...],
    what: str,
) -> Iterator[Goal]:
    means = figures[form][name] if form in figures else {}
    readers = figures[form]["readers"] if form in figures and name == "main_text" else {}
    for key, bound in bounds:
        if key not in means:
            continue
        mean = means[key]
        yield Goal(
            what=what.format(key),
            form=form,
            bound=bound,
            figure=mean["f1"],
            interval=(mean["low"], mean["high"]),
            pages=mean["pages"],
            ceiling=mean["ceiling"],
            readers=readers[key]["readers"]["f1"] if key in readers else None,
            rivals={rival: theirs["f1"] for rival, theirs in mean["rivals"].items()},
        )


def _labels(figures: Mapping[str, Any]) -> Iterator[Goal]:
    for form, group in _gold_forms(figures):
        kind = "html" if form == "html" else "text"
        yield Goal(
            what="nine labels, macro F1",
            form=form,
            bound=_MACRO[kind],
            figure=group["macro_f1"],
            interval=(group["macro_low"], group["macro_high"]),
            pages=group["pages"],
            ceiling=group["macro_ceiling"],
        )
        weakest = min(LABELS, key=lambda label: float(group["labels"][label]["f1"]))
        scores = group["labels"][weakest]
        yield Goal(
            what="nine labels, F1 of the weakest",
            form=form,
            bound=_LEAST_LABEL[kind],
            figure=scores["f1"],
            interval=(scores["low"], scores["high"]),
            pages=group["pages"],
            ceiling=scores["ceiling"],
            note=weakest,
        )
        if kind == "html":
            continue
        for name in ("precision", "recall"):
            yield Goal(
                what=f"headline_fragment, {name}",
                form=form,
                bound=_FRAGMENTS,
                figure=group["labels"]["headline_fragment"][name],
                pages=group["pages"],
            )


def _calibration(figures: Mapping[str, Any]) -> Iterator[Goal]:
    for form, group in _gold_forms(figures):
        yield Goal(
            what="expected calibration error, 15 bins",
            form=form,
            bound=_CALIBRATION,
            figure=group["calibration_error"],
            most=True,
            pages=group["pages"],
        )
        if group["risk"]:
            full, covered = group["risk"]["full"], group["risk"]["covered_80"]
            yield Goal(
                what="risk at 80 % coverage, share of that at full coverage",
                form=form,
                bound=_RISK_SHARE,
                figure=covered / full if full else 0.0,
                most=True,
                pages=group["body"]["all"]["pages"],
                note=f"{covered:.3f} of {full:.3f}",
            )


def _languages(figures: Mapping[str, Any]) -> Iterator[Goal]:
    for form, group in _gold_forms(figures):
        languages = {
            key: mean
            for key, mean in group["body"].items()
            if key.startswith("language ") and key != _UNKNOWN_LANGUAGE
        }
        english = languages.pop(_REFERENCE_LANGUAGE, None)
        if english is None or not languages:
            continue
        worst = min(languages, key=lambda key: float(languages[key]["f1"]))
        mean = languages[worst]
        yield Goal(
            what="body word-F1, worst language with 5 pages or more, behind English by",
            form=form,
            bound=_LANGUAGE_GAP,
            figure=english["f1"] - mean["f1"],
            most=True,
            pages=mean["pages"],
            note=f"{worst.split()[1]} {mean['f1']:.3f}, en {english['f1']:.3f}",
        )


def _gold_forms(figures: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """The forms that pages labelled block by block are scored in, each a whole set of pages."""
    for form in (*FORMS, "html"):
        if form in figures and figures[form]["pages"]:
            yield form, figures[form]
