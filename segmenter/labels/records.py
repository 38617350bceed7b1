"""The record of a labelled page, and reading one from JSON values."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from segmenter.types import LABELS, Document, InputKind, ModelId

__all__ = ["MEMBERS", "LabelRecord", "RecordBlock", "Report", "parse_record"]

Report = Callable[[int | None, str], None]
"""Is told of a fault: the number of the block it is in, or ``None``, and what is wrong."""

_BLOCK_MEMBERS: Final = ("label", "text", "start", "end")
# A segmentation's block carries these as well; a corrected answer is a record as it stands.
_IGNORED: Final = frozenset({"probability", "probabilities", "path"})
MEMBERS: Final = ("id", "url", "text", "html", "blocks", "annotator", "source", "model")
_CORPUS_MEMBERS: Final = frozenset({"lang", "language", "page_type"})
_NAME_LENGTH: Final = 500
_URL_LENGTH: Final = 4_000


@dataclass(frozen=True, slots=True)
class RecordBlock:
    """One labelled block of a record.

    Attributes:
        label: one of ``LABELS``.
        text: the block's text; ``None`` where only its place is given.
        start, end: code point offsets into the page's text; both are ``None`` where only the text
            is given.
    """

    label: str
    text: str | None = None
    start: int | None = None
    end: int | None = None

    def to_dict(self) -> dict[str, Any]:
        """As it stands in a file."""
        values = {"start": self.start, "end": self.end, "label": self.label, "text": self.text}
        return {name: value for name, value in values.items() if value is not None}


@dataclass(frozen=True, slots=True)
class LabelRecord:
    """A page and what is known of its blocks' labels.

    Attributes:
        id: names the page among the user's pages.
        input: what ``content`` is.
        content: the raw text or the HTML, decoded.
        url: the page's address; pages of one registered domain are one site.
        blocks: in reading order; places for all of them or for none. Blocks of the page that are
            not here have an unknown label. A record without blocks is a page still to label.
        annotator: who labelled it.
        source: where the labels come from (a tool, a file).
        model: whose labels the annotator was shown.
    """

    id: str
    input: InputKind
    content: str
    url: str | None = None
    blocks: tuple[RecordBlock, ...] = ()
    annotator: str | None = None
    source: str | None = None
    model: ModelId | None = None

    @property
    def placed(self) -> bool:
        """Whether the blocks have places (``start`` and ``end``)."""
        return bool(self.blocks) and self.blocks[0].start is not None

    def document(self) -> Document:
        """The page without its labels."""
        content = {self.input: self.content}
        return Document(**content, url=self.url, id=self.id)

    def to_dict(self) -> dict[str, Any]:
        """The JSON form, as ``parse_record`` takes it."""
        model = self.model and {"name": self.model.name, "version": self.model.version}
        values = {
            "id": self.id,
            "url": self.url,
            self.input: self.content,
            "annotator": self.annotator,
            "source": self.source,
            "model": model,
        }
        result: dict[str, Any] = {k: v for k, v in values.items() if v is not None}
        result["blocks"] = [block.to_dict() for block in self.blocks]
        return result


def parse_record(value: object, report: Report) -> LabelRecord | None:
    """A record from a JSON value; ``None`` where something was reported.

    Members that corpora have beside these (``lang``, ``page_type``) are ignored.
    """
    if not isinstance(value, dict):
        report(None, f"a page is a JSON object, not {kind_of(value)}")
        return None
    check = _Checked(value, report)
    check.names((*MEMBERS, *_CORPUS_MEMBERS), MEMBERS)
    identity = check.name("id", _NAME_LENGTH)
    if value.get("id") is None:
        check.fault(None, "'id' is missing: each page has one of its own")
    url, annotator = check.name("url", _URL_LENGTH), check.name("annotator", _NAME_LENGTH)
    source, model = check.name("source", _NAME_LENGTH), check.model()
    content = check.content()
    blocks = check.blocks()
    if check.failed or identity is None or content is None:
        return None
    return LabelRecord(identity, *content, url, blocks, annotator, source, model)


class _Checked:
    """Takes the members of one record apart and reports all that is wrong with them."""

    def __init__(self, value: Mapping[str, Any], report: Report) -> None:
        self._value = value
        self._report = report
        self.failed = False

    def fault(self, block: int | None, detail: str) -> None:
        self.failed = True
        self._report(block, detail)

    def names(self, known: tuple[str, ...], shown: tuple[str, ...]) -> None:
        for name in self._value:
            if name not in known:
                self.fault(None, f"unknown member {name[:80]!r}; accepted are {', '.join(shown)}")

    def name(self, member: str, longest: int) -> str | None:
        value = self._value.get(member)
        if value is None:
            return None
        if not isinstance(value, str):
            self.fault(None, f"'{member}' is a string, not {kind_of(value)}")
        elif not value.isprintable() or not value.strip():
            self.fault(None, f"'{member}' is empty or has characters that can't be printed")
        elif len(value) > longest:
            self.fault(None, f"'{member}' has {len(value):,} characters where {longest:,} are most")
        else:
            return value
        return None

    def content(self) -> tuple[InputKind, str] | None:
        kinds: tuple[InputKind, ...] = ("text", "html")
        given = [kind for kind in kinds if self._value.get(kind) is not None]
        if len(given) != 1:
            self.fault(None, "exactly one of 'text' and 'html' is given")
            return None
        content = self._value[given[0]]
        if not isinstance(content, str):
            self.fault(None, f"'{given[0]}' is a string, not {kind_of(content)}")
            return None
        try:
            content.encode("utf-8")
        except UnicodeEncodeError as error:
            self.fault(None, f"'{given[0]}' has half a surrogate pair at {error.start:,}")
            return None
        return given[0], content

    def model(self) -> ModelId | None:
        value = self._value.get("model")
        if value is None:
            return None
        match value:
            case {"name": str(name), "version": str(version), **rest} if not rest:
                if f"{name}{version}".isprintable() and len(name + version) <= _NAME_LENGTH:
                    return ModelId(name, version)
        self.fault(None, "'model' is an object with the strings 'name' and 'version'")
        return None

    def blocks(self) -> tuple[RecordBlock, ...]:
        value = self._value.get("blocks")
        if value is None:
            return ()
        if not isinstance(value, list):
            self.fault(None, f"'blocks' is a list, not {kind_of(value)}")
            return ()
        found = [self._block(number, item) for number, item in enumerate(value, start=1)]
        blocks = tuple(block for block in found if block is not None)
        if len({block.start is None for block in blocks}) > 1:
            self.fault(None, "either all blocks have 'start' and 'end' or none has")
        return blocks

    def _block(self, number: int, item: object) -> RecordBlock | None:
        if not isinstance(item, dict):
            self.fault(number, f"a block is a JSON object, not {kind_of(item)}")
            return None
        problems = list(_block_problems(item))
        for problem in problems:
            self.fault(number, problem)
        if problems:
            return None
        return RecordBlock(item["label"], item.get("text"), item.get("start"), item.get("end"))


def _block_problems(item: Mapping[str, Any]) -> list[str]:
    problems = [
        f"unknown member {name[:80]!r}; accepted are {', '.join(_BLOCK_MEMBERS)}"
        for name in item
        if name not in _BLOCK_MEMBERS and name not in _IGNORED
    ]
    label, text = item.get("label"), item.get("text")
    if not isinstance(label, str) or label not in LABELS:
        shown = repr(label[:80]) if isinstance(label, str) else kind_of(label)
        problems.append(f"'label' is {shown}; accepted are {', '.join(LABELS)}")
    if text is not None and not isinstance(text, str):
        problems.append(f"'text' is a string, not {kind_of(text)}")
    places = [item.get(name) for name in ("start", "end")]
    if places == [None, None]:
        if text is None:
            problems.append("neither 'text' nor 'start' and 'end' is given")
    elif not all(isinstance(place, int) and not isinstance(place, bool) for place in places):
        problems.append("'start' and 'end' are both whole numbers")
    return problems


def kind_of(value: object) -> str:
    """What a JSON value is, in words; never its content."""
    kinds = {bool: "a boolean", int: "a number", float: "a number", str: "a string", list: "a list"}
    return "null" if value is None else kinds.get(type(value), "an object")
