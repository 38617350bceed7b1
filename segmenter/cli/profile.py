"""``segmenter profile``: what stands on the pages of each site of a crawl."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import click

from segmenter.cli.inputs import StatedFormat, found_inputs, input_options, total_bytes
from segmenter.cli.new_file import NewFile
from segmenter.cli.progress import Meter
from segmenter.crawl.profiling import NO_URL, build_profile
from segmenter.crawl.tally import Tally
from segmenter.profiles import Profile, merge_profiles, read_profile, write_profile
from segmenter.profiles.address import page_address
from segmenter.profiles.sample import MAX_PAGES, SampledPage

__all__ = ["profile"]

_SHOWN: Final = 20
_output = click.option(
    "-o",
    "--output",
    required=True,
    metavar="PROFILES",
    type=NewFile(),
    help="File to write.",
)
_overwrite = click.option("--overwrite", is_flag=True, help="Replace an existing file.")
_file = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group()
def profile() -> None:
    """Build, merge and show site profiles: which blocks stand on many pages of a site.

    \b
    Examples:
      segmenter profile build 'crawl/*.warc.gz' -o crawl.profile
      segmenter batch 'crawl/*.warc.gz' --profiles crawl.profile -o blocks.parquet
    """


@profile.command()
@click.argument("sources", metavar="IN…", nargs=-1, required=True)
@_output
@input_options
@click.option(
    "--max-pages",
    type=click.IntRange(min=1),
    default=MAX_PAGES,
    show_default=True,
    help="Pages kept of all sites together; one takes about 1 kB of memory.",
)
@_overwrite
def build(
    *,
    sources: tuple[str, ...],
    output: Path,
    input_format: StatedFormat,
    html_column: str,
    text_column: str,
    max_pages: int,
    workers: int,
    overwrite: bool,
) -> None:
    """Build a profile in one pass over a crawl; IN is what `segmenter batch` takes.

    Of each site up to 64 pages are remembered, as hashes of their blocks. The order of the pages
    does not matter; parts of a crawl can be built apart and merged.

    \b
    Examples:
      segmenter profile build pages.jsonl.gz -o pages.profile
      segmenter profile build s3://bucket/crawl/ -o crawl.profile --workers 8
    """
    _check_output(output, overwrite=overwrite)
    inputs = found_inputs(sources, input_format, html_column, text_column)
    with Meter(total_bytes(inputs), quiet=False) as meter:
        made, tally = build_profile(inputs, max_pages=max_pages, workers=workers, on_progress=meter)
    if not len(made):
        raise click.ClickException(
            f"none of {tally.rows:,} pages could be counted (without a URL: "
            f"{tally.errors.get(NO_URL, 0):,}); a profile needs pages with their URLs, as JSONL, "
            "WARC and Parquet have them"
        )
    write_profile(output, made)
    _report(made, tally)


@profile.command()
@click.argument("parts", metavar="PROFILES…", nargs=-1, required=True, type=_file)
@_output
@_overwrite
def merge(parts: tuple[Path, ...], output: Path, *, overwrite: bool) -> None:
    """Merge profiles of parts of a crawl: the same file as a build over the whole gives.

    \b
    Example:
      segmenter profile merge part-*.profile -o crawl.profile
    """
    _check_output(output, overwrite=overwrite)
    made = merge_profiles(read_profile(part) for part in parts)
    write_profile(output, made)
    click.echo(_summary(made), err=True)


@profile.command()
@click.argument("file", metavar="PROFILES", type=_file)
@click.argument("site", required=False)
def show(file: Path, site: str | None) -> None:
    """Say what a profile holds: its largest sites, or one SITE (a host, or a URL of it).

    \b
    Examples:
      segmenter profile show crawl.profile
      segmenter profile show crawl.profile news.example
    """
    made = read_profile(file)
    if site is None:
        click.echo(_summary(made))
        sizes = made.sizes()
        for name in sorted(sizes, key=lambda name: (-sizes[name], name))[:_SHOWN]:
            click.echo(f"{sizes[name]:>8,}  {_printable(name)}")
        if len(sizes) > _SHOWN:
            click.echo(f"     and {len(sizes) - _SHOWN:,} sites more")
        return
    address = page_address(site if "://" in site else f"https://{site}/")
    pages = [] if address is None else made.pages_of(address.site)
    if address is None or not pages:
        raise click.ClickException(f"{file} has no pages of {site}")
    _show_site(address.site, pages, made.rank)


def _show_site(name: str, pages: list[SampledPage], rank: int) -> None:
    held: dict[bytes, int] = {}
    for page in pages:
        for place in range(0, len(page.fingerprints), 4):
            block = page.fingerprints[place : place + 4]
            held[block] = held.get(block, 0) + 1
    met = len(pages)
    if met == rank and met > 1:
        # The hashes are spread evenly: how densely they lie tells how many there are.
        met = round((rank - 1) / ((pages[-1].key + 1) / 2**64))
    click.echo(f"{_printable(name)}: {len(pages):,} pages kept, of about {met:,}")
    click.echo(f"{len(held):,} distinct blocks, of which on more than one page:")
    for share in (0, 0.1, 0.5, 0.9):
        least = max(2, int(share * len(pages)) + 1)
        count = sum(pages_with >= least for pages_with in held.values())
        click.echo(f"{count:>8,}  on {least:,} pages or more")


def _check_output(output: Path, *, overwrite: bool) -> None:
    if output.exists() and not overwrite:
        raise click.UsageError(
            f"{output} exists; use --overwrite to replace it", click.get_current_context()
        )


def _summary(made: Profile) -> str:
    return (
        f"{len(made):,} pages of {len(made.site):,} sites, {made.rank} of a site at most; "
        f"{len(made.prints):,} fingerprints"
    )


def _report(made: Profile, tally: Tally) -> None:
    click.echo(f"{tally.pages:,} pages read; kept: {_summary(made)}", err=True)
    errors = ", ".join(f"{name} {count:,}" for name, count in sorted(tally.errors.items()))
    click.echo(f"errors: {errors or 'none'}", err=True)
    if tally.damaged:
        raise click.ClickException(
            f"the input is cut short or damaged (places: {tally.damaged:,}); the profile is of "
            "what could be read"
        )


def _printable(name: str) -> str:
    return "".join(c if c.isprintable() else "?" for c in name)
