"""Elementwise functions f with f', f'' and their sympy expressions, and the registry of names.

The derivative is a function of the sum z, not of the output f(z), which has lost the saturated range;
``from_output`` holds the slides' psi, f' in terms of the output, where it exists (seed row B-24).
To add an activation, write one entry at the end of this file. `leaky_relu` and `elu` make others of theirs.

`NAMES` are those that a network can learn with. `THRESHOLDS` are the jumps of the first units (rows B-07,
H-14, H-43): "step" to 0 or 1 and "sign" to -1 or 1. Their f' is 0 everywhere, so that no gradient passes
them and nothing below learns (H-46); networks with them are built by hand, or taught by other rules.
"""

import difflib
import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Literal, Protocol, Self, TypeAlias, TypeVar

import numpy as np

from . import elementary
from ._lazy import sympy
from .arrays import Array, as_array, is_symbolic, quiet, real_number
from .errors import OptionError, ShapeError, UnknownNameError, UnsupportedLayerError, shown
from .expressions import usable

Function: TypeAlias = Callable[[Array], Array]
AtKink: TypeAlias = Literal["left", "right", "middle"] | float


class Kernel(Protocol):
    """Write f(z) into `value`, which may be z itself, and f'(z) into `derivative` unless it is None."""

    def __call__(self, z: Array, value: Array, derivative: Array | None = None) -> None: ...


@dataclass(frozen=True)
class Kink:
    """A point where f has two one-sided derivatives."""

    point: float
    left: float
    right: float

    def derivative(self, at_kink: AtKink) -> float:
        """The value that f' is given here."""
        return _between(self.left, self.right, at_kink)


@dataclass(frozen=True)
class Jump:
    """A point where f has two one-sided limits: the tie of a threshold unit (E-45)."""

    point: float
    left: float
    right: float

    def value(self, at_kink: AtKink) -> float:
        """The value that f is given here."""
        return _between(self.left, self.right, at_kink)


_Place = TypeVar("_Place", Kink, Jump)


def _between(left: float, right: float, at_kink: AtKink) -> float:
    sides = {"left": left, "right": right, "middle": (left + right) / 2}
    return sides[at_kink] if isinstance(at_kink, str) else float(at_kink)


