"""JacobianTensor: the layout travels with the numbers, and every product is right in both layouts."""

import itertools
import pickle

import numpy as np
import pytest
import sympy

from jacobprop.errors import DTypeError, LayoutError
from jacobprop.jacobians import DenseJacobian, JacobianTensor
from jacobprop.layout import LAYOUTS, size, swap_layout

from .market import Numbers, Symbols, close

SHAPES = [(), (2,), (3,), (2, 3), (4, 1, 2)]
both = pytest.mark.parametrize("layout", LAYOUTS)
two_shapes = pytest.mark.parametrize(("out", "inner"), list(itertools.product(SHAPES, SHAPES)))


def tensor(numerator, out, inner, layout):
    """A tensor given in numerator layout, laid out by loops over every index."""
    if layout == "numerator":
        return JacobianTensor(numerator, out, inner, layout)
    array = np.empty(inner + out, dtype=numerator.dtype)
    for a in np.ndindex(*out):
        for b in np.ndindex(*inner):
            array[b + a] = numerator[a + b]
    return JacobianTensor(array, out, inner, layout)


@pytest.mark.seed("D-35", "D-36", "D-37", "S-01")
@two_shapes
def test_to_is_an_involution(out, inner):
    numerator = Numbers(1)(*out, *inner)
    J, K = (tensor(numerator, out, inner, layout) for layout in LAYOUTS)
    assert J.array.shape == out + inner
    assert K.array.shape == inner + out
    for one, other in ((J, K), (K, J)):
        swapped = one.to(other.layout)
        assert (swapped.layout, swapped.out_shape, swapped.in_shape) == (other.layout, out, inner)
        close(swapped.array, other.array)
        close(swapped.to(one.layout).array, one.array)
        assert one.to(one.layout) is one


@pytest.mark.seed("D-39")
def test_denominator_layout_of_vectors_is_the_transpose():
    """The 3 x 3 example: row i of the numerator layout holds dA_i, its column j belongs to B_j."""
    b = sympy.symbols("b0:3")
    A = [b[0] * b[1], b[1] + 2 * b[2], b[0] ** 3]
    numerator = np.array([[sympy.diff(row, column) for column in b] for row in A], dtype=object)
    J = JacobianTensor(numerator, (3,), (3,), "numerator")
    close(J.to("denominator").array, numerator.T)
    assert J.to("denominator").array[1, 0] == b[0] == sympy.diff(A[0], b[1])
    assert J.array[0, 1] == b[0]


@pytest.mark.seed("D-34", "D-38", "S-01")
@both
@pytest.mark.parametrize(("A", "B", "C"), list(itertools.product(SHAPES[:4], SHAPES, SHAPES[1:4])))
def test_products(A, B, C, layout):
    """dA/dB . dB/dC, summed over every axis of B, in either layout."""
    left, right = Numbers(2)(*A, *B), Numbers(3)(*B, *C)
    expected = (left.reshape(size(A), size(B)) @ right.reshape(size(B), size(C))).reshape(A + C)
    product = tensor(left, A, B, layout) @ tensor(right, B, C, layout)
    assert (product.layout, product.out_shape, product.in_shape) == (layout, A, C)
    close(product.array, tensor(expected, A, C, layout).array)


@pytest.mark.seed("D-34")
def test_products_against_einsum():
    """Numerator layout multiplies left to right, denominator layout right to left."""
    left, right = Numbers(4)(2, 3, 4), Numbers(5)(3, 4, 5, 6)  # dA/dB and dB/dC: A (2,), B (3, 4), C (5, 6)
    numerator = tensor(left, (2,), (3, 4), "numerator") @ tensor(right, (3, 4), (5, 6), "numerator")
    close(numerator.array, np.einsum("abc,bcde->ade", left, right))
    J, K = tensor(left, (2,), (3, 4), "denominator"), tensor(right, (3, 4), (5, 6), "denominator")
    close((J @ K).array, np.einsum("debc,bca->dea", K.array, J.array))
    close((J @ K).array, np.tensordot(K.array, J.array, axes=2))


