"""Push and pull along a chain of any length: the covector pulled back pairs as the tangent pushed forward."""

from itertools import product

import sympy as sp

from ..proof.derivation import Derivation, Explicit, Truth, Wrong, chain
from ..proof.formula import Dot, Letter, entry
from ..proof.indices import total
from ..proof.wrong import negated
from .induction import Claim, Induction, known, words
from .letters import UNITS, UP, J, N, R, j, k, l, o, p, q, u
from .written_out import matrix, vector

v = sp.IndexedBase("v")
Q, step = sp.symbols("Q h")
PUSH = "push: v(l+1)_k = Σ_j J(l+1)_kj v(l)_j, from v(0) up to v(N)"
PULL = "pull: R(l)_j = Σ_k R(l+1)_k J(l+1)_kj, from R(N) down to R(0)"


def pairing(layer: sp.Expr) -> Claim:
    """The covector and the tangent at layer l pair to one number, the same at every layer."""
    here = UNITS[layer]
    return Claim(total(R[layer, here] * v[layer, here], here), Q)


NUMBER = entry(pairing(N).right)

BASE = Derivation(
    id="pair_base",
    title="Push and pull along any chain. Base case: at its upper end",
    statement="R(N)·v(N) = Q",
    rows=(),
    sizes="n(N)",
    scope="all depths",
    assumptions=("Q is what the covector R(N) says of the tangent v(N) that was pushed all the way up",),
    where={Q: total(R[N, u] * v[N, u], u)},
    steps=chain(entry(pairing(N).left), ("definition of Q", NUMBER)),
    truth=Truth(sp.Array(total(R[N, u] * v[N, u] * step, u)), sp.Array(step), words="d/dh of R(N)·(h v(N))"),
    wrong=(
        negated(NUMBER),
        Wrong("R alone", entry(total(R[N, o], o))),
        Wrong("v alone", entry(total(v[N, o], o))),
        Wrong("the product of the sums", entry(total(R[N, o], o) * total(v[N, u], u))),
    ),
)

FACTORS = [matrix("J", 1, 3, 2), matrix("J", 2, 2, 3)]
COVECTOR, TANGENT = vector("R", 2, 2), vector("v", 0, 2)
J_1, J_2 = (Letter(f"J{k}", sp.Array(rows)) for k, rows in enumerate(FACTORS, 1))
TOP, BOTTOM = Letter("R", sp.Array(COVECTOR)), Letter("v", sp.Array(TANGENT))
PULLED = Dot(Dot(Dot(TOP, J_2), J_1), BOTTOM)

WRITTEN_OUT = Derivation(
    id="pair_2",
    title="Push and pull along any chain. Written out for two factors",
    statement="R·(J2·(J1·v)) = ((R·J2)·J1)·v",
    rows=(),
    sizes="2-3-2",
    assumptions=("J1 is 3 x 2, J2 is 2 x 3; R is a row, v a column",),
    steps=chain(
        Dot(TOP, Dot(J_2, Dot(J_1, BOTTOM))),
        ("the last factor is pulled to the left", Dot(Dot(TOP, J_2), Dot(J_1, BOTTOM))),
        ("and then the first", PULLED),
    ),
    truth=Explicit(
        sp.Array(
            sum(
                COVECTOR[o] * FACTORS[1][o][k] * FACTORS[0][k][i] * TANGENT[i]
                for o, k, i in product(range(2), range(3), range(2))
            )
        ),
        words="the sum of all 12 products",
    ),
    wrong=(
        Wrong("the factors in the other order", Dot(TOP, Dot(Dot(J_1, J_2), BOTTOM))),
        Wrong("R and v exchanged", Dot(Dot(Dot(BOTTOM, J_2), J_1), TOP)),
        Wrong("J1 left out", Dot(Dot(TOP, J_2), BOTTOM)),
        Wrong("J2 left out", Dot(TOP, Dot(J_1, BOTTOM))),
    ),
)

SAME = entry(pairing(l).right)

ABOVE = pairing(UP)

STEP = Derivation(
    id="push_pull",
    title="Push and pull along any chain. Induction step: from layer l+1 to l",
    statement="(R·J(N)···J(1))·v = R·(J(N)···J(1)·v)",
    rows=("D-59",),
    sizes="n(l)",
    scope="all depths",
    assumptions=(
        "J(1) to J(N) are the Jacobians of a chain of any length N, of any sizes n(l) x n(l-1)",
        PUSH,
        PULL,
        words(ABOVE),
        "so the pairing is the same at every layer: at layer 0, of the covector pulled all the way down",
    ),
    where={
        R[l, j]: total(R[l + 1, k] * J[l + 1, k, j], k),
        v[l + 1, k]: total(J[l + 1, k, j] * v[l, j], j),
        **known(ABOVE),
    },
    steps=chain(
        entry(pairing(l).left),
        ("pull", entry(total(total(R[l + 1, k] * J[l + 1, k, j], k) * v[l, j], j))),
        ("the sums exchanged", entry(total(R[l + 1, k] * total(J[l + 1, k, j] * v[l, j], j), k))),
        ("push", entry(total(R[l + 1, k] * v[l + 1, k], k))),
        ("hypothesis", SAME),
    ),
    truth=Truth(
        sp.Array(total(R[l + 1, q] * total(J[l + 1, q, p] * v[l, p] * step, p), q)),
        sp.Array(step),
        words="d/dh of R(l+1)·J(l+1)·(h v(l)), the derivative along v(l)",
    ),
    wrong=(
        negated(SAME),
        Wrong("J transposed", entry(total(R[l + 1, k] * total(J[l + 1, j, k] * v[l, j], j), k))),
        Wrong("J missing", entry(total(total(R[l + 1, k], k) * v[l, j], j))),
        Wrong("v missing", entry(total(R[l, j], j))),
        Wrong("R missing", entry(total(v[l + 1, k], k))),
    ),
    lemmas=(BASE, WRITTEN_OUT),
)

INDUCTIONS = (Induction(pairing, BASE, STEP, start=N, hypothesis=ABOVE),)
DERIVATIONS = (STEP,)
