"""Every line of the table of products: right, as structured as promised, and as dear as priced."""

import itertools
from typing import Any, ClassVar, NamedTuple

import numpy as np
import pytest

from jacobprop.errors import ShapeError
from jacobprop.jacobians import (
    KINDS,
    RULES,
    DenseJacobian,
    DiagonalJacobian,
    DiagonalPlusLowRankJacobian,
    IdentityJacobian,
    Jacobian,
    ScaledJacobian,
    Structure,
    WeightJacobian,
    price,
)
from jacobprop.jacobians.base import Rule
from jacobprop.jacobians.stored import StoredJacobian
from jacobprop.jacobians.structure import Cost, Priced

from .counting import counted, counting
from .market import (
    MIDDLE,
    PLAIN,
    SQUARE,
    Numbers,
    Sample,
    Symbols,
    close,
    dense,
    diagonal,
    identity,
    low_rank,
    made,
    scaled,
    weight,
)

PAIRS = list(itertools.product(KINDS, KINDS))
BOTH_CASES = [(None, None), (4, 4), (None, 4), (4, None), (1, 1)]
pairs = pytest.mark.parametrize("pair", PAIRS, ids=[f"{A.__name__} @ {B.__name__}" for A, B in PAIRS])


class Pair(NamedTuple):
    """Two factors that meet in MIDDLE."""

    name: str
    left: Sample
    right: Sample


def market(pair: tuple[type[Jacobian], type[Jacobian]]) -> list[Pair]:
    """All variants of two kinds, for all combinations of cases that fit together."""
    found = []
    for cases in BOTH_CASES:
        lefts = made(pair[0], None, MIDDLE, cases[0], seed=11)
        rights = made(pair[1], MIDDLE, None, cases[1], seed=12)
        for (name, A), (other, B) in itertools.product(lefts, rights):
            found.append(Pair(f"({name}, {cases[0]} cases) @ ({other}, {cases[1]} cases)", A, B))
    return found


def check_product(A: Sample, B: Sample) -> Jacobian:
    """A @ B against the dense product of the references, its structure and its count against the price."""
    with counting() as tally:
        product = counted(A.jacobian) @ counted(B.jacobian)
    expected = np.matmul(A.reference, B.reference)
    assert product.cases == (A.jacobian.cases or B.jacobian.cases)
    assert (product.out_shape, product.in_shape) == (A.out_shape, B.in_shape)
    close(product.matrix(), expected)
    close(product @ np.ones(expected.shape[-1]), expected.sum(axis=-1))
    close(np.ones(expected.shape[-2]) @ product, expected.sum(axis=-2))
    priced = price(A.jacobian.structure, B.jacobian.structure)
    assert product.structure == priced.structure
    assert tally.multiply_adds == priced.multiply_adds, f"{tally.multiply_adds} ran, {priced} said"
    assert not any(array.flags.writeable for array in product.arrays)
    return product


def check_pair(pair: tuple[type[Jacobian], type[Jacobian]]) -> None:
    """Every variant of a pair of kinds."""
    stock = market(pair)
    assert stock
    for name, A, B in stock:
        try:
            check_product(A, B)
        except Exception as error:
            error.add_note(name)
            raise


def test_the_table_is_complete():
    assert set(RULES) == set(PAIRS)


@pytest.mark.parametrize("m", [48, 49])
def test_a_softmax_on_a_layer_is_expanded_while_it_has_few_units(m):
    """One stacked GEMM up to 16 (1 + 2 r) units, beyond them the rank-one form: the same values."""
    cases, n, rng = 3, 5, np.random.default_rng(m)
    p = rng.dirichlet(np.ones(m), size=cases)
    J_soft = DiagonalPlusLowRankJacobian(p, -p[..., None], p[..., None], diagonal=p * (1 - p))
    J_Y = ScaledJacobian(rng.uniform(0.1, 1, (cases, m)), rng.normal(size=(m, n)))
    with counting() as tally:
        product = counted(J_soft) @ counted(J_Y)
    expected = np.stack([np.diag(q) - np.outer(q, q) for q in p]) @ J_Y.matrix()
    close(product.matrix(), expected)
    expanded = cases * (m * m + m * m * n) + cases * m * m  # U V^T, the GEMM, and the rows of the layer
    assert tally.multiply_adds == price(J_soft.structure, J_Y.structure).multiply_adds
    assert (tally.multiply_adds == expanded) == (m == 48)
    if m == 49:
        assert (
            tally.multiply_adds == cases * m * n * 3 + cases * m * n
        )  # the rows scale the matrix, then a push


