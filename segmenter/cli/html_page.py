"""A page's blocks as one self-contained HTML page: label colours, no script, nothing fetched."""

from __future__ import annotations

import base64
import hashlib
from collections import Counter
from collections.abc import Iterator
from html import escape
from typing import Final

from segmenter.palette import COLOURS
from segmenter.types import LABELS, Block, Segmentation

__all__ = ["html_page"]

_LAYOUT: Final = """
:root { color-scheme: light dark; --ink: #1b1b1b; --quiet: #5a5a5a; --ground: #fff; --tint: 9%; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #ececec; --quiet: #a8a8a8; --ground: #161616; --tint: 20%; }
}
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 60rem; padding: 1.5rem 1rem 4rem; color: var(--ink);
  background: var(--ground); font: 1rem/1.55 system-ui, sans-serif; }
h1 { font-size: 1.5rem; line-height: 1.25; margin: 0 0 .5rem; overflow-wrap: anywhere; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 0 .75rem; margin: 0 0 1rem;
  color: var(--quiet); font-size: .875rem; }
dd { margin: 0; overflow-wrap: anywhere; }
ul, ol { list-style: none; margin: 0; padding: 0; }
.legend { display: flex; flex-wrap: wrap; gap: .25rem 1rem; padding: .6rem 0; margin-bottom: 1rem;
  font-size: .875rem; position: sticky; top: 0; background: var(--ground);
  border-bottom: 1px solid color-mix(in srgb, var(--quiet) 40%, transparent); }
.legend li { display: flex; align-items: center; gap: .35rem; }
.legend li::before { content: ""; width: .9rem; height: .9rem; border-radius: 3px;
  background: var(--label); border: 1px solid color-mix(in srgb, var(--ink) 35%, transparent); }
.block { display: grid; grid-template-columns: 10.5rem 1fr; gap: 0 1rem; margin-bottom: .35rem;
  padding: .35rem .75rem; border-inline-start: .4rem solid var(--label); border-radius: 3px;
  background: color-mix(in srgb, var(--label) var(--tint), var(--ground)); }
.name { display: block; font-weight: 600; font-size: .875rem; }
.place { display: block; color: var(--quiet); font-size: .75rem; overflow-wrap: anywhere;
  font-variant-numeric: tabular-nums; }
.text { margin: 0; white-space: pre-wrap; overflow-wrap: anywhere; min-width: 0; }
.headline .text { font-weight: 700; font-size: 1.15rem; }
.boilerplate .text, .teaser .text { font-size: .875rem; }
@media (max-width: 40rem) { .block { grid-template-columns: 1fr; } .legend { position: static; } }
@media print { .block { break-inside: avoid; } .legend { position: static; } }
"""
_STYLE: Final = _LAYOUT + "".join(
    f".{label} {{ --label: {colour}; }}\n" for label, colour in COLOURS.items()
)


def html_page(segmentation: Segmentation) -> str:
    """The page; all page text is escaped and shown in its own direction.

    The Content-Security-Policy (W3C CSP Level 3) lets nothing run or load but the page's own style
    by its hash, so that even a fault in the escaping could not run a script.
    """
    title = segmentation.headline or segmentation.url or segmentation.id or "Segmented page"
    counts = Counter(block.label for block in segmentation.blocks)
    lines = [
        "<!doctype html>",
        '<html lang="en">',
        "<head>",
        '<meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{_policy()}">',
        '<meta name="referrer" content="no-referrer">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{_escaped(' '.join(title.split()))}</title>",
        f"<style>{_STYLE}</style>",
        "</head>",
        "<body>",
        f'<h1 dir="auto">{_escaped(title)}</h1>',
        "<dl>",
        *(f"<dt>{name}</dt><dd>{_escaped(value)}</dd>" for name, value in _facts(segmentation)),
        "</dl>",
        '<ul class="legend" aria-label="Labels and their number of blocks">',
        *(f'<li class="{label}">{label} {counts[label]:,}</li>' for label in LABELS),
        "</ul>",
        "<ol>",
        *(_block(block) for block in segmentation.blocks),
        "</ol>",
        "</body>",
        "</html>",
    ]
    return "\n".join(lines) + "\n"


def _policy() -> str:
    digest = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
    return f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"


def _facts(segmentation: Segmentation) -> Iterator[tuple[str, str]]:
    if segmentation.id is not None:
        yield "id", segmentation.id
    if segmentation.url is not None:
        yield "url", segmentation.url
    yield "input", segmentation.input
    yield "language", segmentation.language or "unknown"
    yield "confidence", f"{segmentation.confidence:.2f}"
    yield "kept labels", ", ".join(segmentation.keep)
    yield "model", f"{segmentation.model.name} {segmentation.model.version}"


def _block(block: Block) -> str:
    path = "" if block.path is None else f'<span class="place">{_escaped(block.path)}</span>'
    return (
        f'<li class="block {block.label}"><div><span class="name">{block.label}</span>'
        f'<span class="place">{block.probability:.2f} · {block.start}–{block.end}</span>{path}'
        f'</div><p class="text" dir="auto">{_escaped(block.text)}</p></li>'
    )


def _escaped(text: str) -> str:
    """A NUL or a lone surrogate has no place in HTML."""
    return escape(text.replace("\0", "\ufffd").encode("utf-8", "replace").decode())
