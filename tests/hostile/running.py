"""One door tried many times by hypothesis."""

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from . import (
    classic_doors,
    construction_doors,
    curvature_doors,
    interop_doors,
    jacobian_doors,
    layer_doors,
    network_doors,
    other_doors,
    text_doors,
    training_doors,
)
from .trying import Tally, Trial

ROOMS = (
    jacobian_doors,
    network_doors,
    layer_doors,
    text_doors,
    training_doors,
    classic_doors,
    construction_doors,
    other_doors,
    curvature_doors,
    interop_doors,
)
DOORS = {name: door for room in ROOMS for name, door in room.DOORS.items()}
"""Every public door by name."""


def run(door, examples, number=None, tally=None, shrink=True):
    """Try a door with so many inputs; the first failure is raised, shrunk unless told otherwise."""
    tally = Tally() if tally is None else tally

    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        derandomize=number is None,
        print_blob=True,
        report_multiple_bugs=False,
        phases=[Phase.generate, *[Phase.shrink] * shrink],
        suppress_health_check=list(HealthCheck),
    )
    @given(data=st.data())
    def tried(data):
        DOORS[door](Trial(data, tally))

    (tried if number is None else seed(number)(tried))()
    return tally
