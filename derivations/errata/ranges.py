"""Errata of ranges: how far an index runs, and how long a vector is."""

import sympy as sp

from ..proof.derivation import Derivation, Printed, Truth, Wrong, chain
from ..proof.formula import D, Dot, Einsum, Formula, Letter, Transpose, entry, grid
from ..proof.functions import smooth
from ..proof.letters import partial
from ..proof.wrong import negated, swapped, transposed

f, h1, h2, h3 = map(smooth, ("f", "h1", "h2", "h3"))
f_slope, h1_slope, h2_slope, h3_slope = map(smooth, ("f'", "h1'", "h2'", "h3'"))
C, Div = sp.symbols("C Div")
y, z, g, b = (sp.symbols(names) for names in ("y0:4", "z1:4", "g1:4", "b1:5"))
w = [[sp.Symbol(f"w{j}{i}") for i in (1, 2, 3)] for j in range(3)]

a, s, d = (sp.symbols(names) for names in ("a0:4", "s1:3", "d1:3"))
t = [[sp.Symbol(f"T{k}{j}") for j in range(4)] for k in (1, 2)]
Theta, Delta4 = Letter("Theta", sp.Array(t)), Letter("delta4", sp.Array(d))
Without0 = Letter("Theta[:,1:]", sp.Array([row[1:] for row in t]))
Slopes = Letter("f'(z)", sp.Array([f_slope(z_j) for z_j in z]))

BY_WEIGHT = grid((3, 3), lambda j, i: (1, *y[1:])[j] * g[i])
BLAME = grid((3,), lambda j: (t[0][j + 1] * d[0] + t[1][j + 1] * d[1]) * f_slope(z[j]))
BY_BIAS = grid((2,), lambda i: [h1_slope(z[0]), h2_slope(z[1])][i])


def slopes_times(product: Formula) -> Einsum:
    """The product with f'(z), entry by entry."""
    return Einsum("j,j->j", product, Slopes)


