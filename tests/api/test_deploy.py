"""What is there to run the service with: dashboard, alerts, compose file, unit."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from flask.testing import FlaskClient
from live_server import ROOT
from prometheus_client.parser import text_string_to_metric_families

from api import create_app
from api.settings import VARIABLES, Settings

DEPLOY = ROOT / "deploy"
PAGE = b"Bridge closed for repair\n\nThe bridge over the river will be closed until spring.\n"
# Series, with its selector: segmenter_x_total{a="b", c=~"d|e"}
SERIES = re.compile(r"(segmenter_[a-z_]+)(?:\{([^}]*)\})?")
MATCHER = re.compile(r'([a-z]+)(=~|=)"([^"]*)"')


@pytest.fixture(scope="module")
def metrics(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[dict[str, str]]]:
    """Labels of the samples that /metrics has, by name, after some of everything happened."""
    app = create_app(Settings(data=tmp_path_factory.mktemp("data"), max_body_bytes=2_000))
    client: FlaskClient = app.test_client()
    lines = {"content_type": "application/x-ndjson", "buffered": True}
    client.post("/v1/segment", data=PAGE, content_type="text/plain", buffered=True)
    client.post("/v1/segment", data=PAGE * 100, content_type="text/plain", buffered=True)
    client.post("/v1/segment/batch", data=b'{"text": "A page."}\n{}\n', **lines)
    app.extensions["segmenter-metrics"].process_replaced("gone")
    text = client.get("/metrics").get_data(as_text=True)
    samples: dict[str, list[dict[str, str]]] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            samples.setdefault(sample.name, []).append(dict(sample.labels))
    return samples


def check_query(query: str, metrics: dict[str, list[dict[str, str]]]) -> None:
    """Every series of a query exists, has the labels, and no other value of le than there is."""
    found = SERIES.findall(query)
    assert found, query
    for name, selector in found:
        assert name in metrics, f"{name} in {query}"
        labels = set(metrics[name][0])
        for label, _, value in MATCHER.findall(selector):
            if label == "job":
                continue  # Prometheus adds it
            assert label in labels, f"{label} of {name}"
            if label == "le":
                assert value in {sample["le"] for sample in metrics[name]}
    for grouped in re.findall(r"by \(([a-z, ]+)\)", query):
        for label in grouped.split(", "):
            assert label == "job" or any(label in metrics[name][0] for name, _ in found), query


def test_every_panel_shows_what_there_is(metrics: dict[str, list[dict[str, str]]]) -> None:
    dashboard = json.loads((DEPLOY / "grafana-dashboard.json").read_text("utf-8"))
    queries = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
    assert len({panel["id"] for panel in dashboard["panels"]}) == len(dashboard["panels"])
    for query in queries:
        check_query(query, metrics)
    shown = {name for query in queries for name, _ in SERIES.findall(query)}
    families = {re.sub(r"_(total|sum|count|bucket|info)$", "", name) for name in shown}
    there = {
        re.sub(r"_(total|sum|count|bucket|info)$", "", name)
        for name in metrics
        if not name.endswith("_created")
    }
    assert there == families, "a metric that no panel shows"


def test_every_alert_asks_for_what_there_is(metrics: dict[str, list[dict[str, str]]]) -> None:
    (group,) = yaml.safe_load((DEPLOY / "alerts.yaml").read_text("utf-8"))["groups"]
    for rule in group["rules"]:
        assert rule["annotations"]["summary"]
        if rule["alert"] != "SegmenterDown":
            check_query(rule["expr"], metrics)


def compose() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text("utf-8"))
    return found


def test_the_compose_file_sets_what_there_is_and_nothing_is_open() -> None:
    services = compose()["services"]
    for name in ("service", "trainer"):
        service = services[name]
        set_ = {variable for variable in service["environment"] if variable.startswith("SEG")}
        assert set_ <= set(VARIABLES)
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
        assert service["user"] == "10001:10001"
    assert "SEGMENTER_API_KEYS" in services["service"]["environment"]
    assert services["service"]["environment"]["SEGMENTER_TRAINERS"] == "0"
    ports = [port for service in services.values() for port in service.get("ports", [])]
    assert ports
    assert all(port.startswith("127.0.0.1:") for port in ports)
    assert not {"SEGMENTER_ALLOW_ANYONE"} & set(services["service"]["environment"])


def test_the_settings_of_the_compose_file_are_accepted(tmp_path: Path) -> None:
    keys = tmp_path / "keys"
    keys.write_text("read a sha256:" + "0" * 64, "utf-8")
    environment = compose()["services"]["service"]["environment"]
    settings = Settings.from_environment({**environment, "SEGMENTER_API_KEYS": str(keys)})
    assert settings.api_keys == keys
    assert settings.trainers == 0


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd-analyze is not installed")
def test_the_unit_is_sound_and_hardened(tmp_path: Path) -> None:
    unit = (DEPLOY / "segmenter.service").read_text("utf-8")
    for name in re.findall(r"^Environment=(SEGMENTER_\w+)=", unit, re.MULTILINE):
        assert name in VARIABLES
    program = tmp_path / "python"
    program.write_text("#!/bin/sh\n", "utf-8")
    program.chmod(0o755)
    local = tmp_path / "segmenter.service"
    local.write_text(unit.replace("/opt/segmenter/.venv/bin/python", str(program)), "utf-8")
    verified = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", local],
        check=False,
        capture_output=True,
        text=True,
    )
    assert (verified.returncode, verified.stderr) == (0, "")
    # 0 is shut, 10 open; a unit without any of it has 9.6.
    rated = subprocess.run(
        ["systemd-analyze", "security", "--offline=yes", "--threshold=20", local],
        check=False, capture_output=True, text=True,
    )  # fmt: skip
    assert rated.returncode == 0, rated.stdout[-500:]


def test_the_images_lock_is_the_services_part_of_the_lock() -> None:
    printed = subprocess.run(
        ["python3", "deploy/service_lock.py"], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout
    names = set(re.findall(r"^([a-z0-9-]+)(?:\[.*\])?==", printed, re.MULTILINE))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    asked = [*project["dependencies"], *project["optional-dependencies"]["api"]]
    wanted = {re.split(r"[\[><=~! ]", line)[0].lower() for line in asked} - {"page-segmenter"}
    assert wanted <= names
    assert {"sqlalchemy", "huey", "werkzeug"} <= names
    assert not {"jax", "ray", "pyspark", "scrapy", "pytest", "hypothesis"} & names
    assert printed.count("--hash=sha256:") > len(names)
