"""Text to a sympy expression in z, read as arithmetic and nothing else: no part of it is ever run.

sympy never sees the text. Characters, words and their order are screened, Python's own parser builds a
syntax tree, and a walk over that tree admits a dozen kinds of nodes and builds sympy's constructors from
them, under caps on length, depth, nodes, exponents and constants, all checked *before* sympy computes.
"""

import ast
import math
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Any, NoReturn

from .._lazy import sympy
from ..errors import UnsafeExpressionError
from .advice import remedy as remedy_for
from .screening import DEPTH, refuse, screen

NODES, CALLS, DEGREE, BITS, LEAST, MOST = 64, 6, 100, 2000, 1e-100, 1e100
"""Caps: nodes, calls in one another, exponents multiplied, bits of an exact number, size of a constant."""


@dataclass(frozen=True)
class _Part:
    """A piece of the expression: what sympy holds, the value of a constant, and the growth of the rest."""

    expression: Any
    constant: float | None = None
    degree: float = 0.0
    calls: int = 0


@dataclass(frozen=True)
class _Function:
    build: Callable[..., Any]
    constant: Callable[..., float]
    arguments: int = 1


_FUNCTIONS = {
    "exp": _Function(lambda u: sympy.exp(u), math.exp),
    "log": _Function(lambda u: sympy.log(u), math.log),
    "sqrt": _Function(lambda u: sympy.sqrt(u), math.sqrt),
    "sin": _Function(lambda u: sympy.sin(u), math.sin),
    "cos": _Function(lambda u: sympy.cos(u), math.cos),
    "tan": _Function(lambda u: sympy.tan(u), math.tan),
    "sinh": _Function(lambda u: sympy.sinh(u), math.sinh),
    "cosh": _Function(lambda u: sympy.cosh(u), math.cosh),
    "tanh": _Function(lambda u: sympy.tanh(u), math.tanh),
    "atan": _Function(lambda u: sympy.atan(u), math.atan),
    "erf": _Function(lambda u: sympy.erf(u), math.erf),
    "abs": _Function(lambda u: sympy.Abs(u), abs),
    "max": _Function(lambda u, v: sympy.Max(u, v), max, 2),
    "min": _Function(lambda u, v: sympy.Min(u, v), min, 2),
    "relu": _Function(lambda u: sympy.Max(u, 0), lambda u: max(u, 0.0)),
    "sigmoid": _Function(lambda u: 1 / (1 + sympy.exp(-u)), lambda u: 1 / (1 + math.exp(-u))),
    "softplus": _Function(lambda u: sympy.log(1 + sympy.exp(u)), lambda u: math.log1p(math.exp(u))),
}
_CONSTANTS = {"pi": math.pi, "e": math.e}
_NAMES = {"z", *_CONSTANTS}
_OPERATIONS: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: lambda left, right: left + right,
    ast.Sub: lambda left, right: left - right,
    ast.Mult: lambda left, right: left * right,
    ast.Div: lambda left, right: left / right,
    ast.Pow: lambda left, right: left**right,
}


def read(text: str) -> Any:
    """The sympy expression of a text, in ``sympy.Symbol("z", real=True)``.

    Numbers are exact: 0.044715 is 44715/1000000. The functions are abs, atan, cos, cosh, erf, exp, log,
    max, min, relu, sigmoid, sin, sinh, softplus, sqrt, tan, tanh; the constants pi and e.

    Raises
    ------
    UnsafeExpressionError
        Anything else. Nothing of the text is executed, and its size bounds the work.

    Examples
    --------
    >>> read("z * exp(-z**2) / 0.5")
    2*z*exp(-z**2)
    """
    check_text(text)
    return _read(text.strip(" "))


def check_text(text: object) -> None:
    """Refuse what is no text."""
    if not isinstance(text, str):
        raise UnsafeExpressionError(
            "the expression is no text",
            where="Activation.from_expression",
            got=type(text).__name__,
            expected="a str",
            remedy='Write arithmetic in z, such as "z*exp(-z**2)".',
        )


@lru_cache(maxsize=256)
def _read(text: str) -> Any:
    screen(text, _FUNCTIONS.keys(), _NAMES)
    try:
        tree = ast.parse(text, mode="eval")
    except (SyntaxError, ValueError, MemoryError, RecursionError) as error:
        refuse("the expression cannot be read", text, getattr(error, "offset", None) or 1)
    part = _Reader(text).part(tree.body, 1)
    if not part.expression.free_symbols:
        refuse("the expression does not depend on z", text, 1, remedy="Its derivative is 0 for every z.")
    return part.expression