@both
def test_sums(layout):
    one, two = Numbers(6)(2, 3, 4), Numbers(7)(2, 3, 4)
    total = tensor(one, (2,), (3, 4), layout) + tensor(two, (2,), (3, 4), layout)
    close(total.array, tensor(one + two, (2,), (3, 4), layout).array)


@pytest.mark.seed("D-38", "S-01")
@pytest.mark.parametrize(("first", "second"), [LAYOUTS, LAYOUTS[::-1]])
def test_layouts_do_not_mix(first, second):
    square = Numbers(8)(3, 3)  # where no shape can tell
    J, K = JacobianTensor(square, (3,), (3,), first), JacobianTensor(square, (3,), (3,), second)
    for run, sign in ((lambda: J @ K, "@"), (lambda: J + K, r"\+")):
        text = rf"JacobianTensor {sign} JacobianTensor: two layouts meet; got {first} and {second}"
        with pytest.raises(LayoutError, match=rf"{text}, expected one layout\. .*\.to\(\"{first}\"\)"):
            run()
    close((J @ K.to(first)).array, square @ square.T if first == "numerator" else square.T @ square)


@pytest.mark.seed("D-35", "S-01")
@two_shapes
@both
def test_the_shape_must_be_the_layouts(out, inner, layout):
    wrong = inner + out if layout == "numerator" else out + inner
    array = np.ones(wrong)
    if out + inner == inner + out:
        assert JacobianTensor(array, out, inner, layout).array.shape == wrong
        return
    with pytest.raises(LayoutError, match=f"the array contradicts the {layout} layout"):
        JacobianTensor(array, out, inner, layout)


def test_factors_must_meet():
    J, K = (JacobianTensor(np.ones((2, 6)), (2,), (6,), "numerator") for _ in range(2))
    with pytest.raises(
        LayoutError, match=r"do not meet in the same variable; got dA/dB with B of shape \(6,\)"
    ):
        J @ K
    reshaped = JacobianTensor(np.ones((2, 3, 5)), (2, 3), (5,), "numerator")
    with pytest.raises(LayoutError, match="do not meet"):
        J @ reshaped  # (6,) and (2, 3) hold as many numbers and are not the same variable


@both
def test_only_the_same_shapes_add(layout):
    J = tensor(np.ones((2, 3)), (2,), (3,), layout)
    row = tensor(np.ones((1, 3)), (1,), (3,), layout)  # numpy alone would broadcast
    with pytest.raises(LayoutError, match="only derivatives of the same shapes add"):
        J + row
    one = JacobianTensor(np.ones((2, 2, 2)), (2,), (2, 2), layout)
    other = JacobianTensor(np.ones((2, 2, 2)), (2, 2), (2,), layout)
    with pytest.raises(LayoutError, match=r"got \(2,\) by \(2, 2\) and \(2, 2\) by \(2,\)"):
        one + other


def test_other_operands_are_left_to_python():
    J = JacobianTensor(np.ones((2, 2)), (2,), (2,), "numerator")
    for run in (lambda: J @ np.ones((2, 2)), lambda: np.ones((2, 2)) @ J, lambda: J + 1, lambda: np.exp(J)):
        with pytest.raises(TypeError):
            run()


def test_a_value():
    given = Numbers(9)(2, 3)
    J = JacobianTensor(given, (2,), (3,), "numerator")
    given[...] = np.nan
    assert np.isfinite(J.array).all()
    assert not J.array.flags.writeable
    assert not J.to("denominator").array.flags.writeable
    assert not (J @ JacobianTensor(np.ones((3, 1)), (3,), (1,), "numerator")).array.flags.writeable
    for name in ("array", "layout", "out_shape", "in_shape", "new"):
        with pytest.raises(AttributeError):
            setattr(J, name, 1)
    assert JacobianTensor(J.array, (2,), (3,), "numerator") != J
    again = pickle.loads(pickle.dumps(J))  # noqa: S301  (our own bytes)
    assert (again.out_shape, again.in_shape, again.layout) == ((2,), (3,), "numerator")
    close(again.array, J.array)
    assert repr(J) == "<JacobianTensor: (2,) by (3,), numerator layout, float64>"


