"""One thread on one core: routes are compared by their work, not by how many cores they wake."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec
from typing import Any

REMEDY = 'benchmarks pin the BLAS with threadpoolctl: pip install ".[test]"'


def installed() -> bool:
    """Whether threadpoolctl, of the extra `test`, is there."""
    return find_spec("threadpoolctl") is not None


@contextmanager
def one_core() -> Iterator[int | None]:
    """This process on one core while the block runs: its number, None where the system cannot say.

    Enter it before the peers are loaded: the threads that they start inherit it.
    """
    if not hasattr(os, "sched_setaffinity"):  # macOS, Windows
        yield None
        return
    before = os.sched_getaffinity(0)
    core = max(before)  # the first one serves most interrupts
    os.sched_setaffinity(0, {core})
    try:
        yield core
    finally:
        os.sched_setaffinity(0, before)


@contextmanager
def one_thread() -> Iterator[None]:
    """All BLAS and OpenMP libraries that this process has loaded on one thread while the block runs."""
    with _threadpoolctl().threadpool_limits(1):
        yield


def libraries() -> list[dict[str, object]]:
    """Name, version, architecture and number of threads of each BLAS in this process."""
    keys = ("internal_api", "version", "architecture", "num_threads")
    pools = [pool for pool in _threadpoolctl().threadpool_info() if pool["user_api"] == "blas"]
    return [{key: pool.get(key) for key in keys} for pool in pools]


def _threadpoolctl() -> Any:
    return import_module("threadpoolctl")  # optional, so not at the top