@pairs
def test_every_product(pair):
    check_pair(pair)


@pairs
def test_every_product_of_symbols(pair):
    middle = (2, 1)
    A = PLAIN[pair[0]](Symbols("a"), None if pair[0] in SQUARE else (1,), middle, None)
    B = PLAIN[pair[1]](Symbols("b"), middle, None if pair[1] in SQUARE else (1, 1), None)
    product = A.jacobian @ B.jacobian
    assert product.dtype == object
    close(product.matrix(), np.matmul(A.reference, B.reference))


@pytest.mark.parametrize("cases", [None, 3])
@pairs
def test_products_associate(pair, cases):
    """(A B) C = A (B C) for every third kind."""
    middle = (2, 3)
    for third in KINDS:
        A = PLAIN[pair[0]](Numbers(13), None, middle, cases)
        B = PLAIN[pair[1]](Numbers(14), middle, middle, cases)
        C = PLAIN[third](Numbers(15), middle, None, cases)
        one, other = (A.jacobian @ B.jacobian) @ C.jacobian, A.jacobian @ (B.jacobian @ C.jacobian)
        close(one.matrix(), other.matrix())
        close(one.matrix(), np.matmul(np.matmul(A.reference, B.reference), C.reference))


@pairs
def test_the_transpose_of_a_product(pair):
    """(A B)^T = B^T A^T."""
    for name, A, B in market(pair)[:12]:
        turned = B.jacobian.T @ A.jacobian.T
        close(turned.matrix(), np.moveaxis((A.jacobian @ B.jacobian).matrix(), -1, -2))
        assert turned.in_shape == A.out_shape, name


def test_a_stacked_map_meets_another_stack():
    """The cases of the other factor are not those on top of each other, even where the numbers agree."""
    draw = Numbers(1)
    K, other = DenseJacobian(draw(4, 5, 3)).stacked(), DenseJacobian(draw(4, 2, 3))
    close((other @ K.T).matrix(), np.matmul(other.matrix(), K.matrix().T))
    close((IdentityJacobian((4, 5), cases=4) @ K).matrix(), np.stack([K.matrix()] * 4))


# -- the tester is tested -----------------------------------------------------------------------------


def wrong_values(rule: Rule) -> Rule:
    """The rule with its result one part in 10^9 too large."""

    def product(A: Any, B: Any) -> Jacobian:
        right = rule.product(A, B)
        if isinstance(right, IdentityJacobian):
            return DiagonalJacobian(
                np.full(right.shape[-1], 1 + 1e-9), shape=right.out_shape, cases=right.cases
            )
        return enlarged(right)

    return Rule(product, rule.price)


def enlarged(J: Jacobian) -> Jacobian:
    """J (1 + 1e-9), in one of its fields."""
    fields = vars(J)
    for name in ("left", "inner"):
        if name in fields and not isinstance(fields[name], IdentityJacobian):
            return J._copy(**{name: enlarged(fields[name])})
    chosen = [name for name in ("d", "diagonal", "shared", "array", "y") if fields.get(name) is not None]
    return J._copy(**{name: fields[name] * (1 + 1e-9) for name in chosen[:2]})


def test_dropping_a_factor_is_noticed(monkeypatch):
    pair = DiagonalJacobian, DiagonalJacobian
    monkeypatch.setitem(RULES, pair, Rule(lambda A, B: A, RULES[pair].price))
    with pytest.raises(AssertionError, match="differs by"):
        check_pair(pair)


@pairs
def test_a_wrong_rule_is_noticed(monkeypatch, pair):
    monkeypatch.setitem(RULES, pair, wrong_values(RULES[pair]))
    with pytest.raises(AssertionError):
        check_pair(pair)


@pairs
def test_a_wrong_price_is_noticed(monkeypatch, pair):
    def dearer(a: Structure, b: Structure) -> Priced:
        priced = RIGHT[pair].price(a, b)
        return priced._replace(multiply_adds=priced.multiply_adds + 1)

    monkeypatch.setitem(RULES, pair, Rule(RULES[pair].product, dearer))
    with pytest.raises(AssertionError, match="ran, Priced"):
        check_pair(pair)


