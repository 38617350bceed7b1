"""Compressed bodies, and what they may unpack to."""

from __future__ import annotations

import gzip
import io
import time
import zlib

import pytest
import zstandard
from flask.testing import FlaskClient
from live_server import LIMIT, Server
from werkzeug.test import TestResponse

from api import create_app
from api.settings import Settings

PAGE = "The bridge is open again\n\nBy Ann Example\n\nAfter two years the bridge was opened.\n"
BOMB_BYTES = 2_000_000_000


def post(client: FlaskClient, body: bytes, coding: str) -> TestResponse:
    return client.post(
        "/v1/segment",
        data=body,
        content_type="text/plain",
        headers={"Content-Encoding": coding},
    )


def packed(coding: str, data: bytes) -> bytes:
    return gzip.compress(data) if coding.endswith("gzip") else zstandard.compress(data)


def gzip_bomb(size: int) -> bytes:
    """So many zero bytes, one part in a thousand long."""
    packer = zlib.compressobj(9, wbits=31)
    zeros = bytes(1 << 20)
    parts = [packer.compress(zeros) for _ in range(size >> 20)]
    return b"".join((*parts, packer.flush()))


def zstd_bomb(size: int) -> bytes:
    """So many zero bytes, one part in ten thousand long."""
    out = io.BytesIO()
    with zstandard.ZstdCompressor().stream_writer(out, closefd=False) as packer:
        for _ in range(size >> 20):
            packer.write(bytes(1 << 20))
    return out.getvalue()


@pytest.mark.parametrize("coding", ["gzip", "x-gzip", "GZIP", "zstd"])
def test_a_compressed_body_gives_the_same_answer(client: FlaskClient, coding: str) -> None:
    plain = client.post("/v1/segment", data=PAGE.encode(), content_type="text/plain")
    response = post(client, packed(coding.lower(), PAGE.encode()), coding)
    assert response.status_code == 200
    assert response.data == plain.data


def test_gzip_in_members(client: FlaskClient) -> None:
    """RFC 1952: a file is a series of members."""
    whole = post(client, gzip.compress(PAGE.encode()), "gzip")
    parts = gzip.compress(PAGE[:30].encode()) + gzip.compress(PAGE[30:].encode())
    assert post(client, parts, "gzip").data == whole.data


@pytest.mark.parametrize(
    ("body", "coding"),
    [
        (PAGE.encode(), "gzip"),
        (gzip.compress(PAGE.encode())[:-9], "gzip"),
        (gzip.compress(PAGE.encode()) + b"more", "gzip"),
        (gzip.compress(PAGE.encode()), "zstd"),
        (zstandard.compress(PAGE.encode())[:-3], "zstd"),
    ],
    ids=["plain", "cut", "rest", "other", "cut-zstd"],
)
def test_a_damaged_body(client: FlaskClient, body: bytes, coding: str) -> None:
    response = post(client, body, coding)
    assert response.status_code == 400
    assert response.get_json(force=True)["type"] == "urn:problem-type:segmenter:broken-body"


@pytest.mark.parametrize("coding", ["br", "deflate", "gzip, gzip", "x" * 5_000])
def test_a_compression_that_is_not_accepted(client: FlaskClient, coding: str) -> None:
    response = post(client, b"page", coding)
    assert response.status_code == 415
    assert response.headers["Accept-Encoding"] == "gzip, zstd"
    assert len(response.data) < 1_000


@pytest.mark.parametrize(("more", "status"), [(0, 200), (1, 413)])
@pytest.mark.parametrize("coding", ["gzip", "zstd"])
def test_a_body_at_the_limit_once_unpacked(coding: str, more: int, status: int) -> None:
    client = create_app(Settings(max_unpacked_bytes=10_000)).test_client()
    response = post(client, packed(coding, b"x" * (10_000 + more)), coding)
    assert response.status_code == status
    if status == 413:
        document = response.get_json(force=True)
        assert (document["limit"], document["value"]) == ("unpacked_bytes", 10_000)


@pytest.mark.parametrize("coding", ["gzip", "zstd"])
def test_a_bomb_is_refused_before_it_is_unpacked(server: Server, coding: str) -> None:
    body = (gzip_bomb if coding == "gzip" else zstd_bomb)(BOMB_BYTES)
    assert len(body) <= LIMIT
    began = time.monotonic()
    headers = {"Content-Type": "text/plain", "Content-Encoding": coding}
    answer = server.request("POST", "/v1/segment", body, headers)
    assert answer.status == 413
    assert answer.json["limit"] == "unpacked_bytes"
    assert time.monotonic() - began < 20
