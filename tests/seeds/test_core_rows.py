"""The tensor half of seed 000, row by row: the slides' formulas, loops and matrices against the library."""

import itertools

import numpy as np
import pytest

import jacobprop as jp
from jacobprop.errors import LayoutError, ShapeError

RNG = np.random.default_rng(30)


def network(widths, loss=None, activation="sigmoid", softmax=False, seed=1, bias=False, **letters):
    """Dense layers of these widths, drawn away from zero."""
    pairs = list(itertools.pairwise(widths))
    layers = [jp.Dense(n, m, activation, bias=bias) for n, m in pairs]
    net = jp.Network([*layers, jp.Softmax()] if softmax else layers, loss, **letters)
    return net.with_vector(np.random.default_rng(seed).normal(0, 0.8, net.size))


def moved(function, at, step=1e-6):
    """Central differences of a function of an array, numerator layout: good to 1e-9."""
    columns = []
    for place in np.ndindex(np.shape(at)):
        shift = np.zeros(np.shape(at))
        shift[place] = step
        columns.append((function(at + shift) - function(at - shift)) / (2 * step))
    return np.stack(columns, axis=-1).reshape(*columns[0].shape, *np.shape(at))


# -- notation --------------------------------------------------------------------------------------


@pytest.mark.seed("D-30", "D-31")
def test_w_ij_leads_from_i_to_j():
    W = np.arange(1.0, 7.0).reshape(3, 2)
    net = jp.Network([jp.Dense.from_arrays(W)])
    for i in range(3):
        assert np.array_equal(net(np.eye(3)[i]), W[i])  # row i: the outputs of node i
    record = net.forward(np.ones(3))
    for j in range(2):
        assert np.array_equal(record.jacobian("a1", "a0").tensor()[j], W[:, j])  # column j: the inputs to j
        by_W = record.jacobian("a1", "W1").tensor()[j]
        assert np.array_equal(np.flatnonzero(by_W.any(axis=0)), [j])
    with pytest.raises(ShapeError, match="transpose a PyTorch weight"):
        jp.Dense.from_arrays(W[0])
    with pytest.raises(ShapeError, match="transpose W if it is"):
        jp.Dense.from_arrays(W.T, np.zeros(2))


@pytest.mark.seed("D-32", "S-09")
def test_the_dot_of_the_slides_is_the_matmul_of_the_library_on_matrices_and_not_on_tensors():
    A, B, t = RNG.normal(size=(5, 4)), RNG.normal(size=(4, 3)), RNG.normal(size=(4, 2, 3))
    assert np.allclose((jp.DenseJacobian(A) @ jp.DenseJacobian(B)).matrix(), np.dot(A, B), rtol=1e-14)
    assert np.dot(A[:, :2], t).shape == (5, 4, 3)  # numpy.dot takes the last axis but one of a tensor
    left = jp.JacobianTensor(A, (5,), (4,), "numerator")
    right = jp.JacobianTensor(t, (4,), (2, 3), "numerator")
    assert np.allclose((left @ right).array, np.einsum("ok,kij->oij", A, t), rtol=1e-14)
    with pytest.raises(LayoutError, match="do not meet in the same variable"):
        jp.JacobianTensor(A[:, :2], (5,), (2,), "numerator") @ right


@pytest.mark.seed("D-35", "D-36", "D-37", "D-39")
def test_the_two_layouts_of_three_by_three():
    f = network((3, 3))
    x = RNG.normal(size=3)
    numeric = moved(f, x)
    J = f.forward(x).jacobian("a1", "a0")
    assert J.tensor().shape == (3, 3)
    assert np.allclose(J.tensor("numerator"), numeric, atol=1e-9)
    assert np.array_equal(J.tensor("denominator"), J.tensor("numerator").T)
    wide = network((4, 2)).forward(RNG.normal(size=4)).jacobian("a1", "W1")
    assert wide.tensor().shape == wide.out_shape + wide.in_shape == (2, 4, 2)


# -- the chain -------------------------------------------------------------------------------------


def r_loop(record, n, m):
    """R = I; for q = n down to m + 1: R <- R . J_{q-1}^q, as the slide has it, in numpy."""
    R = np.eye(record.activation(n).shape[-1])
    for q in range(n, m, -1):
        R = R @ record.layer(q).J_Y.matrix()
    return R


