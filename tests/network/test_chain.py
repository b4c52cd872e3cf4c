"""Chains: every order gives the Jacobian, at the price that its plan names."""

import functools
import itertools
import sys
import time

import numpy as np
import pytest
from jacobians.counting import counted, counting

import jacobprop as jp
from jacobprop.errors import UnsupportedLayerError
from jacobprop.jacobians import Jacobian
from jacobprop.planning import AUTO_ATOMS, ORDERS, plan_chain

from .market import DESIGNS, gap, numeric_jacobians, stall

TIGHT = 1e-12
BRANCHING = [d for d in DESIGNS if any(p.branches for p in d.pieces)]
STRAIGHT = [d for d in DESIGNS if d not in BRANCHING]


def counting_chain(chain):
    """The same chain on arrays that count their multiply-adds."""
    head = None if chain.head is None else counted(chain.head)
    return jp.Chain([counted(J) for J in chain.factors], head=head)


@pytest.mark.seed("D-55", "D-58", "D-59", "D-60", "D-61", "D-65", "D-68", "S-05", "S-06")
@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("design", STRAIGHT, ids=lambda d: d.id)
def test_every_chain_in_every_order_is_the_jacobian(design, order):
    record = stall(design).record
    for (of, wrt), reference in numeric_jacobians(design).items():
        chain = record.chain(of, wrt)
        product = chain.multiply(order)
        assert gap(product.tensor(), reference) < TIGHT, (of, wrt)
        assert (product.out_shape, product.in_shape) == (
            record.jacobian(of, wrt).out_shape,
            record.jacobian(of, wrt).in_shape,
        )


@pytest.mark.parametrize("design", STRAIGHT, ids=lambda d: d.id)
def test_a_run_costs_what_its_plan_says(design):
    record = stall(design).record
    last = f"a{design.depth}"
    for of, wrt in itertools.product((last, "L"), ("a0", *(name for name, _ in design.shapes()))):
        chain = record.chain(of, wrt)
        costs = {}
        for order in ORDERS:
            plan = chain.plan(order)
            with counting() as tally:
                product = counting_chain(chain).multiply(order)
            assert tally.multiply_adds == plan.multiply_adds, (of, wrt, order)
            assert product.structure == (plan.steps[-1].structure if plan.steps else chain.atoms[0].structure)
            costs[order] = plan.multiply_adds
        assert costs["auto"] == costs["optimal"] == min(costs.values())
        assert sum(step.multiply_adds for step in chain.steps()) == costs["backward"]


@pytest.mark.seed("D-68")
@pytest.mark.parametrize("design", STRAIGHT, ids=lambda d: d.id)
def test_the_steps_show_the_running_r(design):
    s = stall(design)
    for wrt in ("a0", *(name for name, _ in design.shapes())):
        chain = s.record.chain("L", wrt)
        steps = chain.steps()
        assert len(steps) == len(chain.atoms) - 1
        for before, after in itertools.pairwise(steps):
            assert before.after is after.before
        for step, atom in zip(steps, chain.atoms[1:], strict=True):
            assert step.factor is atom
            together = np.einsum("...ij,...jk->...ik", step.before.matrix(), step.factor.matrix())
            assert gap(step.after.matrix(), together) < TIGHT
        if steps:
            assert gap(steps[-1].after.tensor(), numeric_jacobians(design)["L", wrt]) < TIGHT
            assert steps[-1].after.symbol == f"J_{wrt}^L"


@pytest.mark.parametrize("design", BRANCHING, ids=lambda d: d.id)
def test_a_chain_has_one_path(design):
    record = stall(design).record
    with pytest.raises(UnsupportedLayerError) as caught:
        record.chain("L", "a0")
    text = str(caught.value)
    assert text.startswith("record.chain: more than one path leads from L to ")
    assert "reads several activations on the way" in text
    assert "expected a single chain. record.jacobian adds the branches" in text
    last = max(number for number, p in enumerate(design.pieces, 1) if p.branches)
    if last < design.depth:
        above = record.chain("L", f"a{last}")
        assert gap(above.multiply().tensor(), numeric_jacobians(design)["L", f"a{last}"]) < TIGHT


@pytest.mark.parametrize("design", STRAIGHT, ids=lambda d: d.id)
def test_norms_are_those_of_the_products(design):
    record = stall(design).record
    for of, wrt in ((f"a{design.depth}", "a0"), ("L", "a0"), *(("L", name) for name, _ in design.shapes())):
        chain = record.chain(of, wrt)
        norms = chain.log2_norms()
        products = [chain.atoms[0], *(step.after for step in chain.steps())]
        with np.errstate(divide="ignore"):
            direct = [np.log2(np.linalg.norm(J.matrix(), axis=(-2, -1))) for J in products]
        assert np.shape(norms) == np.shape(direct)
        np.testing.assert_allclose(norms, direct, rtol=0, atol=1e-9)


