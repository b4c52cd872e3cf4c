"""n numbers become one in ceil(log2 n) layers, each of which joins pairs."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..activations import Activation
from ..arrays import Array
from ..layers import Dense


class Joint(NamedTuple):
    """How some signals s become one: f(s `into` + `bias`) `out`."""

    into: Array
    bias: Array
    out: Array


def paired(n: int, pair: Joint, alone: Joint, activation: str | Activation) -> tuple[list[Dense], Array]:
    """The layers that join n signals two by two, an odd one `alone`, and the last sum's weights."""
    layers: list[Dense] = []
    signals = np.eye(n)
    while (count := signals.shape[1]) > 1:
        joints = [pair] * (count // 2) + [alone] * (count % 2)
        W = signals @ block_diagonal([joint.into for joint in joints])
        layers.append(Dense.from_arrays(W, np.concatenate([joint.bias for joint in joints]), activation))
        signals = block_diagonal([joint.out for joint in joints])
    return layers, signals


def block_diagonal(blocks: list[Array]) -> Array:
    """The blocks along the diagonal, zeros elsewhere."""
    rows, columns = np.sum([block.shape for block in blocks], axis=0)
    whole = np.zeros((rows, columns))
    row = column = 0
    for block in blocks:
        whole[row : row + block.shape[0], column : column + block.shape[1]] = block
        row, column = row + block.shape[0], column + block.shape[1]
    return whole
