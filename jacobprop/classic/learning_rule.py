"""A learning rule is a chain: what it keeps of J_N^L . J_Sum^Z . J_W^Z, and what it puts for the rest.

    dW = -learning_rate  e . S . J_W^Z        J_W^Z = I (x) x

Index legend: c cases, i units below (n of them), j units of the layer (m of them).

The gradient of half the squared error has e = J_N^L = y - d and S = J_Sum^Z, the Jacobian of the output y by
the sum z. A classic rule replaces e, or drops S, and learns from what is left (E-17: here and in the library
an error is y - d, dE/dy; the slides' delta of these rules is d - y).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ..activations import THRESHOLDS, get
from ..arrays import Array, as_array, quiet
from ..chain import Chain
from ..errors import MissingTargetError, OptionError, ShapeError, UnsupportedLayerError
from ..jacobians import DenseJacobian, Jacobian
from ..layers import Dense
from ..network import Network, require_network
from ..record import Record
from .labelled import positive_rate
from .slopes import monotone

FACTORS = ("J_N^L", "J_Sum^Z", "J_W^Z")
"""The chain of one layer, from the loss inward."""


@dataclass(frozen=True, repr=False, eq=False)
class LearningRule:
    """dW_ij = -learning_rate sum_c e_cj S_cj x_ci, with e in place of J_N^L and S of J_Sum^Z.

    Parameters
    ----------
    name : str
        Whose rule it is.
    error : callable
        e as a function of the output y and the target d, or of y alone.
    fates : three str
        What becomes of each of `FACTORS`, in words that start with "kept", "dropped" or "replaced".
    supervised : bool
        Whether there is a target.
    thresholds : bool
        Whether it teaches threshold units alone: those of "step" and "sign", whatever their ties.

    Notes
    -----
    A rule that drops J_Sum^Z is local: y is the layer's own output, and d its own target. One that keeps it
    takes y and d at the top of the network and, for J_Sum^Z, the whole Jacobian from there down to z.
    """

    name: str
    error: Callable[..., Array]
    fates: tuple[str, str, str]
    supervised: bool = True
    thresholds: bool = False

    def __repr__(self) -> str:
        fates = (f"{symbol} {fate.partition(':')[0]}" for symbol, fate in self.factors.items())
        return f"<LearningRule: {self.name}, {', '.join(fates)}>"

    def __str__(self) -> str:
        return "\n".join([self.name, *(f"  {symbol:8} {words}" for symbol, words in self.factors.items())])

    @property
    def factors(self) -> dict[str, str]:
        """{"J_N^L": what becomes of it, ...}, in words."""
        return dict(zip(FACTORS, self.fates, strict=True))

    @property
    def kept(self) -> tuple[str, ...]:
        """The factors of the gradient's own chain that this rule multiplies."""
        return tuple(symbol for symbol, fate in self.factors.items() if fate.startswith("kept"))

    @quiet
    def chain(self, net: Network, X: object, D: object = None, *, layer: int | None = None) -> Chain:
        """The factors that the rule multiplies for W of one layer, as Jacobians: e, S unless dropped, J_W^Z.

        Parameters
        ----------
        net : Network
            Its loss, if any, counts for nothing: the rule has its own error.
        X : array (n_in,) or (cases, n_in)
        D : array, shaped like the output, optional
            The targets; none for an unsupervised rule.
        layer : int, optional
            The Dense layer that learns, 1..N; the last by default.

        Raises
        ------
        MissingTargetError, OptionError, ShapeError, DTypeError
            No targets, or some where there is nothing to compare, or arrays that do not fit.
        UnsupportedLayerError
            The layer is not Dense, or has no threshold where the rule needs one, or the rule cannot do
            without a slope that may be negative.
        """
        record, number, e = self._error(net, X, D, layer)
        row = DenseJacobian(e[..., None, :], (), e.shape[-1:], cases=record.cases)
        factors: list[Jacobian] = [row.named("J_N^L" if "J_N^L" in self.kept else "e")]
        if "J_Sum^Z" in self.kept:
            factors.append(record.jacobian(f"a{record.architecture.depth}", f"z{number}"))
        return Chain([*factors, record.jacobian(f"z{number}", f"W{number}")])

    @quiet
    def update(
        self, net: Network, X: object, D: object = None, *, learning_rate: float, layer: int | None = None
    ) -> Network:
        """W - learning_rate e . S . J_W^Z, and likewise b, added up over the cases: one step.

        Parameters
        ----------
        net, X, D, layer : as for `chain`
        learning_rate : float
            Above 0; for the sum over the cases, not their mean (E-15). One case at a time is the slides'.

        Returns
        -------
        Network
            A new one: `net` stays as it is.

        Raises
        ------
        Those of `chain`; OptionError for the rate; NonFiniteError where the step leaves the finite numbers.
        """
        record, number, e = self._error(net, X, D, layer)
        rate = positive_rate(learning_rate, f"{self.name}.update")
        if "J_Sum^Z" in self.kept:
            e = record.jacobian(f"a{record.architecture.depth}", f"z{number}").pull(e)
        found = record.pull(f"z{number}", e)
        names = [f"{slot}{number}" for slot in record.architecture.slots[number - 1]]
        return net.with_parameters({name: net.parameters[name] - rate * found[name] for name in names})

    def _error(self, net: Network, X: object, D: object, layer: int | None) -> tuple[Record, int, Array]:
        """A forward pass, the layer's number, and e of each case."""
        require_network(net, self.name)
        record = net.forward(X)
        depth = record.architecture.depth
        number = depth if layer is None else record.architecture.check_number(layer, f"{self.name}(layer=)")
        top = depth if "J_Sum^Z" in self.kept else number
        self._check_layer(net.layers[number - 1], number)
        y = record.activation(top)
        return record, number, self.error(y, self._target(D, y)) if self.supervised else self._alone(y, D)

    def _alone(self, y: Array, D: object) -> Array:
        if D is not None:
            raise OptionError(
                "the rule has no teacher",
                where=self.name,
                got="targets D",
                expected="inputs X alone",
                remedy="Leave D out, or take WIDROW_HOFF or GENERALISED_DELTA.",
            )
        return self.error(y)

    def _target(self, D: object, y: Array) -> Array:
        if D is None:
            raise MissingTargetError(
                "the rule compares the output with a target",
                where=self.name,
                got="D=None",
                expected=f"an array of shape {y.shape}",
                remedy="Pass the desired outputs as D; HEBB learns without.",
            )
        d = as_array(D, "D", self.name)
        if d.shape != y.shape:
            raise ShapeError(
                "the target must be shaped exactly like the output",
                where=f"{self.name}(D=)",
                got=f"shape {d.shape}",
                expected=f"{y.shape}",
                remedy="One row per case, one column per unit; nothing is broadcast.",
            )
        return d

    def _check_layer(self, layer: object, number: int) -> None:
        if not isinstance(layer, Dense):
            raise UnsupportedLayerError(
                "the rule teaches sums of weighted inputs",
                where=f"{self.name}, layer {number}",
                got=repr(layer),
                expected="a Dense layer",
                remedy="Name one with layer=.",
            )
        if self.thresholds and layer.activation.function not in [get(name).function for name in THRESHOLDS]:
            raise UnsupportedLayerError(
                "the rule teaches threshold units",
                where=f"{self.name}, layer {number}",
                got=repr(layer),
                expected="an activation among " + ", ".join(THRESHOLDS),
                remedy="WIDROW_HOFF learns from the outputs of any other.",
            )
        if self.supervised and "J_Sum^Z" not in self.kept and not monotone(layer.activation):
            raise UnsupportedLayerError(
                "without f' the rule steps the wrong way where f falls",
                where=f"{self.name}, layer {number}",
                got=repr(layer),
                expected="an activation with f' >= 0 everywhere",
                remedy="GENERALISED_DELTA keeps the slope and with it its sign.",
            )
