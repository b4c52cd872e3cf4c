"""The tester, tested: rules that are wrong on purpose must make the market's comparisons fail."""

import numpy as np
import pytest

import jacobprop as jp
from jacobprop.jacobians import rules
from jacobprop.jacobians.base import RULES, SUMS

from .custom_layers import RMSNorm, Shortcut
from .market import DESIGNS, build, evaluate, gap, numeric_gradients
from .test_record import worst_pair

by_kind = {
    "slide": next(d for d in DESIGNS if d.depth == 4 and d.cases == 11),
    "one case": next(d for d in DESIGNS if d.depth == 5 and d.cases is None),
    "binary": next(d for d in DESIGNS if d.loss == "BinaryCrossEntropy" and d.depth == 6),
    "squared": next(d for d in DESIGNS if d.loss == "SquaredError" and d.depth == 4 and d.on_the_slides),
    "mean": next(d for d in DESIGNS if d.loss == "MeanSquaredError" and d.depth == 4 and d.on_the_slides),
    "middle": next(d for d in DESIGNS if "softmax" in [p.kind for p in d.pieces[:-1]] and d.depth == 4),
    "rms": next(d for d in DESIGNS if any(p.kind == "rms" for p in d.pieces)),
    "branch": next(d for d in DESIGNS if any(p.kind == "shortcut" for p in d.pieces)),
}


def jacobians_differ(design):
    return worst_pair(build(design).record, design)[1] > 1e-6


def gradients_differ(formulation):
    def differ(design):
        s = build(design)
        found = jp.gradients(s.net, s.X, s.T, formulation)
        return max(gap(found[name], g) for name, g in numeric_gradients(design).items()) > 1e-6

    return differ


def no_slope(self, cache):
    """f' dropped."""
    shape = cache.z.shape[-1:]
    return jp.IdentityJacobian(shape, cases=cache.z.shape[0] if cache.z.ndim == 2 else None)


def slope_at_activation(self, cache):
    """f'(a) in place of f'(z)."""
    return jp.DiagonalJacobian(self.activation.derivative(self.activation.value(cache.z)))


def other_way_round(self, params, cache):
    """The weight's input reversed."""
    found = right_factors(self, params, cache)
    return found | {"W": jp.WeightJacobian(found["W"].left, cache.y[..., ::-1])}


def twice_the_bias(self, params, cache):
    """The bias counted twice."""
    found = right_factors(self, params, cache)
    return found | ({"b": jp.DiagonalJacobian(np.full_like(cache.z, 2.0))} if "b" in found else {})


def no_rank_one(self, cache):
    """diag(p) without - p p^T."""
    return jp.DiagonalJacobian(cache.p)


def second_forgotten(A, B):
    """A + B that forgets B."""
    return A


right_factors = jp.Dense.sum_factors
right_backward = jp.Dense.backward_sum_into


def rows_reversed(self, delta, params, cache, workspace):
    """dL/dW upside down."""
    found = right_backward(self, delta, params, cache, workspace)
    return found | {"W": found["W"][::-1].copy()}


def y_doubled(A, B):
    """A (left (x) y) = (A left) (x) 2 y."""
    return rules._left_only(A, B)._copy(y=B.y * 2)


