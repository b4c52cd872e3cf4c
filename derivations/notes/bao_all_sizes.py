"""Bao's generalised backpropagation: one layer back, its weights, and the update, for any sizes."""

import sympy as sp

from ..proof.arrays import jacobian, mapped
from ..proof.derivation import Derivation, Explicit, Truth, Wrong, chain
from ..proof.formula import Entries, entry
from ..proof.functions import smooth
from ..proof.indices import index, sizes, total
from ..proof.letters import partial
from ..proof.wrong import negated, without

n, m = sizes("n m")
i, h = index("i", n), index("h", n)
j, k = index("j", m), index("k", m)
h0, j0 = index("h", n, 0), index("j", m, 0)
x, w, s, z, d, psi = map(sp.IndexedBase, ("x", "w", "s", "z", "δ", "ψ"))
J, rho, r, s_0 = sp.symbols("J ρ r s")
v, G = sp.IndexedBase("v"), sp.IndexedBase("G")
phi, phi_slope = smooth("φ"), smooth("φ'")
loss, loss_slope = smooth("J"), smooth("J'")

SUMS = {z[j]: w[0, j] * x[0] + total(w[h, j] * x[h], h)}
LOSS = {J: total(d[j] * z[j], j)}
ANY_J = "δ_j = ∂J/∂z_j; J is taken as its linear part Σ_j δ_j z_j, with the δ_j of the point held fixed"
ABOVE = "z_j = w_0j x_0 + Σ_h w_hj x_h: the sums of the layer above, j from 1 to m, h from 1 to n"

WEIGHTED = total(w[i, j] * d[j], j)
BACK = entry(psi[i] * WEIGHTED)
GRADIENT = Entries(sp.Array([d[j], d[j] * x[i]]))

AT_START = w[0] * x[0] + total(w[h] * x[h], h)
MOVED = sp.Array(loss(total((w[h0] - rho * x[h0] * loss_slope(AT_START)) * x[h0], h0)))
STEEPEST = entry(-total(G[h0] ** 2, h0))

