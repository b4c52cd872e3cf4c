"""The entry of a product of Jacobians is the sum over all paths of the products of their edges."""

from itertools import product

import sympy as sp

from ..proof.derivation import Derivation, Truth, Wrong, chain
from ..proof.expressions import summed
from ..proof.formula import entry, grid
from ..proof.indices import delta, total
from ..proof.letters import partial
from ..proof.wrong import negated, swapped
from .forward import ANY_G, FROM_M, UNITS_ABOVE, P, r, v
from .induction import Claim, Induction, c, known, words
from .letters import DEPTHS, NETWORK, J, a, explicit_sum, g, g_prime, j, k, l, m, p, sums, w, z
from .written_out import (
    BY_DIFF,
    OUT_3,
    THREE,
    THREE_LAYERS,
    a0,
    a1,
    a2,
    a3,
    f_prime,
    h_prime,
    w1,
    w2,
    w3,
    z1,
    z2,
    z3,
)
from .written_out import g_prime as second_prime

S, E = sp.IndexedBase("S"), sp.IndexedBase("E")
PATHS = (
    "S(l)_vj is the sum, over all paths from unit v of layer m to unit j of layer l, of the products of edges"
)
EDGES = "the edge E(l+1)_jk is ∂a(l+1)_k/∂a(l)_j = g'(z(l+1)_k) w(l+1)_jk"


def paths(layer: sp.Expr) -> Claim:
    """The entry of the product of the Jacobians up to layer l is the sum over all paths to that unit."""
    here = UNITS_ABOVE[layer]
    return Claim(P[layer, here, v], S[layer, v, here])


EMPTY = entry(paths(m).right)

BASE = Derivation(
    id="path_base",
    title="The sum over all paths. Base case: the path that goes nowhere",
    statement="P(m)_rv = S(m)_vr = δ_vr",
    rows=(),
    sizes="n(m)",
    scope="all depths",
    assumptions=(
        PATHS,
        "from a unit to itself there is one path, without an edge: its product is 1; to other units of the "
        "same layer there is none: S(m)_vr = δ_vr",
        "P(m) is the empty product of Jacobians, ∂a(m)_r/∂a(m)_v",
    ),
    where={P[m, r, v]: delta(r, v), S[m, v, r]: delta(v, r)},
    steps=chain(
        entry(paths(m).left),
        ("the empty product, forward_base", entry(partial(a[m, r], a[m, v]))),
        ("the activations of one layer are independent", entry(delta(r, v))),
        ("one path without an edge, or none", EMPTY),
    ),
    truth=Truth(sp.Array(a[m, r]), sp.Array(a[m, v])),
    wrong=(negated(EMPTY), Wrong("1 everywhere", entry(sp.Integer(1))), Wrong("zero", entry(sp.Integer(0)))),
)

ENUMERATED = grid(
    (1, 2),
    lambda o, i: summed(
        f_prime(z1[j]) * w1[i][j] * second_prime(z2[k]) * w2[j][k] * h_prime(z3[o]) * w3[k][o]
        for j, k in product(range(3), range(2))
    ),
)

