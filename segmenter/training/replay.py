"""The base's training pages as features: what retraining rehearses so that nothing is forgotten.

A page is kept as hashed tokens (18 bits each, sorted, so that no text can be read from them), the
base's log probabilities and the labels. A quarter of the sites is held back: their pages are not
rehearsed but show what a candidate does to the base, and are kept with the base's features in
eight bits. All of it travels beside the model as ``replay.npz``.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final
from zipfile import BadZipFile
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from segmenter.classifier import BlockClassifier
from segmenter.correction import log_probabilities
from segmenter.errors import ModelError
from segmenter.features.vocabulary import Tokens
from segmenter.training.corpora import LabelledPage
from segmenter.training.dataset import TrainingPage, measured_pages
from segmenter.types import FloatArray, InputKind, IntArray

__all__ = [
    "REPLAY_BYTES",
    "TokenPage",
    "build_replay",
    "pack_replay",
    "replay_of",
    "token_page",
    "unpack_replay",
]

REPLAY_BYTES: Final = 15_000_000
_MOST_WORDS: Final = np.iinfo(np.uint16).max
_LOWEST: Final = -20.0
# With 150 pages rehearsed the base loses up to 0.006 macro F1, with 300 up to 0.002, with 600 no
# less (five labelled pages of a template site, bench.adaptation).
_REHEARSED: Final = 300
_HELD_BACK: Final = 150
_HELD_BACK_IN: Final = 4
_STEPS: Final = 127 / 6
"""Eight bits for features that are clipped to ±6."""


@dataclass(frozen=True, slots=True, eq=False)
class TokenPage:
    """A labelled page of n blocks as retraining sees it.

    Attributes:
        site: names the site; pages of one site are never on both sides of a split.
        text: tokens of the text.
        structure: tokens of the markup; ``None`` for raw text.
        inputs: shape (n, features), the base's features, standardised; ``None`` for a page of the
            base that is only rehearsed.
        log_p: shape (n, 9), log probabilities of the base model.
        allowed: shape (n,), bit mask of the labels each block may have.
        weight: shape (n,), weight of each block in the loss.
        words: shape (n,), words in each block.
    """

    site: str
    text: Tokens
    structure: Tokens | None
    inputs: FloatArray | None
    log_p: FloatArray
    allowed: IntArray
    weight: FloatArray
    words: IntArray


def token_page(page: TrainingPage, base: BlockClassifier) -> TokenPage:
    """A measured page with what the base says of it; a correction of the base is left out."""
    features = page.features
    markup = features.structure_tokens
    matrix = base.features(features)
    return TokenPage(
        site=page.labelled.site,
        text=features.text_tokens,
        structure=None if markup is None else markup.tokens(),
        inputs=base.network.standardised(matrix).astype(np.float32),
        log_p=log_probabilities(base.network.probabilities(matrix)),
        allowed=page.allowed,
        weight=page.weight,
        words=features.words.counts,
    )


def build_replay(
    pages: Sequence[TrainingPage], classifier: BlockClassifier, seed: int = 0
) -> list[TokenPage]:
    """Pages labelled block by block, as features, drawn by the seed: 300 to rehearse, 150 of other
    sites to hold back, fewer where there are not so many."""
    exact = [page for page in pages if page.labelled.gold is not None]
    drawn = [exact[index] for index in np.random.default_rng(seed).permutation(len(exact))]
    back = [page for page in drawn if _is_held_back(page)][:_HELD_BACK]
    rest = [page for page in drawn if not _is_held_back(page)][:_REHEARSED]
    return [
        *(replace(token_page(page, classifier), inputs=None) for page in rest),
        *(token_page(page, classifier) for page in back),
    ]


def replay_of(
    pages: Sequence[LabelledPage], classifiers: Mapping[InputKind, BlockClassifier], seed: int
) -> bytes:
    """The replay file of the pages that classifiers were trained on.

    Raises:
        ValueError: it is over ``REPLAY_BYTES``.
    """
    return pack_replay(
        {
            kind: build_replay(list(measured_pages(pages, kind, seed)), classifier, seed)
            for kind, classifier in classifiers.items()
        }
    )


def pack_replay(parts: Mapping[InputKind, Sequence[TokenPage]]) -> bytes:
    """The replay file.

    Raises:
        ValueError: it is over ``REPLAY_BYTES``.
    """
    arrays: dict[str, Any] = {}
    for kind, pages in parts.items():
        arrays |= {f"{kind}.{name}": values for name, values in _arrays(pages).items()}
    file = io.BytesIO()
    np.savez_compressed(file, **arrays)
    packed = file.getvalue()
    if len(packed) > REPLAY_BYTES:
        raise ValueError(f"the replay file takes {len(packed):,} bytes, over {REPLAY_BYTES:,}")
    return packed


def unpack_replay(packed: bytes) -> dict[InputKind, list[TokenPage]]:
    """The parts of a replay file.

    Raises:
        ModelError: it is not a replay file.
    """
    kinds: tuple[InputKind, ...] = ("text", "html")
    try:
        with np.load(io.BytesIO(packed), allow_pickle=False) as file:
            arrays = dict(file)
            return {kind: _pages(arrays, kind) for kind in kinds if f"{kind}.rows" in arrays}
    except (OSError, ValueError, KeyError, IndexError, EOFError, BadZipFile) as error:
        raise ModelError(f"the replay file can't be read: {error}") from error


def _arrays(pages: Sequence[TokenPage]) -> dict[str, Any]:
    def joined(parts: list[Any], dtype: Any) -> Any:
        return (np.concatenate(parts) if parts else np.zeros(0)).astype(dtype)

    # Sorted within each block: smaller once compressed, and no order of words is left.
    arrays = {
        "rows": np.array([len(page.words) for page in pages], dtype=np.int32),
        "site": np.array([crc32(page.site.encode()) for page in pages], dtype=np.uint32),
        "held_back": np.array([page.inputs is not None for page in pages], dtype=bool),
        "inputs": _stacked([page.inputs for page in pages if page.inputs is not None]),
        "log_p": joined([page.log_p.clip(_LOWEST, 0) for page in pages], np.float16),
        "allowed": joined([page.allowed for page in pages], np.uint16),
        "weight": joined([page.weight for page in pages], np.float16),
        "words": joined([np.minimum(page.words, _MOST_WORDS) for page in pages], np.uint16),
    }
    tokens = {"text": [page.text for page in pages]}
    marked = [page.structure for page in pages if page.structure is not None]
    if len(marked) == len(pages):
        tokens["structure"] = marked
    for name, items in tokens.items():
        arrays[f"{name}.index"] = joined([_sorted_index(item) for item in items], np.int32)
        counts = [np.bincount(item.row, minlength=item.rows) for item in items]
        arrays[f"{name}.count"] = joined(counts, np.int32)
    return arrays


def _stacked(inputs: Sequence[FloatArray]) -> NDArray[np.int8]:
    """In eight bits; page by page, since all of them as floats take much memory."""
    steps = [np.clip(np.rint(part * _STEPS), -127, 127).astype(np.int8) for part in inputs]
    return np.concatenate(steps) if steps else np.zeros((0, 0), dtype=np.int8)


def _is_held_back(page: TrainingPage) -> bool:
    return crc32(page.labelled.site.encode()) % _HELD_BACK_IN == 0


def _sorted_index(tokens: Tokens) -> IntArray:
    return tokens.index[np.lexsort((tokens.index, tokens.row))]


def _pages(arrays: Mapping[str, Any], kind: InputKind) -> list[TokenPage]:
    part = {
        name.removeprefix(f"{kind}."): values
        for name, values in arrays.items()
        if name.startswith(f"{kind}.")
    }
    ends = np.cumsum(part["rows"])
    texts = _tokens(part, "text", ends)
    marked = _tokens(part, "structure", ends) if "structure.index" in part else [None] * len(ends)
    result, held = [], 0
    for number, end in enumerate(ends.tolist()):
        rows = int(part["rows"][number])
        own = slice(end - rows, end)
        inputs = None
        if part["held_back"][number]:
            inputs = part["inputs"][held : held + rows].astype(np.float32) / np.float32(_STEPS)
            held += rows
        result.append(
            TokenPage(
                site=f"{part['site'][number]:08x}",
                text=texts[number],
                structure=marked[number],
                inputs=inputs,
                log_p=part["log_p"][own].astype(np.float32),
                allowed=part["allowed"][own].astype(np.int64),
                weight=part["weight"][own].astype(np.float32),
                words=part["words"][own].astype(np.int64),
            )
        )
    return result


def _tokens(part: Mapping[str, Any], name: str, ends: IntArray) -> list[Tokens]:
    edges = np.append(0, np.cumsum(part[f"{name}.count"].astype(np.int64)))
    result, start = [], 0
    for end in ends.tolist():
        counts = part[f"{name}.count"][start:end]
        row = np.repeat(np.arange(end - start, dtype=np.int32), counts)
        index = part[f"{name}.index"][edges[start] : edges[end]]
        result.append(Tokens(index, row, end - start))
        start = end
    return result
