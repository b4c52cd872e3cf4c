"""Each rule against the chain of the network it teaches: what it says that it keeps, drops and replaces."""

import pickle

import numpy as np
import pytest
import sympy

import jacobprop as jp
from jacobprop.classic import GENERALISED_DELTA, HEBB, PERCEPTRON, WIDROW_HOFF, monotone
from jacobprop.classic.learning_rule import FACTORS

RNG = np.random.default_rng(7)
CASES, N, M, TOP = 5, 4, 3, 2
X, D = RNG.normal(size=(CASES, N)), RNG.normal(size=(CASES, M))
RATE = 0.3
RULES = {rule.name: rule for rule in (HEBB, PERCEPTRON, WIDROW_HOFF, GENERALISED_DELTA)}
UNIT = {"Hebb": "sigmoid", "perceptron": "step", "Widrow-Hoff": "identity", "generalised delta": "sigmoid"}
KEPT = {
    "Hebb": ("J_W^Z",),
    "perceptron": ("J_N^L", "J_W^Z"),
    "Widrow-Hoff": ("J_N^L", "J_W^Z"),
    "generalised delta": FACTORS,
}


def layer(unit, **options):
    return jp.Network([jp.Dense(N, M, unit)], jp.SquaredError(reduction="sum"), seed=3, **options)


def deep(top="softplus"):
    layers = [jp.Dense(N, M, "tanh"), jp.Dense(M, TOP, top)]
    return jp.Network(layers, jp.SquaredError(reduction="sum"), seed=1)


def targets(rule, d=D):
    return d if rule.supervised else None


def moved(before, after):
    return {name: after.parameters[name] - array for name, array in before.parameters.items()}


def close(found, expected, rtol=1e-13):
    np.testing.assert_allclose(found, expected, rtol=rtol, atol=1e-15)


# -- the factors ------------------------------------------------------------------------------------------


@pytest.mark.seed("S-10", "S-14", "S-28", "S-29")
@pytest.mark.parametrize("name", RULES)
def test_a_rule_keeps_the_factors_that_it_says_and_no_others(name):
    """Its chain against J_N^L, J_Sum^Z and J_W^Z of the network's own record, number by number."""
    rule, net = RULES[name], layer(UNIT[name])
    assert rule.kept == KEPT[name]
    assert set(rule.factors) == set(FACTORS)
    record = net.forward(X, D)
    own = {
        "J_N^L": record.J_N.tensor(),
        "J_Sum^Z": record.layer(1).J_Sum.tensor(),
        "J_W^Z": record.jacobian("z1", "W1").tensor(),
    }
    found = [factor.tensor() for factor in rule.chain(net, X, targets(rule)).factors]
    assert len(found) == 2 + ("J_Sum^Z" in rule.kept)
    assert rule.chain(net, X, targets(rule)).factors[0].symbol == ("e" if name == "Hebb" else "J_N^L")
    close(found[-1], own["J_W^Z"])
    if "J_Sum^Z" in rule.kept:
        close(found[1], own["J_Sum^Z"])
    same = np.allclose(found[0], own["J_N^L"])
    assert same == ("J_N^L" in rule.kept)
    if not same:
        close(found[0], -record.output)


@pytest.mark.parametrize("name", RULES)
def test_an_update_is_minus_the_rate_times_the_chain_added_up_over_the_cases(name):
    rule, net = RULES[name], layer(UNIT[name])
    chain = rule.chain(net, X, targets(rule))
    step = moved(net, rule.update(net, X, targets(rule), learning_rate=RATE))
    close(step["W1"], -RATE * chain.multiply().tensor().sum(axis=0))
    row = chain.factors[0].tensor()
    if len(chain.factors) == 3:
        row = np.einsum("cj,cjk->ck", row, chain.factors[1].tensor())
    close(step["b1"], -RATE * row.sum(axis=0))


