"""Errata E-05 to E-14, E-31 and E-34 of the inventory: which literal numpy call is right, which raises,
and which is silently wrong; and after each, the library's own call, which is right or raises.

Sizes are the inventory's: n = 4 units below, m = 3 units above. Literal calls stay raw numpy.
"""

import itertools

import numpy as np
import pytest

import jacobprop as jp
from jacobprop.errors import LayoutError, ShapeError, UnsupportedLayerError

N, M = 4, 3
RNG = np.random.default_rng(5)
Y = RNG.normal(size=N)
G = RNG.normal(size=M)  # J_Z^L
W = RNG.normal(size=(N, M))
SLOPE = RNG.uniform(0.1, 0.25, M)
DIAGONAL = np.diag(SLOPE)  # J_Sum^Z of an elementwise layer
P = np.exp(Y @ W) / np.exp(Y @ W).sum()
SOFT = np.diag(P) - np.outer(P, P)  # symmetric
LOG_SOFT = np.eye(M) - P  # J[k, j] = delta_kj - p_j, of log softmax: not symmetric


def denominator(y, J_Sum):
    """J_W^Z in denominator layout by its definition: [i, j, k] = dz_k/dw_ij = y_i J_Sum[k, j]."""
    return np.einsum("i,kj->ijk", y, J_Sum)


def numerator(y, J_Sum):
    """J_W^Z in numerator layout: [k, i, j]."""
    return np.einsum("i,kj->kij", y, J_Sum)


def gradient(g, y, J_Sum):
    """dL/dw_ij = y_i sum_k g_k J_Sum[k, j]: what has to come out."""
    return np.outer(y, g @ J_Sum)


def right(found, expected):
    return found.shape == expected.shape and np.allclose(found, expected, rtol=1e-13)


def silently_wrong(found, expected):
    """The shape is right, the numbers are not, and nobody says so."""
    return found.shape == expected.shape and np.abs(found - expected).max() > 0.01


def tagged(y, J_Sum, layout):
    """J_W^Z as the library tags it."""
    return jp.WeightJacobian(jp.DenseJacobian(J_Sum), y).tagged(layout)


def row(g, layout="numerator"):
    return jp.DenseJacobian(np.atleast_2d(g), out_shape=()).tagged(layout)


# -- E-05: np.dot(J_W^Z, J_Z^L) and its order ------------------------------------------------------


@pytest.mark.seed("E-05", "S-09", "D-74")
@pytest.mark.parametrize("J_Sum", [DIAGONAL, SOFT], ids=["elementwise", "softmax"])
def test_e05_a_vector_may_stand_on_either_side_of_a_symmetric_layer(J_Sum):
    J, expected = denominator(Y, J_Sum), gradient(G, Y, J_Sum)
    assert J.shape == (4, 3, 3)
    assert right(np.dot(J, G), expected)
    assert right(np.dot(G, J), expected)
    assert right(np.einsum("k,ijk->ij", G, J), expected)


@pytest.mark.seed("E-05", "S-09", "D-74")
def test_e05_a_the_slides_own_row_makes_the_proper_call_raise():
    J, expected = denominator(Y, DIAGONAL), gradient(G, Y, DIAGONAL)
    with pytest.raises(ValueError, match=r"shapes \(4,3,3\) and \(1,3\) not aligned"):
        np.dot(J, G[None, :])
    assert right(np.dot(G[None, :], J), expected[None])


@pytest.mark.seed("E-05", "S-09")
def test_e05_b_a_layer_that_is_not_symmetric_needs_the_first_order():
    J, expected = denominator(Y, LOG_SOFT), gradient(G, Y, LOG_SOFT)
    assert right(np.dot(J, G), expected)
    assert silently_wrong(np.dot(G, J), expected)


@pytest.mark.seed("E-05", "S-09")
@pytest.mark.parametrize("outputs", [5, 2])
def test_e05_c_far_jacobians_need_the_first_order(outputs):
    """J_V^Z of V (4 x 2) and Z wider or just as wide as V: [p, q, k] = dz_k/dv_pq."""
    R = RNG.normal(size=(outputs, 2))
    far, g = np.einsum("p,kq->pqk", Y, R), RNG.normal(size=outputs)
    expected = np.outer(Y, g @ R)
    assert right(np.dot(far, g), expected)
    if outputs == 2:
        assert silently_wrong(np.dot(g, far), expected)
    else:
        with pytest.raises(ValueError, match="not aligned"):
            np.dot(g, far)


