"""Site profiles: the same for any order and parts, bounded, honest about the page itself."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from functools import reduce
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segmenter import Document, Segmenter
from segmenter.errors import ModelError, ProfileError
from segmenter.model_package import Model, load_model, shipped_model_path, write_model
from segmenter.profiles import (
    count_pages,
    merge_profiles,
    profile_bytes,
    profile_of_bytes,
    read_profile,
    write_profile,
)
from segmenter.profiles.address import Address, page_address
from segmenter.profiles.file import profile_digest
from segmenter.profiles.fingerprints import Fingerprints, page_fingerprints
from segmenter.profiles.memory import MEMORY_NAMES, SiteMemory
from segmenter.profiles.sample import PageSample, SampledPage
from segmenter.splitting import split_document
from segmenter.types import LABEL_INDEX, LABELS, Limits

SITE = "https://www.news.example"
MENU = "Start | Weather | Shop"


def page(number: int, text: str | None = None, site: str = SITE) -> Document:
    own = f"The {'very ' * number}old bridge was opened to walkers on Monday, the town said."
    return Document(text=f"{MENU}\n\n{text or own}\n\nAll rights reserved", url=f"{site}/{number}")


def prints_of(document: Document) -> Fingerprints:
    return page_fingerprints(split_document(document, Limits()))


@pytest.fixture(scope="module")
def model() -> Model:
    """The shipped model; blocks on other pages of their site are boilerplate to it."""
    weights = np.zeros((len(MEMORY_NAMES), len(LABELS)), dtype=np.float32)
    weights[MEMORY_NAMES.index("share"), LABEL_INDEX["boilerplate"]] = 30
    shipped = load_model(shipped_model_path())
    classifiers = {
        kind: replace(classifier, memory=SiteMemory(weights))
        for kind, classifier in shipped.classifiers.items()
    }
    return Model(shipped.id, classifiers)


pages_of_sites = st.lists(
    st.tuples(st.integers(0, 6), st.integers(0, 9), st.integers(0, 3)), max_size=40
).map(
    lambda rows: [
        Document(text=f"menu of {site}\n\ntext {'a' * own}", url=f"http://s{site}.example/{number}")
        for site, number, own in rows
    ]
)


@settings(max_examples=60, deadline=None)
@given(pages_of_sites, st.randoms(use_true_random=False), st.integers(1, 30), st.integers(1, 4))
def test_order_and_partition_do_not_matter(
    documents: list[Document],
    rng: random.Random,
    max_pages: int,
    parts: int,
) -> None:
    whole = profile_bytes(count_pages(documents, max_pages=max_pages))
    shuffled = rng.sample(documents, len(documents))
    assert profile_bytes(count_pages(shuffled, max_pages=max_pages)) == whole
    # Overlapping parts: what stands in two of them counts once.
    shares = [shuffled[i::parts] + shuffled[:3] for i in range(parts)]
    made = [count_pages(share, max_pages=max_pages) for share in shares]
    assert profile_bytes(merge_profiles(made)) == whole
    # As a map-reduce sends them about.
    sent = [profile_of_bytes(profile_bytes(part)) for part in made]
    assert profile_bytes(reduce(lambda a, b: merge_profiles([b, a]), sent)) == whole


def test_memory_is_bounded_and_all_sites_give_alike() -> None:
    sample = PageSample(max_pages=100)
    rng = np.random.default_rng(0)
    for number in range(5_000):
        key = int(rng.integers(2**63))
        sample.add(f"s{number % 20}", SampledPage(key, key, b"\1\0\0\0"))
        assert len(sample) <= 125
    kept = {site: len(pages) for site, pages in sample.sites()}
    assert set(kept.values()) == {5}
    assert len(kept) == 20


def test_of_more_sites_than_fit_some_are_kept_whatever_the_order() -> None:
    documents = [page(1, site=f"https://s{number}.example") for number in range(300)]
    one = count_pages(documents, max_pages=40)
    other = count_pages(documents[::-1], max_pages=40)
    assert len(one) == 40
    assert one.site_names == other.site_names


def test_a_page_that_would_not_be_kept_is_not_split() -> None:
    sample = PageSample()
    for key in range(64):
        sample.add("a.example", SampledPage(key, key, b""))
    assert not sample.wants(Address("a.example", 64))
    assert sample.wants(Address("a.example", 63))
    assert sample.wants(Address("b.example", 64))


def test_counts_are_those_of_the_other_pages() -> None:
    profile = count_pages([page(number) for number in range(1, 6)])
    inside = profile.seen(page(3).url, prints_of(page(3)))
    assert inside is not None
    assert (inside.counts.tolist(), inside.pages) == ([4, 0, 4], 4)
    outside = profile.seen(page(9).url, prints_of(page(9)))
    assert outside is not None
    assert (outside.counts.tolist(), outside.pages) == ([5, 0, 5], 5)


def test_a_page_met_before_with_other_content_is_not_another_page() -> None:
    profile = count_pages([page(1, "An early version of the text."), page(2)])
    seen = profile.seen("http://news.example/1#top", prints_of(page(1)))
    assert seen is not None
    assert (seen.counts.tolist(), seen.pages) == ([1, 0, 1], 1)


def test_the_same_content_at_other_addresses_is_one_page() -> None:
    copies = [page(1), replace(page(1), url=f"{SITE}/1?from=feed"), page(2)]
    profile = count_pages(copies)
    own = profile.seen(f"{SITE}/1?from=mail", prints_of(page(1)))
    assert own is not None
    assert (own.counts.tolist(), own.pages) == ([1, 0, 1], 1)
    other = profile.seen(f"{SITE}/3", prints_of(page(3)))
    assert other is not None
    assert (other.counts.tolist(), other.pages) == ([2, 0, 2], 2)


def test_a_page_alone_on_its_site_is_told_nothing() -> None:
    profile = count_pages([page(1)])
    assert profile.seen(page(1).url, prints_of(page(1))) is None
    assert profile.seen(None, prints_of(page(1))) is None
    assert profile.seen("https://other.example/1", prints_of(page(1))) is None


def test_blocks_without_words_are_never_known() -> None:
    documents = [Document(text=f"***\n\nmenu\n\n{'x' * n}", url=f"{SITE}/{n}") for n in (1, 2)]
    seen = count_pages(documents).seen(documents[0].url, prints_of(documents[0]))
    assert seen is not None
    assert seen.counts.tolist() == [0, 1, 0]


@pytest.mark.parametrize(
    ("url", "site"),
    [
        ("https://www.A.example./x?y=1#z", "a.example"),
        ("http://user:secret@a.example:8080/", "a.example"),
        ("https://münchen.example/", "münchen.example"),
        ("a.example/x", None),
        ("file:///etc/passwd", None),
        ("http://[::1", None),
        ("http://" + "a" * 300 + "/", None),
        ("http://a\u2028b.example/", None),
        ("", None),
    ],
)
def test_site_of_a_url(url: str, site: str | None) -> None:
    address = page_address(url)
    assert (None if address is None else address.site) == site


def test_one_page_has_one_key() -> None:
    same = {"http://a.example", "https://www.a.example/#x", "https://A.example:443/"}
    assert len({page_address(url) for url in same}) == 1
    assert page_address("https://a.example/?p=1") != page_address("https://a.example/?p=2")


def test_pages_that_cannot_be_read_are_passed_over() -> None:
    bad = Document(text=b"\xff\xfe\xff", url=f"{SITE}/0", content_type="text/plain; charset=utf-8")
    long = Document(text="x" * 1_000, url=f"{SITE}/7")
    profile = count_pages([page(1), bad, long, page(2)], limits=Limits(document_bytes=500))
    assert profile.sizes()["news.example"] in (2, 3)  # a decoder may read anything
    assert len(profile.pages_of("news.example")) == len(profile)


def test_parts_of_different_bounds_cannot_be_merged() -> None:
    with pytest.raises(ProfileError, match="--max-pages"):
        merge_profiles([count_pages([page(1)]), count_pages([page(1)], max_pages=7)])


def test_a_file_has_hashes_and_no_text(tmp_path: Path) -> None:
    profile = count_pages([page(number) for number in range(80)])
    write_profile(tmp_path / "x.profile", profile)
    data = (tmp_path / "x.profile").read_bytes()
    assert [path.name for path in tmp_path.iterdir()] == ["x.profile"]
    assert b"bridge" not in data
    read = read_profile(tmp_path / "x.profile")
    assert read.sizes() == {"news.example": 64}
    assert profile_bytes(read) == data
    assert profile_bytes(merge_profiles([read, read])) == data
    assert profile_digest(tmp_path / "x.profile").encode() in data


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda data: data[:0], "not a profile"),
        (lambda data: b"PAR1" + data, "not a profile"),
        (lambda data: data[:-1], "SHA-256"),
        (lambda data: data + b"\0", "SHA-256"),
        (lambda data: data[:1500] + bytes([data[1500] ^ 1]) + data[1501:], "SHA-256"),
        (lambda data: data.replace(b'"rank": 64', b'"rank": 63'), "SHA-256"),
        (lambda data: data.replace(b'"version": 1', b'"version": 2'), "version 2"),
    ],
)
def test_a_damaged_file_is_named(change: Any, says: str, tmp_path: Path) -> None:
    path = tmp_path / "x.profile"
    path.write_bytes(change(profile_bytes(count_pages([page(n) for n in range(99)]))))
    with pytest.raises(ProfileError, match=says) as raised:
        read_profile(path)
    assert str(path) in str(raised.value)


def test_without_a_profile_of_the_site_the_answer_is_the_very_same(model: Model) -> None:
    plain = Segmenter(model)
    knowing = Segmenter(model, profiles=count_pages([page(number) for number in range(5)]))
    elsewhere = replace(page(7), url="https://elsewhere.example/7")
    for document in (elsewhere, replace(elsewhere, url=None), Document(text="", url=SITE)):
        with_profile = knowing.segment_document(document).to_dict(probabilities=True)
        assert with_profile == plain.segment_document(document).to_dict(probabilities=True)


def test_a_profile_speaks_for_raw_text_and_html(model: Model) -> None:
    notice = "After two years the old bridge was opened to walkers on Monday, the town said."
    own = "The {}old town had waited for the bridge through two floods, the mayor said."
    stories = [f"{own.format('very ' * number)}\n\n{notice}" for number in range(1, 6)]
    documents = [page(number, story) for number, story in enumerate(stories, start=1)]
    plain, knowing = Segmenter(model), Segmenter(model, profiles=count_pages(documents[1:]))
    html = "".join(f"<p>{part}</p>" for part in str(documents[0].text).split("\n\n"))
    for document in (documents[0], Document(html=html, url=f"{SITE}/9")):
        labels = {b.text: b.label for b in plain.segment_document(document).blocks}
        assert labels[notice] == "body"
        told = {b.text: b for b in knowing.segment_document(document).blocks}
        assert told[notice].label == "boilerplate"
        assert sum(told[notice].probabilities.values()) == pytest.approx(1, abs=1e-3)


def test_the_answer_does_not_depend_on_what_was_segmented_before(model: Model) -> None:
    knowing = Segmenter(model, profiles=count_pages([page(number) for number in range(5)]))
    documents = [page(number) for number in (1, 7, 3)]
    once = [knowing.segment_document(d).to_dict() for d in documents]
    again = [knowing.segment_document(d).to_dict() for d in reversed(documents)]
    assert once == again[::-1]


def test_a_model_without_site_memory_takes_no_profiles(model: Model) -> None:
    bare = {kind: replace(c, memory=None) for kind, c in model.classifiers.items()}
    with pytest.raises(ModelError, match="no site memory"):
        Segmenter(Model(model.id, bare), profiles=count_pages([page(1)]))


def save(model: Model, path: Path) -> None:
    describe = {"created": "2024-01-01", "corpora": {}, "split": "none", "seed": 0, "metrics": {}}
    described = {"name": "m", "version": "1", **describe}
    write_model(path, model.classifiers, described, "# for tests\n")


def test_a_model_directory_keeps_its_memory(model: Model, tmp_path: Path) -> None:
    save(model, tmp_path / "m")
    for kind, classifier in load_model(tmp_path / "m").classifiers.items():
        before = model.classifiers[kind].memory
        assert classifier.memory is not None
        assert before is not None
        assert (classifier.memory.weights == before.weights).all()
    wrong = SiteMemory(np.zeros((2, 9), dtype=np.float32))
    classifiers = {kind: replace(c, memory=wrong) for kind, c in model.classifiers.items()}
    save(Model(model.id, classifiers), tmp_path / "m")
    with pytest.raises(ModelError, match="site memory is of another shape"):
        load_model(tmp_path / "m")


def run(*arguments: str | Path, code: int = 0) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "segmenter.cli", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    return done


def write_rows(path: Path, documents: Sequence[Document]) -> Path:
    rows = [{"id": str(n), "url": d.url, "text": d.text} for n, d in enumerate(documents)]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return path


@pytest.fixture(scope="module")
def crawl(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a crawl, and the same in two parts; one row of it is broken."""
    folder = tmp_path_factory.mktemp("crawl")
    documents = [page(number, site=f"https://s{number % 3}.example") for number in range(150)]
    write_rows(folder / "all.jsonl", documents)
    write_rows(folder / "part-1.jsonl", documents[:70])
    write_rows(folder / "part-2.jsonl", documents[70:])
    with (folder / "all.jsonl").open("a", encoding="utf-8") as file:
        file.write('{"url": "https://s1.example/x"}\n{"text": "no address"}\n')
    return folder