@dataclass(frozen=True, repr=False)
class Activation:
    """a = f(z), entry by entry, with f'(z) and f''(z).

    Parameters
    ----------
    name : str
        What it is called in networks, reports and files.
    function : callable
        f: a float64 array to a float64 array of the same shape. It gets a private copy. At a jump
        f is the limit from the left.
    derivatives : tuple of callables
        f', f'', ..., likewise. At a kink f' is the left derivative.
    expression_builder : callable, optional
        The symbol z to the sympy expression f(z). Without it, symbolic arrays are refused.
    kernel : callable, optional
        ``kernel(z, value, derivative)`` writes both in place, in z's dtype; by default it is
        made of `function` and `derivatives`.
    from_output : callable, optional
        psi with f'(z) = psi(f(z)), if the output determines the derivative.
    corners : tuple of Kink, optional
        Where f' jumps.
    at_kink : {"left", "right", "middle"} or float, optional
        What f' is there, and f at a jump; see `with_kink`.
    jumps : tuple of Jump, optional
        Where f itself jumps.

    Examples
    --------
    >>> import numpy as np
    >>> cube = Activation("cube", lambda z: z**3, (lambda z: 3 * z**2,))
    >>> cube.derivative(np.array([1.0, 2.0]))
    array([ 3., 12.])

    An activation pickles if its functions do, so name them in a module rather than use a lambda.
    """

    name: str
    function: Function
    derivatives: tuple[Function, ...]
    expression_builder: Callable[[Any], Any] | None = None
    kernel: Kernel | None = None
    from_output: Function | None = None
    corners: tuple[Kink, ...] = ()
    at_kink: AtKink = "left"
    jumps: tuple[Jump, ...] = ()

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not self.name.strip():
            raise OptionError(
                "an activation needs a name",
                where="Activation",
                got=shown(self.name),
                expected="a str that is not empty",
                remedy="Leave name out in from_expression: the text is the name.",
            )
        if not isinstance(self.derivatives, tuple) or not self.derivatives or not self._callable():
            raise OptionError(
                "an activation is made of functions",
                where=self._where("Activation"),
                got=f"function {shown(self.function)} and derivatives {shown(self.derivatives)}",
                expected="f and a tuple of at least f'",
                remedy="Write (derivative,) for a single one.",
            )
        choice = self.at_kink
        side = isinstance(choice, str) and choice in ("left", "right", "middle")
        if not side and not math.isfinite(real_number(choice)):
            raise OptionError(
                "no such derivative at a kink",
                where=self._where("at_kink"),
                got=shown(self.at_kink),
                expected="'left', 'right', 'middle' or a finite number",
                remedy="'left' is the default: relu'(0) = 0 and step(0) = 0.",
            )

    @classmethod
    def from_expression(cls, text: str, *, name: str | None = None, at_kink: AtKink = "left") -> Self:
        """The activation f(z) that a text writes down, with f' and f'' derived, proved and stable.

        The text is read, never run: arithmetic, numbers, pi, e, the variable z, and the functions of
        `jacobprop.expressions.read`. f may have corners, where abs, max, min and relu of something
        linear turn; it must depend on z, and be finite with a finite slope wherever that is tried.
        ``expression_builder.proof`` says whether sympy proved both derivatives, and
        ``expression_builder.error`` how large a relative error in float64 was measured. Roots of numbers
        may leave a proof undecided: gelu with ``tanh(sqrt(2/pi)*(z + 0.044715*z**3))`` is compared with
        350 digits at 27 points instead, and proved with 0.7978845608 in place of the root.

        Parameters
        ----------
        text : str
            Such as ``"z*exp(-z**2)"``. Its only variable is z.
        name : str, optional
            The name; by default the text.
        at_kink : {"left", "right", "middle"} or float, optional
            What f' is at a corner.

        Raises
        ------
        UnsafeExpressionError
            The text holds anything else, or is no usable activation.

        Examples
        --------
        >>> import numpy as np
        >>> bump = Activation.from_expression("z*exp(-z**2)")
        >>> bump.derivative(np.array([0.0, 0.5, 2.0]))
        array([ 1.        ,  0.38940039, -0.12820947])
        >>> float(bump.value(1e200))
        0.0
        >>> bump.latex
        'z e^{- z^{2}}'
        >>> bump.expression_builder.proof
        'proved'
        >>> Activation.from_expression("__import__('os')")  # doctest: +ELLIPSIS
        Traceback (most recent call last):
        ...
        jacobprop.errors.UnsafeExpressionError: Activation.from_expression, column 12: ...
        """
        found = usable(text)
        function, *derivatives = found.kernels
        corners = tuple(Kink(*corner) for corner in found.corners)
        return cls(
            text if name is None else name,
            function,
            tuple(derivatives),
            found.written,
            corners=corners,
            at_kink=at_kink,
        )

    def __repr__(self) -> str:
        kink = f", at_kink={self.at_kink!r}" if self.kinks and self.at_kink != "left" else ""
        return f"Activation({self.name!r}{kink})"

    def _callable(self) -> bool:
        return all(callable(function) for function in (self.function, *self.derivatives))

    @property
    def kinks(self) -> tuple[float, ...]:
        """The points where f' or f jumps."""
        places: tuple[Kink | Jump, ...] = (*self.corners, *self.jumps)
        return tuple(place.point for place in places)

    @quiet
    def value(self, z: object) -> Array:
        """f(z): float16, 32 or 64 as z is, rounded once from float64; expressions for expressions."""
        array = as_array(z, "z", self._where("value"))
        if is_symbolic(array):
            return _substitute(self.expression, array)
        value = self._apply(self.function, array, "value")
        for jump in self._moved(self.jumps):
            value = np.where(array == jump.point, jump.value(self.at_kink), value)
        return value

    @quiet
    def derivative(self, z: object, order: int = 1) -> Array:
        """f'(z), or f''(z) for order 2, with dtype and shape as in `value`."""
        where = self._where("derivative")
        array = as_array(z, "z", where)
        self._check_order(order, len(self.derivatives), where)
        if is_symbolic(array):
            return _substitute(self.derivative_expression(order), array)
        slope = self._apply(self.derivatives[order - 1], array, "derivative")
        moved = self._moved(self.corners) if order == 1 else ()
        for kink in moved:
            slope = np.where(array == kink.point, kink.derivative(self.at_kink), slope)
        return slope

    def into(self, z: Array, value: Array, derivative: Array | None = None) -> None:
        """Write f(z) and f'(z) at once: the fast door of forward passes and of the delta rule.

        `value` and `derivative` have z's shape and float dtype. `value` may be z itself;
        `derivative` shares memory with neither, or is None and is not computed. Nothing is checked.
        """
        jumps = [(z == jump.point, jump.value(self.at_kink)) for jump in self._moved(self.jumps)]
        kinks = [(z == kink.point, kink.derivative(self.at_kink)) for kink in self._moved(self.corners)]
        if self.kernel is not None:
            self.kernel(z, value, derivative)
        else:
            if derivative is not None:
                derivative[...] = self._apply(self.derivatives[0], z, "into")
            value[...] = self._apply(self.function, z, "into")
        _put(jumps, value)
        if derivative is not None:
            _put(kinks, derivative)

    @property
    def expression(self) -> Any:
        """f(z) as a sympy expression in ``sympy.Symbol("z", real=True)``; at a jump as `at_kink` says."""
        if self.expression_builder is None:
            raise UnsupportedLayerError(
                "the activation has no sympy expression",
                where=self._where("expression"),
                remedy="Give it an expression_builder, a function from the symbol z to the expression.",
            )
        f = self.expression_builder(_symbol())
        for jump in self._moved(self.jumps):
            f = _with_value(f, jump.point, jump.value(self.at_kink))
        return f

    @property
    def latex(self) -> str:
        """f(z) in LaTeX."""
        return str(sympy.latex(self.expression))

    def _repr_latex_(self) -> str | None:
        return None if self.expression_builder is None else f"$f(z) = {self.latex}$"

    def derivative_expression(self, order: int = 1) -> Any:
        """The derivative of `expression` of any order, by sympy; at a kink as `at_kink` says."""
        self._check_order(order, math.inf, self._where("derivative_expression"))
        z = _symbol()
        slope = sympy.diff(self.expression, z)
        for kink in self.corners:
            slope = _with_value(slope, kink.point, kink.derivative(self.at_kink))
        return sympy.diff(slope, z, order - 1)

    def with_kink(self, at_kink: AtKink) -> "Activation":
        """The same function with f' at its kinks set to the left, right or middle value, or a number.

        At a jump it is f that is set so: the tie rule of a threshold unit. Left is sum > 0 (H-14, and -1
        for sign, B-07), right is sum >= 0 (H-43), and ``get("sign", at_kink="middle")`` is 0 at 0 (E-45).
        Where f' is set, such an activation has no `from_output` unless the left value is asked for: the
        output at the kink of relu, 0, is also the output to its left (E-29).
        """
        if not self.kinks:
            raise OptionError(
                "the function is smooth and has no kink",
                where=self._where("at_kink"),
                got=shown(at_kink),
                remedy="Leave at_kink out.",
            )
        told = not self.corners or (isinstance(at_kink, str) and at_kink == "left")
        return replace(self, at_kink=at_kink, from_output=self.from_output if told else None)

    @quiet
    def _apply(self, function: Function, z: Array, call: str) -> Array:
        """Evaluate in float64, without warnings, and round once."""
        result = as_array(function(z.astype(np.float64)), "the result", self._where(call))
        if result.shape != z.shape:
            raise ShapeError(
                "the function is not elementwise",
                where=self._where(call),
                got=f"shape {result.shape}",
                expected=f"the shape of z, {z.shape}",
                remedy="Return one number for each entry; for a constant use np.full_like(z, c).",
            )
        return result.astype(z.dtype, copy=False)

    def _moved(self, places: tuple[_Place, ...]) -> tuple[_Place, ...]:
        """Those where another side than the left is chosen, which is what the functions return."""
        return () if self.at_kink == "left" else places

    def _check_order(self, order: int, most: float, where: str) -> None:
        if isinstance(order, bool) or not isinstance(order, (int, np.integer)) or not 1 <= order <= most:
            raise OptionError(
                "there is no derivative of this order",
                where=where,
                got=shown(order),
                expected=f"an integer from 1 to {most}" if most < math.inf else "an integer from 1 on",
                remedy="derivative_expression(order) knows every order from 1 on.",
            )

    def _where(self, call: str) -> str:
        return f"activation {self.name!r}, {call}"


