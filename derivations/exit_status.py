"""The exit status of a program that a user interrupts, or whose reader goes away."""

import os
import sys
from collections.abc import Callable

INTERRUPTED = 130
READER_GONE = 141


def exit_status(main: Callable[[], int]) -> int:
    """What ``main`` returns; in silence 130 after Ctrl-C, and 141 after ``| head`` as a shell reports it."""
    try:
        status = main()
        sys.stdout.flush()
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # for Python's own flush at the end
        return READER_GONE
    return status