@pytest.mark.parametrize("name", RULES)
def test_a_stack_is_the_sum_of_its_cases_from_the_same_start(name):
    rule, net = RULES[name], layer(UNIT[name])
    singly = [
        moved(net, rule.update(net, X[c], targets(rule, D[c]), learning_rate=RATE)) for c in range(CASES)
    ]
    together = moved(net, rule.update(net, X, targets(rule), learning_rate=RATE))
    for parameter in ("W1", "b1"):
        close(together[parameter], sum(step[parameter] for step in singly), rtol=1e-12)


def test_a_rule_prints_what_becomes_of_each_factor():
    assert str(WIDROW_HOFF).splitlines() == [
        "Widrow-Hoff",
        "  J_N^L    kept: y - d",
        "  J_Sum^Z  dropped: 1 in its place, which is all there is of it if f is the identity",
        "  J_W^Z    kept: I (x) x",
    ]
    assert repr(HEBB) == "<LearningRule: Hebb, J_N^L replaced by -y, J_Sum^Z dropped, J_W^Z kept>"


# -- Widrow-Hoff ------------------------------------------------------------------------------------------


@pytest.mark.seed("S-10", "D-04", "D-30", "H-43")
def test_the_lms_update_is_minus_the_rate_times_the_chain_of_an_identity_layer():
    """-eta J_N^L . J_W^Z of the record; and the slide's loops, w_ij from i to j."""
    net = layer("identity")
    record = net.forward(X, D)
    product = jp.Chain([record.J_N, record.jacobian("z1", "W1")]).multiply().tensor().sum(axis=0)
    step = moved(net, WIDROW_HOFF.update(net, X, D, learning_rate=RATE))
    close(step["W1"], -RATE * product)
    slide = np.zeros((N, M))
    for c in range(CASES):
        for j in range(M):
            z = net.parameters["b1"][j] + sum(X[c, i] * net.parameters["W1"][i, j] for i in range(N))
            for i in range(N):
                slide[i, j] += RATE * (D[c, j] - z) * X[c, i]
    close(step["W1"], slide)
    for parameter, gradient in record.gradients().items():
        close(step[parameter], -RATE * gradient)


@pytest.mark.seed("D-09", "D-30", "D-04")
def test_the_same_step_in_the_slides_first_convention_with_w_ij_from_j_to_i():
    """sum_i = sum_k w_ik x_k without a bias, and dw_ij = eta delta_i x_j: the transpose, before and after."""
    net = jp.Network([jp.Dense(N, M, "sigmoid", bias=False)], jp.SquaredError(), seed=5)
    before = net.in_dialect("downing-part-1").parameters["w1"]
    assert before.shape == (M, N)
    o = np.array([1 / (1 + np.exp(-sum(before[i, k] * X[0, k] for k in range(N)))) for i in range(M)])
    close(net(X[0]), o)
    after = WIDROW_HOFF.update(net, X[0], D[0], learning_rate=RATE).in_dialect("downing-part-1")
    close(after.parameters["w1"] - before, RATE * np.outer(D[0] - o, X[0]), rtol=1e-11)


@pytest.mark.seed("D-04", "E-17")
@pytest.mark.parametrize("unit", ["identity", "sigmoid", "tanh", "relu", "step"])
def test_a_weight_rises_if_its_input_and_the_slides_delta_have_one_sign(unit):
    """delta = d - y of the slide; dL/dz and dL/dy, the library's, have the other sign (E-17)."""
    net = layer(unit)
    step = moved(net, WIDROW_HOFF.update(net, X[0], D[0], learning_rate=RATE))["W1"]
    delta = D[0] - net(X[0])
    assert (np.sign(step) == np.sign(np.outer(X[0], delta))).all()
    assert (np.sign(delta) == -np.sign(net.forward(X[0], D[0]).J_N.tensor())).all()


@pytest.mark.seed("D-05")
def test_slopes_that_are_never_negative_are_told_from_those_that_are():
    for name in ("sigmoid", "tanh", "relu", "softplus", "identity", "softsign", "elu", "step", "sign"):
        assert monotone(name)
    for name in ("silu", "gelu"):
        assert not monotone(name)
    assert not monotone(jp.Activation.from_expression("z*exp(-z**2)"))
    assert not monotone(jp.activations.get("relu", at_kink=-1.0))
    assert not monotone(jp.Activation.from_expression("z - 1.01*sin(z)"))  # f' from -0.01 on
    assert monotone(jp.Activation.from_expression("z - sin(z)"))  # f' from 0 on