@pytest.mark.seed("E-05", "S-09")
@pytest.mark.parametrize("n", [4, 3])
def test_e05_d_numerator_tensors_want_tensordot(n):
    y = Y[:n]
    J, expected = numerator(y, DIAGONAL), gradient(G, y, DIAGONAL)
    assert right(np.dot(J, G), expected.T)  # the transpose, (m, n)
    if n == M:
        assert silently_wrong(np.dot(J, G), expected)
        assert silently_wrong(np.dot(G, J), expected)
    else:
        with pytest.raises(ValueError, match="not aligned"):
            np.dot(G, J)
    assert right(np.tensordot(G, J, 1), expected)


@pytest.mark.seed("E-05", "S-09", "D-74", "D-79")
@pytest.mark.parametrize("J_Sum", [DIAGONAL, SOFT, LOG_SOFT], ids=["elementwise", "softmax", "log softmax"])
@pytest.mark.parametrize("n", [4, 3])
def test_e05_the_library_is_right_or_raises(J_Sum, n):
    y = Y[:n]
    expected = gradient(G, y, J_Sum)
    J = jp.WeightJacobian(jp.DenseJacobian(J_Sum), y)
    product = jp.DenseJacobian(G[None, :], out_shape=()) @ J
    assert right(product.tensor(), expected)
    assert right(J.pull(G), expected)
    for layout in ("numerator", "denominator"):
        assert right((row(G, layout) @ tagged(y, J_Sum, layout)).array, expected)
    with pytest.raises(LayoutError, match="two layouts meet"):
        row(G) @ tagged(y, J_Sum, "denominator")
    with pytest.raises(LayoutError, match="do not meet in the same variable"):
        tagged(y, J_Sum, "denominator") @ row(G, "denominator")
    with pytest.raises(ShapeError, match="do not meet in the same variable"):
        J @ jp.DenseJacobian(G[None, :], out_shape=())
    for wrong in (G[None, :], G[:, None], G[:2]):
        with pytest.raises(ShapeError, match="the argument does not fit"):
            J.pull(wrong)


@pytest.mark.seed("E-05", "D-74")
def test_e05_the_formulation_numpy_dot_makes_the_call_that_is_right():
    """With softmax inside the chain and far weights, cases n_Z = q and n_Z != q."""
    for widths in ((4, 2, 2), (4, 3, 2), (3, 3, 3)):
        layers = [jp.Dense(a, b, "tanh") for a, b in itertools.pairwise(widths)]
        net = jp.Network([*layers, jp.Softmax()], jp.CrossEntropy(), seed=sum(widths))
        x = RNG.normal(size=widths[0])
        literal, chain = (jp.gradients(net, x, 1, name) for name in ("numpy_dot", "structured"))
        assert all(right(literal[name], chain[name]) for name in chain)


# -- E-06: the product rule ------------------------------------------------------------------------


def product_of_functions():
    """A (2, 3) and B (3, 2), both of X (2, 2), with their numerator tensors and the right answer."""
    a, b, X = RNG.normal(size=(2, 2)), RNG.normal(size=(3, 2)), RNG.normal(size=(2, 2))
    c = RNG.normal(size=(2, 3))

    def A_of(X):
        return a @ X @ c

    def B_of(X):
        return b @ X * X.sum()

    def derivative(function):
        columns = []
        for at in np.ndindex(2, 2):
            moved = X.astype(complex)
            moved[at] += 1e-30j
            columns.append(function(moved).imag / 1e-30)
        return np.moveaxis(np.array(columns), 0, -1).reshape(*function(X).shape, 2, 2)

    return A_of(X), B_of(X), derivative(A_of), derivative(B_of), derivative(lambda X: A_of(X) @ B_of(X))


@pytest.mark.seed("E-06", "S-09", "D-33")
def test_e06_the_product_rule_with_numpy_dot():
    A, B, dA, dB, expected = product_of_functions()
    for first, second in ((A, dB), (dA, B)):  # numerator layout
        with pytest.raises(ValueError, match="not aligned"):
            np.dot(first, second)
    assert right(np.tensordot(A, dB, axes=1) + np.einsum("kmij,ml->klij", dA, B), expected)

    swapped = np.moveaxis(expected, (0, 1), (2, 3))  # denominator layout: X's axes first
    dA_den, dB_den = (np.moveaxis(J, (0, 1), (2, 3)) for J in (dA, dB))
    raw = np.dot(A, dB_den) + np.dot(dA_den, B)  # the formula read literally
    assert silently_wrong(raw, swapped)
    assert right(np.dot(A, dB_den).transpose(1, 2, 0, 3) + np.dot(dA_den, B), swapped)
    assert right(A @ dB_den + dA_den @ B, swapped)


