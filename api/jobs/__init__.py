"""Training runs as jobs: a queue, a worker process, and a process for each run."""