def get(name_or_activation: str | Activation, *, at_kink: AtKink | None = None) -> Activation:
    """The activation of a name, or the given one, with f' at its kinks as `at_kink` says.

    Raises
    ------
    UnknownNameError
        No such name.
    OptionError
        An `at_kink` that is neither a side nor a number.

    Examples
    --------
    >>> import numpy as np
    >>> get("relu").derivative(np.array([-1.0, 0.0, 1.0]))
    array([0., 0., 1.])
    >>> get("relu", at_kink="middle").derivative(np.array([-1.0, 0.0, 1.0]))
    array([0. , 0.5, 1. ])
    >>> get("step").value(np.array([-1.0, 0.0, 1.0]))
    array([0., 0., 1.])
    >>> get("step", at_kink="right").value(np.array([-1.0, 0.0, 1.0]))
    array([0., 1., 1.])
    """
    if isinstance(name_or_activation, Activation):
        found = name_or_activation
    elif isinstance(name_or_activation, str) and name_or_activation in _REGISTRY:
        found = _REGISTRY[name_or_activation]
    else:
        name = shown(name_or_activation).strip("'").lower()
        near = difflib.get_close_matches(name, _REGISTRY, n=1, cutoff=0.8)
        own = (
            "For a function of your own pass an Activation, such as "
            'Activation.from_expression("max(z, z/100)").'
        )
        remedy = f"Did you mean {near[0]!r}?" if near else own
        raise UnknownNameError(
            "unknown activation",
            where="activations.get",
            got=shown(name_or_activation),
            expected="one of " + ", ".join(_REGISTRY),
            remedy=_NOT_ELEMENTWISE.get(name, remedy),
        )
    return found if at_kink is None else found.with_kink(at_kink)


