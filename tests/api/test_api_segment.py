"""What ``POST /v1/segment`` answers."""

from __future__ import annotations

import json
from typing import Any

import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from segmenter import LABELS

PAGE = (
    "Bridge over the Wharl reopens after two years\n\n"
    "By Anna Lind\n\n"
    "The bridge was closed in spring because its bearings had rusted through. "
    "Engineers replaced all of them and the town paid half of the cost.\n\n"
    "Read more »\n"
)
HTML = (
    "<!doctype html><html lang=en><head><title>Bridge reopens</title>"
    '<meta name=author content="Anna Lind"></head><body><article><h1>Bridge reopens</h1>'
    "<p>The bridge was closed in spring because its bearings had rusted through.</p>"
    "</article></body></html>"
)


def post_json(client: FlaskClient, **members: Any) -> Any:
    return client.post("/v1/segment", json=members)


def check_blocks(answer: dict[str, Any], text: str) -> None:
    """Blocks stand in order, give their exact place and leave out nothing but white space."""
    end = 0
    for block in answer["blocks"]:
        assert text[end : block["start"]].strip() == ""
        assert block["start"] < block["end"]
        assert text[block["start"] : block["end"]] == block["text"]
        assert block["label"] in LABELS
        assert 0 <= block["probability"] <= 1
        end = block["end"]
    assert text[end:].strip() == ""


def test_plain_text(client: FlaskClient) -> None:
    response = client.post("/v1/segment", data=PAGE.encode(), content_type="text/plain")
    assert response.status_code == 200
    assert response.mimetype == "application/json"
    answer = response.get_json()
    assert answer["input"] == "text"
    assert answer["model"].keys() == {"name", "version"}
    check_blocks(answer, PAGE)
    assert "page_text" not in answer
    assert "metadata" not in answer
    assert all("probabilities" not in block for block in answer["blocks"])


def test_the_stated_character_set_is_used(client: FlaskClient) -> None:
    page = "Żółć na moście\n\nMost został otwarty."
    response = client.post(
        "/v1/segment",
        data=page.encode("iso-8859-2"),
        content_type="text/plain; charset=iso-8859-2",
    )
    check_blocks(response.get_json(), page)


@pytest.mark.parametrize("media_type", ["text/html", "application/xhtml+xml"])
def test_html(client: FlaskClient, media_type: str) -> None:
    response = client.post(
        "/v1/segment?page_text=true", data=HTML.encode(), content_type=media_type
    )
    assert response.status_code == 200
    answer = response.get_json()
    assert answer["input"] == "html"
    check_blocks(answer, answer["page_text"])
    assert all(block["path"].startswith("/html") for block in answer["blocks"])


def test_json_and_plain_bodies_give_the_same_answer(client: FlaskClient) -> None:
    options = "url=https%3A%2F%2Fnews.example%2Fa%3Fb%3Dc&id=p1&keep=body%2Cheadline"
    options += "&probabilities=true&page_text=true&metadata=true"
    plain = client.post(f"/v1/segment?{options}", data=HTML.encode(), content_type="text/html")
    members = post_json(
        client,
        html=HTML,
        url="https://news.example/a?b=c",
        id="p1",
        keep=["body", "headline"],
        probabilities=True,
        page_text=True,
        metadata=True,
    )
    assert plain.status_code == members.status_code == 200
    assert plain.get_json() == members.get_json()
    answer = members.get_json()
    assert answer["id"] == "p1"
    assert answer["url"] == "https://news.example/a?b=c"
    assert answer["metadata"].keys() >= {"title", "author", "date", "sitename"}
    assert answer["metadata"]["author"] == "Anna Lind"
    for block in answer["blocks"]:
        assert block["probabilities"].keys() == set(LABELS)
        assert sum(block["probabilities"].values()) == pytest.approx(1, abs=0.001)


@pytest.mark.parametrize(
    "page", ["", "<svg><p><p>", "<title>\x00", "<meta name=author content=''>"]
)
def test_metadata_of_a_page_that_tells_none(client: FlaskClient, page: str) -> None:
    response = post_json(client, html=page, url="http://[", metadata=True)
    assert response.status_code == 200
    assert response.get_json()["metadata"]["author"] is None


