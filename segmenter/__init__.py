"""Take scraped pages apart: raw text or HTML in, labelled blocks out."""

from segmenter.errors import (
    CorpusError,
    DecodingError,
    InputError,
    LimitError,
    ModelError,
    SegmenterError,
)
from segmenter.segmenter import Segmenter
from segmenter.types import LABELS, Block, Document, Limits, ModelId, Page, Segmentation

__version__ = "0.6.0"

__all__ = [
    "LABELS",
    "Block",
    "CorpusError",
    "DecodingError",
    "Document",
    "InputError",
    "LimitError",
    "Limits",
    "ModelError",
    "ModelId",
    "Page",
    "Segmentation",
    "Segmenter",
    "SegmenterError",
    "__version__",
]
