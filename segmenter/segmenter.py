"""The segmenter: the stages composed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final

import numpy as np

from segmenter.errors import InputError, ModelError, SegmenterError
from segmenter.explanation import Explanation, explain
from segmenter.features import BUNDLE_BLOCKS, BUNDLE_CHARS, bundle_features, page_features
from segmenter.language import page_language
from segmenter.model_package import Model, load_model, shipped_model_path
from segmenter.profiles.file import read_profile
from segmenter.profiles.fingerprints import Fingerprints
from segmenter.profiles.profile import Profile
from segmenter.sequence import decide
from segmenter.splitting import split_document
from segmenter.threads import one_blas_thread
from segmenter.types import (
    DEFAULT_KEEP,
    LABELS,
    Document,
    FloatArray,
    InputKind,
    IntArray,
    Limits,
    ModelId,
    Page,
    Segmentation,
    check_keep,
)

__all__ = ["Segmenter"]

_BUNDLE_DOCUMENTS: Final = 32
_Split = tuple[str | None, str | None, Page]
"""A document's id and URL, and its page."""
_Decision = tuple[IntArray, float, FloatArray]
"""A page's labels, confidence and probabilities."""


class Segmenter:
    """Takes scraped pages apart into labelled blocks.

    The same document and model give the same answer, whatever was segmented before. Instances
    hold no state of a page and may be shared by threads.

    Args:
        model: what is learned.
        limits: on one document.
        profiles: what stands on the pages of some sites (see ``segmenter.profiles``); pages of
            other sites, and pages without a URL, get the same answers as without.

    Raises:
        ModelError: the model can't make use of profiles.
    """

    def __init__(
        self, model: Model, *, limits: Limits | None = None, profiles: Profile | None = None
    ) -> None:
        if profiles is not None and any(c.memory is None for c in model.classifiers.values()):
            raise ModelError(
                f"model {model.id.name} {model.id.version} can't make use of profiles: it has no "
                "site memory; take the shipped model"
            )
        self._model = model
        self._limits = limits or Limits()
        self._profiles = profiles

    @classmethod
    def load(
        cls,
        path: str | Path | None = None,
        *,
        limits: Limits | None = None,
        profiles: str | Path | None = None,
    ) -> Segmenter:
        """Load a model directory, the shipped one by default, and a profile if one is given.

        Raises:
            ModelError: there is no usable model.
            ProfileError: the profile can't be read, or was altered.
        """
        place = shipped_model_path() if path is None else Path(path)
        known = None if profiles is None else read_profile(Path(profiles))
        return cls(load_model(place), limits=limits, profiles=known)

    @property
    def model(self) -> ModelId:
        """The loaded model's name and version, as answers carry them."""
        return self._model.id

    @property
    def limits(self) -> Limits:
        """The bounds on one document."""
        return self._limits

    def segment(
        self,
        text: str | bytes,
        *,
        id: str | None = None,
        url: str | None = None,
        content_type: str | None = None,
        keep: Sequence[str] = DEFAULT_KEEP,
    ) -> Segmentation:
        """Segment raw page text; see ``segment_document`` for the errors raised."""
        document = Document(text=text, id=id, url=url, content_type=content_type)
        return self.segment_document(document, keep=keep)

    def segment_html(
        self,
        html: str | bytes,
        *,
        id: str | None = None,
        url: str | None = None,
        content_type: str | None = None,
        keep: Sequence[str] = DEFAULT_KEEP,
    ) -> Segmentation:
        """Segment an HTML page; see ``segment_document`` for the errors raised."""
        document = Document(html=html, id=id, url=url, content_type=content_type)
        return self.segment_document(document, keep=keep)

    def segment_document(
        self, document: Document, *, keep: Sequence[str] = DEFAULT_KEEP
    ) -> Segmentation:
        """Decode, split, measure, classify and decide.

        Raises:
            InputError: ``keep`` has an unknown label.
            DecodingError: the bytes are not text in the stated character set.
            LimitError: the document is over one of the limits.
        """
        kept = check_keep(keep)
        page = split_document(document, self._limits)
        return self._answers([(document.id, document.url, page)], kept)[0]

    def explain(self, document: Document, block: int, *, label: str | None = None) -> Explanation:
        """What spoke for and against a block's label; see ``segmenter.explanation``.

        Args:
            block: number of the block in the document's segmentation, from 0.
            label: the label to explain; ``None`` is the one that the block is given.

        Raises:
            InputError: the page has no such block, or there is no such label.
            DecodingError: the bytes are not text in the stated character set.
            LimitError: the document is over one of the limits, or has over 20,000 blocks.
        """
        page = split_document(document, self._limits)
        if not len(page):
            raise InputError("the document has no blocks to explain")
        with one_blas_thread():
            return explain(self._model.classifiers[page.input], page_features(page), block, label)

    def segment_documents(
        self, documents: Iterable[Document], *, keep: Sequence[str] = DEFAULT_KEEP
    ) -> Iterator[Segmentation | SegmenterError]:
        """One result for each document, in order; a bad document gives its error.

        Up to 32 documents are read ahead: small pages are measured together.

        Raises:
            InputError: ``keep`` has an unknown label.
        """
        kept = check_keep(keep)
        for bundle in _bundles(self._split(document) for document in documents):
            good = [item for item in bundle if not isinstance(item, SegmenterError)]
            answers = iter(self._answers(good, kept))
            for item in bundle:
                yield item if isinstance(item, SegmenterError) else next(answers)

    def _split(self, document: Document) -> _Split | SegmenterError:
        try:
            return document.id, document.url, split_document(document, self._limits)
        except SegmenterError as error:
            return error

    def _answers(self, split: Sequence[_Split], kept: tuple[str, ...]) -> list[Segmentation]:
        decided: dict[int, _Decision] = {}
        for kind in self._model.classifiers:
            chosen = [
                number
                for number, (_, _, page) in enumerate(split)
                if page.input == kind and len(page)
            ]
            for some in self._together(kind, chosen):
                found = self._decided(kind, [split[number] for number in some])
                decided.update(zip(some, found, strict=True))
        nothing = np.zeros(0, dtype=np.int64), 1.0, np.zeros((0, len(LABELS)), dtype=np.float32)
        answers: list[Segmentation] = []
        for number, (name, url, page) in enumerate(split):
            labels, confidence, probabilities = decided.get(number, nothing)
            declared = page.markup.language if page.markup is not None else ""
            answers.append(
                Segmentation(
                    page=page,
                    labels=labels,
                    probabilities=probabilities,
                    confidence=confidence,
                    language=page_language(_sample(page), declared),
                    model=self._model.id,
                    keep=kept,
                    id=name,
                    url=url,
                )
            )
        return answers

    def _together(self, kind: InputKind, chosen: list[int]) -> list[list[int]]:
        """The pages to be measured together."""
        if self._model.classifiers[kind].correction is not None:
            return [[number] for number in chosen]
        return [chosen] if chosen else []

    def _decided(self, kind: InputKind, split: Sequence[_Split]) -> list[_Decision]:
        """Measure, classify and decide pages of one kind, each with at least one block."""
        features = bundle_features([page for _, _, page in split])
        classifier = self._model.classifiers[kind]
        decided: list[_Decision] = []
        with one_blas_thread():
            whole = classifier.probabilities(features)
            for (_, url, _), (low, high) in zip(split, features.runs(0, len(whole)), strict=True):
                probabilities, words = whole[low:high], features.words.of_blocks(low, high)
                if self._profiles is not None and classifier.memory is not None:
                    blocks = Fingerprints.of(words)
                    seen = self._profiles.seen(url, blocks)
                    probabilities = classifier.memory.applied(probabilities, seen, blocks.words)
                decided.append((*decide(probabilities, words.counts), probabilities))
        return decided


def _bundles(
    split: Iterable[_Split | SegmenterError],
) -> Iterator[list[_Split | SegmenterError]]:
    """Documents that are measured together, in order."""
    bundle: list[_Split | SegmenterError] = []
    blocks = size = 0
    for item in split:
        page = None if isinstance(item, SegmenterError) else item[2]
        more_blocks = 0 if page is None else len(page)
        more_size = 0 if page is None else len(page.text)
        if page is not None and page.markup is not None:
            more_size += len(page.markup.kind)
        if bundle and (
            len(bundle) == _BUNDLE_DOCUMENTS
            or blocks + more_blocks > BUNDLE_BLOCKS
            or size + more_size > BUNDLE_CHARS
        ):
            yield bundle
            bundle, blocks, size = [], 0, 0
        bundle.append(item)
        blocks += more_blocks
        size += more_size
    if bundle:
        yield bundle


def _sample(page: Page) -> str:
    """The longest block: what is most likely written in the page's language."""
    if not len(page):
        return ""
    longest = int((page.ends - page.starts).argmax())
    return page.text[int(page.starts[longest]) : int(page.ends[longest])]
