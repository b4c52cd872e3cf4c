"""Where the functions are compared: special, log-spaced, random; the hard ones come from `climbing`."""

from typing import NamedTuple

import numpy as np

from jacobprop.arrays import Array

THRESHOLDS = (
    *(0.25, 0.5, 1, 2, 3, 4, 5, 8, 9, 10, 11, 13, 16, 18, 19, 20, 22, 26, 30, 33, 36, 36.7, 37, 37.4, 38),
    *(38.6, 39, 40, 44, 45, 50, 64, 87, 88, 89, 100, 103, 104, 128, 300, 350, 354, 354.9, 355, 372, 373, 400),
    *(500, 600, 690, 700, 707, 708, 708.4, 709, 709.8, 710, 720, 740, 744, 745, 745.2, 746, 750, 1e3, 1e4),
)
"""Where a code turns to another form, overflows or underflows, or might."""
ZEROS = (1.2784645427610738, 0.7517915246935645, 2.3993572805154, 1.4142135623730951, 0.6931471805599453)
"""Of silu', gelu', silu'' and gelu'', and log 2."""
SIZES = (0.0, 5e-324, 1e-323, 1.5e-323, 1e-310, 1e-300, 1e-160, 1e-100, 1e-20, 1e-16, 1.1e-16, 2.2e-16, 1e-8)
LARGE = (1e8, 1e15, 1e16, 1e100, 1e154, 1.4e154, 1e200, 1e300, 1e308, 1.7976931348623157e308)


def special() -> Array:
    """Zeros of both signs, subnormals, thresholds and kinks with their neighbours, and the largest floats."""
    tiny = np.finfo(float).tiny
    middle = np.array([*SIZES, tiny, *THRESHOLDS, *ZEROS])
    size = np.concatenate([middle, np.nextafter(middle, 0), np.nextafter(middle, np.inf), LARGE])
    return np.concatenate([size, -size])


def spaced(each: int = 120) -> Array:
    """Evenly by logarithm, from the subnormals to the largest floats, and once more around 1."""
    size = np.concatenate([np.geomspace(1e-320, 1.7e308, each), np.geomspace(1e-8, 1e3, each)])
    return np.concatenate([size, -size])


def random(rng: np.random.Generator, each: int = 120) -> Array:
    """Where the functions bend, where they saturate, and everywhere by logarithm."""
    regions = [rng.uniform(-size, size, each) for size in (1, 4, 10, 40, 120, 760)]
    scattered = rng.choice([-1.0, 1.0], each) * 10.0 ** rng.uniform(-308, 308, each)
    return np.concatenate([*regions, scattered])


LIMITS = np.array([-np.inf, np.inf, np.nan])


class Edge(NamedTuple):
    """f, f' or f'' at -inf, +inf and nan."""

    left: float
    right: float
    nan: float = np.nan


EDGES: dict[str, tuple[Edge, Edge, Edge]] = {
    "identity": (Edge(-np.inf, np.inf), Edge(1, 1, 1), Edge(0, 0, 0)),
    "sigmoid": (Edge(0, 1), Edge(0, 0), Edge(0, 0)),
    "tanh": (Edge(-1, 1), Edge(0, 0), Edge(0, 0)),
    "relu": (Edge(0, np.inf), Edge(0, 1), Edge(0, 0)),
    "leaky_relu": (Edge(-np.inf, np.inf), Edge(0.01, 1), Edge(0, 0)),
    "softplus": (Edge(0, np.inf), Edge(0, 1), Edge(0, 0)),
    "silu": (Edge(-0.0, np.inf), Edge(0, 1), Edge(0, 0)),
    "gelu": (Edge(-0.0, np.inf), Edge(0, 1), Edge(0, 0)),
    "elu": (Edge(-1, np.inf), Edge(0, 1), Edge(0, 0)),
    "softsign": (Edge(-1, 1), Edge(0, 0), Edge(0, 0)),
}
"""What numerics defines: the limits, and nan for nan where f' depends on z at all."""


# -- rows of logits -------------------------------------------------------------------------------------


def rows(rng: np.random.Generator, m: int) -> Array:
    """m logits: of every spread, shifted, tied, saturated, with subnormal gaps and the largest floats."""
    ordinary = [rng.normal(size=m) * spread for spread in (1e-9, 0.1, 1, 1, 3, 3, 10, 30, 100, 300, 1e3, 1e4)]
    shifted = [rng.normal(size=m) * spread + shift for spread in (1e-12, 1, 20) for shift in (1e3, -300.7)]
    tied = [np.zeros(m), np.round(rng.normal(size=m)), np.r_[0.0, 0.0, np.full(m, -40.0)][:m]]
    falls = [np.append(np.full(m - 1, -fall), 0.0) for fall in (36.7, 37, 700, 708.5, 745, 745.2, 750)]
    steps = [-np.arange(m) * step for step in (0.5, 8.0, 80.0, 100.0)]
    tiny = [rng.integers(0, 9, m) * 5e-324, np.append(np.full(m - 1, -1e-310), 1e-310)]
    huge = [rng.choice([-1, 1], m) * 1e308, rng.normal(size=m) * 1e200]
    return np.array([*ordinary, *shifted, *tied, *falls, *steps, *tiny, *huge], float)


CLASSES = range(2, 11)


def targets(rng: np.random.Generator, shape: tuple[int, int]) -> Array:
    """Soft targets: rows of multiples of 1/64 that add up to 1, some of them 0."""
    cuts = np.sort(rng.integers(0, 65, (shape[0], shape[1] - 1)), axis=-1)
    ends = np.concatenate([np.zeros((shape[0], 1)), cuts, np.full((shape[0], 1), 64)], axis=-1)
    return np.diff(ends, axis=-1) / 64


def binary_pairs(rng: np.random.Generator) -> tuple[Array, Array]:
    """(z, t): sums of every size with targets 0, 1 and between."""
    z = np.concatenate([special(), random(rng, each=30)])
    return z, np.resize([0.0, 1.0, 0.5, 0.25, 0.875, 1e-3], len(z))