def test_keep_chooses_the_text(client: FlaskClient) -> None:
    everything = post_json(client, text=PAGE, keep=list(LABELS)).get_json()
    nothing = post_json(client, text=PAGE, keep=[]).get_json()
    assert everything["text"].split() == PAGE.split()
    assert nothing["text"] == ""
    assert everything["blocks"] == nothing["blocks"]


def test_null_members_count_as_left_out(client: FlaskClient) -> None:
    plain = post_json(client, text=PAGE)
    nulls = post_json(
        client, text=PAGE, html=None, url=None, id=None, keep=None, probabilities=None
    )
    assert nulls.status_code == 200
    assert nulls.get_json() == plain.get_json()


@pytest.mark.parametrize("page", ["", " \n\t ", "\ufeff", "\x00", "a"])
def test_pages_with_hardly_anything(client: FlaskClient, page: str) -> None:
    response = post_json(client, text=page)
    assert response.status_code == 200
    assert post_json(client, html=page).status_code == 200


def test_a_byte_order_mark_before_json(client: FlaskClient) -> None:
    body = b"\xef\xbb\xbf" + json.dumps({"text": PAGE}).encode()
    response = client.post("/v1/segment", data=body, content_type="application/json")
    assert response.status_code == 200


def test_the_last_of_duplicate_members_counts(client: FlaskClient) -> None:
    body = b'{"text": "first", "text": "second"}'
    response = client.post("/v1/segment", data=body, content_type="application/json")
    assert response.get_json()["blocks"][0]["text"] == "second"


@pytest.mark.parametrize("member", ["text", "html", "id", "url"])
def test_lone_surrogates_come_back_as_valid_json(client: FlaskClient, member: str) -> None:
    content = "" if member in ("text", "html") else '"text": "page", '
    body = f'{{{content}"{member}": "one \\ud800 two"}}'.encode()
    response = client.post("/v1/segment", data=body, content_type="application/json")
    assert response.status_code in (200, 422)
    answer = json.loads(response.data.decode("utf-8"))
    if response.status_code == 200 and member == "text":
        check_blocks(answer, "one \ud800 two")


def test_a_lone_surrogate_in_an_unknown_name(client: FlaskClient) -> None:
    body = b'{"text": "page", "\\udfff": 1}'
    response = client.post("/v1/segment", data=body, content_type="application/json")
    assert response.status_code == 422
    assert json.loads(response.data.decode("utf-8"))["errors"][0]["name"] == "\udfff"


PROPERTY = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@PROPERTY
@given(text=st.text())
def test_any_text_keeps_its_offsets(client: FlaskClient, text: str) -> None:
    response = post_json(client, text=text)
    assert response.status_code == 200
    check_blocks(response.get_json(), text)


@PROPERTY
@given(
    body=st.binary(min_size=1) | st.text().map(lambda text: text.encode("utf-16")),
    media_type=st.sampled_from(
        [
            "text/plain",
            "text/plain; charset=utf-8",
            "text/plain; charset=utf-16",
            "text/html",
            "text/html; charset=latin-1",
            "application/json",
        ]
    ),
)
def test_any_bytes_give_blocks_or_a_problem(
    client: FlaskClient, body: bytes, media_type: str
) -> None:
    response = client.post("/v1/segment?page_text=true", data=body, content_type=media_type)
    if response.status_code == 200:
        answer = response.get_json()
        check_blocks(answer, answer["page_text"])
    else:
        assert response.status_code in (400, 422)
        assert response.mimetype == "application/problem+json"


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
MEMBERS = st.sampled_from(
    ["text", "html", "url", "id", "keep", "probabilities", "page_text", "metadata", "other"]
)


@PROPERTY
@given(value=st.dictionaries(MEMBERS, JSON_VALUES, max_size=5) | JSON_VALUES)
def test_any_json_gives_blocks_or_a_problem(client: FlaskClient, value: Any) -> None:
    response = client.post("/v1/segment", data=json.dumps(value), content_type="application/json")
    if response.status_code == 200:
        assert isinstance(response.get_json()["blocks"], list)
    else:
        assert response.status_code == 422
        assert response.get_json()["errors" if isinstance(value, dict) else "detail"]