@quiet
def _put(chosen: list[tuple[Array, float]], array: Array) -> None:
    """Write each number at its places."""
    for places, number in chosen:
        array[places] = number


def _with_value(expression: Any, point: float, value: float) -> Any:
    """The expression in z, but `value` at z = `point`."""
    z, exact = _symbol(), _exact(value)
    if expression.xreplace({z: _exact(point)}) == exact:
        return expression
    return sympy.piecewise_fold(sympy.Piecewise((exact, sympy.Eq(z, _exact(point))), (expression, True)))


def _symbol() -> Any:
    return sympy.Symbol("z", real=True)


def _exact(number: float) -> Any:
    return sympy.Rational(repr(float(number)))  # the shortest decimal that is this float: 0.1 is 1/10


def _substitute(expression: Any, z: Array) -> Array:
    """Put each entry of z into the expression, unevaluated beyond what sympy's constructors do."""
    result, symbol = np.empty(z.shape, dtype=object), _symbol()
    for place in np.ndindex(z.shape):
        result[place] = expression.xreplace({symbol: sympy.sympify(z[place])})
    return result


# ---- the entries: sympy is loaded when an expression is first asked for


def _identity_expression(z: Any) -> Any:
    return z


def _sigmoid_expression(z: Any) -> Any:
    return 1 / (1 + sympy.exp(-z))


