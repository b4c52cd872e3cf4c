"""The same arithmetic in bare numpy and its BLAS: the yardstick of our own waste.

A floor multiplies the same matrices in the cheapest order, into arrays that are there already, and
writes into a fresh array only what the caller keeps. The numbers in the activations, slopes and rows
are made up; nothing is checked, named or returned.

It bounds what is built on numpy, not every route: a compiler such as XLA may have a faster exp than
np.exp, and write into pages that it already owns where numpy asks the system for fresh ones.

Index legend: c cases, n inputs and m outputs of a layer, o outputs of the network.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import numpy as np

import jacobprop as jp
from jacobprop.arrays import Array

from .comparison import Run
from .workloads import Workload

Step = Callable[[], object]


class _Layer(NamedTuple):
    """The weights (n, m) of a layer, made-up activations below (c, n), and a made-up delta (c, m)."""

    W: Array
    Y: Array
    Delta: Array
    curved: bool

    @property
    def slopes(self) -> Array | None:
        """Made-up too; none where the layer is linear."""
        return self.Delta if self.curved else None


def _layers(work: Workload) -> list[_Layer]:
    rng = np.random.default_rng(0)
    found = []
    for number, layer in enumerate(work.net.layers, 1):
        if isinstance(layer, jp.Dense):
            W = work.net.parameters[f"W{number}"]
            Y, Delta = (rng.standard_normal((work.cases, k)).astype(work.dtype) for k in W.shape)
            found.append(_Layer(W, Y, Delta, curved=layer.activation.name != "identity"))
    return found


def _run(steps: list[Step]) -> Run:
    def run() -> dict[str, Array]:
        kept = [step() for step in steps]  # what is fresh stays until the end, as with a caller
        kept.clear()
        return {}

    return run


# -- the gradient ----------------------------------------------------------------------------------------


def gemms(work: Workload) -> Run:
    """Z = Y W, Y^T Delta, and above the first layer Delta W^T: no activation, no bias, no loss."""
    steps: list[Step] = []
    for number, (W, Y, Delta, _) in enumerate(_layers(work)):
        steps.append(partial(np.matmul, Y, W, out=np.empty_like(Delta)))
        steps.append(partial(np.matmul, Y.T, Delta, out=np.empty_like(W)))
        if number:
            steps.append(partial(np.matmul, Delta, W.T, out=np.empty_like(Y)))
    return _run(steps)


# -- what the others share -------------------------------------------------------------------------------


def _forward(work: Workload) -> list[Step]:
    """Y W, and one exponential a number where the layer is curved or a softmax follows."""
    steps: list[Step] = []
    layers = _layers(work)
    for layer in layers:
        Z = np.empty((work.cases, layer.W.shape[1]), work.dtype)
        steps.append(partial(np.matmul, layer.Y, layer.W, out=Z))
        if layer.slopes is not None or (_softmax(work) and layer is layers[-1]):
            steps.append(partial(np.exp, Z, out=np.empty_like(Z)))
    return steps


def _softmax(work: Workload) -> bool:
    return isinstance(work.net.layers[-1], jp.Softmax)


def _top(work: Workload) -> Array:
    """Made-up rows of the softmax, (c, o, o)."""
    o = work.widths[-1]
    return np.random.default_rng(1).standard_normal((work.cases, o, o)).astype(work.dtype)


def _scale(rows: Array, slopes: Array | None) -> list[Step]:
    """rows (c, o, m) times the slopes (c, m), in place."""
    return [] if slopes is None else [partial(np.multiply, rows, slopes[:, None, :], out=rows)]


def _stacked(rows: Array, shared: Array, out: Array | None) -> Step:
    """rows (c, o, m) times one matrix (m, n) for all cases: a single GEMM; a fresh result without `out`."""
    flat = rows.reshape(-1, rows.shape[-1])
    return partial(np.matmul, flat, shared, out=None if out is None else out.reshape(len(flat), -1))


# -- the outputs by the input ----------------------------------------------------------------------------


def input_jacobian(work: Workload) -> Run:
    """Forward GEMMs, one exponential pass, the products in the cheapest order, one fresh output.

    A product is a GEMM and, between two layers, the scaling of the smaller side by the slopes.
    """
    atoms: list[Array] = [_top(work)] if _softmax(work) else []
    slopes: list[Array | None] = []
    for layer in reversed(_layers(work)):
        slopes.append(layer.slopes)  # of the layer's own outputs: between it and what is above
        atoms.append(layer.W.T)
    between = slopes if _softmax(work) else slopes[1:]  # a top that is linear, or under a softmax
    steps = _forward(work)
    parts: dict[tuple[int, int], Array] = {(i, i): atom for i, atom in enumerate(atoms)}
    plan = jp.plan([*work.widths, *[work.widths[-1]] * _softmax(work)])
    for step in plan.steps:
        left, right = parts[step.first, step.split], parts[step.split + 1, step.last]
        fresh = step is plan.steps[-1]
        found, parts[step.first, step.last] = _product(left, right, between[step.split], work, fresh)
        steps += found
    return _run(steps)


def _product(
    left: Array, right: Array, slopes: Array | None, work: Workload, fresh: bool
) -> tuple[list[Step], Array]:
    """left diag(slopes) right case by case: the steps, and where the result will stand."""
    steps: list[Step] = []
    if slopes is not None:
        if left.shape[-2] <= right.shape[-1]:
            scaled = np.empty((work.cases, *left.shape[-2:]), work.dtype)
            steps.append(partial(np.multiply, left, slopes[:, None, :], out=scaled))
            left = scaled
        else:
            scaled = np.empty((work.cases, *right.shape[-2:]), work.dtype)
            steps.append(partial(np.multiply, right, slopes[:, :, None], out=scaled))
            right = scaled
    product = np.empty((work.cases, left.shape[-2], right.shape[-1]), work.dtype)
    out = None if fresh else product
    one_gemm = left.ndim == 3 and right.ndim == 2
    steps.append(_stacked(left, right, out) if one_gemm else partial(np.matmul, left, right, out=out))
    return steps, product


# -- the outputs by all parameters -------------------------------------------------------------------------


def backward_walk(work: Workload) -> Run:
    """Of a classifier: forward, then R f' and R W^T down to the input, each R kept, so fresh."""
    forward, layers, top = _run(_forward(work)), _layers(work), _top(work)

    def run() -> dict[str, Array]:
        forward()
        kept = [top]
        for layer in reversed(layers):
            R = kept[-1]
            if layer.slopes is not None:
                np.multiply(R, layer.slopes[:, None, :], out=R)
            kept.append(np.matmul(R.reshape(-1, R.shape[-1]), layer.W.T).reshape(*R.shape[:2], -1))
        return {}

    return run