@pytest.mark.seed("E-06", "S-09", "D-33", "S-01")
@pytest.mark.parametrize("layout", ["numerator", "denominator"])
def test_e06_the_library_is_right_or_raises(layout):
    A, B, dA, dB, expected = product_of_functions()
    by_A = np.einsum("ir,sj->ijrs", np.eye(2), B)
    by_B = np.einsum("ir,js->ijrs", A, np.eye(2))

    def tensor(array, out, inner):
        return jp.JacobianTensor(array, out, inner, "numerator").to(layout)

    first = tensor(by_A, (2, 2), (2, 3)) @ tensor(dA, (2, 3), (2, 2))
    second = tensor(by_B, (2, 2), (3, 2)) @ tensor(dB, (3, 2), (2, 2))
    assert right((first + second).to("numerator").array, expected)
    other = {"numerator": "denominator", "denominator": "numerator"}[layout]
    with pytest.raises(LayoutError, match="two layouts meet"):
        first + second.to(other)


# -- E-07: the slides' twist -----------------------------------------------------------------------


@pytest.mark.seed("E-07", "S-09", "D-48")
def test_e07_dg_dr_times_dr_dv_comes_out_permuted():
    x, g = RNG.normal(size=3), RNG.uniform(0.1, 0.25, 2)
    dR = np.einsum("i,jk->ijk", x, np.eye(2))
    expected = np.einsum("i,jk,k->ijk", x, np.eye(2), g)  # dY/dV, shape-of-weights first
    found = np.dot(np.diag(g), dR)
    assert found.shape == (2, 3, 2)  # axes (k, i, j), not (i, j, k)
    assert right(found.transpose(1, 0, 2), expected)
    assert right(np.dot(dR, np.diag(g).T), expected)
    library = jp.DiagonalJacobian(g) @ jp.WeightJacobian(jp.IdentityJacobian(2), x)
    assert right(library.tensor("denominator"), expected)
    assert right(library.tensor(), np.einsum("i,kj,k->kij", x, np.eye(2), g))


@pytest.mark.seed("E-07", "S-09")
def test_e07_with_as_many_inputs_as_units_nothing_warns():
    x, g = RNG.normal(size=2), np.array([0.1, 0.25])
    dR = np.einsum("i,jk->ijk", x, np.eye(2))
    expected = np.einsum("i,jk,k->ijk", x, np.eye(2), g)
    assert silently_wrong(np.dot(np.diag(g), dR), expected)
    library = jp.DiagonalJacobian(g) @ jp.WeightJacobian(jp.IdentityJacobian(2), x)
    assert right(library.tensor("denominator"), expected)


# -- E-08: J_w^n <- J_m^n . J_w^m with a denominator J_w^m -----------------------------------------


@pytest.mark.seed("E-08", "S-09", "D-61")
def test_e08_the_order_decides_the_layout():
    far = RNG.normal(size=(5, M))  # J_m^n
    J = denominator(Y, DIAGONAL)  # J_w^m, (4, 3, 3)
    truth = np.einsum("ok,kij->oij", far, numerator(Y, DIAGONAL))
    found = np.dot(far, J)
    assert found.shape == (5, 4, 3)
    assert right(found, truth)  # numerator layout, thanks to the diagonal
    assert np.dot(J, far.T).shape == (4, 3, 5)
    assert right(np.dot(J, far.T), np.moveaxis(truth, 0, -1))  # stays in denominator layout
    library = jp.DenseJacobian(far) @ jp.WeightJacobian(jp.DiagonalJacobian(SLOPE), Y)
    assert right(library.tensor(), truth)
    assert right(library.tensor("denominator"), np.moveaxis(truth, 0, -1))


@pytest.mark.seed("E-08", "S-09")
def test_e08_without_the_diagonal_only_the_second_order_is_right():
    far = RNG.normal(size=(5, M))
    truth = np.einsum("ok,kij->oij", far, numerator(Y, LOG_SOFT))
    assert silently_wrong(np.dot(far, denominator(Y, LOG_SOFT)), truth)
    assert right(np.dot(denominator(Y, LOG_SOFT), far.T), np.moveaxis(truth, 0, -1))
    library = jp.DenseJacobian(far) @ jp.WeightJacobian(jp.DenseJacobian(LOG_SOFT), Y)
    assert right(library.tensor(), truth)


# -- E-09: (W . J_Sum)^T = J_Sum . W^T -------------------------------------------------------------


