"""``segmenter models``: which there are, how they compare, which one answers."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click

from segmenter import model_package
from segmenter.cli.registry import open_registry, registry_options
from segmenter.errors import ModelError
from segmenter.model_package import Manifest
from segmenter.registry.versions import Registry

__all__ = ["models"]

_as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
_model = click.argument("model", required=False)


@click.group()
def models() -> None:
    """List, compare and choose models.

    MODEL is the name of a version or a model directory; without it the active version.

    \b
    Examples:
      segmenter models list
      segmenter models compare 0.1.0-r1
      segmenter models promote 0.1.0-r1
      segmenter models rollback
    """


@models.command("list")
@registry_options
@click.option(
    "--root",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Also list the model directories in this folder.",
)
@_as_json
def list_(data: Path, base: str, root: Path | None, as_json: bool) -> None:
    """List the base model and the versions made from it, and which one is active.

    \b
    Examples:
      segmenter models list
      segmenter models list --root my-models
      segmenter models list --json
    """
    rows = [
        _row(version.name, version.path, version.manifest, version.states, version.fault)
        for version in open_registry(data, base).versions()
    ]
    known = {row["path"] for row in rows}
    for path in model_package.list_models(root) if root is not None else []:
        if str(path) not in known:
            manifest = model_package.read_manifest(path)
            rows.append(_row(manifest.version, path, manifest, (), None))
    if as_json:
        click.echo(json.dumps(rows, indent=2, ensure_ascii=False))
        return
    for row in rows:
        states = ",".join(row["states"]) or "-"
        fault = f"\tcan't be used: {row['fault']}" if row["fault"] else ""
        click.echo(
            f"{row['name']}\t{row['version']}\t{row['created']}\t{states}\t{row['path']}{fault}"
        )


@models.command()
@registry_options
@_model
@_as_json
def show(data: Path, base: str, model: str | None, as_json: bool) -> None:
    """Show a model's manifest with its metrics.

    \b
    Examples:
      segmenter models show
      segmenter models show 0.1.0-r1
      segmenter models show my-models/2.1.0 --json
    """
    manifest = model_package.read_manifest(_path(open_registry(data, base), model))
    if as_json:
        click.echo(json.dumps(manifest.to_dict(), indent=2, ensure_ascii=False))
        return
    for line in _readable(manifest.to_dict()):
        click.echo(line)


@models.command()
@registry_options
@_model
@_as_json
def compare(data: Path, base: str, model: str | None, as_json: bool) -> None:
    """Show how a version compared with the one that was active when it was trained.

    \b
    Examples:
      segmenter models compare 0.1.0-r1
      segmenter models compare 0.1.0-r1 --json
    """
    manifest = model_package.read_manifest(_path(open_registry(data, base), model))
    kinds = manifest.metrics.get("kinds")
    if kinds is None:
        raise ModelError(f"{manifest.name} {manifest.version} was not retrained from labels")
    if as_json:
        click.echo(json.dumps(dict(manifest.metrics), indent=2, ensure_ascii=False))
        return
    click.echo(f"{manifest.version}: {manifest.metrics['reason']}")
    for kind, report in kinds.items():
        click.echo(f"\n{kind}: {report['pages']} pages of {report['sites']} sites")
        click.echo(f"({report['compared']})")
        for name in ("by_page", "by_site", "base"):
            if report[name] is not None:
                for line in _table(name, report[name]):
                    click.echo(line)


@models.command()
@registry_options
@click.argument("version")
@click.option("--reason", default="asked for", help="Kept with the version.")
def promote(data: Path, base: str, version: str, reason: str) -> None:
    """Make a version the active one; running services take it within two seconds.

    \b
    Examples:
      segmenter models promote 0.1.0-r1
    """
    active = open_registry(data, base).promote(version, reason)
    click.echo(f"{active.version} is active; before it {active.previous[-1]}")


@models.command()
@registry_options
@click.option("--reason", default="asked for", help="Kept with the version.")
def rollback(data: Path, base: str, reason: str) -> None:
    """Go back to the version that was active before.

    \b
    Examples:
      segmenter models rollback
    """
    active = open_registry(data, base).rollback(reason)
    click.echo(f"{active.version} is active")


@models.command()
@registry_options
@click.option("--keep", type=click.IntRange(min=0), default=5, show_default=True,
              help="Newest candidates to keep.")  # fmt: skip
def prune(data: Path, base: str, keep: int) -> None:
    """Remove old versions; the active one, the one before it and the base stay.

    \b
    Examples:
      segmenter models prune --keep 3
    """
    removed = open_registry(data, base).prune(keep)
    click.echo(f"removed {', '.join(removed)}" if removed else "nothing to remove")


@models.command()
@registry_options
@_model
def verify(data: Path, base: str, model: str | None) -> None:
    """Check a model's files against their hashes; exit code 1 if they differ.

    A version's seal is checked too, and with SEGMENTER_SIGNING_KEY its signature.

    \b
    Examples:
      segmenter models verify
      segmenter models verify my-models/2.1.0
    """
    registry = open_registry(data, base)
    if model is not None and Path(model).is_dir():
        path = Path(model)
    else:
        path = registry.check(model or registry.active().version)
    manifest = model_package.verify(path)
    count = len(manifest.files)
    click.echo(f"{manifest.name} {manifest.version}: {count} files are as the manifest says")


def _path(registry: Registry, model: str | None) -> Path:
    if model is not None and Path(model).is_dir():
        return Path(model)
    return registry.path(model or registry.active().version)


def _row(
    version: str,
    path: Path,
    manifest: Manifest | None,
    states: tuple[str, ...],
    fault: str | None,
) -> dict[str, Any]:
    return {
        "name": "?" if manifest is None else manifest.name,
        "version": version,
        "created": "?" if manifest is None else manifest.created,
        "states": list(states),
        "path": str(path),
        "fault": fault,
    }


def _table(name: str, comparison: Mapping[str, Any]) -> Iterator[str]:
    told = {
        "by_page": "your pages, each predicted without itself",
        "by_site": "your pages, each predicted without its site",
        "base": "the base's held-back pages",
    }
    yield f"  {told[name]}: {comparison['pages']}"
    rows = {"macro F1": comparison["macro_f1"], **comparison["labels"]}
    for label, scores in rows.items():
        yield (
            f"    {label:<18}{scores['active']:.3f} -> {scores['candidate']:.3f}  "
            f"{scores['difference']:+.3f} ({scores['low']:+.3f} to {scores['high']:+.3f})"
        )


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
