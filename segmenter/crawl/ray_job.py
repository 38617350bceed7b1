"""A crawl to a folder of Parquet files on a Ray cluster.

python -m segmenter.crawl.ray_job 's3://bucket/crawl/*.warc.gz' -o s3://bucket/blocks
"""

from __future__ import annotations

import click

from segmenter.crawl.inputs.locate import FORMATS, InputFormat, LocationError
from segmenter.crawl.inputs.parquet import Columns
from segmenter.errors import SegmenterError
from segmenter.types import LABELS, check_keep

__all__ = ["main"]


@click.command()
@click.argument("sources", metavar="IN…", nargs=-1, required=True)
@click.option("-o", "--output", required=True, metavar="FOLDER", help="Folder or URL to write to.")
@click.option("--workers", type=click.IntRange(min=1), help="Actors; without it one a core.")
@click.option(
    "--address", help="Of the cluster, or local; without it RAY_ADDRESS, else this machine."
)
@click.option("--input-format", type=click.Choice(["auto", *FORMATS]), default="auto")
@click.option("--html-column", default="html", show_default=True, help="Of Parquet: the HTML.")
@click.option("--text-column", default="text", show_default=True, help="Of Parquet: the text.")
@click.option("--keep", multiple=True, type=click.Choice(LABELS), default=["body"])
@click.option("--probabilities", is_flag=True, help="Give the probabilities of all labels.")
@click.option("--model", help="Model directory, on every node.")
@click.option("--profiles", help="File of site profiles, on every node.")
def main(
    *,
    sources: tuple[str, ...],
    output: str,
    workers: int | None,
    address: str | None,
    input_format: str,
    html_column: str,
    text_column: str,
    keep: tuple[str, ...],
    probabilities: bool,
    model: str | None,
    profiles: str | None,
) -> None:
    """Segment a crawl on a Ray cluster into a folder of Parquet files, blocks as a list of structs.

    IN is what `segmenter batch` takes, on storage that every node reaches. A page that can't be
    read or segmented gets a row with the column error filled. A worker that dies is replaced, and
    its pages are done again.
    """
    try:
        from segmenter.crawl.ray import cores, read_pages, segment_pages

        available = cores(address)
        stated: InputFormat | None = None if input_format == "auto" else input_format  # type: ignore[assignment]
        columns = Columns(text=text_column, html=html_column)
        pages = read_pages(sources, format=stated, columns=columns)
        segmented = segment_pages(
            pages,
            workers=workers or available,
            keep=check_keep(keep),
            probabilities=probabilities,
            model=model,
            profiles=profiles,
        )
        # Actors hold the cores; a write that waited for one would wait for ever.
        segmented.write_parquet(output, ray_remote_args={"num_cpus": 0})
    except LocationError as error:
        raise click.UsageError(str(error)) from error
    except SegmenterError as error:
        raise click.ClickException(str(error)) from error


if __name__ == "__main__":
    main()
