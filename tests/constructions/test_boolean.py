"""Boolean functions by hand, against Python's own Booleans on every input; depth against width."""

import itertools
import math

import numpy as np
import pytest
import sympy
from scipy.optimize import linprog

import jacobprop as jp
from jacobprop import constructions as made

RNG = np.random.default_rng(31)

SEED_ROWS = ["00110", "01011", "01100", "10001", "10111", "11001"]
SEED_TABLE = np.array(["".join(bits) in SEED_ROWS for bits in itertools.product("01", repeat=5)], float)
W, X, Y, Z = sympy.symbols("W X Y Z")


def outputs(net, n):
    """What the network says to every row of 0 and 1, x1 first."""
    return net(np.array(list(itertools.product([0.0, 1.0], repeat=n)))).ravel()


def single_unit_exists(table, n):
    """Whether weights with every on-row at least 1 above and every off-row at least 1 below exist."""
    rows = np.array([[*bits, 1] for bits in itertools.product([0, 1], repeat=n)])
    signs = np.where(np.asarray(table) > 0, 1, -1)
    return linprog(
        np.zeros(n + 1), A_ub=-signs[:, None] * rows, b_ub=-np.ones(len(rows)), bounds=(None, None)
    ).success


def test_inputs_count_in_binary():
    for n in (1, 3, 5):
        np.testing.assert_array_equal(made.boolean_inputs(n), list(itertools.product([0, 1], repeat=n)))


@pytest.mark.seed("S-31", "H-18", "E-35")
def test_the_seeds_table_of_five_variables():
    for minimise, hidden in ((False, 6), (True, 5)):
        net = made.table_network(SEED_TABLE, minimise=minimise)
        np.testing.assert_array_equal(outputs(net, 5), SEED_TABLE)
        assert made.count_hidden_units(net) == hidden
        assert made.depth_of(net) == 2
    assert not single_unit_exists(SEED_TABLE, 5)
    assert SEED_TABLE.sum() == 6


@pytest.mark.seed("S-31", "H-19", "E-35")
def test_the_seeds_reduced_dnf_has_three_terms_of_which_one_is_not_prime():
    slide = (~Y & ~Z) | (~W & X & ~Y) | (~X & Y & ~Z)
    prime = (~Y & ~Z) | (~W & X & ~Y) | (~X & ~Z)
    truth = np.array(
        [
            (not y and not z) or (not w and x and not y) or (not x and y and not z)
            for w, x, y, z in itertools.product([0, 1], repeat=4)
        ]
    )
    assert truth.sum() == 7
    nets = {
        "slide": made.expression_network(slide),
        "prime": made.expression_network(prime),
        "terms": made.dnf_network([[0, 0, -1, -1], [-1, 1, -1, 0], [0, -1, 1, -1]]),
        "minimal": made.table_network(truth.astype(float), minimise=True),
    }
    for net in nets.values():
        np.testing.assert_array_equal(outputs(net, 4), truth)
        assert made.count_hidden_units(net) == 3
    connections = {name: made.count_connections(net) for name, net in nets.items()}
    assert connections == {"slide": 11, "terms": 11, "prime": 10, "minimal": 10}
    all_rows = made.table_network(truth.astype(float))
    assert made.count_hidden_units(all_rows) == 7


@pytest.mark.seed("S-31", "H-18")
@pytest.mark.parametrize("minimise", [False, True])
def test_any_table_is_exact(minimise):
    for n in (1, 2, 3, 6):
        for on in (0.0, 0.3, 0.7, 1.0):
            table = (RNG.random(2**n) < on).astype(float)
            net = made.table_network(table, minimise=minimise)
            np.testing.assert_array_equal(outputs(net, n), table)
            if not minimise:
                assert made.count_hidden_units(net) == table.sum()
    for table in itertools.product([0, 1], repeat=4):
        np.testing.assert_array_equal(outputs(made.table_network(table, minimise=minimise), 2), table)


def test_constants_need_one_unit_or_none():
    never = made.table_network(np.zeros(8))
    assert [type(layer).__name__ for layer in never.layers] == ["Dense"]
    assert made.count_hidden_units(never) == 0
    always = made.table_network(np.ones(8), minimise=True)
    assert made.count_hidden_units(always) == 1
    np.testing.assert_array_equal([outputs(never, 3), outputs(always, 3)], [[0] * 8, [1] * 8])
    for value in (sympy.true, sympy.false):
        net = made.expression_network(value, [X, Y])
        np.testing.assert_array_equal(outputs(net, 2), [float(bool(value))] * 4)
    np.testing.assert_array_equal(outputs(made.dnf_network(np.zeros((0, 2))), 2), np.zeros(4))
    np.testing.assert_array_equal(outputs(made.dnf_network([[0, 0]]), 2), np.ones(4))


