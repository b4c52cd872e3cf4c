"""The grounded example of seed 001 (x = [0, 1], t = 1, one update with rho = 1), and its three misprints.

The reference is 40-digit arithmetic with numerical differentiation, which knows no backpropagation.
"""

import mpmath
import numpy as np
import pytest

import jacobprop as jp

W0 = [[0.4, 0.6], [0.7, -0.4], [-0.2, 0.3]]  # the seed's matrices, bias rows first
W1 = [[-0.3], [0.5], [0.1]]
X, T = [0.0, 1.0], [1.0]
NEW_PREDICTION = 0.721874455865625
PRINTED_W0 = [[0.460, 0.610], [0.700, -0.400], [0.460, 0.610]]
PRINTED_W1 = [[0.188], [0.769], [-0.447]]


def network(first=W0, second=W1, loss=None):
    (b1, *V), (b2, *W) = first, second
    layers = [jp.Dense.from_arrays(V, b1, "sigmoid"), jp.Dense.from_arrays(W, b2, "sigmoid")]
    return jp.Network(layers, loss or jp.BinaryCrossEntropy())


def prediction(first, second):
    return network(first, second)(X).item()


def augmented(gradients):
    """The gradients with their bias rows first, as the seed writes them."""
    return [np.vstack([gradients[f"b{k}"], gradients[f"W{k}"]]) for k in (1, 2)]


def updated(net, step=1.0):
    """Both matrices after w <- w - step dL/dw."""
    return [
        np.array(matrix) - step * gradient
        for matrix, gradient in zip((W0, W1), augmented(net.forward(X, T).gradients()), strict=True)
    ]


def exact_loss(*weights):
    """The loss as a function of all nine weights, row by row, in as many digits as mpmath works with."""
    hidden, top = np.reshape(weights[:6], (3, 2)), weights[6:]

    def logistic(z):
        return 1 / (1 + mpmath.exp(-z))

    row = (1, *map(int, X))
    inner = [logistic(sum(row[i] * hidden[i, j] for i in range(3))) for j in range(2)]
    return -mpmath.log(logistic(top[0] + inner[0] * top[1] + inner[1] * top[2]))


def exact_gradient():
    point = [mpmath.mpf(repr(w)) for row in (*W0, *W1) for w in row]
    with mpmath.workdps(40):
        return [mpmath.diff(exact_loss, point, tuple(int(k == n) for n in range(9))) for k in range(9)]


@pytest.mark.seed("S-15", "B-39")
def test_the_forward_pass():
    record = network().forward(X, T)
    assert record.sum(1).tolist() == pytest.approx([0.2, 0.9], abs=1e-15)
    assert record.activation(1).tolist() == pytest.approx([0.549833997312478, 0.710949502625004], abs=1e-15)
    assert record.sum(2).item() == pytest.approx(0.0460119489187393, abs=1e-15)
    assert record.output.item() == pytest.approx(0.511500958245252, abs=1e-15)
    assert record.loss == pytest.approx(0.670405820190, abs=1e-12)


@pytest.mark.seed("S-15", "B-40")
def test_the_deltas():
    record = network().forward(X, T)
    delta2 = record.jacobian("L", "z2").tensor()
    assert delta2.item() == pytest.approx(-0.488499041754748, abs=1e-14)
    passed_back = np.array(W1)[:, 0] * delta2
    assert passed_back.tolist() == pytest.approx(
        [0.146549712526, -0.244249520877, -0.048849904175], abs=1e-12
    )
    slopes = record.layer(1).J_Sum.tensor().diagonal()
    assert slopes.tolist() == pytest.approx([0.247516572712, 0.205500307342], abs=1e-12)
    assert record.jacobian("L", "z1").tensor().tolist() == pytest.approx(
        [-0.060455804294082, -0.010038670321700], abs=1e-14
    )


@pytest.mark.seed("S-15", "B-40", "D-68")
@pytest.mark.parametrize(
    "formulation", ["tensor", "numpy_dot", "simplified", "structured", "delta", "delta_scalar"]
)
def test_the_gradients(formulation):
    first, second = augmented(jp.gradients(network(), X, T, formulation))
    assert second[:, 0].tolist() == pytest.approx(
        [-0.488499041755, -0.268593380811, -0.347298150768], abs=1e-12
    )
    assert first.tolist() == [
        pytest.approx([-0.060455804294, -0.010038670322], abs=1e-12),
        [0, 0],
        pytest.approx([-0.060455804294, -0.010038670322], abs=1e-12),
    ]
    found = np.concatenate([first.ravel(), second.ravel()])
    assert found.tolist() == pytest.approx([float(g) for g in exact_gradient()], abs=1e-15)