@pytest.mark.seed("D-55", "D-59", "D-60", "S-05")
def test_the_loop_between_any_two_layers():
    widths = (4, 5, 3, 6, 2)
    net = network(widths)
    record = net.forward(RNG.normal(size=4))
    for m, n in itertools.combinations(range(5), 2):
        upper = jp.Network(net.layers[m:n]).with_parameters(
            {f"W{k - m}": net.parameters[f"W{k}"] for k in range(m + 1, n + 1)}
        )
        numeric = moved(upper, record.activation(m))
        J = record.jacobian(f"a{n}", f"a{m}")
        assert J.tensor().shape == (widths[n], widths[m])
        assert np.allclose(J.tensor(), numeric, atol=1e-8)
        assert np.allclose(J.tensor(), r_loop(record, n, m), rtol=1e-13, atol=1e-16)
        assert np.allclose(record.chain(f"a{n}", f"a{m}").multiply().tensor(), numeric, atol=1e-8)


@pytest.mark.seed("D-61", "D-65", "S-05", "S-08")
def test_the_last_jacobian_leads_to_the_weights():
    net = network((4, 5, 3, 6, 2), bias=True)
    x = RNG.normal(size=4)
    record = net.forward(x)
    for n, m in itertools.combinations(range(4, 0, -1), 2):
        far = r_loop(record, n, m)
        for slot in "Wb":
            J = record.jacobian(f"a{n}", f"{slot}{m}")
            own = record.layer(m)[slot].tensor()
            assert np.allclose(J.tensor(), np.tensordot(far, own, 1), rtol=1e-12, atol=1e-16)
    W2 = net.parameters["W2"]
    numeric = moved(lambda W: net.with_parameters({"W2": W})(x), W2)
    assert np.allclose(record.jacobian("a4", "W2").tensor(), numeric, atol=1e-8)


@pytest.mark.seed("D-66", "D-67", "D-56")
def test_the_mean_squared_error_of_three_sigmoid_outputs():
    net = network((2, 3), jp.MeanSquaredError(), names="Y Z", weights="W")
    y, t = RNG.normal(size=2), np.array([0.0, 1.0, 0.5])
    record = net.forward(y, t)
    z, W = record.output, net.parameters["W1"]
    by_hand = [[z[k] * (1 - z[k]) * W[i, k] for i in range(2)] for k in range(3)]
    assert np.allclose(record.J_N.tensor(), 2 / 3 * (z - t), rtol=1e-14)
    assert np.allclose(record.layer(1).J_Y.matrix(), by_hand, rtol=1e-13)
    first = sum(2 / 3 * (z[k] - t[k]) * z[k] * (1 - z[k]) * W[:, k] for k in range(3))
    assert np.allclose(record.jacobian("L", "Y").tensor(), first, rtol=1e-13)
    assert record.jacobian("L", "Y").matrix().shape == (1, 2)  # a row
    assert record.chain("L", "Y").symbols == ("J_Z^L", "J_Y^Z")


def general_algorithm(record, m):
    """The slide "The Big Picture", literally: J_V^L for the weights V into layer m, in numpy."""
    R = record.J_N.matrix()
    q = len(record.activation_widths)
    if record.softmax:
        R, q = R @ record.layer(q).J_soft.matrix(), q - 1
    while q > m:
        R, q = R @ record.layer(q).J_Y.matrix(), q - 1
    return np.dot(record.layer(m).J_W.tensor("denominator"), R[0])


class Slides:
    """A record with what the slide's algorithm asks of it."""

    def __init__(self, record, layers, softmax):
        self.record, self.softmax = record, softmax
        self.activation_widths = [record.activation(k).size for k in range(1, layers + 1)]
        self.J_N, self.layer = record.J_N, record.layer


@pytest.mark.seed("D-52", "D-65", "D-68", "S-06")
@pytest.mark.parametrize("softmax", [False, True], ids=["", "softmax"])
@pytest.mark.parametrize("loss", [jp.MeanSquaredError, jp.SquaredError, jp.CrossEntropy])
@pytest.mark.parametrize("activation", ["identity", "sigmoid"])
def test_the_general_algorithm_on_45363(activation, loss, softmax):
    if loss is jp.CrossEntropy and not softmax:
        return  # refused at construction
    net = network((4, 5, 3, 6, 3), loss(reduction="sum"), activation, softmax)
    x, t = RNG.normal(size=4), np.eye(3)[1]
    record = net.forward(x, t)
    slides = Slides(record, len(net.layers), softmax)
    for m in range(1, 5):
        name = f"W{m}"
        literal = general_algorithm(slides, m)
        assert np.allclose(record.jacobian("L", name).tensor(), literal, rtol=1e-11, atol=1e-15)
        assert np.allclose(
            record.chain("L", name).multiply("backward").tensor(), literal, rtol=1e-11, atol=1e-15
        )
        numeric = moved(
            lambda W, name=name: np.asarray(net.with_parameters({name: W}).forward(x, t).loss),
            net.parameters[name],
        )
        assert np.allclose(literal, numeric, atol=1e-8)


