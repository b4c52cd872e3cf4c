"""The sum and the mean over cases: two gradients, and the learning rates that make them one."""

import sympy as sp

from ..proof.derivation import Derivation, Truth, Wrong, chain
from ..proof.formula import Entries
from ..proof.functions import smooth
from ..proof.indices import index, sizes, total
from ..proof.letters import partial
from ..proof.wrong import negated

n, N = sizes("n N")
i, h = index("i", n), index("h", n)
c = index("c", N)
x, w, z, d = map(sp.IndexedBase, ("x", "w", "z", "δ"))
E_sum, E_mean = sp.symbols("Sum Mean")
loss, loss_slope = smooth("e"), smooth("e'")

BOTH = (E_sum, E_mean)
GRADIENT = total(d[c] * x[c, i], c)
RIGHT = Entries(sp.Array([GRADIENT, GRADIENT / N]))
EXPLICIT = total(loss(total(w[h] * x[c, h], h)), c)

DERIVATIONS = (
    Derivation(
        id="sum_mean",
        title="Sum or mean over the cases: the gradients differ by the number of cases",
        statement="∂Mean/∂w_i = 1/N ∂Sum/∂w_i",
        rows=("E-15", "M-10", "B-43"),
        sizes="n, N",
        scope="all sizes",
        assumptions=(
            "case c has the inputs x_ci, the sum z_c = Σ_i w_i x_ci and the loss e(z_c), with any e",
            "seed 000 takes Sum, the others Mean; so its learning rate is theirs divided by N",
        ),
        where={
            E_sum: total(loss(z[c]), c),
            E_mean: total(loss(z[c]), c) / N,
            z[c]: total(w[i] * x[c, i], i),
            d[c]: loss_slope(z[c]),
        },
        steps=chain(
            Entries(sp.Array([partial(E, w[i]) for E in BOTH])),
            (
                "chain rule, case by case",
                Entries(sp.Array([total(partial(E, z[c]) * partial(z[c], w[i]), c) for E in BOTH])),
            ),
            ("∂z_c/∂w_i = x_ci", Entries(sp.Array([total(partial(E, z[c]) * x[c, i], c) for E in BOTH]))),
            ("δ_c = e'(z_c); 1/N in the mean", RIGHT),
        ),
        truth=Truth(sp.Array([EXPLICIT, EXPLICIT / N]), sp.Array(w[i])),
        wrong=(
            negated(RIGHT),
            Wrong("no difference", Entries(sp.Array([GRADIENT, GRADIENT]))),
            Wrong("1/N twice", Entries(sp.Array([GRADIENT, GRADIENT / N**2]))),
            Wrong(
                "sums multiplied: errors that cancel",
                Entries(
                    sp.Array([total(d[c], c) * total(x[c, i], c) * factor for factor in (1, 1 / N)]),
                ),
            ),
            Wrong("divided by the inputs", Entries(sp.Array([GRADIENT, GRADIENT / n]))),
        ),
    ),
)
