"""Pages that a user labelled: records, their files, and what to label next."""
