"""Child processes that do not outlive their parent."""

from __future__ import annotations

import ctypes
import os
import sys
from typing import Final

__all__ = ["die_with_parent"]

_PR_SET_PDEATHSIG: Final = 1


def die_with_parent(signal_number: int, parent: int) -> None:
    """Have the kernel send this process a signal when its parent ends (Linux only), and end it now
    if that has happened already.

    Args:
        signal_number: the signal.
        parent: the parent's process id, as the parent told it.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal_number)
    if os.getppid() != parent:
        sys.exit("the process that started this one has ended")
