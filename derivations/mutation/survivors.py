"""Why nothing can fail without these terms: the formula says the same with them and without."""

from collections.abc import Iterable
from dataclasses import dataclass

from .mutants import Mutant


@dataclass(frozen=True)
class Explanation:
    """Why some deletions change nothing: one, ``old -> new``, or all within an expression, ``old``."""

    module: str
    place: str
    text: str
    reason: str

    def covers(self, mutant: Mutant) -> bool:
        """Whether it speaks of this deletion."""
        if (mutant.module, mutant.place) != (self.module, self.place):
            return False
        old = mutant.change.partition(" -> ")[0]
        return self.text == mutant.change if "->" in self.text else old in self.text


def reason(mutant: Mutant, explanations: Iterable[Explanation]) -> str | None:
    """The first explanation of a mutant, if there is one."""
    return next((e.reason for e in explanations if e.covers(mutant)), None)


_INPUTS_BELOW = "total(w[h, j] * phi(s[h]), h)"
_SIGMOIDS_BELOW = "total(theta[i, p] / (1 + sp.exp(-z[p])), p)"
_LOG_PART = "total(t[j], j) * sp.log(total(sp.exp(z[q]), q))"
_LINEAR_PART = "total(t[j] * z[j], j)"
_BOTH_CASES = "(g1(start) + g2(start - g1(start) * eta))"

