"""Which peers there are; finding out imports none of them."""

from __future__ import annotations

from importlib.metadata import version
from importlib.util import find_spec

from . import jax_routes, torch_routes
from .peer import Peer

_KNOWN = {"torch": torch_routes.ROUTES, "jax": jax_routes.ROUTES}


def installed() -> tuple[Peer, ...]:
    """Every known peer that could be imported."""
    return tuple(Peer(name, version(name), routes) for name, routes in _KNOWN.items() if find_spec(name))