def _tanh_expression(z: Any) -> Any:
    return sympy.tanh(z)


def _relu_expression(z: Any) -> Any:
    return sympy.Piecewise((0, z <= 0), (z, True))


def _softplus_expression(z: Any) -> Any:
    return sympy.log(1 + sympy.exp(z))


def _silu_expression(z: Any) -> Any:
    return z / (1 + sympy.exp(-z))


def _gelu_expression(z: Any) -> Any:
    return z * (1 + sympy.erf(z / sympy.sqrt(2))) / 2


def _elu_expression(z: Any, alpha: float) -> Any:
    return sympy.Piecewise((_exact(alpha) * (sympy.exp(z) - 1), z <= 0), (z, True))


def _leaky_relu_expression(z: Any, slope: float) -> Any:
    return sympy.Piecewise((_exact(slope) * z, z <= 0), (z, True))


def _softsign_expression(z: Any) -> Any:
    return sympy.Piecewise((z / (1 - z), z <= 0), (z / (1 + z), True))


def _step_expression(z: Any) -> Any:
    return sympy.Piecewise((0, z <= 0), (1, True))


def _sign_expression(z: Any) -> Any:
    return sympy.Piecewise((-1, z <= 0), (1, True))


# ---- the entries with a parameter


@dataclass(frozen=True)
class _With:
    """A function of z with its parameter: it pickles, and equals another of the same value."""

    function: Callable[..., Any]
    parameter: str
    value: float

    def __call__(self, *arrays: Any, **named: Any) -> Any:
        return self.function(*arrays, **named, **{self.parameter: self.value})


def leaky_relu(slope: float = 0.01) -> Activation:
    """max(z, slope z), with a kink at 0.

    Parameters
    ----------
    slope : float
        f' on the left, between 0 and 1.

    Raises
    ------
    OptionError
        Any other slope.

    Examples
    --------
    >>> import numpy as np
    >>> leaky_relu(0.25).value(np.array([-4.0, 0.0, 3.0]))
    array([-1.,  0.,  3.])
    >>> leaky_relu() == get("leaky_relu")
    True
    """
    found = _parameter(
        slope, "leaky_relu(slope=)", 1.0, "0 is relu and 1 the identity, each with its own name."
    )
    slopes = _With(elementary.leaky_relu_derivative, "slope", found)
    return Activation(
        _named("leaky_relu", "slope", found, 0.01),
        _With(elementary.leaky_relu, "slope", found),
        (slopes, elementary.zero_off_kink),
        _With(_leaky_relu_expression, "slope", found),
        _With(elementary.leaky_relu_into, "slope", found),
        from_output=slopes,
        corners=(Kink(0.0, left=found, right=1.0),),
    )


def elu(alpha: float = 1.0) -> Activation:
    """z for z > 0, else alpha (exp(z) - 1): smooth for alpha = 1, with a kink at 0 for any other.

    Parameters
    ----------
    alpha : float
        Minus the limit on the left, above 0.

    Raises
    ------
    OptionError
        Any other alpha.

    Examples
    --------
    >>> import numpy as np
    >>> elu(2.0).value(np.array([-1e3, 0.0, 3.0]))
    array([-2.,  0.,  3.])
    >>> elu(2.0).kinks, elu().kinks
    ((0.0,), ())
    """
    found = _parameter(alpha, "elu(alpha=)", math.inf, "For 0 take relu.")
    slopes = _With(elementary.elu_derivative, "alpha", found)
    return Activation(
        _named("elu", "alpha", found, 1.0),
        _With(elementary.elu, "alpha", found),
        (slopes, _With(elementary.elu_second_derivative, "alpha", found)),
        _With(_elu_expression, "alpha", found),
        _With(elementary.elu_into, "alpha", found),
        from_output=_With(elementary.elu_psi, "alpha", found),
        corners=() if found == 1 else (Kink(0.0, left=found, right=1.0),),
    )


