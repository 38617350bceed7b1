"""Something that changes while something else is measured."""

from __future__ import annotations

import threading
from collections.abc import Callable

__all__ = ["Watch"]


class Watch:
    """Takes a sample of a figure every so often, in a thread, until it is left."""

    def __init__(self, figure: Callable[[], float], seconds: float) -> None:
        """Nothing is sampled before it is entered.

        Args:
            figure: gives a sample.
            seconds: between two samples.
        """
        self.samples: list[float] = []
        self._figure = figure
        self._seconds = seconds
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> Watch:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def quarter(self, number: int) -> list[float]:
        """The samples of a quarter of the time, from 0 to 3; all of them where they are few."""
        size = len(self.samples) // 4
        return self.samples[number * size : (number + 1) * size] or self.samples

    def _run(self) -> None:
        self.samples.append(self._figure())
        while not self._ended.wait(self._seconds):
            self.samples.append(self._figure())
