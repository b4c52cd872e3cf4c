"""What a layer is: a description whose arrays live elsewhere. Also the user's extension point.

A layer maps input activations to output activations and knows its Jacobians by every operand: by an
input it reads, or by a parameter slot such as "W". The network numbers the layers and keeps the arrays.
"""

from __future__ import annotations

import abc
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, TypeAlias

import numpy as np

from ..arrays import Array
from ..errors import OptionError, UnsupportedLayerError, shown
from ..jacobians import Jacobian
from ..layout import Shape

Operand: TypeAlias = int | str
"""An input, as it stands in ``Layer.inputs``, or the letter of a parameter slot."""

Parameters: TypeAlias = Mapping[str, Array]
Values: TypeAlias = tuple[Array, ...]

PREVIOUS = -1
"""The activation just below: the input of nearly every layer."""


def text_or_none(name: object, where: str) -> str:
    """A layer's name as its __init__ got it, "" for None; what is no text is refused."""
    if not isinstance(name, str | None):
        raise OptionError(
            "a name is text",
            where=where,
            got=shown(name),
            expected="a str or None",
            remedy="Leave it out.",
        )
    return name or ""


def require_own(layer: Layer, kind: type[Layer]) -> None:
    """Refuse a subclass whose training form would be that of its base."""
    if type(layer) is not kind:
        raise UnsupportedLayerError(
            f"a subclass of {kind.__name__} is another layer in training, too",
            where=repr(layer),
            got="the in_training of its base",
            expected="a method in_training of its own",
            remedy="Override it; return self if the layer is the same in training.",
        )


class Workspace:
    """Arrays that one layer's fast path reuses from call to call; one for each layer of a DeltaRule.

    ``array("a", (c, m), dtype)`` is memory to write into, the same at every call with this key, shape
    and dtype. What a fast path returns may therefore be overwritten by the next call.

    Attributes
    ----------
    wants_input : bool
        Whether the layer must pass a delta on to its inputs; if not, it may leave them out.
    only_sum : bool
        Whether a loss fuses with the layer: the cache must hold the sum z for ``SumLayer.sum``, and the
        activations, of which nothing but shape and dtype is read, need not be computed.
    """

    def __init__(self, *, wants_input: bool = True, only_sum: bool = False) -> None:
        self.wants_input, self.only_sum = wants_input, only_sum
        self._arrays: dict[str, Array] = {}

    def array(self, key: str, shape: Shape, dtype: np.dtype[Any]) -> Array:
        """An uninitialised array of this shape, the same one as long as the shape stays."""
        held = self._arrays.get(key)
        if held is None or held.shape != shape or held.dtype != dtype:
            held = self._arrays[key] = np.empty(shape, dtype)
        return held

    def ones(self, length: int, dtype: np.dtype[Any]) -> Array:
        """1, 1, ...: times a block of rows, their sum by the BLAS. Not to be written into."""
        held = self._arrays.get("1")
        if held is None or held.shape != (length,) or held.dtype != dtype:
            held = self._arrays["1"] = np.ones(length, dtype)
        return held


_SETTLED = frozenset({"activation", "bias", "couples_cases", "dtype", "gate", "inputs", "n_in", "n_out"})
"""What a network and its records were made from: not to be set any more in a layer of a network."""


