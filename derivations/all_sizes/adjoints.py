"""Transposes: the reversed order of denominator layout, and the two ways through a Jacobian."""

import sympy as sp

from ..proof.derivation import Derivation, Explicit, Truth, Wrong, chain
from ..proof.formula import entry
from ..proof.indices import total
from ..proof.letters import partial
from ..proof.wrong import negated
from .letters import ANY_F, ONE_LAYER, a, b, e, f, i, j, k, o, q, s, slope, w, y, z

x, u, v, v_w = map(sp.IndexedBase, ("x", "u", "v", "V"))
A, B, C, J, left = map(sp.IndexedBase, ("A", "B", "C", "J", "left"))
step = sp.Symbol("ε")

COMPOSED = "sympy's derivative of the linear maps, one after the other"
AT_ONCE = "sympy's derivative at ε = 0 of Σ u f(..), a step ε along v"

LINEAR = {y[j]: total(B[j, i] * x[i], i), z[o]: total(A[o, j] * y[j], j)}
A_T, B_T = sp.IndexedBase("A^T"), sp.IndexedBase("B^T")
TRANSPOSES = {A_T[j, o]: A[o, j], B_T[i, j]: B[j, i]}
J_LAYER = {J[k, i]: slope(s[k]) * w[i, k], s[k]: b[k] + total(y[i] * w[i, k], i)}
J_WEIGHTS = {J[o, i, j]: left[o, j] * y[i]}

REVERSED = entry(total(B_T[i, j] * A_T[j, o], j))
BACKWARD = entry(total(total(A[o, j] * B[j, e], j) * C[e, i], e))
PULLED = entry(total(total(w[i, k] * slope(s[k]) * u[k], k) * v[i], i))
PULLED_W = entry(total(y[i] * total(u[o] * left[o, j], o) * v_w[i, j], i, j))

MOVED = total(u[q] * f(b[q] + total((y[a] + step * v[a]) * w[a, q], a)), q)
MOVED_W = total(u[o] * left[o, q] * y[a] * (w[a, q] + step * v_w[a, q]), o, a, q)


def at_once(moved: sp.Expr) -> sp.Array:
    """The derivative by ε at ε = 0."""
    return sp.Array(sp.diff(moved, step).subs(step, 0))


