"""A network: layers, a loss, names, and the arrays of all parameters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from types import MappingProxyType
from typing import Any, Self

import numpy as np

from ._lazy import sympy
from .architecture import Architecture
from .arrays import (
    Array,
    as_array,
    as_cases,
    float_dtype,
    freeze,
    is_symbolic,
    listed,
    quiet,
    require_finite,
    whole_number,
)
from .dialects import Dialect, NetworkInDialect
from .dialects import get as get_dialect
from .errors import (
    DTypeError,
    MissingTargetError,
    OptionError,
    ShapeError,
    UnknownNameError,
    UnsupportedLayerError,
    shown,
)
from .layers import Layer
from .layers.base import Parameters
from .losses import Loss
from .record import Record
from .returned import checked_forward, checked_init, checked_layer, checked_width

_SEED = "The same seed draws the same parameters."


class Network:
    """Layers 1..N, applied to cases that are rows; immutable, parameters included.

    Parameters
    ----------
    layers : sequence of Layer
        Weightless ones count too.
    loss : Loss, optional
        CrossEntropy needs Softmax on top, BinaryCrossEntropy a sigmoid Dense layer.
    seed : int
        For the initial parameters.
    names, weights : str or sequence of str, optional
        The slides' letters: ``names="X Y Z"`` for a0, a1, a2, ``weights="V W"`` for W1, W2.
    dtype : dtype, optional
        Of the parameters: float16, float32 or float64. By default that of the arrays the layers were
        made from, float64 where they draw their own.

    Raises
    ------
    ShapeError
        Widths that do not fit.
    UnsupportedLayerError
        A loss without the last layer it needs, or one layer object used twice.

    Examples
    --------
    >>> from jacobprop.layers import Dense
    >>> net = Network([Dense(3, 2, "sigmoid"), Dense(2, 1, "sigmoid")], names="X Y Z", weights="V W")
    >>> {name: array.shape for name, array in net.parameters.items()}
    {'W1': (3, 2), 'b1': (2,), 'W2': (2, 1), 'b2': (1,)}
    """

    def __init__(
        self,
        layers: Sequence[Layer],
        loss: Loss | None = None,
        *,
        seed: int = 0,
        names: str | Sequence[str] | None = None,
        weights: str | Sequence[str] | None = None,
        dtype: Any = None,
    ) -> None:
        layers = listed(layers)
        self._check_layers(layers, loss)
        self._floats = float_dtype(_started_with(layers) if dtype is None else dtype, "Network(dtype=)")
        rng = np.random.default_rng(whole_number(seed, "seed", "Network", least=0, remedy=_SEED))
        drawn = [
            checked_init(layer.init(rng, self._floats), f"layer {number} {layer!r}, init")
            for number, layer in enumerate(layers, 1)
        ]
        for layer in layers:
            layer.settle()
        self.architecture = Architecture(layers, loss, [list(p) for p in drawn], names, weights)
        self._widths = self._walk_widths()
        self._set_parameters(
            {
                f"{slot}{k}": self._own(a, f"{slot}{k}")
                for k, p in enumerate(drawn, 1)
                for slot, a in p.items()
            }
        )

    @staticmethod
    def _check_layers(layers: tuple[Layer, ...], loss: Loss | None) -> None:
        if not layers or not all(isinstance(layer, Layer) for layer in layers):
            raise ShapeError(
                "a network needs layers",
                where="Network",
                got=shown([type(layer).__name__ for layer in layers]),
                expected="at least one Layer",
                remedy='Start with [jp.Dense(n_in, n_out, "sigmoid")].',
            )
        if len({id(layer) for layer in layers}) < len(layers):
            raise UnsupportedLayerError(
                "one layer object is used twice",
                where="Network",
                remedy="Weights are not shared between layers yet: build a second layer.",
            )
        if loss is not None and not isinstance(loss, Loss):
            raise OptionError(
                "the loss must be a Loss",
                where="Network(loss=)",
                got=shown(loss),
                expected="an object such as jp.SquaredError() or jp.CrossEntropy()",
                remedy="Create it with parentheses.",
            )
        if loss is not None and loss.gate and loss.gate != layers[-1].gate:
            top = {
                "softmax": "Append jp.Softmax() to the layers.",
                "log_softmax": "Append jp.LogSoftmax() to the layers.",
                "sigmoid": 'Give the last Dense layer activation="sigmoid".',
            }
            raise UnsupportedLayerError(
                f"{type(loss).__name__} needs {loss.gate} as the last layer",
                where=f"Network: layer {len(layers)} {layers[-1]!r}",
                got=f"an output that need not be a probability: {layers[-1]!r}",
                expected=loss.gate,
                remedy=top.get(loss.gate, "Choose a last layer with this gate."),
            )

    def _input_width(self) -> int | None:
        """What the first layer with a width of its own requires, if all layers below it keep theirs."""
        for number, layer in enumerate(self.layers):
            if (n := checked_width(layer.n_in, "n_in", f"layer {number + 1} {layer!r}")) is not None:
                return n if all(lower.width(n) == n for lower in self.layers[:number]) else None
        return None

    def _walk_widths(self) -> tuple[int | None, ...]:
        """The width of each activation, None where it depends on the input; refuses a misfit."""
        widths = [self._input_width()]
        for number, layer in enumerate(self.layers, 1):
            below = self.architecture.reads(number)[0]
            width, n_in = widths[below], checked_width(layer.n_in, "n_in", f"layer {number} {layer!r}")
            if None not in (width, n_in) and width != n_in:
                raise ShapeError(
                    "the layer does not fit the one below",
                    where=self.architecture.where(number),
                    got=f"{width} inputs from layer {below}" if below else f"{width} network inputs",
                    expected=f"{n_in}",
                    remedy=f"Set its n_in to {width}, or transpose its weights.",
                )
            if layer.same_widths:
                self._check_same(number, [widths[k] for k in self.architecture.reads(number)])
            given = layer.width(n_in if width is None else width)
            widths.append(checked_width(given, "width", f"layer {number} {layer!r}"))
        return tuple(widths)

    def _check_same(self, number: int, widths: list[int | None]) -> None:
        """Refuse inputs of different widths, as far as they are known."""
        if len(known := set(widths) - {None}) > 1:
            raise ShapeError(
                "only activations of the same width add",
                where=self.architecture.where(number),
                got=f"widths {', '.join(map(str, sorted(filter(None, known))))}",
                expected="one width",
                remedy="Put a Dense layer without activation into one of the branches.",
            )

    # -- parameters ---------------------------------------------------------------------------------

    @property
    def layers(self) -> tuple[Layer, ...]:
        """The layers, first to last."""
        return self.architecture.layers

    @property
    def loss(self) -> Loss | None:
        """The loss function."""
        return self.architecture.loss

    @property
    def parameters(self) -> Mapping[str, Array]:
        """{"W1": array, "b1": array, ...}, read-only, layer by layer."""
        return MappingProxyType(self._parameters)

    @property
    def dtype(self) -> np.dtype[Any]:
        """The parameters' dtype: a float, or object if some are sympy expressions."""
        return self._dtype

    @property
    def size(self) -> int:
        """How many numbers the parameters are, the length of `vector`."""
        return self._size

    @quiet
    def _own(self, value: object, name: str) -> Array:
        """A copy of a parameter in the network's dtype; expressions stay expressions."""
        array = as_array(value, f"parameter {name}", "Network")
        return array.astype(self._floats if array.dtype.kind == "f" else array.dtype)

    def _set_parameters(self, arrays: Mapping[str, Array]) -> None:
        names = [node.name for node in self.architecture.parameter_nodes]
        for name in names:
            require_finite(arrays[name], f"parameter {name}", "Network")
        self._parameters = {name: freeze(arrays[name]) for name in names}
        self._layerwise: dict[np.dtype[Any], tuple[Parameters, ...]] = {}  # what _by_layer has made
        self._dtype = np.dtype(object) if is_symbolic(*self._parameters.values()) else self._floats
        self._slices: dict[str, slice] = {}
        start = 0
        for name, array in self._parameters.items():
            self._slices[name] = slice(start, start + array.size)
            start += array.size
        self._size = start

    def _by_layer(self, dtype: np.dtype[Any]) -> tuple[Parameters, ...]:
        """The parameters of each layer by slot letter, in a dtype."""
        if dtype not in self._layerwise:
            found = self._layered(self._parameters, dtype)
            for array in (array for params in found for array in params.values()):
                freeze(array)
            self._layerwise[dtype] = found
        return self._layerwise[dtype]

    def _layered(self, arrays: Mapping[str, Array], dtype: np.dtype[Any]) -> tuple[Parameters, ...]:
        return tuple(
            {slot: arrays[f"{slot}{number}"].astype(dtype, copy=False) for slot in slots}
            for number, slots in enumerate(self.architecture.slots, 1)
        )

    def _borrowed(self, given: Mapping[str, Array], dtype: np.dtype[Any]) -> tuple[Parameters, ...]:
        """`_by_layer` with other floats for some parameters: the caller's own arrays, for one pass."""
        floats = {name: array.astype(self._floats, copy=False) for name, array in given.items()}
        for name, array in floats.items():
            require_finite(array, f"parameter {name}", "Network")
        return self._layered(self._parameters | floats, dtype)

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__ | {"_layerwise": {}}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._set_parameters(self._parameters)  # read-only, as before the pickle

    def _copy(self, arrays: Mapping[str, Array]) -> Self:
        other = object.__new__(type(self))
        other.__dict__.update(self.__dict__)
        other._set_parameters(arrays)
        return other

    def astype(self, dtype: Any) -> Self:
        """The same network with parameters of another float dtype; expressions stay expressions."""
        other = object.__new__(type(self))
        other.__dict__.update(self.__dict__, _floats=float_dtype(dtype, "Network(dtype=)"))
        other._set_parameters({name: other._own(array, name) for name, array in self._parameters.items()})
        return other

    @quiet
    def with_parameters(self, parameters: Mapping[str, object]) -> Self:
        """The same network with other arrays for some or all parameters, copied; names or letters.

        Raises
        ------
        UnknownNameError, ShapeError, DTypeError, NonFiniteError
            A name that does not exist, another shape, no numbers, or nan and infinities.
        """
        given = self._given(parameters)
        return self._copy(self._parameters | {name: self._own(array, name) for name, array in given.items()})

    def _given(self, parameters: Mapping[str, object]) -> dict[str, Array]:
        """Arrays for some parameters under their canonical names, checked and not copied."""
        if not isinstance(parameters, Mapping):
            raise OptionError(
                "parameters are a mapping from names to arrays",
                where="with_parameters",
                got=type(parameters).__name__,
                expected='{"W1": array, ...}',
                remedy="Use with_vector for one long vector.",
            )
        found: dict[str, Array] = {}
        names = self.architecture.names
        for given, name, value in names.each_once(parameters, "with_parameters", "parameter"):
            if name not in self._parameters:
                raise UnknownNameError(
                    f"{name} is no parameter",
                    where="with_parameters",
                    got=shown(given),
                    expected="one of " + ", ".join(self._parameters),
                    remedy="Only parameters can be replaced.",
                )
            array = as_array(value, f"parameter {name}", "with_parameters")
            if array.shape != self._parameters[name].shape:
                raise ShapeError(
                    f"parameter {name} keeps its shape",
                    where="with_parameters",
                    got=f"shape {array.shape}",
                    expected=f"{self._parameters[name].shape}",
                    remedy="W[i, j] is the weight from unit i to unit j: transpose it if need be.",
                )
            found[name] = array
        return found

    # -- training -----------------------------------------------------------------------------------

    def in_training(self, seed: int | np.random.Generator = 0) -> Self:
        """The network while it learns: dropout with masks drawn, batch normalisation by the batch itself.

        A network like any other: the same input gives the same record at every call, so its Jacobians can
        be taken and checked. Without such layers it is the network itself.

        Parameters
        ----------
        seed : int or numpy.random.Generator
            For the masks; a generator moves on, so that the next call draws others.
        """
        rng = np.random.default_rng(
            seed
            if isinstance(seed, np.random.Generator)
            else whole_number(
                seed, "seed", "in_training", least=0, remedy="The same seed draws the same masks."
            )
        )
        return self._with_layers([layer.in_training(rng) for layer in self.layers], "in_training")

    @quiet
    def with_statistics(self, X: object) -> Self:
        """The network whose batch normalisation uses the means and variances that X, a stack, gives it.

        From the first layer up, each sees what the layers below make of X with the statistics just found.
        Without such layers it is the network itself.

        Raises
        ------
        ShapeError, DTypeError
            X does not fit, or is a single case where a statistic is asked for.
        """
        x, dtype = self._input(X, "net.with_statistics(X)")
        activations, layers = [x], []
        for number, (layer, params) in enumerate(zip(self.layers, self._by_layer(dtype), strict=True), 1):
            inputs = tuple([activations[k] for k in self.architecture.reads(number)])
            layers.append(checked_layer(layer.with_statistics(inputs), layer, "with_statistics"))
            activations.append(layers[-1].forward(params, inputs)[0])
        return self._with_layers(layers, "with_statistics")

    def _with_layers(self, layers: Sequence[Layer], call: str) -> Self:
        for new, old in zip(layers, self.layers, strict=True):
            checked_layer(new, old, call)
        if all(new is old for new, old in zip(layers, self.layers, strict=True)):
            return self
        for layer in layers:
            layer.settle()
        other = object.__new__(type(self))
        other.__dict__.update(self.__dict__, architecture=self.architecture.with_layers(layers))
        return other

    @property
    def slices(self) -> Mapping[str, slice]:
        """Where each parameter lies in `vector`."""
        return MappingProxyType(self._slices)

    @property
    def vector(self) -> Array:
        """All parameters in one vector, layer by layer, slot by slot, row-major."""
        parts = [array.ravel() for array in self._parameters.values()]
        return np.concatenate(parts) if parts else np.empty(0, self.dtype)

    def with_vector(self, v: object) -> Self:
        """The same network with the parameters of one vector."""
        vector = as_array(v, "the vector", "with_vector")
        if vector.shape != (self.size,):
            raise ShapeError(
                "the vector holds all parameters",
                where="with_vector",
                got=f"shape {vector.shape}",
                expected=f"({self.size},)",
                remedy="Start from net.vector; net.slices says what lies where.",
            )
        return self.with_parameters(
            {name: vector[self._slices[name]].reshape(a.shape) for name, a in self._parameters.items()}
        )

    def in_dialect(self, name: str | Dialect) -> NetworkInDialect:
        """The network as one of the seeds writes it: .parameters, .gradients(X, T), .deltas(X, T), .symbols.

        Back again: ``net.with_parameters(dialects.convert(arrays, source=name, target="jacobprop"))``.

        Raises
        ------
        UnknownNameError
            No such dialect; `dialects.NAMES` has them all.
        """
        return NetworkInDialect(get_dialect(name, "net.in_dialect"), self)

    # -- forward --------------------------------------------------------------------------------------

    @property
    def n_in(self) -> int | None:
        """The width of the input, None if the first layer takes any."""
        return self._widths[0]

    @quiet
    def _input(self, X: object, where: str) -> tuple[Array, np.dtype[Any]]:
        """X as cases, and the dtype of the pass: integers take the parameters'."""
        array = as_cases(X, "X", self.n_in, where, integers=self.dtype)
        if array.shape[-1] == 0:
            raise ShapeError(
                "X has no columns",
                where=where,
                got=f"shape {array.shape}",
                expected="a width of at least 1",
                remedy="Check the selection that made it.",
            )
        dtype = np.result_type(array, self.dtype) if self._parameters else array.dtype
        if dtype.kind == "O":  # plain numbers become expressions too: f asks for them throughout
            return np.asarray(np.frompyfunc(sympy.sympify, 1, 1)(array)), dtype
        return array.astype(dtype, copy=False), dtype

    @quiet
    def __call__(self, X: object) -> Array:
        """The output for one case (n_in,) or a stack (cases, n_in)."""
        x, dtype = self._input(X, "net(X)")
        return forward_pass(self.architecture, self._widths, x, self._by_layer(dtype))[0][-1]

    @quiet
    def forward(self, X: object, T: object = None) -> Record:
        """Run a pass and keep everything that its Jacobians need.

        Parameters
        ----------
        X : array (n_in,) for one case, or (cases, n_in)
        T : array shaped exactly like the output, or integer labels for CrossEntropy, optional
            Needed for "L".

        Raises
        ------
        ShapeError, DTypeError, EmptyBatchError
            Input or target of the wrong shape or kind; nothing is broadcast.
        """
        x, dtype = self._input(X, "net.forward(X)")
        x = x.copy()  # a record never changes, whatever becomes of X
        parameters = self._by_layer(dtype)
        activations, caches = forward_pass(self.architecture, self._widths, x, parameters)
        for array in activations:
            array.setflags(write=False)
        target = None
        if T is not None:
            if self.loss is None:
                raise MissingTargetError(
                    "the network has no loss for the target",
                    where="net.forward(X, T)",
                    remedy="Build jp.Network(layers, loss=...), or leave T out.",
                )
            target = freeze(np.array(self._target(T, activations[-1].shape, activations[-1].dtype)))
        return Record(self.architecture, parameters, tuple(activations), tuple(caches), target)

    def _target(self, T: object, shape: tuple[int, ...], dtype: np.dtype[Any]) -> Array:
        """The target of an output of this shape and dtype, which has to hold expressions if T does."""
        assert self.loss is not None, "whoever has a target has a loss"
        target = self.loss.target(T, shape, dtype)
        if is_symbolic(target) and dtype.kind != "O":
            raise DTypeError(
                "the target holds expressions and the output floats",
                where=f"{type(self.loss).__name__} target",
                got=f"sympy expressions for an output of {dtype}",
                expected="floats",
                remedy="Make X or the parameters expressions as well.",
            )
        return target

    def __repr__(self) -> str:
        loss = f", loss={self.loss!r}" if self.loss else ""
        return f"Network([{', '.join(map(repr, self.layers))}]{loss})"