# -- long chains --------------------------------------------------------------------------------------


def narrow(depth, scale, width=2):
    """Sigmoid layers whose weights are scale times the identity."""
    weights = [scale * np.eye(width)] * depth
    return jp.Network([jp.Dense.from_arrays(W, np.zeros(width), "sigmoid") for W in weights])


def test_a_vanished_gradient_still_has_a_size():
    depth = 2000
    record = narrow(depth, 0.5).forward(np.full((3, 2), 0.25))
    chain = record.chain(f"a{depth}", "a0")
    assert not chain.multiply().tensor().any()  # 0 in float64
    norms = chain.log2_norms()
    assert norms.shape == (depth, 3)
    slopes = [record.activation(k) * (1 - record.activation(k)) for k in range(1, depth + 1)]
    expected = np.cumsum(np.log2(0.5 * np.array(slopes)[::-1, :, 0]), axis=0) + 0.5  # sqrt 2 units alike
    np.testing.assert_allclose(norms, expected, rtol=1e-12)
    assert norms[-1].max() < -6000


def test_an_exploded_gradient_still_has_a_size():
    depth = 1500
    weights = [8 * np.eye(2)] * depth
    record = jp.Network([jp.Dense.from_arrays(W) for W in weights]).forward(np.zeros(2))
    norms = record.chain(f"a{depth}", "a0").log2_norms()
    np.testing.assert_allclose(norms, 3 * np.arange(1, depth + 1) + 0.5, rtol=1e-12)


def test_a_zero_chain_has_the_norm_of_nothing():
    norms = jp.Chain([jp.DenseJacobian(np.zeros((2, 3))), jp.DenseJacobian(np.ones((3, 4)))]).log2_norms()
    assert np.array_equal(norms, [-np.inf, -np.inf])


def test_norms_mix_shared_and_stacked_factors_and_weights_that_are_not_last():
    rng = np.random.default_rng(8)
    chain = jp.Chain(
        [
            jp.DenseJacobian(rng.normal(size=(4, 2, 3))),
            jp.WeightJacobian(rng.normal(size=(3, 5)), rng.normal(size=(4, 2))),
            jp.DenseJacobian(rng.normal(size=(10, 6)), out_shape=(2, 5)),
        ]
    )
    direct = [
        np.log2(np.linalg.norm(J.matrix(), axis=(-2, -1))) for J in (chain.factors[0], chain.multiply())
    ]
    norms = chain.log2_norms()
    np.testing.assert_allclose(norms[[0, 2]], direct, atol=1e-12)


def test_ten_thousand_layers_need_no_recursion():
    depth = 10_000
    assert depth > sys.getrecursionlimit()
    net = jp.Network([jp.Dense(1, 1, "tanh") for _ in range(depth)], jp.SquaredError(), dtype=np.float64)
    net = net.with_vector(np.where(np.arange(net.size) % 2, 0.0, 1.0))
    started = time.process_time()
    record = net.forward(np.array([0.5]), np.zeros(1))
    chain = record.chain("L", "W1")
    assert len(chain) == depth + 1
    product = chain.multiply().tensor()
    direct = record.output.copy()
    for layer in range(depth, 0, -1):
        direct *= 1 - record.activation(layer) ** 2
    np.testing.assert_allclose(product[0, 0], direct[0] * 0.5, rtol=1e-9)
    np.testing.assert_allclose(record.gradients()["W1"], product, rtol=1e-12)
    np.testing.assert_allclose(jp.gradients(net, np.array([0.5]), np.zeros(1))["W1"], product, rtol=1e-12)
    assert chain.log2_norms().shape == (depth + 1,)
    assert chain.plan().multiply_adds > 0
    assert len(repr(net)) > depth
    assert time.process_time() - started < 20  # seconds; it took 4


def test_a_long_chain_is_planned_backward_by_default():
    net = jp.Network([jp.Dense(1, 1) for _ in range(AUTO_ATOMS + 1)])
    chain = net.forward(np.ones(1)).chain(f"a{AUTO_ATOMS + 1}", "a0")
    assert len(chain) == AUTO_ATOMS + 1
    assert [step.split for step in chain.plan().steps] == list(range(AUTO_ATOMS))


# -- planning ---------------------------------------------------------------------------------------------

CASES = 5


