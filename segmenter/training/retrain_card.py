"""The card of a version that was adapted to a user's labels."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from segmenter.types import ModelId

__all__ = ["adapted_card"]

_SETS: Final = {
    "by_page": "your pages, each predicted without itself",
    "by_site": "your pages, each predicted without its site",
    "base": "the base's held-back pages",
}


def adapted_card(version: str, base: ModelId, metrics: Mapping[str, Any]) -> str:
    """Markdown, from the manifest's metrics."""
    return "\n".join([*_lines(version, base, metrics), ""])


def _lines(version: str, base: ModelId, metrics: Mapping[str, Any]) -> Iterator[str]:
    yield f"# {base.name} {version}"
    yield ""
    yield f"{base.name} {base.version}, adapted to labelled pages of its user. {metrics['reason']}."
    for kind, report in metrics["kinds"].items():
        yield ""
        yield f"## {kind}: {report['pages']} labelled pages of {report['sites']} sites"
        yield ""
        yield "| macro F1 on | pages | before | after | difference, 95 % interval |"
        yield "| --- | --- | --- | --- | --- |"
        for name, told in _SETS.items():
            if report[name] is not None:
                figures = report[name]["macro_f1"]
                yield (
                    f"| {told} | {report[name]['pages']} | {figures['active']:.3f} "
                    f"| {figures['candidate']:.3f} | {figures['difference']:+.3f} "
                    f"({figures['low']:+.3f} to {figures['high']:+.3f}) |"
                )
