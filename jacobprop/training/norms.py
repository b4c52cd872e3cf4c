"""How large the Jacobians are, layer by layer: vanishing and exploding gradients, measured.

Running products are kept near 1 and their powers of two beside them, so that norms are exact far beyond
the range of the floats (seed rows B-47, M-25, S-38).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from typing import NamedTuple

import numpy as np

from ..arrays import Array, quiet
from ..jacobians import Jacobian
from ..jacobians.limit import check_dense
from ..network import Network, require_network
from ..record import Record
from .plain import plain


@dataclass(frozen=True, eq=False)
class JacobianNorms:
    """log2 of norms, the median over the cases: -10 is a thousandth, minus infinity is 0.

    Attributes
    ----------
    log2_input : array (N,)
        Of the spectral norms of J_a0^al, for the layers 1 to N: how far the output of a layer moves at
        most when the input moves by 1.
    log2_loss : array (N + 1,) or None
        Of the norms of the rows dL/da_l of each case's own loss, for a0 to aN; None without targets.
    """

    log2_input: Array
    log2_loss: Array | None = None

    def __str__(self) -> str:
        loss = ["" for _ in self.log2_input] if self.log2_loss is None else [*self.log2_loss[1:]]
        lines = ["layer   log2 |J_a0^al|   log2 |dL/dal|"]
        if self.log2_loss is not None:
            lines.append(f"    0                0   {self.log2_loss[0]:13.2f}")
        for number, (up, down) in enumerate(zip(self.log2_input, loss, strict=True), 1):
            lines.append(f"{number:5}   {up:14.2f}   {down if down == '' else f'{down:13.2f}'}".rstrip())
        return "\n".join(lines)


_OF_ZERO = -(2**30)
"""The power of two of a matrix of zeros: smaller than any other, so that it gives way in a sum."""


class _Afloat(NamedTuple):
    """A stack of matrices near 1 (c, p, q), and the power of two that each stands for (c,)."""

    near: Array
    exponent: Array

    @classmethod
    def of(cls, array: Array, exponent: Array | int = 0) -> _Afloat:
        exact = array.astype(np.float64)
        largest = np.abs(exact).max(axis=(-2, -1))
        shift = np.where((largest > 0) & np.isfinite(largest), np.frexp(largest)[1], 0)
        near = np.ldexp(exact, -shift[..., None, None])
        return cls(near, np.where(largest == 0, _OF_ZERO, shift + exponent))

    def plus(self, other: _Afloat) -> _Afloat:
        top = np.maximum(self.exponent, other.exponent)
        terms = [np.ldexp(part.near, (part.exponent - top)[..., None, None]) for part in (self, other)]
        return _Afloat.of(terms[0] + terms[1], top)

    def log2_norm(self) -> float:
        """Of the spectral norm, the median over the cases."""
        finite = np.asarray(np.isfinite(self.near).all(axis=(-2, -1)))
        norms = np.linalg.norm(np.where(finite[..., None, None], self.near, 0.0), 2, axis=(-2, -1))
        largest = np.abs(self.near).max(axis=(-2, -1))  # where it is infinite or nan, so is the norm
        return float(np.median(np.where(finite, np.log2(norms) + self.exponent, largest)))


@quiet
def jacobian_norms(net: Network, X: object, T: object = None) -> JacobianNorms:
    """|J_a0^al|_2 and |dL/da_l| for every layer, one walk up and one walk down the chain.

    Branches are added, as in every other product of the library.

    Parameters
    ----------
    net : Network
        With a loss, if there are targets.
    X, T : as for ``Network.forward``
        T is optional. The walk up holds a matrix (width, n_in) for each case: take some hundred cases.

    Raises
    ------
    OptionError
        There is no network.
    DenseLimitError
        The Jacobians by the input would take more than 1 GiB; nothing was allocated.
    ShapeError, DTypeError, MissingTargetError
        X or T does not fit, or the network computes with expressions.

    Examples
    --------
    A hundred sigmoid layers of one unit and weight 1/1024 vanish beyond any float, and stay measurable:

    >>> from jacobprop.layers import Dense
    >>> net = Network([Dense.from_arrays([[2.0**-10]], activation="sigmoid") for _ in range(100)])
    >>> found = jacobian_norms(net, [[0.0]])
    >>> float(found.log2_input[0]), float(found.log2_input[99].round(3))
    (-12.0, -1200.0)
    """
    require_network(net, "jacobian_norms")
    record = net.forward(X, T)
    plain(record.output, "the network", "jacobian_norms")
    return norms_of(net, record)


def norms_of(net: Network, record: Record) -> JacobianNorms:
    """The norms of a pass that has been made."""
    up = np.array([block.log2_norm() for block in _up(net, record)[1:]])
    if record.target is None:
        return JacobianNorms(up)
    down = _down(net, record)
    nothing = -np.inf  # an activation that the loss is no function of
    return JacobianNorms(
        up, np.array([down[k].log2_norm() if k in down else nothing for k in range(len(net.layers) + 1)])
    )


def _up(net: Network, record: Record) -> list[_Afloat]:
    """J_a0^al for a0 up to aN: the tangents of all inputs pushed through the layers."""
    sizes = [record.activation(k).size for k in range(len(net.layers) + 1)]
    n_in = sizes[0] // (record.cases or 1)
    check_dense(8 * max(sizes) * n_in, "jacobian_norms", remedy="Take fewer cases, X[:100].")
    blocks = [_Afloat.of(np.eye(n_in)[None])]
    for number, layer in enumerate(net.layers, 1):
        factors = record.layer(number).by_operand
        reads = zip(layer.inputs, net.architecture.reads(number), strict=True)
        blocks.append(reduce(_Afloat.plus, [_pushed(factors[operand], blocks[k]) for operand, k in reads]))
    return blocks


def _down(net: Network, record: Record) -> dict[int, _Afloat]:
    """dL/da_l for aN down to a0; where loss and last layer fuse, the way below starts at z_N."""
    top = len(net.layers)
    rows = {top: _row(record, f"a{top}")}
    for number in range(top, 0, -1):
        if number not in rows:
            continue
        fused = net.architecture.fused and number == top
        row = _row(record, f"z{number}") if fused else rows[number]
        factors = record.layer(number).sum_factors if fused else record.layer(number).by_operand
        for operand, k in zip(net.layers[number - 1].inputs, net.architecture.reads(number), strict=True):
            term = _pulled(row, factors[operand])
            rows[k] = rows[k].plus(term) if k in rows else term
    return rows


def _row(record: Record, variable: str) -> _Afloat:
    return _Afloat.of(_stack(record.jacobian("L", variable).matrix()))


def _pushed(J: Jacobian, block: _Afloat) -> _Afloat:
    return _Afloat.of(_stack(J._push(block.near if J.cases else block.near[0])), block.exponent)


def _pulled(block: _Afloat, J: Jacobian) -> _Afloat:
    return _Afloat.of(_stack(J._pull(block.near if J.cases else block.near[0])), block.exponent)


def _stack(array: Array) -> Array:
    return array if array.ndim == 3 else array[None]
