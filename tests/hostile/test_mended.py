"""What hostile input has found, one by one; and what no drawing of numbers would find."""

import warnings

import numpy as np
import pytest
import sympy

import jacobprop as jp
from jacobprop import errors
from jacobprop.arrays import as_array, whole_number
from jacobprop.errors import JacobpropError, shown
from jacobprop.expressions import read
from tests.interop import stand_ins

from .material import Duck, Mute, OldDuck, Sub

HUGE = 10**5000
"""An integer that Python refuses to write down."""

ONE = jp.DiagonalJacobian(np.ones(3))


def net():
    return jp.Network([jp.Dense(2, 3, "tanh"), jp.Dense(3, 2)], jp.SquaredError())


def record():
    return net().forward(np.ones((4, 2)), np.ones((4, 2)))


HUGE_AT = {
    "plan": lambda n: jp.plan([n, n, n]),
    "plan limit": lambda n: jp.plan([2, 2], max_bytes=n),
    "Dense": lambda n: jp.Dense(n, n),
    "cases": lambda n: jp.IdentityJacobian(2, cases=n),
    "shape": lambda n: jp.IdentityJacobian(n),
    "case": lambda n: ONE.for_cases(3).case(n),
    "for_cases": ONE.for_cases,
    "layer": lambda n: record().layer(n),
    "operand": lambda n: record().layer(1)[n],
    "name": lambda n: record().jacobian("L", n),
    "input": lambda n: net()([n, 1]),
    "parameter": lambda n: net().with_parameters({n: 1}),
    "vector": lambda n: net().with_vector([n] * 17),
    "order": lambda n: jp.plan([2, 2], n),
    "formulation": lambda n: jp.gradients(net(), np.ones(2), np.ones(2), n),
    "rate": lambda n: jp.fit(net(), np.ones((1, 2)), np.ones((1, 2)), learning_rate=n),
    "progress": lambda n: jp.fit(net(), np.ones((1, 2)), np.ones((1, 2)), progress=n),
    "epochs": lambda n: jp.fit(net(), np.ones((1, 2)), np.ones((1, 2)), epochs=-n),
    "dialect": lambda n: net().in_dialect(n),
    "derive": jp.derive,
    "derive a width": lambda n: jp.derive(jp.Softmax(), n_in=n),
    "layout": lambda n: ONE.tensor(n),
    "tensor": lambda n: jp.JacobianTensor(np.ones(2), (n,), (), "numerator"),
    "loss": lambda n: jp.Network([jp.Dense(2, 2)], n),
    "names": lambda n: jp.Network([jp.Dense(2, 2)], names=[n, n]),
    "dtype": lambda n: jp.Network([jp.Dense(2, 2)], dtype=n),
    "expression": read,
}


@pytest.mark.parametrize("place", HUGE_AT)
@pytest.mark.parametrize("value", [HUGE, Mute()], ids=["huge", "mute"])
def test_what_cannot_be_shown_is_refused_all_the_same(place, value, monkeypatch):
    if isinstance(value, Mute):
        monkeypatch.setattr(Mute, "tried", True)
        if place in ("epochs", "names"):
            return  # what cannot be negated, and what str() makes a letter of
    with pytest.raises(JacobpropError) as refused:
        HUGE_AT[place](value)
    assert len(str(refused.value)) < 2000


def test_what_is_shown_is_one_short_line(monkeypatch):
    assert shown("a") == "'a'"
    assert shown(HUGE) == "an object of type int"
    assert shown(np.ones((2, 2))) == "array([[1., 1.], [1., 1.]])"
    assert (len(shown("x" * 10**6)), shown("x" * 10**6)[-3:]) == (300, "...")
    monkeypatch.setattr(Mute, "tried", True)
    assert shown(Mute()) == "an object of type Mute"
    assert str(JacobpropError("wrong", got=HUGE)) == "wrong; got an object of type int."


def test_a_limit_of_a_whole_number():
    assert whole_number(7, "it", "here", most=7) == 7
    with pytest.raises(errors.OptionError, match=r"got 8, expected 1 to 7\."):
        whole_number(8, "it", "here", most=7)