@pytest.mark.parametrize(
    ("expression", "truth"),
    [
        (X, lambda x, y, z: x),
        (sympy.Xor(X, Y, Z), lambda x, y, z: x ^ y ^ z),
        ((X >> Y) & ~Z, lambda x, y, z: (not x or y) and not z),
        (sympy.Equivalent(X, Y, Z), lambda x, y, z: x == y == z),
        (sympy.ITE(X, Y, ~Z), lambda x, y, z: y if x else not z),
        (sympy.Nand(X, Y) | Z, lambda x, y, z: not (x and y) or z),
        (X | (Y & ~X), lambda x, y, z: x or y),
        (sympy.Or(sympy.And(X, ~X, evaluate=False), Y, evaluate=False), lambda x, y, z: y),
        (sympy.Or(sympy.Or(X, Y), sympy.And(Y, Z), evaluate=False), lambda x, y, z: x or y),
        (sympy.Not(sympy.Not(X, evaluate=False), evaluate=False), lambda x, y, z: x),
        (sympy.Xor(X, sympy.Xor(Y, Z), evaluate=False), lambda x, y, z: x ^ y ^ z),
    ],
)
def test_expressions_of_every_connective(expression, truth):
    net = made.expression_network(expression, [X, Y, Z])
    wanted = [bool(truth(*bits)) for bits in itertools.product([0, 1], repeat=3)]
    np.testing.assert_array_equal(outputs(net, 3), wanted)
    turned = made.expression_network(expression, (Z, X, Y))
    wanted = [bool(truth(x, y, z)) for z, x, y in itertools.product([0, 1], repeat=3)]
    np.testing.assert_array_equal(outputs(turned, 3), wanted)


def test_a_dnf_keeps_its_terms_and_has_no_cap():
    many = sympy.symbols("x1:13")
    terms = made.expression_terms((many[0] & ~many[11]) | many[5], many)
    np.testing.assert_array_equal(
        sorted(terms.tolist()), sorted([[1] + [0] * 10 + [-1], [0] * 5 + [1] + [0] * 6])
    )
    assert len(made.expression_terms(X | (Y & ~X), [X, Y])) == 2  # as written, not minimal


def test_variables_are_sorted_by_name_and_numbers_as_numbers():
    x1, x2, x10, x10y, late = sympy.symbols("x1 x2 x10 x10y y0")
    term = made.expression_terms(x10 & ~x2 & late & x10y & ~x1)
    np.testing.assert_array_equal(term, [[-1, -1, 1, 1, 1]])
    x = sympy.symbols("x1:13")
    np.testing.assert_array_equal(made.expression_terms(sympy.Or(*x[:-1]) | ~x[-1])[:, -1].sum(), -1)
    huge, larger = sympy.symbols(["x" + "9" * 5000, "x1" + "0" * 5000])  # int() reads 4300 digits
    np.testing.assert_array_equal(made.expression_terms(larger & ~huge), [[-1, 1]])
    plain, padded = sympy.symbols("x1 x01")  # the same number: as text
    np.testing.assert_array_equal(made.expression_terms(plain & ~padded), [[-1, 1]])


@pytest.mark.seed("H-20", "H-21", "E-18")
def test_xor_by_hand():
    table = [0, 1, 1, 0]
    assert not single_unit_exists(table, 2)
    assert single_unit_exists([0, 1, 1, 1], 2)  # the program finds what there is
    two, one, free = made.xor_network(), made.xor_shortcut_network(), made.xor_without_bias_network()
    np.testing.assert_array_equal(outputs(two, 2), table)
    np.testing.assert_array_equal(outputs(one, 2), table)
    np.testing.assert_allclose(outputs(free, 2), table, atol=1e-7)
    assert [made.count_hidden_units(net) for net in (two, free)] == [2, 2]
    thresholds = [layer.n_out for layer in one.layers if getattr(layer, "activation", None) is not None]
    assert thresholds == [1, 2, 1]  # a single hidden threshold, and a linear layer that spreads it
    assert one.layers[1].activation.name == "identity"
    assert all(name.startswith("W") for name in free.parameters)


