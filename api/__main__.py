"""``python -m api``: start the service with its training worker.

The other words are for the processes that it starts, which end with the process PARENT:
``pages FOLDER``, ``service PARENT``, ``training-run ID PARENT`` and ``training-worker [PARENT]``;
the last may be started alone as well.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import Final

from api.jobs.parent import die_with_parent
from api.settings import Settings, SettingsError

_THREAD_VARIABLES: Final = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
)


def main(arguments: list[str]) -> int:
    """Set the number of threads, then do what the arguments say; the exit code."""
    # One worker per core is all the parallelism there is to have; and threads started before
    # the fork would be missing in the workers. The libraries read this when first imported.
    os.environ.update(dict.fromkeys(_THREAD_VARIABLES, "1"))
    match arguments:
        case []:
            return _start()
        case ["pages", folder]:
            # Ctrl+C reaches it too; it ends when who started it says so.
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            from api.pages.pool import run_pool

            return run_pool(Path(folder))
        case ["service", parent]:
            die_with_parent(signal.SIGTERM, int(parent))
            from api.runner import run

            return run([])
        case ["training-worker", *parents]:
            for parent in parents:
                die_with_parent(signal.SIGTERM, int(parent))
            from api.jobs.worker import work

            return work()
        case ["training-run", identity, parent]:
            # Before anything that takes time: the worker may be ended meanwhile.
            die_with_parent(signal.SIGKILL, int(parent))
            from api.jobs.run import run_training

            return run_training(identity)
        case _:
            from api.runner import run

            return run(arguments)


def _start() -> int:
    from api.supervisor import supervise

    try:
        trainers = Settings.from_environment().trainers
    except SettingsError as error:
        print(f"The service did not start: {error}", file=sys.stderr)
        return 1
    return supervise(trainer=trainers > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
