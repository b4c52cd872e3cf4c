"""Errata of bias units: a row forgotten, and the wrong row skipped."""

import sympy as sp

from ..proof.derivation import Derivation, Printed, Truth, chain
from ..proof.expressions import letters, sigmoid
from ..proof.formula import grid
from ..proof.functions import smooth
from ..proof.letters import partial
from ..proof.wrong import column_major, negated, swapped, transposed, without

f, h = smooth("f"), smooth("h")
f_slope, h_slope = smooth("f'"), smooth("h'")
C, r, error = sp.symbols("C r delta")
a, s, x, o, v = (sp.symbols(names) for names in ("a0:4", "s1:3", "x1:3", "o0:3", "v0:3"))
u = [[sp.Symbol(f"u{i}{j}") for j in (1, 2)] for i in range(4)]
w = letters("w", 2, 2)
psi = [o_j * (1 - o_j) for o_j in o]

BIAS_ROW = grid((2, 4), lambda j, i: h_slope(r) * v[j + 1] * f_slope(s[j]) * a[i])
BY_INPUT = grid((2,), lambda i: error * (w[i][0] * v[1] * psi[1] + w[i][1] * v[2] * psi[2]))

DERIVATIONS = (
    Derivation(
        id="E-25a",
        title="The gradient of U has a row for the bias a0, and the slope of x",
        statement="∂J/∂U^T = delta a^T, d x (c+1)",
        rows=("E-25",),
        sizes="3-2-1",
        assumptions=(
            "x_j = f(s_j), s_j = Σ_i a_i u_ij with i from 0 to c = 3 and j from 1 to d = 2",
            "J = C = h(r), r = v1 x1 + v2 x2",
        ),
        where={
            C: h(r),
            r: v[1] * x[0] + v[2] * x[1],
            **{x[j]: f(s[j]) for j in range(2)},
            **{s[j]: sum((a[i] * u[i][j] for i in range(4)), sp.S.Zero) for j in range(2)},
        },
        steps=chain(
            grid((2, 4), lambda j, i: partial(C, u[i][j])),
            (
                "s_j alone depends on u_ij",
                grid((2, 4), lambda j, i: partial(C, s[j]) * partial(s[j], u[i][j])),
            ),
            ("∂s_j/∂u_ij = a_i, for the bias too", grid((2, 4), lambda j, i: partial(C, s[j]) * a[i])),
            (
                "x_j alone depends on s_j",
                grid((2, 4), lambda j, i: partial(C, x[j]) * partial(x[j], s[j]) * a[i]),
            ),
            ("x_j = f(s_j), C = h(r)", BIAS_ROW),
        ),
        truth=Truth(
            sp.Array(
                h(
                    f(u[0][0] * a[0] + u[1][0] * a[1] + u[2][0] * a[2] + u[3][0] * a[3]) * v[1]
                    + f(u[0][1] * a[0] + u[1][1] * a[1] + u[2][1] * a[2] + u[3][1] * a[3]) * v[2]
                )
            ),
            sp.Array([[row[0] for row in u], [row[1] for row in u]]),
        ),
        wrong=(
            Printed(
                "as printed, d x c: no row for a0",
                grid((2, 3), lambda j, i: h_slope(r) * v[j + 1] * f_slope(s[j]) * a[i + 1]),
                "E-25",
                "Bao (001), lines 333-339",
                "(∂J/∂U)^T, d x c, where a = [a_0, a_1, .., a_c]^T",
                "no column for a_0, since d x c has c columns",
            ),
            Printed(
                "as printed, x = U^T a: the slope missing",
                grid((2, 4), lambda j, i: h_slope(r) * v[j + 1] * a[i]),
                "E-25",
                "Bao (001), line 333",
                "where x = U^T a",
                "x is the sum itself, so that ∂x_j/∂u_ij = a_i",
            ),
            negated(BIAS_ROW),
            column_major(BIAS_ROW),
            transposed(BIAS_ROW),
            swapped(BIAS_ROW, v[1], v[2]),
        ),
    ),
    Derivation(
        id="E-25b",
        title="The row to skip is that of the bias o0, not of o1",
        statement="∂J/∂x = W (psi(o) v delta)[1+]",
        rows=("E-25",),
        sizes="2-2-1",
        assumptions=(
            "o0 = 1 is the bias unit; o_j = sigma(s_j), s_j = Σ_i x_i w_ij, psi(o) = o(1-o)",
            "J = C = h(r), r = v0 + v1 o1 + v2 o2, delta = ∂J/∂r; o0 has no incoming weights",
        ),
        where={
            C: h(r),
            r: v[0] + v[1] * o[1] + v[2] * o[2],
            o[0]: sp.Integer(1),
            **{o[j + 1]: sigmoid(s[j]) for j in range(2)},
            **{s[j]: x[0] * w[0][j] + x[1] * w[1][j] for j in range(2)},
            error: h_slope(r),
        },
        steps=chain(
            grid((2,), lambda i: partial(C, x[i])),
            (
                "chain rule: o0 does not depend on x",
                grid(
                    (2,),
                    lambda i: partial(C, s[0]) * partial(s[0], x[i]) + partial(C, s[1]) * partial(s[1], x[i]),
                ),
            ),
            (
                "∂s_j/∂x_i = w_ij",
                grid((2,), lambda i: partial(C, s[0]) * w[i][0] + partial(C, s[1]) * w[i][1]),
            ),
            (
                "∂C/∂o_j = v_j delta",
                grid(
                    (2,),
                    lambda i: (
                        error * (v[1] * partial(o[1], s[0]) * w[i][0] + v[2] * partial(o[2], s[1]) * w[i][1])
                    ),
                ),
            ),
            ("sigma' = o(1-o)", BY_INPUT),
        ),
        truth=Truth(
            sp.Array(
                h(
                    v[0]
                    + v[1] / (1 + sp.exp(-w[0][0] * x[0] - w[1][0] * x[1]))
                    + v[2] / (1 + sp.exp(-w[0][1] * x[0] - w[1][1] * x[1]))
                )
            ),
            sp.Array(x[:2]),
        ),
        wrong=(
            Printed(
                "as printed, the row of o1 skipped",
                grid((2,), lambda i: error * (w[i][0] * v[0] * psi[0] + w[i][1] * v[2] * psi[2])),
                "E-25",
                "Bao (001), line 327",
                "delta^(-2) without the first row corresponding to the bias term o_1",
                "the row of o_1 is the one left out, so that o_0 and o_2 remain",
            ),
            negated(BY_INPUT),
            without(BY_INPUT, error, "delta missing"),
            swapped(BY_INPUT, w[0][1], w[1][0]),
            swapped(BY_INPUT, v[1], v[2]),
        ),
    ),
)
