"""Retraining from labels to a version: the gate, the command line, wrong labels."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from retraining import ROOT, macro_f1, measured, records

from segmenter import Segmenter
from segmenter.errors import InputError
from segmenter.features.vocabulary import Tokens
from segmenter.labels.files import write_records
from segmenter.labels.records import LabelRecord
from segmenter.model_package import load_model
from segmenter.registry.versions import Registry
from segmenter.training.gate import Comparison, Scores, Thresholds, compare, judge
from segmenter.training.replay import TokenPage
from segmenter.training.retrain import retrain
from segmenter.types import LABELS, FloatArray


def page(labels: Sequence[int], words: int = 10) -> TokenPage:
    none = Tokens(np.zeros(0, dtype=np.int32), np.zeros(0, dtype=np.int32), len(labels))
    count = len(labels)
    return TokenPage(
        "s", none, None, np.zeros((count, 1)), np.zeros((count, 9)),
        1 << np.array(labels), np.ones(count), np.full(count, words),
    )  # fmt: skip


def sure_of(labels: Sequence[int]) -> FloatArray:
    return np.eye(9)[list(labels)] * 0.92 + 0.01


def scores(difference: float, low: float | None = None, high: float | None = None) -> Scores:
    return Scores(
        0.5, 0.5 + difference, difference,
        difference if low is None else low, difference if high is None else high,
    )  # fmt: skip


def comparison(figures: Scores, pages: int = 5) -> Comparison:
    return Comparison(pages, 50, figures, {}, {})


def test_compare_counts_words_and_only_labels_that_occur() -> None:
    pages = [page([3, 3, 7, 8]), page([3, 7])]
    right = [sure_of([3, 3, 7, 8]), sure_of([3, 7])]
    wrong = [sure_of([3, 3, 3, 8]), sure_of([3, 7])]
    found = compare(pages, wrong, right)
    assert set(found.labels) == {"body", "teaser", "boilerplate"}
    assert found.labels["teaser"].active == pytest.approx(2 / 3)
    assert found.labels["body"].active == pytest.approx(6 / 7)
    assert found.macro_f1.candidate == 1
    assert (found.pages, found.blocks) == (2, 6)
    assert found.macro_f1.low <= found.macro_f1.difference <= found.macro_f1.high


def test_compare_leaves_out_blocks_whose_label_is_unknown() -> None:
    known = page([3, 7])
    unknown = replace(known, allowed=np.array([1 << 3, (1 << len(LABELS)) - 1]))
    found = compare([unknown], [sure_of([3, 3])], [sure_of([3, 7])])
    assert found.blocks == 1
    assert found.macro_f1.difference == 0


@pytest.mark.parametrize(
    ("gain", "loss", "pages", "passed", "words"),
    [
        (scores(0.1), 0.0, 5, True, "better on your pages"),
        (scores(0.1), 0.005, 5, True, "lose 0.0050"),
        (scores(0.1), 0.0051, 5, False, "lose 0.0051 macro F1, over the 0.005"),
        (scores(0.1, low=0.0), 0.0, 5, False, "not surely better"),
        (scores(-0.1), 0.0, 5, False, "not surely better"),
        (scores(0.1), 0.0, 2, False, "2 pages are too few"),
        (scores(0.1), -0.1, 3, True, "lose 0.0000"),
    ],
)
def test_the_gate_says_why(gain: Scores, loss: float, pages: int, passed: bool, words: str) -> None:
    verdict = judge(comparison(gain, pages), None, comparison(scores(-loss)), Thresholds())
    assert verdict.passed is passed
    assert words in verdict.reason


def test_the_gate_stops_what_is_surely_worse_on_new_sites() -> None:
    good, base = comparison(scores(0.2)), comparison(scores(0.0))
    worse = comparison(scores(-0.1, low=-0.2, high=-0.05))
    unsure = comparison(scores(-0.1, low=-0.3, high=0.1))
    assert not judge(good, worse, base, Thresholds()).passed
    assert judge(good, unsure, base, Thresholds()).passed


@pytest.fixture
def registry(tmp_path: Path, base: Path) -> Registry:
    return Registry(tmp_path / "models", base)


def test_ten_pages_of_a_site_make_a_better_version(registry: Registry) -> None:
    steps: list[tuple[str, float]] = []
    outcome = retrain(
        records(), registry, thresholds=Thresholds(base_loss=0.05),
        report=lambda step, done: steps.append((step, done)),
    )  # fmt: skip
    assert outcome.promoted
    assert registry.active().version == outcome.version
    told = outcome.kinds["html"]
    assert told.by_page is not None
    assert told.by_page.macro_f1.difference > 0.1
    assert told.by_site is None
    assert "one site only, so split by page" in told.compared
    done = [share for _, share in steps]
    assert done == sorted(done)
    assert done[-1] == 1
    before, after = Segmenter(load_model(registry.base)), Segmenter(registry.load(outcome.version))
    document = records(count=1, first=30)[0].document()
    assert after.segment_document(document).model.version == outcome.version
    assert not np.array_equal(
        before.segment_document(document).labels, after.segment_document(document).labels
    )


def test_sites_are_told_apart_where_there_are_several(registry: Registry) -> None:
    outcome = retrain(records(count=4) + records(5, 4), registry, promote="never")
    told = outcome.kinds["html"]
    assert told.sites == 2
    assert told.by_site is not None
    assert not outcome.promoted
    assert outcome.reason.startswith("not asked to promote")


def test_the_same_labels_give_the_same_version(registry: Registry) -> None:
    first = retrain(records(count=3), registry, promote="never")
    second = retrain(records(count=3), registry, promote="never")
    files = [registry.path(o.version) / "html.npz" for o in (first, second)]
    assert files[0].read_bytes() == files[1].read_bytes()


def test_raw_text_adapts_the_classifier_of_raw_text(registry: Registry) -> None:
    made = []
    for record in records(count=4):
        blocks = [b for b in record.blocks if b.text]
        text = "\n\n".join(b.text or "" for b in blocks)
        made.append(replace(record, input="text", content=text))
    outcome = retrain(made, registry, promote="always")
    assert set(outcome.kinds) == {"text"}
    model = registry.load(outcome.version)
    assert model.classifiers["text"].correction is not None
    assert model.classifiers["html"].correction is None


def test_pages_that_the_active_model_saw_are_told(registry: Registry) -> None:
    retrain(records(count=3), registry, promote="always")
    again = retrain(records(count=3), registry, promote="never")
    assert "was fitted to some of the pages" in again.kinds["html"].compared
    more = retrain(records(count=7), registry, promote="never")
    assert "on the 4 pages that the active model was not" in more.kinds["html"].compared


def test_nothing_to_train_on(registry: Registry) -> None:
    bare = [replace(record, blocks=()) for record in records(count=2)]
    with pytest.raises(InputError, match="no page has a block with a known label"):
        retrain(bare, registry)
    assert not (registry.base.parent / "models").exists()


def test_one_page_stays_a_candidate(registry: Registry) -> None:
    outcome = retrain(records(count=1), registry)
    assert not outcome.promoted
    assert "0 pages are too few" in outcome.reason


def flipped(record: LabelRecord, chance: random.Random) -> LabelRecord:
    def wrong(label: str) -> str:
        return chance.choice([other for other in LABELS if other != label])

    blocks = (replace(b, label=wrong(b.label)) if chance.random() < 0.1 else b
              for b in record.blocks)  # fmt: skip
    return replace(record, blocks=tuple(blocks))


@pytest.mark.slow
def test_wrong_labels_never_promote_what_is_worse(tmp_path: Path, base: Path) -> None:
    """One label in ten is wrong; what the gate lets through is better on clean pages."""
    classifier = load_model(base).classifiers["html"]
    promoted = 0
    for seed in range(20):
        registry = Registry(tmp_path / str(seed), base)
        chance = random.Random(seed)
        site = seed % 10
        noisy = [flipped(record, chance) for record in records(site, 4)]
        outcome = retrain(noisy, registry, thresholds=Thresholds(base_loss=0.05), seed=seed)
        if not outcome.promoted:
            continue
        promoted += 1
        correction = registry.load(outcome.version).classifiers["html"].correction
        assert correction is not None
        clean = measured(records(site, 8, first=20), classifier)
        after = [
            correction.applied_to_tokens(p.log_p, p.text, p.structure, p.inputs)
            for p in clean
            if p.inputs is not None
        ]
        assert macro_f1(clean, after) > macro_f1(clean, [np.exp(p.log_p) for p in clean])
    assert promoted >= 10


def command(*arguments: object, **variables: str) -> subprocess.CompletedProcess[str]:
    inherited = {k: v for k, v in os.environ.items() if not k.startswith("SEGMENTER_")}
    return subprocess.run(
        [sys.executable, "-m", "segmenter.cli", *map(str, arguments)],
        check=False, cwd=ROOT, env={**inherited, **variables}, capture_output=True, text=True,
    )  # fmt: skip


def test_the_command_line_from_labels_to_rollback(tmp_path: Path, base: Path) -> None:
    labels, data = tmp_path / "labels.jsonl", tmp_path / "data"
    write_records(labels, records(count=4))
    place = {"SEGMENTER_DATA": str(data), "SEGMENTER_MODEL": str(base)}
    trained = command("train", "--labels", labels, "--base-loss", "0.05", **place)
    assert trained.returncode == 0, trained.stderr
    assert "is active now" in trained.stdout
    rows = json.loads(command("models", "list", "--json", **place).stdout)
    origin, made = (row["version"] for row in rows)
    assert rows[1]["states"] == ["active"]
    compared = command("models", "compare", made, **place).stdout
    assert "your pages, each predicted without itself: 4" in compared
    assert "macro F1" in compared
    assert command("models", "verify", made, **place).returncode == 0
    assert f"{origin} is active" in command("models", "rollback", **place).stdout
    assert "before it" in command("models", "promote", made, **place).stdout
    assert command("models", "prune", "--keep", "0", **place).stdout == "nothing to remove\n"
    refused = command("models", "promote", "none", **place)
    assert refused.returncode == 1
    assert origin in refused.stderr


def test_the_command_line_names_every_fault(tmp_path: Path) -> None:
    labels = tmp_path / "labels.jsonl"
    labels.write_text('{"id": "a", "text": "b", "blocks": [{"label": "x", "text": "b"}]}\n{\n')
    checked = command("labels", "check", labels)
    assert checked.returncode == 1
    assert "row 1, page 'a', block 1" in checked.stderr
    assert "row 2" in checked.stderr


def test_pages_go_to_label_studio_and_come_back(tmp_path: Path) -> None:
    pool, tasks, export = (tmp_path / name for name in ("pool.jsonl", "tasks.json", "export.json"))
    bare = [replace(record, blocks=()) for record in records(count=2)]
    write_records(pool, bare)
    made = command("labels", "export", pool, "--format", "label-studio", "-o", tasks,
                   "--config", tmp_path / "label.xml")  # fmt: skip
    assert made.returncode == 0, made.stderr
    rows = json.loads(tasks.read_text("utf-8"))
    for number, row in enumerate(rows):
        row |= {"id": number, "annotations": row.pop("predictions")}
    export.write_text(json.dumps(rows), "utf-8")
    back = command("labels", "import", export, "--format", "label-studio", "-o", pool)
    assert back.returncode == 0, back.stderr
    checked = command("labels", "check", pool)
    assert "2 pages, 2 with labels" in checked.stdout


def test_suggestions_are_not_many_of_one_template(tmp_path: Path) -> None:
    pool = tmp_path / "pool.jsonl"
    (page,) = records(3, 1)
    copies = [replace(page, id=f"{page.id}-{number}") for number in range(20)]
    write_records(pool, [replace(r, blocks=()) for r in copies + records(4, 1) + records(5, 1)])
    found = command("labels", "suggest", pool, "--count", "3", "-o", tmp_path / "to-label.jsonl")
    assert found.returncode == 0, found.stderr
    sites = {line.split("-")[0] for line in found.stdout.splitlines()}
    assert sites == {"site03", "site04", "site05"}
    rows = [json.loads(line) for line in (tmp_path / "to-label.jsonl").read_text().splitlines()]
    assert all(row["blocks"] and row["model"]["name"] for row in rows)
    assert command("labels", "check", tmp_path / "to-label.jsonl").returncode == 0