DERIVATIONS = (
    Derivation(
        id="reversed",
        title="In denominator layout the chain is multiplied in the reversed order",
        statement="(A B)^T = B^T A^T",
        rows=("D-34", "D-37", "D-38", "D-39"),
        sizes="n, m, d",
        scope="all sizes",
        assumptions=(
            "y = B x and z = A y: A and B are the Jacobians of two maps in numerator layout",
            "in denominator layout the entry [i,o] is ∂z_o/∂x_i, the index of x first",
        ),
        where={**LINEAR, **TRANSPOSES},
        steps=chain(
            entry(partial(z[o], x[i])),
            ("chain rule: numerator layout, A B", entry(total(partial(z[o], y[j]) * partial(y[j], x[i]), j))),
            ("the Jacobians of the two maps", entry(total(A[o, j] * B[j, i], j))),
            ("numbers commute; definition of B^T, A^T", REVERSED),
        ),
        truth=Truth(sp.Array(total(A[o, q] * total(B[q, a] * x[a], a), q)), sp.Array(x[i])),
        wrong=(
            negated(REVERSED),
            Wrong("the order kept: A^T B^T", entry(total(A_T[i, j] * B_T[j, o], j))),
            Wrong("not transposed: B A", entry(total(B[i, j] * A[j, o], j))),
            Wrong("A B at [i,o]", entry(total(A[i, j] * B[j, o], j))),
            Wrong("A not transposed", entry(total(B_T[i, j] * A[j, o], j))),
            Wrong("B not transposed", entry(total(B[i, j] * A_T[j, o], j))),
        ),
    ),
    Derivation(
        id="any_order",
        title="The factors of a chain can be multiplied in any order of brackets",
        statement="A (B C) = (A B) C",
        rows=("D-60", "D-68"),
        sizes="n,m,d,r",
        scope="all sizes",
        assumptions=(
            "A is d x m, B is m x r, C is r x n: forward is A (B C), backward is (A B) C",
            "the products are equal, what they cost is not",
        ),
        steps=chain(
            entry(total(A[o, j] * total(B[j, e] * C[e, i], e), j)),
            ("A into the inner sum", entry(total(total(A[o, j] * B[j, e] * C[e, i], e), j))),
            ("finite sums are exchanged", entry(total(total(A[o, j] * B[j, e] * C[e, i], j), e))),
            ("C does not depend on j", BACKWARD),
        ),
        truth=Truth(
            sp.Array(total(A[o, q] * total(B[q, e] * total(C[e, a] * x[a], a), e), q)),
            sp.Array(x[i]),
            words=COMPOSED,
        ),
        wrong=(
            negated(BACKWARD),
            Wrong("A and B exchanged", entry(total(total(B[o, j] * A[j, e], j) * C[e, i], e))),
            Wrong("B transposed", entry(total(total(A[o, j] * B[e, j], j) * C[e, i], e))),
            Wrong("the sums apart", entry(total(A[o, j], j) * total(B[j, e] * C[e, i], j, e))),
            Wrong("C transposed", entry(total(total(A[o, j] * B[j, e], j) * C[i, e], e))),
        ),
    ),
    Derivation(
        id="adjoint",
        title="Pushing a tangent and pulling a covector meet in one number",
        statement="Σ_k u_k (J v)_k = Σ_i (u J)_i v_i",
        rows=("D-69", "H-76"),
        sizes="n, m",
        scope="all sizes",
        assumptions=(ONE_LAYER, ANY_F, "J = diag(f') W^T is J_Y^Z; v is a change of y, u a row for z"),
        where=J_LAYER,
        steps=chain(
            entry(total(u[k] * total(J[k, i] * v[i], i), k)),
            ("J = diag(f') W^T", entry(total(u[k] * slope(s[k]) * total(w[i, k] * v[i], i), k))),
            ("finite sums are exchanged", entry(total(total(u[k] * slope(s[k]) * w[i, k] * v[i], k), i))),
            ("v_i does not depend on k: W (f' u)", PULLED),
        ),
        truth=Explicit(at_once(MOVED), AT_ONCE),
        wrong=(
            negated(PULLED),
            Wrong("f' missing", entry(total(total(w[i, k] * u[k], k) * v[i], i))),
            Wrong("W^T for W", entry(total(total(w[k, i] * slope(s[k]) * u[k], k) * v[i], i))),
            Wrong("f' after W", entry(total(slope(s[i]) * total(w[i, k] * u[k], k) * v[i], i))),
            Wrong("entry by entry", entry(total(w[k, k] * slope(s[k]) * u[k] * v[k], k))),
            Wrong("v missing", entry(total(total(w[i, k] * slope(s[k]) * u[k], k), i))),
        ),
    ),
    Derivation(
        id="adjoint_W",
        title="The same for the weights: the pull of left ⊗ y is delta ⊗ y",
        statement="Σ_o u_o (J V)_o = Σ_ij (u J)_ij V_ij",
        rows=("D-73", "D-75"),
        sizes="n, m, d",
        scope="all sizes",
        assumptions=(
            "J[o,i,j] = left_oj y_i; V is a change of the weights, u a row with one number for each output",
            "(J V)_o = Σ_ij J[o,i,j] V_ij and (u J)_ij = Σ_o u_o J[o,i,j]",
        ),
        where=J_WEIGHTS,
        steps=chain(
            entry(total(u[o] * total(J[o, i, j] * v_w[i, j], i, j), o)),
            ("J = left ⊗ y", entry(total(u[o] * total(left[o, j] * total(y[i] * v_w[i, j], i), j), o))),
            ("finite sums are exchanged", entry(total(total(u[o] * left[o, j] * y[i] * v_w[i, j], o), i, j))),
            ("y and V do not depend on o", PULLED_W),
        ),
        truth=Explicit(at_once(MOVED_W), "sympy's derivative at ε = 0 of the outputs along V, weighted by u"),
        wrong=(
            negated(PULLED_W),
            Wrong("left missing", entry(total(y[i] * u[j] * v_w[i, j], i, j))),
            Wrong("y missing", entry(total(total(u[o] * left[o, j], o) * v_w[i, j], i, j))),
            Wrong("V transposed", entry(total(y[i] * total(u[o] * left[o, j], o) * v_w[j, i], i, j))),
            Wrong("left transposed", entry(total(y[i] * total(u[o] * left[j, o], o) * v_w[i, j], i, j))),
            Wrong(
                "V summed apart",
                entry(total(y[i] * total(u[o] * left[o, j], o), i, j) * total(v_w[i, j], i, j)),
            ),
        ),
    ),
)
