"""Where the pages to train on come from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from segmenter.training.corpora import (
    OWNERS_PAGE,
    LabelledPage,
    corpus_files,
    load_corpora,
    load_gold,
    load_seeds,
    load_unlabelled,
)
from segmenter.training.standoff import Annotation, read_annotations

__all__ = ["Report", "Sources", "load_pages", "load_unlabelled_pages"]

Report = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Sources:
    """Where the labelled pages come from; at least the seeds.

    Attributes:
        seeds: a ``seeds`` folder.
        gold: a JSON lines file of pages labelled block by block.
        corpora: a folder of corpora with main-text gold, and of pages without labels; the labels
            that the ``seeds`` folder has for some of them are joined.
    """

    seeds: Path
    gold: Path | None = None
    corpora: Path | None = None

    def files(self) -> list[Path]:
        """Every file that is trained on, in order."""
        pages = sorted(path for path in (self.seeds / "pages").glob("*") if path.is_file())
        result = [path for path in pages if not path.name.startswith(OWNERS_PAGE)]
        if self.gold is not None:
            result.append(self.gold)
        if self.corpora is not None:
            result += [path for path in corpus_files(self.corpora) if path.exists()]
            result += [self.chosen] if self.chosen.exists() else []
        return result

    @property
    def chosen(self) -> Path:
        """Where labels of pages of the corpora are looked for."""
        return self.seeds / "standoff" / "chosen.jsonl.xz"

    def chosen_labels(self) -> dict[str, Annotation]:
        """Those labels by page id.

        Raises:
            CorpusError: a line is not an annotation.
        """
        if not self.chosen.exists():
            return {}
        return {annotation.id: annotation for annotation in read_annotations(self.chosen)}


def load_pages(sources: Sources, report: Report) -> list[LabelledPage]:
    """All labelled pages; a page that has gold labels also keeps its corpus's main text.

    Raises:
        CorpusError: a source is missing or malformed.
    """
    pages = list(load_seeds(sources.seeds))
    gold = list(load_gold(sources.gold)) if sources.gold is not None else []
    corpora: list[LabelledPage] = []
    if sources.corpora is not None:
        chosen = sources.chosen_labels()
        corpora += load_corpora(sources.corpora, chosen)
        corpora += (p for p in load_unlabelled(sources.corpora, chosen) if p.gold is not None)
    main_text = {page.id: page.main_text for page in corpora}
    pages += [replace(page, main_text=main_text.get(page.id)) for page in gold]
    labelled = {page.id for page in gold}
    pages += [page for page in corpora if page.id not in labelled]
    report(f"{len(pages):,} pages of {len({page.site for page in pages}):,} sites")
    return pages


def load_unlabelled_pages(
    sources: Sources, labelled: list[LabelledPage], report: Report
) -> list[LabelledPage]:
    """Pages of the corpora of which nothing is known, and that are not among the labelled ones.

    Raises:
        CorpusError: a line is not a page.
    """
    if sources.corpora is None:
        return []
    known = {page.id for page in labelled}
    pages = [page for page in load_unlabelled(sources.corpora) if page.id not in known]
    report(f"{len(pages):,} pages without labels")
    return pages
