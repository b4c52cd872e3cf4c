"""The 3-2-1 example of seed 000: R = X V, Y = g(R), S = Y W, Z = f(S), all sigmoid, without biases."""

import itertools

import numpy as np
import pytest

import jacobprop as jp
from jacobprop.errors import LayoutError

X = np.array([0.5, -1.0, 2.0])
V = np.array([[0.25, -0.5], [0.75, 1.0], [-0.125, 0.375]])
W = np.array([[1.5], [-0.625]])
Y = 1 / (1 + np.exp(-X @ V))
Z = 1 / (1 + np.exp(-Y @ W))
g, f = Y * (1 - Y), Z * (1 - Z)


@pytest.fixture
def record():
    layers = [jp.Dense.from_arrays(V, None, "sigmoid"), jp.Dense.from_arrays(W, None, "sigmoid")]
    return jp.Network(layers, jp.SquaredError(), names="X Y Z", weights="V W").forward(X, [1.0])


def by_index(shape, entry):
    """An array from a formula in its indices."""
    array = np.empty(shape)
    for at in np.ndindex(shape):
        array[at] = entry(*at)
    return array


@pytest.mark.seed("D-40", "D-45", "D-56", "D-62", "D-63", "D-69", "D-70")
def test_every_matrix_on_the_slides(record):
    assert np.allclose(record.activation(1), Y, rtol=1e-15)
    assert np.allclose(record.output, Z, rtol=1e-15)
    assert np.allclose(record.layer(1).J_Sum.tensor(), np.diag(g), rtol=1e-14)
    assert np.allclose(record.layer(2).J_Y.tensor(), [[f[0] * W[0, 0], f[0] * W[1, 0]]], rtol=1e-14)
    J_V = record.jacobian("Y", "V")
    inner = by_index((3, 2, 2), lambda i, j, k: (j == k) * g[k] * X[i])  # the slide's grid of vectors
    assert np.allclose(J_V.tensor("denominator"), inner, rtol=1e-14)
    J_V_Z = by_index((3, 2), lambda i, j: f[0] * X[i] * g[j] * W[j, 0])
    assert np.allclose(record.jacobian("Z", "V").tensor()[0], J_V_Z, rtol=1e-14)
    assert record.jacobian("Z", "V").tensor("denominator").shape == (3, 2, 1)


@pytest.mark.seed("D-35", "D-36", "D-37", "D-38", "S-01")
def test_the_layouts_of_a_weight_jacobian(record):
    J = record.jacobian("Y", "V")
    assert J.tensor().shape == (2, 3, 2)
    assert J.tensor("denominator").shape == (3, 2, 2)
    numerator, denominator = J.tagged("numerator"), J.tagged("denominator")
    assert numerator.array.shape == (2, 3, 2)
    assert denominator.array.shape == (3, 2, 2)
    for tensor in (numerator, denominator):
        there = {"numerator": "denominator", "denominator": "numerator"}[tensor.layout]
        assert np.array_equal(tensor.to(there).to(tensor.layout).array, tensor.array)
    for k, i, j in itertools.product(range(2), range(3), range(2)):
        assert numerator.array[k, i, j] == denominator.array[i, j, k]


@pytest.mark.seed("D-34", "D-38", "D-59", "D-63", "S-01")
@pytest.mark.parametrize("layout", ["numerator", "denominator"])
def test_the_chain_rule_in_either_layout(record, layout):
    J_Y, J_V = record.jacobian("Z", "Y").tagged(layout), record.jacobian("Y", "V").tagged(layout)
    product = J_Y @ J_V
    assert product.layout == layout
    assert np.allclose(product.array, record.jacobian("Z", "V").tensor(layout), rtol=1e-14)
    with pytest.raises(LayoutError, match=r"^JacobianTensor @ JacobianTensor: two layouts meet; got "):
        J_Y @ J_V.to({"numerator": "denominator", "denominator": "numerator"}[layout])
    with pytest.raises(LayoutError, match="the factors do not meet in the same variable"):
        J_V @ J_Y


@pytest.mark.seed("D-33", "D-41", "D-44", "S-01", "E-06")
@pytest.mark.parametrize("layout", ["numerator", "denominator"])
def test_the_product_rule_in_either_layout(layout):
    """d(A.B)/dX with A and B both functions of X, here A = X M and B = N X, against complex steps."""
    rng = np.random.default_rng(33)
    M, N, at = rng.normal(size=(2, 3)), rng.normal(size=(3, 4)), rng.normal(size=(4, 2))

    def tensor(array, out, inner):
        return jp.JacobianTensor(array, out, inner, "numerator").to(layout)

    A, B = at @ M, N @ at
    dA = by_index((4, 3, 4, 2), lambda i, j, r, s: (i == r) * M[s, j])
    dB = by_index((3, 2, 4, 2), lambda i, j, r, s: N[i, r] * (j == s))
    by_A = by_index((4, 2, 4, 3), lambda i, j, r, s: (i == r) * B[s, j])
    by_B = by_index((4, 2, 3, 2), lambda i, j, r, s: A[i, r] * (j == s))
    total = tensor(by_A, (4, 2), (4, 3)) @ tensor(dA, (4, 3), (4, 2)) + tensor(by_B, (4, 2), (3, 2)) @ tensor(
        dB, (3, 2), (4, 2)
    )

    def moved(r, s):
        point = at.astype(complex)
        point[r, s] += 1e-30j
        return ((point @ M) @ (N @ point)).imag / 1e-30

    numeric = by_index((4, 2, 4, 2), lambda i, j, r, s: moved(r, s)[i, j])
    assert np.allclose(total.to("numerator").array, numeric, rtol=1e-12)
    assert total.array.shape == (4, 2, 4, 2)


