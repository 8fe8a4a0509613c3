"""Coarse reply times, so that how long a site worked does not tell how many records it has."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Pace:
    """Holds work back until a whole number of intervals has passed since it began.

    What is left to see is how many intervals it took: choose one that is longer than any release takes.

    Args:
        interval: Seconds; 0 holds nothing back.
        clock: A monotonic clock, in seconds.
        sleep: Waits for so many seconds.
    """

    def __init__(
        self,
        interval: float,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._interval = interval
        self._clock = clock
        self._sleep = sleep

    @contextmanager
    def held(self) -> Iterator[None]:
        """Do something, and be done with it, or have failed, at a whole interval."""
        began = self._clock()
        try:
            yield
        finally:
            if self._interval:
                taken = self._clock() - began
                self._sleep(max(1, math.ceil(taken / self._interval)) * self._interval - taken)
