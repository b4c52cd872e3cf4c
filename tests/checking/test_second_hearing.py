"""A witness may err: nothing is called wrong before it has been heard with steps of other lengths."""

import numpy as np
import pytest

import jacobprop as jp
from jacobprop.checking import check, check_vjp
from jacobprop.checking.comparison import compared, exactly

from .test_functions import affine, affine_back, attention, attention_back, rms

RNG = np.random.default_rng(11)

RIGHT = exactly(np.array([1.0, 2.0, 3.0]), 1e-12)


def shapes(*each):
    return tuple(RNG.normal(size=shape) for shape in each)


def hearing(*others):
    """The first hearing errs in entry 1; the others are what is passed."""
    asked = []

    def hear(stretch):
        asked.append(stretch)
        return others[len(asked) - 1]

    first = exactly(np.array([1.0, 2.1, 3.0]), 1e-12)
    return compared("", "", np.array([1.0, 2.0, 3.0]), first, hear=hear), asked


def test_a_witness_that_contradicts_itself_condemns_nobody():
    found, asked = hearing(RIGHT)
    assert found.row.verdict == "holds"
    assert asked == [0.37]
    np.testing.assert_array_equal(found.reference.value, [1, 2, 3])


def test_what_is_wrong_at_every_length_is_wrong():
    wrong = exactly(np.array([1.0, 2.1, 7.0]), 1e-12)
    found, asked = hearing(wrong, wrong, wrong)
    assert found.row.fails
    assert asked == [0.37, 2.0**-6, 2.0**-12]
    assert found.wrong.tolist() == [False, True, False]
    np.testing.assert_array_equal(found.reference.value, [1, 2.1, 3])


def test_a_hearing_that_sees_nothing_clears_nobody():
    blind = exactly(np.array([1.0, 2.1, 3.0]), 0.5)
    kinked = RIGHT._replace(kinked=np.ones(3, np.bool_), left=np.full(3, 9.0))
    found, _ = hearing(blind, kinked, blind)
    assert found.row.fails


def test_the_first_hearing_is_enough_where_it_agrees():
    def never(stretch):
        raise AssertionError

    assert compared("", "", RIGHT.value, RIGHT, hear=never).row.verdict == "holds"


def test_curvature_that_jumps_within_a_step_is_no_failure():
    """The second sum of elu lies 0.0083 below its corner, where f'' jumps; two steps agreed by chance."""
    f4 = np.float32
    layers = [
        jp.Dense.from_arrays(
            f4(
                [
                    [0.0008815857, 0.00047959987],
                    [0.00091543514, 0.00097218435],
                    [-0.00068014354, 0.00071449263],
                    [0.00039901788, 0.0006053754],
                ]
            ),
            f4([0.33401534, -0.39097083]),
            "tanh",
        ),
        jp.Dense.from_arrays(
            f4(
                [
                    [-0.0008368881, 0.00079456647, -0.000112125184],
                    [0.0005564759, -0.00045786996, -0.00050234224],
                ]
            ),
            f4([0.14388846, -0.008315679, 0.5341973]),
            "elu",
        ),
        jp.Dense.from_arrays(
            f4(
                [
                    [-0.0008776802, -0.00076801423],
                    [-0.00019294466, 0.000109387045],
                    [-0.00088060426, 0.0008850096],
                ]
            ),
            f4([-0.04505056, -0.11787331]),
            "silu",
        ),
        jp.Dense.from_arrays(f4([[5.2812422e-05], [-1.1911705e-03]]), f4([-0.033140764])),
    ]
    X = f4(
        [
            [-0.030567484, 0.07284856, -0.06602471, -0.0583086],
            [-0.06914806, -0.13511924, 0.24107328, -0.019409787],
            [-0.035051595, 0.089964814, -0.3150963, -0.003327302],
            [0.00092132646, -0.097634874, 0.045315888, -0.2035081],
            [-0.00090589264, 0.08609688, -0.2254922, -0.149155],
        ]
    )
    report = check(jp.Network(layers, jp.SquaredError()), X, f4([[0], [0], [1], [0], [0]]))
    assert report, str(report)


@pytest.mark.parametrize("dtype", ["f4", "f8"])
@pytest.mark.parametrize("activation", ["sigmoid", "softsign"])
def test_a_unit_that_turns_within_the_shortest_step_is_no_failure(dtype, activation):
    layer = jp.Dense.from_arrays(np.zeros((2, 2), dtype), activation=activation)
    X = np.array([[13469.54, -2119.78], [-9104.29, 30573.1], [72.9, 0.0]], dtype)
    report = check(jp.Network([layer], jp.SquaredError()), X, np.ones((3, 2)))
    assert report, str(report)


