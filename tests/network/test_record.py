"""A record's Jacobians, every pair of them, beside complex steps in a numpy evaluation."""

import pickle
from itertools import pairwise

import numpy as np
import pytest

import jacobprop as jp
from jacobprop.errors import UnknownNameError
from jacobprop.jacobians import Jacobian

from .custom_layers import Shortcut
from .market import DESIGNS, build, evaluate, gap, numeric_gradients, numeric_jacobians, stall, widened

TIGHT = 1e-12
every_design = pytest.mark.parametrize("design", DESIGNS, ids=lambda d: d.id)


def worst_pair(record, design):
    """The pair that differs most from the numeric Jacobian, and by how much."""
    gaps = {
        pair: gap(record.jacobian(*pair).tensor(), reference)
        for pair, reference in numeric_jacobians(design).items()
    }
    pair = max(gaps, key=lambda p: gaps[p])
    return pair, gaps[pair]


@pytest.mark.seed("D-55", "D-56", "D-60", "D-61", "D-65", "S-02", "S-05", "S-06", "S-08")
@every_design
def test_every_pair_that_exists_agrees_with_the_numeric_jacobian(design):
    pair, difference = worst_pair(stall(design).record, design)
    assert difference < TIGHT, pair


@every_design
def test_pairs_that_do_not_exist_are_refused(design):
    record = stall(design).record
    nodes = [*design.nodes, *(name for name, _ in design.shapes())]
    exist = set(numeric_jacobians(design)) | {("L", "L")}
    refused = [(of, wrt) for of in nodes for wrt in nodes if (of, wrt) not in exist]
    for of, wrt in refused[:: max(1, len(refused) // 40)]:
        parameter = of[0] in "WbCB"
        said = f"{of} is a parameter and no function" if parameter else f"{of} is no function of {wrt}"
        with pytest.raises(UnknownNameError, match=said):
            record.jacobian(of, wrt)


@every_design
def test_each_case_of_a_stack_is_that_case_alone(design):
    s = stall(design)
    if design.cases is None:
        return
    case = design.cases // 2
    alone = s.net.forward(s.X[case], s.target[case])
    for of, wrt in [("L", "a0"), (f"a{design.depth}", "a0"), *(("L", name) for name in s.arrays)]:
        whole, single = s.record.jacobian(of, wrt), alone.jacobian(of, wrt)
        assert whole.cases == design.cases
        assert single.cases is None
        assert gap(whole.tensor()[case], single.tensor()) < TIGHT
        assert gap(whole.case(case).tensor(), single.tensor()) < TIGHT


@every_design
def test_values_are_those_of_numpy(design):
    s = stall(design)
    nodes = evaluate(design, s.arrays, s.X, s.target)
    assert gap(s.net(s.X), nodes[f"a{design.depth}"]) < TIGHT
    assert gap(s.record.output, nodes[f"a{design.depth}"]) < TIGHT
    assert gap(s.record.losses, nodes["L"]) < TIGHT
    reduced = nodes["L"].mean() if design.reduction == "mean" else nodes["L"].sum()
    assert gap(s.record.loss, reduced) < TIGHT
    assert np.array_equal(s.record.target, s.target)
    for layer in range(design.depth + 1):
        assert gap(s.record.activation(layer), nodes[f"a{layer}"]) < TIGHT
        if f"z{layer}" in nodes:
            assert gap(s.record.sum(layer), nodes[f"z{layer}"]) < TIGHT


@pytest.mark.seed("D-57", "D-69", "D-70", "D-71", "D-72", "D-78", "S-02", "S-03", "S-04", "S-07")
@every_design
def test_the_factors_of_each_layer_are_the_slides(design):
    s, numeric = stall(design), numeric_jacobians(design)
    for number, piece in enumerate(design.pieces, 1):
        factors, a = s.record.layer(number), f"a{number}"
        if piece.branches:
            assert np.array_equal(factors[piece.earlier].tensor(), piece.share * factors.J_Y.tensor())
        else:
            assert gap(factors.J_Y.tensor(), numeric[a, f"a{number - 1}"]) < TIGHT
        if piece.kind == "dense":
            full = numeric[a, f"W{number}"]
            assert gap(factors.J_Sum.tensor(), numeric[a, f"z{number}"]) < TIGHT
            assert gap(factors.J_W.tensor(), full) < TIGHT
            denominator = np.moveaxis(full, -3, -1)
            assert gap(factors.J_W.tensor("denominator"), denominator) < TIGHT
            assert denominator.shape[-3:] == (*s.arrays[f"W{number}"].shape, piece.width)  # n x m x m
            kept = np.einsum("...kik->...ik", full)  # the only entries that need not vanish
            assert gap(factors.J_W_hat, kept) < TIGHT
            assert np.count_nonzero(full) <= kept.size
            if piece.bias:
                assert gap(factors.J_b.tensor(), numeric[a, f"b{number}"]) < TIGHT
        if piece.kind == "softmax":
            assert gap(factors.J_soft.tensor(), numeric[a, f"z{number}"]) < TIGHT


@pytest.mark.parametrize(("of", "wrt"), [("a5", "a0"), ("a4", "a0"), ("z3", "a0")])
def test_a_bottleneck_is_crossed_in_the_order_of_its_plan(of, wrt, monkeypatch):
    widths = (128, 130, 2, 127, 129)
    layers = [jp.Dense(n, m, "tanh") for n, m in pairwise(widths)]
    net = jp.Network([*layers, jp.Softmax()], seed=3)
    X = np.random.default_rng(1).normal(size=(4, 128))
    record, backward = net.forward(X), net.forward(X).chain(of, wrt)
    assert backward.plan().gain > 1.25
    run = []
    multiply = jp.Chain.multiply
    monkeypatch.setattr(
        jp.Chain, "multiply", lambda self, *order: run.append(order) or multiply(self, *order)
    )
    J = record.jacobian(of, wrt)
    assert run == [()]
    assert gap(J.push(np.ones(J.in_shape)), backward.multiply("backward").push(np.ones(J.in_shape))) < TIGHT
    assert gap(J.row_norms(), backward.multiply("backward").row_norms()) < TIGHT
    assert J.symbol == f"J_{wrt}^{of}"


@pytest.mark.parametrize(
    ("widths", "gain"), [((128, 130, 127, 20), (1.0, 1.25)), ((128, 130, 120, 129), (1.01, 1.25))]
)
def test_nothing_is_planned_where_the_walk_is_about_as_good(widths, gain, monkeypatch):
    record = jp.Network([jp.Dense(n, m, "tanh") for n, m in pairwise(widths)]).forward(np.ones((8, 128)))
    assert gain[0] <= record.chain("a3", "a0").plan().gain < gain[1]
    monkeypatch.setattr(jp.Chain, "multiply", lambda *_: pytest.fail("planned"))
    assert record.jacobian("a3", "a0").shape == (8, widths[-1], 128)


def test_what_was_planned_or_walked_is_not_multiplied_again(monkeypatch):
    widths, run = (128, 130, 2, 127, 129), []
    net = jp.Network([jp.Dense(n, m, "tanh") for n, m in pairwise(widths)])
    multiply = jp.Chain.multiply
    monkeypatch.setattr(jp.Chain, "multiply", lambda self: run.append(self) or multiply(self))
    record = net.forward(np.random.default_rng(0).normal(size=(8, 128)))
    first = record.jacobian("a4", "a0")
    assert np.shares_memory(first.array, record.jacobian("a4", "a0").array)
    assert len(run) == 1
    walked = net.forward(record.activation(0))
    everything = walked.jacobians("a4")
    run.clear()
    for name, J in everything.items():
        assert np.array_equal(walked.jacobian("a4", name).row_norms(), J.row_norms())
    assert run == []
    assert gap(first.matrix(), everything["a0"].matrix()) < TIGHT


def test_a_bottleneck_with_a_way_round_it_is_walked():
    layers = [jp.Dense(128, 130, "tanh"), jp.Dense(130, 2), jp.Dense(2, 130), Shortcut(130, 1, 0.5)]
    net = jp.Network([*layers, jp.Dense(130, 129, "tanh")])
    record = net.forward(np.random.default_rng(0).normal(size=(4, 128)))
    v = np.random.default_rng(1).normal(size=(4, 128))
    assert gap(record.jacobian("a5", "a0").push(v), record.push("a5", {"a0": v})) < TIGHT


@pytest.mark.parametrize(("dtype", "allowed"), [("float16", 2e-3), ("float32", 1e-6)])
def test_the_gradient_of_a_bias_is_added_up_without_losing_cases(dtype, allowed):
    net = jp.Network([jp.Dense(3, 4, "tanh"), jp.Dense(4, 2)], loss=jp.SquaredError(), dtype=dtype)
    rng = np.random.default_rng(5)
    X, T = rng.normal(size=(10_000, 3)).astype(dtype), rng.uniform(1, 2, (10_000, 2)).astype(dtype)
    exact = net.astype("float64").forward(X.astype(float), T.astype(float)).gradients()
    for found in (net.forward(X, T).gradients(), jp.DeltaRule(net).gradients(X, T)[1]):
        for name in ("b1", "b2"):
            assert gap(found[name].astype(float), exact[name]) < allowed


def random_block(rng, shape):
    return rng.normal(size=shape).round(2)


def moved(J, tangent, cases):
    """J v: with a tangent of each case where `cases` is true, else with one for all."""
    axes = tangent.ndim - cases
    rows = J.reshape(*J.shape[: J.ndim - axes], -1)
    columns = tangent.reshape(*tangent.shape[:cases], -1)
    return np.einsum("c...i,ci->c...", rows, columns) if cases else rows @ columns


@every_design
def test_push_moves_all_variables_at_once(design):
    """J v of every variable below, added up: by the numeric Jacobians, entry by entry."""
    s, numeric = stall(design), numeric_jacobians(design)
    rng, stack = np.random.default_rng(0), int(design.cases is not None)
    for of in ("L", f"a{design.depth}", f"a{(design.depth + 1) // 2}"):
        moves = {name: random_block(rng, w.shape) for name, w in s.arrays.items() if (of, name) in numeric}
        expected = sum(moved(numeric[of, name], v, 0) for name, v in moves.items())
        for below in {0, design.depth - 1} - {int(of[1:] or -1)}:
            name, values = f"a{below}", s.record.activation(below)
            if (of, name) in numeric:
                moves[name] = random_block(rng, values.shape)
                expected = expected + moved(numeric[of, name], moves[name], stack)
        found = s.record.push(of, moves)
        assert found.shape == (s.record.losses if of == "L" else s.record.activation(int(of[1:]))).shape
        assert gap(found, expected) < TIGHT


@every_design
def test_pull_reaches_all_parameters_at_once(design):
    s, numeric = stall(design), numeric_jacobians(design)
    rng = np.random.default_rng(0)
    for layer in (design.depth, (design.depth + 1) // 2):
        of, values = f"a{layer}", s.record.activation(layer)
        u = random_block(rng, values.shape)
        found = s.record.pull(of, u)
        assert list(found) == [name for name in s.arrays if (of, name) in numeric]
        for name, array in found.items():
            J = numeric[of, name].reshape(u.size, *s.arrays[name].shape)
            assert gap(array, np.tensordot(u.ravel(), J, axes=1)) < TIGHT
        alike = s.record.pull(of, np.ones(values.shape[-1:]))
        each = s.record.pull(of, np.ones(values.shape))
        assert all(np.array_equal(alike[name], each[name]) for name in alike)


def test_what_is_pushed_alone_moves_every_case_alike():
    record = jp.Network([jp.Dense(3, 2)]).forward(np.ones((4, 3)))
    assert np.array_equal(record.push("a1", {"b1": [1.0, 2.0]}), [[1.0, 2.0]] * 4)
    assert record.push("a1", {"b1": [1.0, 2.0]}).flags.writeable
    assert np.array_equal(record.push("a1", {"a0": [0.0, 0.0, 0.0]}), np.zeros((4, 2)))


@every_design
def test_jacobians_equals_jacobian_pair_by_pair(design):
    s = stall(design)
    for of in (f"a{design.depth}", "L"):
        found = s.record.jacobians(of)
        expected = [name for name in (*s.arrays, "a0") if name in design.below(of)]
        assert list(found) == expected
        for name, J in found.items():
            single = s.record.jacobian(of, name)
            assert J.symbol == single.symbol == f"J_{name}^{of}"
            assert np.array_equal(J.tensor(), single.tensor())


@pytest.mark.seed("D-51", "D-52", "D-53", "S-06")
@every_design
def test_gradients_are_the_reduced_rows(design):
    s = stall(design)
    gradients, reference = s.record.gradients(), numeric_gradients(design)
    assert list(gradients) == list(s.net.parameters)
    for name, gradient in gradients.items():
        rows = s.record.jacobian("L", name).tensor()
        assert rows.shape == (*s.record.losses.shape, *s.arrays[name].shape)
        reduced = rows if design.cases is None else rows.sum(axis=0)
        if design.cases is not None and design.reduction == "mean":
            reduced = reduced / design.cases
        assert gap(gradient, reduced) < TIGHT
        assert gap(gradient, reference[name]) < TIGHT


@every_design
@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float32, 1e-5), (np.float16, 0.03)])
def test_small_floats_stay_small_floats(design, dtype, tolerance):
    s, exact = build(design, dtype), widened(design, dtype)
    gradients = s.record.gradients()
    assert s.record.dtype == s.record.losses.dtype == s.net(s.X).dtype == dtype
    assert gap(s.record.loss, exact.loss) < tolerance
    for name, expected in exact.gradients().items():
        assert gradients[name].dtype == dtype
        assert gap(gradients[name], expected) < tolerance
    for J in s.record.jacobians(f"a{design.depth}").values():
        assert J.dtype == J.tensor().dtype == dtype


