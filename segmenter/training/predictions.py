"""Predictions of a run in a file, so that figures can be made again without training.

The file has no text: for each page its id, the form, a digest of the text that was predicted, the
probabilities and the words of each block. The text comes from the labelled pages again.
"""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final

import numpy as np

from segmenter.durable import write_aside
from segmenter.errors import CorpusError
from segmenter.training.corpora import LabelledPage
from segmenter.training.dataset import folds_by_site, in_form
from segmenter.training.forms import FORMS
from segmenter.training.scoring import Prediction
from segmenter.types import LABELS

__all__ = ["load_predictions", "save_predictions", "with_empty_pages"]

_DIGEST_BYTES: Final = 8
_UNREADABLE: Final = (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile)
_ADVICE: Final = "make them again by giving a file that is not there yet"


def save_predictions(path: Path, predictions: Sequence[Prediction], folds: int, seed: int) -> None:
    """Write predictions of a cross-validation as plain numpy arrays (``.npz``, no pickle)."""
    width = len(LABELS)
    empty = np.zeros((0, width), dtype=np.float32)
    buffer = io.BytesIO()
    np.savez_compressed(
        buffer,
        run=np.array([folds, seed]),
        page=np.array([p.labelled.id for p in predictions], dtype=np.str_),
        form=np.array([p.form for p in predictions], dtype=np.str_),
        digest=np.array([_digest(p.labelled) for p in predictions], dtype=np.uint64),
        blocks=np.array([len(p.words) for p in predictions], dtype=np.int64),
        words=np.concatenate([np.zeros(0, np.int64), *(p.words for p in predictions)]),
        probabilities=np.concatenate([empty, *(p.probabilities for p in predictions)]),
    )
    write_aside(path, buffer.getvalue())


def load_predictions(
    path: Path, pages: Sequence[LabelledPage], folds: int, seed: int
) -> list[Prediction]:
    """The predictions of a file, put onto the labelled pages that they were made of.

    Raises:
        CorpusError: the file can't be read, or its predictions are of other pages, folds or forms.
    """
    try:
        with np.load(path, allow_pickle=False) as arrays:
            run = arrays["run"].tolist()
            keys = list(zip(arrays["page"].tolist(), arrays["form"].tolist(), strict=True))
            digests = arrays["digest"].tolist()
            edges = np.append(0, np.cumsum(arrays["blocks"]))
            words, probabilities = arrays["words"], arrays["probabilities"]
    except _UNREADABLE as error:
        raise CorpusError(f"{path} has no predictions that can be read: {error}") from error
    if run != [folds, seed]:
        raise CorpusError(
            f"{path}: made with {run[0]} folds and seed {run[1]}, not {folds} and {seed}; {_ADVICE}"
        )
    made = {(page.id, form): page for page, form in _as_predicted(pages, set(keys), folds, seed)}
    result = []
    for index, (key, digest) in enumerate(zip(keys, digests, strict=True)):
        page = made.get(key)
        if page is None or _digest(page) != digest:
            raise CorpusError(
                f"{path}: page {key[0]} as {key[1]} is not as it was predicted: other pages, or "
                f"another version of the segmenter; {_ADVICE}"
            )
        place = slice(int(edges[index]), int(edges[index + 1]))
        result.append(Prediction(page, key[1], probabilities[place], words[place]))
    return result


def with_empty_pages(
    predictions: Iterable[Prediction], pages: Iterable[LabelledPage]
) -> Iterator[Prediction]:
    """The predictions, and one of nothing for each HTML page that gave no block at all: what is
    missed on it must count."""
    predicted: set[str] = set()
    for prediction in predictions:
        if prediction.form == "html":
            predicted.add(prediction.labelled.id)
        yield prediction
    nothing, none = np.zeros((0, len(LABELS)), np.float32), np.zeros(0, np.int64)
    for page in pages:
        if page.page.input == "html" and not len(page.page) and page.id not in predicted:
            yield Prediction(page, "html", nothing, none)


def _as_predicted(
    pages: Sequence[LabelledPage], wanted: set[tuple[str, str]], folds: int, seed: int
) -> Iterator[tuple[LabelledPage, str]]:
    """The pages in the wanted forms, made as ``predict`` makes them for each fold."""
    fold_of = folds_by_site(pages, folds, seed)
    for fold in range(folds):
        outside = [page for page in pages if fold_of[page.site] == fold]
        for number, page in enumerate(outside):
            if page.page.input == "text":
                yield page, "as received"
                continue
            yield page, "html"
            for place, form in enumerate(FORMS):
                if (page.id, form) in wanted:
                    rng = np.random.default_rng((seed, number, place))
                    yield in_form(page, form, rng), form


def _digest(page: LabelledPage) -> int:
    data = page.page.text.encode("utf-8", "surrogatepass")
    return int.from_bytes(hashlib.blake2b(data, digest_size=_DIGEST_BYTES).digest())
