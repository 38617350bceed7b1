"""Labelled pages made by hand, and predictions of them that are as good as one wants."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from segmenter.html import split_html
from segmenter.training.corpora import LabelledPage
from segmenter.training.scoring import Prediction, known_labels
from segmenter.types import LABEL_INDEX, LABELS, IntArray

BLOCKS = (
    ("Start", "boilerplate"),
    ("The weir is mended", "headline"),
    ("By Tom Reed", "byline"),
    ("The weir below the old mill holds water again.", "body"),
    ("Work on it took all of the dry summer.", "body"),
    ("More on rivers", "teaser"),
)


def html_of(blocks: Sequence[tuple[str, str]]) -> str:
    return "".join(f"<p>{text}</p>" for text, _ in blocks)


def labelled(
    id_: str = "wcxb-1",
    blocks: Sequence[tuple[str, str]] = BLOCKS,
    *,
    language: str | None = "en",
    main_text: str | None = None,
    gold: bool = True,
    source: str = "gold",
) -> LabelledPage:
    """A page of one paragraph for each block, labelled block by block or with its main text."""
    page = split_html(html_of(blocks))
    labels = np.array([LABEL_INDEX[label] for _, label in blocks], dtype=np.int64)
    body = LABEL_INDEX["body"]
    every = (1 << len(LABELS)) - 1
    allowed = (
        1 << labels if gold else np.where(labels == body, 1 << body, every & ~(1 << body))
    )  # fmt: skip
    return LabelledPage(
        id=id_, site=f"{id_}.example", source=source, language=language, page_type="article",
        page=page, allowed=allowed, weight=np.ones(len(page), dtype=np.float32),
        gold=tuple(blocks) if gold else None, main_text=main_text,
    )  # fmt: skip


def predicted(
    page: LabelledPage, labels: IntArray | None = None, form: str = "html", sure: float = 0.92
) -> Prediction:
    """Each block has one label with the probability ``sure``: the right one if none is given."""
    chosen = known_labels(page) if labels is None else labels
    count = len(page.page)
    probabilities = np.full((count, len(LABELS)), (1 - sure) / (len(LABELS) - 1), dtype=np.float32)
    probabilities[np.arange(count), chosen] = sure
    words = np.array([len(text.split()) for text in page.page.block_texts()], dtype=np.int64)
    return Prediction(page, form, probabilities, words)