def test_float32_and_symbols():
    J = JacobianTensor(np.ones((2, 2), "f4"), (2,), (2,), "denominator")
    assert (J @ J).array.dtype == (J + J).array.dtype == J.to("numerator").array.dtype == np.float32
    s = Symbols("s")(2, 2)
    S = JacobianTensor(s, (2,), (2,), "denominator")
    close((S @ S).array, s @ s)
    with pytest.raises(DTypeError, match="does not hold real numbers"):
        JacobianTensor(np.ones(2, complex), (2,), (), "numerator")


def test_a_jacobian_and_its_tensors_agree():
    A, B = DenseJacobian(Numbers(1)(2, 6), (2,), (3, 2)), DenseJacobian(Numbers(2)(6, 4), (3, 2), (4,))
    for layout in LAYOUTS:
        close((A.tagged(layout) @ B.tagged(layout)).array, (A @ B).tensor(layout))
        close((A.tagged(layout) + A.tagged(layout)).array, (A + A).tensor(layout))


def test_swapping_axes():
    array = np.arange(24.0).reshape(2, 3, 4)
    assert swap_layout(array, 0) is array
    assert swap_layout(array, 1).shape == (3, 4, 2)
    assert swap_layout(array, 3).shape == (2, 3, 4)
    assert swap_layout(array, 0, cases=1) is array
    close(
        swap_layout(array, 1, cases=1),
        [[[array[c, i, j] for i in range(3)] for j in range(4)] for c in range(2)],
    )
    assert swap_layout(array[None], 2, cases=1).shape == (1, 4, 2, 3)
    assert size((2**40, 2**40)) == 2**80  # np.prod gives 0
    assert size(()) == 1


# -- the product rule, d(A.B)/dX = A . dB/dX + dA/dX . B, for A 2 x 3, B 3 x 2 and X 2 x 2 -------------------

x = sympy.Matrix(2, 2, sympy.symbols("x0:4"))
A_EXPRESSION = sympy.Matrix(2, 3, [x[0] ** 2, x[1] * x[2], 3 * x[3], x[0] + x[3], x[2] ** 3, x[1]])
B_EXPRESSION = sympy.Matrix(3, 2, [x[3] * x[0], 1 + x[1], x[2], x[0] ** 2 * x[1], x[2] - x[3], x[3] ** 2])
X = np.array([[0.5, -1.25], [2.0, 0.75]])


def values(expression):
    """The numbers of a matrix of expressions at X."""
    at_X = expression.subs(dict(zip(x, X.ravel(), strict=True)))
    return np.array(at_X.tolist(), dtype=float)


def derivative(expression):
    """d expression / dX in numerator layout, by sympy: the Jacobian of the row-major lists."""
    flat = expression.reshape(expression.rows * expression.cols, 1)
    jacobian = flat.jacobian(list(x))
    assert jacobian.shape == (len(expression), 4)
    return values(jacobian).reshape(*expression.shape, 2, 2)


A, B = values(A_EXPRESSION), values(B_EXPRESSION)
A_BY_X, B_BY_X = derivative(A_EXPRESSION), derivative(B_EXPRESSION)
AB_BY_X = derivative(A_EXPRESSION * B_EXPRESSION)


def by_differences(expression):
    """The same in numerator layout by the complex step: exact to rounding for polynomials."""
    step = 1e-20
    function = sympy.lambdify(list(x), expression, "numpy")
    columns = [np.array(function(*(X.ravel() + 1j * step * unit))).imag / step for unit in np.eye(4)]
    return np.stack(columns, axis=-1).reshape(*expression.shape, 2, 2)


def partials():
    """d(A.B)/dA = [k, l, p, q] = delta_kp B_ql and d(A.B)/dB = A_kp delta_lq, in numerator layout."""
    return np.einsum("kp,ql->klpq", np.eye(2), B), np.einsum("kp,lq->klpq", A, np.eye(2))


def by_the_library(layout):
    """d(A.B)/dA . dA/dX + d(A.B)/dB . dB/dX: nothing but products and a sum of tagged tensors."""
    by_A, by_B = partials()
    left = tensor(by_A, (2, 2), (2, 3), layout) @ tensor(A_BY_X, (2, 3), (2, 2), layout)
    right = tensor(by_B, (2, 2), (3, 2), layout) @ tensor(B_BY_X, (3, 2), (2, 2), layout)
    return left + right


