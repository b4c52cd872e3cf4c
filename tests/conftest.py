"""What is done once for a session: the claims are read while it collects, and its objects are set aside."""

import gc

import pytest
from claims import Claims


def pytest_configure(config):
    config.pluginmanager.register(Claims(), "claims")


def pytest_collection_finish():
    gc.freeze()


@pytest.fixture(scope="module")
def few_objects():
    """Benchmarks collect garbage before they time: without all that earlier tests have left in caches."""
    gc.collect()
    gc.freeze()
