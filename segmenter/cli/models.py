"""``segmenter models``: which there are, what they say of themselves, whether they are whole."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click

from segmenter import model_package

__all__ = ["models"]

_as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
_path = click.argument(
    "path", required=False, type=click.Path(exists=True, file_okay=False, path_type=Path)
)


@click.group()
def models() -> None:
    """List, show and verify models.

    \b
    Examples:
      segmenter models list
      segmenter models show
      segmenter models verify my-models/2.1.0
    """


@models.command("list")
@click.option(
    "--root",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Also list the models in this directory.",
)
@_as_json
def list_(root: Path | None, as_json: bool) -> None:
    """List the shipped model and those under --root.

    \b
    Examples:
      segmenter models list
      segmenter models list --root my-models
      segmenter models list --json
    """
    paths = [model_package.shipped_model_path()]
    if root is not None:
        paths += [path for path in model_package.list_models(root) if path not in paths]
    manifests = [(path, model_package.read_manifest(path)) for path in paths]
    if as_json:
        rows = [
            {"name": m.name, "version": m.version, "created": m.created, "path": str(path)}
            for path, m in manifests
        ]
        click.echo(json.dumps(rows, indent=2, ensure_ascii=False))
        return
    for path, manifest in manifests:
        click.echo(f"{manifest.name}\t{manifest.version}\t{manifest.created}\t{path}")


@models.command()
@_path
@_as_json
def show(path: Path | None, as_json: bool) -> None:
    """Show a model's manifest with its metrics; without PATH that of the shipped model.

    \b
    Examples:
      segmenter models show
      segmenter models show my-models/2.1.0
      segmenter models show --json
    """
    manifest = model_package.read_manifest(path or model_package.shipped_model_path())
    if as_json:
        click.echo(json.dumps(manifest.to_dict(), indent=2, ensure_ascii=False))
        return
    for line in _readable(manifest.to_dict()):
        click.echo(line)


@models.command()
@_path
def verify(path: Path | None) -> None:
    """Check a model's files against the hashes in its manifest; exit code 1 if they differ.

    \b
    Examples:
      segmenter models verify
      segmenter models verify my-models/2.1.0
    """
    manifest = model_package.verify(path or model_package.shipped_model_path())
    count = len(manifest.files)
    click.echo(f"{manifest.name} {manifest.version}: {count} files are as the manifest says")


def _readable(value: Mapping[str, Any], indent: str = "") -> Iterator[str]:
    """Nested values as indented lines; long lists and long tables of hashes by their length."""
    for name, item in value.items():
        match item:
            case Mapping() if len(item) > 12 and all(isinstance(v, str) for v in item.values()):
                yield f"{indent}{name}: {len(item)} entries, see --json"
            case Mapping():
                yield f"{indent}{name}:"
                yield from _readable(item, indent + "  ")
            case list() | tuple() if len(item) > 12:
                yield f"{indent}{name}: {len(item)} entries, see --json"
            case list() | tuple():
                yield f"{indent}{name}: {', '.join(map(str, item))}"
            case float():
                yield f"{indent}{name}: {item:.4g}"
            case _:
                yield f"{indent}{name}: {item}"
