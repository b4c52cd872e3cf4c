"""Neurons of McCulloch and Pitts: all or none, one unit of time late, and silenced by any inhibition.

N(t) = 1  if no inhibitory source is on at t - 1 and  sum_i w_i N_i(t-1) >= threshold,  else 0
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

import numpy as np

from ..arrays import Array, as_array, freeze, is_a, listed, real_number, whole_number
from ..errors import OptionError, ShapeError, UnknownNameError, UnsupportedLayerError, shown

_LONGEST = 10**6
"""Units of time in one run."""


@dataclass(frozen=True)
class MPNeuron:
    """Fires at t if nothing inhibits it at t - 1 and its excitation then is at least the threshold.

    Parameters
    ----------
    excitatory : sequence of str
        The names of its sources; one that is named twice has two synapses.
    inhibitory : sequence of str
        Any one of these that is on forces the output to 0, whatever the others do.
    threshold : number
        With n excitatory sources of weight 1, 1 is OR and n is AND; at 0 or below it fires unless inhibited.
    weights : sequence of number, optional
        Of the excitatory sources, above 0; all 1 by default.

    Raises
    ------
    OptionError
        Names that are no text, weights that are not positive or not one a source, a threshold that is no
        finite number.

    Examples
    --------
    >>> both = MPNeuron(["a", "b"], threshold=2)
    >>> both.fires({"a": 1, "b": 1}), both.fires({"a": 1, "b": 0})
    (True, False)

    Source: seed row H-06.
    """

    excitatory: tuple[str, ...] = ()
    inhibitory: tuple[str, ...] = ()
    threshold: float = 1
    weights: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        excitatory, given = _names(self.excitatory), listed(self.weights)
        weights = tuple(real_number(weight) for weight in given) or (1.0,) * len(excitatory)
        positive = all(weight > 0 for weight in weights) and sum(weights) < math.inf
        if len(weights) != len(excitatory) or not positive:
            raise OptionError(
                "an excitatory source has a positive weight",
                where="MPNeuron(weights=)",
                got=shown(given),
                expected=f"{len(excitatory)} numbers above 0 with a finite sum",
                remedy="Inhibition has no weight: name its source in inhibitory.",
            )
        if not math.isfinite(real_number(self.threshold)):
            raise OptionError(
                "the threshold must be a finite number",
                where="MPNeuron(threshold=)",
                got=shown(self.threshold),
                expected="a number such as 1",
                remedy="1 is OR, the number of sources is AND.",
            )
        object.__setattr__(self, "excitatory", excitatory)
        object.__setattr__(self, "inhibitory", _names(self.inhibitory))
        object.__setattr__(self, "weights", weights)

    @property
    def sources(self) -> tuple[str, ...]:
        """Every name that it listens to, once."""
        return tuple(dict.fromkeys([*self.excitatory, *self.inhibitory]))

    def fires(self, on: Mapping[str, Any]) -> bool:
        """Whether it is on one unit of time after its sources were as `on` says, 0 or 1 of each.

        Raises
        ------
        UnknownNameError, OptionError
            A source is missing, or is neither on nor off.
        """
        if missing := [source for source in self.sources if not is_a(on, Mapping) or source not in on]:
            raise UnknownNameError(
                "a source is missing",
                where="MPNeuron.fires",
                got=shown(on),
                expected=", ".join(map(repr, self.sources)),
                remedy=f"Say whether {missing[0]!r} is on.",
            )
        for source in self.sources:
            if not (isinstance(on[source], bool | np.bool) or real_number(on[source]) in (0, 1)):
                raise OptionError(
                    f"source {source!r} is all or none",
                    where="MPNeuron.fires",
                    got=shown(on[source]),
                    expected="0 or 1",
                    remedy="Compare first: value > threshold.",
                )
        return self._fires(on)

    def _fires(self, on: Mapping[str, Any]) -> bool:
        if any(on[source] for source in self.inhibitory):
            return False
        synapses = zip(self.excitatory, self.weights, strict=True)
        return math.fsum(weight for source, weight in synapses if on[source]) >= self.threshold


class McCullochPitts:
    """A net of MPNeurons in discrete time: every neuron at t is a function of all outputs at t - 1.

    Parameters
    ----------
    neurons : mapping from str to MPNeuron
        Their names. A source that is no neuron's name is an input of the net; one that is, its own included,
        is a connection, so there may be loops, which remember.

    Raises
    ------
    OptionError
        No neurons, or something else among them.

    Notes
    -----
    Any Boolean function can be composed, at one unit of time a level. There is no learning: `fit` says so
    (McCulloch and Pitts, A logical calculus of the ideas immanent in nervous activity, 1943).

    Examples
    --------
    >>> net = McCullochPitts({"N3": MPNeuron(["N1"], inhibitory=["N2"])})  # N1 and not N2
    >>> net.run({"N1": [0, 0, 1, 1], "N2": [0, 1, 0, 1]})["N3"]  # one unit of time late
    array([0, 0, 0, 1, 0])

    Source: seed rows H-06 to H-09, S-27.
    """

    def __init__(self, neurons: Mapping[str, MPNeuron]) -> None:
        good = isinstance(neurons, Mapping) and len(neurons) > 0
        if not good or not all(isinstance(k, str) and isinstance(v, MPNeuron) for k, v in neurons.items()):
            raise OptionError(
                "a net is made of named neurons",
                where="McCullochPitts",
                got=shown(neurons),
                expected='such as {"N3": MPNeuron(["N1", "N2"])}',
                remedy="Give every neuron a name, by which others may listen to it.",
            )
        self._neurons = dict(neurons)

    def __repr__(self) -> str:
        return f"<McCullochPitts: {len(self._neurons)} neurons, {len(self.inputs)} inputs>"

    @property
    def neurons(self) -> dict[str, MPNeuron]:
        """A copy of what it was made of."""
        return dict(self._neurons)

    @property
    def inputs(self) -> tuple[str, ...]:
        """The sources that are no neurons, in the order in which they are first named."""
        sources = dict.fromkeys(source for neuron in self._neurons.values() for source in neuron.sources)
        return tuple(source for source in sources if source not in self._neurons)

    def run(
        self,
        inputs: Mapping[str, object] | None = None,
        *,
        steps: int | None = None,
        start: Iterable[str] = (),
    ) -> dict[str, Array]:
        """Every neuron's output at t = 0, 1, ..., one entry more than the inputs have.

        Parameters
        ----------
        inputs : mapping from str to array (steps,)
            0 or 1 of each input at t = 0, 1, ...
        steps : int, optional
            How long to run a net without inputs.
        start : sequence of str
            The neurons that are on at t = 0; all others are off.

        Returns
        -------
        dict
            {name: array (steps + 1,) of integers 0 and 1}, read-only.

        Raises
        ------
        UnknownNameError
            An input too many or missing, or a neuron in `start` that does not exist.
        ShapeError, OptionError, DTypeError
            Inputs of different lengths, or of other values than 0 and 1.
        """
        series, length = self._series({} if inputs is None else inputs, steps)
        state = self._started(start)
        course = [state]
        for t in range(length):
            on = state | {name: values[t] for name, values in series.items()}
            state = {name: int(neuron._fires(on)) for name, neuron in self._neurons.items()}
            course.append(state)
        return {name: freeze(np.array([state[name] for state in course])) for name in self._neurons}

    def _series(self, inputs: object, steps: object) -> tuple[dict[str, list[int]], int]:
        """The inputs as lists of 0 and 1, all of one length, and this length."""
        given = inputs if isinstance(inputs, Mapping) else {}
        if not isinstance(inputs, Mapping) or set(given) != set(self.inputs):
            raise UnknownNameError(
                "a run needs every input of the net and no other",
                where="McCullochPitts.run",
                got=shown(list(given) if isinstance(inputs, Mapping) else inputs),
                expected=", ".join(self.inputs) or "no inputs",
                remedy="A source that is no neuron's name is an input.",
            )
        series = {name: _bits(values, name) for name, values in given.items()}
        lengths = {len(values) for values in series.values()}
        if not lengths or steps is not None:
            remedy = "Without inputs nothing else says how long to run; with them leave it out."
            lengths.add(
                whole_number(steps, "steps", "McCullochPitts.run", least=0, most=_LONGEST, remedy=remedy)
            )
        if len(lengths) > 1:
            raise ShapeError(
                "all inputs last equally long",
                where="McCullochPitts.run",
                got=" and ".join(map(str, sorted(lengths))) + " steps",
                expected="one length",
                remedy="Fill the shorter ones up with zeros, and leave steps out.",
            )
        return series, lengths.pop()

    def _started(self, start: Iterable[str]) -> dict[str, int]:
        """1 for the neurons named, 0 for all others."""
        on = _names(start)
        for name in on:
            if name not in self._neurons:
                raise UnknownNameError(
                    "no such neuron to start from",
                    where="McCullochPitts.run(start=)",
                    got=shown(name),
                    expected=", ".join(self._neurons),
                    remedy="An input is on at t = 0 if its series says so.",
                )
        return {name: int(name in on) for name in self._neurons}

    def fit(self, *_: object, **__: object) -> NoReturn:
        """There is none: the model of 1943 came without a way to learn (H-08).

        Raises
        ------
        UnsupportedLayerError
            Always.
        """
        raise UnsupportedLayerError(
            "a net of McCulloch and Pitts has no learning rule",
            where="McCullochPitts.fit",
            expected="weights and thresholds set by hand",
            remedy="perceptron(X, labels) learns a threshold unit.",
        )


def _names(given: object) -> tuple[str, ...]:
    """Several names; a single one is refused, since its letters would be taken for names."""
    names = listed(given)
    if isinstance(given, str) or not all(isinstance(name, str) for name in names):
        raise OptionError(
            "sources and neurons are named by a list of text",
            where="McCullochPitts",
            got=shown(given),
            expected='such as ["N1", "N2"]',
            remedy="Put a single name in brackets.",
        )
    return names


def _bits(values: object, name: str) -> list[int]:
    """A series of 0 and 1."""
    series = as_array(values, f"input {name}", "McCullochPitts.run")
    if series.ndim != 1:
        raise ShapeError(
            f"input {name} is a series in time",
            where="McCullochPitts.run",
            got=f"shape {series.shape}",
            expected="(steps,)",
            remedy="Pass [1] for a single unit of time.",
        )
    bits = [int(value) if value in (0, 1) else -1 for value in series.tolist()]
    if -1 in bits:
        raise OptionError(
            f"input {name} is all or none",
            where="McCullochPitts.run",
            got=shown(series.tolist()[bits.index(-1)]),
            expected="0 or 1",
            remedy="Compare first: (values > threshold).astype(int).",
        )
    return bits
