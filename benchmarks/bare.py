"""The floor of the gradient: the matrix products of the delta rule in numpy, and nothing else.

    forward  Z = Y W      backward  Y^T Delta, and above the first layer  Delta W^T

No activation, no bias, no loss: nobody who multiplies these matrices with numpy and its BLAS, here
OpenBLAS as a rule, can be faster. Another BLAS, or a compiler that fuses products, may be.
Index legend: c cases, n inputs and m outputs of a layer.
"""

from __future__ import annotations

from functools import partial

import numpy as np

import jacobprop as jp

from .agreement import Arrays
from .comparison import Run
from .workloads import Workload


def gemms(work: Workload) -> Run:
    """All of them, into arrays that are there already; the numbers in Y and Delta are made up."""
    rng = np.random.default_rng(0)
    products = []
    for number, layer in enumerate(work.net.layers, 1):
        if isinstance(layer, jp.Dense):
            W = work.net.parameters[f"W{number}"]
            Y, Delta = (rng.standard_normal((work.cases, k)).astype(work.dtype) for k in W.shape)
            products.append(partial(np.matmul, Y, W, out=np.empty_like(Delta)))
            products.append(partial(np.matmul, Y.T, Delta, out=np.empty_like(W)))
            if number > 1:
                products.append(partial(np.matmul, Delta, W.T, out=np.empty_like(Y)))

    def run() -> Arrays:
        for product in products:
            product()
        return {}

    return run