def random_atom(rng, o, n):
    """A Jacobian of a random structure from n to o; square ones of more kinds."""
    kinds = ["dense", "shared", "scaled", "columns"]
    if o == n:
        kinds += ["diagonal", "low rank", "identity", "shared diagonal"] * 2
    kind = rng.choice(kinds)
    draw = functools.partial(rng.normal, 0, 1)
    return {
        "dense": lambda: jp.DenseJacobian(draw((CASES, o, n))),
        "shared": lambda: jp.DenseJacobian(draw((o, n)), cases=CASES),
        "scaled": lambda: jp.ScaledJacobian(draw((CASES, o)), draw((o, n))),
        "columns": lambda: jp.ScaledJacobian(None, draw((o, n)), draw((CASES, n))),
        "diagonal": lambda: jp.DiagonalJacobian(draw((CASES, o))),
        "shared diagonal": lambda: jp.DiagonalJacobian(draw(o), cases=CASES),
        "low rank": lambda: jp.DiagonalPlusLowRankJacobian(
            draw((CASES, o)), draw((CASES, o, 1)), draw((CASES, o, 1))
        ),
        "identity": lambda: jp.IdentityJacobian(o, cases=CASES),
    }[kind]()


def random_factors(number):
    """Two to six mixed factors; the last may be a weight Jacobian, the first may be a row."""
    rng = np.random.default_rng(number)
    count = 2 + number % 5
    widths = [int(w) for w in rng.choice([2, 3, 4, 6, 9], count + 1)]
    for k in range(1, count):
        if rng.random() < 0.4:
            widths[k + 1] = widths[k]
    if number % 3 == 0:
        widths[0] = 1
    factors = [random_atom(rng, o, n) for o, n in itertools.pairwise(widths)]
    if number % 2:
        factors.append(
            jp.WeightJacobian(
                jp.DiagonalJacobian(rng.normal(size=(CASES, widths[-1]))), rng.normal(size=(CASES, 7))
            )
        )
    return factors[-6:]


def bracketings(first, last):
    """Every bracketing of the atoms first..last, as nested pairs."""
    if first == last:
        yield first
    for split in range(first, last):
        yield from itertools.product(bracketings(first, split), bracketings(split + 1, last))


def multiplied(bracketing, factors) -> Jacobian:
    """Run one bracketing."""
    if isinstance(bracketing, int):
        return factors[bracketing]
    left, right = bracketing
    return multiplied(left, factors) @ multiplied(right, factors)


@pytest.mark.parametrize("number", range(40))
def test_the_optimal_plan_is_the_cheapest_bracketing_that_can_be_run(number):
    factors = random_factors(number)
    counting_factors = [counted(J) for J in factors]
    prices = []
    for bracketing in bracketings(0, len(factors) - 1):
        with counting() as tally:
            multiplied(bracketing, counting_factors)
        prices.append(tally.multiply_adds)
    chain = jp.Chain(factors)
    with counting() as tally:
        optimal = counting_chain(chain).multiply("optimal")
    assert tally.multiply_adds == chain.plan("optimal").multiply_adds == min(prices)
    assert chain.plan("backward").multiply_adds in prices
    assert gap(optimal.matrix(), chain.multiply("backward").matrix()) < TIGHT


def best_pure(widths):
    return min(jp.plan(widths, order).multiply_adds for order in ("backward", "forward"))


@pytest.mark.parametrize(
    ("widths", "multiply_adds", "gain"),
    [
        ([512, 512, 8, 512, 512], 6_291_456, 22),
        ([784, 128, 16, 128, 784], None, 6.3),
    ],
)
def test_bottlenecks_repay_planning(widths, multiply_adds, gain):
    plan = jp.plan(widths)
    assert round(best_pure(widths) / plan.multiply_adds, 1) == gain
    assert multiply_adds in (None, plan.multiply_adds)
    assert plan.multiply_adds == jp.plan(widths, "optimal").multiply_adds


@pytest.mark.parametrize("number", range(20))
def test_with_a_row_on_top_backward_is_already_optimal(number):
    rng = np.random.default_rng(number)
    widths = [int(w) for w in rng.integers(2, 40, 6)] + [1]
    assert jp.plan(widths, "optimal").multiply_adds == jp.plan(widths, "backward").multiply_adds


def test_a_plan_is_data_that_prints_itself():
    plan = jp.plan([40, 30, 20])
    assert (plan.order, plan.multiply_adds, len(plan.steps)) == ("auto", 24_000, 1)
    lines = str(plan).splitlines()
    assert "24,000" in str(plan)
    assert max(map(len, lines)) <= 80
    assert jp.plan([4, 3]).steps == ()
    assert "0 multiply-adds" in str(jp.plan([4, 3]))
    assert plan == plan_chain(plan.atoms)
    with pytest.raises(AttributeError):
        plan.order = "forward"


def test_a_bracketing_names_the_factors():
    net = jp.Network([jp.Dense(2, 9), jp.Dense(9, 9), jp.Dense(9, 9)], names="X Y Z S")
    chain = net.forward(np.ones(2)).chain("S", "X")
    assert chain.plan("backward").bracketing == "((J_Z^S J_Y^Z) J_X^Y)"
    assert chain.plan("forward").bracketing == chain.plan().bracketing == "(J_Z^S (J_Y^Z J_X^Y))"