@pytest.mark.seed("D-33", "S-01")
@both
def test_the_product_rule(layout):
    total = by_the_library(layout)
    assert total.layout == layout
    close(total.array, tensor(AB_BY_X, (2, 2), (2, 2), layout).array)
    close(total.array, tensor(by_differences(A_EXPRESSION * B_EXPRESSION), (2, 2), (2, 2), layout).array)


@pytest.mark.seed("D-33")
def test_the_product_rule_written_out():
    """What the two terms are in numpy, in each layout."""
    numerator = np.tensordot(A, B_BY_X, axes=1) + np.einsum("kmij,ml->klij", A_BY_X, B)
    close(numerator, AB_BY_X)
    A_den, B_den = np.moveaxis(A_BY_X, (2, 3), (0, 1)), np.moveaxis(B_BY_X, (2, 3), (0, 1))
    close(A @ B_den + A_den @ B, np.moveaxis(AB_BY_X, (2, 3), (0, 1)))
    close(np.dot(A, B_den).transpose(1, 2, 0, 3) + np.dot(A_den, B), np.moveaxis(AB_BY_X, (2, 3), (0, 1)))


@pytest.mark.seed("D-33")
def test_the_product_rule_by_raw_dot_raises_in_numerator_layout():
    """E-06: np.dot sums over the axes of X instead of those of A and B."""
    for run in (lambda: np.dot(A, B_BY_X), lambda: np.dot(A_BY_X, B)):
        with pytest.raises(ValueError, match=r"shapes .* not aligned"):
            run()


@pytest.mark.seed("D-33")
def test_the_product_rule_by_raw_dot_is_silently_wrong_in_denominator_layout():
    """E-06: np.dot(A, dB/dX) has the axes (row of A, X, X, column of B), and the shapes hide it."""
    A_den, B_den = np.moveaxis(A_BY_X, (2, 3), (0, 1)), np.moveaxis(B_BY_X, (2, 3), (0, 1))
    raw = np.dot(A, B_den) + np.dot(A_den, B)
    right = np.moveaxis(AB_BY_X, (2, 3), (0, 1))
    assert raw.shape == right.shape == (2, 2, 2, 2)
    assert np.abs(raw - right).max() > 1
    close(by_the_library("denominator").array, right)


@pytest.mark.seed("D-34", "S-01")
@both
def test_the_chain_rule(layout):
    """dF(G(X))/dX = dF/dG . dG/dX, G 3 x 2 of X 2 x 2, F in R^2 of G."""
    g = sympy.Matrix(3, 2, sympy.symbols("g0:6"))
    F = sympy.Matrix([g[0] * g[5] + g[1], g[2] ** 2 * g[3] - g[4]])
    inner = dict(zip(g, B_EXPRESSION, strict=True))
    dF_expression = F.jacobian(list(g)).subs(inner)
    dF = values(dF_expression).reshape(2, 3, 2)
    whole = F.subs(inner)
    expected = values(whole.jacobian(list(x))).reshape(2, 2, 2)
    product = tensor(dF, (2,), (3, 2), layout) @ tensor(B_BY_X, (3, 2), (2, 2), layout)
    close(product.array, tensor(expected, (2,), (2, 2), layout).array)
    differences = by_differences(whole).reshape(2, 2, 2)
    close(product.array, tensor(differences, (2,), (2, 2), layout).array)


@pytest.mark.seed("D-35", "D-36", "D-37")
@both
def test_dimensions_add_and_indices_stand_where_they_should(layout):
    """Of A 2 x 3 by X 2 x 2: dA[k, l]/dX[i, j] at [k, l, i, j], or at [i, j, k, l]."""
    J = DenseJacobian(A_BY_X.reshape(6, 4), (2, 3), (2, 2))
    array = J.tensor(layout)
    assert array.shape == ((2, 3, 2, 2) if layout == "numerator" else (2, 2, 2, 3))
    at_X = dict(zip(x, X.ravel(), strict=True))
    for row, column, i, j in np.ndindex(2, 3, 2, 2):
        entry = float(sympy.diff(A_EXPRESSION[row, column], x[i, j]).subs(at_X))
        assert array[(row, column, i, j) if layout == "numerator" else (i, j, row, column)] == entry