@pytest.mark.seed("D-05")
def test_where_f_falls_the_rule_without_the_slope_would_go_uphill():
    """On silu at z = -3 the step of D-04, refused here, raises the error that the one with f' lowers."""
    net = jp.Network([jp.Dense.from_arrays([[-1.5]], activation="silu")], jp.SquaredError())
    x, d = [2.0], [0.5]
    with pytest.raises(jp.errors.UnsupportedLayerError, match="steps the wrong way where f falls"):
        WIDROW_HOFF.update(net, x, d, learning_rate=1e-3)
    before = net.forward(x, d).loss
    downhill = GENERALISED_DELTA.update(net, x, d, learning_rate=1e-3)
    assert downhill.forward(x, d).loss < before
    blind = net.with_parameters({"W1": net.parameters["W1"] + 1e-3 * (d - net(x)) * x[0]})
    assert blind.forward(x, d).loss > before


@pytest.mark.parametrize("unit", ["sigmoid", "tanh", "softplus"])
def test_where_f_rises_it_goes_downhill_though_not_along_the_gradient(unit):
    net = layer(unit)
    step = moved(net, WIDROW_HOFF.update(net, X[0], D[0], learning_rate=1e-4))
    gradient = net.forward(X[0], D[0]).gradients()
    slope = sum((step[name] * gradient[name]).sum() for name in step)
    length = np.sqrt(sum((g**2).sum() for g in gradient.values()) * sum((s**2).sum() for s in step.values()))
    assert -length * (1 - 1e-6) < slope < 0


@pytest.mark.seed("D-05", "D-04")
def test_a_stack_may_lead_uphill_where_each_case_alone_leads_down():
    """A saturated case with a large input pulls as hard as if its slope, 5e-5 here, were 1."""
    net = jp.Network([jp.Dense.from_arrays([[1.0]], [0.0], "sigmoid")], jp.SquaredError(reduction="sum"))
    x, d = np.array([[10.0], [1.0]]), np.array([[0.0], [1.0]])

    def rise(X, D):
        after = WIDROW_HOFF.update(net, X, D, learning_rate=1e-3)
        return after.forward(X, D).loss - net.forward(X, D).loss

    assert rise(x[0], d[0]) < -1e-6
    assert rise(x[1], d[1]) < -1e-5
    assert rise(x, d) > 1e-4


# -- perceptron -------------------------------------------------------------------------------------------


@pytest.mark.seed("S-29", "H-15")
def test_the_perceptrons_update_is_the_chain_with_1_for_j_sum_and_the_step_for_the_output():
    """-eta J_N^L(step(z)) . I . J_W^Z; with the true J_Sum, 0, there is no step at all."""
    net, d = layer("step"), (D > 0).astype(float)
    record = net.forward(X, d)
    step = moved(net, PERCEPTRON.update(net, X, d, learning_rate=RATE))
    J_N = jp.DenseJacobian(((record.sum(1) > 0) - d)[:, None, :], (), (M,), cases=CASES)
    replaced = jp.Chain([J_N, jp.IdentityJacobian(M, cases=CASES), record.jacobian("z1", "W1")])
    assert np.abs(step["W1"]).max() > 0.1
    close(step["W1"], -RATE * replaced.multiply().tensor().sum(axis=0))
    assert not record.gradients()["W1"].any()
    assert not record.layer(1).J_Sum.tensor().any()


@pytest.mark.seed("S-29", "H-15", "E-45")
@pytest.mark.parametrize("tie", ["left", "right", "middle"])
@pytest.mark.parametrize(("unit", "low"), [("step", 0.0), ("sign", -1.0)])
def test_the_perceptron_teaches_steps_and_signs_with_any_tie(unit, low, tie):
    """Zero weights: every sum is tied, and y is what the tie rule says."""
    net = jp.Network([jp.Dense(N, M, jp.activations.get(unit, at_kink=tie), init="zero")])
    y = {"left": low, "right": 1.0, "middle": (low + 1) / 2}[tie]
    d = np.where(D > 0, 1.0, low)
    step = moved(net, PERCEPTRON.update(net, X, d, learning_rate=RATE))
    close(step["W1"], RATE * X.T @ (d - y))


