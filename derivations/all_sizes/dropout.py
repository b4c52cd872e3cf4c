"""Dropout: with a mask drawn it is diagonal, and over all masks its mean is what went in."""

import sympy as sp

from ..proof.derivation import Derivation, Explicit, Truth, Wrong, chain
from ..proof.formula import entry
from ..proof.indices import delta, total
from ..proof.letters import partial
from ..proof.wrong import negated, without
from .letters import ANY_LOSS, LOSS, k, loss, q, row, y, z

mask = sp.IndexedBase("mask")
kept, lost = map(sp.IndexedBase, ("kept", "lost"))
rate = sp.Symbol("rho")
keep = 1 - rate

DROPPED = {z[k]: mask[k] * y[k] / keep}
OUTCOMES = {kept[k]: y[k] / keep, lost[k]: 0 * y[k]}

MASKED = "z_k = mask_k y_k/(1-rho), with k from 1 to m: mask_k is 0 or 1, drawn before; rho < 1; one case"
DRAWN = (
    "mask_k is 1, and kept_k = y_k/(1-rho) is the output, with probability 1 - rho; "
    "else mask_k and lost_k are 0"
)

EXPLICIT_Z = mask[k] * y[k] / keep
CHANCE = {1: keep, 0: rate}
FOUR = [
    CHANCE[own] * CHANCE[other] * EXPLICIT_Z.xreplace({mask[k]: own}) for own in CHANCE for other in CHANCE
]
J_DROP = entry(delta(k, q) * mask[k] / keep)
ROW = entry(row[q] * mask[q] / keep)
MEAN = entry(y[k])
SPREAD = entry(rate * y[k] ** 2 / keep)

DERIVATIONS = (
    Derivation(
        id="drop_J",
        title="The Jacobian of dropout with its mask drawn",
        statement="J_Y^Z[k,q] = δ_kq mask_k/(1-rho)",
        rows=(),
        sizes="m",
        scope="all sizes",
        assumptions=(MASKED,),
        where=DROPPED,
        steps=chain(
            entry(partial(z[k], y[q])),
            ("the mask does not depend on y", entry(mask[k] / keep * partial(y[k], y[q]))),
            ("∂y_k/∂y_q = δ_kq", J_DROP),
        ),
        truth=Truth(sp.Array(EXPLICIT_Z), sp.Array(y[q])),
        wrong=(
            negated(J_DROP),
            without(J_DROP, mask[k], "the mask missing"),
            Wrong("1-rho missing", entry(delta(k, q) * mask[k])),
            Wrong("the mask inverted", entry(delta(k, q) * (1 - mask[k]) / keep)),
            Wrong("divided by rho", entry(delta(k, q) * mask[k] / rate)),
            without(J_DROP, delta(k, q), "δ_kq missing: the units mixed"),
        ),
    ),
    Derivation(
        id="drop_L",
        title="The row below dropout: the same mask again",
        statement="∂L/∂y_q = L'_q mask_q/(1-rho)",
        rows=(),
        sizes="m",
        scope="all sizes",
        assumptions=(MASKED, ANY_LOSS),
        where={**DROPPED, **LOSS},
        steps=chain(
            entry(partial(loss, y[q])),
            ("chain rule", entry(total(row[k] * partial(z[k], y[q]), k))),
            ("drop_J", entry(total(row[k] * delta(k, q) * mask[k] / keep, k))),
            ("the delta picks one unit", ROW),
        ),
        truth=Truth(sp.Array(total(row[k] * EXPLICIT_Z, k)), sp.Array(y[q])),
        wrong=(
            negated(ROW),
            without(ROW, mask[q], "the mask missing"),
            Wrong("the mask inverted", entry(row[q] * (1 - mask[q]) / keep)),
            Wrong("1-rho missing", entry(row[q] * mask[q])),
            Wrong("1-rho on both ways", entry(row[q] * mask[q] / keep**2)),
        ),
    ),
    Derivation(
        id="drop_mean",
        title="Over all masks the mean of dropout is its input",
        statement="(1-rho) kept_k + rho lost_k = y_k",
        rows=(),
        sizes="m",
        scope="all sizes",
        assumptions=(DRAWN, "so that a layer above finds the same mean when nothing is dropped any more"),
        where=OUTCOMES,
        steps=chain(
            entry(keep * kept[k] + rate * lost[k]),
            ("what is lost is 0", entry(keep * kept[k])),
            ("what is kept is divided by 1-rho", MEAN),
        ),
        truth=Explicit(sp.Array(sp.Add(*FOUR)), "the sum over the four masks of unit k and another unit"),
        wrong=(
            negated(MEAN),
            Wrong("not divided by 1-rho", entry(keep * y[k])),
            Wrong("divided by rho", entry(keep * y[k] / rate)),
            Wrong("what is kept alone", entry(kept[k])),
            Wrong("the chances exchanged", entry(rate * kept[k])),
        ),
    ),
    Derivation(
        id="drop_spread",
        title="Over all masks the variance of dropout",
        statement="(1-rho) (kept_k - y_k)^2 + rho (lost_k - y_k)^2 = rho y_k^2/(1-rho)",
        rows=(),
        sizes="m",
        scope="all sizes",
        assumptions=(DRAWN, "y_k is the mean (drop_mean)"),
        where=OUTCOMES,
        steps=chain(
            entry(keep * (kept[k] - y[k]) ** 2 + rate * (lost[k] - y[k]) ** 2),
            ("kept_k - y_k = rho y_k/(1-rho)", entry(rate**2 * y[k] ** 2 / keep + rate * y[k] ** 2)),
            ("rho/(1-rho) + 1 = 1/(1-rho)", SPREAD),
        ),
        truth=Explicit(
            sp.Array(keep * (y[k] / keep) ** 2 - y[k] ** 2), "the mean square less the square of the mean"
        ),
        wrong=(
            negated(SPREAD),
            Wrong("the mask's own: rho (1-rho) y_k^2", entry(rate * keep * y[k] ** 2)),
            Wrong("the mean square", entry(y[k] ** 2 / keep)),
            Wrong("0, as of the mean", entry(sp.S.Zero)),
        ),
    ),
)