@pairs
def test_a_lost_structure_is_noticed(monkeypatch, pair):
    rule = RULES[pair]

    def densely(A: Any, B: Any) -> Jacobian:
        product = rule.product(A, B)
        return DenseJacobian(product.matrix(), product.out_shape, product.in_shape)

    A, B = next((a, b) for _, a, b in market(pair) if a.jacobian.cases is None and b.jacobian.cases is None)
    if isinstance(A.jacobian @ B.jacobian, DenseJacobian):
        return
    monkeypatch.setitem(RULES, pair, Rule(densely, rule.price))
    with pytest.raises(AssertionError):
        check_product(A, B)


RIGHT = dict(RULES)


# -- the structure that the design promises ------------------------------------------------------------


def factors(cases):
    """One of each: what a two-layer network has."""
    draw = Numbers(5)
    return {
        "D": diagonal(draw, (3,), (3,), cases).jacobian,
        "E": diagonal(draw, (3,), (3,), cases).jacobian,
        "L": low_rank(draw, (3,), (3,), cases, exact=True).jacobian,
        "S": scaled(draw, (3,), (4,), cases).jacobian,
        "T": scaled(draw, (4,), (2,), cases, rows=None, columns=True).jacobian,
        "row": dense(draw, (), (3,), cases).jacobian,
        "W": weight(draw, (3,), (5, 3), cases, left=diagonal).jacobian,
        "I": identity(draw, (3,), (3,), cases).jacobian,
    }


@pytest.mark.parametrize("cases", [None, 4])
def test_structure_is_kept(cases):
    f = factors(cases)
    D, E, L, S, T = (f[name] for name in "DELST")
    assert type(D @ E) is DiagonalJacobian
    for low in (D @ L, L @ D):
        assert type(low) is DiagonalPlusLowRankJacobian
        assert (low.rank, low.diagonal is not None) == (2, True)
    plain = DiagonalPlusLowRankJacobian(L.d, L.U, L.V)
    assert type(plain @ plain) is DiagonalPlusLowRankJacobian
    assert ((plain @ plain).rank, (plain @ plain).diagonal) == (4, None)
    assert {type(A @ B) for A, B in ((L, L), (L, plain), (plain, L))} == {DenseJacobian}
    assert type(D @ S) is ScaledJacobian
    assert (D @ S).shared is S.shared
    joined = S @ T
    assert type(joined) is ScaledJacobian
    assert joined.shared.shape == (3, 2)  # no case axis: one product for all cases
    assert type(L @ S) is DenseJacobian


@pytest.mark.parametrize("cases", [None, 4])
def test_the_chain_touches_only_the_left_of_a_weight(cases):
    f = factors(cases)
    D, L, S, row, W, one = (f[name] for name in ("D", "L", "S", "row", "W", "I"))
    assert (D @ W).y is W.y
    assert type((D @ W).left) is DiagonalJacobian
    assert type((L @ W).left) is DiagonalPlusLowRankJacobian
    assert type((S.T @ W).left) is ScaledJacobian
    delta = row @ W
    assert type(delta) is WeightJacobian
    assert delta.left.out_shape == ()
    assert delta.left.array.shape[-2:] == (1, 3)
    assert (one @ W) is W
    assert (one @ D) is D is (D @ one)
    assert type(W @ W.T) is DenseJacobian
    assert (W @ W.T).shape[-2:] == (3, 3)


def test_the_delta_rule_is_the_chain_with_structure():
    draw = Numbers(6)
    f, y, delta = draw(8, 3), draw(8, 5), draw(8, 1, 3)
    W = WeightJacobian(DiagonalJacobian(f), y)
    gradient = (DenseJacobian(delta, ()) @ W).stacked().pull(np.ones(8))
    close(gradient, y.T @ (delta[:, 0] * f))


def test_a_gram_of_weights_is_the_tangent_kernel():
    draw = Numbers(7)
    left, y, left2, y2 = draw(4, 2, 3), draw(4, 5), draw(4, 6, 3), draw(4, 5)
    K = WeightJacobian(left, y) @ WeightJacobian(left2, y2).T
    close(K.matrix(), [(a @ b.T) * (u @ v) for a, u, b, v in zip(left, y, left2, y2, strict=True)])