# -- the two factors of a layer --------------------------------------------------------------------


@pytest.mark.seed("D-69", "D-70", "S-02")
@pytest.mark.parametrize("activation", ["identity", "sigmoid", "tanh", "relu", "softplus"])
def test_j_y_is_j_sum_times_w_transposed(activation):
    net = network((4, 3), activation=activation)
    x = RNG.normal(size=4)
    factors, W = net.forward(x).layer(1), net.parameters["W1"]
    J_Sum = factors.J_Sum.matrix()
    assert np.array_equal(J_Sum, np.diag(np.diagonal(J_Sum)))
    assert np.allclose(factors.J_Y.matrix(), J_Sum @ W.T, rtol=1e-15)
    assert np.allclose(factors.J_Y.matrix(), (W @ J_Sum).T, rtol=1e-15)
    assert np.allclose(factors.J_Y.matrix(), moved(net, x), atol=1e-8)


@pytest.mark.seed("D-57", "D-71", "D-72", "S-03", "S-04")
def test_the_full_and_the_simplified_weight_jacobian():
    net = network((4, 3), bias=True)
    y = RNG.normal(size=4)
    factors = net.forward(y).layer(1)
    full = factors.J_W.tensor("denominator")
    numeric = moved(lambda W: net.with_parameters({"W1": W})(y), net.parameters["W1"])
    assert full.shape == (4, 3, 3)
    assert np.allclose(full, np.moveaxis(numeric, 0, -1), atol=1e-9)
    assert np.count_nonzero(full) == 12  # m of m^2 in each row of the grid
    assert np.array_equal(factors.J_W_hat, np.einsum("ijj->ij", full))
    assert np.allclose(factors.J_W_hat, np.outer(y, np.diagonal(factors.J_Sum.matrix())), rtol=1e-15)
    by_bias = moved(lambda b: net.with_parameters({"b1": b})(y), net.parameters["b1"])
    assert np.allclose(factors.J_b.tensor(), by_bias, atol=1e-9)


@pytest.mark.seed("D-73", "D-74", "D-75", "S-04", "S-06")
@pytest.mark.parametrize("activation", ["sigmoid", "tanh", "softplus"])
def test_the_three_steps_across_a_layer(activation):
    """Receive J_Z^L; J_W^L <- J_Z^L . J_W^Z; J_Y^L <- J_Z^L . J_Y^Z, with the weights before the update."""
    net = network((4, 3, 2), jp.SquaredError(), activation)
    x, t = RNG.normal(size=4), RNG.normal(size=2)
    record = net.forward(x, t)
    received = record.jacobian("L", "a2").tensor()
    top = record.layer(2)
    by_W = np.dot(top.J_W.tensor("denominator"), received)
    assert np.allclose(by_W, received * top.J_W_hat, rtol=1e-13)
    assert np.allclose(by_W, np.einsum("k,ijk->ij", received, top.J_W.tensor("denominator")), rtol=1e-13)
    assert np.allclose(by_W, record.gradients()["W2"], rtol=1e-13)
    upstream = received @ top.J_Y.matrix()
    assert np.allclose(record.jacobian("L", "a1").tensor(), upstream, rtol=1e-13)
    gradients = jp.gradients(net, x, t, "delta")
    assert np.allclose(gradients["W1"], upstream * record.layer(1).J_W_hat, rtol=1e-12)
    later = net.with_parameters({"W2": net.parameters["W2"] - by_W}).forward(x, t)
    late = received @ later.layer(2).J_Y.matrix()
    assert np.abs(late - upstream).max() > 1e-3  # what the updated weights would pass on
    updated = jp.fit(net, x[None], t[None], epochs=1, learning_rate=1.0).network
    assert np.allclose(updated.parameters["W1"], net.parameters["W1"] - gradients["W1"], rtol=1e-12)


@pytest.mark.seed("D-76", "D-77", "D-78", "S-07")
@pytest.mark.parametrize("m", [2, 3, 5, 10])
def test_the_softmax_jacobian(m):
    z = RNG.normal(size=m)
    record = jp.Network([jp.Softmax()]).forward(z)
    s, J = record.output, record.layer(1).J_soft.matrix()
    assert not jp.Network([jp.Softmax()]).parameters
    for i, k in np.ndindex(m, m):
        assert J[k, i] == pytest.approx(s[i] * (1 - s[i]) if i == k else -s[k] * s[i], rel=1e-14)
    assert np.array_equal(J, J.T)
    assert np.abs(J.sum(axis=1)).max() < 1e-16
    assert np.linalg.matrix_rank(J) == m - 1
    assert np.allclose(J, moved(lambda at: np.exp(at) / np.exp(at).sum(), z), atol=1e-9)


