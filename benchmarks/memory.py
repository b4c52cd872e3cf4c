"""The peak of memory that one run allocates, numpy's arrays included."""

from __future__ import annotations

import gc
import tracemalloc
from collections.abc import Callable

SLOWDOWN = 5
"""About how many times longer a run takes while every allocation is traced."""

LARGE = 2**26
"""Dense tensors of so many bytes take their time to fill: tracing adds nothing to it."""


def peak_bytes(run: Callable[[], object]) -> int:
    """The most bytes alive at once during a call, beyond those before it. Never time this run."""
    gc.collect()
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        run()
        return tracemalloc.get_traced_memory()[1] - before
    finally:
        tracemalloc.stop()