@pytest.mark.seed("D-42", "D-46", "D-47", "D-49")
def test_the_identity_tensors(record):
    dW = jp.IdentityJacobian((2, 1)).tensor()
    assert dW.shape == (2, 1, 2, 1)
    assert np.allclose(np.tensordot(Y, dW, axes=([0], [0])).reshape(2), Y)
    dV = jp.IdentityJacobian((3, 2)).tensor()
    assert dV.shape == (3, 2, 3, 2)
    assert all(np.array_equal(dV[i, j], np.eye(6)[2 * i + j].reshape(3, 2)) for i, j in np.ndindex(3, 2))
    dR = np.dot(X, dV)
    assert dR.shape == (3, 2, 2)
    assert np.array_equal(dR, by_index((3, 2, 2), lambda i, j, k: X[i] * (j == k)))
    dY = record.jacobian("Y", "V").tensor("denominator")
    assert np.dot(dY, W).shape == (3, 2, 1)
    assert np.allclose(f[0] * np.dot(dY, W)[..., 0], record.jacobian("Z", "V").tensor()[0], rtol=1e-14)


@pytest.mark.seed("D-41", "D-43", "D-44", "D-50", "D-51")
def test_the_gradients_case_by_case():
    """The symbolic matrices filled in with the numbers of each case of a minibatch."""
    batch = np.stack([X, -X, X[::-1], X**2])
    layers = [jp.Dense.from_arrays(V, None, "sigmoid"), jp.Dense.from_arrays(W, None, "sigmoid")]
    record = jp.Network(layers).forward(batch)
    by_V, by_W = record.jacobian("a2", "W1"), record.jacobian("a2", "W2")
    assert by_V.tensor().shape == (4, 1, 3, 2)
    for c, x in enumerate(batch):
        y = 1 / (1 + np.exp(-x @ V))
        z = 1 / (1 + np.exp(-y @ W))[0]
        assert np.allclose(by_W.tensor()[c, 0, :, 0], z * (1 - z) * y, rtol=1e-14)
        expected = by_index((3, 2), lambda i, j: z * (1 - z) * x[i] * y[j] * (1 - y[j]) * W[j, 0])  # noqa: B023  (used at once)
        assert np.allclose(by_V.tensor()[c, 0], expected, rtol=1e-13)


@pytest.mark.seed("D-64")
def test_one_entry_is_the_product_along_its_single_path(record):
    along = (X[0] * g[0]) * (W[0, 0] * f[0])  # x1 -> y1 -> z1, from v11 on
    assert record.jacobian("Z", "V").tensor()[0, 0, 0] == pytest.approx(along, rel=1e-14)


def paths(widths):
    """Every way from a unit of the first layer to a unit of the last, one unit a layer."""
    return itertools.product(*(range(width) for width in widths))


@pytest.mark.seed("D-21", "D-58", "D-59", "D-60", "S-05")
@pytest.mark.parametrize("widths", [(3, 2, 1), (2, 4, 3), (3, 2, 4, 2), (2, 3, 4, 3, 5)], ids=str)
def test_a_distant_gradient_is_the_sum_over_all_paths(widths):
    rng = np.random.default_rng(sum(widths))
    layers = [jp.Dense(n, m, "sigmoid") for n, m in itertools.pairwise(widths)]
    net = jp.Network(layers, seed=5)
    record = net.forward(rng.normal(size=widths[0]))
    last = len(layers)
    weights = [net.parameters[f"W{k}"] for k in range(1, last + 1)]
    slopes = [a * (1 - a) for a in (record.activation(k) for k in range(1, last + 1))]
    total = np.zeros((widths[-1], widths[0]))
    for path in paths(widths):
        share = 1.0
        for k, (i, j) in enumerate(itertools.pairwise(path)):
            share *= weights[k][i, j] * slopes[k][j]
        total[path[-1], path[0]] += share
    assert np.allclose(record.jacobian(f"a{last}", "a0").tensor(), total, rtol=1e-12)
    product = np.eye(widths[-1])
    for k in range(last, 0, -1):
        product = product @ record.layer(k).J_Y.matrix()
    assert np.allclose(product, total, rtol=1e-12)
