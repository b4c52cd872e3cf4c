"""Where units lie at a kink: products of one-sided slopes are not judged there but beside it."""

import numpy as np
import pytest

import jacobprop as jp
from jacobprop.checking import check
from tests.network.custom_layers import RMSNorm

ZERO = np.zeros(4)


def leaky():
    layers = [jp.Dense(4, 5, "leaky_relu"), jp.Dense(5, 3, "leaky_relu")]
    return jp.Network(layers, jp.SquaredError(), seed=0)


@pytest.mark.parametrize(
    ("X", "T"), [(ZERO, np.ones(3)), (np.zeros((2, 4)), np.ones((2, 3)))], ids=["one", "two"]
)
def test_slopes_chosen_at_two_kinks_in_a_row_are_no_failure(X, T):
    report = check(leaky(), X, T)
    assert report, str(report)
    kinked = {row.what: row.note for row in report.rows if row.verdict == "at a kink"}
    assert kinked["da2/da0"].startswith("it depends on units at a kink of layer 1 and layer 2")
    beside = [row for row in report.rows if "all numbers moved by 10 %" in row.note]
    assert "da2/da0" in {row.what for row in beside}
    assert {row.verdict for row in beside} == {"holds"}


class Bent(RMSNorm):
    """A kink that no activation declares."""

    def forward(self, params, inputs):
        (y,) = inputs
        return params["C"] * abs(y), y

    def factors(self, params, y):
        return {
            -1: jp.DiagonalJacobian(params["C"] * np.where(y >= 0, 1, -1)),
            "C": jp.DiagonalJacobian(abs(y)),
        }


def test_a_kink_inside_a_layer_of_ones_own_counts_as_well():
    layers = [jp.Dense(4, 5), Bent(5), jp.Dense(5, 3), Bent(3)]
    report = check(jp.Network(layers, jp.SquaredError(), seed=0), ZERO, np.ones(3))
    assert report, str(report)
    kinked = {row.what: row.note for row in report.rows if row.verdict == "at a kink"}
    assert "at a kink of layer 2 and layer 4" in kinked["da4/da0"]


def test_two_cases_at_one_kink_are_no_failure():
    layer = jp.Dense.from_arrays(np.zeros((1, 1)), np.zeros(1), "leaky_relu")
    report = check(jp.Network([layer], jp.SquaredError()), [[1.0], [-1.0]], [[1.0], [-1.0]])
    assert report, str(report)
    notes = {row.what: row.note for row in report.rows if row.verdict == "at a kink"}
    assert "it depends on units at a kink of layer 1" in notes["dL/dW1"]


def test_a_kink_of_the_loss_counts_as_well():
    class Folded(jp.Loss):
        """Both sides of 0 have slope 1 along (1, 1), where the slopes chosen add up to 0."""

        def value(self, y, t):
            return np.maximum(y[..., 0], 0) + np.minimum(y[..., 1], 0)

        def row(self, y, t):
            return np.stack([y[..., 0] > 0, y[..., 1] < 0], axis=-1).astype(y.dtype)

    net = jp.Network([jp.Dense.from_arrays(np.ones((1, 2)), np.zeros(2))], Folded())
    report = check(net, [0.0], [0.0, 0.0])
    assert report, str(report)
    notes = {row.what: row.note for row in report.rows if row.verdict == "at a kink"}
    assert "it depends on units at a kink of the loss" in notes["dL/da0"]


def test_a_wrong_product_at_a_kink_fails_beside_it(monkeypatch):
    right = jp.Record.jacobian

    def doubled(self, of, wrt):
        J = right(self, of, wrt)
        return (
            jp.DenseJacobian(2 * J.matrix(), J.out_shape, J.in_shape, J.cases)
            if (of, wrt) == ("a2", "a0")
            else J
        )

    monkeypatch.setattr(jp.Record, "jacobian", doubled)
    report = check(leaky(), ZERO, np.ones(3))
    assert [row.what for row in report.failures] == ["da2/da0"]
    assert "beside the kink" in report.failures[0].note


def test_a_wrong_gradient_at_a_kink_fails_beside_it(monkeypatch):
    right = jp.Record.gradients
    monkeypatch.setattr(
        jp.Record, "gradients", lambda self: {k: v * (2 if k == "b1" else 1) for k, v in right(self).items()}
    )
    report = check(leaky(), ZERO, np.ones(3))
    assert {row.what for row in report.failures} == {"dL/db1"}


def test_away_from_kinks_nothing_is_compared_twice():
    report = check(leaky(), np.ones(4), np.ones(3))
    assert report
    assert not any("beside" in row.note for row in report.rows)


def test_all_notes_of_kinks_take_one_line():
    net = jp.Network([jp.Dense(4, 5, "relu"), jp.Dense(5, 3), jp.Softmax()], jp.CrossEntropy())
    report = check(net, np.zeros((2, 4)), [0, 1])
    assert report, str(report)
    (line,) = (line for line in " ".join(str(report).split()).split("- ") if "at a kink, e.g." in line)
    assert "rows at a kink, e.g. unit 0 of layer 1, case 0: left 0, right 1, it says 0" in line
    assert str(report).count("left 0, right") == 1
