"""What the rivals reached, kept in a file for as long as pages and rivals are the same."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from segmenter.errors import CorpusError
from segmenter.training.files import opened_for_writing
from segmenter.training.metrics import word_counts, word_f1
from segmenter.training.rivals import Rival
from segmenter.training.scoring import MAIN_TEXT_FORMS, Prediction, gold_body

__all__ = ["RivalScores", "fingerprint", "load_rival_scores", "save_rival_scores"]


@dataclass(slots=True)
class RivalScores:
    """What one rival reached.

    Attributes:
        name, version, title: of the rival.
        body, main_text: word-F1 by form and page id, as ``PageScore`` has them.
        failed: for each form, on how many pages it raised an error or gave nothing; they have 0.
    """

    name: str
    version: str
    title: str
    body: dict[str, dict[str, float]] = field(default_factory=dict)
    main_text: dict[str, dict[str, float]] = field(default_factory=dict)
    failed: dict[str, int] = field(default_factory=dict)

    def run(self, rival: Rival, prediction: Prediction, content: str) -> None:
        """Put one page through the rival and score what it gives."""
        page, form = prediction.labelled, prediction.form
        try:
            text = rival.extract(content, page.language)
        except Exception:  # what a tool raises on a bad page is its own affair
            text = None
        if text is None:
            self.failed[form] = self.failed.get(form, 0) + 1
        found = word_counts(text or "")
        gold = gold_body(page, form)
        if gold is not None:
            self.body.setdefault(form, {})[page.id] = word_f1(found, gold)
        if page.main_text and form in MAIN_TEXT_FORMS:
            main = word_counts(page.main_text)
            self.main_text.setdefault(form, {})[page.id] = word_f1(found, main)

    def add(self, other: RivalScores) -> None:
        """Take in what the same rival reached on other pages."""
        for mine, theirs in ((self.body, other.body), (self.main_text, other.main_text)):
            for form, f1 in theirs.items():
                mine.setdefault(form, {}).update(f1)
        for form, count in other.failed.items():
            self.failed[form] = self.failed.get(form, 0) + count


def fingerprint(predictions: Iterable[Prediction], rivals: Iterable[Rival]) -> str:
    """Changes with the pages, with what is scored of them, and with the rivals' versions."""
    digest = hashlib.blake2b(digest_size=16)
    for p in predictions:
        page = p.labelled
        gold = page.gold or ()
        for part in (page.id, p.form, page.page.text, page.main_text or "", *map(repr, gold)):
            digest.update(part.encode("utf-8", "surrogatepass") + b"\0")
    for rival in rivals:
        digest.update(f"{rival.name} {rival.version} {rival.title}\0".encode())
    return digest.hexdigest()


def save_rival_scores(path: Path, scores: Sequence[RivalScores], of: str) -> None:
    """Write scores, with the fingerprint of what they are of."""
    rows = [asdict(score) for score in scores]
    with opened_for_writing(path) as stream:
        stream.write(json.dumps({"of": of, "rivals": rows}) + "\n")


def load_rival_scores(path: Path, of: str) -> list[RivalScores] | None:
    """The scores of a file; ``None`` where there is none, or it is of other pages or rivals.

    Raises:
        CorpusError: the file is of another kind.
    """
    if not path.exists():
        return None
    try:
        row: dict[str, Any] = json.loads(path.read_text("utf-8"))
        if row["of"] != of:
            return None
        return [RivalScores(**rival) for rival in row["rivals"]]
    except (ValueError, KeyError, TypeError) as error:
        raise CorpusError(f"{path} holds no scores of rivals ({error!r})") from error