# -- one walk -------------------------------------------------------------------------------------


def tower(depth, width=3):
    return jp.Network([jp.Dense(width, width, "tanh") for _ in range(depth)], jp.SquaredError(), seed=depth)


def work_of(depth, monkeypatch, call):
    """How many products and how many constructions of factors a call makes."""
    counts = {"products": 0, "factors": 0}
    product, factors = Jacobian.__matmul__, jp.Dense.sum_factors

    def counting_product(self, other):
        counts["products"] += isinstance(other, Jacobian)
        return product(self, other)

    def counting_factors(self, params, cache):
        counts["factors"] += 1
        return factors(self, params, cache)

    record = tower(depth).forward(np.ones((2, 3)), np.zeros((2, 3)))
    with monkeypatch.context() as patch:
        patch.setattr(Jacobian, "__matmul__", counting_product)
        patch.setattr(jp.Dense, "sum_factors", counting_factors)
        call(record, depth)
    return counts


@pytest.mark.parametrize(
    "call",
    [
        lambda record, depth: record.jacobians(f"a{depth}"),
        lambda record, depth: record.jacobians("L"),
        lambda record, depth: record.gradients(),
        lambda record, depth: (record.gradients(), record.gradients(), record.jacobian("L", "a0")),
    ],
    ids=["of the output", "of the loss", "gradients", "remembered"],
)
def test_one_walk_serves_every_parameter(call, monkeypatch):
    short, long = (work_of(depth, monkeypatch, call) for depth in (5, 10))
    assert (short["factors"], long["factors"]) == (5, 10)
    assert long["products"] <= 2 * short["products"] + 4


