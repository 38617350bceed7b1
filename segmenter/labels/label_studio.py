"""Label Studio: its JSON export to records, records to tasks that it imports.

Formats by its documentation: "Label Studio JSON format of annotated tasks" and "Import
pre-annotated data". Offsets are code points; versions before 1.4 counted UTF-16 units, which is
told apart by the text that a result carries.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import Any, Final
from xml.sax.saxutils import quoteattr

from segmenter.errors import LabelError, LabelFault
from segmenter.labels.files import checked_records
from segmenter.labels.pages import split
from segmenter.labels.records import LabelRecord, RecordBlock
from segmenter.types import LABELS, Segmentation

__all__ = ["labelling_config", "records_from_export", "task"]

_FROM, _TO = "label", "page"
_COLOURS: Final = (
    "#1f77b4", "#aec7e8", "#9467bd", "#2ca02c", "#8c564b", "#17becf", "#ff7f0e", "#e377c2",
    "#7f7f7f",
)  # fmt: skip


def labelling_config() -> str:
    """The labelling interface to set up the project with, XML."""
    labels = "\n".join(
        f"    <Label value={quoteattr(label)} background={quoteattr(colour)}/>"
        for label, colour in zip(LABELS, _COLOURS, strict=True)
    )
    return (
        f'<View>\n  <Labels name="{_FROM}" toName="{_TO}">\n{labels}\n  </Labels>\n'
        f'  <Text name="{_TO}" value="$text" granularity="word"/>\n</View>\n'
    )


def task(record: LabelRecord, segmentation: Segmentation | None = None) -> dict[str, Any]:
    """A task for import: a record's own labels as annotation, else a model's as prediction.

    Args:
        record: the page; HTML goes along, what is labelled is its plain text.
        segmentation: of the same page, for a record without labels.

    Raises:
        LimitError: the page is over the limits of labelled pages.
    """
    text = split(record).text
    data: dict[str, Any] = {"text": text, "page_id": record.id}
    if record.url is not None:
        data["url"] = record.url
    if record.input == "html":
        data["html"] = record.content
    made: dict[str, Any] = {"data": data}
    if record.placed:
        made["annotations"] = [
            {"result": [_result(n, b, text) for n, b in enumerate(record.blocks)]}
        ]
    elif segmentation is not None:
        model = segmentation.model
        blocks = [RecordBlock(b.label, None, b.start, b.end) for b in segmentation.blocks]
        made["predictions"] = [
            {
                "model_version": f"{model.name} {model.version}",
                "score": segmentation.confidence,
                "result": [_result(n, b, text) for n, b in enumerate(blocks)],
            }
        ]
    return made


def records_from_export(value: object) -> list[LabelRecord]:
    """The records of a JSON export: of each task the latest annotation that was not cancelled.

    Raises:
        LabelError: with everything that is wrong in any task.
    """
    if not isinstance(value, list):
        raise LabelError([LabelFault(1, None, None, "a JSON export is a list of tasks")])
    faults: list[LabelFault] = []
    rows: list[tuple[int, object]] = []
    for number, item in enumerate(value, start=1):
        try:
            row = _row(item)
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            detail = f"not an annotated task ({error!r}); accepted is Label Studio's JSON export"
            faults.append(LabelFault(number, None, None, detail))
            continue
        if row is not None:
            rows.append((number, row))
    try:
        records = checked_records(rows)
    except LabelError as error:
        faults += error.faults
    if faults:
        raise LabelError(sorted(faults, key=lambda fault: fault.row))
    return records


def _result(number: int, block: RecordBlock, text: str) -> dict[str, Any]:
    start, end = block.start, block.end
    return {
        "id": f"block-{number}",
        "from_name": _FROM,
        "to_name": _TO,
        "type": "labels",
        "value": {"start": start, "end": end, "text": text[start:end], "labels": [block.label]},
    }


def _row(item: Mapping[str, Any]) -> dict[str, Any] | None:
    """The JSON form of a record; ``None`` for a task that nobody annotated."""
    data = item["data"]
    done = [a for a in item.get("annotations") or () if not a.get("was_cancelled")]
    if not done:
        return None
    latest = max(done, key=lambda a: str(a.get("updated_at") or a.get("created_at") or ""))
    row: dict[str, Any] = {
        "id": data.get("page_id") or str(item["id"]),
        "source": "label-studio",
        "blocks": _blocks(latest["result"], str(data["text"])),
    }
    who = latest.get("completed_by")
    if who is not None:
        row["annotator"] = str(who.get("email") or who["id"] if isinstance(who, dict) else who)
    if data.get("url"):
        row["url"] = data["url"]
    if data.get("html"):
        row["html"] = data["html"]
    else:
        row["text"] = data["text"]
    return row


def _blocks(results: Sequence[Mapping[str, Any]], text: str) -> list[dict[str, Any]]:
    units = _utf16_places(text)
    blocks = []
    for result in results:
        if result.get("type") != "labels":
            continue
        value = result["value"]
        start, end = int(value["start"]), int(value["end"])
        marked = value.get("text")
        in_units = units is not None and start in units and end in units
        if units is not None and in_units and marked is not None and text[start:end] != marked:
            start, end = units[start], units[end]
        for label in value["labels"]:
            blocks.append({"start": start, "end": end, "label": label})
    return sorted(blocks, key=lambda block: int(block["start"]))


def _utf16_places(text: str) -> dict[int, int] | None:
    """From UTF-16 offsets to code points; ``None`` where they are the same."""
    if not text or max(text) <= "\uffff":
        return None
    widths = accumulate((2 if char > "\uffff" else 1 for char in text), initial=0)
    return {unit: place for place, unit in enumerate(widths)}
