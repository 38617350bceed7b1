"""Figures of an evaluation: against hand-made gold, beside rivals, against the goals."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from labelled_pages import BLOCKS, html_of, labelled, predicted

from segmenter.errors import CorpusError
from segmenter.training.card import kept_learning_curve, write_card
from segmenter.training.compare import compare, page_html
from segmenter.training.dataset import in_form
from segmenter.training.evaluate import evaluate
from segmenter.training.goals import Goal, goals
from segmenter.training.learning import LearningPoint
from segmenter.training.predictions import (
    load_predictions,
    save_predictions,
    with_empty_pages,
)
from segmenter.training.report import html_report, text_report
from segmenter.training.rival_scores import RivalScores
from segmenter.training.rivals import Rival, as_html, html_rivals, line_rivals, text_units
from segmenter.training.scoring import score
from segmenter.types import LABEL_INDEX, LABELS

BODY = LABEL_INDEX["body"]
MAIN = "\n".join(text for text, label in BLOCKS if label == "body")


def silent(_: str) -> None:
    """Progress that nobody reads."""


def test_a_right_prediction_is_at_its_ceiling() -> None:
    result = score(predicted(labelled(main_text=MAIN)))
    assert result.body == result.main_text == result.body_ceiling == result.main_text_ceiling == 1
    assert (result.given == result.known).all()


def test_all_as_body_is_scored_by_words() -> None:
    page = labelled(main_text=MAIN)
    result = score(predicted(page, np.full(len(page.page), BODY)))
    words = [len(text.split()) for text, _ in BLOCKS]
    right = sum(n for n, (_, label) in zip(words, BLOCKS, strict=True) if label == "body")
    assert result.body == result.main_text == pytest.approx(2 * right / (sum(words) + right))
    assert result.body_ceiling == 1


def test_the_ceiling_shows_what_the_blocks_can_not_give() -> None:
    page = labelled(gold=False, main_text=MAIN + " Words that the page does not show.")
    result = score(predicted(page, np.array([8, 8, 8, 3, 3, 8])))
    assert result.main_text == result.main_text_ceiling
    assert result.main_text is not None
    assert result.main_text < 0.9


def test_readers_are_scored_by_the_labels_they_gave() -> None:
    text = MAIN + " A line that readers took for something else."
    page = labelled(main_text=text)
    nothing_right = predicted(page, np.full(len(page.page), LABEL_INDEX["comment"]))
    figures = evaluate([nothing_right])["html"]
    readers = figures["readers"]["wcxb-dev"]
    assert readers["segmenter"]["f1"] == 0
    assert 0.7 < readers["readers"]["f1"] < 1
    found = {goal.what: goal.readers for goal in goals({"html": figures})}
    assert found["body word-F1, wcxb-dev"] == readers["readers"]["f1"]
    assert f"{readers['readers']['f1']:.3f}" in text_report({"html": figures}, with_goals=True)


def test_pages_for_training_alone_are_scored_by_their_main_text_alone() -> None:
    page = labelled(main_text=MAIN, source="chosen")
    result = score(predicted(page))
    assert result.main_text == 1
    assert result.body is None
    assert result.main_text_readers is None
    assert not result.gold
    assert not len(result.known)
    assert evaluate([predicted(page), predicted(labelled("wcxb-2"))])["html"]["pages"] == 1


def test_a_page_without_blocks_counts_as_zero() -> None:
    empty = replace(labelled("wcxb-2", main_text=MAIN, gold=False), page=labelled(blocks=()).page,
                    allowed=np.zeros(0, np.int64), weight=np.zeros(0, np.float32))  # fmt: skip
    full = labelled(main_text=MAIN, gold=False)
    good = predicted(full, np.array([8, 8, 8, 3, 3, 8]))
    figures = evaluate(with_empty_pages([good], [full, empty]))
    mean = figures["html"]["main_text"]["wcxb-dev"]
    assert (mean["f1"], mean["pages"]) == (0.5, 2)


def test_stripped_pages_are_scored_on_the_blocks_that_are_left() -> None:
    page = in_form(labelled(), "stripped", np.random.default_rng(0))
    assert len(page.page) < len(BLOCKS)
    result = score(predicted(page, form="stripped"))
    assert result.body == 1
    assert set(result.gold) == set(result.found)


def test_figures_are_of_gold_pages_where_there_are_any() -> None:
    seed = labelled("seed", source="seeds")
    wrong = predicted(seed, np.full(len(seed.page), LABEL_INDEX["comment"]))
    assert evaluate([wrong])["html"]["pages"] == 1
    group = evaluate([wrong, predicted(labelled())])["html"]
    assert (group["pages"], group["body"]["all"]["f1"]) == (1, 1)


def test_groups_by_language_need_five_pages() -> None:
    pages = [labelled(f"fundus-{n}", language="de" if n < 5 else "fr") for n in range(9)]
    body = evaluate(map(predicted, pages))["html"]["body"]
    assert set(body) == {"all", "news", "type article", "language de"}


def test_goals_are_met_or_not() -> None:
    pages = [labelled(f"wcxb-{n}", main_text=MAIN) for n in range(6)]
    pages += [labelled(f"wcxb-de-{n}", language="de", main_text=MAIN) for n in range(6)]
    wrong = np.full(len(BLOCKS), BODY)
    found = goals(
        evaluate(
            predicted(page, wrong if page.language == "de" and form == "html" else None, form)
            for page in pages
            for form in ("html", "lines")
        )
    )
    by_name = {(goal.what, goal.form): goal for goal in found}
    assert not by_name["body word-F1, wcxb-dev", "html"].met
    assert by_name["body word-F1, wcxb-dev as raw text", "lines"].met
    worst = "body word-F1, worst language with 5 pages or more, behind English by"
    assert not by_name[worst, "html"].met
    assert by_name[worst, "html"].note.startswith("de ")
    assert by_name[worst, "lines"].met
    # Labels that no gold page has can't be found.
    assert by_name["nine labels, F1 of the weakest", "html"].figure == 0


def test_a_goal_at_its_bound_is_met() -> None:
    assert Goal("x", "html", 0.9, 0.9).met
    assert Goal("x", "html", 0.02, 0.02, most=True).met
    assert not Goal("x", "html", 0.02, 0.021, most=True).met


def test_rivals_run_on_the_same_pages() -> None:
    page = labelled(main_text=MAIN)
    predictions = [predicted(page), predicted(page, form="lines")]
    other = labelled("other", gold=False)
    contents = [("wcxb-1", html_of(BLOCKS)), ("other", "<p>x</p>"), ("wcxb-1", "<p>again</p>")]
    scores = compare([*predictions, predicted(other, np.zeros(6, int))], contents, silent)
    by_name = {rival.name: rival for rival in scores}
    everything = by_name["keep everything"]
    assert list(everything.body) == ["lines"]
    figures = evaluate(predictions, scores)
    theirs = figures["lines"]["body"]["all"]["rivals"]
    assert {"trafilatura", "resiliparse", "justext", "readability-lxml", "boilerpy3"} < set(theirs)
    assert theirs["keep everything"]["f1"] == pytest.approx(everything.body["lines"]["wcxb-1"])
    assert set(figures["html"]["main_text"]["wcxb-dev"]["rivals"]) == set(by_name) - {
        rule.name for rule in line_rivals()
    }


def test_a_rival_that_fails_has_zero_and_is_counted() -> None:
    def extract(page: str, _: str | None) -> str | None:
        if "bad" in page:
            raise ValueError("a page it can't cope with")
        return None if "none" in page else page

    rival = Rival("tool", "1", "a tool", extract)
    scores = RivalScores("tool", "1", "a tool")
    for number, content in enumerate(("bad", "none", MAIN)):
        scores.run(rival, predicted(labelled(f"wcxb-{number}")), content)
    assert scores.failed == {"html": 2}
    assert scores.body["html"] == {"wcxb-0": 0, "wcxb-1": 0, "wcxb-2": 1}


def test_scores_of_a_rival_on_other_pages_are_taken_in() -> None:
    scores, more = (
        RivalScores("tool", "1", "a tool", {"html": {page: 0.5}}, {}, {"html": 1})
        for page in ("wcxb-1", "wcxb-2")
    )
    more.main_text = {"lines": {"wcxb-2": 0.25}}
    scores.add(more)
    assert scores.body == {"html": {"wcxb-1": 0.5, "wcxb-2": 0.5}}
    assert scores.main_text == {"lines": {"wcxb-2": 0.25}}
    assert scores.failed == {"html": 2}


def test_scores_of_rivals_are_kept_while_pages_stay_the_same(tmp_path: Path) -> None:
    kept = tmp_path / "rivals.json"
    page = labelled(main_text=MAIN)
    contents = [("wcxb-1", html_of(BLOCKS))]
    first = compare([predicted(page)], contents, silent, kept)
    # Another model's predictions of the same pages, and no HTML to run on.
    assert compare([predicted(page, np.full(6, BODY))], [], silent, kept) == first
    assert not compare([predicted(labelled())], [], silent, kept)[0].body
    kept.write_text("[]", "utf-8")
    with pytest.raises(CorpusError, match="no scores of rivals"):
        compare([predicted(page)], contents, silent, kept)


@pytest.mark.parametrize("rival", html_rivals(), ids=lambda rival: rival.name)
def test_every_tool_finds_an_article(rival: Rival) -> None:
    sentence = (
        "It was said that the weir is to hold all of the water again, and that it will do so."
    )
    paragraph = f"<p>{sentence} {sentence} {sentence}</p>"
    page = f"<html><body><h1>Weir</h1><div>{paragraph * 8}</div></body></html>"
    assert sentence in " ".join((rival.extract(page, "en") or "").split())


def test_rules_for_lines() -> None:
    long = "The weir below the old mill holds water again, as the town council said on Monday."
    kept = {
        rival.name: rival.extract(f"Home\n{long}\nA short line.", None) for rival in line_rivals()
    }
    assert kept == {
        "C4 line rules": long, "80 characters": long,
        "keep everything": f"Home\n{long}\nA short line.",
    }  # fmt: skip


def test_raw_text_goes_to_tools_as_paragraphs() -> None:
    assert text_units("one\ntwo") == ["one", "two"]
    assert text_units("one\ntwo\n\n three\n \nfour") == ["one two", "three", "four"]
    assert "<p>a &lt; b &amp; c</p>" in as_html("a < b & c\n")


def test_html_is_read_by_id(tmp_path: Path) -> None:
    (tmp_path / "seed.html").write_text("<p>1", "utf-8")
    (tmp_path / "some.jsonl").write_text('{"id": "a", "html": "<p>2"}\n', "utf-8")
    (tmp_path / "seed.labels.json").write_text("{}", "utf-8")
    assert list(page_html(sorted(tmp_path.iterdir()))) == [("seed", "<p>1"), ("a", "<p>2")]


def test_predictions_are_kept_without_text(tmp_path: Path) -> None:
    pages = [labelled(f"wcxb-{n}") for n in range(4)]
    made = [predicted(page) for page in pages]
    path = tmp_path / "predictions.npz"
    save_predictions(path, made, 2, 0)
    assert b"weir" not in path.read_bytes()
    with np.load(path, allow_pickle=False) as arrays:
        assert not any("weir" in str(arrays[name].tolist()) for name in arrays)
    found = load_predictions(path, pages, 2, 0)
    assert [p.labelled.id for p in found] == [page.id for page in pages]
    assert all((a.probabilities == b.probabilities).all() for a, b in zip(made, found, strict=True))
    with pytest.raises(CorpusError, match="made with 2 folds and seed 0, not 5 and 0"):
        load_predictions(path, pages, 5, 0)
    changed = [labelled(f"wcxb-{n}", BLOCKS[1:]) for n in range(4)]
    with pytest.raises(CorpusError, match="page wcxb-0 as html is not as it was predicted"):
        load_predictions(path, changed, 2, 0)
    path.write_bytes(b"PK")
    with pytest.raises(CorpusError, match="no predictions that can be read"):
        load_predictions(path, pages, 2, 0)


def test_card_is_written_beside_a_model(tmp_path: Path) -> None:
    pages = [labelled(f"wcxb-{n}", main_text=MAIN) for n in range(5)]
    figures = evaluate(predicted(page, form=form) for page in pages for form in ("html", "lines"))
    points = [LearningPoint("html", sites, 2 * sites, 0.8, None, 0.6, "0.1.0") for sites in (2, 4)]
    describe = {
        "name": "default", "version": "1.0", "created": "2024-01-02", "split": "5 folds by site",
        "seed": 0,
    }  # fmt: skip
    (tmp_path / "text.npz").write_bytes(b"weights")
    assert kept_learning_curve(tmp_path) == []
    write_card(tmp_path, describe, pages, figures, points)
    card = (tmp_path / "README.md").read_text("utf-8")
    for name in ("reliability.png", "risk.png", "confusion.png", "learning.png"):
        assert f"({name})" in card
        assert (tmp_path / name).read_bytes().startswith(b"\x89PNG")
        assert (tmp_path / name).stat().st_size < 200_000
    assert "### Goals" in card
    assert "CC-BY-4.0" in card
    assert (tmp_path / "text.npz").read_bytes() == b"weights"
    assert kept_learning_curve(tmp_path) == points
    kept = json.loads((tmp_path / "evaluation.json").read_text("utf-8"))
    assert kept["figures"] == json.loads(json.dumps(figures))


def test_reports_show_goals_only_for_held_out_sites() -> None:
    figures = evaluate([predicted(labelled(main_text=MAIN))])
    assert "### Goals" not in text_report(figures)
    assert "### Goals" in text_report(figures, with_goals=True)
    page = html_report(figures, with_goals=True)
    assert page.count("<img") == 3
    assert all(label in page for label in LABELS)
