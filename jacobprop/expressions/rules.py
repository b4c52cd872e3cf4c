"""Derivatives by rules, the same functions unfolded to exponentials, and both written as plain steps.

sympy knows sigmoid, its slope, softplus, log1p, expm1 and erfc by name only; what they mean stands here,
once as a slope and once as an expression in exp, log and erf, so that either table can refute the other.
"""

from collections.abc import Callable, Iterable
from fractions import Fraction
from typing import Any

from .._lazy import sympy
from ..errors import UnsafeExpressionError
from .kernels import DIGITS, OPERATIONS, Kernel, Step


def symbol() -> Any:
    """The variable z."""
    return sympy.Symbol("z", real=True)


def named(name: str) -> Any:
    """A function that sympy knows by name only."""
    return sympy.Function(name)


def refusal(what: str, remedy: str) -> UnsafeExpressionError:
    """What is wrong with an expression that could be read."""
    return UnsafeExpressionError(what, where="Activation.from_expression", remedy=remedy)


# ---- derivatives by rules

_SLOPES: dict[str, Callable[[Any], Any]] = {
    "exp": lambda u: sympy.exp(u),
    "expm1": lambda u: sympy.exp(u),
    "log": lambda u: 1 / u,
    "log1p": lambda u: 1 / (1 + u),
    "sin": lambda u: sympy.cos(u),
    "cos": lambda u: -sympy.sin(u),
    "tan": lambda u: 1 + sympy.tan(u) ** 2,
    "sinh": lambda u: sympy.cosh(u),
    "cosh": lambda u: sympy.sinh(u),
    "tanh": lambda u: 4 * named("sigmoid_slope")(2 * u),
    "atan": lambda u: 1 / (1 + u**2),
    "erf": lambda u: 2 / sympy.sqrt(sympy.pi) * sympy.exp(-(u**2)),
    "erfc": lambda u: -2 / sympy.sqrt(sympy.pi) * sympy.exp(-(u**2)),
    "sigmoid": lambda u: named("sigmoid_slope")(u),
    "sigmoid_slope": lambda u: -sympy.tanh(u / 2) * named("sigmoid_slope")(u),
    "softplus": lambda u: named("sigmoid")(u),
}

_PLAIN: dict[str, Callable[[Any], Any]] = {
    "sigmoid": lambda u: 1 / (1 + sympy.exp(-u)),
    "sigmoid_slope": lambda u: sympy.exp(-u) / (1 + sympy.exp(-u)) ** 2,
    "softplus": lambda u: sympy.log(1 + sympy.exp(u)),
    "tanh": lambda u: 1 - 2 / (1 + sympy.exp(2 * u)),
    "sinh": lambda u: (sympy.exp(u) - sympy.exp(-u)) / 2,
    "cosh": lambda u: (sympy.exp(u) + sympy.exp(-u)) / 2,
    "expm1": lambda u: sympy.exp(u) - 1,
    "log1p": lambda u: sympy.log(1 + u),
    "erfc": lambda u: 1 - sympy.erf(u),
}


def slope(expression: Any) -> Any:
    """df/dz by the rules for sums, products, powers and the functions of the table."""
    if not expression.has(symbol()):
        return sympy.Integer(0)
    if expression == symbol():
        return sympy.Integer(1)
    arguments = expression.args
    if expression.is_Add:
        return sympy.Add(*map(slope, arguments))
    if expression.is_Mul:
        others = (sympy.Mul(*arguments[:i], *arguments[i + 1 :]) for i in range(len(arguments)))
        return sympy.Add(*(slope(u) * rest for u, rest in zip(arguments, others, strict=True)))
    if expression.is_Pow and arguments[1].is_number:
        return arguments[1] * arguments[0] ** (arguments[1] - 1) * slope(arguments[0])
    if expression.is_Pow:
        return expression * sympy.log(arguments[0]) * slope(arguments[1])
    return _SLOPES[expression.func.__name__](arguments[0]) * slope(arguments[0])


def plain(expression: Any) -> Any:
    """The same expression with everything hyperbolic or stable unfolded to exp, log and erf."""
    if not expression.args:
        return expression
    arguments = [plain(argument) for argument in expression.args]
    if expression.is_Pow and arguments[0].is_number and arguments[0] is not sympy.E:
        return sympy.exp(arguments[1] * sympy.log(arguments[0]))
    unfold = _PLAIN.get(expression.func.__name__)
    return unfold(*arguments) if unfold else expression.func(*arguments)


# ---- steps


def kernel(pieces: Iterable[tuple[Any, Any]]) -> Kernel:
    """The pieces (end, expression), from left to right, as plain data."""
    ends, expressions = zip(*pieces, strict=True)
    return Kernel(tuple(map(_steps, expressions)), tuple(map(float, ends[:-1])))


def _steps(expression: Any) -> tuple[Step, ...]:
    places: dict[Step, int] = {}

    def add(*step: Any) -> int:
        return places.setdefault(step, len(places))

    def number(value: Any) -> int:
        exact = str(value) if value.is_Rational else str(sympy.N(value, DIGITS + 20))
        try:
            return add("number", float(Fraction(exact)), exact)
        except OverflowError:
            raise refusal("a coefficient of f, f' or f'' is too large", "Scale z or f.") from None

    def power(base: Any, exponent: Any) -> int:
        if exponent == 1:
            return visit(base)
        special = {sympy.Integer(2): "square", sympy.Rational(1, 2): "sqrt"}.get(exponent)
        return add(special, visit(base)) if special else add("power", visit(base), visit(exponent))

    def product(factors: list[Any]) -> int:
        powers = [factor for factor in factors if factor.func is sympy.exp]
        if len(powers) > 1:  # exp(-z) exp(-exp(-z)) is infinity times 0 where the exponents' sum is a number
            total = add("exp", visit(sympy.Add(*(power.args[0] for power in powers))))
            others = [factor for factor in factors if factor.func is not sympy.exp]
            return add("multiply", total, product(others)) if others else total
        return add("multiply", *map(visit, factors)) if len(factors) > 1 else visit(factors[0])

    def visit(part: Any) -> int:
        if not part.has(symbol()):
            return number(part)
        if part == symbol():
            return add("z")
        if part.is_Add:
            return add("add", *map(visit, part.args))
        if part.is_Mul or part.is_Pow:
            below = [f for f in sympy.Mul.make_args(part) if f.is_Pow and f.exp.is_negative]
            above = [f for f in sympy.Mul.make_args(part) if f not in below]
            if below:
                return add("divide", product(above or [sympy.Integer(1)]), product([1 / f for f in below]))
            return power(*part.args) if part.is_Pow else product(above)
        name = part.func.__name__
        if name not in OPERATIONS:
            raise refusal(f"{name[:20]} is not evaluated", "Write it with the functions that are.")
        return add(name, visit(part.args[0]))

    visit(expression)
    return tuple(places)
