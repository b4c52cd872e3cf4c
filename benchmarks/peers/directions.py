"""The tangent v and the covector u that every route multiplies with, seeded."""

from __future__ import annotations

import numpy as np

from jacobprop.arrays import Array

from ..workloads import Workload


def tangent(work: Workload) -> dict[str, Array]:
    """v, an array for every parameter."""
    rng = np.random.default_rng(1)
    parameters = work.net.parameters
    return {name: rng.uniform(-1, 1, p.shape).astype(p.dtype) for name, p in parameters.items()}


def covector(work: Workload) -> Array:
    """u, a number for every output of every case: (cases, outputs)."""
    output = work.net(work.X)
    return np.random.default_rng(2).uniform(-1, 1, output.shape).astype(output.dtype)