@pytest.mark.parametrize("duck", [Duck, OldDuck])
def test_ducks_are_arrays(duck):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert as_array(duck([1, 2]), "it").tolist() == [1.0, 2.0]


def test_masked_entries_deep_in_lists_are_found():
    deep = [[1.0, 2.0], [np.ma.masked, 3.0]]
    with pytest.raises(errors.DTypeError, match="masked array"):
        as_array(deep, "it")


# -- expressions and numbers mixed -------------------------------------------------------------------------


def test_expressions_in_one_layer_alone():
    u = sympy.Symbol("u")
    mixed = net().with_parameters({"b2": np.array([u, 1])})
    asked = mixed.forward(np.ones((2, 2)), np.zeros((2, 2)))
    found, expected = (
        asked.gradients(),
        net().with_parameters({"b2": [2, 1]}).forward(np.ones((2, 2)), np.zeros((2, 2))),
    )
    for name, gradient in expected.gradients().items():
        at = np.frompyfunc(lambda entry: float(sympy.sympify(entry).subs(u, 2)), 1, 1)(found[name])
        np.testing.assert_allclose(at.astype(float), gradient, rtol=1e-12)


@pytest.mark.parametrize("formulation", ["tensor", "numpy_dot", "simplified", "structured", "delta_scalar"])
def test_expressions_through_softmax(formulation):
    u = sympy.Symbol("u")
    soft = jp.Network([jp.Dense(2, 2), jp.Softmax()], jp.CrossEntropy())
    found = jp.gradients(soft, np.array([u, 2]), 0, formulation)["W1"]
    at = np.frompyfunc(lambda entry: float(sympy.sympify(entry).subs(u, 3)), 1, 1)(found)
    np.testing.assert_allclose(at.astype(float), jp.gradients(soft, [3, 2], 0)["W1"], rtol=1e-12)


def test_expressions_for_the_target_of_the_delta_rule():
    with pytest.raises(errors.DTypeError, match="the target holds expressions and the output floats"):
        jp.DeltaRule(net()).gradients(np.ones(2), np.array([sympy.Symbol("t"), 1]))


def test_an_operator_is_no_array():
    with pytest.raises(errors.DTypeError, match="an array of objects"):
        as_array(ONE.to_linear_operator(), "it")


def test_a_case_by_an_array_of_one_number():
    stack = jp.DiagonalJacobian(np.arange(6.0).reshape(2, 3))
    assert stack.case(np.array(1)).d.tolist() == [3.0, 4.0, 5.0]
    with pytest.raises(errors.ShapeError, match="no such case"):
        stack.case(np.array(2))


def test_parts_of_two_precisions_make_one():
    d, U = np.array([1 / 3, 1.0], np.float32), np.zeros((2, 1), np.float16)
    J = jp.DiagonalPlusLowRankJacobian(d, U, U)
    assert J.matrix().dtype == J.dtype == np.float32
    assert J.matrix()[0, 0] == d[0]


# -- what was built does not change -----------------------------------------------------------------------


@pytest.mark.parametrize("name", ["n_in", "n_out", "activation", "bias"])
def test_a_dense_layer_is_set_once(name):
    layer = jp.Dense(2, 3)
    with pytest.raises(
        AttributeError, match=f"a layer does not change: cannot set '{name}', build another Dense"
    ):
        setattr(layer, name, getattr(layer, name))


@pytest.mark.parametrize("layer", [jp.Dense(2, 2), jp.Softmax()], ids=["Dense", "Softmax"])
@pytest.mark.parametrize("name", ["gate", "inputs", "dtype", "n_in"])
def test_a_layer_of_a_network_does_not_change(layer, name):
    jp.Network([layer])
    with pytest.raises(AttributeError, match=f"a layer does not change: cannot set '{name}'"):
        setattr(layer, name, (0,))
    layer.name = "free"


# -- norms of any size ---------------------------------------------------------------------------------------

