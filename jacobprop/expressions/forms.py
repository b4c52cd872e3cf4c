"""A read expression in its smooth pieces, and in forms that neither overflow nor cancel."""

import math
from itertools import permutations
from typing import Any, TypeAlias

from .._lazy import sympy
from .rules import named, plain, refusal, symbol

Pieces: TypeAlias = list[tuple[Any, Any]]
"""(end, smooth expression) from left to right; the last end is oo."""

CORNERS = 8


# ---- smooth pieces


def smooth_pieces(expression: Any, low: float = -math.inf, high: Any = None) -> Pieces:
    """Split at the corners of abs, max and min, whose argument must be linear in z between two corners."""
    high = sympy.oo if high is None else high
    bent = (sympy.Abs, sympy.Max, sympy.Min)
    corner = next((part for part in sympy.postorder_traversal(expression) if isinstance(part, bent)), None)
    if corner is None:
        return [(high, expression)]
    point, left, right = _sides(corner)
    before, after = expression.xreplace({corner: left}), expression.xreplace({corner: right})
    if not low < float(point):
        return smooth_pieces(after, low, high)
    if not float(point) < float(high):
        return smooth_pieces(before, low, high)
    pieces = smooth_pieces(before, low, point) + smooth_pieces(after, float(point), high)
    pieces = [
        piece
        for piece, following in zip(pieces, [*pieces[1:], None], strict=True)
        if following is None or piece[1] != following[1]
    ]
    if len(pieces) > CORNERS:
        raise refusal(f"more than {CORNERS} corners", "Write it with fewer abs, max and min.")
    return pieces


def _sides(corner: Any) -> tuple[Any, Any, Any]:
    """The point where a corner turns, and what it is on the left and on the right."""
    first, second, *others = (corner.args[0], -corner.args[0]) if corner.func is sympy.Abs else corner.args
    z, difference = symbol(), sympy.expand(first - second)
    slope, height = difference.coeff(z, 1), difference.coeff(z, 0)
    if difference.is_number:
        slope, height = sympy.Integer(0), difference
    elif sympy.expand(difference - slope * z - height) != 0 or not slope.is_number:
        remedy = "Apply abs, max, min and relu to arguments that are linear in z."
        inside = " Move the corner inside: exp(min(z, 0)) - 1." if corner.has(sympy.exp) else ""
        raise refusal(f"{str(corner)[:40]} turns where no linear equation says", remedy + inside)
    larger, smaller = (first, second) if float(slope or height) > 0 else (second, first)  # far to the right
    if corner.func is sympy.Min:
        larger, smaller = smaller, larger
    sides = [corner.func(side, *others) if others else side for side in (smaller, larger)]
    return (-height / slope if slope != 0 else -sympy.oo), *sides


# ---- stable forms


def stable(expression: Any) -> Any:
    """The same function with sigmoid, softplus, tanh, log1p, expm1 and erfc where they belong."""
    z = symbol()
    if not expression.has(z) or not expression.args:
        return expression
    if expression.is_Pow and expression.base.is_number and expression.base is not sympy.E:
        expression = sympy.exp(expression.exp * sympy.log(expression.base))
    rebuilt = expression.func(*map(stable, expression.args))
    for rule in (_stable_power, _stable_log, _stable_sum, _stable_product):
        rebuilt = rule(rebuilt)
    return rebuilt


def _two_exponentials(total: Any) -> tuple[Any, Any, Any, Any] | None:
    """p, u, q, v with total = p exp(u) + q exp(v), a constant first; None if it is no such sum."""
    if not total.is_Add or len(total.args) != 2:
        return None
    found = []
    for term in total.args:
        factor, power = term.as_independent(symbol(), as_Add=False)
        if power == 1:
            found.append((factor, sympy.Integer(0)))
        elif power.func is sympy.exp:
            found.append((factor, power.args[0]))
        else:
            return None
    (p, u), (q, v) = sorted(found, key=lambda pair: (pair[1] != 0, str(pair[1])))
    return p, u, q, v


def _gap(p: Any, u: Any, q: Any, v: Any) -> Any:
    """w with p exp(u) + q exp(v) = p exp(u) (1 + exp(w)), for p and q of one sign."""
    return sympy.expand(v - u) + sympy.log(q / p)