def test_a_variable_by_itself_is_the_identity():
    record = jp.Network([jp.Dense(3, 2), jp.Softmax()]).forward(np.ones((4, 3)))
    for name, width in (("a2", 2), ("z2", 2), ("a0", 3)):
        chain = record.chain(name, name)
        assert chain.symbols == (f"J_{name}^{name}",)
        assert np.array_equal(chain.multiply().tensor(), np.broadcast_to(np.eye(width), (4, width, width)))
        assert np.array_equal(record.jacobian(name, name).tensor(), chain.multiply().tensor())
    assert record.chain("z2", "a1").symbols == ("J_a1^z2",)  # the argument of softmax is the activation below


def test_a_chain_of_one_factor_is_that_factor():
    J = jp.DenseJacobian(np.arange(6.0).reshape(2, 3))
    chain = jp.Chain([J])
    for order in ORDERS:
        assert np.array_equal(chain.multiply(order).matrix(), J.matrix())
    assert chain.steps() == ()
    assert repr(chain) == "<Chain J1>"
    assert len(chain) == 1


def test_a_step_says_what_it_did():
    """J_N^L times the layer's J_Y^Z: names, shapes and price in a line."""
    row, layer = jp.DenseJacobian(np.ones((1, 2)), ()), jp.DenseJacobian(np.ones((2, 3)))
    chain = jp.Chain([row.named("J_Z^L"), layer.named("J_Y^Z")], variables=["L", "Z", "Y"])
    (step,) = chain.steps()
    assert str(step) == "J_Z^L . J_Y^Z = J_Y^L, (2,) by (3,) -> () by (3,), 6 multiply-adds"
    np.testing.assert_array_equal(step.after.matrix(), [[2.0, 2.0, 2.0]])


def test_a_head_takes_the_place_and_the_name_of_two_factors():
    shapes = [(1, 2), (2, 3), (3, 4), (4, 5)]
    factors = [jp.DenseJacobian(np.arange(1.0, 1 + o * n).reshape(o, n)) for o, n in shapes]
    names = ["J_S^L", "J_Z^S", "J_Y^Z", "J_X^Y"]
    factors = [J.named(name) for J, name in zip(factors, names, strict=True)]
    head = jp.DenseJacobian(np.full((1, 3), 2.0))
    chain = jp.Chain(factors, variables="LSZYX", head=head)
    assert chain.plan("backward").bracketing == "((J_Z^L J_Y^Z) J_X^Y)"
    assert [(s.before.symbol, s.factor.symbol, s.after.symbol) for s in chain.steps()] == [
        ("J_Z^L", "J_Y^Z", "J_Y^L"),
        ("J_Y^L", "J_X^Y", "J_X^L"),
    ]
    through_head = np.full((1, 3), 2.0) @ factors[2].matrix() @ factors[3].matrix()
    np.testing.assert_array_equal(chain.multiply().matrix(), through_head)
    without = jp.Chain(factors, variables="LSZYX")
    assert without.plan("backward").bracketing == "(((J_S^L J_Z^S) J_Y^Z) J_X^Y)"
    assert [s.before.symbol for s in without.steps()] == ["J_S^L", "J_Z^L", "J_Y^L"]
    assert repr(without) == "<Chain J_S^L . J_Z^S . J_Y^Z . J_X^Y>"


def test_without_variables_a_product_has_no_name():
    chain = jp.Chain([jp.DenseJacobian(np.ones((2, 3))), jp.DenseJacobian(np.ones((3, 4)))])
    assert chain.multiply().symbol == ""
    assert [step.after.symbol for step in chain.steps()] == [""]


def test_a_head_of_other_shapes_is_named_with_both():
    factors = [jp.DenseJacobian(np.ones((1, 2))), jp.DenseJacobian(np.ones((2, 3)))]
    with pytest.raises(jp.errors.ShapeError, match=r"got \(4,\) by \(3,\), 2 factors, expected at least two"):
        jp.Chain(factors, head=jp.DenseJacobian(np.ones((4, 3))))


def test_a_case_that_vanishes_keeps_its_size_beside_one_that_does_not():
    sizes = np.array([2.0**-600, 1.0, 2.0**500])
    factors = [jp.DenseJacobian(sizes[:, None, None] * np.ones((3, 2, 2))) for _ in range(4)]
    number = np.arange(1, 5)[:, None]
    expected = number * np.log2(sizes) + number  # the norm of the n-th power of a 2 by 2 of ones is 2^n
    np.testing.assert_allclose(jp.Chain(factors).log2_norms(), expected, rtol=1e-14)