def fresh_multiply(work: Workload) -> Run:
    """np.multiply of rows and activations into a fresh array the size of each J_W, (c, o, n, m)."""
    pairs = [
        (layer.Y[:, None, :, None], rows[:, :, None, :]) for layer, rows in zip(*_rows(work), strict=True)
    ]
    return _run([partial(np.multiply, *pair) for pair in pairs])


def _rows(work: Workload, count: int | None = None) -> tuple[list[_Layer], list[Array]]:
    """The layers, and made-up rows (c, count, m) at the sum of each; as many as outputs by default."""
    rng = np.random.default_rng(2)
    layers = _layers(work)
    shape = (work.cases, count or work.widths[-1])
    return layers, [rng.standard_normal((*shape, w.W.shape[1])).astype(work.dtype) for w in layers]


def _walk(layers: list[_Layer], rows: list[Array]) -> list[Step]:
    """R W^T and R f' from the sum of the last layer down to that of the first."""
    steps: list[Step] = []
    for number in range(len(layers) - 1, 0, -1):
        steps.append(_stacked(rows[number], layers[number].W.T, rows[number - 1]))
        steps += _scale(rows[number - 1], layers[number - 1].slopes)
    return steps


def push(work: Workload) -> Run:
    """Forward, and beside it Y V, and above the first layer the tangent's f' and W."""
    return _run(_forward(work) + _upward(work))


