"""Training files from checkouts of the public repositories and the labels that stand off."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from segmenter.errors import CorpusError, LimitError
from segmenter.training.checkouts.articles import read_articles
from segmenter.training.checkouts.chinese import read_chinese
from segmenter.training.checkouts.fixtures import read_goose, read_newspaper, read_postlight
from segmenter.training.checkouts.fundus import read_fundus
from segmenter.training.checkouts.readability import read_readability
from segmenter.training.checkouts.records import Missing, Record
from segmenter.training.checkouts.trafilatura import read_trafilatura
from segmenter.training.checkouts.wcxb import read_wcxb
from segmenter.training.files import opened_for_writing
from segmenter.training.provenance import PUBLIC_SOURCES, PublicSource
from segmenter.training.standoff import Annotation, joined_labels, read_annotations

__all__ = ["GOLD_FILE", "SourceReport", "build_corpora"]

GOLD_FILE: Final = "pages.jsonl.xz"
"""Name of the file of pages labelled block by block."""
_READERS: Final[Mapping[str, Callable[[Path], Iterator[Record | Missing]]]] = {
    "wcxb-dev": read_wcxb,
    "fundus": read_fundus,
    "andythefactory": read_articles,
    "readability": read_readability,
    "zh-handcrafted": read_chinese,
    "trafeval": read_trafilatura,
    "postlight": read_postlight,
    "goose3": read_goose,
    "newspaper4k": read_newspaper,
}


@dataclass(slots=True)
class SourceReport:
    """What came of one source.

    Attributes:
        source: its name.
        checkout: where it was found; ``None`` where it was not.
        records: pages written to its corpus file.
        annotated: pages that the annotations have of it.
        joined: those of them that were written to the gold file.
        blocks, blocks_found: annotated blocks of the joined pages, and those found on them.
        missing: what could not be found or was left out, and why.
    """

    source: str
    checkout: str | None = None
    records: int = 0
    annotated: int = 0
    joined: int = 0
    blocks: int = 0
    blocks_found: int = 0
    missing: list[Missing] = field(default_factory=list)


def build_corpora(checkouts: Path, annotations: Path, target: Path) -> list[SourceReport]:
    """Write ``NAME.jsonl.xz`` for each source that is found, and the gold file.

    Args:
        checkouts: a folder with one folder for each repository.
        annotations: a stand-off file.
        target: folder to write to; files of the same names are replaced.

    Raises:
        CorpusError: no checkout of a known source is there, or the annotations are malformed.
    """
    wanted = list(read_annotations(annotations))
    reports = {source.name: SourceReport(source.name) for source in PUBLIC_SOURCES}
    places = {
        source.name: place
        for source in PUBLIC_SOURCES
        if (place := _checkout(checkouts, source)) is not None
    }
    if not places:
        names = ", ".join(source.folders[0] for source in PUBLIC_SOURCES)
        raise CorpusError(f"{checkouts}: no checkout of a known source is here ({names})")
    ids = {annotation.id for annotation in wanted}
    pages: dict[str, str] = {}
    for corpus in dict.fromkeys(source.corpus for source in PUBLIC_SOURCES):
        own = [source for source in PUBLIC_SOURCES if source.corpus == corpus]
        for source in own:
            place = places.get(source.name)
            if place is None:
                looked_for = " or ".join(source.folders)
                missing = Missing("*", f"no checkout; looked for {looked_for}")
                reports[source.name].missing.append(missing)
            else:
                reports[source.name].checkout = place.name
        found = [(reports[s.name], places[s.name]) for s in own if s.name in places]
        if found:
            pages |= _write_corpus(target / f"{corpus}.jsonl.xz", found, ids)
    _write_gold(target / GOLD_FILE, wanted, pages, reports)
    return list(reports.values())


def _checkout(checkouts: Path, source: PublicSource) -> Path | None:
    places = (checkouts / folder for folder in source.folders)
    return next((place for place in places if place.is_dir()), None)


def _write_corpus(
    file: Path, sources: Sequence[tuple[SourceReport, Path]], ids: set[str]
) -> dict[str, str]:
    """Writes what can be read of the checkouts; returns the HTML of the annotated pages."""
    pages: dict[str, str] = {}
    with opened_for_writing(file) as stream:
        for report, checkout in sources:
            for record in _READERS[report.source](checkout):
                if isinstance(record, Missing):
                    report.missing.append(record)
                    continue
                stream.write(json.dumps(record, ensure_ascii=False) + "\n")
                report.records += 1
                if record["id"] in ids:
                    pages[record["id"]] = record["html"]
    return pages


def _write_gold(
    file: Path,
    annotations: Sequence[Annotation],
    pages: Mapping[str, str],
    reports: Mapping[str, SourceReport],
) -> None:
    with opened_for_writing(file) as stream:
        for annotation in annotations:
            report = reports.get(annotation.source)
            if report is None:
                raise CorpusError(
                    f"page {annotation.id}: unknown source {annotation.source!r}; known are "
                    + ", ".join(reports)
                )
            report.annotated += 1
            html = pages.get(annotation.id)
            if html is not None:
                row = _joined(annotation, html, report)
                if row is not None:
                    stream.write(json.dumps(row, ensure_ascii=False) + "\n")
            elif report.checkout is not None:
                report.missing.append(Missing(annotation.id, "annotated, but not in the checkout"))


def _joined(annotation: Annotation, html: str, report: SourceReport) -> dict[str, Any] | None:
    """The gold page, if most of the annotated blocks are on it."""
    try:
        blocks = joined_labels(html, annotation)
    except LimitError as error:
        report.missing.append(Missing(annotation.id, f"can't be split: {error}"))
        return None
    except CorpusError as error:
        report.missing.append(Missing(annotation.id, str(error)))
        return None
    report.joined += 1
    report.blocks += len(annotation.blocks)
    report.blocks_found += len(blocks)
    return {
        "id": annotation.id,
        "url": annotation.url,
        "lang": annotation.language,
        "page_type": annotation.page_type,
        "blocks": [{"text": text, "label": label} for text, label in blocks],
        "html": html,
    }