def _stable_power(power: Any) -> Any:
    """(p exp(u) + q exp(v))^-n = (p exp(u))^-n sigmoid(u - v - log(q/p))^n."""
    if not power.is_Pow or not power.exp.is_negative:
        return power
    base = plain(power.base) if power.base.func is sympy.cosh else power.base
    if (found := _two_exponentials(sympy.expand(base))) is None:
        return power
    p, u, q, _ = found
    if not (p.is_positive and q.is_positive):
        return power
    n = power.exp
    return p**n * sympy.exp(sympy.expand(n * u)) * named("sigmoid")(-_gap(*found)) ** -n


def _stable_log(log: Any) -> Any:
    """log(p exp(u) + q exp(v)) = log(p) + u + softplus(v - u + log(q/p)); log(1 + u) = log1p(u)."""
    if log.func is not sympy.log:
        return log
    (u,) = log.args
    found = _two_exponentials(u)
    if found is not None and found[0].is_positive and found[2].is_positive:
        return sympy.log(found[0]) + found[1] + named("softplus")(_gap(*found))
    one, rest = u.as_coeff_Add()
    return named("log1p")(rest) if one == 1 else log


def _stable_sum(total: Any) -> Any:
    """exp(v) - exp(u) = exp(u) expm1(v - u), and c + f(u) where the two would cancel."""
    if (found := _two_exponentials(total)) is not None and found[0] == -found[2]:
        p, u, _, v = found
        return -p * sympy.exp(u) * named("expm1")(sympy.expand(v - u))
    c, rest = total.as_coeff_Add()
    for term in sympy.Add.make_args(rest) if c != 0 else ():
        factor, function = term.as_independent(symbol(), as_Add=False)
        if (paired := _complement(factor / c, function)) is not None:
            return rest - term + c * paired
    return total


def _complement(factor: Any, function: Any) -> Any:
    """1 + factor * function in a form that does not cancel, where there is one."""
    base, power = function.as_base_exp()
    if base.func is sympy.tanh and (power, factor) == (2, -1):
        return 4 * named("sigmoid_slope")(2 * base.args[0])
    if len(function.args) != 1:
        return None
    (u,) = function.args
    forms = {
        ("exp", -1): lambda: -named("expm1")(u),
        ("sigmoid", -1): lambda: named("sigmoid")(sympy.expand(-u)),
        ("sigmoid", -2): lambda: -sympy.tanh(u / 2),
        ("tanh", 1): lambda: 2 * named("sigmoid")(2 * u),
        ("tanh", -1): lambda: 2 * named("sigmoid")(-2 * u),
        ("erf", 1): lambda: named("erfc")(-u),
        ("erf", -1): lambda: named("erfc")(u),
    }
    form = forms.get((function.func.__name__, factor))
    return form and form()


def _stable_product(product: Any) -> Any:
    """Merge two factors that belong together, until there are none."""
    factors = [factor.as_base_exp() for factor in product.args] if product.is_Mul else []
    factors = [(b, n) if b is not sympy.E else (b**n, sympy.Integer(1)) for b, n in factors]
    single = [base for base, n in factors if n.is_Integer and n > 0 and base.args]
    for left, right in permutations(single, 2):
        if (merged := _merged(left, right)) is not None:
            return _stable_product(product / left / right * merged)
    return product


def _merged(left: Any, right: Any) -> Any:
    """exp(-w) s(w) = s(-w), s(w) s(-w) = s'(w), expm1(w) s(-w) = tanh(w/2), with s the sigmoid."""
    if right.func.__name__ != "sigmoid":
        return None
    sigmoid, (u, w) = named("sigmoid"), (left.args[0], right.args[0])
    match left.func.__name__:
        case "exp" if (ratio := sympy.cancel(-u / w)).is_Rational and ratio >= 1:
            return sympy.exp(sympy.expand(u + w)) * sigmoid(sympy.expand(-w))
        case "sigmoid" if sympy.expand(u + w) == 0:
            return named("sigmoid_slope")(u if w.could_extract_minus_sign() else w)
        case "expm1" if sympy.expand(u + w) == 0:
            return sympy.tanh(sympy.expand(u / 2))
    return None
