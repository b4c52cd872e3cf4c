"""check of losses and activations, alone, and what jacobprop.testing raises."""

import numpy as np
import pytest

import jacobprop as jp
from jacobprop import testing
from jacobprop.activations import Jump, Kink
from jacobprop.checking import check
from jacobprop.checking.drawing import some_output
from jacobprop.checking.exact import values_of
from jacobprop.checking.kinks import undeclared_kinks
from jacobprop.errors import CheckFailed, NonFiniteError, OptionError, ShapeError

from .wrong_layers import WrongSign, activation, sigmoid_slope

RNG = np.random.default_rng(8)
LOSSES = (jp.SquaredError(), jp.MeanSquaredError(reduction="sum"), jp.BinaryCrossEntropy(), jp.CrossEntropy())


class Huber(jp.Loss):
    def value(self, y, t):
        e = abs(y - t)
        return np.where(e < 1, e**2 / 2, e - 0.5).sum(axis=-1)

    def row(self, y, t):
        return np.clip(y - t, -1, 1)


class TwiceTheRow(jp.SquaredError):
    def row(self, y, t):
        return 2 * (y - t)


class NegativeHead(jp.CrossEntropy):
    def head(self, z, t):
        value, row = super().head(z, t)
        return value, -row


class NotSummed(jp.SquaredError):
    def row(self, y, t):
        return (y - t).sum(axis=-1)


class OverAllCases(jp.SquaredError):
    def value(self, y, t):
        return ((y - t) ** 2).sum(axis=-1) / 2 / (len(y) if y.ndim == 2 else 1)

    def row(self, y, t):
        return (y - t) / (len(y) if y.ndim == 2 else 1)


class RowOverAllCases(jp.SquaredError):
    def row(self, y, t):
        return (y - t) * (1.01 if y.ndim == 1 else 1)


class OtherHead(jp.BinaryCrossEntropy):
    def head_value(self, z, t):
        return 3 * super().head_value(z, t)

    def head_row(self, z, t):
        return 3 * super().head_row(z, t)


class Raising(jp.SquaredError):
    def value(self, y, t):
        return y @ t @ y


WRONG_LOSSES = {
    "row": (TwiceTheRow(), "J_N", "multiply by 1/2"),
    "head": (NegativeHead(), "head", "head disagrees"),
    "shape": (NotSummed(), "J_N", "a row is shaped like the output"),
    "cases": (OverAllCases(), "value", "depends on the others"),
    "one case": (RowOverAllCases(), "row", "the row of a case depends on the others"),
    "head_value": (OtherHead(), "head", "another function than value"),
}


@pytest.mark.parametrize("loss", [*LOSSES, Huber()], ids=repr)
def test_a_right_loss_holds(loss):
    report = check(loss)
    assert report, str(report)
    assert report.rows[0].kind == "factor"
    assert max(row.error for row in report.rows) < 1e-9


@pytest.mark.parametrize(("loss", "what", "words"), WRONG_LOSSES.values(), ids=WRONG_LOSSES)
def test_a_wrong_loss_fails(loss, what, words):
    report = check(loss)
    assert not report
    assert report.failures[0].what == what
    assert words in report.failures[0].note


def test_drawn_outputs_are_what_the_gate_of_the_loss_makes():
    for seed in range(8):
        assert check(jp.NegativeLogLikelihood(), seed=seed)
    rng = np.random.default_rng(0)
    z, y = some_output(jp.NegativeLogLikelihood(), rng, (5, 4))
    np.testing.assert_allclose(np.exp(y).sum(axis=1), 1)
    np.testing.assert_allclose(y - z, (y - z)[:, :1] * np.ones(4))
    np.testing.assert_allclose(some_output(jp.CrossEntropy(), rng, (5, 4))[1].sum(axis=1), 1)
    y = some_output(jp.BinaryCrossEntropy(), rng, (5, 4))[1]
    assert np.all((y > 0) & (y < 1))


