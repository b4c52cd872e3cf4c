"""One thread for the BLAS: routes are compared by their work, not by how many cores they wake."""

from __future__ import annotations

from contextlib import AbstractContextManager
from importlib import import_module
from importlib.util import find_spec
from typing import Any

REMEDY = 'benchmarks pin the BLAS with threadpoolctl: pip install ".[test]"'


def installed() -> bool:
    """Whether threadpoolctl, of the extra `test`, is there."""
    return find_spec("threadpoolctl") is not None


def one_thread() -> AbstractContextManager[object]:
    """All BLAS libraries of this process on one thread while the block runs."""
    limits: AbstractContextManager[object] = _threadpoolctl().threadpool_limits(1, user_api="blas")
    return limits


def libraries() -> list[dict[str, object]]:
    """Name, version, architecture and number of threads of each BLAS in this process."""
    keys = ("internal_api", "version", "architecture", "num_threads")
    pools = [pool for pool in _threadpoolctl().threadpool_info() if pool["user_api"] == "blas"]
    return [{key: pool.get(key) for key in keys} for pool in pools]


def _threadpoolctl() -> Any:
    return import_module("threadpoolctl")  # optional, so not at the top
