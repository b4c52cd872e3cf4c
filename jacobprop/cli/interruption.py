"""Ctrl-C as a wish: the work goes on to the next good place to end. A second Ctrl-C ends it at once."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class Interruption:
    """Whether somebody has pressed Ctrl-C."""

    def __init__(self) -> None:
        self.wanted = False

    def _note(self, number: int, frame: FrameType | None) -> None:
        self.wanted = True
        signal.signal(number, signal.default_int_handler)


@contextmanager
def interruptible() -> Iterator[Interruption]:
    """Take Ctrl-C over where it would end the program: not where it is ignored, nor in another thread."""
    interruption = Interruption()
    main = threading.current_thread() is threading.main_thread()
    if not main or signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        yield interruption
        return
    signal.signal(signal.SIGINT, interruption._note)
    try:
        yield interruption
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)
