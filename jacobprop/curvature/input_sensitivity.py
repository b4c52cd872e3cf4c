"""How much each output moves with each feature: J = d(output)/d(input) of every case, and its summaries.

    jacobian[c, o, i] = d output[c, o] / d X[c, i] * scale[i]

Index legend: c cases (absent for a single case), o outputs, i features.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from ..arrays import Array, freeze, quiet
from ..errors import OptionError, UnknownNameError, shown
from ..jacobians import DENSE_LIMIT
from ..jacobians.blocks import norms
from ..network import Network
from .feature_steps import step_words, steps_of
from .sensitivity_table import column_names, counted, table
from .tops import run, top_of

_WHERE = "sensitivity"
KINDS = {
    "mean_abs": lambda J, axis: np.abs(J).mean(axis=axis),
    "rms": lambda J, axis: norms(J, axis=axis) / np.sqrt(J.shape[axis]).astype(J.dtype),
    "max_abs": lambda J, axis: np.abs(J).max(axis=axis),
    "mean": lambda J, axis: J.mean(axis=axis),
}
"""What becomes of the numbers along an axis."""


class Influence(NamedTuple):
    """A feature, its column in X, and how much it matters."""

    feature: str
    column: int
    value: float


@dataclass(frozen=True, eq=False, repr=False)
class Sensitivity:
    """J of every case; ``print`` shows a table of its summary, the features that matter most first.

    Attributes
    ----------
    jacobian : array (c, o, i), read-only; (o, i) for a single case
    features, outputs : tuple of str
        What its last two axes mean.
    scale : array (i,), or None
        What the columns were multiplied with.
    unit : str
        What an entry says.
    """

    jacobian: Array
    features: tuple[str, ...]
    outputs: tuple[str, ...]
    scale: Array | None
    unit: str

    @property
    def cases(self) -> int | None:
        """How many; None for a single one."""
        return len(self.jacobian) if self.jacobian.ndim == 3 else None

    @quiet
    def summary(self, kind: str = "mean_abs") -> Array:
        """One number for each output and feature, over the cases, (o, i).

        Parameters
        ----------
        kind : "mean_abs", "rms", "max_abs" or "mean"
            "mean" keeps the sign, and what cancels between the cases.

        Raises
        ------
        OptionError
            Another kind.
        """
        if not isinstance(kind, str) or kind not in KINDS:
            raise OptionError(
                "unknown kind of summary",
                where="Sensitivity",
                got=shown(kind),
                expected=", ".join(map(repr, KINDS)),
                remedy='"mean_abs" is the usual one.',
            )
        J = self.jacobian if self.cases else self.jacobian[None]
        return np.asarray(KINDS[kind](J, 0))

    @quiet
    def ranking(self, output: int | str | None = None, kind: str = "mean_abs") -> list[Influence]:
        """The features in the order of their size in the summary, largest first.

        Parameters
        ----------
        output : int or str, optional
            For one output, by number or name; by default for all, in the same kind of mean or maximum
            ("mean": the mean of the sizes).
        kind : str
            As for `summary`.

        Raises
        ------
        UnknownNameError, OptionError
            No such output, or kind.
        """
        sizes = np.abs(self.summary(kind))
        if output is None:
            size = KINDS["mean_abs" if kind == "mean" else kind](sizes, 0)
        else:
            size = sizes[self._number(output)]
        order = np.argsort(-size, kind="stable")  # nan comes last
        return [Influence(self.features[i], int(i), float(size[i])) for i in order]

    def _number(self, output: object) -> int:
        """The place of an output."""
        count = len(self.outputs)
        if isinstance(output, str) and output in self.outputs:
            return self.outputs.index(output)
        whole = isinstance(output, int | np.integer) and not isinstance(output, bool)
        if not whole or not -count <= output < count:  # type: ignore[operator]  # a number
            raise UnknownNameError(
                "there is no such output",
                where="Sensitivity.ranking",
                got=shown(output),
                expected=f"a number below {count}, or one of {', '.join(self.outputs[:8])}",
                remedy="Leave it out for all outputs.",
            )
        return int(output)  # type: ignore[call-overload,no-any-return]  # a number

    def __repr__(self) -> str:
        outputs, features = counted(len(self.outputs), "output"), counted(len(self.features), "feature")
        cases = "one case" if self.cases is None else counted(self.cases, "case")
        return f"<Sensitivity: {outputs} by {features}, {cases}>"

    def __str__(self) -> str:
        order = [influence.column for influence in self.ranking()]
        head = f"{repr(self)[1:-1]}\nmean size over the cases: {self.unit}"
        return f"{head}\n\n{table(self.summary(), order, self.features, self.outputs)}"


@quiet
def sensitivity(
    net: Network,
    X: object,
    T: object = None,
    *,
    of: str = "output",
    scale: object = None,
    features: object = None,
    outputs: object = None,
    max_bytes: int = DENSE_LIMIT,
) -> Sensitivity:
    """J[c, o, i] = d output[c, o] / d X[c, i] for every case; of="loss": dL/dx, a row for each case.

    Parameters
    ----------
    net : Network
    X : array (n_in,) for one case, or (cases, n_in)
    T : targets, only for of="loss"
    of : "output", "logits" or "loss"
        "logits" is the sum below a softmax or a sigmoid on top: unlike probabilities it does not saturate.
    scale : "std" or array (n_in,), optional
        What counts as a step of each feature, so that features of different units compare: "std" is the
        standard deviation of X, an array any other steps. By default 1, the unit of X itself, which is a
        standard deviation already where X is standardised.
    features, outputs : sequences of str, optional
        Names for the columns of X and of the output.
    max_bytes : int
        The most that the Jacobians may take.

    Returns
    -------
    Sensitivity
        ``.jacobian``, ``.summary(kind)`` and ``.ranking(output)``; ``print`` shows a table, and
        ``jp.sensitivity_picture`` draws it. It says what the network does around these cases,
        not what causes what: features that are correlated share their effect as training left it.

    Raises
    ------
    OptionError, ShapeError, DTypeError, NonFiniteError, EmptyBatchError
        Another `of`, names or a scale that do not fit, "std" of a single case; arrays that do not fit.
    MissingTargetError, UnsupportedLayerError
        of="loss" without a loss or targets, "logits" without a gate on top.
    DenseLimitError
        The Jacobians would take more than `max_bytes`; nothing was allocated.

    Examples
    --------
    >>> import jacobprop as jp
    >>> net = jp.Network([jp.Dense.from_arrays([[3.0], [-1.0]], activation="tanh")])
    >>> s = sensitivity(net, [[0.0, 0.0], [0.0, 0.0]], features=["size", "age"], outputs=["price"])
    >>> s.jacobian.shape, s.summary("mean").tolist()
    ((2, 1, 2), [[3.0, -1.0]])
    >>> s.ranking()[0]
    Influence(feature='size', column=0, value=3.0)
    >>> print(s)
    Sensitivity: 1 output by 2 features, 2 cases
    mean size over the cases: change of the output per unit of the feature
    <BLANKLINE>
          price
    size  3.000
    age   1.000
    """
    record = run(net, X, T, _WHERE)
    top = top_of(record, of, _WHERE)
    assert isinstance(of, str), "top_of refuses anything else"
    steps = steps_of(scale, record.activation(0), _WHERE)
    dense = record.jacobian("L" if of == "loss" else top.name, "a0").matrix(max_bytes=max_bytes)
    dense = dense if steps is None else dense * steps.astype(dense.dtype)
    rows, width = dense.shape[-2:]
    one = {"output": "output", "logits": "logit", "loss": "loss"}[of]
    return Sensitivity(
        freeze(dense),
        column_names(features, width, "feature", "features", _WHERE),
        ("loss",)
        if of == "loss" and outputs is None
        else column_names(outputs, rows, one, "outputs", _WHERE),
        None if steps is None else freeze(steps),
        f"change of the {one} per {step_words(scale)} of the feature",
    )