@pytest.mark.seed("D-79", "S-07")
def test_the_backward_pass_across_softmax_takes_a_row():
    record = jp.Network([jp.Softmax()]).forward(RNG.normal(size=3))
    J, g = record.layer(1).J_soft, RNG.normal(size=3)
    expected = g @ J.matrix()
    column = g[:, None]
    assert np.allclose(np.dot(column.T, J.matrix())[0], expected, rtol=1e-13)
    assert g.T is not g
    assert g.T.shape == g.shape  # .T does nothing to a one-dimensional array
    assert np.allclose(np.dot(g.T, J.matrix()), expected, rtol=1e-13)
    with pytest.raises(ValueError, match="not aligned"):
        np.dot(column, J.matrix())
    assert np.allclose(J.pull(g), expected, rtol=1e-13)
    assert np.allclose((jp.DenseJacobian(column).T @ J).matrix(), expected[None], rtol=1e-13)
    with pytest.raises(ShapeError, match="the argument does not fit"):
        J.pull(column)


# -- minibatches, losses, the delta rule -----------------------------------------------------------


@pytest.mark.seed("D-51", "D-53", "E-15", "S-16")
def test_the_gradient_of_a_minibatch_is_the_sum_over_its_cases():
    X, T = RNG.normal(size=(7, 4)), RNG.normal(size=(7, 2))
    for reduction, divisor in (("sum", 1), ("mean", 7)):
        net = network((4, 3, 2), jp.SquaredError(reduction=reduction))
        record = net.forward(X, T)
        per_case = record.jacobian("L", "W1").tensor()
        assert per_case.shape == (7, 4, 3)
        alone = [net.forward(x, t).gradients()["W1"] for x, t in zip(X, T, strict=True)]
        assert np.allclose(per_case, alone, rtol=1e-12)
        assert np.allclose(record.gradients()["W1"], sum(alone) / divisor, rtol=1e-12)
        numeric = moved(
            lambda W, net=net: np.asarray(net.with_parameters({"W1": W}).forward(X, T).loss),
            net.parameters["W1"],
        )
        assert np.allclose(record.gradients()["W1"], numeric, atol=1e-8)


@pytest.mark.seed("S-13")
@pytest.mark.parametrize("width", [16, 24, 32])
def test_the_delta_rule_over_a_batch_equals_the_full_tensors(width):
    net = network((width, width + 1, width - 1, 5), jp.CrossEntropy(), softmax=True, bias=True)
    X, labels = RNG.normal(size=(12, width)), RNG.integers(0, 5, 12)
    delta, full, hat, chain = (
        jp.gradients(net, X, labels, name) for name in ("delta", "tensor", "simplified", "structured")
    )
    for name, expected in full.items():
        for found in (delta, hat, chain):
            assert np.abs(found[name] - expected).max() < 1e-12 * np.abs(expected).max()


@pytest.mark.seed("D-54")
@pytest.mark.parametrize("loss", ["CrossEntropy", "BinaryCrossEntropy", "MeanSquaredError"])
def test_torch_does_all_of_this_too(loss):
    torch = pytest.importorskip("torch")
    softmax = loss == "CrossEntropy"
    net = network((4, 5, 3), getattr(jp, loss)(), softmax=softmax, bias=True)
    X = RNG.normal(size=(6, 4))
    labels = RNG.integers(0, 3, 6)
    hot = np.eye(3)[labels]
    leaves = {
        name: torch.tensor(np.array(array), dtype=torch.float64, requires_grad=True)
        for name, array in net.parameters.items()
    }
    hidden = torch.sigmoid(torch.tensor(X) @ leaves["W1"] + leaves["b1"])
    top = torch.sigmoid(hidden @ leaves["W2"] + leaves["b2"])
    value = {
        "CrossEntropy": lambda: torch.nn.functional.cross_entropy(top, torch.tensor(labels)),
        "BinaryCrossEntropy": lambda: (
            torch.nn.functional.binary_cross_entropy(top, torch.tensor(hot), reduction="sum") / 6
        ),
        "MeanSquaredError": lambda: torch.nn.functional.mse_loss(top, torch.tensor(hot)),
    }[loss]()
    value.backward()
    record = net.forward(X, labels if softmax else hot)
    assert record.loss == pytest.approx(value.item(), rel=1e-12)
    for name, gradient in record.gradients().items():
        assert np.allclose(gradient, leaves[name].grad.numpy(), rtol=1e-10, atol=1e-14)