class _Reader:
    """The walk: a method for each admitted kind of node, a refusal for every other."""

    def __init__(self, text: str) -> None:
        self._text, self._nodes = text, 0

    def part(self, node: ast.expr, depth: int) -> _Part:
        """The part of a node, within the caps."""
        self._nodes += 1
        if self._nodes > NODES or depth > 2 * DEPTH:
            self._refuse("the expression is too large", node, f"{NODES} operations, {2 * DEPTH} levels")
        try:
            part = self._kind(node, depth + 1)
        except UnsafeExpressionError:
            raise
        except (ArithmeticError, ValueError):  # of the constants, in float arithmetic
            self._refuse("a constant has no finite real value", node)
        return self._within_caps(part, node)

    def _kind(self, node: ast.expr, depth: int) -> _Part:  # noqa: RET503  (the other cases never return)
        match node:
            case ast.Constant(value=int() | float()) if not isinstance(node.value, bool):
                return self._number(node)
            case ast.Name(id="z"):
                return _Part(sympy.Symbol("z", real=True), degree=1)
            case ast.Name(id=name) if name in _CONSTANTS:
                return _Part(sympy.pi if name == "pi" else sympy.E, _CONSTANTS[name])
            case ast.UnaryOp(op=ast.UAdd()):
                return self.part(node.operand, depth)
            case ast.UnaryOp(op=ast.USub()):
                part = self.part(node.operand, depth)
                return _Part(-part.expression, _apply(lambda u: -u, part), part.degree, part.calls)
            case ast.BinOp(op=operator) if type(operator) in _OPERATIONS:
                return self._operation(node, self.part(node.left, depth), self.part(node.right, depth))
            case ast.Call(func=ast.Name(id=name), keywords=[]) if name in _FUNCTIONS:
                return self._call(node, name, depth)
            case ast.Name(id=name):
                remedy = remedy_for(name, {*_NAMES, *_FUNCTIONS})
                self._refuse("this name is not known", node, "z, pi, e, or a function", remedy)
            case ast.Call(func=ast.Name(id=name)):
                expected = "one of " + ", ".join(sorted(_FUNCTIONS))
                self._refuse("this cannot be called", node, expected, remedy_for(name, _FUNCTIONS))
            case _:
                self._refuse("this is not arithmetic", node)

    def _number(self, node: ast.Constant) -> _Part:
        exact = Fraction(self._text[node.col_offset : node.end_col_offset])
        return _Part(sympy.Rational(exact.numerator, exact.denominator), float(exact))

    def _call(self, node: ast.Call, name: str, depth: int) -> _Part:
        function = _FUNCTIONS[name]
        if len(node.args) != function.arguments:
            self._refuse(f"{name} takes {function.arguments} argument(s)", node)
        parts = [self.part(argument, depth) for argument in node.args]
        constant = _apply(function.constant, *parts)
        calls = 1 + max(part.calls for part in parts)
        if calls > CALLS:
            self._refuse("the functions are nested too deeply", node, f"{CALLS} calls in one another")
        expressions = [part.expression for part in parts]
        return _Part(function.build(*expressions), constant, max(part.degree for part in parts), calls)

    def _operation(self, node: ast.BinOp, left: _Part, right: _Part) -> _Part:
        degree = max(left.degree, right.degree)
        if isinstance(node.op, ast.Mult | ast.Div):
            degree = left.degree + right.degree
        elif isinstance(node.op, ast.Pow):
            degree = self._power(node, left, right)
        if isinstance(node.op, ast.Div) and right.expression == 0:
            raise ZeroDivisionError
        operation = _OPERATIONS[type(node.op)]
        constant = _apply(operation, left, right)
        if constant is not None:
            self._check_constant(constant, node)
        calls = max(left.calls, right.calls)
        return _Part(operation(left.expression, right.expression), constant, degree, calls)

    def _power(self, node: ast.BinOp, base: _Part, exponent: _Part) -> float:
        """The degree of a power, refused while its value is still unknown."""
        if exponent.constant is None:
            if base.constant is None or base.constant <= 0:
                self._refuse("the exponent must be a number", node.right, remedy="Write exp(p*log(u)).")
            return exponent.degree
        degree = max(base.degree, 1.0) * max(abs(exponent.constant), 1.0)
        if degree > DEGREE or _bits(base.expression) * abs(exponent.constant) > BITS:
            self._refuse("the exponents are too large", node.right, f"at most {DEGREE} when multiplied")
        if isinstance(_apply(lambda u, v: u**v, base, exponent), complex):
            raise ValueError
        return degree if base.constant is None else 0.0

    def _within_caps(self, part: _Part, node: ast.expr) -> _Part:
        if part.constant is not None:
            self._check_constant(part.constant, node)
        numbers = part.expression.atoms(sympy.Rational)
        if part.degree > DEGREE or any(
            _bits(n) > BITS or abs(n) > MOST or 0 < abs(n) < LEAST for n in numbers
        ):
            self._refuse("the expression grows too large", node, f"a degree of at most {DEGREE}")
        if part.expression.has(sympy.zoo, sympy.nan, sympy.oo, -sympy.oo, sympy.I):
            self._refuse("a constant has no finite real value", node)
        return part

    def _check_constant(self, constant: float, node: ast.expr) -> None:
        if constant != 0 and not LEAST <= abs(constant) <= MOST:
            self._refuse("a constant is out of range", node, f"{LEAST:.0e} to {MOST:.0e} in size")

    def _refuse(self, what: str, node: ast.expr, expected: str = "", remedy: str = "") -> NoReturn:
        refuse(what, self._text, node.col_offset + 1, expected=expected, remedy=remedy)


def _apply(function: Callable[..., Any], *parts: _Part) -> Any:
    """The value of a constant in float arithmetic; None if z is among the parts."""
    constants = [part.constant for part in parts]
    return None if None in constants else function(*constants)


def _bits(expression: Any) -> int:
    """The size of an exact number."""
    return expression.p.bit_length() + expression.q.bit_length() if expression.is_Rational else 0