class Layer(abc.ABC):
    """A layer: subclass this, write `forward` and `factors`, and every formulation of the chain works.

    Index legend: c cases (absent for a single case), n in, m out. A layer meets one case, (n,), as well
    as a stack, (c, n): write the mathematics over the last axis.

    Attributes
    ----------
    inputs : tuple of int
        Which activations it reads, as indices into those so far: -1 is the one below, 0 the input.
        They are the keys of their factors.
    n_in : int or None
        The width it requires of its (first) input, None for any.
    name : str
        A name for error messages.
    dtype : dtype or None
        That of the arrays it starts from, None if it draws them in any.
    analytic : bool
        Set it where `forward` consists of analytic functions alone, without abs, where, maximum or
        comparisons: `jacobprop.check` then has the complex step as one more witness.
    gate : str
        "softmax" or "sigmoid" if a loss may fuse with the layer's last step, else empty. Where the
        loss has the same gate, dL/dz comes from the loss's `head_row`, and the layer, a SumLayer, is
        asked for z by `sum` and for the Jacobians below z: its own J_Sum is left out of the product.
    same_widths : bool
        Whether all its inputs must be equally wide.
    positional : bool
        Whether what a case becomes depends on its place in the stack, as with masks that are drawn for
        each row: alone it may become something else.
    couples_cases : bool
        Whether an output depends on other cases than its own. Its factors are then those of the whole
        batch, ``cases`` None, with out_shape (c, m) and in_shape (c, n) or the parameter's.

    Notes
    -----
    A layer of a network does not change: of these attributes only `name` can be set any more.

    Examples
    --------
    Normalisation with a gain, a_k = C_k u_k with u = y / r and r^2 = mean(y^2):

    >>> from jacobprop import DiagonalJacobian, DiagonalPlusLowRankJacobian
    >>> class RMSNorm(Layer):
    ...     def __init__(self, width):
    ...         self.n_in = width
    ...     def init(self, rng, dtype):
    ...         return {"C": np.ones(self.n_in, dtype)}
    ...     def forward(self, params, inputs):
    ...         (y,) = inputs
    ...         r = np.sqrt((y**2).mean(axis=-1, keepdims=True))
    ...         return params["C"] * y / r, (y / r, r)
    ...     def factors(self, params, cache):
    ...         u, r = cache
    ...         d = params["C"] / r
    ...         J = DiagonalPlusLowRankJacobian(d, -(d * u)[..., None], u[..., None] / self.n_in)
    ...         return {-1: J, "C": DiagonalJacobian(u)}
    >>> from jacobprop import Dense, Network
    >>> record = Network([Dense(3, 4, "tanh"), RMSNorm(4)]).forward(np.ones((5, 3)))
    >>> record.jacobian("a2", "W1").shape
    (5, 4, 12)
    """

    inputs: tuple[int, ...] = (PREVIOUS,)
    n_in: int | None = None
    dtype: np.dtype[Any] | None = None
    name: str = ""
    gate: str = ""
    analytic: bool = False
    same_widths: bool = False
    positional: bool = False
    couples_cases: bool = False
    _once: ClassVar[frozenset[str]] = frozenset()  # set by its __init__, which makes others from them

    def init(self, rng: np.random.Generator, dtype: np.dtype[Any]) -> dict[str, Array]:
        """Draw the parameters; a layer without parameters draws none.

        Parameters
        ----------
        rng : numpy.random.Generator
            The network's own: the same seed draws the same parameters.
        dtype : numpy.dtype
            What they should be.

        Returns
        -------
        dict
            {slot: array} with a slot of letters, such as "W"; in layer 2 it is the parameter "W2".
        """
        return {}

    def width(self, n_in: int | None) -> int | None:
        """The number of outputs for `n_in` inputs; the same unless a layer says otherwise."""
        return n_in

    @abc.abstractmethod
    def forward(self, params: Parameters, inputs: Values) -> tuple[Array, Any]:
        """Compute the activations, and whatever `factors` will need.

        Parameters
        ----------
        params : mapping
            {slot: array}, the slots of `init` without the layer's number: ``params["W"]``.
        inputs : tuple of arrays
            One for each entry of ``Layer.inputs``, a tuple even for a single input: ``(y,) = inputs``.
            Each is (n,) for one case or (c, n) for a stack; do not write into it.

        Returns
        -------
        activations : array
            (m,) or (c, m).
        cache : object
            Handed to `factors` as it is.
        """

    @abc.abstractmethod
    def factors(self, params: Parameters, cache: Any) -> dict[Operand, Jacobian]:
        """The Jacobian of the activations by each operand, in numerator layout.

        Parameters
        ----------
        params : mapping
            As for `forward`.
        cache : object
            What `forward` returned.

        Returns
        -------
        dict
            A Jacobian for each entry of `inputs`, its key -1 for the activation below, with in_shape (n,);
            and for each slot, its key "W", with the in_shape of the parameter. The out_shape is (m,).
            For a stack every one has ``cases=c``, also where the cases share their entries:
            ``IdentityJacobian(m, cases=len(y))``. For one case ``cases`` is None.
        """

    def in_training(self, rng: np.random.Generator) -> Layer:
        """The layer while the network learns: itself, unless it draws something or looks at the batch.

        Parameters
        ----------
        rng : numpy.random.Generator
            For what it draws.

        Returns
        -------
        Layer
            With the same inputs, slots and widths: a value like any other layer, the same at every call.
        """
        return self

    def with_statistics(self, inputs: Values) -> Layer:
        """The layer that has seen these inputs (c, n): itself, unless it keeps statistics of them."""
        return self

    def factor_tangents(
        self, params: Parameters, cache: Any, tangents: Mapping[Operand, Array]
    ) -> dict[Operand, Jacobian]:
        """How each factor moves with the operands: sum_w d(factor)/dw . tangent_w. For `jacobprop.hessian`.

        A subclass that changes `forward`, `factors`, `sum`, `J_Sum` or `sum_factors` of its base writes
        its own.

        Parameters
        ----------
        params : mapping
            As for `forward`.
        cache : object
            What `forward` returned.
        tangents : mapping
            {operand: array}: (n,) or (c, n) for an input, the parameter's shape for a slot. An operand that
            stays where it is may be missing.

        Returns
        -------
        dict
            Jacobians shaped like those of `factors`. A factor that is constant may be missing: of a layer
            that is linear in all its operands together, {}.
        """
        raise _without("factor_tangents", repr(self))

    def forward_into(self, params: Parameters, inputs: Values, workspace: Workspace) -> tuple[Array, Any]:
        """`forward` for the delta rule: optional, and only for speed.

        A subclass that changes `forward`, `factors`, `sum`, `J_Sum` or `sum_factors` of a layer with fast
        paths loses all of them, until it writes its own; see `fast_path`.

        Parameters
        ----------
        params : mapping
            As for `forward`.
        inputs : tuple of arrays
            (c, n) each: a single case comes as a stack of one.
        workspace : Workspace
            Where arrays can be had that are reused from call to call.

        Returns
        -------
        activations : array
            (c, m).
        cache : object
            For `backward_into`, and to be understood by `factors` and `sum` as well.
        """
        return self.forward(params, inputs)

    def backward_into(
        self, delta: Array, params: Parameters, cache: Any, workspace: Workspace
    ) -> dict[Operand, Array]:
        """The delta rule across the layer; by default the delta is pulled through `factors`.

        It may be called again after one forward pass, with a delta that is larger by a power of two, where
        something underflowed: what it returns depends on its arguments alone.

        Parameters
        ----------
        delta : array
            dL/d(activations), (c, m), read-only.
        params : mapping
            As for `forward`.
        cache : object
            What `forward_into` returned.
        workspace : Workspace
            The same as there.

        Returns
        -------
        dict
            dL/d(operand) with the keys of `factors`: (c, n) for an input, which may be missing unless
            ``workspace.wants_input``; summed over the cases, in the parameter's shape, for a slot.
        """
        return pull_through(self.factors(params, cache), delta)

    def settle(self) -> None:
        """From now on none of the attributes changes that a network is made from; a network calls it."""
        self.__dict__["_settled"] = True

    def __setattr__(self, name: str, value: object) -> None:
        settled = name in _SETTLED and "_settled" in self.__dict__
        if settled or (name in self._once and name in self.__dict__):
            kind = type(self).__name__
            raise AttributeError(f"a layer does not change: cannot set {name!r}, build another {kind}")
        object.__setattr__(self, name, value)

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"