def test_outputs_and_targets_of_ones_own():
    assert check(Huber(), [[0.3, 4.0], [-2.0, 0.1]], np.zeros((2, 2)))
    assert check(Huber(), [0.3, 4.0], [0.0, 0.0])
    at_corner = check(jp.SquaredError(), RNG.normal(size=(3, 2)))
    assert at_corner
    with pytest.raises(ShapeError, match="the target must be shaped exactly like the output"):
        check(Huber(), np.ones((2, 2)), np.ones((2, 3)))
    with pytest.raises(NonFiniteError, match="X is not finite"):
        check(Huber(), [[np.nan, 1.0]], [[0.0, 0.0]])
    with pytest.raises(CheckFailed, match="it raised ValueError"):
        check(Raising())


def test_a_kink_of_a_loss_is_no_failure():
    class Absolute(jp.Loss):
        def value(self, y, t):
            return abs(y - t).sum(axis=-1)

        def row(self, y, t):
            return np.sign(y - t)

    report = check(Absolute(), [[1.0, 2.0]], [[1.0, 0.0]])
    assert report
    assert report.rows[0].verdict == "at a kink"
    assert "left -1, right 1, it says 0" in report.rows[0].note


# -- activations -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", jp.activations.NAMES)
def test_the_activations_of_the_library_hold(name):
    report = check(jp.activations.get(name))
    assert report, str(report)
    assert all(len(line) <= 80 for line in str(report).splitlines())


@pytest.mark.parametrize("text", ["z*exp(-z**2)", "max(z, z/100)", "abs(z - 3/10)", "log(1 + z**2)"])
def test_activations_from_expressions_hold(text):
    assert check(jp.Activation.from_expression(text))


WRONG_SLOPES = {
    "sign": (lambda z: -sigmoid_slope(z), "sign is wrong"),
    "0.05 %": (lambda z: sigmoid_slope(z) * 1.0005, "1.0005"),
    "zero in saturation": (lambda z: np.where(abs(z) > 15, 0.0, sigmoid_slope(z)), "0 where the witness has"),
    "missing": (np.ones_like, "differ"),
}


@pytest.mark.parametrize("expression", [True, False])
@pytest.mark.parametrize(("slope", "words"), WRONG_SLOPES.values(), ids=WRONG_SLOPES)
def test_a_wrong_derivative_fails_with_and_without_an_expression(slope, words, expression):
    report = check(activation(slope, expression))
    assert not report
    assert report.failures[0].what == "f'"
    assert words in report.failures[0].note


def test_a_wrong_second_derivative_a_wrong_kernel_and_a_wrong_expression_fail():
    sigmoid = jp.activations.get("sigmoid")
    second = jp.Activation("mine", sigmoid.function, (sigmoid_slope, sigmoid_slope))
    assert {row.what for row in check(second).failures} == {"f''"}

    def kernel(z, value, derivative=None):
        if derivative is not None:
            derivative[...] = 0.25
        value[...] = 1 / (1 + np.exp(-z))

    careless = jp.Activation("mine", sigmoid.function, (sigmoid_slope,), kernel=kernel)
    assert {row.what for row in check(careless).failures} == {"f' of into"}
    other = jp.Activation("mine", sigmoid.function, (sigmoid_slope,), lambda z: z**2)
    assert {row.what for row in check(other).failures} == {"f", "f'"}


def test_a_kernel_that_reads_what_it_has_overwritten_fails():
    def kernel(z, value, derivative=None):
        value[...] = z**2
        if derivative is not None:
            derivative[...] = 2 * z

    square = jp.Activation("square", np.square, (lambda z: 2 * z,), kernel=kernel)
    assert {row.what for row in check(square).failures} == {"f' of into"}


def test_an_undeclared_corner_is_found_and_named():
    def slope(z):
        return np.where(z > 0.37, 1.0, 0.25)

    plain = jp.Activation("bent", lambda z: np.where(z > 0.37, z - 0.37, (z - 0.37) / 4), (slope,))
    report = check(plain)
    assert report
    (row,) = (row for row in report.rows if row.what == "corners")
    assert row.verdict == "at a kink"
    assert "kink at z = 0.37: left 0.25, right 1, not declared" in row.note
    declared = jp.Activation("bent", plain.function, (slope,), corners=(Kink(0.37, 0.25, 1.0),))
    assert undeclared_kinks(declared) == ()
    wrong = jp.Activation("bent", plain.function, (slope,), corners=(Kink(0.37, 0.0, 1.0),))
    report = check(wrong)
    assert "declared were left 0 and right 1" in report.failures[0].note