def forward_pass(
    architecture: Architecture, widths: Sequence[int | None], X: Array, parameters: Sequence[Parameters]
) -> tuple[list[Array], list[Any]]:
    """a_l = f_l(a_(l-1), ...) from X up: all activations, X first, and what each layer keeps."""
    activations, caches, lead = [X], [], X.shape[:-1]
    kinds = "fO" if X.dtype.kind == "O" else "f"
    for number, (layer, params) in enumerate(zip(architecture.layers, parameters, strict=True), 1):
        inputs = tuple([activations[k] for k in architecture.reads(number)])
        returned = layer.forward(params, inputs)
        where = partial(architecture.where, number)
        values, cache = checked_forward(returned, lead, widths[number], where, kinds)
        activations.append(values)
        caches.append(cache)
    return activations, caches


def _started_with(layers: Sequence[Layer]) -> np.dtype[Any]:
    """The common float dtype of the arrays that layers were made from, float64 without any."""
    given = [layer.dtype for layer in layers if layer.dtype is not None and layer.dtype.kind == "f"]
    return np.result_type(*given) if given else np.dtype(np.float64)


def require_network(net: object, where: str) -> None:
    """Refuse anything but a network."""
    if not isinstance(net, Network):
        raise OptionError(
            "there is no network",
            where=where,
            got=type(net).__name__,
            expected="a jp.Network",
            remedy="Build jp.Network(layers, loss=...).",
        )