EXTREME = (5e-324, 1e-310, 1e-200, 1e-160, 1.0, 1e160, 1e200, 3e307)


@pytest.mark.parametrize("size", EXTREME)
def test_norms_neither_overflow_nor_underflow(size):
    parts = np.array([3.0, 4.0]) * size
    length = float(np.hypot(*parts))
    dense, wide = jp.DenseJacobian(parts[None, :]), jp.DenseJacobian(np.stack([parts, parts * 0]))
    weight = jp.WeightJacobian(jp.DiagonalJacobian([1.0, 0.0]), parts)
    for J, rows, columns in (
        (dense, [length], parts),
        (wide, [length, 0], parts),
        (weight, [length, 0], [[parts[0], 0], [parts[1], 0]]),
        (jp.DiagonalJacobian(parts), parts, parts),
        (jp.ScaledJacobian(None, parts[None, :]), [length], parts),
    ):
        np.testing.assert_allclose(J.row_norms(), rows, rtol=4e-16, atol=0)
        np.testing.assert_allclose(J.column_norms(), columns, rtol=4e-16, atol=0)
        np.testing.assert_allclose(J.T.row_norms(), columns, rtol=4e-16, atol=0)
        assert not np.isnan(J.gram_diagonal()).any()


@pytest.mark.parametrize("size", EXTREME)
def test_norms_over_all_cases_neither_overflow_nor_underflow(size):
    J = jp.WeightJacobian(jp.DiagonalJacobian([[1.0], [1.0]]), np.array([[3.0], [4.0]]) * size).stacked()
    length = float(np.hypot(3.0 * size, 4.0 * size))
    np.testing.assert_allclose(J.column_norms(), [[length]], rtol=4e-16, atol=0)
    np.testing.assert_allclose(
        jp.DenseJacobian(np.array([[[3.0]], [[4.0]]]) * size).stacked().column_norms(),
        [length],
        rtol=4e-16,
        atol=0,
    )


def test_norms_of_what_is_not_finite():
    J = jp.DenseJacobian([[np.inf, 1.0], [np.nan, 1.0], [0.0, 0.0]])
    np.testing.assert_array_equal(J.row_norms(), [np.inf, np.nan, 0.0])


# -- saturated softmax times saturated softmax ------------------------------------------------------------


@pytest.mark.parametrize("gap", [1.0, 40.0, 300.0, 600.0])
def test_two_softmax_jacobians_multiply_as_their_matrices(gap):
    """The diagonals of both are known without cancellation, and no entry of the product loses that."""
    mpmath = pytest.importorskip("mpmath")
    z = [np.array([gap, 0.0, 1.0, -2.0]), np.array([gap / 2, 1.0, -1.0, 0.5])]
    A, B = (jp.Network([jp.Softmax()]).forward(one).layer(1).J_soft for one in z)
    with mpmath.workdps(800):

        def exact(z):
            p = [mpmath.exp(u) for u in map(mpmath.mpf, z)]
            p = [u / mpmath.fsum(p) for u in p]
            return [[p[i] * ((i == k) - p[k]) for k in range(4)] for i in range(4)]

        left, right = map(exact, z)
        terms = [[[left[i][j] * right[j][k] for j in range(4)] for k in range(4)] for i in range(4)]
        expected = np.array([[float(mpmath.fsum(row)) for row in rows] for rows in terms])
        sizes = np.array([[float(mpmath.fsum(map(abs, row))) for row in rows] for rows in terms])
    for K in (
        A @ B,
        jp.DenseJacobian(A.matrix()) @ jp.DenseJacobian(B.matrix()),
        jp.Chain([A, B]).multiply(),
    ):
        assert (np.abs(K.matrix() - expected) <= 24 * np.finfo(float).eps * sizes).all()
    assert type(A @ B) is jp.DenseJacobian


# -- training ---------------------------------------------------------------------------------------------


