"""What the service keeps: labelled pages and training runs, in SQLite or PostgreSQL."""