@pytest.mark.seed("H-22", "H-32")
@pytest.mark.parametrize("n", [1, 2, 3, 5, 6, 8])
def test_parity_shallow_counting_and_deep(n):
    table = [sum(bits) % 2 for bits in itertools.product([0, 1], repeat=n)]
    shallow, counting, deep = (
        make(n)
        for make in (made.shallow_parity_network, made.counting_parity_network, made.deep_parity_network)
    )
    for net in (shallow, counting, deep):
        np.testing.assert_array_equal(outputs(net, n), table)
    assert made.count_hidden_units(shallow) == 2 ** (n - 1)
    assert made.count_hidden_units(counting) == n
    rounds = math.ceil(math.log2(n))
    assert 2 * (n - 1) <= made.count_hidden_units(deep) <= 2 * (n - 1) + rounds
    assert made.depth_of(deep) == rounds + 1
    assert made.depth_of(shallow) == made.depth_of(counting) == 2


@pytest.mark.seed("H-22", "H-32")
def test_depth_saves_connections():
    shallow, deep = made.shallow_parity_network(12), made.deep_parity_network(12)
    assert made.count_connections(shallow) == 12 * 2**11 + 2**11
    assert made.count_connections(deep) < 200
    bits = RNG.integers(0, 2, (50, 100)).astype(float)
    np.testing.assert_array_equal(made.deep_parity_network(100)(bits).ravel(), bits.sum(axis=1) % 2)
    np.testing.assert_array_equal(made.counting_parity_network(100)(bits).ravel(), bits.sum(axis=1) % 2)
    terms = made.table_terms([sum(bits) % 2 for bits in itertools.product([0, 1], repeat=5)], minimise=True)
    assert len(terms) == 16  # no two merge


@pytest.mark.seed("H-32")
@pytest.mark.parametrize("n", [1, 2, 3, 5, 8, 9])
def test_a_product_of_n_has_depth_log_n(n):
    net = made.product_network(n)
    x = RNG.integers(-4, 5, (40, n)).astype(float)
    np.testing.assert_array_equal(net(x).ravel(), x.prod(axis=1))
    assert made.depth_of(net) == math.ceil(math.log2(n)) + 1
    y = RNG.normal(size=(40, n))
    np.testing.assert_allclose(net(y).ravel(), y.prod(axis=1), rtol=1e-10, atol=1e-11)


@pytest.mark.seed("H-23")
def test_the_depth_of_a_network_is_its_longest_path():
    assert made.depth_of(jp.Network([jp.Dense(3, 2)])) == 1
    shortcut = jp.Network(
        [jp.Dense(3, 3, "tanh"), jp.Dense(3, 3, "tanh"), jp.layers.Residual(0), jp.Dense(3, 2)]
    )
    assert made.depth_of(shortcut) == 3
    assert made.depth_of(jp.Network([jp.Dense(3, 2), jp.Softmax()])) == 1
    assert made.count_hidden_units(jp.Network([jp.Dense(3, 5), jp.Dense(5, 2), jp.Softmax()])) == 5


@pytest.mark.seed("H-22")
def test_connections_are_weights_that_are_not_0():
    net = jp.Network(
        [jp.Dense.from_arrays([[1.0, 0.0], [2.0, 3.0], [0.0, 0.0]], [1.0, 1.0], "tanh"), jp.Dense(2, 4)]
    )
    assert made.count_connections(net) == 3 + 8
    assert made.count_connections(jp.Network([jp.Dense(4, 3), jp.Dense(3, 6)])) == 30
    bumps = made.bump_network([[0.0, 0.0], [0.0, 1.0], [3.0, 0.0]], 2.0, [1.0, 0.0, 2.0])
    assert made.count_connections(bumps) == 3 * 2 + 2  # a centre at 0 is a place, a height of 0 no weight


def test_constructed_networks_are_ordinary(tmp_path):
    net = made.table_network(SEED_TABLE)
    jp.save(net, tmp_path / "table.npz")
    np.testing.assert_array_equal(outputs(jp.load(tmp_path / "table.npz"), 5), SEED_TABLE)
    assert jp.check(made.xor_network(), np.array([[0.0, 1.0], [1.0, 1.0]]), effort=0.2)
