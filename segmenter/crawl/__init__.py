"""Thin adapters that run a ``Segmenter`` over the files and frameworks of a crawl."""