@pytest.mark.seed("H-15")
@pytest.mark.parametrize(
    "unit", ["identity", "sigmoid", "relu", jp.Activation.from_expression("tanh(z)", name="step")]
)
def test_of_other_units_the_perceptron_would_be_another_rule_and_is_refused(unit):
    """On the identity its step would be that of LMS."""
    net, d = layer(unit), (D > 0).astype(float)
    for call in (PERCEPTRON.chain, lambda *given: PERCEPTRON.update(*given, learning_rate=RATE)):
        with pytest.raises(jp.errors.UnsupportedLayerError, match="the rule teaches threshold units"):
            call(net, X, d)
    assert WIDROW_HOFF.update(net, X, d, learning_rate=RATE).parameters.keys() == net.parameters.keys()


# -- generalised delta ------------------------------------------------------------------------------------


@pytest.mark.seed("S-14", "H-44", "D-25", "E-17")
@pytest.mark.parametrize("unit", ["identity", "sigmoid", "tanh", "silu"])
def test_the_generalised_delta_is_minus_the_gradient(unit):
    """Scalar output, against the slide's loop and the gradient; and a layer of several."""
    for width in (1, M):
        layers = [jp.Dense(N, width, unit)]
        net, d = jp.Network(layers, jp.SquaredError(reduction="sum")), D[:, :width]
        step = moved(net, GENERALISED_DELTA.update(net, X, d, learning_rate=RATE))
        for parameter, gradient in net.forward(X, d).gradients().items():
            close(step[parameter], -RATE * gradient, rtol=1e-12)
        f, z = jp.activations.get(unit), X @ net.parameters["W1"]
        slide = sum(RATE * np.outer(X[c], (d[c] - f.value(z[c])) * f.derivative(z[c])) for c in range(CASES))
        close(step["W1"], slide, rtol=1e-12)


@pytest.mark.seed("S-14", "H-44", "E-50")
def test_with_the_rest_of_the_network_for_f_it_is_backpropagation_in_every_layer():
    net, d = deep(), D[:, :TOP]
    gradient = net.forward(X, d).gradients()
    for number in (1, 2):
        step = moved(net, GENERALISED_DELTA.update(net, X, d, learning_rate=RATE, layer=number))
        for name, change in step.items():
            own = name.endswith(str(number))
            close(change, -RATE * gradient[name] if own else 0.0, rtol=1e-12)


@pytest.mark.seed("S-14", "E-50")
def test_several_outputs_need_the_sum_over_them_and_the_slides_formula_lacks_it():
    """dw_ij = eta x_i sum_k (d_k - y_k) dy_k/dz_j; one term of it, as on the slide, is not the gradient."""
    net, x, d = deep(), X[0], D[0, :TOP]
    record = net.forward(x, d)
    rest = record.jacobian("a2", "z1").tensor()
    terms = [np.outer(x, (d[k] - record.output[k]) * rest[k]) for k in range(TOP)]
    step = moved(net, GENERALISED_DELTA.update(net, x, d, learning_rate=RATE, layer=1))["W1"]
    close(step, RATE * sum(terms), rtol=1e-12)
    assert all(np.abs(step - RATE * term).max() > 1e-3 for term in terms)


@pytest.mark.seed("H-44")
def test_its_chain_holds_for_symbols():
    w, x, d = sympy.Symbol("w"), sympy.Symbol("x"), sympy.Symbol("d")
    net = jp.Network([jp.Dense.from_arrays(np.array([[w]]), None, "sigmoid")])
    (found,) = GENERALISED_DELTA.chain(net, [x], [d]).multiply().tensor().ravel()
    y = 1 / (1 + sympy.exp(-w * x))
    assert sympy.simplify(found - sympy.diff((d - y) ** 2 / 2, w)) == 0