@pytest.mark.seed("E-09", "S-09", "D-69", "S-02")
def test_e09_the_transposed_form_holds_for_symmetric_layers_only():
    for J_Sum in (DIAGONAL, SOFT):
        assert right((W @ J_Sum).T, J_Sum @ W.T)
    assert silently_wrong((W @ LOG_SOFT).T, LOG_SOFT @ W.T)

    def log_soft(y):
        z = y @ W
        return z - np.log(np.exp(z).sum())

    numeric = np.stack([log_soft(Y + 1e-30j * e).imag / 1e-30 for e in np.eye(N)], axis=-1)
    assert right(LOG_SOFT @ W.T, numeric)
    library = jp.DenseJacobian(LOG_SOFT) @ jp.ScaledJacobian(None, W.T)
    assert right(library.matrix(), numeric)
    assert right(library.T.matrix(), numeric.T)


# -- E-10: which tensors are in denominator layout -------------------------------------------------


@pytest.mark.seed("E-10", "D-57", "D-71", "S-03")
def test_e10_the_grid_of_vectors_is_denominator_layout_and_three_dimensional():
    net = jp.Network([jp.Dense.from_arrays(W, None, "sigmoid")])
    J_W = net.forward(Y).layer(1).J_W
    grid = J_W.tensor("denominator")
    assert grid.shape == (N, M, M)  # "the same shape as W" is the outer n x m alone
    assert J_W.tensor().shape == (M, N, M)
    assert J_W.tagged("denominator").array.shape == (N, M, M)
    z = 1 / (1 + np.exp(-Y @ W))
    for i, k in np.ndindex(N, M):
        only = np.zeros(M)
        only[k] = Y[i] * z[k] * (1 - z[k])  # [0, .., y_i z_k (1 - z_k), .., 0]
        assert np.allclose(grid[i, k], only, rtol=1e-14)


# -- E-11: "only these positive values" ------------------------------------------------------------


@pytest.mark.seed("E-11", "D-71", "D-72", "S-04")
def test_e11_the_values_kept_are_those_that_may_differ_from_zero():
    y = np.array([0.5, -0.25, 0.0])
    net = jp.Network([jp.Dense(3, 2, "sigmoid", bias=False)])
    hat = net.forward(y).layer(1).J_W_hat
    assert (np.sign(hat) == np.array([[1, 1], [-1, -1], [0, 0]])).all()


# -- E-12: the simplified Jacobian is for elementwise layers ---------------------------------------


class SoftDense(jp.Dense):
    """Softmax inside a layer that has weights."""

    def forward(self, params, inputs):
        z, cache = super().forward(params, inputs)
        return np.exp(z) / np.exp(z).sum(-1, keepdims=True), cache

    def J_Sum(self, cache):
        p = np.exp(cache.z) / np.exp(cache.z).sum(-1, keepdims=True)
        return jp.DiagonalPlusLowRankJacobian(p, -p[..., None], p[..., None])


@pytest.mark.seed("E-12", "D-72", "D-75", "S-04")
def test_e12_with_softmax_inside_the_simplified_form_is_wrong():
    expected = gradient(G, Y, SOFT)
    assert silently_wrong(G * np.outer(Y, np.diagonal(SOFT)), expected)
    record = jp.Network([SoftDense(N, M, bias=False)]).with_parameters({"W1": W}).forward(Y)
    assert right(record.layer(1).J_W.pull(G), expected)
    with pytest.raises(UnsupportedLayerError) as caught:
        record.layer(1).J_W_hat  # noqa: B018  (the access raises)
    text = str(caught.value)
    assert text.startswith("layer 1 SoftDense(4, 3, ")
    assert "the layer has no J_W_hat. J_W_hat needs weights and an elementwise activation: use J_W." in text
    with pytest.raises(UnsupportedLayerError, match="the slides have no such layer"):
        jp.gradients(
            jp.Network([SoftDense(N, M)], jp.SquaredError()), Y, np.zeros(M), formulation="simplified"
        )


# -- E-13: J_Z^L * J^_W^Z --------------------------------------------------------------------------


@pytest.mark.seed("E-13", "S-09", "S-04", "D-75")
def test_e13_the_vector_and_the_row_are_right_and_the_column_is_not():
    hat, expected = np.outer(Y, SLOPE), gradient(G, Y, DIAGONAL)
    assert right(G * hat, expected)
    assert right(G[None, :] * hat, expected)
    with pytest.raises(ValueError, match="could not be broadcast"):
        G[:, None] * hat
    square = hat[:M]
    assert silently_wrong(G[:, None] * square, expected[:M])  # n = m
    assert silently_wrong(G[:1] * hat, expected)  # a vector of length 1 meets every column
    assert np.linalg.norm(G) != hat.shape[1]  # the condition is on the length, not on the norm


