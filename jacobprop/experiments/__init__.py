"""The experiments of the seeds: each runs, prints a table and draws a picture that tells what it found."""

from . import falling_body, polygons, pulses, saturation, seed_001, vanishing, wine, xor
from .experiment import Experiment, Progress, Result, Table

EXPERIMENTS: dict[str, Experiment] = {
    module.EXPERIMENT.name: module.EXPERIMENT
    for module in (xor, wine, falling_body, vanishing, saturation, polygons, pulses, seed_001)
}
"""By name, in the order in which they are listed."""

__all__ = ["EXPERIMENTS", "Experiment", "Progress", "Result", "Table"]
