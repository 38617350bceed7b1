"""docs/operations.md says what is so: settings, metrics, limits, files, commands."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from live_server import ROOT, Server, run_environment
from walkthrough import shell_blocks

from api import create_app
from api.settings import VARIABLES, Settings, SettingsError

DOCUMENT = ROOT / "docs" / "operations.md"
TEXT = DOCUMENT.read_text("utf-8")


def section(title: str) -> str:
    return TEXT.split(f"\n## {title}\n", 1)[1].split("\n## ", 1)[0]


def rows(text: str) -> list[list[str]]:
    lines = [line for line in text.splitlines() if line.startswith("| `")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]


def test_the_settings_are_those_of_the_code() -> None:
    told = [
        (name.strip(" `"), f"{meaning}; default {default}")
        for name, default, meaning in rows(section("Settings"))
    ]
    assert told == [(name, variable.meaning) for name, variable in VARIABLES.items()]


@pytest.mark.parametrize("name", VARIABLES)
def test_the_defaults_are_those_of_the_code(name: str) -> None:
    variable = VARIABLES[name]
    words = variable.meaning.rpartition("; default ")[2]
    default = getattr(Settings(), variable.field)
    if default is None or default == ():
        assert not words.isdigit()
    else:
        assert variable.read(words) == default


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SEGMENTER_ALLOW_ANYONE", "yes"),
        ("SEGMENTER_LOG_TRACES", "2"),
        ("SEGMENTER_LOG_LEVEL", "debug"),
        ("SEGMENTER_RATE_LIMIT", "100"),
        ("SEGMENTER_RATE_LIMIT", "0/second"),
        ("SEGMENTER_RATE_LIMIT", "5/week"),
        ("SEGMENTER_RATE_STORE", "memcached://host"),
        ("SEGMENTER_CORS_ORIGINS", "*"),
        ("SEGMENTER_CORS_ORIGINS", "https://a.example/"),
        ("SEGMENTER_QUEUE", "amqp://host"),
        ("SEGMENTER_HOST", "0.0.0.0"),
        ("SEGMENTER_HOST", "::"),
        ("SEGMENTER_HOST", "service.example"),
    ],
)
def test_a_wrong_value_is_refused_by_name(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=name):
        Settings.from_environment({name: value})


@pytest.mark.parametrize("more", [{"SEGMENTER_API_KEYS": "keys"}, {"SEGMENTER_ALLOW_ANYONE": "1"}])
def test_other_machines_may_be_served_with_keys_or_on_demand(more: dict[str, str]) -> None:
    assert Settings.from_environment({"SEGMENTER_HOST": "0.0.0.0", **more}).host == "0.0.0.0"


def test_the_metrics_are_those_of_the_dashboard() -> None:
    told = {row[0].strip("`") for row in rows(section("Metrics"))}
    dashboard = (ROOT / "deploy" / "grafana-dashboard.json").read_text("utf-8")
    shown = set(re.findall(r"segmenter_[a-z_]+", dashboard))
    assert told == {re.sub(r"_(sum|count|bucket)$", "", name) for name in shown}


def test_the_limits_are_set_by_what_there_is() -> None:
    named = set(re.findall(r"SEGMENTER_[A-Z_]+", section("Limits")))
    assert named <= set(VARIABLES)
    limits = set(re.findall(r"`([a-z_]+)`", "".join(row[0] for row in rows(section("Limits")))))
    sources = "".join(
        path.read_text("utf-8")
        for folder in ("api", "segmenter")
        for path in (ROOT / folder).rglob("*.py")
    )
    for limit in limits:
        assert f'"{limit}"' in sources or f"{limit}:" in sources, limit


def test_what_it_names_is_there() -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", TEXT):
        assert (DOCUMENT.parent / target).exists(), target
    known = {*VARIABLES, "SEGMENTER_"}
    assert set(re.findall(r"SEGMENTER_[A-Z_]*", TEXT)) <= known


def test_the_log_line_is_like_a_real_one() -> None:
    shown = json.loads(section("Logs").split("```json\n", 1)[1].split("```", 1)[0])
    assert set(shown) == {
        "at", "level", "logger", "message", "request_id", "method", "route", "status", "seconds",
        "bytes", "key", "model",
    }  # fmt: skip


def test_the_quick_start_and_the_backup(launch: Callable[..., Server], tmp_path: Path) -> None:
    """Every command of theirs, but for the two that start the service."""
    blocks = shell_blocks(DOCUMENT)
    keys = [line for line in blocks[1].splitlines() if " keys new " in line]
    assert len(keys) == 2
    command = f"{sys.executable} -m segmenter.cli"
    run("\n".join(keys).replace(".venv/bin/segmenter", command), tmp_path)
    data = tmp_path / "segmenter-data"
    server = launch(
        SEGMENTER_API_KEYS=str(tmp_path / "keys.txt"), SEGMENTER_DATA=str(data),
        SEGMENTER_WORKERS="1",
    )  # fmt: skip
    assert "asks for API keys" in server.announcement
    asking = blocks[2].replace("http://127.0.0.1:8000", f"http://127.0.0.1:{server.port}")
    told = run(asking.replace("@seeds", f"@{ROOT}/seeds"), tmp_path)
    assert '"headline"' in told
    assert '"status":"ready"' in told.replace(" ", "")
    assert "segmenter_pages_total" in told
    admin = (tmp_path / "me.key").read_text("utf-8").splitlines()[-1]
    headers = {"Authorization": f"Bearer {admin}", "Content-Type": "application/json"}
    page = b'{"id": "kept", "text": "A page."}'
    assert server.request("POST", "/v1/labels", page, headers).status == 201
    run(blocks[3].replace(".venv/bin/python", sys.executable), tmp_path)
    server.stop()
    (tmp_path / "backup" / "store.db").replace(data / "store.db")
    for left in ("store.db-wal", "store.db-shm"):
        (data / left).unlink(missing_ok=True)
    restored = create_app(Settings(data=data), load_model=False).test_client()
    assert restored.get("/v1/labels").get_json()["pages"] == ["kept"]


def test_without_keys_it_says_whom_it_serves(server: Server) -> None:
    assert "It has no API keys and serves this machine only." in server.announcement


def run(script: str, folder: Path) -> str:
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script], check=False, cwd=folder,
        env=run_environment(PYTHONPATH=str(ROOT)), capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.skipif(not shutil.which("nginx"), reason="nginx is not installed")
@pytest.mark.skipif(not shutil.which("openssl"), reason="openssl is not installed")
def test_the_proxys_configuration_is_one(tmp_path: Path) -> None:
    certificate, key = tmp_path / "a.pem", tmp_path / "a.key"
    make = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=a",
            "-keyout", str(key), "-out", str(certificate)]  # fmt: skip
    subprocess.run(make, check=True, capture_output=True)
    block = TEXT.split("```nginx\n", 1)[1].split("```", 1)[0]
    block = re.sub(r"/etc/ssl/\S+\.pem", str(certificate), block)
    block = re.sub(r"/etc/ssl/\S+\.key", str(key), block)
    config = tmp_path / "nginx.conf"
    config.write_text(
        f"pid {tmp_path}/pid;\nerror_log stderr;\nevents {{}}\nhttp {{\n{block}}}\n", "utf-8"
    )
    checked = subprocess.run(
        ["nginx", "-t", "-q", "-c", config, "-p", tmp_path],
        check=False, capture_output=True, text=True,
    )  # fmt: skip
    assert checked.returncode == 0, checked.stderr