def test_progress_that_cannot_be_called():
    with pytest.raises(
        errors.OptionError,
        match=r"fit: progress is called after every epoch; got 5, expected a function of .*\. Leave it out",
    ):
        jp.fit(net(), np.ones((1, 2)), np.ones((1, 2)), progress=5)


@pytest.mark.parametrize(
    "rate",
    [True, 1j, np.complex64(1), "0.1", np.nan, np.inf, HUGE, None, np.ones(1)],
    ids=lambda rate: type(rate).__name__,
)
def test_rates_that_are_none(rate):
    with pytest.raises(errors.OptionError, match="the learning rate must be a finite number"):
        jp.fit(net(), np.ones((1, 2)), np.ones((1, 2)), learning_rate=rate)


class _Unspeakable:
    """No function, and not to be shown either."""

    def __repr__(self):
        raise RuntimeError("no repr")


def test_what_cannot_be_called_nor_shown_is_refused():
    with pytest.raises(jp.errors.CheckFailed, match="it raised TypeError"):
        jp.check_vjp(_Unspeakable(), None, np.ones(2))
    with pytest.raises(jp.errors.OptionError, match="made of functions"):
        jp.Activation("f", _Unspeakable(), ())


def test_mixed_precisions_reach_sparse_as_the_wider():
    left = jp.DenseJacobian(np.ones((4, 4), np.float16))
    found = jp.WeightJacobian(left, np.ones(1, np.float32)).to_sparse()
    assert found.dtype == np.float32
    assert (found.toarray() == 1).all()


@pytest.mark.parametrize("inputs", [0, True, (True,), "0"])
def test_inputs_are_a_tuple_of_indices(inputs):
    layer = jp.Dense(2, 2)
    layer.inputs = inputs
    with pytest.raises(jp.errors.ShapeError, match="a tuple of indices from"):
        jp.Network([jp.Dense(2, 2), layer])


def test_a_vanishing_candidate_is_diagnosed():
    found = jp.diagnose(np.full(3, 5e-324), np.array([1.0, 2.0, 3.0]))
    assert not found


def test_an_operand_of_less_precision_rounds_nothing_on_the_way():
    J = jp.WeightJacobian(jp.DiagonalJacobian(np.full(1, 0.25, np.float32)), np.full(1, -745, np.float16))
    coarse = np.full((1, 1), 0.75, np.float16)
    assert J.push(coarse) == J @ coarse.ravel() == -139.6875  # -745 * 0.75 is no number of float16
    assert (np.full(1, 0.75, np.float16) @ J) == -139.6875


def test_a_difference_that_overflows_is_no_agreement():
    net = jp.Network([jp.Dense(2, 3, "tanh")], jp.SquaredError())
    record = net.forward([[1.0, -0.5]], [[1.0, 0.0, 0.0]])
    huge = np.array([[0, 0, 1e308], [1e308, 1e308, 1e308]])
    found = jp.diagnose(record.gradients() | {"W1": huge}, record)
    assert not found.ok
    assert jp.diagnose(huge, huge).ok
    assert not jp.diagnose(huge, -huge).ok


@pytest.mark.parametrize("choice", [10**400, -(10**400), np.array([]), np.ones(2), float("nan"), True])
def test_a_choice_at_a_kink_is_a_side_or_a_number(choice):
    with pytest.raises(jp.errors.OptionError, match="no such derivative at a kink"):
        jp.activations.get("relu", at_kink=choice)
    with pytest.raises(jp.errors.OptionError, match="no such derivative at a kink"):
        jp.Activation.from_expression("z", at_kink=choice)


def test_an_identity_of_more_precision_widens_a_sum_throughout():
    low = jp.DiagonalPlusLowRankJacobian(*(np.zeros(shape, np.float16) for shape in ((4,), (4, 2), (4, 2))))
    total = low + jp.IdentityJacobian(4, dtype=np.float32)
    assert total.dtype == total.matrix().dtype == np.float32


def test_a_sparse_form_without_entries_keeps_its_dtype():
    J = jp.WeightJacobian(np.zeros((1, 1), np.float16), np.zeros(1, np.float32))
    assert J.to_sparse().dtype == np.float32


