"""A table of pages to a table of labelled blocks with Spark's ``mapInArrow``.

    pip install 'page-segmenter[parquet]' pyspark
    python examples/spark_crawl.py pages.parquet blocks.parquet

The table has a column ``html`` or ``text``, and may have ``id`` and ``url``. On a cluster every
worker needs page-segmenter installed; each Python worker loads the model once.
"""

from __future__ import annotations

import sys
from functools import partial

from pyspark.sql import SparkSession
from pyspark.sql.pandas.types import from_arrow_schema

from segmenter.crawl.arrow import arrow_schema, segment_batches


def main(source: str, output: str) -> None:
    """Read, segment, write."""
    spark = SparkSession.builder.appName("page-segmenter").getOrCreate()
    # Pages are large: Spark's default of 10,000 rows a batch would hold too many at a time.
    spark.conf.set("spark.sql.execution.arrow.maxRecordsPerBatch", "64")
    pages = spark.read.parquet(source)
    segment = partial(segment_batches, keep=["body"])
    schema = from_arrow_schema(arrow_schema())
    pages.mapInArrow(segment, schema).write.parquet(output)
    spark.stop()


if __name__ == "__main__":
    main(*sys.argv[1:])
