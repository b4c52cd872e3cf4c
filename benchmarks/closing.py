"""What a suite's rows come to against the peers and the floor, in words."""

from __future__ import annotations

from collections.abc import Sequence

from .suite import Group, Row
from .targets import geometric_mean, over, to_best_peer, to_floor
from .units import three_digits


def summed_up(found: Sequence[Row], suite: str, group: Group | None = None) -> str:
    """Our time over the best peer's, the geometric mean of all workloads, and over the floor's, the worst."""
    peer = over(suite, to_best_peer, geometric_mean, group=group)(found)
    floor = over(suite, to_floor, group=group)(found)
    parts = [f"mean {three_digits(peer.value)} x best peer"] if peer else []
    parts += [f"at worst {three_digits(floor.value)} x floor"] if floor else []
    return ", ".join(parts) or "not measured on all networks"