# -- a value that never changes -------------------------------------------------------------------


def test_a_record_does_not_follow_its_input_or_its_target():
    net = tower(2)
    X, T = np.ones((2, 3)), np.zeros((2, 3))
    record = net.forward(X, T)
    before = record.jacobian("L", "W1").tensor().copy()
    X[:], T[:] = 7, 7
    fresh = net.forward(np.ones((2, 3)), np.zeros((2, 3)))
    assert np.array_equal(record.jacobian("L", "W2").tensor(), fresh.jacobian("L", "W2").tensor())
    assert np.array_equal(record.jacobian("L", "W1").tensor(), before)
    assert np.array_equal(record.activation(0), np.ones((2, 3)))


def test_nothing_in_a_record_can_be_written():
    record = tower(2).forward(np.ones((2, 3)), np.zeros((2, 3)))
    given = [
        record.output,
        record.losses,
        record.target,
        record.activation(0),
        record.sum(1),
        record.layer(1).J_W_hat,
        record.jacobian("L", "W1").tensor(),
        *record.layer(1).J_W.arrays,
    ]
    for array in given:
        with pytest.raises(ValueError, match="read-only"):
            array[...] = 0


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.int64, np.uint8])
def test_inputs_are_never_modified(dtype):
    net = jp.Network([jp.Dense(3, 4, "tanh"), jp.Dense(4, 2), jp.Softmax()], jp.CrossEntropy())
    X, T = np.arange(6).reshape(2, 3).astype(dtype), np.array([1, 0])
    kept = X.copy(), T.copy(), {name: array.copy() for name, array in net.parameters.items()}
    record = net.forward(X, T)
    record.gradients(), record.jacobians("a3"), net(X)
    for formulation in ("tensor", "numpy_dot", "simplified", "delta", "delta_scalar", "finite_difference"):
        jp.gradients(net, X, T, formulation)
    assert X.dtype == dtype
    assert X.flags.writeable
    assert np.array_equal(X, kept[0])
    assert np.array_equal(T, kept[1])
    assert all(np.array_equal(net.parameters[name], array) for name, array in kept[2].items())


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_integers_take_the_dtype_of_the_parameters(dtype):
    net = jp.Network([jp.Dense(3, 4, "tanh")], jp.SquaredError(), dtype=dtype)
    whole = np.array([[0, 1, 255]], np.uint8)
    assert net(whole).dtype == dtype
    assert net([[0, 1, 255]]).dtype == dtype
    assert np.array_equal(net(whole), net(whole.astype(dtype)))
    assert net.forward(whole, np.zeros((1, 4), int)).gradients()["W1"].dtype == dtype


