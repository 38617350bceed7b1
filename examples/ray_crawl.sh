#!/usr/bin/env bash
# WARC, WET or Parquet files to Parquet on a Ray cluster; without RAY_ADDRESS on this machine.
#   pip install 'page-segmenter[ray]'
#   examples/ray_crawl.sh 's3://bucket/crawl/*.warc.gz' s3://bucket/blocks
set -euo pipefail
exec "${PYTHON:-python}" -m segmenter.crawl.ray_job "$1" --output "$2" "${@:3}"
