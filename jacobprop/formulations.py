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

from collections.abc import Callable, Iterator, Mapping

import numpy as np

from .arrays import Array, quiet
from .delta import DeltaRule
from .differences import central_differences
from .errors import NonFiniteError, UnknownNameError, UnsupportedLayerError
from .factors import LayerFactors
from .layers import Dense, Softmax
from .network import Network
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
    if formulation not in FORMULATIONS:
        raise UnknownNameError(
            "unknown formulation",
            where="gradients(formulation=)",
            got=repr(formulation),
            expected="one of " + ", ".join(FORMULATIONS),
            remedy="Leave it out for the delta rule.",
        )
    return FORMULATIONS[formulation](net, X, T)


# -- the chain ------------------------------------------------------------------------------------


def _structured(net: Network, X: object, T: object) -> Gradients:
    """The rows of the structured chain, added over the cases."""
    return net.forward(X, T).gradients()


def _tensor(net: Network, X: object, T: object) -> Gradients:
    """R <- tensordot(R, J) over dense numerator tensors, case by case; branches are added."""
    record = net.forward(X, T)
    row = _finite_row(record, "tensor")
    architecture = net.architecture
    factors = [
        {operand: J.tensor() for operand, J in record.layer(number).by_operand.items()}
        for number in range(1, architecture.depth + 1)
    ]

    below = [
        dict(zip(layer.inputs, architecture.reads(number), strict=True))
        for number, layer in enumerate(net.layers, 1)
    ]

    def one_case(case: int | tuple[()]) -> Gradients:
        R: dict[int, Array] = {architecture.depth: row[case]}
        found: Gradients = {}
        for number in range(architecture.depth, 0, -1):
            if number not in R:
                continue
            running = R.pop(number)
            for operand, J in factors[number - 1].items():
                product = np.tensordot(running, J[case], axes=1)
                if isinstance(operand, str):
                    found[f"{operand}{number}"] = product
                else:
                    k = below[number - 1][operand]
                    R[k] = R[k] + product if k in R else product
        return found

    return _reduce(net, record, map(one_case, _cases(record)))


# -- as on the slides -------------------------------------------------------------------------------


def _numpy_dot(net: Network, X: object, T: object) -> Gradients:
    """J_W^L <- np.dot(J_W^Z, J_Z^L) in denominator layout, R <- np.dot(R, J_Y^Z) (seed rows D-68, D-74).

    J_Z^L is one-dimensional and J_W^Z belongs to one layer: of the calls that E-05 lists, the right one.
    """
    record = _slides_only(net, X, T, "numpy_dot")
    row = _finite_row(record, "numpy_dot")
    denominator = {
        (number, slot): record.layer(number)[slot].tensor("denominator") for number, slot in _slots(net)
    }
    inputs = [layer.J_Y.tensor() for layer in _layers(net, record)]

    def one_case(case: int | tuple[()]) -> Gradients:
        R, found = row[case], {}
        for number in range(net.architecture.depth, 0, -1):
            for slot in net.architecture.slots[number - 1]:
                found[f"{slot}{number}"] = np.dot(denominator[number, slot][case], R)
            R = np.dot(R, inputs[number - 1][case])
        return found

    return _reduce(net, record, map(one_case, _cases(record)))


def _simplified(net: Network, X: object, T: object) -> Gradients:
    """J_W^L <- J_Z^L * J^_W^Z, the i-th entry times the i-th column (seed rows D-72, D-75)."""
    record = _slides_only(net, X, T, "simplified")
    row = _finite_row(record, "simplified")
    layers = _layers(net, record)
    hats = [layer.J_W_hat if "W" in layer.by_operand else None for layer in layers]
    slopes = [np.diagonal(layer.J_Sum.tensor(), axis1=-2, axis2=-1) for layer in layers]
    inputs = [layer.J_Y.tensor() for layer in layers]

    def one_case(case: int | tuple[()]) -> Gradients:
        R, found = row[case], {}
        for number in range(net.architecture.depth, 0, -1):
            hat = hats[number - 1]
            if hat is not None:
                found[f"W{number}"] = R * hat[case]
                found[f"b{number}"] = R * slopes[number - 1][case]
            R = np.dot(R, inputs[number - 1][case])
        return found

    return _reduce(net, record, map(one_case, _cases(record)))


