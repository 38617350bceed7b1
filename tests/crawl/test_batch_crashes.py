"""A run stopped at each of its calls of the system that change a file, then started again."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from segmenter.crawl.inputs.locate import find_inputs
from segmenter.crawl.outputs import output_for
from segmenter.crawl.runner import segment_to_file
from segmenter.crawl.segmenting import Work

pytestmark = pytest.mark.slow

CALLS = ("write", "fsync", "replace", "ftruncate", "open", "unlink")
ROWS = 70


class Killed(BaseException):
    """Nothing in the run may catch it."""


def segment(source: Path, output: Path) -> None:
    inputs = find_inputs([str(source)], stdin=io.BytesIO())
    segment_to_file(inputs, output, Work(output_for(None, output.name, False)))


def stop_at(patch: pytest.MonkeyPatch, number: int) -> Callable[[], bool]:
    """Kill the run before its call with that number; whether it got so far."""
    calls = 0

    def counted(name: str) -> Callable[..., Any]:
        real = getattr(os, name)

        def call(*arguments: Any, **options: Any) -> Any:
            nonlocal calls
            calls += 1
            if calls == number:
                raise Killed(name)
            return real(*arguments, **options)

        return call

    for name in CALLS:
        patch.setattr(os, name, counted(name))
    return lambda: calls >= number


@pytest.mark.parametrize("name", ["out.jsonl", "out.parquet"])
def test_stopped_at_any_call_it_gives_the_same_file(name: str, tmp_path: Path) -> None:
    source = tmp_path / "pages.jsonl"
    rows = ({"id": str(n), "text": f"Page {n}\n\nwith words"} for n in range(ROWS))
    source.write_text("".join(json.dumps(row) + "\n" for row in rows))
    (tmp_path / "whole").mkdir()
    segment(source, tmp_path / "whole" / name)
    expected = (tmp_path / "whole" / name).read_bytes()
    number, stopped = 0, True
    while stopped:
        number += 1
        folder = tmp_path / str(number)
        folder.mkdir()
        with pytest.MonkeyPatch.context() as patch:
            was_stopped = stop_at(patch, number)
            try:
                segment(source, folder / name)
            except Killed:
                assert was_stopped()
            stopped = was_stopped()
        if stopped:
            segment(source, folder / name)
        assert (folder / name).read_bytes() == expected
        assert os.listdir(folder) == [name]
    assert number > 15