WRONG = [
    ("slide", jp.Dense, "J_Sum", no_slope, jacobians_differ),
    ("slide", jp.Dense, "J_Sum", slope_at_activation, jacobians_differ),
    ("one case", jp.Dense, "J_Sum", no_slope, jacobians_differ),
    ("slide", jp.Dense, "sum_factors", other_way_round, jacobians_differ),
    ("slide", jp.Dense, "sum_factors", twice_the_bias, jacobians_differ),
    ("slide", jp.Softmax, "J_Sum", no_rank_one, jacobians_differ),
    ("slide", jp.CrossEntropy, "head", lambda self, z, t: (z[..., 0], t - np.exp(z)), jacobians_differ),
    ("slide", jp.CrossEntropy, "row", lambda self, y, t: -t, jacobians_differ),
    ("binary", jp.BinaryCrossEntropy, "head", lambda self, z, t: (z[..., 0], z - t), jacobians_differ),
    ("squared", jp.SquaredError, "row", lambda self, y, t: 2 * (y - t), jacobians_differ),
    ("mean", jp.MeanSquaredError, "row", lambda self, y, t: (y - t) / y.shape[-1], jacobians_differ),
    ("rms", RMSNorm, "factors", lambda self, params, c: _no_mean(params, c), jacobians_differ),
    ("branch", Shortcut, "factors", lambda self, params, y: _one_branch(self, y), jacobians_differ),
    ("slide", jp.Dense, "backward_sum_into", rows_reversed, gradients_differ("delta")),
    ("slide", jp.Dense, "J_Sum", no_slope, gradients_differ("numpy_dot")),
    ("slide", jp.Dense, "J_Sum", no_slope, gradients_differ("simplified")),
    ("slide", jp.Dense, "J_Sum", no_slope, gradients_differ("tensor")),
    ("middle", jp.Softmax, "J_Sum", no_rank_one, gradients_differ("structured")),
    ("slide", jp.Activation, "derivative", lambda self, z: np.ones_like(z), gradients_differ("delta_scalar")),
]


def _no_mean(params, cache):
    """The gain and the root alone, without the mean's share."""
    u, r = cache
    return {-1: jp.DiagonalJacobian(params["C"] / r), "C": jp.DiagonalJacobian(u)}


def _one_branch(self, y):
    """The earlier input forgotten."""
    one = jp.IdentityJacobian(self.n_in, cases=len(y) if y.ndim == 2 else None)
    return {-1: one, self.inputs[1]: jp.DiagonalJacobian(np.zeros_like(y))}


@pytest.mark.parametrize(
    ("kind", "owner", "method", "wrong", "differ"),
    WRONG,
    ids=[
        f"{kind} {owner.__name__}.{method} {number}" for number, (kind, owner, method, *_) in enumerate(WRONG)
    ],
)
def test_a_wrong_rule_is_noticed(kind, owner, method, wrong, differ, monkeypatch):
    design = by_kind[kind]
    assert not differ(design)
    monkeypatch.setattr(owner, method, wrong)
    assert differ(design)


@pytest.mark.parametrize(
    ("table", "wrong"), [(RULES, y_doubled), (SUMS, second_forgotten)], ids=["product", "sum"]
)
def test_a_wrong_line_of_a_table_is_noticed(table, wrong, monkeypatch):
    design = by_kind["slide"] if table is RULES else by_kind["branch"]
    assert not jacobians_differ(design)
    for pair, line in list(table.items()):
        if table is SUMS:
            monkeypatch.setitem(table, pair, wrong)
        elif pair[1] is jp.WeightJacobian:
            monkeypatch.setitem(table, pair, line._replace(product=wrong))
    assert jacobians_differ(design)


def test_a_transposed_weight_is_noticed(monkeypatch):
    """W stored as (n_out, n_in) does not even fit: all sizes in a design differ."""
    design = by_kind["slide"]

    def transposed(self, params, cache):
        return right_factors(self, {**params, "W": params["W"].T}, cache)

    monkeypatch.setattr(jp.Dense, "sum_factors", transposed)
    with pytest.raises(ValueError, match=r"shape|mismatch|broadcast"):
        jacobians_differ(design)


def test_cases_in_the_wrong_order_are_noticed(monkeypatch):
    design, right = by_kind["slide"], jp.Softmax.forward

    def mixed(self, params, inputs):
        values, cache = right(self, params, inputs)
        return np.roll(values, 1, axis=0), cache

    monkeypatch.setattr(jp.Softmax, "forward", mixed)
    s = build(design)
    nodes = evaluate(design, s.arrays, s.X, s.target)
    assert gap(s.record.output, nodes[f"a{design.depth}"]) > 1e-6
