"""What is done once for a session: the claims are read while it collects, and its objects are set aside."""

import gc

from claims import Claims


def pytest_configure(config):
    config.pluginmanager.register(Claims(), "claims")


def pytest_collection_finish():
    """Benchmarks collect garbage before they time: without thousands of tests and sympy's caches to walk."""
    gc.freeze()
