"""The image's steps, run one by one in a folder; to build the image takes a Docker engine."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from segmenter.keys import new_key

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[1]
PLACES = ("/opt/venv", "/srv/segmenter", "/data")
USER = 10001
START_SECONDS = 180


@dataclass
class Image:
    """What a Dockerfile makes, below a folder."""

    root: Path
    environment: dict[str, str] = field(default_factory=dict)
    folder: str = "/"
    user: str = ""
    command: list[str] = field(default_factory=list)
    health: list[str] = field(default_factory=list)

    def here(self, text: str) -> str:
        """The image's places, as they are outside of it."""
        for place in PLACES:
            text = re.sub(rf"(?<![\w/]){place}\b", f"{self.root}{place}", text)
        return text

    def variables(self, **more: str) -> dict[str, str]:
        path = f"{self.root}/bin:{os.environ['PATH']}"
        own = {name: self.here(value) for name, value in self.environment.items()}
        own["PATH"] = own.get("PATH", "$PATH").replace("$PATH", path)
        return {**own, **more}


def instructions(text: str) -> Iterator[tuple[str, str]]:
    joined = re.sub(r"\\\n", " ", re.sub(r"^#.*\n", "", text, flags=re.MULTILINE))
    for line in joined.splitlines():
        if line.strip():
            word, _, rest = line.strip().partition(" ")
            yield word, " ".join(rest.split())


def copy(image: Image, words: str) -> None:
    if words.startswith("--from"):
        return  # one folder serves both stages
    *sources, target = words.split()
    place = Path(image.here(image.folder)) / target
    for source in sources:
        if (ROOT / source).is_dir():
            shutil.copytree(ROOT / source, place, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / source, place)


def run(image: Image, command: str) -> None:
    if "useradd" in command:
        # An account of this machine is none of the test's business; the folder it gets is.
        data = Path(image.here("/data"))
        data.mkdir(mode=0o700)
        if os.geteuid() == 0:
            os.chown(data, USER, USER)
        return
    done = subprocess.run(
        ["sh", "-ec", image.here(command)], check=False, cwd=image.here(image.folder),
        env=image.variables(), capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, f"{command}\n{done.stdout[-1000:]}{done.stderr[-2000:]}"


def build(image: Image) -> None:
    for word, rest in instructions((ROOT / "Dockerfile").read_text("utf-8")):
        match word:
            case "FROM":
                image.environment.clear()
            case "ENV":
                for name, _, value in (pair.partition("=") for pair in shlex.split(rest)):
                    image.environment[name] = value
            case "WORKDIR":
                image.folder = rest
                Path(image.here(rest)).mkdir(parents=True, exist_ok=True)
            case "COPY":
                copy(image, rest)
            case "RUN":
                run(image, rest)
            case _:
                note(image, word, rest)


def note(image: Image, word: str, rest: str) -> None:
    match word:
        case "USER":
            image.user = rest
        case "HEALTHCHECK":
            image.health = json.loads(rest[rest.index("[") :])
        case "CMD":
            image.command = json.loads(rest)
        case _:
            assert word in ("VOLUME", "EXPOSE", "STOPSIGNAL")


@pytest.fixture(scope="module")
def image() -> Iterator[Image]:
    folder = Path(tempfile.mkdtemp(prefix="segmenter-image-"))
    folder.chmod(0o755)
    try:
        made = Image(folder)
        (folder / "bin").mkdir()
        python = folder / "bin" / "python"
        python.write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n', "utf-8")
        python.chmod(0o755)
        pip = (
            sys.executable,
            "-m",
            "pip",
            "download",
            "-q",
            "--no-deps",
            "-d",
            folder / "x",
            "pip",
        )
        if subprocess.run(pip, check=False, capture_output=True).returncode:
            pytest.skip("there is no package index to install from")
        build(made)
        python.unlink()
        yield made
    finally:
        shutil.rmtree(folder)


def as_user(program: Path) -> list[str]:
    """What to put before a program to run it as the image's user; nothing where that one can't
    reach the interpreter of the tests, or we are not root."""
    prefix = ["setpriv", f"--reuid={USER}", f"--regid={USER}", "--clear-groups",
              "--no-new-privs", "--bounding-set=-all"]  # fmt: skip
    twice = "import subprocess, sys; subprocess.run([sys.executable, '-c', ''], check=True)"
    probe = [*prefix, str(program), "-c", twice]
    reached = os.geteuid() == 0 and subprocess.run(probe, check=False, capture_output=True)
    return prefix if reached and reached.returncode == 0 else []


def started(image: Image, variables: Mapping[str, str]) -> subprocess.Popen[str]:
    """The image's command as its user, who can write to the data and to /tmp alone."""
    program = Path(image.here("/opt/venv/bin")) / image.command[0]
    return subprocess.Popen(
        [*as_user(program), str(program), *image.command[1:]], cwd=image.here(image.folder),
        env=image.variables(**variables), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def test_it_runs_as_nobody_and_has_what_the_service_needs(image: Image) -> None:
    assert image.user == f"{USER}:{USER}"
    packages = Path(image.here("/opt/venv/lib")).glob("python*/site-packages/*")
    names = {path.name.lower() for path in packages}
    assert {"flask", "gunicorn", "sqlalchemy"} <= names
    assert not {"jax", "ray", "scrapy", "pytest", "hypothesis"} & names


def test_without_keys_it_does_not_start(image: Image) -> None:
    process = started(image, {})
    _, told = process.communicate(timeout=START_SECONDS)
    assert process.returncode == 1
    assert "SEGMENTER_API_KEYS" in told
    assert "SEGMENTER_HOST" in told


def test_the_service_answers_and_is_healthy(image: Image) -> None:
    secret, key = new_key("read", "test")
    keys = image.root / "keys"
    keys.write_text(key.line(), "utf-8")
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    process = started(image, {"SEGMENTER_PORT": str(port), "SEGMENTER_API_KEYS": str(keys)})
    health = [part.replace(":8000/", f":{port}/") for part in image.health]
    health[0] = image.here("/opt/venv/bin/python")
    try:
        deadline = time.monotonic() + START_SECONDS
        while subprocess.run(health, check=False, capture_output=True).returncode:
            assert time.monotonic() < deadline, "it did not become healthy"
            assert process.poll() is None, process.communicate()
            time.sleep(0.5)
        request = urllib.request.Request(
            f"http://127.0.0.1:{port}/v1/segment", b"A page.\n\nWith two blocks.",
            {"Content-Type": "text/plain", "Authorization": f"Bearer {secret}"},
        )  # fmt: skip
        with urllib.request.urlopen(request, timeout=30) as answer:
            assert len(json.load(answer)["blocks"]) == 2
    finally:
        process.terminate()
        process.communicate(timeout=60)
    assert process.returncode == 0
    assert subprocess.run(health, check=False, capture_output=True).returncode != 0
