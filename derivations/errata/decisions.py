"""Errata of networks that decide: a form that is not reduced, and a circle with tails."""

import re

import sympy as sp
from sympy.logic import SOPform, satisfiable

from ..proof.derivation import Derivation, Explicit, Printed, Wrong, chain
from ..proof.formula import Entries, Letter, Map, entry, grid

ROWS = Letter("rows", sp.Array([[4 * line + column for column in range(4)] for line in range(4)]))
ON = sp.Array([[1, 0, 1, 0], [1, 1, 0, 0], [1, 0, 1, 0], [1, 0, 0, 0]])


def form(sum_of_products: str) -> Map:
    """The 16 values of a disjunctive normal form in W, X, Y, Z, whose bits are the number of the row."""
    return Map(f"({sum_of_products})", lambda row: sp.Integer(is_on(sum_of_products, int(row))), ROWS)


def is_on(sum_of_products: str, row: int) -> bool:
    """Whether a term has this row."""
    terms = [re.findall("([WXYZ])('?)", term) for term in sum_of_products.split("+")]
    bit = dict(zip("WXYZ", f"{row:04b}", strict=True))
    return any(all(bit[x] == ("0" if not_ else "1") for x, not_ in term) for term in terms)


def outside(term: sp.Expr) -> sp.Expr:
    """1 if a term has a row where O is 0, otherwise 0."""
    return sp.Integer(any(is_on(str(term), row) and not ON[divmod(row, 4)] for row in range(16)))


SHORTENED = Entries(
    sp.Array([sp.Symbol(f) for f in ("Z'", "Y'", "XY'", "W'Y'", "W'X", "YZ'", "X'Z'", "X'Y")])
)

angle, first, last = sp.symbols("h first last")
PROFILE = entry(1 - angle / sp.pi)

t, o = sp.symbols("t1:9"), sp.symbols("o1:9")
NEEDED = Map("sign", sp.sign, grid((8,), lambda k: sp.Integer((2, 3, 1, 1, 2, 2, 0, 2)[k])))
W, X, Y, Z = sp.symbols("W X Y Z")
TABLE = SOPform([W, X, Y, Z], [0, 2, 4, 5, 8, 10, 12])
TERMS = (~Z, ~Y, X & ~Y, ~W & ~Y, ~W & X, Y & ~Z, ~X & ~Z, ~X & Y)

DERIVATIONS = (
    Derivation(
        id="E-35a",
        title="The form called reduced has the right values, and X'YZ' can be X'Z'",
        statement="O = Y'Z' + W'XY' + X'Z'",
        rows=("E-35",),
        sizes="16 rows",
        assumptions=(
            "W' is not W, a product is AND, + is OR; the rows of the truth table are WXYZ = 0000 to 1111",
            "the first line is the printed form",
        ),
        steps=chain(
            form("Y'Z' + W'XY' + X'YZ'"),
            ("X'Z' has no row outside O", form("Y'Z' + W'XY' + X'YZ' + X'Z'")),
            ("X'YZ' is a part of X'Z'", form("Y'Z' + W'XY' + X'Z'")),
        ),
        truth=Explicit(ON, "the truth table, a line for each of WX = 00, 01, 10, 11"),
        wrong=(
            Wrong("X'YZ' left out", form("Y'Z' + W'XY'")),
            Wrong("Y'Z' left out", form("W'XY' + X'Z'")),
            Wrong("W'XY' left out", form("Y'Z' + X'Z'")),
            Wrong("W'XY' shortened to XY'", form("Y'Z' + XY' + X'Z'")),
            Wrong("X'Z' shortened to Z'", form("Y'Z' + W'XY' + Z'")),
        ),
    ),
    Derivation(
        id="E-35b",
        title="The form called reduced is not reduced: the Y of X'YZ' is not needed",
        statement="needed: all letters but Y of X'YZ'",
        rows=("E-35",),
        sizes="16 rows",
        assumptions=(
            "a letter of a term is needed (1) if the term without it has a row where O is 0; if none is (0), "
            "the term can be shortened, and the form is not reduced",
            "the 8 letters in the order of the printed form, Y'Z' + W'XY' + X'YZ': t is the number of rows "
            "of the term without the letter, o the number of those where O is 1",
        ),
        where={
            **{t[k]: sp.Integer(2 ** (4 - size)) for k, size in enumerate((1, 1, 2, 2, 2, 2, 2, 2))},
            **{o[k]: sp.Integer(rows) for k, rows in enumerate((6, 5, 3, 3, 2, 2, 4, 2))},
        },
        steps=chain(
            Map("needed", outside, SHORTENED),
            ("t - o rows are outside O", grid((8,), lambda k: sp.sign(t[k] - o[k]))),
            ("X'Z' has 4 rows, and all are in O", NEEDED),
        ),
        truth=Explicit(
            sp.Array([sp.Integer(bool(satisfiable(term & ~TABLE))) for term in TERMS]),
            "whether the term and not O can be satisfied",
        ),
        wrong=(
            Printed(
                "as printed, all letters needed",
                grid((8,), lambda k: sp.Integer(1)),
                "E-35",
                "Dehaqani (002), line 346",
                "Reduced DNF form: O = Y'Z' + W'XY' + X'YZ'",
                "reduced: none of the 8 letters can be left out",
            ),
            Wrong("the X' of X'YZ' for its Y", grid((8,), lambda k: sp.Integer(k != 5))),
            Wrong("the Z' of X'YZ' for its Y", grid((8,), lambda k: sp.Integer(k != 7))),
            Wrong("the W' of W'XY' too", grid((8,), lambda k: sp.Integer(k not in (2, 6)))),
            Wrong("no letter needed", grid((8,), lambda k: sp.Integer(0))),
        ),
    ),
    Derivation(
        id="E-36",
        title="Outside the circle the sum is not N/2, but falls to it slowly",
        statement="F = 1 - h/pi > 1/2, cos h = r0/r",
        rows=("E-36",),
        sizes="1",
        assumptions=(
            "F is the share of the N sides whose units fire at distance r from the centre, for N large; "
            "r0 is the radius of the circle, r > r0",
            "a side fires unless the point is beyond it: unless their directions differ by less than "
            "h = acos(r0/r); so the directions from h to 2 pi - h fire",
            "h is below pi/2 at every finite r; for small r0/r, F is about 1/2 + r0/(pi r)",
        ),
        where={first: angle, last: 2 * sp.pi - angle},
        steps=chain(
            entry((last - first) / (2 * sp.pi)),
            ("from h to 2 pi - h", entry((2 * sp.pi - 2 * angle) / (2 * sp.pi))),
            ("divided by 2 pi", PROFILE),
        ),
        truth=Explicit(
            sp.Array(sp.Rational(1, 2) + (sp.pi / 2 - angle) / sp.pi),
            "1/2 + arcsin(r0/r)/pi, where arcsin is pi/2 - arccos",
        ),
        wrong=(
            Printed(
                "as printed, N/2 everywhere outside",
                entry(sp.Rational(1, 2)),
                "E-36",
                "Dehaqani (002), lines 528-530",
                "Sum is N inside the circle, N/2 outside almost everywhere",
                "Sum/N = 1/2 at every point outside, except on a set of measure 0",
            ),
            Wrong("the sides that do not fire", entry(angle / sp.pi)),
            Wrong("h on one side only", entry(1 - angle / (2 * sp.pi))),
            Wrong("shares of a half circle", entry(1 - 2 * angle / sp.pi)),
            Wrong("an arc sine for the arc cosine", entry(sp.Rational(1, 2) + angle / sp.pi)),
        ),
    ),
)
