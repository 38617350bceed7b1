"""Where pages come from: JSONL, WARC and WET, Parquet, and files of one page each."""