class SumLayer(Layer):
    """A layer with a sum z inside, a = f(z): its Jacobians are J_Sum times the Jacobians of z.

    The sum is a variable of its own in a record: ``z2`` for layer 2.
    """

    @abc.abstractmethod
    def sum(self, cache: Any) -> Array:
        """The sum z (c, m)."""

    @abc.abstractmethod
    def J_Sum(self, cache: Any) -> Jacobian:
        """da/dz."""

    @abc.abstractmethod
    def sum_factors(self, params: Parameters, cache: Any) -> dict[Operand, Jacobian]:
        """The Jacobian of z by each operand."""

    def J_Sum_tangent(self, cache: Any, tangent: Array) -> Jacobian:
        """How `J_Sum` moves with z: f''(z) . tangent, the tangent (m,) or (c, m). For `jacobprop.hessian`.

        A SumLayer writes this and `sum_factor_tangents`, and no `factor_tangents`.
        """
        raise _without("J_Sum_tangent", repr(self))

    def sum_factor_tangents(
        self, params: Parameters, cache: Any, tangents: Mapping[Operand, Array]
    ) -> dict[Operand, Jacobian]:
        """How each of `sum_factors` moves with the operands; as `factor_tangents`."""
        raise _without("sum_factor_tangents", repr(self))

    def factors(self, params: Parameters, cache: Any) -> dict[Operand, Jacobian]:
        """J_operand^a = J_Sum . J_operand^z (seed rows D-69, D-71)."""
        outer = self.J_Sum(cache)
        return {operand: outer @ inner for operand, inner in self.sum_factors(params, cache).items()}

    def backward_into(
        self, delta: Array, params: Parameters, cache: Any, workspace: Workspace
    ) -> dict[Operand, Array]:
        """The delta rule across f, then across the sum."""
        across_sum = fast_path(self, "backward_sum_into")
        passed: dict[Operand, Array] = across_sum(self.J_Sum(cache).pull(delta), params, cache, workspace)
        return passed

    def backward_sum_into(
        self, delta: Array, params: Parameters, cache: Any, workspace: Workspace
    ) -> dict[Operand, Array]:
        """The delta rule across the sum alone: dL/dz (c, m) to dL/d(operand), summed over cases."""
        return pull_through(self.sum_factors(params, cache), delta)