WRITTEN_OUT = Derivation(
    id="path_3",
    title="The sum over all paths. Written out for N = 3: six paths from each input",
    statement="∂a(3)/∂a(0)_i = Σ over 6 paths",
    rows=(),
    sizes="2-3-2-1",
    assumptions=(THREE_LAYERS, "a path goes from input i through unit j of layer 1 and unit k of layer 2"),
    where=THREE,
    steps=chain(
        grid((1, 2), lambda o, i: partial(a3[o], a0[i])),
        (
            "chain rule, layer 3",
            grid(
                (1, 2), lambda o, i: summed(partial(a3[o], a2[k]) * partial(a2[k], a0[i]) for k in range(2))
            ),
        ),
        (
            "chain rule, layers 2 and 1; a product for each path",
            grid(
                (1, 2),
                lambda o, i: summed(
                    partial(a1[j], a0[i]) * partial(a2[k], a1[j]) * partial(a3[o], a2[k])
                    for j, k in product(range(3), range(2))
                ),
            ),
        ),
        ("each edge is a slope times a weight", ENUMERATED),
    ),
    truth=Truth(sp.Array(OUT_3), sp.Array(a0), words=BY_DIFF),
    wrong=(
        negated(ENUMERATED),
        swapped(ENUMERATED, w3[0][0], w3[1][0]),
        swapped(ENUMERATED, w2[0][0], w2[1][1]),
        Wrong(
            "the paths through unit 1 of layer 1 alone",
            grid(
                (1, 2),
                lambda o, i: (
                    f_prime(z1[0])
                    * w1[i][0]
                    * h_prime(z3[o])
                    * summed(second_prime(z2[k]) * w2[0][k] * w3[k][o] for k in range(2))
                ),
            ),
        ),
    ),
)

LONGER = entry(paths(l + 1).right)

BELOW = paths(l)

STEP = Derivation(
    id="path_sum",
    title="The sum over all paths. Induction step: from layer l to l+1",
    statement="∂a(l)_j/∂a(m)_v = Σ_paths Π_edges",
    rows=("D-21", "D-58"),
    sizes="n(l)",
    scope="all depths",
    assumptions=(
        NETWORK,
        DEPTHS,
        ANY_G,
        FROM_M,
        PATHS,
        EDGES,
        words(BELOW),
        "a path to unit k of layer l+1 is a path to one unit j of layer l and then the edge from j to k: "
        "S(l+1)_vk = Σ_j S(l)_vj E(l+1)_jk",
        "P is the product of the Jacobians and, by forward, ∂a(l)_j/∂a(m)_v = P(l)_jv",
    ),
    where={
        P[l + 1, k, v]: total(J[l + 1, k, j] * P[l, j, v], j),
        J[l + 1, k, j]: g_prime(z[l + 1, k]) * w[l + 1, j, k],
        S[l + 1, v, k]: total(S[l, v, j] * E[l + 1, j, k], j),
        E[l + 1, j, k]: g_prime(z[l + 1, k]) * w[l + 1, j, k],
        **known(BELOW),
        **sums(k, j, l + 1),
        a[l, j]: c[l, j] + total(P[l, j, v] * a[m, v], v),
    },
    steps=chain(
        entry(paths(l + 1).left),
        ("the product of the Jacobians", entry(total(J[l + 1, k, j] * P[l, j, v], j))),
        ("hypothesis", entry(total(J[l + 1, k, j] * S[l, v, j], j))),
        ("J(l+1)_kj is the edge from j to k", entry(total(S[l, v, j] * E[l + 1, j, k], j))),
        ("every path is one edge longer", LONGER),
    ),
    truth=Truth(
        sp.Array(g(explicit_sum(k, p, l + 1, c[l, p] + total(P[l, p, r] * a[m, r], r)))),
        sp.Array(a[m, v]),
        words="sympy's derivative of a(l+1)_k written out, a(l)_j by its affine part c + Σ_v P(l)_jv a(m)_v",
    ),
    wrong=(
        negated(LONGER),
        Wrong("the edge from k to j", entry(total(S[l, v, j] * E[l + 1, k, j], j))),
        Wrong("the product of the sums", entry(total(S[l, v, j], j) * total(E[l + 1, j, k], j))),
        Wrong("slopes missing", entry(total(S[l, v, j] * w[l + 1, j, k], j))),
        Wrong("edges missing", entry(total(S[l, v, j], j))),
        Wrong("only one path, through unit 1", entry(S[l, v, 1] * E[l + 1, 1, k])),
    ),
    lemmas=(BASE, WRITTEN_OUT),
)

INDUCTIONS = (Induction(paths, BASE, STEP, start=m, hypothesis=BELOW),)
DERIVATIONS = (STEP,)