def _delta_scalar(net: Network, X: object, T: object) -> Gradients:
    """delta_j = f'_j sum_k w_jk delta_k and dL/dw_ij = y_i delta_j, node by node (seed rows D-20 to D-24)."""
    record = _slides_only(net, X, T, "delta_scalar")
    row = _finite_row(record, "delta_scalar")

    def one_case(case: int | tuple[()]) -> Gradients:
        upstream, found = row[case], {}  # dL/do_k of the layer at hand
        for number in range(net.architecture.depth, 0, -1):
            y = record.activation(number - 1)[case]
            layer = net.layers[number - 1]
            if isinstance(layer, Dense):
                slope = layer.activation.derivative(record.sum(number)[case])
                delta = np.array([slope[j] * upstream[j] for j in range(layer.n_out)])
                W = net.parameters[f"W{number}"]
                found[f"W{number}"] = np.array([[y_i * delta_j for delta_j in delta] for y_i in y])
                found[f"b{number}"] = delta
                upstream = np.array(
                    [sum(W[i, k] * d for k, d in enumerate(delta)) for i in range(layer.n_in)]
                )
            else:  # softmax: ds_k/dz_i = s_k (1 - s_k) for i = k, else -s_k s_i
                s = record.activation(number)[case]
                upstream = np.array(
                    [sum(u * s[k] * ((i == k) - s[i]) for k, u in enumerate(upstream)) for i in range(len(s))]
                )
        return found

    return _reduce(net, record, map(one_case, _cases(record)))


# -- without derivatives ----------------------------------------------------------------------------


def _delta(net: Network, X: object, T: object) -> Gradients:
    """The vectorised delta rule of ``DeltaRule``."""
    return DeltaRule(net).gradients(X, T)[1]


def _finite_difference(net: Network, X: object, T: object) -> Gradients:
    """Central differences of the loss in every parameter, in float64 whatever the network's dtype."""
    exact = net.astype(np.float64)
    x, dtype = net._input(X, "gradients(X)")
    found = {}
    for name, array in net.parameters.items():

        def loss(value: Array, name: str = name) -> Array:
            return np.asarray(exact.with_parameters({name: value}).forward(x, T).loss)

        found[name] = central_differences(loss, array.astype(np.float64)).astype(dtype)
    return found


# -- what they share --------------------------------------------------------------------------------


def _finite_row(record: Record, formulation: str) -> Array:
    """J_N^L as an array (cases,) + (m,), refused where it is infinite."""
    row: Array = record.J_N.tensor()
    if not np.isfinite(row).all() and np.isfinite(record.output).all():
        raise NonFiniteError(
            "the loss's own row J_N^L is infinite where a saturated output is wrong",
            where=f'gradients(formulation="{formulation}")',
            got=f"outputs of exactly 0 or 1 in {int((~np.isfinite(row)).any(axis=-1).sum())} cases",
            expected="finite entries",
            remedy='Use formulation="structured" or "delta": they multiply J_N^L and J^soft as one factor.',
        )
    return row


def _slides_only(net: Network, X: object, T: object, formulation: str) -> Record:
    """A pass through a network of Dense and Softmax layers, each reading the one below."""
    for number, layer in enumerate(net.layers, 1):
        if type(layer) not in (Dense, Softmax) or net.architecture.reads(number) != (number - 1,):
            raise UnsupportedLayerError(
                "the slides have no such layer",
                where=f'gradients(formulation="{formulation}"): {net.architecture.where(number)}',
                expected="Dense and Softmax layers in a row",
                remedy='Use formulation="structured", "delta" or "tensor".',
            )
    return net.forward(X, T)


def _layers(net: Network, record: Record) -> list[LayerFactors]:
    return [record.layer(number) for number in range(1, net.architecture.depth + 1)]


def _slots(net: Network) -> Iterator[tuple[int, str]]:
    for number, slots in enumerate(net.architecture.slots, 1):
        for slot in slots:
            yield number, slot


def _cases(record: Record) -> list[int | tuple[()]]:
    """What picks each case out of a stack; the empty index picks the only one."""
    return [()] if record.cases is None else list(range(record.cases))


def _reduce(net: Network, record: Record, per_case: Iterator[Gradients]) -> Gradients:
    """Add the cases up, one at a time, and weigh the sum as the loss says."""
    assert net.loss is not None, "without a loss there is no row to start from"
    weight, total = net.loss.weight(record.cases), dict(next(per_case))
    for found in per_case:
        total = {name: array + found[name] for name, array in total.items()}
    return {name: np.asarray(total[name] * weight, record.dtype) for name in net.parameters}


FORMULATIONS: Mapping[str, Callable[[Network, object, object], Gradients]] = {
    "tensor": _tensor,
    "numpy_dot": _numpy_dot,
    "simplified": _simplified,
    "structured": _structured,
    "delta": _delta,
    "delta_scalar": _delta_scalar,
    "finite_difference": _finite_difference,
}
"""Every formulation by name: (net, X, T) -> gradients."""