DERIVATIONS = (
    Derivation(
        id="bao_back",
        title="Seed 001: one layer back, for any sizes",
        statement="δ(l-1)_i = ψ_i Σ_j w_ij δ(l)_j",
        rows=("B-31", "B-32", "B-33"),
        sizes="n, m",
        scope="all sizes",
        assumptions=(
            ABOVE,
            ANY_J,
            "x_i = φ(s_i) for i from 1 to n, and ψ_i is ψ(x_i) = φ'(s_i)",
            "δ_0 does not occur: no weight leads to the bias unit, and [1+] drops it",
        ),
        where={**LOSS, **SUMS, x[0]: sp.S.One, x[i]: phi(s[i]), psi[i]: phi_slope(s[i])},
        steps=chain(
            entry(partial(J, s[i])),
            ("chain rule, through all sums above", entry(total(partial(J, z[j]) * partial(z[j], s[i]), j))),
            ("δ_j = ∂J/∂z_j", entry(total(d[j] * partial(z[j], s[i]), j))),
            (
                "x_i alone depends on s_i",
                entry(total(d[j] * partial(z[j], x[i]), j) * partial(x[i], s[i])),
            ),
            ("∂z_j/∂x_i = w_ij", entry(total(d[j] * w[i, j], j) * partial(x[i], s[i]))),
            ("eq. (4)", BACK),
        ),
        truth=Truth(sp.Array(total(d[j] * (w[0, j] + total(w[h, j] * phi(s[h]), h)), j)), sp.Array(s[i])),
        wrong=(
            negated(BACK),
            without(BACK, psi[i], "ψ_i missing: that is ∂J/∂x_i"),
            Wrong("δ_0 not dropped", entry(psi[i] * total(w[i, j0] * d[j0], j0))),
            Wrong("W^T in the place of W: w_ji", entry(psi[i] * total(w[j, i] * d[j], j))),
            Wrong("the slope at the output: φ'(x_i)", entry(phi_slope(x[i]) * WEIGHTED)),
            Wrong("the weights missing", entry(psi[i] * total(d[j], j))),
        ),
    ),
    Derivation(
        id="bao_grad",
        title="Seed 001: the gradient of the weights, bias row first, for any sizes",
        statement="∂J/∂w_ij = x_i δ_j, also for i = 0",
        rows=("B-34", "B-35"),
        sizes="n, m",
        scope="all sizes",
        assumptions=(ABOVE, ANY_J, "first the bias weight (row 0 of W), then row i >= 1"),
        where={**LOSS, **SUMS, x[0]: sp.S.One},
        steps=chain(
            Entries(sp.Array([partial(J, w[0, j]), partial(J, w[i, j])])),
            (
                "w_ij touches z_j alone",
                Entries(sp.Array([partial(J, z[j]) * partial(z[j], wij) for wij in (w[0, j], w[i, j])])),
            ),
            ("∂z_j/∂w_ij = x_i", Entries(sp.Array([partial(J, z[j]) * x[0], partial(J, z[j]) * x[i]]))),
            ("δ_j = ∂J/∂z_j", Entries(sp.Array([d[j] * x[0], d[j] * x[i]]))),
            ("x_0 = 1", GRADIENT),
        ),
        truth=Truth(
            sp.Array(total(d[k] * (w[0, k] + total(w[h, k] * x[h], h)), k)),
            sp.Array([w[0, j], w[i, j]]),
        ),
        wrong=(
            negated(GRADIENT),
            without(GRADIENT, x[i], "x_i missing"),
            without(GRADIENT, d[j], "δ_j missing"),
            Wrong("δ_i x_j: transposed", Entries(sp.Array([d[i], d[i] * x[j]]))),
            Wrong("the bias weight forgotten", Entries(sp.Array([sp.S.Zero, d[j] * x[i]]))),
            Wrong("the weight for the input", Entries(sp.Array([d[j], d[j] * w[i, j]]))),
        ),
    ),
    Derivation(
        id="bao_descent",
        title="Seed 001: W <- W - ρ∇ lowers the loss, at first by the square of ∇",
        statement="∂J/∂ρ = -Σ_h^0 G_h^2 at ρ = 0",
        rows=("B-35", "B-14"),
        sizes="n",
        scope="all sizes",
        assumptions=(
            "one neuron with the weights v_h = w_h - ρ G_h, h from 0 (the bias) to n; r = Σ_h^0 v_h x_h",
            "J = J(r) is loss and activation together; G_h is the gradient at ρ = 0, where r is s",
        ),
        where={
            J: loss(r),
            r: total(v[h0] * x[h0], h0),
            v[h0]: w[h0] - rho * G[h0],
            G[h0]: loss_slope(s_0) * x[h0],
            s_0: total(w[h0] * x[h0], h0),
            rho: sp.S.Zero,
        },
        steps=chain(
            entry(partial(J, rho)),
            ("chain rule, through all weights", entry(total(partial(J, v[h0]) * partial(v[h0], rho), h0))),
            ("v_h = w_h - ρ G_h", entry(-total(partial(J, v[h0]) * G[h0], h0))),
            ("chain rule, ∂r/∂v_h = x_h", entry(-total(partial(J, r) * x[h0] * G[h0], h0))),
            ("at ρ = 0, r is s", entry(-total(loss_slope(s_0) * x[h0] * G[h0], h0))),
            ("definition of G", STEEPEST),
        ),
        truth=Explicit(
            mapped(lambda slope: slope.xreplace({rho: sp.S.Zero}), jacobian(MOVED, sp.Array(rho))),
            words="sympy's derivative of the explicit J by ρ, at ρ = 0",
            of=MOVED,
        ),
        wrong=(
            negated(STEEPEST),
            Wrong("not squared", entry(-total(G[h0], h0))),
            Wrong("the bias not updated", entry(-total(G[h] ** 2, h))),
            Wrong("once more by the inputs", entry(-total(G[h0] * x[h0], h0))),
            Wrong("0, as if J did not change", entry(sp.S.Zero)),
        ),
    ),
)