def _upward(work: Workload) -> list[Step]:
    steps: list[Step] = []
    rng = np.random.default_rng(3)
    for number, layer in enumerate(_layers(work)):
        V = rng.standard_normal(layer.W.shape).astype(work.dtype)
        out = np.empty((work.cases, V.shape[1]), work.dtype)
        steps.append(partial(np.matmul, layer.Y, V, out=out))
        if number:
            steps.append(partial(np.matmul, layer.Y, layer.W, out=np.empty_like(out)))
        if layer.slopes is not None:
            steps.append(partial(np.multiply, out, layer.slopes, out=out))
    return steps


def pull(work: Workload) -> Run:
    """Forward, one row a case down to the first sum, and Y^T Delta in a fresh array each layer."""
    return _run(_forward(work) + _downward(work))


def _downward(work: Workload) -> list[Step]:
    layers, rows = _rows(work, 1)
    sums: list[Step] = [partial(np.matmul, w.Y.T, R[:, 0, :]) for w, R in zip(layers, rows, strict=True)]
    return _walk(layers, rows) + sums


def diagonal(work: Workload) -> Run:
    """Forward, a row for each output down to the first sum, its squares, and (Y^2)^T of their sums."""
    layers, rows = _rows(work)
    squares: list[Step] = []
    for layer, R in zip(layers, rows, strict=True):
        total = np.empty((work.cases, R.shape[-1]), work.dtype)
        squares.append(partial(np.einsum, "com,com->cm", R, R, out=total))
        squares.append(partial(np.matmul, layer.Y.T, total))
    return _run(_forward(work) + _walk(layers, rows) + squares)


def gradient_norms(work: Workload) -> Run:
    """Forward, one row a case down to the first sum, and |delta|^2 and |y|^2 of each layer."""
    layers, rows = _rows(work, 1)
    squares: list[Step] = []
    for layer, R in zip(layers, rows, strict=True):
        squares += [partial(np.einsum, "cm,cm->c", A, A) for A in (layer.Y, R[:, 0, :])]
    return _run(_forward(work) + _walk(layers, rows) + squares)


# -- curvature -----------------------------------------------------------------------------------------------


def gauss_newton_product(work: Workload) -> Run:
    """Forward, one push up, one pull down."""
    return _run(_forward(work) + _upward(work) + _downward(work))


def hessian_product(work: Workload) -> Run:
    """Forward, one push up, the rows of the loss down, and their tangents, with twice the products."""
    layers, rows = _rows(work, 1)
    return _run(_forward(work) + _upward(work) + _walk(layers, rows) + _downward(work) + _downward(work))


# -- the tangent kernel ------------------------------------------------------------------------------------


def tangent_kernel(work: Workload) -> Run:
    """Forward, a row for each output down to the first sum, and of each layer Y Y^T and R R^T.

    numpy computes half of such a product and mirrors it. The last one is fresh, as the kernel is; that the
    two are multiplied and added up is no part of the floor.
    """
    layers, rows = _rows(work)
    products: list[Step] = []
    for number, (layer, R) in enumerate(zip(layers, rows, strict=True)):
        flat = R.reshape(-1, R.shape[-1])
        out = np.empty((len(flat), len(flat)), work.dtype) if number else None
        products.append(partial(np.matmul, layer.Y, layer.Y.T, out=np.empty((work.cases,) * 2, work.dtype)))
        products.append(partial(np.matmul, flat, flat.T, out=out))
    return _run(_forward(work) + _walk(layers, rows) + products)
