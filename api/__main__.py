"""``python -m api``: start the service."""

from __future__ import annotations

import os
import sys
from typing import Final

_THREAD_VARIABLES: Final = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
)


def main() -> int:
    """Set the number of threads, then serve; the exit code."""
    # One worker per core is all the parallelism there is to have; and threads started before
    # the fork would be missing in the workers. The libraries read this when first imported.
    os.environ.update(dict.fromkeys(_THREAD_VARIABLES, "1"))
    from api.runner import run

    return run(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
