"""A layer of radial basis functions: its outputs by the distances, the inputs, the centres and the widths."""

import sympy as sp

from ..proof.derivation import Derivation, Explicit, Truth, Wrong, chain
from ..proof.formula import entry
from ..proof.indices import delta, total
from ..proof.letters import partial
from ..proof.wrong import negated, without
from .letters import ANY_LOSS, ENTRIES, LOSS, a, i, j, k, loss, q, row, s, y, z

centre, beta, squares = map(sp.IndexedBase, ("C", "beta", "r"))
y_moves, C_moves, beta_moves = map(sp.IndexedBase, ("v", "D", "h"))

SUMS = {squares[k]: total((y[i] - centre[i, k]) ** 2, i), s[k]: beta[k] * squares[k]}
OUTPUTS = {z[k]: sp.exp(-s[k])}
RBF = {**SUMS, **OUTPUTS}

UNITS = (
    "r_k = Σ_i (y_i - C_ik)^2, s_k = beta_k r_k and z_k = exp(-s_k): centre k is column k of C; "
    "i from 1 to n, k from 1 to m; one case"
)

SUM_K = beta[k] * total((y[a] - centre[a, k]) ** 2, a)
EXPLICIT_Z = sp.Array(sp.exp(-SUM_K))
EXPLICIT_L = sp.Array(total(row[q] * sp.exp(-beta[q] * total((y[a] - centre[a, q]) ** 2, a)), q))

SLOPE = entry(-delta(k, j) * z[k])
J_YS = entry(2 * beta[k] * (y[i] - centre[i, k]))
J_CS = entry(-2 * delta(j, k) * beta[k] * (y[i] - centre[i, k]))
J_BS = entry(delta(j, k) * squares[k])
J_YZ = entry(-2 * beta[k] * z[k] * (y[i] - centre[i, k]))
J_CZ = entry(2 * delta(j, k) * beta[k] * z[k] * (y[i] - centre[i, k]))
J_BZ = entry(-delta(j, k) * squares[k] * z[k])
ROW_Y = entry(-2 * total(row[k] * z[k] * beta[k] * (y[i] - centre[i, k]), k))
ROW_C = entry(2 * row[j] * z[j] * beta[j] * (y[i] - centre[i, j]))
ROW_B = entry(-row[j] * z[j] * squares[j])

MOVES = "y moves along v_i, C along D_ij, beta along h_j: any changes"
ALONG = "sympy's derivative of the moved entry by tau, at tau = 0"


def along(J: sp.Expr) -> sp.Expr:
    """How an entry moves: its derivatives by all inputs, centres and widths, each times what that moves."""
    return (
        total(y_moves[a] * partial(J, y[a]), a)
        + total(C_moves[a, q] * partial(J, centre[a, q]), a, q)
        + total(beta_moves[q] * partial(J, beta[q]), q)
    )


def moved(J: sp.Expr) -> sp.Expr:
    """The same by one number: y + tau v, C + tau D, beta + tau h in an explicit entry."""
    tau, moves = sp.Symbol("tau"), {y: y_moves, centre: C_moves, beta: beta_moves}
    letters = {e: e + tau * moves[e.base][e.indices] for e in J.atoms(sp.Indexed)}
    return sp.diff(J.xreplace(letters), tau).xreplace({tau: sp.S.Zero})


BEND = entry(delta(k, j) * z[k] * y_moves[k])
Y_BEND = entry(2 * beta[k] * (y_moves[i] - C_moves[i, k]) + 2 * beta_moves[k] * (y[i] - centre[i, k]))
SQUARES_BEND = total(2 * (y[i] - centre[i, k]) * (y_moves[i] - C_moves[i, k]), i)
B_BEND = entry(delta(j, k) * SQUARES_BEND)