def pull_through(factors: Mapping[Operand, Jacobian], delta: Array) -> dict[Operand, Array]:
    """Pull a delta through each factor: case by case to the inputs, summed over cases to the slots."""
    return {
        operand: (J.stacked() if isinstance(operand, str) else J).pull(delta)
        for operand, J in factors.items()
    }


def _without(method: str, where: str) -> UnsupportedLayerError:
    return UnsupportedLayerError(
        "the layer does not say how its factors move with its operands",
        where=where,
        expected=f"a method {method} beside the mathematics it belongs to",
        remedy="Write it for the exact Hessian; gauss_newton does without.",
    )


_MATHEMATICS = {"forward", "factors", "sum", "J_Sum", "sum_factors"}


def fast_path(layer: Layer, method: str) -> Callable[..., Any]:
    """`forward_into`, `backward_into` or `backward_sum_into` of a layer, if it belongs to its mathematics.

    A class that changes the mathematics, a mixin too, makes the fast paths of the classes after it
    in the method resolution order wrong: their default bodies are returned then. The backward
    paths fall back with the forward path, whose cache they read.
    """
    kind: type = type(layer)
    if not (_is_current(kind, "forward_into") and _is_current(kind, method)):
        has_sum = isinstance(layer, SumLayer) and method != "forward_into"
        kind = SumLayer if has_sum else Layer
    found: Callable[..., Any] = getattr(kind, method).__get__(layer)
    return found


def second_order(layer: Layer, where: str) -> tuple[Callable[..., Any], ...]:
    """`factor_tangents` of a layer, or `J_Sum_tangent` and `sum_factor_tangents`, if they belong to it.

    Raises
    ------
    UnsupportedLayerError
        One is missing, or, as for a fast path, a class after it changes the mathematics.
    """
    with_sum = isinstance(layer, SumLayer)
    names = ("J_Sum_tangent", "sum_factor_tangents") if with_sum else ("factor_tangents",)
    for name in names:
        written = getattr(type(layer), name) is not getattr(SumLayer, name)
        if not (written and _is_current(type(layer), name)):
            raise _without(name, where)
    return tuple(getattr(layer, name) for name in names)


def _is_current(kind: type, method: str) -> bool:
    """Whether the method is a default, or no class before the one that defines it changes the mathematics."""
    place = next(number for number, base in enumerate(kind.__mro__) if method in vars(base))
    before, definer = kind.__mro__[:place], kind.__mro__[place]
    return definer in (Layer, SumLayer) or not any(vars(base).keys() & _MATHEMATICS for base in before)
