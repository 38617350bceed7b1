"""Pages from standard input to a service, answers to standard output, both JSON lines.

    pip install 'page-segmenter[client]'
    python examples/client_stream.py http://127.0.0.1:8000 < pages.jsonl > blocks.jsonl

Pages are ``{"id", "url", "text" or "html"}``. They are read as answers come, eight ahead.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator

from segmenter import Document
from segmenter.client import Client


def documents() -> Iterator[Document]:
    """The pages of standard input."""
    for line in sys.stdin:
        row = json.loads(line)
        yield Document(**{name: row.get(name) for name in ("id", "url", "text", "html")})


def main(service: str) -> None:
    """One line out for every line in, in the same order."""
    with Client(service) as client:
        for answer in client.segment_documents(documents(), concurrency=8):
            row = answer if isinstance(answer, dict) else {"error": str(answer)}
            print(json.dumps(row, ensure_ascii=False), flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
