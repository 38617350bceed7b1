"""``/``: the workbench's page, its files, and the example pages it can show."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from flask import Blueprint, Response, render_template

from api.pages.executor import app_pages
from api.problems import NOT_FOUND, ProblemError
from api.workbench.stylesheet import label_stylesheet
from segmenter.palette import LETTERS

__all__ = ["CONTENT_POLICY", "blueprint"]

# Nothing but the service's own files: no inline script or style, no other origin, and no string
# that becomes markup (W3C CSP Level 3, Trusted Types).
CONTENT_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)
_MEANINGS: Final = {
    "headline": "the page's title, where the page presents it",
    "deck": "what stands between headline and body to introduce it",
    "byline": "who wrote or supplied it, and when",
    "body": "the text the page exists for",
    "caption": "describes a picture, video or chart",
    "headline_fragment": "repeats the headline anywhere else",
    "comment": "what readers wrote, and the form for it",
    "teaser": "leads to other stories or items",
    "boilerplate": "everything else: menus, notices, share buttons",
}
_SEEDS: Final = Path(__file__).resolve().parents[2] / "seeds" / "pages"
_SUFFIXES: Final = (".txt", ".html")

blueprint: Final = Blueprint(
    "workbench",
    __name__,
    static_folder="static",
    static_url_path="/workbench",
    template_folder="templates",
)


@blueprint.after_request
def _protect(response: Response) -> Response:
    response.headers["Content-Security-Policy"] = CONTENT_POLICY
    return response


@blueprint.get("/")
def page() -> str:
    """The page; without a model it opens all the same and says so."""
    return render_template(
        "workbench/page.html",
        letters=LETTERS,
        meanings=_MEANINGS,
        model=app_pages().model(),
        seeds=[path.name for path in _seeds()],
    )


@blueprint.get("/workbench/labels.css")
def labels() -> Response:
    """The labels' colours, from the palette that all output shares."""
    return Response(label_stylesheet(), mimetype="text/css")


@blueprint.get("/workbench/seeds/<name>")
def seed(name: str) -> Response:
    """An example page as plain text, HTML too: it is looked at and never rendered."""
    for path in _seeds():
        if path.name == name:
            return Response(path.read_bytes(), mimetype="text/plain")
    raise ProblemError(NOT_FOUND, f"There is no example page {name[:80]!r}.")


def _seeds() -> list[Path]:
    """The example pages of a checkout; an image without them has none to pick."""
    if not _SEEDS.is_dir():
        return []
    return sorted(path for path in _SEEDS.iterdir() if path.suffix in _SUFFIXES)
