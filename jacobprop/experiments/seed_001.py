"""The grounded example of seed 001, step by step beside what is printed (B-39 to B-41, E-01, E-02, E-04).

x = (0, 1), t = 1, two logistic units under one, the negative log-loss, one update with rho = 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from ..arrays import Array, frozen, quiet
from ..layers import Dense
from ..losses import BinaryCrossEntropy
from ..network import Network
from ..record import Record
from ..report.experiment_seed_001 import Prediction, Update, seed_001_picture
from .experiment import Experiment, Progress, Table, silent

X, T, RHO = (0.0, 1.0), (1.0,), 1.0
W0 = frozen(np.array([[0.4, 0.6], [0.7, -0.4], [-0.2, 0.3]]), "W0")
W1 = frozen(np.array([[-0.3], [0.5], [0.1]]), "W1")
PRINTED_W0 = frozen(np.array([[0.460, 0.610], [0.700, -0.400], [0.460, 0.610]]), "W0")
PRINTED_W1 = frozen(np.array([[0.188], [0.769], [-0.447]]), "W1")
"""The seed's matrices, bias rows first, before the update and as printed after it."""

ROUNDING = 1e-3
"""Three decimals, some of them cut and not rounded: what differs by less is right."""


class Step(NamedTuple):
    """One printed result, entry by entry, and what the network computes."""

    symbol: str
    printed: Array
    computed: Array
    erratum: str = ""

    @property
    def right(self) -> Array:
        """Which entries are as printed."""
        return np.asarray(np.abs(self.printed - self.computed) < ROUNDING)

    @property
    def verdict(self) -> str:
        """ok, or the erratum."""
        return "ok" if self.right.all() else f"misprint {self.erratum}"


class Label(NamedTuple):
    """A name that stands in the header of W^(0), and the one that belongs there."""

    place: str
    printed: str
    meant: str
    erratum: str


LABEL = Label("a label in W(0)", "w(0)_1,1", "w(0)_0,2", "E-04")


@dataclass(frozen=True)
class Seed001Result:
    """Every step; the prediction at first, after the update, and with the weights as printed.

    Attributes
    ----------
    steps : tuple of Step
    label : Label
    before, after, as_printed : float
        Predictions of the target 1.
    """

    steps: tuple[Step, ...]
    label: Label
    before: float
    after: float
    as_printed: float

    @property
    def misprints(self) -> tuple[str, ...]:
        """The errata that a wrong number or label shows."""
        wrong = [step.erratum for step in self.steps if not step.right.all()]
        return (*dict.fromkeys(wrong), self.label.erratum)

    def table(self) -> Table:
        """A row for each printed vector."""
        rows = [(step.symbol, _few(step.printed), _few(step.computed), step.verdict) for step in self.steps]
        label = self.label
        rows.append((label.place, label.printed, label.meant, f"misprint {label.erratum}"))
        return Table(("step", "printed", "computed", "verdict"), tuple(rows), words=4)

    def findings(self) -> tuple[str, ...]:
        """What the misprints are, and why they are."""
        numbers = sum(int((~step.right).sum()) for step in self.steps)
        return (
            f"{numbers} printed numbers and a label are wrong: a sign in W(1) (E-02), row 2 of W(0), which"
            " repeats row 0 (E-01), and the name of a weight (E-04).",
            f"The new prediction {self.after:.3f} is right, so it was not computed from the printed weights:"
            f" those give {self.as_printed:.3f}.",
        )

    def picture(self) -> Any:
        """Where the update moves each weight, where the print has it, and the three predictions."""
        printed = np.concatenate([PRINTED_W0.ravel(), PRINTED_W1.ravel()])
        computed = np.concatenate([step.computed for step in self.steps if step.symbol.startswith("new W")])
        update = Update(_names(), np.concatenate([W0.ravel(), W1.ravel()]), computed, printed)
        predictions = (
            Prediction("before the update", self.before),
            Prediction("after it, as computed and printed", self.after),
            Prediction("with the weights as printed", self.as_printed),
        )
        return seed_001_picture(update, predictions, ROUNDING)


def _few(values: Array) -> str:
    return "  ".join(f"{value:z.3f}" for value in values)


def _names() -> list[str]:
    return [f"W({k})[{i}, {j + 1}]" for k, W in enumerate((W0, W1)) for i, j in np.ndindex(W.shape)]


@quiet
def run(*, progress: Progress = silent) -> Seed001Result:
    """Go through the example with the library's own pass, Jacobians and gradients.

    Examples
    --------
    >>> result = run()
    >>> result.misprints
    ('E-01', 'E-02', 'E-04')
    >>> round(result.after, 3), round(result.as_printed, 3)
    (0.722, 0.597)
    """
    progress(0.0, "nine weights")
    net = network(W0, W1)
    record = net.forward(X, T)
    new = net.with_parameters({n: net.parameters[n] - RHO * g for n, g in record.gradients().items()})
    first, second = (_augmented(new.parameters, number) for number in (1, 2))
    after = new(X).item()
    return Seed001Result(
        (*_steps(record), *_updates(first, second), Step("new yhat", np.array([0.722]), np.array([after]))),
        LABEL,
        record.output.item(),
        after,
        network(PRINTED_W0, PRINTED_W1)(X).item(),
    )


def network(first: Array, second: Array) -> Network:
    """2-2-1 from the seed's matrices, whose row 0 holds the biases."""
    layers = [Dense.from_arrays(W[1:], W[0], "sigmoid") for W in (first, second)]
    return Network(layers, BinaryCrossEntropy())


def _augmented(arrays: Any, number: int) -> Array:
    """b and W of a layer as one matrix, the biases on top."""
    return np.vstack([arrays[f"b{number}"], arrays[f"W{number}"]])


def _steps(record: Record) -> list[Step]:
    """Forward, deltas and gradients."""
    hidden, output = record.activation(1), record.output
    delta1, delta2 = (record.jacobian("L", f"z{k}").tensor() for k in (1, 2))
    gradients = record.gradients()
    below = _augmented(gradients, 1)
    return [
        Step("x(1)", np.array([0.550, 0.711]), hidden),
        Step("yhat", np.array([0.512]), output),
        Step("delta(2)", np.array([-0.488]), delta2),
        Step("delta(1)", np.array([-0.060, -0.010]), delta1),
        Step("grad W(1)", np.array([-0.488, -0.269, -0.347]), _augmented(gradients, 2)[:, 0]),
        *(
            Step(f"grad W(0), row {i}", np.array(printed), below[i])
            for i, printed in enumerate([[-0.060, -0.010], [0.0, 0.0], [-0.060, -0.010]])
        ),
    ]


def _updates(first: Array, second: Array) -> list[Step]:
    """The new weights, row by row, in the order of the picture."""
    rows = [Step(f"new W(0), row {i}", PRINTED_W0[i], first[i], "E-01") for i in range(len(first))]
    return [*rows, Step("new W(1)", PRINTED_W1[:, 0], second[:, 0], "E-02")]


EXPERIMENT = Experiment(
    name="seed-001",
    title="The worked example of seed 001, with its misprints corrected",
    about=(
        "One case, x = (0, 1) with the target 1, through a 2-2-1 network of sigmoids and back, and one update"
        " with rho = 1. Row 0 of a matrix holds the biases."
    ),
    source="B-39, B-40, B-41, E-01, E-02, E-04, S-15",
    run=run,
)