@pytest.mark.parametrize("stack", [3, None])
def test_a_gram_of_stacked_weights_takes_two_small_products(stack):
    """G[(c, o), (d, p)] = (y_c . y'_d) (left_c left'_d^T)[o, p], without the weights between."""
    draw = Numbers(12)
    left, y, left2, y2 = draw(4, 2, 3), draw(4, 5), draw(6, 7, 3), draw(6, 5)
    A, B = WeightJacobian(left, y).stacked(), WeightJacobian(left2, y2).stacked()
    K = A @ B.T if stack is None else A.for_cases(stack) @ B.T
    gram = [[(u @ v) * a @ b.T for b, v in zip(left2, y2, strict=True)] for a, u in zip(left, y, strict=True)]
    expected = np.block(gram)
    close(K.matrix(), expected if stack is None else np.stack([expected] * stack))
    size = (4 * 2) * (6 * 7)
    assert price(A.structure, B.T.structure) == Priced(
        size * 3 + 4 * 6 * 5 + size, Structure(DenseJacobian, 4 * 2, 6 * 7)
    )
    for lefts in itertools.product((left, left[0]), (y, y[0])):
        shared = WeightJacobian(DenseJacobian(lefts[0], cases=4), lefts[1]).stacked()
        for product, other in ((shared @ B.T, B), (shared @ shared.T, shared)):
            close(product.matrix(), shared.matrix() @ other.matrix().T)


def test_grams_of_lefts_whose_variables_differ_in_axes_alone():
    draw = Numbers(8)
    A = WeightJacobian(DenseJacobian(draw(2, 4), in_shape=(2, 2)), draw(3))
    B = WeightJacobian(DenseJacobian(draw(5, 4)), draw(3))
    close((A @ B.T).matrix(), A.matrix() @ B.matrix().T)


def test_a_shared_matrix_costs_one_product_for_all_cases():
    draw = Numbers(9)
    A, B = scaled(draw, (3,), (4,), 50, rows=True), scaled(draw, (4,), (2,), 50, rows=None, columns=True)
    assert price(A.jacobian.structure, B.jacobian.structure).multiply_adds == 3 * 4 * 2
    check_product(A, B)


def test_pricing_needs_no_numbers():
    big = 10**6
    a = Structure(ScaledJacobian, big, big, times=64, rows=64)
    b = Structure(ScaledJacobian, big, big)
    assert price(a, b) == Priced(10**18, a)


def test_one_case_and_a_stack_of_one_differ():
    D = DiagonalJacobian(Numbers(10)(1, 3))
    assert (D @ DiagonalJacobian([1.0, 2.0, 3.0])).shape == (1, 3, 3)
    with pytest.raises(ShapeError, match="the factors have different numbers of cases"):
        D @ DiagonalJacobian(Numbers(10)(2, 3))


def test_a_chain_needs_the_same_variable():
    with pytest.raises(
        ShapeError, match=r"do not meet in the same variable; got in_shape \(6,\) and out_shape"
    ):
        DenseJacobian(np.ones((2, 6))) @ DiagonalJacobian(np.ones(6), shape=(2, 3))


class Doubling(StoredJacobian):
    """A structure of a user: J = 2 I, which no rule knows."""

    structure_name = "doubling"
    fields: ClassVar = {}

    def __init__(self, width):
        self.__dict__.update(out_shape=(width,), in_shape=(width,), cases=None, symbol="")

    @property
    def dtype(self):
        return np.dtype(np.float64)

    @property
    def structure(self):
        return Structure(Doubling, self._o, self._n)

    def _matrix(self):
        return 2 * np.eye(self._o)

    def _push(self, x):
        return 2 * x

    def _pull(self, u):
        return 2 * u

    stored_numbers = staticmethod(lambda s: 0)
    expand_cost = staticmethod(lambda s: Cost(0, 1))
    push_cost = staticmethod(lambda s, k, times: Cost(times * s.n * k, times))


def test_a_class_without_rules_multiplies_and_adds_as_a_dense_one():
    rng = np.random.default_rng(8)
    D = Doubling(3)
    for other in (
        DiagonalJacobian(rng.normal(size=3)),
        DenseJacobian(rng.normal(size=(3, 3))),
        IdentityJacobian(3),
        D,
    ):
        np.testing.assert_allclose((D @ other).matrix(), 2 * other.matrix())
        np.testing.assert_allclose((other @ D).matrix(), 2 * other.matrix())
        np.testing.assert_allclose((other + D).matrix(), other.matrix() + 2 * np.eye(3))
    weight = WeightJacobian(rng.normal(size=(3, 3)), rng.normal(size=4))
    assert (D @ weight).structure == price(D.structure, weight.structure).structure
    np.testing.assert_allclose((D @ weight).matrix(), 2 * weight.matrix())
