"""A letter stands for its definition: y1 is sigmoid(r1), and r1 is x1 v11 + x2 v21 + x3 v31.

A definition with indices holds for all of them: z[k] = f(s[k]) also says what z[j] is. Indices in a
definition that are no index letters (a layer number l + 1, the bias unit 0) are meant literally.
"""

from collections.abc import Collection, Mapping

import sympy as sp

from .arrays import Layout, entries, jacobian, mapped
from .errors import FormulaError
from .indices import free_indices, renamed_apart

Definitions = Mapping[sp.Expr, sp.Expr]

PARTIAL = sp.Function("partial")


def partial(of: sp.Expr, wrt: sp.Expr) -> sp.Expr:
    """The derivative of one letter with respect to another, written down and not yet taken."""
    return PARTIAL(of, wrt)


def unfold(expr: sp.Expr, where: Definitions, keep: Collection[sp.Expr] = ()) -> sp.Expr:
    """Replace letters by their definitions until only the letters of ``keep`` and undefined ones are left."""
    if not where:
        return expr
    expr = renamed_apart(expr)  # a definition may have free indices, which no sum may capture
    for _ in range(len(where) + 1):
        rules = {}
        for letter in letters_in(expr):
            definition = None if any(is_like(letter, kept) for kept in keep) else _defined(letter, where)
            if definition is not None:
                rules[letter] = definition
        if not rules:
            return expr
        expr = expr.xreplace(rules)
    raise FormulaError("the definitions go round in a circle")


def letters_in(expr: sp.Expr) -> set[sp.Expr]:
    """The symbols and the entries of an expression."""
    return set(expr.atoms(sp.Symbol, sp.Indexed))


def _defined(letter: sp.Expr, where: Definitions) -> sp.Expr | None:
    """The definition of a letter; of an entry, first as it is and then by its index letters."""
    if letter in where or not isinstance(letter, sp.Indexed):
        return where.get(letter)
    for pattern, value in where.items():
        if is_like(letter, pattern):
            moved = dict(zip(pattern.indices, letter.indices, strict=True))
            return renamed_apart(value).xreplace({i: to for i, to in moved.items() if isinstance(i, sp.Idx)})
    return None


def is_like(letter: sp.Expr, pattern: sp.Expr) -> bool:
    """Whether the pattern's index letters can be replaced to give this letter."""
    if not isinstance(letter, sp.Indexed) or not isinstance(pattern, sp.Indexed):
        return bool(letter == pattern)
    pairs = zip(letter.indices, pattern.indices, strict=True)
    return letter.base == pattern.base and all(
        special == general or _counts(general, special) for special, general in pairs
    )


def _counts(general: sp.Expr, special: sp.Expr) -> bool:
    """Whether an index letter may stand for another index or number: one that lies in its range."""
    if not isinstance(general, sp.Idx):
        return False
    if isinstance(special, sp.Idx):
        return bool(special.upper == general.upper and special.lower >= general.lower)
    if not special.is_Integer or special < general.lower:
        return False
    return bool(special == 1 or sp.Le(special, general.upper) == sp.true)


def check_definitions(where: Definitions) -> None:
    """Each letter has one definition at most, for all values of its indices, and in terms of no others."""
    for letter, value in where.items():
        indices = [i for i in getattr(letter, "indices", ()) if isinstance(i, sp.Idx)]
        if len(set(indices)) < len(indices):
            raise FormulaError(f"the definition of {letter} repeats an index")
        if loose := free_indices(value) - set(indices):
            raise FormulaError(f"the definition of {letter} has a free index, {min(map(str, loose))}")
        for other in where:
            if other != letter and (is_like(letter, other) or is_like(other, letter)):
                raise FormulaError(f"{letter} is defined twice: as {other} too")


def derivative(of: sp.Array, wrt: sp.Array, where: Definitions, layout: Layout = "numerator") -> sp.Array:
    """The total derivative: ``of`` is unfolded down to the letters of ``wrt``, which are held independent."""
    letters = entries(wrt)
    return jacobian(mapped(lambda e: unfold(e, where, keep=letters), of), wrt, layout)


def take(expr: sp.Expr, where: Definitions) -> sp.Expr:
    """Take every derivative that was only written down."""
    return expr.replace(PARTIAL, lambda of, wrt: derivative(sp.Array(of), sp.Array(wrt), where)[()])