@pytest.mark.seed("S-15", "B-41", "E-01", "E-02", "E-03")
def test_the_update_and_the_three_misprinted_numbers():
    first, second = updated(network())
    assert first.tolist() == [
        pytest.approx([0.460455804294, 0.610038670322], abs=1e-12),
        [0.7, -0.4],
        pytest.approx([-0.139544195706, 0.310038670322], abs=1e-12),
    ]
    assert second[:, 0].tolist() == pytest.approx([0.188499041755, 0.768593380811, 0.447298150768], abs=1e-12)
    wrong = {
        f"{name}[{i}, {j}]": (printed, round(float(right), 3))
        for name, matrix, print_out in (("W0", first, PRINTED_W0), ("W1", second, PRINTED_W1))
        for (i, j), right in np.ndenumerate(matrix)
        if abs(right - (printed := print_out[i][j])) > 0.00051  # one figure is cut, not rounded
    }
    assert wrong == {
        "W1[2, 0]": (-0.447, 0.447),  # the sign
        "W0[2, 0]": (0.460, -0.140),  # row 0 once more
        "W0[2, 1]": (0.610, 0.310),
    }


@pytest.mark.seed("S-15", "B-41", "E-03")
def test_the_new_prediction_is_right_and_the_printed_weights_contradict_it():
    first, second = updated(network())
    record = network(first, second).forward(X, T)
    assert record.output.item() == pytest.approx(NEW_PREDICTION, abs=1e-15)
    assert record.activation(1).tolist() == pytest.approx([0.579546402067722, 0.715057864128080], abs=1e-14)
    assert record.sum(2).item() == pytest.approx(0.953778630574, abs=1e-12)
    assert record.loss == pytest.approx(0.325904039051, abs=1e-12)
    assert prediction(PRINTED_W0, PRINTED_W1) == pytest.approx(0.596945726594, abs=1e-12)
    rounded = first.round(3), second.round(3)
    assert prediction(*rounded) == pytest.approx(0.721743, abs=5e-7)
    assert prediction(PRINTED_W0, rounded[1]) == pytest.approx(0.747057, abs=5e-7)
    assert prediction(rounded[0], PRINTED_W1) == pytest.approx(0.577831, abs=5e-7)
    trained = jp.fit(network(), [X], [T], epochs=1, learning_rate=1.0).network
    assert trained(X).item() == pytest.approx(NEW_PREDICTION, abs=1e-15)


@pytest.mark.seed("S-15", "E-19", "E-53")
def test_the_controls_tell_mistakes_apart():
    first, second = updated(network())
    assert prediction(W0, second) == pytest.approx(0.716893513879, abs=1e-12)
    assert prediction(first, W1) == pytest.approx(0.515314954711, abs=1e-12)
    assert prediction(*updated(network(), step=-1.0)) == pytest.approx(0.300900257459, abs=1e-12)
    half = network(loss=jp.SquaredError())
    assert prediction(*updated(half)) == pytest.approx(0.567361632647, abs=1e-12)
    assert prediction(*updated(network(loss=jp.MeanSquaredError()))) == pytest.approx(
        0.621834340622, abs=1e-12
    )


@pytest.mark.seed("D-73", "S-15")
def test_the_step_upstream_uses_the_weights_before_their_update():
    """Fed back wrongly, delta_1 with the new W1 leads elsewhere; the library's own step does not."""
    record = network().forward(X, T)
    first, second = updated(network())
    delta2, slopes = record.jacobian("L", "z2").tensor(), record.layer(1).J_Sum.tensor().diagonal()
    late = delta2 * second[1:, 0] * slopes
    wrong_first = np.array(W0) - np.outer([1.0, *X], late)
    assert prediction(wrong_first, second) == pytest.approx(0.725544817650, abs=1e-12)
    right = np.array(W0) - np.outer([1.0, *X], delta2 * np.array(W1)[1:, 0] * slopes)
    assert right == pytest.approx(first, abs=1e-15)
    assert prediction(first, second) == pytest.approx(NEW_PREDICTION, abs=1e-15)
