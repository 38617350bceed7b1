"""Print what the seed pages hold, as Markdown tables: ``.venv/bin/python seeds/table.py``."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

PAGES = Path(__file__).parent / "pages"


def read_pages() -> list[dict[str, Any]]:
    """Read the labels of all seed pages, in order of their names."""
    return [json.loads(path.read_text("utf-8")) for path in sorted(PAGES.glob("*.labels.json"))]


def label_rows(pages: list[dict[str, Any]]) -> list[str]:
    """Make one table row for each label, the most frequent first."""
    blocks: dict[str, Counter[str]] = {"text": Counter(), "html": Counter()}
    having: Counter[str] = Counter()
    for page in pages:
        labels = [block["label"] for block in page["blocks"]]
        blocks["text" if "text_file" in page else "html"].update(labels)
        having.update(set(labels))
    order = sorted(having, key=lambda label: -(blocks["text"] + blocks["html"])[label])
    return [
        f"| {label} | {blocks['text'][label]} | {blocks['html'][label]} | {having[label]} |"
        for label in order
    ]


def counted(pages: list[dict[str, Any]], field: str, missing: str) -> str:
    """Count the values of one field, the most frequent first."""
    counts = Counter(page.get(field, missing) for page in pages)
    return ", ".join(f"{value} {count}" for value, count in counts.most_common())


def main() -> None:
    """Print the tables."""
    pages = read_pages()
    print("| label | blocks in raw text | blocks in HTML | pages |")
    print("| --- | --: | --: | --: |")
    print("\n".join(label_rows(pages)))
    html = [page for page in pages if "html_file" in page]
    print(f"\nPages: {len(pages)}, of them raw text {len(pages) - len(html)}, HTML {len(html)}.\n")
    print(f"Languages: {counted(pages, 'language', 'not given')}.\n")
    print(
        f"Forms of raw text: {counted([p for p in pages if p not in html], 'form', 'not given')}.\n"
    )
    print(f"Page types: {counted(pages, 'page_type', 'not given')}.")


if __name__ == "__main__":
    main()
