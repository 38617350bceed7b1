"""The shell commands of a document."""

from __future__ import annotations

import re
from pathlib import Path


def shell_blocks(document: Path) -> list[str]:
    return re.findall(r"^```sh\n(.*?)^```$", document.read_text("utf-8"), re.DOTALL | re.MULTILINE)