def test_build_merge_and_show(crawl: Path) -> None:
    done = run("profile", "build", crawl / "all.jsonl", "-o", crawl / "all.profile")
    assert "150 pages read; kept: 150 pages of 3 sites" in done.stderr
    assert "errors: InputError 1, NoUrl 1" in done.stderr
    run("profile", "build", crawl / "all.jsonl", "-o", crawl / "2.profile", "--workers", "2")
    for part in (1, 2):
        source = crawl / f"part-{part}.jsonl"
        run("profile", "build", source, "-o", crawl / f"part-{part}.profile")
    parts = [crawl / "part-2.profile", crawl / "part-1.profile"]
    run("profile", "merge", *parts, "-o", crawl / "merged.profile")
    whole = (crawl / "all.profile").read_bytes()
    assert (crawl / "2.profile").read_bytes() == whole
    assert (crawl / "merged.profile").read_bytes() == whole
    shown = run("profile", "show", crawl / "all.profile").stdout
    assert "150 pages of 3 sites" in shown
    assert "s1.example" in shown
    site = run("profile", "show", crawl / "all.profile", "https://s1.example/any").stdout
    assert "50 pages kept, of about 50" in site
    assert "2  on 50 pages or more" not in site  # shares are of 45 and more, not all
    assert "2  on 46 pages or more" in site


