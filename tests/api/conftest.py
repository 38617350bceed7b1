"""A Flask test client and real servers."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from contract import CheckedClient
from flask import Flask
from flask.testing import FlaskClient
from live_server import LIMIT, Server, start_server

from api import create_app
from api.settings import Settings


@pytest.fixture(scope="session")
def app(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    data = tmp_path_factory.mktemp("data")
    made = create_app(Settings(max_body_bytes=LIMIT, data=data))
    made.test_client_class = CheckedClient
    return made


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def launch() -> Iterator[Callable[..., Server]]:
    """Start a server of one's own; it is ended with the test."""
    servers: list[Server] = []

    def start(**variables: str) -> Server:
        servers.append(start_server(**variables))
        return servers[-1]

    yield start
    for server in servers:
        server.end()


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    running = start_server(SEGMENTER_WORKERS="2", SEGMENTER_MAX_BODY_BYTES=str(LIMIT))
    yield running
    running.end()
