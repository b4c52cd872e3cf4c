"""The normal form of sums of products: equal sums of deltas become the same expression.

A sum of terms, each a number times powers of atoms, summed over bound indices: Σ_j δ_jk w_ij becomes w_ik.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import permutations, product

import sympy as sp
from sympy.functions.special.tensor_functions import KroneckerDelta

from .errors import FormulaError
from .indices import fresh, renamed_apart, total

Factors = Mapping[sp.Expr, sp.Expr]


@dataclass(frozen=True)
class Term:
    """A number times a product of powers of atoms, summed over the ``bound`` indices."""

    number: sp.Rational
    factors: Factors
    bound: frozenset[sp.Idx] = frozenset()


def normal(expr: sp.Expr) -> sp.Expr:
    """The canonical form of sums of products.

    Products are expanded, deltas contract the sums over their indices, sums split into independent factors,
    and bound indices get canonical names, so that equal sums become the same expression. Nothing is
    simplified that is not an identity for every size.
    """
    return sp.Add(*(_rebuilt(term) for term in _terms(renamed_apart(expr))))


def _terms(expr: sp.Expr) -> list[Term]:
    if isinstance(expr, sp.Add):
        return [term for part in expr.args for term in _terms(part)]
    if isinstance(expr, sp.Mul):
        return reduce(_multiplied, map(_terms, expr.args))
    if isinstance(expr, sp.Sum):
        return [
            contracted for term in _summed(expr.function, expr.limits) for contracted in _contracted(term)
        ]
    if isinstance(expr, sp.Pow):
        return _power(expr.base, expr.exp)
    if isinstance(expr, sp.exp):
        return _exponential(normal(expr.args[0]))
    if isinstance(expr, sp.log):
        return _logarithm(normal(expr.args[0]))
    if expr.is_Rational:
        return [Term(expr, {})] if expr else []
    return [Term(sp.S.One, {_atom(expr): sp.S.One})]


def _atom(expr: sp.Expr) -> sp.Expr:
    """A letter, an entry, a delta, or a function of something in normal form."""
    if isinstance(expr, sp.Function) and not _is_delta(expr):
        return expr.func(*map(normal, expr.args))
    return expr


def _multiplied(left: list[Term], right: list[Term]) -> list[Term]:
    return [
        contracted
        for a, b in product(left, right)
        for contracted in _contracted(
            Term(a.number * b.number, _collected(a.factors, b.factors), a.bound | b.bound)
        )
    ]


def _collected(*many: Factors) -> Factors:
    powers: dict[sp.Expr, sp.Expr] = {}
    for factors in many:
        for atom, power in factors.items():
            powers[atom] = powers.get(atom, sp.S.Zero) + power
    return {atom: power for atom, power in powers.items() if power != 0}


def _summed(body: sp.Expr, limits: Sequence[sp.Tuple]) -> Iterator[Term]:
    """The terms of a sum, each of which runs from 1; a first term number 0 is split off."""
    if not limits:
        yield from _terms(body)
        return
    *inner, (i, low, _) = limits
    if low == 0:
        yield from _summed(body.xreplace({i: sp.S.Zero}), inner)
    counter = fresh(i, first=sp.S.One)
    for term in _summed(body.xreplace({i: counter}), inner):
        yield Term(term.number, term.factors, term.bound | {counter})


def _power(base: sp.Expr, exponent: sp.Expr) -> list[Term]:
    if exponent.has(sp.Idx):
        raise FormulaError(f"the exponent {exponent} has an index")
    if exponent.is_Integer and exponent > 0:
        return reduce(_multiplied, (_terms(base) for _ in range(int(exponent))))
    terms = _terms(base)
    if exponent.is_Integer and len(terms) == 1 and not terms[0].bound:
        (term,) = terms
        return [Term(term.number**exponent, {atom: power * exponent for atom, power in term.factors.items()})]
    content, primitive = normal(base).as_content_primitive()
    if primitive.could_extract_minus_sign():
        content, primitive = -content, -primitive
    if exponent.is_Integer:
        return [Term(content**exponent, {primitive: exponent})]
    return [Term(sp.S.One, {content * primitive: exponent})]


def _exponential(argument: sp.Expr) -> list[Term]:
    """exp(a + c b) = exp(a) exp(b)^c for a rational number c."""
    factors = {}
    for part in sp.Add.make_args(argument):
        number, rest = part.as_coeff_Mul()
        factors[sp.exp(rest) if number.is_Rational else sp.exp(part)] = number if number.is_Rational else 1
    return [Term(sp.S.One, {atom: sp.sympify(power) for atom, power in factors.items() if atom != 1})]


def _logarithm(argument: sp.Expr) -> list[Term]:
    """log(exp(u) S^c ..) = u + c log(S) + .. where all factors are positive; otherwise an atom."""
    factors = [
        (part, sp.S.One) if isinstance(part, sp.exp) else part.as_base_exp() for part in _args(argument)
    ]
    if not all(_is_positive(factor) and power.is_Rational for factor, power in factors):
        return [Term(sp.S.One, {sp.log(argument): sp.S.One})]
    return [
        Term(term.number * power, term.factors, term.bound)
        for factor, power in factors
        for term in _terms_of_log(factor)
    ]


def _terms_of_log(factor: sp.Expr) -> list[Term]:
    if isinstance(factor, sp.exp):
        return _terms(factor.args[0])
    return [Term(sp.S.One, {sp.log(factor): sp.S.One})] if factor != 1 else []


def _args(factors: sp.Expr) -> tuple[sp.Expr, ...]:
    return tuple(sp.Mul.make_args(factors))


def _is_positive(atom: sp.Expr) -> bool:
    """A sum of exponentials, or something that sympy knows to be positive. Entries are any real number."""
    if isinstance(atom, sp.Sum):
        return all(_is_positive(factor.base if factor.is_Pow else factor) for factor in _args(atom.function))
    return (isinstance(atom, sp.exp) and not atom.has(sp.I)) or bool(atom.is_positive)


def _contracted(term: Term) -> list[Term]:
    """Take the deltas: a bound index is replaced by the index that it has to equal."""
    for atom in filter(_is_delta, term.factors):
        bound, other = _bound_first(atom, term.bound)
        if _never_equal(bound, other):
            return []
        if bound in term.bound and _same_range(bound, other):
            moved = (
                _power(part.xreplace({bound: other}), power)
                for part, power in term.factors.items()
                if part is not atom
            )
            left = term.bound - {bound}  # not before all factors have moved: another delta may replace them
            return [
                contracted
                for whole in reduce(_multiplied, moved, [Term(term.number, {})])
                for contracted in _contracted(Term(whole.number, whole.factors, whole.bound | left))
            ]
    return [Term(term.number, {a: _idempotent(a, p) for a, p in term.factors.items()}, term.bound)]


def _is_delta(atom: sp.Expr) -> bool:
    return isinstance(atom, KroneckerDelta)


def _idempotent(atom: sp.Expr, power: sp.Expr) -> sp.Expr:
    """A delta is 0 or 1, so that its powers are itself."""
    if not _is_delta(atom):
        return power
    if not power.is_positive:
        raise FormulaError(f"{atom} is divided by")
    return sp.S.One


def _bound_first(atom: sp.Expr, bound: frozenset[sp.Idx]) -> tuple[sp.Expr, sp.Expr]:
    a, b = atom.args
    return (b, a) if b in bound and (a not in bound or _same_range(b, a)) else (a, b)


def _same_range(bound: sp.Expr, other: sp.Expr) -> bool:
    if other == 1:
        return True
    return isinstance(other, sp.Idx) and (bound.lower, bound.upper) == (other.lower, other.upper)


def _never_equal(a: sp.Expr, b: sp.Expr) -> bool:
    """An index that starts at 1 is never 0."""
    return any(x == 0 and isinstance(y, sp.Idx) and y.lower == 1 for x, y in ((a, b), (b, a)))


def _rebuilt(term: Term) -> sp.Expr:
    """The expression of a term: each group of factors that share bound indices is one canonical sum."""
    free, groups = _groups(term)
    unused = term.bound - {i for over, _ in groups for i in over}
    return sp.Mul(
        term.number,
        *(i.upper - i.lower + 1 for i in unused),
        _product(free),
        *(_canonical_sum(over, _product(factors)) for over, factors in groups),
    )


def _product(factors: Factors) -> sp.Expr:
    return sp.Mul(*(atom**power for atom, power in factors.items()))


def _groups(term: Term) -> tuple[Factors, list[tuple[frozenset[sp.Idx], Factors]]]:
    """The factors without bound indices, and the others grouped by the bound indices that connect them."""
    free: dict[sp.Expr, sp.Expr] = {}
    groups: list[tuple[frozenset[sp.Idx], Factors]] = []
    for atom, power in term.factors.items():
        over = frozenset(term.bound & atom.atoms(sp.Idx))
        if not over:
            free[atom] = power
            continue
        touching = [group for group in groups if group[0] & over]
        groups = [group for group in groups if not group[0] & over]
        merged = over.union(*(indices for indices, _ in touching))
        groups.append((merged, _collected({atom: power}, *(factors for _, factors in touching))))
    return free, groups


def _canonical_sum(over: frozenset[sp.Idx], body: sp.Expr) -> sp.Expr:
    """The sum with bound indices named by number; of all ways to number them, the first in sympy's order."""
    deepest = max((int(str(i)[1:]) for i in body.atoms(sp.Idx) if str(i).startswith("#")), default=0)
    order = sorted(over, key=lambda i: (str(i.upper), str(i)))
    numbered = range(deepest + 1, deepest + 1 + len(order))
    candidates = []
    for arrangement in permutations(order):
        if [i.upper for i in arrangement] != [i.upper for i in order]:
            continue
        names = {i: sp.Idx(f"#{k}", (i.lower, i.upper)) for i, k in zip(arrangement, numbered, strict=True)}
        renamed = body.xreplace(names)
        candidates.append((sp.default_sort_key(renamed), renamed, [names[i] for i in arrangement]))
    _, renamed, named = min(candidates, key=lambda candidate: candidate[0])
    return total(renamed, *named)
