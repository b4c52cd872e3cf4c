"""The same gradient seven ways, behind one signature: what each amount of structure is worth.

tensor             dense numerator tensors, contracted with tensordot
numpy_dot          the slides' literal np.dot, weight Jacobians in denominator layout
simplified         the slides' J_Z^L x J^_W^Z, case by case
structured         the chain of structured Jacobians
delta              the delta rule, vectorised over the minibatch
delta_scalar       the slides' delta rule, node by node
finite_difference  central differences of the loss, for a check
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np

from .arrays import Array, quiet
from .delta import DeltaRule
from .differences import central_differences
from .errors import DTypeError, NonFiniteError, UnknownNameError, UnsupportedLayerError, shown
from .jacobians import Jacobian, WeightJacobian
from .layers import PREVIOUS, Dense, Softmax
from .layers.base import Operand
from .layout import Layout
from .network import Network, require_network
from .record import Record

Gradients = dict[str, Array]


@quiet
def gradients(net: Network, X: object, T: object, formulation: str = "delta") -> Gradients:
    """The gradient of the loss by every parameter, {"W1": array shaped like W1, ...}.

    Parameters
    ----------
    net : Network
        With a loss.
    X, T : as for ``Network.forward``
    formulation : str
        One of tensor, numpy_dot, simplified, structured, delta, delta_scalar, finite_difference.

    Raises
    ------
    UnknownNameError
        No such formulation.
    UnsupportedLayerError
        A slide formulation (numpy_dot, simplified, delta_scalar) met a layer that the slides lack.
    NonFiniteError
        A formulation that multiplies the loss's own row met a saturated output; "structured" does not.
    """
    if not isinstance(formulation, str) or formulation not in FORMULATIONS:
        raise UnknownNameError(
            "unknown formulation",
            where="gradients(formulation=)",
            got=shown(formulation),
            expected="one of " + ", ".join(FORMULATIONS),
            remedy="Leave it out for the delta rule.",
        )
    require_network(net, "gradients")
    return FORMULATIONS[formulation](net, X, T)


# -- the chain ------------------------------------------------------------------------------------


def _structured(net: Network, X: object, T: object) -> Gradients:
    """The rows of the structured chain, added over the cases."""
    return net.forward(X, T).gradients()


def _tensor(net: Network, case: OneCase, R: Array) -> Gradients:
    """R <- tensordot(R, J) over dense numerator tensors; branches are added."""
    running: dict[int, Array] = {net.architecture.depth: R}
    found: Gradients = {}
    for number in range(net.architecture.depth, 0, -1):
        R = running.pop(number)
        below = dict(zip(net.layers[number - 1].inputs, net.architecture.reads(number), strict=True))
        for operand in case.operands(number):
            product = np.tensordot(R, case.tensor(number, operand), axes=R.ndim)
            if isinstance(operand, str):
                found[f"{operand}{number}"] = product
            else:
                k = below[operand]
                running[k] = running[k] + product if k in running else product
    return found


# -- as on the slides -------------------------------------------------------------------------------


def _numpy_dot(net: Network, case: OneCase, R: Array) -> Gradients:
    """J_W^L <- np.dot(J_W^Z, J_Z^L) in denominator layout, R <- np.dot(R, J_Y^Z) (seed rows D-68, D-74).

    J_Z^L is one-dimensional and J_W^Z belongs to one layer: of the calls that E-05 lists, the right one.
    """
    found = {}
    for number in range(net.architecture.depth, 0, -1):
        for slot in net.architecture.slots[number - 1]:
            found[f"{slot}{number}"] = np.dot(case.tensor(number, slot, "denominator"), R)
        R = np.dot(R, case.tensor(number, PREVIOUS))
    return found


def _simplified(net: Network, case: OneCase, R: Array) -> Gradients:
    """J_W^L <- J_Z^L * J^_W^Z, the i-th entry times the i-th column (seed rows D-72, D-75)."""
    found = {}
    for number in range(net.architecture.depth, 0, -1):
        slots = net.architecture.slots[number - 1]
        if "W" in slots:
            J_W = case.factor(number, "W")
            assert isinstance(J_W, WeightJacobian), "a Dense layer's"
            found[f"W{number}"] = R * J_W.simplified()
        if "b" in slots:
            found[f"b{number}"] = R * np.diagonal(case.tensor(number, "b"))
        R = np.dot(R, case.tensor(number, PREVIOUS))
    return found


def _delta_scalar(net: Network, case: OneCase, R: Array) -> Gradients:
    """delta_j = f'_j sum_k w_jk delta_k and dL/dw_ij = y_i delta_j, node by node (seed rows D-20 to D-24)."""
    found = {}
    upstream = list(R)  # dL/do_k of the layer at hand
    for number in range(net.architecture.depth, 0, -1):
        layer, y = net.layers[number - 1], case.activation(number - 1)
        if isinstance(layer, Dense):
            slope = layer.activation.derivative(case.sum(number))
            delta = [slope[j] * upstream[j] for j in range(layer.n_out)]
            W = net.parameters[f"W{number}"]
            found[f"W{number}"] = np.array([[y_i * delta_j for delta_j in delta] for y_i in y])
            if layer.bias:
                found[f"b{number}"] = np.array(delta)
            upstream = [sum(W[i, k] * d for k, d in enumerate(delta)) for i in range(layer.n_in)]
        else:  # softmax: ds_k/dz_i = s_k (1 - s_k) for i = k, else -s_k s_i
            s = case.activation(number)
            upstream = [
                sum(u * s[k] * (int(i == k) - s[i]) for k, u in enumerate(upstream)) for i in range(len(s))
            ]
    return found