_EQUIVALENT = {
    "W has one column: j = b = 1 always, and the second delta is always 1": (
        ("slides.gradients_321", "UNIT_W", "delta(i, a) * delta(j, b) -> delta(i, a)"),
    ),
    "dg(R)/dR is diagonal, hence its own transpose; the derivation twist has a matrix that is not": (
        ("slides.gradients_321", "dY_dV", "Transpose(D(G_R, R)) -> D(G_R, R)"),
    ),
    "W is independent of V, so that Y . dW/dV is 0, as the next step says": (
        (
            "slides.gradients_321",
            "dZ_dV",
            "Plus(Dot(weights(Y, V), W), Dot(Y, weights(W, V))) -> Dot(weights(Y, V), W)",
        ),
    ),
    "the bias does not depend on what the loss or the sum is differentiated by: its derivative is 0": (
        ("notes.bao_all_sizes", "bao_back", f"w[0, j] + {_INPUTS_BELOW} -> {_INPUTS_BELOW}"),
        ("notes.dehaqani", "deh_affine", "total(y[a] * W[j, a], a) + b[j] -> total(y[a] * W[j, a], a)"),
        ("notes.dehaqani", "deh_back", "total(W[q, a] * y[a], a) + b[q] -> total(W[q, a] * y[a], a)"),
        (
            "notes.dehaqani_training",
            "deh_train",
            "b[j] + total(W[j, i] * y[c, i], i) -> total(W[j, i] * y[c, i], i)",
        ),
        (
            "notes.dehaqani_training",
            "deh_train",
            "total(W[q, a] * y[c, a], a) + b[q] -> total(W[q, a] * y[c, a], a)",
        ),
        ("notes.mukund", "mk_zero", "w[k, i] * sigma(z[i]) + b[k] -> w[k, i] * sigma(z[i])"),
        ("notes.mukund", "mk_zero", "b[k] + sigma(z[i]) * w[k, i] -> sigma(z[i]) * w[k, i]"),
        (
            "notes.mukund",
            "mk_step",
            "total(w[k, i] * sigma(z[i]), i) + b[k] -> total(w[k, i] * sigma(z[i]), i)",
        ),
        ("notes.ng", "ng_back", f"{_SIGMOIDS_BELOW} + theta[i, 0] -> {_SIGMOIDS_BELOW}"),
    ),
    "the input of the bias is defined to be 1": (
        ("all_sizes.augmented", "aug_sum", "Y[0] * W[0, k] -> W[0, k]"),
        ("notes.bao_all_sizes", "SUMS", "w[0, j] * x[0] -> w[0, j]"),
        ("notes.bao_all_sizes", "bao_grad", "partial(J, z[j]) * x[0] -> partial(J, z[j])"),
        ("notes.bao_weights", "bao_1", "v[0] * o[0] -> v[0]"),
        ("notes.ng", "LAYER", "theta[i, 0] * a[0] -> theta[i, 0]"),
        ("notes.one_network", "Note", "self.hidden_bias(j) * self.one -> self.hidden_bias(j)"),
        ("notes.one_network", "Note", "self.top_bias(k) * self.top_one -> self.top_bias(k)"),
        ("notes.one_network", "by_sums", "through_lower * note.one -> through_lower"),
        ("notes.one_network", "by_sums", "through_upper * note.top_one -> through_upper"),
        ("notes.one_network", "backward_once", "back * note.one -> back"),
        ("notes.one_network", "backward_once", "at_output * note.top_one -> at_output"),
    ),
    "the delta leaves the term g = 0 alone, and in it Y_0 is 1": (
        (
            "all_sizes.augmented",
            "aug_row_0",
            "Y[g] * partial(w[g, k], w[0, j]) -> partial(w[g, k], w[0, j])",
        ),
        ("all_sizes.augmented", "aug_row_0", "error[k] * total(Y[g] * delta(0, g), g) -> error[k]"),
        ("all_sizes.augmented", "aug_row_0", "Y[g] * delta(0, g) -> delta(0, g)"),
    ),
    "the bias Θ_i0 enters each sum z⁺_ci with the factor 1, which is its derivative": (
        ("notes.ng", "ng_D", "d[c, i] * partial(above[c, i], theta[i, 0]) -> d[c, i]"),
    ),
    "the targets of a case sum to 1: (1-g) + m g/m = 1": (
        ("all_sizes.class_labels", "CE_smooth", "p[q] * total(t[label, k], k) -> p[q]"),
        ("all_sizes.class_labels", "CE_smooth", "p[q] * (1 - share + share) -> p[q]"),
    ),
    "the outputs of a softmax sum to 1": (
        (
            "all_sizes.softmax_products",
            "soft_var",
            "total(p[k], k) * total(p[q] * v[q], q) ** 2 -> total(p[q] * v[q], q) ** 2",
        ),
    ),
    "Σ t z is linear in z: the second derivative of every part of it is 0": (
        ("all_sizes.cross_entropy", "CE_Hessian", f"{_LOG_PART} - {_LINEAR_PART} -> {_LOG_PART}"),
        ("all_sizes.cross_entropy", "CE_Hessian", _LINEAR_PART),
    ),
    "it only says at which layer the induction starts: no formula of a derivation is made from it": (
        ("all_depths.softmax_on_top", "INDUCTIONS", "N - 1 -> N"),
        ("all_depths.softmax_on_top", "INDUCTIONS", "N - 1 -> -1"),
    ),
    "w does not depend on the step: the derivative by ε is that of ε V alone": (
        ("all_sizes.adjoints", "MOVED_W", "w[a, q] + step * v_w[a, q] -> step * v_w[a, q]"),
    ),
    "the starting weight does not depend on eta": (
        ("errata.descent", "E-16", f"start - eta * {_BOTH_CASES} -> -(eta * {_BOTH_CASES})"),
    ),
    "the derivative is taken at eta = 0, where the weights after the first case are those at the start": (
        ("errata.descent", "E-16", "start - g1(start) * eta -> start"),
        ("errata.descent", "E-16", "g1(start) * eta -> eta"),
    ),
    "a function and the same plus 1 have one derivative": (
        ("notes.bao_recursion", "bao_psi", "1 - 2 / (sp.exp(2 * u) + 1) -> -(2 / (sp.exp(2 * u) + 1))"),
    ),
    "in the example y is 1: this logarithm has the factor 1 - y = 0": (
        (
            "notes.bao_example",
            "FORWARD",
            "-y * sp.log(yhat) - (1 - y) * sp.log(1 - yhat) -> -y * sp.log(yhat)",
        ),
        ("notes.bao_example", "FORWARD", "(1 - y) * sp.log(1 - yhat) -> 1 - y"),
        ("notes.bao_example", "FORWARD", "sp.log(1 - yhat) -> 1 - yhat"),
        ("notes.bao_example", "FORWARD", "1 - yhat -> 1"),
        ("notes.bao_example", "FORWARD", "1 - yhat -> -yhat"),
    ),
    "in the example the inputs x0 and x2 are 1": (
        ("notes.bao_example", "EXPLICIT", "-w[0][0] * x[0] -> -w[0][0]"),
        ("notes.bao_example", "EXPLICIT", "-w[0][1] * x[0] -> -w[0][1]"),
        ("notes.bao_example", "EXPLICIT", "w[2][0] * x[2] -> w[2][0]"),
        ("notes.bao_example", "EXPLICIT", "w[2][1] * x[2] -> w[2][1]"),
    ),
    "in the example the input x1 is 0, and with it the derivative by each weight from it": (
        ("notes.bao_example", "EXPLICIT", "-w[0][0] * x[0] - w[1][0] * x[1] -> -w[0][0] * x[0]"),
        ("notes.bao_example", "EXPLICIT", "-w[0][1] * x[0] - w[1][1] * x[1] -> -w[0][1] * x[0]"),
        ("notes.bao_example", "EXPLICIT", "w[1][0] * x[1] -> x[1]"),
        ("notes.bao_example", "EXPLICIT", "w[1][1] * x[1] -> x[1]"),
    ),
}

EXPLANATIONS = tuple(
    Explanation(f"derivations.{module}", place, text, why)
    for why, deletions in _EQUIVALENT.items()
    for module, place, text in deletions
)