def test_batch_and_segment_use_a_profile(crawl: Path, model: Model) -> None:
    save(model, crawl / "model")
    profile = crawl / "used.profile"
    run("profile", "build", crawl / "part-1.jsonl", "-o", profile)
    options = ("--model", crawl / "model", "--profiles", profile)
    out = crawl / "out.jsonl"
    run("batch", crawl / "part-2.jsonl", "-o", out, *options)
    run("batch", crawl / "part-2.jsonl", "-o", crawl / "two.jsonl", *options, "--workers", "2")
    assert out.read_bytes() == (crawl / "two.jsonl").read_bytes()
    row = json.loads(out.read_text("utf-8").splitlines()[0])
    knowing = Segmenter.load(crawl / "model", profiles=profile)
    document = page(70, site="https://s1.example")
    assert row == knowing.segment_document(replace(document, id="0")).to_dict()
    single = crawl / "page.txt"
    single.write_text(str(document.text), "utf-8")
    url = ("--url", str(document.url), "--id", "0", "--output", "json")
    assert json.loads(run("segment", single, *options, *url).stdout) == row
    assert "--url" in run("segment", single, *options, code=2).stderr


def test_what_is_wrong_is_said_in_one_line(crawl: Path) -> None:
    bad = crawl / "bad.profile"
    bad.write_bytes(b"{}")
    said = run("profile", "show", bad, code=1).stderr
    assert said.startswith(f"Error: {bad} is not a profile")
    no_url = crawl / "no-url.jsonl"
    no_url.write_text('{"text": "a"}\n', "utf-8")
    said = run("profile", "build", no_url, "-o", crawl / "none.profile", code=1).stderr
    assert "none of 1 pages could be counted (without a URL: 1)" in said
    assert not (crawl / "none.profile").exists()
    said = run("profile", "build", crawl / "all.jsonl", "-o", bad, code=2).stderr
    assert "--overwrite" in said