@pytest.mark.parametrize("name", ["sigmoid", "tanh", "softplus", "identity"])
def test_smooth_functions_have_no_corner(name):
    assert undeclared_kinks(jp.activations.get(name)) == ()
    steep = jp.Activation("steep", lambda z: np.tanh(30 * z), (lambda z: 30 / np.cosh(30 * z) ** 2,))
    assert undeclared_kinks(steep) == ()


def test_expressions_are_evaluated_in_as_many_digits_as_it_takes():
    tanh = jp.activations.get("tanh")
    exact = values_of(tanh, 1, np.array([0.5, 40.0, 300.0]))
    np.testing.assert_allclose(exact, [np.cosh(0.5) ** -2, 4 * np.exp(-80.0), 4 * np.exp(-600.0)], rtol=1e-14)
    with_steps = jp.Activation.from_expression("max(z, 2*z - 1)")
    np.testing.assert_allclose(values_of(with_steps, 0, np.array([0.0, 3.0])), [0, 5])
    np.testing.assert_allclose(values_of(with_steps, 1, np.array([0.0, 3.0])), [1, 2])
    unknown = jp.Activation("gamma", np.exp, (np.exp,), lambda z: __import__("sympy").gamma(z))
    assert np.isnan(values_of(unknown, 0, np.array([2.5]))).all()