DERIVATIONS = (
    Derivation(
        id="E-33",
        title="The two indices of w_ji run over each other's layer, without the bias",
        statement="∂Div/∂w_ji = y_j ∂Div/∂z_i",
        rows=("E-33",),
        sizes="2-3",
        assumptions=(
            "z_i = Σ_j y_j w_ji: i from 1 to D_(k+1) = 3, j from 0 to D_k = 2; y_0 = 1 is the bias unit",
            "Div = h1(z1) + h2(z2) + h3(z3), g_i = ∂Div/∂z_i; so 3 x 3 derivatives",
        ),
        where={
            Div: h1(z[0]) + h2(z[1]) + h3(z[2]),
            **{z[i]: w[0][i] + y[1] * w[1][i] + y[2] * w[2][i] for i in range(3)},
            g[0]: h1_slope(z[0]),
            g[1]: h2_slope(z[1]),
            g[2]: h3_slope(z[2]),
        },
        steps=chain(
            grid((3, 3), lambda j, i: partial(Div, w[j][i])),
            (
                "z_i alone depends on w_ji, with the factor y_j",
                grid((3, 3), lambda j, i: partial(Div, z[i]) * (1, *y[1:])[j]),
            ),
            ("definition of g_i", BY_WEIGHT),
        ),
        truth=Truth(
            sp.Array(
                h1(w[0][0] + w[1][0] * y[1] + w[2][0] * y[2])
                + h2(w[0][1] + w[1][1] * y[1] + w[2][1] * y[2])
                + h3(w[0][2] + w[1][2] * y[1] + w[2][2] * y[2])
            ),
            sp.Array(w),
        ),
        wrong=(
            Printed(
                "as printed: j from 1 to 3, where y3 does not exist, and i from 1 to 2",
                grid((3, 2), lambda j, i: y[j + 1] * g[i]),
                "E-33",
                "Dehaqani (002), line 1548",
                "for i = 1..D_k: ∂Div/∂w_ji^(k+1) = y_j^(k) ∂Div/∂z_i^(k+1) for j = 1..D_(k+1)",
            ),
            negated(BY_WEIGHT),
            transposed(BY_WEIGHT),
            Wrong("j from 1, the bias forgotten", grid((3, 3), lambda j, i: y[j + 1] * g[i])),
            swapped(BY_WEIGHT, y[1], y[2]),
        ),
    ),
    Derivation(
        id="E-43",
        title="The bias column of Theta has to go before the error comes back",
        statement="delta3 = (Theta[:,1:])^T delta4 .* f'",
        rows=("E-43",),
        sizes="3-2",
        assumptions=(
            "s_k = T_k0 + Σ_j T_kj a_j, a_j = f(z_j): column 0 of the 2 x 4 matrix Theta is the bias",
            "C = h1(s1) + h2(s2), d_k = ∂C/∂s_k; the slide's g is f",
        ),
        where={
            C: h1(s[0]) + h2(s[1]),
            **{s[k]: t[k][0] + t[k][1] * a[1] + t[k][2] * a[2] + t[k][3] * a[3] for k in range(2)},
            **{a[j + 1]: f(z[j]) for j in range(3)},
            d[0]: h1_slope(s[0]),
            d[1]: h2_slope(s[1]),
        },
        steps=chain(
            grid((3,), lambda j: partial(C, z[j])),
            (
                "a_j alone depends on z_j",
                grid((3,), lambda j: partial(C, a[j + 1]) * partial(a[j + 1], z[j])),
            ),
            (
                "chain rule over both outputs, d_k = ∂C/∂s_k",
                grid(
                    (3,),
                    lambda j: (
                        (d[0] * partial(s[0], a[j + 1]) + d[1] * partial(s[1], a[j + 1]))
                        * partial(a[j + 1], z[j])
                    ),
                ),
            ),
            ("a_j meets column j, never column 0", slopes_times(Dot(Transpose(Without0), Delta4))),
            ("both products written out", BLAME),
        ),
        truth=Truth(
            sp.Array(
                h1(t[0][0] + f(z[0]) * t[0][1] + f(z[1]) * t[0][2] + f(z[2]) * t[0][3])
                + h2(t[1][0] + f(z[0]) * t[1][1] + f(z[1]) * t[1][2] + f(z[2]) * t[1][3])
            ),
            sp.Array(z),
        ),
        wrong=(
            Printed(
                "as printed, with all of Theta: 4 entries times 3",
                slopes_times(Dot(Transpose(Theta), Delta4)),
                "E-43",
                "Ng's notation (004), lines 78 and 79",
                "delta^(3) = (Theta^(3))^T delta^(4) .* g'(z^(3))",
            ),
            negated(BLAME),
            Wrong(
                "the last column dropped instead of the first",
                grid((3,), lambda j: (t[0][j] * d[0] + t[1][j] * d[1]) * f_slope(z[j])),
            ),
            Wrong("the slopes missing", Dot(Transpose(Without0), Delta4)),
            swapped(BLAME, *d),
        ),
    ),
    Derivation(
        id="E-46",
        title="b_k has as many entries as z_k: D_k, not D_(k+1)",
        statement="∂Div/∂b_i = ∂Div/∂z_i, i = 1..D_k",
        rows=("E-46",),
        sizes="3-2-4",
        assumptions=(
            "z = W y + b is a layer of D_k = 2 units on 3, the next has D_(k+1) = 4; Div = h1(z1) + h2(z2)",
            "as a weight, b_i leads from a bias unit y_0^(k-1) = 1, for k = 1..N: layers 0 to N-1 have one",
        ),
        where={
            Div: h1(z[0]) + h2(z[1]),
            **{z[i]: b[i] + w[0][i] * y[1] + w[1][i] * y[2] + w[2][i] * y[3] for i in range(2)},
        },
        steps=chain(
            grid((2,), lambda i: partial(Div, b[i])),
            ("z_i alone depends on b_i, with the factor 1", grid((2,), lambda i: partial(Div, z[i]))),
            ("Div = h1(z1) + h2(z2)", BY_BIAS),
        ),
        truth=Truth(
            sp.Array(
                h1(y[1] * w[0][0] + y[2] * w[1][0] + y[3] * w[2][0] + b[0])
                + h2(y[1] * w[0][1] + y[2] * w[1][1] + y[3] * w[2][1] + b[1])
            ),
            sp.Array(b[:2]),
        ),
        wrong=(
            Printed(
                "as printed, a bias as long as the next layer: 4 entries",
                D(entry(Div), Letter("b", sp.Array(b))),
                "E-46",
                "Dehaqani (002), line 1561",
                "b_k = [b_1^(k), b_2^(k), .., b_(D_(k+1))^(k)]",
            ),
            Printed(
                "as printed, no bias unit below layer 1",
                grid((2,), lambda i: sp.S.Zero),
                "E-46",
                "Dehaqani (002), line 1189",
                "y_0^(k=1..N) = x_0 = 1",
                "no y_0^(0), so that nothing depends on the biases of layer 1",
            ),
            negated(BY_BIAS),
            swapped(BY_BIAS, z[0], z[1]),
            Wrong("b_i for the bias unit's 1", grid((2,), lambda i: b[i] * BY_BIAS.array[i])),
        ),
    ),
)
