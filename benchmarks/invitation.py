"""The peers that are installed, asked to the table; the suites never import them otherwise."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from .peers import Peer, installed
from .suite import Settings

REMEDY = 'no peers: pip install ".[peers]"'


@cache
def _installed() -> tuple[Peer, ...]:
    return installed()  # loading them takes seconds


def invited(settings: Settings) -> tuple[Peer, ...]:
    """Those to compare with: all that are installed, or none."""
    return _installed() if settings.peers else ()


def told(settings: Settings) -> str:
    """Which peers take part, and in which versions."""
    if not settings.peers:
        return "peers: left out"
    found = ", ".join(f"{peer.name} {peer.version}" for peer in invited(settings))
    return f"peers: {found}" if found else REMEDY


@contextmanager
def unwarned() -> Iterator[None]:
    """No word on stderr of what a peer will change in its next version, while the block runs."""
    with warnings.catch_warnings():
        for category in (FutureWarning, DeprecationWarning):
            warnings.filterwarnings("ignore", category=category, module=r"torch|jax|benchmarks\.peers")
        yield