def test_an_activation_that_raises_is_named():
    broken = jp.Activation("broken", lambda z: 1 // [], (np.ones_like,))
    with pytest.raises(CheckFailed, match=r"activation 'broken': its function raised TypeError"):
        check(broken)


# -- jacobprop.testing -------------------------------------------------------------------------------------


def test_the_functions_for_test_suites_pass_what_is_right():
    assert testing.check_layer(jp.Dense(3, 2, "tanh"))
    assert testing.check_loss(jp.SquaredError())
    assert testing.check_activation(jp.activations.get("tanh"))
    assert testing.check_vjp(np.sin, lambda dy, x: dy * np.cos(x), np.ones(3))
    net = jp.Network([jp.Dense(3, 4, "tanh"), jp.Dense(4, 2)], jp.SquaredError())
    record = net.forward(np.arange(15.0).reshape(5, 3) / 7, np.ones((5, 2)))
    assert testing.assert_gradients(record.gradients(), record).ok


def test_the_functions_for_test_suites_raise_with_the_whole_text():
    with pytest.raises(CheckFailed, match="J_Y of the layer: layer <WrongSign>: the sign is wrong"):
        testing.check_layer(WrongSign(4))
    with pytest.raises(AssertionError, match=r"multiply\s+by 1/2"):
        testing.check_loss(TwiceTheRow())
    with pytest.raises(CheckFailed, match="comparisons fail, first f'"):
        testing.check_activation(activation(np.ones_like))
    with pytest.raises(CheckFailed, match="the sign is wrong"):
        testing.check_vjp(np.sin, lambda dy, x: -dy * np.cos(x), np.ones(3))
    net = jp.Network([jp.Dense(3, 4, "tanh"), jp.Dense(4, 2)], jp.SquaredError())
    record = net.forward(np.arange(15.0).reshape(5, 3) / 7, np.ones((5, 2)))
    gradients = record.gradients()
    gradients["W2"] = -gradients["W2"]
    with pytest.raises(CheckFailed, match=r"assert_gradients: W2.*sign"):
        testing.assert_gradients(gradients, record)


def test_the_wrong_kind_of_thing_is_refused():
    with pytest.raises(OptionError, match="the first argument is no Layer; got <class"):
        testing.check_layer(jp.Network([jp.Dense(3, 2)]).layers[0].__class__)
    with pytest.raises(OptionError, match="the first argument is no Loss"):
        testing.check_loss(jp.Dense(3, 2))


# -- thresholds --------------------------------------------------------------------------------------------

STEP = jp.activations.get("step")


def threshold(slope=STEP.derivatives[0], jump=STEP.jumps[0]):
    return jp.Activation("threshold", STEP.function, (slope,), jumps=(jump,))


@pytest.mark.seed("E-45", "H-46")
@pytest.mark.parametrize("name", jp.activations.THRESHOLDS)
@pytest.mark.parametrize("at_kink", ["left", "right", "middle"])
def test_a_threshold_holds_and_says_that_it_jumps(name, at_kink):
    activation = jp.activations.get(name, at_kink=at_kink)
    report = check(activation)
    assert report, str(report)
    jumps = next(row for row in report.rows if row.what == "jumps")
    lower = STEP.value(-1) if name == "step" else -1
    at = activation.value(0.0)
    assert jumps.verdict == "at a kink"
    assert jumps.note == f"jump at z = 0: left {lower:g}, right 1, it says {at:g}"


@pytest.mark.parametrize(
    ("name", "at_kink"), [("step", "left"), ("step", "right"), ("step", "middle"), ("sign", "right")]
)
def test_a_network_of_thresholds_holds_and_says_where_a_sum_is_tied(name, at_kink):
    step = jp.activations.get(name, at_kink=at_kink)
    net = jp.Network([jp.Dense(3, 4, "tanh"), jp.Dense(4, 2, step), jp.Dense(2, 1)], jp.SquaredError())
    X, T = RNG.normal(size=(5, 3)), RNG.normal(size=(5, 1))
    free = check(net, X, T)
    assert free, str(free)
    assert {row.verdict for row in free.rows} == {"holds"}
    X[2] = 0
    tied = check(net, X, T)
    assert tied, str(tied)
    row = next(row for row in tied.rows if row.witness == "one-sided differences")
    assert (row.what, row.verdict) == ("J_Sum of layer 2", "at a kink")
    at, lower = step.value(0.0), 0 if name == "step" else -1
    assert row.note.startswith(
        f"tie at unit 0 of layer 2, case 2: on the jump of {name} from {lower} to 1 f is {at:g}, f' says 0"
    )


@pytest.mark.parametrize(
    ("wrong", "what", "words"),
    [
        (threshold(slope=sigmoid_slope), "f'", "z = "),  # a slope that it has not
        (
            threshold(jump=Jump(0.0, left=0.5, right=1.0)),
            "jumps",
            "declared were left 0.5 and right 1, at it 0.5",
        ),
        (
            threshold(jump=Jump(0.0, left=0.0, right=2.0)),
            "jumps",
            "declared were left 0 and right 2, at it 0",
        ),
        (threshold(jump=Jump(0.0, left=0.5, right=1.0)).with_kink("right"), "jumps", "left 0.5 and right 1"),
        (
            jp.Activation("threshold", lambda z: np.heaviside(z, 1.0), (np.zeros_like,), jumps=STEP.jumps),
            "jumps",
            "it says 1; declared were left 0 and right 1, at it 0",
        ),
        (threshold(jump=Jump(0.25, left=0.0, right=1.0)), "jumps", "left 1, right 1, it says 1"),
    ],
)
def test_a_wrong_threshold_fails(wrong, what, words):
    report = check(wrong)
    assert not report
    assert any(row.what == what and words in row.note for row in report.failures), str(report)


def test_a_slope_at_a_tie_is_found_wrong():
    net = jp.Network([jp.Dense.from_arrays(np.eye(2), None, threshold(slope=np.ones_like))])
    report = check(net, np.zeros(2))
    assert not report
    assert "f' says 1, not 0" in str(report)


def test_a_jump_between_slopes_that_saturate_holds():
    tanh = jp.activations.get("tanh")
    torn = jp.Activation(
        "torn",
        lambda z: tanh.function(z) + np.heaviside(z, 0.0),
        (tanh.derivatives[0],),
        jumps=(Jump(0.0, left=0.0, right=1.0),),
    )
    report = check(torn)
    assert report, str(report)
