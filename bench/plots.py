"""A run as images."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any, Final

from bench.run import Results
from bench.scaling import Growth
from bench.stages import STAGES

__all__ = ["plots"]

_DOTS_PER_INCH: Final = 110


def plots(results: Results) -> dict[str, bytes]:
    """PNG images by file name.

    Raises:
        ImportError: matplotlib is not installed.
    """
    from matplotlib.figure import Figure

    growth = Figure(figsize=(7, 4.5), layout="constrained")
    _draw_growth(growth.subplots(), results.scaling)
    stages = Figure(figsize=(7, 2.4), layout="constrained")
    _draw_stages(stages.subplots(), results)
    return {"growth.png": _png(growth), "stages.png": _png(stages)}


def _draw_growth(axes: Any, scaling: Mapping[str, Growth]) -> None:
    for marker, series in zip("osv^D", scaling.values(), strict=True):
        axes.loglog(
            [point.bytes for point in series.points],
            [point.nanoseconds_per_byte for point in series.points],
            marker=marker,
            label=series.title,
        )
    axes.set_xlabel("bytes of the document")
    axes.set_ylabel("nanoseconds for a byte")
    axes.grid(alpha=0.3, which="both")
    axes.legend()


def _draw_stages(axes: Any, results: Results) -> None:
    kinds = list(results.stages)
    offsets = [0.0] * len(kinds)
    for stage in STAGES:
        widths = [results.stages[kind].milliseconds[stage].median for kind in kinds]
        axes.barh(kinds, widths, left=offsets, label=stage)
        offsets = [offset + width for offset, width in zip(offsets, widths, strict=True)]
    axes.set_xlabel("milliseconds for a page")
    axes.legend(
        ncols=len(STAGES), fontsize="x-small", loc="upper center", bbox_to_anchor=(0.5, 1.2)
    )


def _png(figure: Any) -> bytes:
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=_DOTS_PER_INCH, metadata={"Software": None})
    return buffer.getvalue()
