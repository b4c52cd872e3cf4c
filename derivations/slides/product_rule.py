"""d(A.B)/dX = A . B_X/dX + A_X/dX . B for matrices of functions of a matrix, in both layouts.

``numpy.dot``, which the slides use for ".", gives it in neither: in denominator layout the axes of the first
term are out of place, in numerator layout no term has a value.
"""

import sympy as sp

from ..proof.arrays import Layout, filled
from ..proof.derivation import Derivation, Printed, Truth, Wrong, chain
from ..proof.expressions import functions, letters
from ..proof.formula import D, Dot, Einsum, Formula, Letter, Plus, Times, Transpose

x = letters("x", 2, 2)
a = functions("a", 2, 3, sp.flatten(x))
b = functions("b", 3, 2, sp.flatten(x))
A, B, X = Letter("A", sp.Array(a)), Letter("B", sp.Array(b)), Letter("X", sp.Array(x))
EXPLICIT_AB = filled((2, 2), lambda k, m: a[k][0] * b[0][m] + a[k][1] * b[1][m] + a[k][2] * b[2][m])
FUNCTIONS = "A is 2 x 3, B is 3 x 2, X is 2 x 2; the entries of A and B are any differentiable functions of X"


def by(of: Formula, layout: Layout) -> D:
    """The derivative with respect to X."""
    return D(of, X, layout)


A_X, B_X = by(A, "numerator"), by(B, "numerator")
numerator = (Einsum("kn,nmij->kmij", A, B_X), Einsum("knij,nm->kmij", A_X, B))
X_A, X_B = by(A, "denominator"), by(B, "denominator")
denominator = (Einsum("kn,ijnm->ijkm", A, X_B), Einsum("ijkn,nm->ijkm", X_A, B))
repaired = (Transpose(Dot(A, X_B), (1, 2, 0, 3)), Dot(X_A, B))


def mistakes(first: Formula, second: Formula) -> tuple[Wrong, ...]:
    """The sum with a term missing or with the wrong sign."""
    return (
        Wrong("A · ∂B/∂X missing", second),
        Wrong("∂A/∂X · B missing", first),
        Wrong("a minus in place of the plus", Plus(first, Times(sp.Integer(-1), second))),
    )


def as_printed(formula: Formula) -> Printed:
    """The slide's rule with the slide's product, numpy.dot."""
    return Printed(
        "numpy.dot for both products",
        formula,
        "E-06",
        "Downing (000), lines 281-284",
        "∂(A · B)/∂X = A · ∂B/∂X + ∂A/∂X · B, with · as in numpy.dot",
    )


DERIVATIONS = (
    Derivation(
        id="product_n",
        title="The product rule in numerator layout",
        statement="∂(A·B)/∂X = A·∂B/∂X + ∂A/∂X·B",
        rows=("D-33", "E-06"),
        sizes="2x3x2",
        assumptions=(FUNCTIONS, "numerator layout: the axes i, j of X come last"),
        steps=chain(
            by(Dot(A, B), "numerator"),
            ("the sum over n in (A·B)_km = sum_n a_kn b_nm, term by term", Plus(*numerator)),
        ),
        truth=Truth(EXPLICIT_AB, sp.Array(x)),
        wrong=(
            *mistakes(*numerator),
            as_printed(Plus(Dot(A, B_X), Dot(A_X, B))),
            Wrong("the first product doubled", Plus(numerator[0], numerator[0])),
        ),
    ),
    Derivation(
        id="product_d",
        title="The product rule in denominator layout",
        statement="∂(A·B)/∂X = A·∂B/∂X + ∂A/∂X·B",
        rows=("D-33", "E-06"),
        sizes="2x3x2",
        assumptions=(FUNCTIONS, "denominator layout: the axes i, j of X come first"),
        steps=chain(
            by(Dot(A, B), "denominator"),
            ("the sum over n in (A·B)_km = sum_n a_kn b_nm, term by term", Plus(*denominator)),
            ("numpy.dot gives A · ∂B/∂X with the axes (k, i, j, m)", Plus(*repaired)),
        ),
        truth=Truth(EXPLICIT_AB, sp.Array(x), "denominator"),
        wrong=(
            *mistakes(*repaired),
            as_printed(Plus(Dot(A, X_B), Dot(X_A, B))),
            Wrong("axes moved by (1, 2, 3, 0)", Plus(Transpose(Dot(A, X_B), (1, 2, 3, 0)), Dot(X_A, B))),
        ),
    ),
)