# -- without derivatives ----------------------------------------------------------------------------


def _delta(net: Network, X: object, T: object) -> Gradients:
    """The vectorised delta rule of ``DeltaRule``."""
    return DeltaRule(net).gradients(X, T)[1]


def _finite_difference(net: Network, X: object, T: object) -> Gradients:
    """Central differences of the loss in every parameter, in float64 whatever the network's dtype.

    A sum that lies on a kink, such as relu's at 0 below zero biases and dead units, yields the mean of
    the two sides and so differs from the library's one-sided f'(0).
    """
    exact = net.astype(np.float64)
    x, dtype = net._input(X, "gradients(X)")
    if dtype.kind == "O":
        raise DTypeError(
            "differences are taken of floats",
            where='gradients(formulation="finite_difference")',
            got="sympy expressions",
            expected="floats",
            remedy='Use formulation="structured" for expressions.',
        )
    found = {}
    for name, array in net.parameters.items():

        def loss(value: Array, name: str = name) -> Array:
            return np.asarray(exact.with_parameters({name: value}).forward(x, T).loss)

        found[name] = central_differences(loss, array.astype(np.float64)).astype(dtype)
    return found


# -- what they share --------------------------------------------------------------------------------


STACK_BYTES = 2**26
"""Dense factors of a whole stack are made at once up to this size, beyond it case by case."""


@dataclass(frozen=True)
class OneCase:
    """One case of a record, as if it had been alone."""

    record: Record
    index: int | None
    stacks: dict[tuple[int, Operand, Layout], Array]

    def operands(self, number: int) -> Iterable[Operand]:
        """What the layer's factors are taken by."""
        return self.record.layer(number).by_operand

    def factor(self, number: int, operand: Operand) -> Jacobian:
        """A factor of this case."""
        J = self.record.layer(number).by_operand[operand]
        return J if self.index is None else J.case(self.index)

    def tensor(self, number: int, operand: Operand, layout: Layout = "numerator") -> Array:
        """The dense tensor of a factor of this case."""
        J = self.record.layer(number).by_operand[operand]
        if self.index is None or J.dense_nbytes > STACK_BYTES:
            return self.factor(number, operand).tensor(layout)
        key = (number, operand, layout)
        if key not in self.stacks:
            self.stacks[key] = J.tensor(layout)
        return np.asarray(self.stacks[key][self.index])

    def activation(self, number: int) -> Array:
        """a_number."""
        return self._of(self.record.activation(number))

    def sum(self, number: int) -> Array:
        """z_number."""
        return self._of(self.record.sum(number))

    def _of(self, values: Array) -> Array:
        return values if self.index is None else np.asarray(values[self.index])


Walk = Callable[[Network, OneCase, Array], Gradients]


def _case_by_case(
    formulation: str, walk: Walk, slides: bool, net: Network, X: object, T: object
) -> Gradients:
    """Start from J_N^L of each case alone, weighed as the loss says, and add the cases up."""
    if slides:
        _slides_only(net, formulation)
    record = net.forward(X, T)
    rows = _finite_rows(record, formulation) * record.weight
    widest = record.dtype if record.dtype.kind == "O" else np.dtype(np.float64)  # many small terms
    total = {name: np.zeros(array.shape, widest) for name, array in net.parameters.items()}
    stacks: dict[tuple[int, Operand, Layout], Array] = {}
    for index in [None] if record.cases is None else range(record.cases):
        row = rows if index is None else rows[index]
        for name, array in walk(net, OneCase(record, index, stacks), row).items():
            total[name] += array
    return {name: np.asarray(array, record.dtype) for name, array in total.items()}


def _finite_rows(record: Record, formulation: str) -> Array:
    """J_N^L of every case, refused where it is infinite although the output is finite."""
    rows: Array = record.J_N.tensor()
    if rows.dtype.kind == "O" or np.isfinite(rows).all() or not np.isfinite(record.output).all():
        return rows
    raise NonFiniteError(
        "the loss's own row J_N^L is infinite where a saturated output is wrong",
        where=f'gradients(formulation="{formulation}")',
        got=f"an output of exactly {record.output[~np.isfinite(rows)][0]:.0f}",
        expected="finite entries",
        remedy='Use formulation="structured" or "delta": they multiply J_N^L and J^soft as one factor.',
    )


def _slides_only(net: Network, formulation: str) -> None:
    """Refuse all but Dense and Softmax layers that read the one below."""
    for number, layer in enumerate(net.layers, 1):
        if type(layer) not in (Dense, Softmax) or net.architecture.reads(number) != (number - 1,):
            raise UnsupportedLayerError(
                "the slides have no such layer",
                where=f'gradients(formulation="{formulation}"): {net.architecture.where(number)}',
                expected="Dense and Softmax layers in a row",
                remedy='Use formulation="structured", "delta" or "tensor".',
            )


FORMULATIONS: Mapping[str, Callable[[Network, object, object], Gradients]] = {
    "tensor": partial(_case_by_case, "tensor", _tensor, False),
    "numpy_dot": partial(_case_by_case, "numpy_dot", _numpy_dot, True),
    "simplified": partial(_case_by_case, "simplified", _simplified, True),
    "structured": _structured,
    "delta": _delta,
    "delta_scalar": partial(_case_by_case, "delta_scalar", _delta_scalar, True),
    "finite_difference": _finite_difference,
}
"""Every formulation by name: (net, X, T) -> gradients."""