class Off(jp.Dense):
    def factors(self, params, cache):
        found = super().factors(params, cache)
        J = found[-1]
        return found | {-1: jp.DenseJacobian(1.1 * J.tensor(), J.out_shape, J.in_shape, J.cases)}


@pytest.mark.parametrize("scale", [1.0, 1e4])
def test_ten_percent_are_a_failure_at_every_scale(scale):
    net = jp.Network([Off(2, 2, "softsign")], jp.SquaredError(), seed=2)
    report = check(net, scale * np.array([[0.3, -0.7], [0.9, 0.2], [-0.4, 0.5]]), np.ones((3, 2)))
    assert "J_Y of layer 1" in {row.what for row in report.failures}


def test_a_slope_in_float16_beside_its_zero_and_at_a_corner_is_no_failure():
    turning = jp.Dense.from_arrays(np.float16([[-1, 1, -0.5]]), np.float16([0, -0.5, -0.5]), "silu")
    corner = jp.Dense.from_arrays(np.zeros((3, 2), "f2"), activation="leaky_relu")
    report = check(jp.Network([turning, corner]), np.float16([[-0.7773], [1], [1.557]]))
    assert report, str(report)
    assert "at a kink" in {row.verdict for row in report.rows}


# -- check_vjp ---------------------------------------------------------------------------------------------

SATURATED = [np.float32([[1.0], [1.1]]), np.float32([[7.3]]), np.float32([0.1])]


def test_a_saturated_formula_in_float32_is_said_to_round_and_is_no_failure():
    report = check_vjp(affine, affine_back, *SATURATED)
    assert report, str(report)
    notes = [row.note for row in report.rows if row.witness == "float32, float64"]
    assert len(notes) == 3
    assert any(note.startswith("rounding of float32 shows here, the same code in float64") for note in notes)


def test_a_wrong_formula_in_float32_is_a_failure():
    def forgets_x(dy, x, W, b):
        dx, dW, db = affine_back(dy, x, W, b)
        return dx, 1.1 * dW, db

    arrays = [array / 10 for array in SATURATED]
    assert [row.what for row in check_vjp(affine, forgets_x, *arrays).failures] == ["gradient by W"]


@pytest.mark.parametrize("seed", range(6))
def test_terms_that_cancel_in_a_saturated_softmax_are_linear(seed):
    rng = np.random.default_rng(seed)
    arrays = [10 * rng.normal(size=shape) for shape in ((5, 3), (6, 3), (6, 2))]
    report = check_vjp(attention, attention_back, *arrays)
    assert report, str(report)


def through_W(dy, x, W, b):
    dz = dy * (1 - affine(x, W, b) ** 2)
    return dz @ W, x.T @ dz, dz.sum(axis=0)


def keys_for_queries(dy, Q, K, V):
    dQ, _, dV = attention_back(dy, Q, K, V)
    P = attention(Q, K, np.eye(len(K)))
    dP = dy @ V.T
    dS = P * (dP - (dP * P).sum(axis=-1, keepdims=True))
    return dQ, dS.T @ K / np.sqrt(Q.shape[1]), dV


OPERANDS = {
    "transpose": (
        affine,
        through_W,
        shapes((5, 4), (4, 4), (4,)),
        "use 2 of W in backward (in matmul) takes W where W.T",
    ),
    "value": (
        lambda x: np.tanh(x),
        lambda dy, x: dy * (1 - x**2),
        shapes((4, 3)),
        "backward takes x where the value of forward",
    ),
    "other": (
        lambda a, b: a * b,
        lambda dy, a, b: (dy * a, dy * a),
        shapes((4, 3), (4, 3)),
        "backward takes a where b",
    ),
    "keys": (
        attention,
        keys_for_queries,
        shapes((5, 3), (5, 3), (5, 2)),
        "of K in backward (in matmul) takes K where Q",
    ),
}


@pytest.mark.parametrize(("forward", "backward", "arrays", "words"), OPERANDS.values(), ids=OPERANDS)
def test_a_wrong_operand_is_named(forward, backward, arrays, words):
    (failed,) = check_vjp(forward, backward, *arrays).failures
    assert f"{words} is meant" in failed.note


def test_an_operand_is_not_blamed_for_another_mistake():
    def halved(dy, x, g):
        r = np.sqrt((x**2).mean(axis=-1, keepdims=True) + 1e-6)
        return dy * g / r * (1 - 0.5 * (x / r) ** 2), (dy * x / r).sum(axis=0)

    (failed,) = check_vjp(rms, halved, *shapes((4, 4), (4,))).failures
    assert "is meant" not in failed.note
