"""Mistakes with the loss's row: its target, its gate's derivative, only a part of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from ....architecture import SUM, Node
from ....arrays import Array
from ....elementary import softmax
from ....losses import Loss
from ..backprop import TOP, Backprop, Mistake, held


def mistakes(backprop: Backprop) -> Iterator[Mistake]:
    """Every mistake with the row of the loss."""
    loss, t = backprop.architecture.loss, backprop.record.target
    assert loss is not None, "a record with gradients has a loss"
    assert t is not None, "and a target"
    yield from _of_the_row(backprop, loss, t)


def _of_the_row(backprop: Backprop, loss: Loss, t: Array) -> Iterator[Mistake]:
    """The row without its target, without the gate's derivative, or with only a part of it."""
    depth, weight = backprop.depth, backprop.weight
    y = backprop.values(Node("a", depth))
    top = f"a{depth}"
    delta = f"delta_{depth}" if backprop.top.letter == SUM else f"J_{top}^L"
    right = f"start from {delta} = {_written(backprop, loss)}"

    def row(kind: str, says: str, values: Array) -> Mistake:
        return Mistake(kind, f"layer {depth}", says, right, {TOP: held(values * weight)})

    factor = 2 / y.shape[-1] if type(loss).__name__ == "MeanSquaredError" else 1.0
    yield row("missing_target", f"the target is not subtracted from {top}", y * factor)
    yield from _other_targets(backprop, loss, t, row)
    yield row(
        "wrong_derivative",
        "only the sign of the difference is taken, as for an absolute error",
        np.sign(y - t),
    )
    gate = backprop.architecture.layers[-1].gate
    if backprop.top.letter != SUM:
        return
    z = backprop.values(backprop.top)
    says = f"the sum z{depth} stands in for {top}: {gate or 'f'} is forgotten"
    yield row("sum_for_activation", says, z - t)
    own = loss.row(y, t)
    softly = gate == "softmax"
    what = "J^soft" if softly else f"f' of layer {depth}"
    yield row("missing_derivative", f"{what} is missing: delta_{depth} is only dL/d{top}", own)
    if softly:
        p, q = softmax(backprop.values(backprop.top))
        kept = {"diag(p (1 - p))": -t * q, "diag(p)": -t}
        for text, values in kept.items():
            says = f"softmax is treated as elementwise: J^soft is taken as {text}, without its p_i p_k"
            yield row("softmax_coupling", says, values)
        for text, slope in {"p (1 - p)": p * q, "p": p}.items():
            says = f"the row a{depth} - t is multiplied with {text}, but has J^soft already"
            yield row("derivative_twice", says, (p - t) * slope)
        again = (p - t) * p - p * ((p - t) * p).sum(axis=-1, keepdims=True)
        yield row("derivative_twice", "the row p - t is multiplied with J^soft, which it has already", again)
        yield row("missing_derivative", "the row ignores that the targets do not add up to 1", p - t)
        wrong = softmax(np.ascontiguousarray(backprop.values(backprop.top).T))[0].T
        yield row("wrong_axis", "softmax is normalised over the cases, not over the units", wrong - t)
    elif gate == "log_softmax":
        says = f"the log-probabilities {top} stand where probabilities belong: exp is missing"
        yield row("wrong_derivative", says, y - t)
    elif gate == "sigmoid":
        yield row("derivative_twice", f"the row {top} - t is multiplied with {top}", (y - t) * y)
        yield row("wrong_derivative", "the term of 1 - t is missing from the row", -t * (1 - y))
        yield row("wrong_derivative", "the term of t is missing from the row", (1 - t) * y)


def _other_targets(
    backprop: Backprop, loss: Loss, t: Array, row: Callable[[str, str, Array], Mistake]
) -> Iterator[Mistake]:
    """The targets of other cases."""
    orders = {
        "one case late": np.roll(t, 1, axis=0),
        "one case early": np.roll(t, -1, axis=0),
        "in reverse": t[::-1],
        "one class too high": np.roll(t, 1, axis=1),
        "one class too low": np.roll(t, -1, axis=1),
    }
    for text, targets in orders.items():
        if backprop.top.letter == SUM:
            values = loss.head_row(backprop.values(backprop.top), np.ascontiguousarray(targets))
        else:
            values = loss.row(backprop.values(backprop.top), targets)
        yield row("stale_activation", f"the targets come {text}: they belong elsewhere", values)


def _written(backprop: Backprop, loss: Loss) -> str:
    """The loss's row as one writes it."""
    top = f"a{backprop.depth}"
    if backprop.top.letter == SUM:
        return f"{top} - t"
    known = {
        "SquaredError": f"{top} - t",
        "MeanSquaredError": f"2/m ({top} - t)",
        "CrossEntropy": f"-t / {top}",
    }
    return known.get(type(loss).__name__, f"dL/d{top} of {type(loss).__name__}")
