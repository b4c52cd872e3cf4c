"""The terms of a network of Dense layers on top of each other, by arrays alone.

The walk of `jacobprop.curvature.terms` from rows at the top, R <- R W^T diag(f'), without an object for each
factor: they take longer than the arithmetic where a network is small.

Index legend: c cases, r rows, i units below (and the 1 of a bias), j units above.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from ..architecture import Architecture
from ..arrays import Array
from ..layers import Dense, LogSoftmax, Softmax
from ..layers.base import Parameters
from ..layers.dense import DenseCache
from .terms import Part, Term


class DensePass(NamedTuple):
    """One pass: whether x is the sum of the last of these layers, their parameters and caches, and x."""

    at_sum: bool
    parameters: tuple[Parameters, ...]
    caches: tuple[DenseCache, ...]
    x: Array


def dense_layers(architecture: Architecture) -> tuple[Dense, ...] | None:
    """The layers up to x, if all are Dense and in a row; x is the sum below a fused gate, or a_N."""
    top = architecture.layers[-1]
    gated = architecture.fused and type(top) in (Softmax, LogSoftmax)
    below = architecture.layers[:-1] if gated else architecture.layers
    found = tuple(layer for layer in below if type(layer) is Dense)
    return found if below and len(found) == len(below) else None  # in a row: each is read, and reads one


def dense_pass(
    architecture: Architecture, layers: tuple[Dense, ...], parameters: tuple[Parameters, ...], y: Array
) -> DensePass:
    """From the input y (c, n) up to x."""
    caches = []
    for layer, params in zip(layers, parameters, strict=False):  # a softmax on top has none of its own
        y, cache = layer.forward(params, (y,))
        caches.append(cache)
    at_sum = architecture.fused and len(layers) == architecture.depth
    return DensePass(at_sum, parameters, tuple(caches), layers[-1].sum(caches[-1]) if at_sum else y)


def dense_terms(passed: DensePass, rows: Array) -> Iterator[Term]:
    """The terms of rows . dx/d(parameters), from the top down.

    Parameters
    ----------
    rows : array (c, r, m), or (r, m) where all cases share them
        At x.
    """
    at_sum = passed.at_sum
    for number in range(len(passed.caches), 0, -1):
        cache, parameters = passed.caches[number - 1], passed.parameters[number - 1]
        if cache.derivative is not None and not at_sum:
            rows = rows * cache.derivative[:, None, :]
        yield _term(number, parameters, cache.y, rows)
        at_sum = False
        if number > 1:
            rows = rows @ parameters["W"].T


def _term(number: int, parameters: Parameters, y: Array, rows: Array) -> Term:
    n = y.shape[1]
    weight = Part(f"W{number}", slice(0, n))
    if "b" not in parameters:
        return Term(rows, y, (weight,))
    inner = np.empty((len(y), n + 1), y.dtype)
    inner[:, :n], inner[:, n] = y, 1
    return Term(rows, inner, (weight, Part(f"b{number}", slice(n, n + 1))))