# -- Hebb -------------------------------------------------------------------------------------------------


@pytest.mark.seed("S-28", "H-10", "H-11")
@pytest.mark.parametrize("unit", ["identity", "sigmoid", "silu", "step"])
def test_hebb_adds_the_rate_times_input_times_output(unit):
    net = layer(unit)
    y = net(X[0])
    changed = HEBB.update(net, X[0], learning_rate=RATE).parameters
    for i in range(N):
        for j in range(M):
            assert changed["W1"][i, j] == pytest.approx(
                net.parameters["W1"][i, j] + RATE * X[0, i] * y[j], rel=1e-15, abs=1e-15
            )
    close(changed["b1"], RATE * y)


@pytest.mark.seed("S-28", "H-12")
def test_hebb_grows_by_1_plus_the_rate_times_the_squared_length_of_the_input():
    """Along x; across it nothing happens. The guide's ratio 1.125: eta = 0.1, |x|^2 = 1.25."""
    x = np.array([1.0, 0.5])
    net = jp.Network([jp.Dense.from_arrays(x[:, None] * 0.2)])
    norms = [np.linalg.norm(net.parameters["W1"])]
    for _ in range(40):
        net = HEBB.update(net, x, learning_rate=0.1)
        norms.append(np.linalg.norm(net.parameters["W1"]))
    np.testing.assert_allclose(np.array(norms[1:]) / norms[:-1], 1.125, rtol=1e-13)
    assert norms[-1] > 100 * norms[0]
    across = np.array([-0.5, 1.0])
    tilted = jp.Network([jp.Dense.from_arrays((x + across)[:, None])])
    after = HEBB.update(tilted, x, learning_rate=0.1).parameters["W1"][:, 0]
    close([after @ x / (x @ x), after @ across / (across @ across)], [1.125, 1.0])


@pytest.mark.seed("S-28", "H-12", "H-41")
def test_with_a_bias_hebb_grows_as_if_the_input_had_a_1_appended():
    """Along (x, 1), by 1 + eta (|x|^2 + 1): 1.225 with eta = 0.1 and |x|^2 = 1.25."""
    x = np.array([1.0, 0.5])
    net = jp.Network([jp.Dense.from_arrays([[0.3], [-0.1]], [0.2])])
    sums = []
    for _ in range(10):
        parameters = net.parameters
        sums.append(x @ parameters["W1"][:, 0] + parameters["b1"][0])
        net = HEBB.update(net, x, learning_rate=0.1)
    np.testing.assert_allclose(np.array(sums[1:]) / sums[:-1], 1.225, rtol=1e-13)


def test_hebb_is_local_and_teaches_any_layer_by_its_own_output():
    net = deep()
    record = net.forward(X)
    step = moved(net, HEBB.update(net, X, learning_rate=RATE, layer=1))
    close(step["W1"], RATE * X.T @ record.activation(1))
    assert not step["W2"].any()


# -- all of them ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", RULES)
def test_nothing_that_is_given_changes_and_the_dtype_stays(name):
    rule = RULES[name]
    net = layer(UNIT[name], dtype="float32")
    x, d, vector = X.astype("float32"), D.astype("float32"), net.vector.copy()
    changed = rule.update(net, x, targets(rule, d), learning_rate=RATE)
    assert changed.dtype == np.float32
    assert rule.chain(net, x, targets(rule, d)).multiply().dtype == np.float32
    assert np.array_equal(net.vector, vector)
    assert np.array_equal(x, X.astype("float32"))
    assert np.array_equal(d, D.astype("float32"))
    assert not np.array_equal(changed.vector, vector)


def test_a_rule_pickles():
    again = pickle.loads(pickle.dumps(GENERALISED_DELTA))  # noqa: S301  (our own bytes)
    net = layer("tanh")
    close(
        again.update(net, X, D, learning_rate=RATE).vector,
        GENERALISED_DELTA.update(net, X, D, learning_rate=RATE).vector,
    )