DERIVATIONS = (
    Derivation(
        id="rbf_slope",
        title="The outputs of a radial layer by its weighted distances",
        statement="J_Sum^Z[k,j] = -δ_kj z_k",
        rows=("H-36",),
        sizes="m",
        scope="all sizes",
        assumptions=("z_k = exp(-s_k), with k from 1 to m; one case", ENTRIES),
        where=OUTPUTS,
        steps=chain(
            entry(partial(z[k], s[j])),
            ("exp is its own derivative", entry(sp.exp(-s[k]) * partial(-s[k], s[j]))),
            ("∂s_k/∂s_j = δ_kj", entry(-delta(k, j) * sp.exp(-s[k]))),
            ("definition of z", SLOPE),
        ),
        truth=Truth(sp.Array(sp.exp(-s[k])), sp.Array(s[j])),
        wrong=(
            negated(SLOPE),
            without(SLOPE, delta(k, j), "δ_kj missing: not elementwise"),
            Wrong("the sigmoid's: z(1-z)", entry(delta(k, j) * z[k] * (1 - z[k]))),
            Wrong("-s_k z_k: beta taken for the variable", entry(-delta(k, j) * s[k] * z[k])),
        ),
    ),
    Derivation(
        id="rbf_Y_Sum",
        title="The weighted distances of a radial layer by its inputs",
        statement="J_Y^Sum[k,i] = 2 beta_k (y_i - C_ik)",
        rows=("H-36",),
        sizes="n, m",
        scope="all sizes",
        assumptions=(UNITS, ENTRIES),
        where=SUMS,
        steps=chain(
            entry(partial(s[k], y[i])),
            (
                "the square's derivative",
                entry(beta[k] * total(2 * (y[a] - centre[a, k]) * partial(y[a], y[i]), a)),
            ),
            ("∂y_a/∂y_i = δ_ai", entry(2 * beta[k] * total((y[a] - centre[a, k]) * delta(a, i), a))),
            ("the delta picks one term", J_YS),
        ),
        truth=Truth(sp.Array(SUM_K), sp.Array(y[i])),
        wrong=(
            negated(J_YS),
            without(J_YS, sp.Integer(2), "the factor 2 missing"),
            without(J_YS, beta[k], "beta_k missing"),
            Wrong("from the origin, C missing", entry(2 * beta[k] * y[i])),
            Wrong("C transposed", entry(2 * beta[k] * (y[i] - centre[k, i]))),
        ),
    ),
    Derivation(
        id="rbf_C_Sum",
        title="The weighted distances of a radial layer by its centres",
        statement="J_C^Sum[k,i,j] = -2 δ_jk beta_k (y_i - C_ik)",
        rows=("H-36",),
        sizes="n, m",
        scope="all sizes",
        assumptions=(UNITS, ENTRIES),
        where=SUMS,
        steps=chain(
            entry(partial(s[k], centre[i, j])),
            (
                "the square's derivative",
                entry(-2 * beta[k] * total((y[a] - centre[a, k]) * partial(centre[a, k], centre[i, j]), a)),
            ),
            (
                "∂C_ak/∂C_ij = δ_ai δ_jk",
                entry(-2 * beta[k] * total((y[a] - centre[a, k]) * delta(a, i) * delta(j, k), a)),
            ),
            ("the delta picks one term", J_CS),
        ),
        truth=Truth(sp.Array(SUM_K), sp.Array(centre[i, j])),
        wrong=(
            negated(J_CS),
            without(J_CS, delta(j, k), "δ_jk missing: every unit near every centre"),
            without(J_CS, beta[k], "beta_k missing"),
            Wrong("a weight's: δ_jk y_i", entry(delta(j, k) * y[i])),
            Wrong("half of it: the factor 2 missing", entry(-delta(j, k) * beta[k] * (y[i] - centre[i, k]))),
        ),
    ),
    Derivation(
        id="rbf_beta_Sum",
        title="The weighted distances of a radial layer by its widths",
        statement="J_beta^Sum[k,j] = δ_jk r_k",
        rows=("H-36",),
        sizes="n, m",
        scope="all sizes",
        assumptions=(UNITS, ENTRIES),
        where=SUMS,
        steps=chain(
            entry(partial(s[k], beta[j])),
            ("r_k does not depend on beta", entry(squares[k] * partial(beta[k], beta[j]))),
            ("∂beta_k/∂beta_j = δ_jk", J_BS),
        ),
        truth=Truth(sp.Array(SUM_K), sp.Array(beta[j])),
        wrong=(
            negated(J_BS),
            without(J_BS, delta(j, k), "δ_jk missing: one width for all"),
            Wrong("the weighted distance itself", entry(delta(j, k) * s[k])),
            Wrong("the distance of one coordinate", entry(delta(j, k) * (y[1] - centre[1, k]) ** 2)),
            Wrong("from the origin, C missing", entry(delta(j, k) * total(y[a] ** 2, a))),
        ),
    ),
    Derivation(
        id="rbf_Y_Z",
        title="The outputs of a radial layer by its inputs",
        statement="J_Y^Z[k,i] = -2 beta_k z_k (y_i - C_ik)",
        rows=("H-36",),
        sizes="n, m",
        scope="all sizes",
        assumptions=(UNITS, ENTRIES, "0 at the centre, where the unit is at its top"),
        where=RBF,
        steps=chain(
            entry(partial(z[k], y[i])),
            ("chain rule, with J_Sum^Z = -diag(z)", entry(-z[k] * partial(s[k], y[i]))),
            ("J_Y^Sum", J_YZ),
        ),
        truth=Truth(EXPLICIT_Z, sp.Array(y[i])),
        wrong=(
            negated(J_YZ),
            without(J_YZ, z[k], "z_k missing"),
            without(J_YZ, beta[k], "beta_k missing"),
            Wrong("the factor 2 missing", entry(-beta[k] * z[k] * (y[i] - centre[i, k]))),
            Wrong("z_k of another unit", entry(-2 * beta[k] * z[1] * (y[i] - centre[i, k]))),
        ),
    ),
    Derivation(
        id="rbf_C_Z",
        title="The outputs of a radial layer by its centres",
        statement="J_C^Z[k,i,j] = 2 δ_jk beta_k z_k (y_i - C_ik)",
        rows=("H-36",),
        sizes="n, m",
        scope="all sizes",
        assumptions=(UNITS, ENTRIES, "a centre moves as the input does, the other way"),
        where=RBF,
        steps=chain(
            entry(partial(z[k], centre[i, j])),
            ("chain rule, with J_Sum^Z = -diag(z)", entry(-z[k] * partial(s[k], centre[i, j]))),
            ("J_C^Sum", J_CZ),
        ),
        truth=Truth(EXPLICIT_Z, sp.Array(centre[i, j])),
        wrong=(
            negated(J_CZ),
            without(J_CZ, delta(j, k), "δ_jk missing"),
            without(J_CZ, z[k], "z_k missing"),
            Wrong("the difference turned round", entry(2 * delta(j, k) * beta[k] * z[k] * centre[i, k])),
            Wrong("beta_k missing", entry(2 * delta(j, k) * z[k] * (y[i] - centre[i, k]))),
        ),
    ),
    Derivation(
        id="rbf_beta_Z",
        title="The outputs of a radial layer by its widths",
        statement="J_beta^Z[k,j] = -δ_jk r_k z_k",
        rows=("H-36",),
        sizes="n, m",
        scope="all sizes",
        assumptions=(UNITS, ENTRIES),
        where=RBF,
        steps=chain(
            entry(partial(z[k], beta[j])),
            ("chain rule, with J_Sum^Z = -diag(z)", entry(-z[k] * partial(s[k], beta[j]))),
            ("J_beta^Sum", J_BZ),
        ),
        truth=Truth(EXPLICIT_Z, sp.Array(beta[j])),
        wrong=(
            negated(J_BZ),
            without(J_BZ, delta(j, k), "δ_jk missing"),
            without(J_BZ, z[k], "z_k missing"),
            without(J_BZ, squares[k], "r_k missing"),
            Wrong("the weighted distance for the distance", entry(-delta(j, k) * s[k] * z[k])),
        ),
    ),
    Derivation(
        id="rbf_C_L",
        title="The gradient of the centres",
        statement="∂L/∂C_ij = 2 L'_j z_j beta_j (y_i - C_ij)",
        rows=("H-36",),
        sizes="n, m",
        scope="all sizes",
        assumptions=(UNITS, ANY_LOSS),
        where={**RBF, **LOSS},
        steps=chain(
            entry(partial(loss, centre[i, j])),
            ("chain rule", entry(total(row[k] * partial(z[k], centre[i, j]), k))),
            ("J_C^Z", entry(total(row[k] * J_CZ.array[()], k))),
            ("the delta picks one unit", ROW_C),
        ),
        truth=Truth(EXPLICIT_L, sp.Array(centre[i, j])),
        wrong=(
            negated(ROW_C),
            without(ROW_C, row[j], "L' missing"),
            without(ROW_C, z[j], "z_j missing"),
            Wrong("y_i alone, as for a weight", entry(2 * row[j] * z[j] * beta[j] * y[i])),
            Wrong(
                "summed over the units",
                entry(total(2 * row[k] * z[k] * beta[k] * (y[i] - centre[i, k]), k)),
            ),
        ),
    ),
    Derivation(
        id="rbf_beta_L",
        title="The gradient of the widths",
        statement="∂L/∂beta_j = -L'_j z_j r_j",
        rows=("H-36",),
        sizes="n, m",
        scope="all sizes",
        assumptions=(UNITS, ANY_LOSS),
        where={**RBF, **LOSS},
        steps=chain(
            entry(partial(loss, beta[j])),
            ("chain rule", entry(total(row[k] * partial(z[k], beta[j]), k))),
            ("J_beta^Z", entry(-total(row[k] * delta(j, k) * squares[k] * z[k], k))),
            ("the delta picks one unit", ROW_B),
        ),
        truth=Truth(EXPLICIT_L, sp.Array(beta[j])),
        wrong=(
            negated(ROW_B),
            without(ROW_B, row[j], "L' missing"),
            without(ROW_B, z[j], "z_j missing"),
            Wrong("the weighted distance", entry(-row[j] * z[j] * s[j])),
            Wrong("one width for all units", entry(-total(row[k] * z[k] * squares[k], k))),
        ),
    ),
    Derivation(
        id="rbf_Y_L",
        title="The row below a radial layer",
        statement="∂L/∂y_i = -2 Σ_k L'_k z_k beta_k (y_i - C_ik)",
        rows=("H-36",),
        sizes="n, m",
        scope="all sizes",
        assumptions=(UNITS, ANY_LOSS),
        where={**RBF, **LOSS},
        steps=chain(
            entry(partial(loss, y[i])),
            ("chain rule", entry(total(row[k] * partial(z[k], y[i]), k))),
            ("J_Y^Z", entry(total(row[k] * J_YZ.array[()], k))),
            ("-2 has no index", ROW_Y),
        ),
        truth=Truth(EXPLICIT_L, sp.Array(y[i])),
        wrong=(
            negated(ROW_Y),
            Wrong("one unit alone", entry(-2 * row[1] * z[1] * beta[1] * (y[i] - centre[i, 1]))),
            Wrong("z missing", entry(-2 * total(row[k] * beta[k] * (y[i] - centre[i, k]), k))),
            Wrong("C missing", entry(-2 * y[i] * total(row[k] * z[k] * beta[k], k))),
            Wrong(
                "C transposed",
                entry(-2 * total(row[k] * z[k] * beta[k] * (y[i] - centre[k, i]), k)),
            ),
        ),
    ),
    Derivation(
        id="rbf_bend",
        title="How J_Sum of a radial layer moves with its sums",
        statement="Σ_q v_q ∂J_Sum^Z[k,j]/∂s_q = δ_kj z_k v_k",
        rows=("H-36",),
        sizes="m",
        scope="all sizes",
        assumptions=("z_k = exp(-s_k), with k from 1 to m; one case", ENTRIES, "v is any change of the sums"),
        where=OUTPUTS,
        steps=chain(
            entry(total(y_moves[q] * partial(-delta(k, j) * z[k], s[q]), q)),
            ("the delta is a number", entry(-delta(k, j) * total(y_moves[q] * partial(z[k], s[q]), q))),
            ("rbf_slope", entry(delta(k, j) * total(y_moves[q] * delta(k, q) * z[k], q))),
            ("the delta picks one sum", BEND),
        ),
        truth=Explicit(
            sp.Array(total(y_moves[q] * sp.diff(-delta(k, j) * sp.exp(-s[k]), s[q]), q)),
            "the sum with sympy's derivatives of -δ_kj exp(-s_k) by s_q",
        ),
        wrong=(
            negated(BEND),
            without(BEND, z[k], "z_k missing"),
            without(BEND, y_moves[k], "v missing"),
            without(BEND, delta(k, j), "δ_kj missing"),
        ),
    ),
    Derivation(
        id="rbf_Y_bend",
        title="How J_Y^Sum of a radial layer moves",
        statement="J_Y^Sum[k,i]' = 2 beta_k (v_i - D_ik) + 2 h_k (y_i - C_ik)",
        rows=("H-36",),
        sizes="n, m",
        scope="all sizes",
        assumptions=(UNITS, ENTRIES, MOVES, "-δ_jk times it is how J_C^Sum moves"),
        where=SUMS,
        steps=chain(
            entry(along(J_YS.array[()])),
            (
                "the product rule",
                entry(
                    total(y_moves[a] * 2 * beta[k] * delta(a, i), a)
                    - total(C_moves[a, q] * 2 * beta[k] * delta(a, i) * delta(q, k), a, q)
                    + total(beta_moves[q] * delta(q, k) * 2 * (y[i] - centre[i, k]), q)
                ),
            ),
            ("each delta picks one term", Y_BEND),
        ),
        truth=Explicit(sp.Array(moved(sp.diff(SUM_K, y[i]))), ALONG),
        wrong=(
            negated(Y_BEND),
            Wrong(
                "C holds still", entry(2 * beta[k] * y_moves[i] + 2 * beta_moves[k] * (y[i] - centre[i, k]))
            ),
            Wrong("beta holds still", entry(2 * beta[k] * (y_moves[i] - C_moves[i, k]))),
            Wrong("C moves as y does", entry(Y_BEND.array[()] + 4 * beta[k] * C_moves[i, k])),
            without(Y_BEND, sp.Integer(2), "the factor 2 missing"),
        ),
    ),
    Derivation(
        id="rbf_beta_bend",
        title="How J_beta^Sum of a radial layer moves",
        statement="J_beta^Sum[k,j]' = δ_jk Σ_i 2 (y_i - C_ik) (v_i - D_ik)",
        rows=("H-36",),
        sizes="n, m",
        scope="all sizes",
        assumptions=(UNITS, ENTRIES, MOVES, "the distances do not depend on beta"),
        where=SUMS,
        steps=chain(
            entry(along(J_BS.array[()])),
            (
                "the square's derivative",
                entry(
                    delta(j, k)
                    * (
                        total(y_moves[a] * 2 * (y[a] - centre[a, k]), a)
                        - total(C_moves[a, q] * 2 * (y[a] - centre[a, k]) * delta(q, k), a, q)
                    )
                ),
            ),
            ("the delta picks one centre", B_BEND),
        ),
        truth=Explicit(sp.Array(moved(delta(j, k) * total((y[i] - centre[i, k]) ** 2, i))), ALONG),
        wrong=(
            negated(B_BEND),
            Wrong("δ_jk missing", entry(SQUARES_BEND)),
            Wrong("C holds still", entry(delta(j, k) * total(2 * (y[i] - centre[i, k]) * y_moves[i], i))),
            Wrong("the factor 2 missing", entry(delta(j, k) * SQUARES_BEND / 2)),
            Wrong(
                "the sums multiplied",
                entry(2 * delta(j, k) * total(y[i] - centre[i, k], i) * total(y_moves[i] - C_moves[i, k], i)),
            ),
        ),
    ),
)
