"""Checkouts of public repositories as corpus records: one module for each repository's layout."""