@pytest.mark.parametrize("mangle", [pickle.dumps, None], ids=["network", "record"])
def test_networks_and_records_pickle(mangle):
    net = jp.Network(
        [jp.Dense(3, 4, "tanh", name="hidden"), jp.Dense(4, 2), jp.Softmax()],
        jp.CrossEntropy(),
        names="X Y Z S",
        seed=3,
    )
    X, T = np.ones((2, 3)), np.array([0, 1])
    record = net.forward(X, T)
    if mangle:
        net = pickle.loads(pickle.dumps(net))  # noqa: S301  (our own bytes)
        copied = net.forward(X, T)
        with pytest.raises(ValueError, match="read-only"):
            net.parameters["W1"][0, 0] = 1
        with pytest.raises(TypeError):
            net.parameters["W1"] = 1
    else:
        copied = pickle.loads(pickle.dumps(record))  # noqa: S301  (our own bytes)
        with pytest.raises(ValueError, match="read-only"):
            copied.activation(0)[0, 0] = 1
    for of, wrt in (("L", "W1"), ("S", "X"), ("L", "b2")):
        assert np.array_equal(copied.jacobian(of, wrt).tensor(), record.jacobian(of, wrt).tensor())


def test_repr_is_one_line_that_names_widths_and_loss():
    net = tower(2)
    assert repr(net.forward(np.ones(3))) == "<Record: 3-3-3, one case, float64>"
    assert repr(net.forward(np.ones((4, 3)), np.full((4, 3), 1e3))).startswith(
        "<Record: 3-3-3, 4 cases, float64, loss "
    )