# -- objects that refuse to say what they are --------------------------------------------------------------


class _Secret:
    """Its class raises, and so isinstance does."""

    @property
    def __class__(self):
        raise RuntimeError("no class")


class _LoudText(str):
    """Text that can be neither looked up nor compared."""

    __slots__ = ()

    def __hash__(self):
        raise RuntimeError("no hash")

    def __eq__(self, other):
        raise RuntimeError("no comparison")


@pytest.mark.parametrize("held", [lambda o: o, lambda o: [o], lambda o: [[1.0, o]], lambda o: (1.0, [o])])
def test_an_object_without_a_class_is_no_array(held):
    value = held(_Secret())  # pytest asks its parameters for their classes
    with pytest.raises(errors.DTypeError, match=r"it is (an array of objects|not a rectangular array)"):
        as_array(value, "it")


def test_a_type_without_a_module_is_no_array():
    with pytest.raises(errors.DTypeError, match="it is an array of objects"):
        as_array(type("Odd", (), {"__module__": None})(), "it")


@pytest.mark.parametrize("place", ["coefs_", "intercepts_"])
def test_a_weight_that_has_no_class_is_refused(place):
    mlp = stand_ins.perceptron(3, 2, 1)
    getattr(mlp, place)[1] = [_Secret()]
    with pytest.raises(errors.DTypeError, match=r"from_sklearn: .*array of objects"):
        jp.from_sklearn(mlp)


def test_text_is_read_by_its_characters_alone():
    mlp = stand_ins.perceptron(3, 2, 1, activation=_LoudText("relu"))
    plain = stand_ins.perceptron(3, 2, 1, activation="relu")
    mlp.coefs_, mlp.intercepts_ = plain.coefs_, plain.intercepts_
    X = np.array([[1.0, -2.0, 0.5]])
    assert np.array_equal(jp.from_sklearn(mlp)(X), jp.from_sklearn(plain)(X))


class _LoudDict(dict):
    """A dictionary that cannot be gone through."""

    def items(self):
        raise RuntimeError("of somebody else")

    __iter__ = values = keys = items


@pytest.mark.parametrize(
    ("name", "words"),
    [("_forward_hooks", "a forward hook may change"), ("_modules", "the module has no counterpart")],
)
def test_a_dictionary_that_does_not_tell_is_refused(name, words):
    whole = stand_ins.sequential(stand_ins.linear(3, 2))
    setattr(whole, name, _LoudDict({"0": 1}))
    with pytest.raises(errors.UnsupportedLayerError, match=words):
        jp.from_torch(whole)


def test_a_sparse_form_takes_half_precision_beside_single():
    J = jp.WeightJacobian(np.ones((1, 1), np.float32), np.full(1, 2, np.float16))
    assert J.to_sparse().toarray() == 2


class _Cast(jp.Layer):
    """Its values have an arithmetic of their own."""

    def forward(self, params, inputs):
        return (2 * inputs[0]).view(Sub), None

    def factors(self, params, cache):
        return {-1: jp.DiagonalJacobian(np.full(2, 2.0))}


def test_values_of_a_subclass_count_as_the_numbers_they_hold():
    net = jp.Network([_Cast(), jp.Dense(2, 1)])
    W = net.parameters["W2"]
    assert np.array_equal(net([1.0, 3.0]), np.array([2.0, 6.0]) @ W)
    assert np.array_equal(net.forward([1.0, 3.0]).jacobian("a2", "a0").matrix(), 2 * W.T)


def test_a_coarse_part_rounds_nothing_that_a_finer_one_keeps():
    coarse = np.array([[-104.0]], np.float16)
    J = jp.ScaledJacobian(np.zeros(1, np.float32), coarse, np.full(1, 710, np.float16))
    assert J.matrix() == 0  # 73,840 is no number of float16
    assert jp.ScaledJacobian(np.ones(1, np.float32), coarse, np.full(1, 710, np.float16)).matrix() == -73840