@pytest.mark.seed("E-13", "S-09", "S-04", "D-75")
@pytest.mark.parametrize("n", [4, 3])
def test_e13_the_library_refuses_the_column(n):
    record = jp.Network([jp.Dense(n, M, "tanh", bias=False)]).with_parameters({"W1": W[:n]}).forward(Y[:n])
    factors = record.layer(1)
    expected = np.einsum("k,ijk->ij", G, factors.J_W.tensor("denominator"))
    assert right(G * factors.J_W_hat, expected)
    assert right(factors.J_W.pull(G), expected)
    for wrong in (G[:, None], G[:1], G[None, :]):
        with pytest.raises(ShapeError) as caught:
            factors.J_W.pull(wrong)
        assert f"got shape {wrong.shape}, expected (3,)" in str(caught.value)


# -- E-14: where R starts when softmax is on top ---------------------------------------------------


@pytest.mark.seed("E-14", "D-68", "D-78", "S-07")
def test_e14_r_starts_with_the_derivative_by_the_softmax_outputs():
    layers = [jp.Dense(4, 3), jp.Softmax()]
    record = jp.Network(layers, jp.MeanSquaredError(), names="Y Z S").forward(Y, [1.0, 0.0, 0.0])
    s, t = record.output, np.array([1.0, 0.0, 0.0])
    assert np.allclose(record.J_N.tensor(), 2 / 3 * (s - t), rtol=1e-14)
    assert record.J_N.symbol == "J_S^L"
    assert record.chain("L", "Y").symbols == ("J_S^L", "J^soft", "J_Y^Z")
    expected = (2 / 3 * (s - t)) @ (np.diag(s) - np.outer(s, s))
    assert np.allclose(record.jacobian("L", "Z").tensor(), expected, rtol=1e-13)


@pytest.mark.seed("E-14", "D-76")
@pytest.mark.parametrize(("m", "cap"), [(2, 0.731), (3, 0.576), (10, 0.232)])
def test_e14_a_sigmoid_below_softmax_caps_the_probabilities(m, cap):
    assert round(np.e / (np.e + m - 1), 3) == cap
    logits = np.full(m, -1e3)
    logits[0] = 1e3
    squashed = jp.Network([jp.Dense.from_arrays(np.eye(m), None, "sigmoid"), jp.Softmax()])
    linear = jp.Network([jp.Dense.from_arrays(np.eye(m)), jp.Softmax()])
    assert squashed(logits).max() == pytest.approx(np.e / (np.e + m - 1), rel=1e-15)
    assert linear(logits).max() == 1


# -- E-31 and E-34: an index off by one ------------------------------------------------------------


def two_layers(widths):
    net = jp.Network(
        [jp.Dense(a, b, "tanh") for a, b in itertools.pairwise(widths)], jp.SquaredError(), seed=9
    )
    return net.forward(RNG.normal(size=widths[0]), RNG.normal(size=widths[-1]))


@pytest.mark.seed("E-31")
def test_e31_the_first_weights_see_the_input():
    record = two_layers((3, 4, 2))
    delta = record.jacobian("L", "z1").tensor()
    assert np.outer(record.activation(1), delta).shape == (4, 4)  # y^(1), as printed
    assert right(np.outer(record.activation(0), delta), record.gradients()["W1"])
    square = two_layers((4, 4, 2))
    printed = np.outer(square.activation(1), square.jacobian("L", "z1").tensor())
    assert silently_wrong(printed, square.gradients()["W1"])


@pytest.mark.seed("E-34")
def test_e34_the_gradient_passes_through_the_weights_above():
    record = two_layers((3, 4, 2))
    W1, W2 = (record.layer(k).J_Y.shared.T for k in (1, 2))
    delta = record.jacobian("L", "z2").tensor()
    with pytest.raises(ValueError, match="mismatch"):
        delta @ W1.T
    assert right(delta @ W2.T, record.jacobian("L", "a1").tensor())
    square = two_layers((3, 3, 3))
    lower = square.layer(1).J_Y.shared
    delta = square.jacobian("L", "z2").tensor()
    assert silently_wrong(delta @ lower, square.jacobian("L", "a1").tensor())
    assert right(delta @ square.layer(2).J_Y.shared, square.jacobian("L", "a1").tensor())
