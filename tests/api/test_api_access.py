"""API keys: who gets in, who may do what, how often, and what is kept of a key."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from click.testing import CliRunner
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given, settings
from hypothesis import strategies as st
from werkzeug.test import TestResponse

from api import create_app
from api.access.roles import needed_role
from api.settings import Settings, SettingsError
from segmenter.cli import cli
from segmenter.errors import ApiKeyError
from segmenter.keys import ROLES, ApiKey, Role, hash_of, new_key, parse_keys

OPEN = ("/livez", "/readyz")
# A request of each role, which that role is enough for and the one before it is not.
ASKS = {
    "read": ("GET", "/v1/models"),
    "label": ("GET", "/v1/labels"),
    "admin": ("POST", "/v1/models/prune"),
}


class Keyed:
    """An app with a key of each role."""

    def __init__(self, folder: Path, rate: str | None = None) -> None:
        self.file = folder / "keys.txt"
        self.secrets: dict[Role, str] = {}
        lines = []
        for role in ROLES:
            self.secrets[role], key = new_key(role, f"{role}-key")
            lines.append(key.line())
        self.file.write_text("# who may call\n\n" + "\n".join(lines) + "\n", "utf-8")
        config = Settings(data=folder / "data", api_keys=self.file, rate_limit=rate)
        self.app: Flask = create_app(config)
        self.client: FlaskClient = self.app.test_client()

    def ask(self, method: str, path: str, secret: str) -> TestResponse:
        headers = {"Authorization": f"Bearer {secret}"}
        return self.client.open(path, method=method, headers=headers, buffered=True)


@pytest.fixture(scope="module")
def keyed(tmp_path_factory: pytest.TempPathFactory) -> Keyed:
    return Keyed(tmp_path_factory.mktemp("keyed"))


@pytest.mark.parametrize("needed", ROLES)
@pytest.mark.parametrize("role", ROLES)
def test_each_role_may_do_what_those_before_it_may_and_no_more(
    keyed: Keyed, role: Role, needed: Role
) -> None:
    answer = keyed.ask(*ASKS[needed], keyed.secrets[role])
    if ROLES.index(role) >= ROLES.index(needed):
        assert answer.status_code == 200
        return
    assert answer.status_code == 403
    assert 'error="insufficient_scope"' in answer.headers["WWW-Authenticate"]
    document = answer.get_json(force=True)
    assert document["type"].endswith(":forbidden")
    assert (document["needed"], document["role"]) == (needed, role)


@pytest.mark.parametrize(
    "header",
    [None, "", "Bearer", "Bearer ", "Basic dXNlcjpwYXNz", "Bearer wrong", "Bearer sha256:00",
     "Token x", "Bearer é", "Bearer " + "x" * 7_000],
)  # fmt: skip
def test_no_key_or_another_one_is_401(keyed: Keyed, header: str | None) -> None:
    headers = {} if header is None else {"Authorization": header}
    answer = keyed.client.post("/v1/segment", data=b"page", headers=headers)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert answer.get_json(force=True)["type"].endswith(":unauthenticated")


def test_what_is_kept_of_a_key_does_not_open(keyed: Keyed) -> None:
    for line in keyed.file.read_text("utf-8").splitlines()[2:]:
        kept = line.split()[2]
        for secret in (kept, kept.removeprefix("sha256:"), line):
            assert keyed.ask("GET", "/v1/models", secret).status_code == 401


@pytest.mark.parametrize("path", OPEN)
def test_health_needs_no_key(keyed: Keyed, path: str) -> None:
    assert keyed.client.get(path).status_code == 200


def test_metrics_need_one(keyed: Keyed) -> None:
    assert keyed.client.get("/metrics").status_code == 401
    assert keyed.ask("GET", "/metrics", keyed.secrets["read"]).status_code == 200


def test_every_route_but_the_listed_ones_needs_a_key(keyed: Keyed) -> None:
    """A route that is added and forgotten here is one for admins."""
    opened = {
        rule.rule
        for rule in keyed.app.url_map.iter_rules()
        for method in rule.methods or ()
        if method != "OPTIONS" and needed_role(method, rule.rule) is None
    }
    assert {route.split("/")[1] for route in opened} <= {
        "", "livez", "readyz", "openapi.json", "docs", "static", "workbench",
    }  # fmt: skip
    assert needed_role("GET", "/v1/something-new") == "admin"
    assert needed_role("GET", "/v1/labelsandmore") == "admin"


def test_training_deletion_and_promotion_are_for_admins() -> None:
    for method, route in (
        ("POST", "/v1/training-runs"),
        ("POST", "/v1/training-runs/<identity>/cancel"),
        ("POST", "/v1/models/<name>/promote"),
        ("POST", "/v1/models/rollback"),
        ("POST", "/v1/models/prune"),
        ("DELETE", "/v1/models/<name>"),
    ):
        assert needed_role(method, route) == "admin"
    assert needed_role("DELETE", "/v1/labels/<path:identity>") == "label"
    assert needed_role("POST", "/v1/segment/batch") == "read"


def test_nothing_there_is_404_with_and_without_a_key(keyed: Keyed) -> None:
    assert keyed.client.get("/v2/nothing").status_code == 404
    assert keyed.ask("GET", "/v2/nothing", keyed.secrets["read"]).status_code == 404


def test_a_change_of_the_file_counts_for_the_next_request(tmp_path: Path) -> None:
    keyed = Keyed(tmp_path)
    read, admin = keyed.secrets["read"], keyed.secrets["admin"]
    kept = [line for line in keyed.file.read_text("utf-8").splitlines() if "read-key" not in line]
    secret, key = new_key("read", "newcomer")
    replacement = tmp_path / "new"
    replacement.write_text("\n".join([*kept, key.line()]), "utf-8")
    os.replace(replacement, keyed.file)
    assert keyed.ask("GET", "/v1/models", read).status_code == 401
    assert keyed.ask("GET", "/v1/models", secret).status_code == 200
    for fault in ("admin broken\n", "", "\udc80"):
        keyed.file.write_text(fault, "utf-8", errors="surrogateescape")
        assert keyed.ask("GET", "/v1/models", admin).status_code == 200
    keyed.file.unlink()
    assert keyed.ask("GET", "/v1/models", admin).status_code == 200
    assert keyed.ask("GET", "/v1/models", read).status_code == 401


def test_a_key_over_its_rate(tmp_path: Path) -> None:
    keyed = Keyed(tmp_path, rate="3/minute")
    read, label = keyed.secrets["read"], keyed.secrets["label"]
    answers = [keyed.ask(*ASKS["read"], read) for _ in range(2)]
    answers.append(keyed.ask("GET", "/metrics", read))
    assert [answer.status_code for answer in answers] == [200] * 3
    over = keyed.ask(*ASKS["read"], read)
    assert over.status_code == 429
    assert 1 <= int(over.headers["Retry-After"]) <= 60
    document = over.get_json(force=True)
    assert document["type"].endswith(":too-many-requests")
    assert (document["limit"], document["value"]) == ("requests_per_key", "3/minute")
    # Another key has its own count, and health is not counted.
    assert keyed.ask(*ASKS["read"], label).status_code == 200
    assert all(keyed.client.get("/livez").status_code == 200 for _ in range(5))
    counted = keyed.ask("GET", "/metrics", label).get_data(as_text=True)
    assert 'segmenter_rejected_total{limit="requests_per_key"} 1.0' in counted


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "no key"),
        ("# nothing\n", "no key"),
        ("read a\n", "line 1: accepted is"),
        ("write a sha256:" + "0" * 64, "line 1: the role is none of read, label, admin"),
        ("\nread a sha256:" + "0" * 63, "line 2: the hash"),
        ("read a md5:" + "0" * 64, "line 1: the hash"),
        ("read ä sha256:" + "0" * 64, "line 1: a name"),
        ("read a sha256:" + "0" * 64 + "\nread a sha256:" + "1" * 64, "line 2: its name"),
        ("read a sha256:" + "0" * 64 + "\nread b sha256:" + "0" * 64, "line 2: its name"),
    ],
)
def test_a_wrong_file_of_keys_is_refused_at_start(tmp_path: Path, text: str, words: str) -> None:
    file = tmp_path / "keys.txt"
    file.write_text(text, "utf-8")
    with pytest.raises(SettingsError, match="SEGMENTER_API_KEYS") as caught:
        create_app(Settings(data=tmp_path, api_keys=file), load_model=False)
    assert words in str(caught.value)
    assert "0" * 60 not in str(caught.value)


def test_a_file_of_keys_that_is_missing(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"SEGMENTER_API_KEYS.*none\.txt"):
        create_app(Settings(data=tmp_path, api_keys=tmp_path / "none.txt"), load_model=False)


def test_the_command_makes_a_key_that_opens(tmp_path: Path) -> None:
    made = CliRunner().invoke(cli, ["keys", "new", "--role", "label", "--name", "ada"])
    assert made.exit_code == 0
    (line,) = made.stdout.splitlines()
    secret = made.stderr.splitlines()[-1]
    assert secret not in line
    (key,) = parse_keys(line)
    assert (key.role, key.name, key.hash) == ("label", "ada", hash_of(secret))
    file = tmp_path / "keys.txt"
    file.write_text(line, "utf-8")
    client = create_app(Settings(data=tmp_path, api_keys=file)).test_client()
    headers = {"Authorization": f"bearer {secret}"}
    assert client.get("/v1/labels", headers=headers).status_code == 200
    assert client.post("/v1/training-runs", headers=headers).status_code == 403


@pytest.mark.parametrize(
    "arguments",
    [["--role", "read"], ["--name", "a"], ["--role", "root", "--name", "a"],
     ["--role", "read", "--name", "two words"]],
)  # fmt: skip
def test_the_command_refuses_what_the_file_would(arguments: list[str]) -> None:
    made = CliRunner().invoke(cli, ["keys", "new", *arguments])
    assert made.exit_code != 0
    assert not made.stdout


NAMES = st.from_regex(r"[0-9A-Za-z][0-9A-Za-z._-]{0,63}", fullmatch=True)


@settings(deadline=None)
@given(st.lists(st.tuples(st.sampled_from(ROLES), NAMES), unique_by=lambda item: item[1]))
def test_lines_are_read_as_written(made: list[tuple[Role, str]]) -> None:
    keys = tuple(new_key(role, name)[1] for role, name in made)
    assert parse_keys("\n".join(key.line() for key in keys)) == keys


@given(st.text(max_size=200))
def test_any_other_text_is_refused_by_name(text: str) -> None:
    try:
        keys = parse_keys(text)
    except ApiKeyError:
        return
    assert all(isinstance(key, ApiKey) for key in keys)


def test_keys_are_long_and_differ() -> None:
    made = {new_key("read", "a")[0] for _ in range(100)}
    assert len(made) == 100
    # 32 bytes in base 64 behind the prefix.
    assert all(len(secret.removeprefix("seg_")) == 43 for secret in made)
