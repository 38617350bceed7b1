"""The command line as a user meets it: real processes, exit codes, pipes, terminals."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import pty
import re
import select
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest

from segmenter import LABELS, model_package
from segmenter.cli import cli

ROOT = Path(__file__).parents[1]
OWNER_PAGE = ROOT / "seeds" / "pages" / "000_5c0e006fbbd7d074.txt"
HTML = (
    "<html><head><title>The bridge is open again</title></head><body><nav><a href='/'>Home</a>"
    "</nav><h1>The bridge is open again</h1><p>After two years of work the old bridge over the "
    "river was opened to walkers and cyclists on Monday morning.</p><p>Cars have to wait until "
    "the second part of the work is done, the town said, which will take until spring.</p>"
    "<footer>All rights reserved</footer></body></html>"
)


def run(*arguments: str | Path, stdin: bytes = b"", **environment: str) -> Any:
    command = [sys.executable, "-m", "segmenter.cli", *map(str, arguments)]
    return subprocess.run(
        command,
        input=stdin,
        capture_output=True,
        cwd=ROOT,
        env={**os.environ, **environment},
        timeout=60,
        check=False,
    )


def run_in_terminal(*arguments: str | Path, columns: int = 100) -> str:
    """What a terminal of that width is sent."""
    parent, child = pty.openpty()
    environment = {**os.environ, "COLUMNS": str(columns), "TERM": "xterm-256color"}
    environment.pop("NO_COLOR", None)
    process = subprocess.Popen(
        [sys.executable, "-m", "segmenter.cli", *map(str, arguments)],
        stdout=child,
        stderr=child,
        stdin=subprocess.DEVNULL,
        cwd=ROOT,
        env=environment,
    )
    os.close(child)
    received = b""
    while select.select([parent], [], [], 60)[0]:
        try:
            data = os.read(parent, 65536)
        except OSError:
            break
        if not data:
            break
        received += data
    os.close(parent)
    assert process.wait(60) == 0, received
    return received.decode()


def commands() -> Iterator[tuple[str, click.Command]]:
    def below(name: str, command: click.Command) -> Iterator[tuple[str, click.Command]]:
        yield name, command
        if isinstance(command, click.Group):
            context = click.Context(command)
            for child in command.list_commands(context):
                found = command.get_command(context, child)
                assert found is not None
                yield from below(f"{name} {child}", found)

    return below("segmenter", cli)


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("cli") / "page.html"
    path.write_text(HTML, "utf-8")
    return path


@pytest.mark.parametrize(("name", "command"), [pytest.param(*c, id=c[0]) for c in commands()])
def test_every_command_is_documented(name: str, command: click.Command) -> None:
    text = command.help or ""
    assert len(text.split("\n")[0]) > 20
    assert re.search(rf"Examples?:\n(?:.*\n)*?.*{re.escape(name)}[ \n]", text + "\n")
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            assert parameter.help, f"{name} {parameter.name}"


def test_help_is_quick_and_goes_to_stdout() -> None:
    seconds = []
    for _ in range(3):
        began = time.monotonic()
        result = run("--help")
        seconds.append(time.monotonic() - began)
    assert result.returncode == 0
    assert b"segment" in result.stdout
    assert result.stderr == b""
    # 0.3 s on a quiet machine; the bound leaves room for a busy one.
    assert min(seconds) < 0.6


def test_help_loads_no_library_that_only_one_command_needs() -> None:
    script = (
        "import sys; from segmenter.cli import cli\n"
        "cli.main(['--help'], standalone_mode=False)\n"
        "heavy = {'rich', 'joblib', 'trafilatura', 'jax', 'scipy', 'matplotlib', 'zstandard'}\n"
        "print(*sorted(heavy & set(sys.modules)), file=sys.stderr, end='')"
    )
    result = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, check=False
    )
    assert result.returncode == 0
    assert result.stderr == b""


def test_version() -> None:
    result = run("--version")
    assert result.returncode == 0
    assert re.fullmatch(rb"segmenter \d[\w.+-]*\n", result.stdout)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["segment"], "Missing argument 'FILE'"),
        (["segment", "no-such-file"], "does not exist"),
        (["segment", "-", "--keep", "body,nonsense"], "unknown label in 'keep': nonsense"),
        (["segment", "-", "--output", "pdf"], "'table', 'json', 'text', 'html'"),
        (["segment", "-", "--probabilities"], "need --output json"),
        (["batch", "-"], "Missing option '-o'"),
        (["batch", "-", "-o", "no-such-directory/out.jsonl"], "no directory"),
        (["train", "-o", "m", "--predictions", "no-such-directory/p.npz"], "no directory"),
        (["evaluate", "--cross-validate", "--predictions", "gone/p.npz"], "gone is no directory"),
        (["evaluate", "--report", "s3://bucket/report.html"], "local file"),
        (["batch", "-", "-o", "-", "--workers", "0"], "x>=1"),
        (["evaluate", "--gold", "no-such-file"], "does not exist"),
        (["nonsense"], "No such command"),
    ],
)
def test_wrong_usage_exits_2_with_one_line(arguments: list[str], says: str) -> None:
    result = run(*arguments)
    message = result.stderr.decode()
    assert result.returncode == 2
    assert message.startswith("Error: ")
    assert message.count("\n") == 1
    assert says in message
    assert "--help'" in message


def test_metadata_of_raw_text_is_wrong_usage() -> None:
    result = run("segment", "-", "--output", "json", "--metadata", stdin=b"Only text.")
    assert result.returncode == 2
    assert b"--metadata needs HTML" in result.stderr


def test_a_directory_that_is_no_model_exits_1_without_traceback(tmp_path: Path) -> None:
    result = run("segment", "-", "--model", tmp_path, stdin=b"Some text.")
    message = result.stderr.decode()
    assert result.returncode == 1
    assert message.startswith("Error: ")
    assert message.count("\n") == 1
    assert "not a model directory" in message


def test_json_is_that_of_the_library(page: Path) -> None:
    arguments = ("--output", "json", "--probabilities", "--page-text", "--id", "b1")
    result = run("segment", page, *arguments, "--url", "https://news.example/bridge")
    assert result.returncode == 0, result.stderr
    value = json.loads(result.stdout)
    assert value["id"] == "b1"
    assert value["url"] == "https://news.example/bridge"
    assert value["input"] == "html"
    assert value["blocks"]
    for block in value["blocks"]:
        assert value["page_text"][block["start"] : block["end"]] == block["text"]
        assert set(block["probabilities"]) == set(LABELS)
        assert block["path"].startswith("/html")
    assert result.stdout.startswith(b'{\n  "id"')


def test_metadata_of_html(page: Path) -> None:
    result = run("segment", page, "--output", "json", "--metadata")
    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout)["metadata"]["title"] == "The bridge is open again"


@pytest.mark.parametrize(
    ("content", "option", "expected"),
    [
        (HTML, "auto", "html"),
        ("A line.\n\nAnother line.", "auto", "text"),
        (HTML, "text", "text"),
        ("A line.", "html", "html"),
    ],
    ids=["html-found", "text-found", "text-told", "html-told"],
)
def test_input_kind(content: str, option: str, expected: str) -> None:
    result = run("segment", "-", "--input", option, "--output", "json", stdin=content.encode())
    assert json.loads(result.stdout)["input"] == expected


def test_text_output_is_the_kept_text_whatever_the_locale() -> None:
    data = OWNER_PAGE.read_bytes()
    keep = ",".join(LABELS)
    result = run("segment", "-", "--output", "text", "--keep", keep, stdin=data, LC_ALL="C")
    assert result.returncode == 0, result.stderr
    assert "“Central Asia/Afghanistan" in result.stdout.decode()
    assert result.stdout.decode().split() == data.decode().split()


def test_an_empty_page_has_no_blocks() -> None:
    result = run("segment", "-", "--output", "json")
    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout)["blocks"] == []


def test_table_in_a_pipe_is_plain_and_whole() -> None:
    long = "word " * 400 + "end"
    result = run("segment", "-", stdin=f"{long}\n\ntab\tand \x1b[31mred".encode(), COLUMNS="60")
    header, *lines = result.stdout.decode().splitlines()
    assert header.split("\t") == ["start", "end", "label", "probability", "text"]
    assert any(line.split("\t")[4] == long for line in lines)
    assert all(line.count("\t") == 4 for line in lines)
    assert "\x1b" not in result.stdout.decode()


def test_table_in_a_terminal_is_coloured_and_fits() -> None:
    sent = run_in_terminal("segment", OWNER_PAGE, columns=90)
    assert "\x1b[" in sent
    lines = re.sub(r"\x1b\[[\d;]*m", "", sent).splitlines()
    assert any("…" in line for line in lines)
    assert max(map(len, lines)) <= 90
    assert all(name in "".join(lines) for name in ("start", "label", "probability"))


def test_terminal_escapes_in_a_page_do_not_reach_the_terminal(tmp_path: Path) -> None:
    path = tmp_path / "evil.txt"
    path.write_text("Nice \x1b]0;owned\x07 title \x9b2J and \u202etfel", "utf-8")
    for output in ("table", "text"):
        sent = run_in_terminal("segment", path, "--output", output, "--keep", ",".join(LABELS))
        assert "\x1b]" not in sent
        assert not set("\x07\x9b\u202e") & set(sent)


def test_html_output_is_self_contained_and_escaped() -> None:
    evil = "<script>alert(1)</script> \"quoted\" & 'single'\n\nمرحبا بالعالم هذا نص عربي"
    arguments = ("--input", "text", "--output", "html", "--id", "<b>x</b>")
    result = run("segment", "-", *arguments, "--url", "javascript:alert(1)", stdin=evil.encode())
    shown = result.stdout.decode()
    style = re.findall(r"<style>(.*?)</style>", shown, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style[0].encode()).digest()).decode()
    assert result.returncode == 0, result.stderr
    assert f"default-src 'none'; style-src 'sha256-{digest}'" in shown
    assert "<script" not in shown
    assert "<b>" not in shown
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in shown
    assert not re.search(r"""\s(?:style|on\w+|src|href)\s*=""", shown.replace(style[0], ""))
    assert shown.count('dir="auto"') == 1 + shown.count('<li class="block ')
    assert all(f'<li class="{label}">{label} ' in shown for label in LABELS)


def test_a_closed_pipe_is_silent() -> None:
    # More output than a pipe holds.
    process = subprocess.Popen(
        [sys.executable, "-m", "segmenter.cli", "segment", "-"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=ROOT,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    process.stdin.write(b"A line of text that is not short.\n\n" * 6_000)
    process.stdin.close()
    assert process.stderr.read() == b""
    assert process.wait(60) == 141
    process.stderr.close()


def test_models_list_and_show() -> None:
    manifest = model_package.read_manifest(model_package.shipped_model_path())
    listed = run("models", "list")
    assert listed.returncode == 0, listed.stderr
    assert listed.stdout.decode().split("\t")[:2] == [manifest.name, manifest.version]
    assert [row["version"] for row in json.loads(run("models", "list", "--json").stdout)] == [
        manifest.version
    ]
    shown = run("models", "show").stdout.decode()
    assert f"version: {manifest.version}" in shown
    assert "metrics:" in shown
    assert json.loads(run("models", "show", "--json").stdout)["name"] == manifest.name


def test_models_list_with_another_root(tmp_path: Path) -> None:
    shutil.copytree(model_package.shipped_model_path(), tmp_path / "mine")
    result = run("models", "list", "--root", tmp_path)
    assert [line.split("\t")[4] for line in result.stdout.decode().splitlines()] == [
        str(model_package.shipped_model_path()),
        str(tmp_path / "mine"),
    ]


def test_models_verify_of_what_is_not_there() -> None:
    result = run("models", "verify", "no-such-directory")
    assert result.returncode == 1
    assert "no model version 'no-such-directory'" in result.stderr.decode()


def test_models_verify_says_what_differs(tmp_path: Path) -> None:
    copy = tmp_path / "model"
    shutil.copytree(model_package.shipped_model_path(), copy)
    assert run("models", "verify", copy).returncode == 0
    name = sorted(model_package.read_manifest(copy).files)[0]
    with (copy / name).open("r+b") as file:
        file.seek(100)
        file.write(b"altered")
    result = run("models", "verify", copy)
    assert result.returncode == 1
    assert name in result.stderr.decode()
    assert result.stderr.startswith(b"Error: ")


def test_the_owners_page_comes_out_right() -> None:
    expected = json.loads(OWNER_PAGE.with_suffix(".labels.json").read_text("utf-8"))["blocks"]
    result = run("segment", OWNER_PAGE, "--output", "json")
    found = json.loads(result.stdout)["blocks"]
    assert len(found) == 38
    assert [(b["start"], b["end"], b["label"]) for b in found] == [
        (b["start"], b["end"], b["label"]) for b in expected
    ]