def _named(name: str, parameter: str, value: float, default: float) -> str:
    return name if value == default else f"{name}({parameter}={value!r})"


def _parameter(value: object, where: str, below: float, remedy: str) -> float:
    """A number above 0 and below a bound."""
    found = real_number(value)
    if not 0 < found < below:
        raise OptionError(
            "the parameter is out of range",
            where=f"activations.{where}",
            got=shown(value),
            expected="a finite number above 0" + (f" and below {below:g}" if below < math.inf else ""),
            remedy=remedy,
        )
    return found


_ENTRIES = (
    Activation(
        "identity",
        elementary.identity,
        (elementary.one, elementary.zero),
        _identity_expression,
        elementary.identity_into,
        from_output=elementary.one,
    ),
    Activation(
        "sigmoid",
        elementary.sigmoid,
        (elementary.sigmoid_derivative, elementary.sigmoid_second_derivative),
        _sigmoid_expression,
        elementary.sigmoid_into,
        from_output=elementary.sigmoid_psi,
    ),
    Activation(
        "tanh",
        elementary.tanh,
        (elementary.tanh_derivative, elementary.tanh_second_derivative),
        _tanh_expression,
        elementary.tanh_into,
        from_output=elementary.tanh_psi,
    ),
    Activation(
        "relu",
        elementary.relu,
        (elementary.relu_derivative, elementary.zero_off_kink),
        _relu_expression,
        elementary.relu_into,
        from_output=elementary.relu_derivative,
        corners=(Kink(0.0, left=0.0, right=1.0),),
    ),
    Activation(
        "softplus",
        elementary.softplus,
        (elementary.sigmoid, elementary.sigmoid_derivative),
        _softplus_expression,
        elementary.softplus_into,
        from_output=elementary.softplus_psi,
    ),
    Activation(
        "silu",
        elementary.silu,
        (elementary.silu_derivative, elementary.silu_second_derivative),
        _silu_expression,
        elementary.silu_into,
    ),
    Activation(
        "gelu",
        elementary.gelu,
        (elementary.gelu_derivative, elementary.gelu_second_derivative),
        _gelu_expression,
        elementary.gelu_into,
    ),
    elu(),
    leaky_relu(),
    Activation(
        "softsign",
        elementary.softsign,
        (elementary.softsign_derivative, elementary.softsign_second_derivative),
        _softsign_expression,
        elementary.softsign_into,
        from_output=elementary.softsign_psi,
    ),
)
_JUMPS = (
    Activation(
        "step",
        elementary.step,
        (elementary.zero_off_kink, elementary.zero_off_kink),
        _step_expression,
        elementary.step_into,
        from_output=elementary.zero,
        jumps=(Jump(0.0, left=0.0, right=1.0),),
    ),
    Activation(
        "sign",
        elementary.sign,
        (elementary.zero_off_kink, elementary.zero_off_kink),
        _sign_expression,
        elementary.sign_into,
        from_output=elementary.zero,
        jumps=(Jump(0.0, left=-1.0, right=1.0),),
    ),
)
_ALIASES = {"logistic": "sigmoid", "swish": "silu"}
_NOT_ELEMENTWISE = {
    "softmax": "Softmax is a layer of its own: append jp.Softmax() to the layers.",
    "log_softmax": "LogSoftmax is a layer of its own: append jp.LogSoftmax() to the layers.",
}

NAMES: tuple[str, ...] = tuple(entry.name for entry in _ENTRIES)
THRESHOLDS: tuple[str, ...] = tuple(entry.name for entry in _JUMPS)
_REGISTRY = {entry.name: entry for entry in (*_ENTRIES, *_JUMPS)}
_REGISTRY |= {alias: _REGISTRY[name] for alias, name in _ALIASES.items()}
