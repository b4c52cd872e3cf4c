"""The slide's twist with units that are coupled: where numpy.dot in the slide's order goes wrong in silence.

In the 3-2-1 example dg(R)/dR is symmetric, and so numpy.dot, its axes moved, happens to be right. It is the
inner vectors that have to be multiplied, which a linear layer Y = Q R without symmetry shows.
"""

import sympy as sp

from ..proof.derivation import Derivation, Printed, Truth, Wrong, chain
from ..proof.expressions import letters
from ..proof.formula import D, Dot, Inner, Letter, Transpose, grid
from ..proof.indices import delta
from ..proof.wrong import column_major, negated
from .network_321 import EXPLICIT_R, GRADIENT_R, INNER, R, V, r, weights, x

y = sp.symbols("y1:3")
q = letters("q", 2, 2)
Q, Y = Letter("Q", sp.Array(q)), Letter("Y", sp.Array(y))
COUPLED = {
    **{r[j]: EXPLICIT_R[j] for j in range(2)},
    **{y[k]: q[k][0] * r[0] + q[k][1] * r[1] for k in range(2)},
}
EXPLICIT_Y = [q[k][0] * EXPLICIT_R[0] + q[k][1] * EXPLICIT_R[1] for k in range(2)]
GRADIENT_Y = grid((3, 2, 2), lambda i, j, k: x[i] * q[k][j])

DERIVATIONS = (
    Derivation(
        id="twist",
        title="The twist for units that are coupled",
        statement="∂Y/∂V = ∂Y/∂R • ∂R/∂V = x_i q_kj",
        rows=("E-07",),
        sizes="3-2",
        assumptions=(
            "R = X·V, y_k = sum of q_kj r_j: any linear layer, not symmetric; one case",
            "in ∂/∂V the weight's indices come first: denominator layout",
            INNER,
        ),
        where=COUPLED,
        steps=chain(
            weights(Y, V),
            ("chain rule, with the twist", Inner(D(Y, R), weights(R, V))),
            ("∂y_k/∂r_j = q_kj", Inner(Q, weights(R, V))),
            ("the twist is a transposed matrix on the right", Dot(weights(R, V), Transpose(Q))),
            ("∂R/∂V, as derived in dR_dV", Dot(GRADIENT_R, Transpose(Q))),
            ("each inner vector multiplied", GRADIENT_Y),
        ),
        truth=Truth(sp.Array(EXPLICIT_Y), V.array, "denominator"),
        wrong=(
            negated(GRADIENT_Y),
            column_major(GRADIENT_Y),
            Wrong("Q not transposed on the right", Dot(GRADIENT_R, Q)),
            Wrong("numpy.dot in the slide's order, axes moved", Transpose(Dot(Q, GRADIENT_R), (1, 0, 2))),
            Printed(
                "numpy.dot in the slide's order, axes (k, i, j)",
                Dot(Q, GRADIENT_R),
                "E-07",
                "Downing (000), lines 409-414",
                "∂Y/∂V = ∂g(R)/∂R · ∂R/∂V, Twist/Hack",
            ),
            Wrong("coupling ignored", grid((3, 2, 2), lambda i, j, k: delta(j, k) * x[i] * q[k][k])),
        ),
    ),
)
