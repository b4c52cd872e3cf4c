"""Plans: the cheapest bracketing of any chain, within any limit, and run as priced.

The reference multiplies a chain in every bracketing there is, on arrays that count, and measures what
each one makes; it knows nothing of prices. Other planners are asked for their order, which is then
priced as ours is. Each check is fed a planner that is wrong.
"""

import itertools
import math
import sys
import tracemalloc
from functools import partial

import numpy as np
import pytest
from jacobians.counting import counted, counting
from jacobians.market import (
    VARIANTS,
    Numbers,
    close,
    dense,
    diagonal,
    identity,
    low_rank,
    scaled,
    stacked,
    transposed,
    weight,
)
from jacobians.test_products import market

import jacobprop as jp
from jacobprop.errors import DenseLimitError, OptionError
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
    price,
)
from jacobprop.jacobians.base import Rule
from jacobprop.planning import AUTO_ATOMS, ORDERS, orders, plan_chain, search
from jacobprop.planning.bracketing import SHOWN_FIRST, SHOWN_LAST, PlanStep

CASES = 4
SQUARE = {
    "identity": identity,
    "diagonal": diagonal,
    "shared diagonal": partial(diagonal, own=False),
    "softmax": partial(low_rank, rank=1, exact=True),
    "low rank": low_rank,
    "shared low rank": partial(low_rank, own="none", rank=1),
}
ANY = {
    "dense": dense,
    "shared dense": partial(dense, own=False),
    "unscaled": partial(scaled, rows=None),
    "rows": scaled,
    "columns": partial(scaled, rows=None, columns=True),
    "both": partial(scaled, columns=True),
}
NUMBERS = range(48)
KIND_PAIRS = list(itertools.product(KINDS, KINDS))


def random_chain(number):
    """Two to seven mixed factors; some under a row, some with a weight, a transposed or a stacked one."""
    rng, draw = np.random.default_rng(number), Numbers(number)
    count = 2 + number % 6
    widths = [int(w) for w in rng.choice([2, 3, 4, 5, 9], count + 1)]
    if number % 5 == 0:
        widths[0] = 1
    factors = []
    for k in range(count):
        if k and rng.random() < 0.4:
            widths[k + 1] = widths[k]
        o, n = widths[k], widths[k + 1]
        makers = [*ANY.values(), *(SQUARE.values() if o == n else ()), *(SQUARE.values() if o == n else ())]
        factors.append(makers[rng.integers(len(makers))](draw, (o,), (n,), CASES).jacobian)
    end = widths[-1]
    if number % 4 == 1:
        factors[-1:] = [weight(draw, factors[-1].out_shape, (3, end), CASES, left=scaled).jacobian]
    if number % 4 == 2:
        factors[:1] = [transposed(draw, (3, 2), factors[0].in_shape, CASES).jacobian]
    if number % 4 == 3:  # a Gram, of which the left weight meets the others
        above = weight(draw, factors[-1].out_shape, (2, 3), CASES, left=scaled).jacobian
        factors[-1:] = [above, weight(draw, (end,), (2, 3), CASES, left=scaled).jacobian.T]
    if number % 8 == 4:
        factors[:1] = [stacked(draw, (2, 3), factors[0].in_shape, CASES).jacobian]
    return factors[-7:]


def bracketings(first, last):
    """Every bracketing of the atoms first..last, as nested pairs."""
    if first == last:
        yield first
    for split in range(first, last):
        yield from itertools.product(bracketings(first, split), bracketings(split + 1, last))


class Made:
    """The numbers of the largest array since `largest` was 0: a product, or a dense form of an operand."""

    def __init__(self, monkeypatch):
        self.largest = 0
        for kind in set(KINDS) - {DenseJacobian}:
            monkeypatch.setattr(kind, "_matrix", self._watched(kind._matrix, np.size))
        for pair in KIND_PAIRS:
            product = self._watched(RULES[pair].product, lambda J: J.structure.numbers)
            monkeypatch.setitem(RULES, pair, RULES[pair]._replace(product=product))

    def _watched(self, original, numbers):
        def watched(*operands):
            made = original(*operands)
            self.largest = max(self.largest, numbers(made))
            return made

        return watched


def run(bracketing, factors, made):
    """The product in one bracketing, and the largest array that it made."""
    if isinstance(bracketing, int):
        return factors[bracketing], 0
    (left, before), (right, after) = (run(side, factors, made) for side in bracketing)
    made.largest = 0
    product = left @ right
    return product, max(before, after, made.largest)


def every_way(factors, monkeypatch):
    """{bracketing: (multiply-adds that ran, numbers of the largest array made)}."""
    counting_factors = [counted(J) for J in factors]
    found = {}
    with monkeypatch.context() as patch:
        made = Made(patch)
        for bracketing in bracketings(0, len(factors) - 1):
            with counting() as tally:
                _, largest = run(bracketing, counting_factors, made)
            found[bracketing] = (tally.multiply_adds, largest)
    return found


def check_best(factors, monkeypatch):
    """The optimal plan against every bracketing, for every limit that makes a difference."""
    ways = every_way(factors, monkeypatch).values()
    chain = jp.Chain([counted(J) for J in factors])
    backward = chain.multiply("backward").matrix()
    for limit in [None, *sorted({largest for _, largest in ways})]:
        cheapest = min(cost for cost, largest in ways if limit is None or largest <= limit)
        max_bytes = None if limit is None else 8 * limit
        plan = chain.plan("optimal", max_bytes)
        with counting() as tally:
            product = chain.multiply("optimal", max_bytes)
        assert plan.multiply_adds == cheapest, limit
        assert tally.multiply_adds == cheapest, limit
        assert max_bytes is None or plan.nbytes <= max_bytes
        close(product.matrix(), backward)
    least = 8 * min(largest for _, largest in ways)
    if least:
        with pytest.raises(DenseLimitError, match=f"expected at least {least:,}\\. "):
            chain.multiply("optimal", least - 1)


@pytest.mark.parametrize("number", NUMBERS)
def test_no_bracketing_is_cheaper_whatever_the_limit(number, monkeypatch):
    check_best(random_chain(number), monkeypatch)


def test_the_random_chains_have_every_structure():
    kinds = {type(J) for number in NUMBERS for J in random_chain(number)}
    assert {J.__name__ for J in kinds} >= {
        "IdentityJacobian",
        "DiagonalJacobian",
        "DiagonalPlusLowRankJacobian",
        "ScaledJacobian",
        "DenseJacobian",
        "WeightJacobian",
        "TransposedJacobian",
        "StackedJacobian",
    }
    assert {len(random_chain(number)) for number in NUMBERS} == {2, 3, 4, 5, 6, 7}


@pytest.mark.parametrize("pair", KIND_PAIRS, ids=lambda pair: f"{pair[0].__name__} @ {pair[1].__name__}")
def test_a_price_knows_the_largest_array(pair, monkeypatch):
    made = Made(monkeypatch)
    for name, A, B in market(pair):
        made.largest = 0
        A.jacobian @ B.jacobian
        priced = price(A.jacobian.structure, B.jacobian.structure)
        assert made.largest == max(priced.structure.numbers, priced.expanded), name


@pytest.mark.parametrize("stack", [False, True])
def test_a_gram_makes_lefts_that_are_larger_than_itself(stack, monkeypatch):
    """1 x 30 lefts, scaled, of 4 cases, become dense; the Gram has 4 numbers, or 16."""
    made, draw = Made(monkeypatch), Numbers()
    left = partial(scaled, rows=True, columns=True)
    A, B = (weight(draw, (1,), (2, 30), CASES, left=left).jacobian for _ in range(2))
    A, B = (A.stacked(), B.stacked()) if stack else (A, B)
    product = A @ B.T
    priced = price(A.structure, B.T.structure)
    assert made.largest == priced.expanded == CASES * 30
    assert product.structure.numbers == (CASES**2 if stack else CASES)


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("number", NUMBERS[::3])
def test_every_order_runs_as_priced(number, order):
    factors = random_chain(number)
    chain = jp.Chain([counted(J) for J in factors])
    with counting() as tally:
        product = chain.multiply(order)
    plan = chain.plan(order)
    assert tally.multiply_adds == plan.multiply_adds
    assert product.structure == plan.steps[-1].structure


# -- planners that are wrong ---------------------------------------------------------------------------


def steps_of(bracketing, atoms):
    """The steps of a bracketing under our prices."""
    steps = []

    def priced(part):
        if isinstance(part, int):
            return part, part, atoms[part]
        (first, split, left), (_, last, right) = priced(part[0]), priced(part[1])
        cost, structure, expanded = price(left, right)
        steps.append(PlanStep(first, split, last, cost, structure, expanded))
        return first, last, structure

    priced(bracketing)
    return steps


def cost_of(bracketing, atoms):
    return sum(step.multiply_adds for step in steps_of(bracketing, atoms))


def greedy(atoms, most=math.inf):
    """Always the product that is cheapest now."""
    parts = list(enumerate(atoms))
    while len(parts) > 1:
        k = min(range(len(parts) - 1), key=lambda k: price(parts[k][1], parts[k + 1][1]).multiply_adds)
        (left, a), (right, b) = parts[k : k + 2]
        parts[k : k + 2] = [((left, right), price(a, b).structure)]
    return steps_of(parts[0][0], atoms)


def blind(atoms, most=math.inf):
    """As if every factor were dense, as for widths alone."""
    flat = [Structure(DenseJacobian, s.o, s.n) for s in atoms]
    best = min(bracketings(0, len(atoms) - 1), key=lambda bracketing: cost_of(bracketing, flat))
    return steps_of(best, atoms)


def careless(atoms, most=math.inf):
    """Forgets the limit."""
    return search.cheapest(atoms)


@pytest.mark.parametrize("planner", [greedy, blind, careless])
def test_a_wrong_planner_is_seen(planner, monkeypatch):
    orders._remembered.cache_clear()
    monkeypatch.setattr(orders, "cheapest", planner)
    seen = 0
    for number in NUMBERS:
        try:
            check_best(random_chain(number), monkeypatch)
        except (AssertionError, DenseLimitError):
            seen += 1
    orders._remembered.cache_clear()
    assert seen


# -- one structure, whatever the order -----------------------------------------------------------------


def structures(cases):
    """Every structure of the market for one square shape, which any two of them share."""
    found = {}
    for variant in VARIANTS.values():
        if variant.fits(cases):
            sample = variant.make(Numbers(), (3, 2), (3, 2), cases)
            if (sample.out_shape, sample.in_shape) == ((3, 2), (3, 2)):
                found[sample.jacobian.structure] = None
    return list(found)


def disagreements(cases):
    """Triples of structures, the outer ones products too, whose order decides what comes out."""
    base = structures(cases)
    outer = list(dict.fromkeys([*base, *(price(a, b).structure for a in base for b in base)]))
    pairs = {(a, b): price(a, b).structure for a in outer for b in outer}
    for a, b, c in itertools.product(outer, base, outer):
        if price(pairs[a, b], c).structure != price(a, pairs[b, c]).structure:
            yield a, b, c


@pytest.mark.parametrize("cases", [None, CASES])
def test_no_order_changes_the_structure(cases):
    assert {s.kind for s in structures(cases)} == set(KINDS)
    assert not list(disagreements(cases))


def test_a_rule_that_lets_the_order_change_the_structure_is_seen(monkeypatch):
    pair = (DiagonalPlusLowRankJacobian, DiagonalPlusLowRankJacobian)
    rule = RULES[pair]

    def twice_the_left_rank(a, b):
        priced = rule.price(a, b)
        return priced._replace(structure=priced.structure._replace(rank=2 * a.rank + b.rank))

    monkeypatch.setitem(RULES, pair, Rule(rule.product, twice_the_left_rank))
    assert next(disagreements(CASES), None)


# -- other planners ------------------------------------------------------------------------------------


def random_widths(number, least=2):
    rng = np.random.default_rng(number)
    return [int(w) for w in rng.integers(least, 60, 3 + number % 10)]


def random_structures(number):
    """A chain of structures alone, larger than one would multiply."""
    rng, widths = np.random.default_rng(1000 + number), random_widths(number)
    for k in range(len(widths) - 1):
        if rng.random() < 0.5:
            widths[k + 1] = widths[k]
    atoms = []
    for o, n in itertools.pairwise(widths):
        choices = [
            Structure(DenseJacobian, o, n, CASES),
            Structure(DenseJacobian, o, n),
            Structure(ScaledJacobian, o, n, CASES, rows=CASES),
            Structure(ScaledJacobian, o, n, CASES, columns=CASES),
        ]
        if o == n:
            choices += [
                Structure(DiagonalJacobian, o, o, CASES),
                Structure(DiagonalPlusLowRankJacobian, o, o, CASES, rank=1, exact=1),
                Structure(IdentityJacobian, o, o),
            ]
        atoms.append(choices[rng.integers(len(choices))])
    return atoms


def multi_dot_bracketing(widths):
    """The order that numpy.linalg.multi_dot multiplies matrices of these widths in."""
    order = np.linalg._linalg._multi_dot_matrix_chain_order(
        [np.empty(pair) for pair in itertools.pairwise(widths)]
    )

    def nested(i, j):
        k = int(order[i, j]) if i < j else i
        return i if i == j else (nested(i, k), nested(k + 1, j))

    return nested(0, len(widths) - 2)


def opt_einsum_bracketing(widths):
    """The order of opt_einsum's optimal path; None where it multiplies factors that are not neighbours."""
    oe = pytest.importorskip("opt_einsum")
    names = [oe.get_symbol(k) for k in range(len(widths))]
    terms = ",".join(a + b for a, b in itertools.pairwise(names))
    shapes = list(itertools.pairwise(widths))
    path, _ = oe.contract_path(f"{terms}->{names[0]}{names[-1]}", *shapes, shapes=True, optimize="optimal")
    parts = [(k, k, k) for k in range(len(shapes))]  # first, last, bracketing
    for positions in path:
        left, right = sorted(parts[k] for k in positions)
        parts = [part for k, part in enumerate(parts) if k not in positions]
        if left[1] + 1 != right[0]:
            return None
        parts.append((left[0], right[1], (left[2], right[2])))
    return parts[0][2]


@pytest.mark.parametrize("number", range(40))
def test_dense_chains_cost_what_multi_dot_says(number):
    widths = random_widths(number)
    plan = jp.plan(widths[::-1], "optimal")
    if len(widths) > 3:  # of two matrices it orders nothing
        assert plan.multiply_adds == cost_of(multi_dot_bracketing(widths), plan.atoms)


@pytest.mark.parametrize("number", range(40))
def test_nobody_finds_a_cheaper_order(number):
    atoms = random_structures(number)
    widths = [atoms[0].o, *(atom.n for atom in atoms)]
    best = plan_chain(atoms, "optimal").multiply_adds
    for order in ("auto", "backward", "forward"):
        assert best <= plan_chain(atoms, order).multiply_adds
    if len(widths) > 3:
        assert best <= cost_of(multi_dot_bracketing(widths), atoms)


@pytest.mark.parametrize("number", range(24))
def test_opt_einsum_finds_no_cheaper_order(number):
    atoms = random_structures(number)[:7]
    widths = [atoms[0].o, *(atom.n for atom in atoms)]
    bracketing = opt_einsum_bracketing(widths)
    assert bracketing is not None  # every width is at least 2
    assert plan_chain(atoms, "optimal").multiply_adds <= cost_of(bracketing, atoms)
    flat = [Structure(DenseJacobian, s.o, s.n) for s in atoms]
    assert plan_chain(flat, "optimal").multiply_adds == cost_of(bracketing, flat)


def test_shared_factors_and_low_ranks_cost_multi_dot_dearly():
    """It knows neither: it drags 50 cases through three shared matrices, and makes a low rank dense."""
    shared = Structure(DenseJacobian, 30, 30)
    slopes = Structure(DiagonalJacobian, 30, 30, 50)
    softmax = Structure(DiagonalPlusLowRankJacobian, 30, 30, 50, rank=1)
    for atoms, gain in (
        ([slopes, shared, shared, shared, slopes], 18),
        ([shared, softmax, slopes, softmax, shared], 1.04),
    ):
        theirs = cost_of(multi_dot_bracketing([30] * (len(atoms) + 1)), atoms)
        assert theirs > gain * plan_chain(atoms, "optimal").multiply_adds


# -- where planning pays -------------------------------------------------------------------------------


@pytest.mark.parametrize("number", range(40))
def test_under_a_row_backward_is_optimal(number):
    widths = [*random_widths(number), 1]
    plan = jp.plan(widths, "optimal")
    assert plan.multiply_adds == plan.backward == jp.plan(widths, "backward").multiply_adds
    assert plan.gain == 1


def test_through_a_single_unit_it_is_not():
    plan = jp.plan([1, 11, 1, 1])
    assert (plan.multiply_adds, plan.backward, round(plan.gain, 2)) == (12, 22, 1.83)


@pytest.mark.parametrize(
    ("widths", "gain"), [([512, 512, 8, 512, 512], 22.0), ([784, 128, 16, 128, 784], 6.28)]
)
def test_the_figures_of_the_bottlenecks_are_those_of_a_run(widths, gain):
    rng = np.random.default_rng(0)
    factors = [DenseJacobian(rng.normal(size=pair)) for pair in itertools.pairwise(widths[::-1])]
    ran = {}
    for order in ("optimal", "backward", "forward"):
        with counting() as tally:
            jp.Chain([counted(J) for J in factors]).multiply(order)
        assert tally.multiply_adds == jp.plan(widths, order).multiply_adds
        ran[order] = tally.multiply_adds
    best_pure = min(ran["backward"], ran["forward"])
    assert round(best_pure / ran["optimal"], 2) == gain
    assert round(jp.plan(widths).gain, 2) == gain  # backward and forward are alike here


def test_gain_of_what_is_free():
    wide, row = Structure(IdentityJacobian, 3, 3), Structure(DenseJacobian, 2, 3)
    assert plan_chain([row, wide, wide]).gain == 1
    assert jp.plan([3, 2]).gain == 1
    assert plan_chain([row, wide], "forward").gain == 1
    assert jp.plan([2, 3, 40, 50], "backward").gain == 1
    assert jp.plan([50, 40, 3, 2], "forward").gain < 1


# -- the limit and the memory --------------------------------------------------------------------------


def test_a_limit_turns_the_plan():
    """The cheapest way goes through 100 x 2; what keeps within less takes 27 % more multiply-adds."""
    widths = [2, 2, 5, 100, 5]
    free, tight = jp.plan(widths), jp.plan(widths, max_bytes=1599)
    assert (free.multiply_adds, free.nbytes, free.bracketing) == (2020, 1600, "((J1 (J2 J3)) J4)")
    assert (tight.multiply_adds, tight.nbytes, tight.bracketing) == (2570, 200, "(((J1 J2) J3) J4)")
    assert "2,570 multiply-adds, at most 1,599 bytes an array" in str(tight)
    assert jp.plan(widths, max_bytes=200) == plan_chain(free.atoms, max_bytes=200)
    with pytest.raises(DenseLimitError, match=r'the forward order needs more bytes.*try order="optimal"'):
        jp.plan(widths, "forward", max_bytes=1599)


def test_the_limit_counts_bytes_of_the_chains_dtype():
    rng = np.random.default_rng(0)
    arrays = [rng.normal(size=shape).astype(np.float32) for shape in ((4, 5), (5, 6), (6, 7))]
    single, double = (
        jp.Chain([DenseJacobian(a.astype(t)) for a in arrays]) for t in (np.float32, np.float64)
    )
    mixed = jp.Chain([DenseJacobian(arrays[0]), *double.factors[1:]])
    assert 2 * single.plan().nbytes == double.plan().nbytes == mixed.plan().nbytes
    assert single.multiply(max_bytes=4 * 4 * 7)
    with pytest.raises(DenseLimitError):
        double.multiply(max_bytes=4 * 4 * 7)


def test_nothing_is_computed_above_the_limit(monkeypatch):
    chain = jp.Chain(
        [DenseJacobian(np.ones((2, 3))), DenseJacobian(np.ones((3, 4))), DenseJacobian(np.ones((4, 5)))]
    )
    monkeypatch.setattr(Jacobian, "__matmul__", lambda *_: pytest.fail("a product ran"))
    for order in ORDERS:
        with pytest.raises(DenseLimitError):
            chain.multiply(order, max_bytes=8 * 2 * 5 - 1)


def test_the_peak_is_what_a_run_holds():
    rng = np.random.default_rng(0)
    widths = [200, 180, 40, 210, 190, 30, 170]
    factors = [DenseJacobian(rng.normal(size=(3, o, n))) for o, n in itertools.pairwise(widths)]
    for order in ("optimal", "backward", "forward"):
        chain = jp.Chain(factors)
        plan = chain.plan(order)
        tracemalloc.start()
        try:
            chain.multiply(order)
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert (
            plan.nbytes < plan.peak_nbytes <= peak < plan.peak_nbytes + 20_000
        )  # the objects around the arrays


def test_an_operand_made_dense_is_held_too():
    scaled_one = Structure(ScaledJacobian, 20, 30, 8, rows=8)
    for order in ORDERS:
        plan = plan_chain([scaled_one, scaled_one._replace(o=30, n=10)], order)
        assert plan.peak_nbytes == 8 * (
            8 * 20 * 10 + 8 * 20 * 30
        )  # the product, and the left operand for each case
        assert plan.nbytes == 8 * 8 * 20 * 30


@pytest.mark.parametrize("widths", [(3, 4, 2), np.array([3, 4, 2]), iter([3, 4, 2])])
def test_widths_may_be_anything_in_order(widths):
    assert jp.plan(widths) == jp.plan([3, 4, 2])


@pytest.mark.parametrize("widths", [5, None, "512-8", b"ab", {2, 3}, {2: 3, 4: 5}, np.array(5)])
def test_widths_that_are_no_list(widths):
    with pytest.raises(OptionError, match=r"plan: widths must be a list.* Pass the number of units"):
        jp.plan(widths)


def test_one_factor_makes_nothing():
    plan = jp.plan([3, 2], max_bytes=0)
    assert (plan.steps, plan.nbytes, plan.peak_nbytes) == ((), 0, 0)


# -- long chains ---------------------------------------------------------------------------------------


def test_a_long_dense_chain_is_priced_once_a_sub_chain(monkeypatch):
    """Not once a split: there are 70 times as many."""
    prices = []
    monkeypatch.setattr(search, "price", lambda a, b: prices.append(1) or price(a, b))
    rng = np.random.default_rng(0)
    widths = rng.choice(np.arange(2, 2000), AUTO_ATOMS + 1, replace=False)
    atoms = [Structure(DenseJacobian, int(o), int(n)) for o, n in itertools.pairwise(widths)]
    steps = search.cheapest(atoms)
    assert len(steps) == AUTO_ATOMS - 1
    assert len(prices) <= AUTO_ATOMS**2 / 2 + AUTO_ATOMS
    by_hand = [[0] * AUTO_ATOMS for _ in atoms]
    for length in range(1, 60):
        for i in range(60 - length):
            j = i + length
            by_hand[i][j] = min(
                by_hand[i][k] + by_hand[k + 1][j] + int(widths[i] * widths[k + 1] * widths[j + 1])
                for k in range(i, j)
            )
    assert sum(step.multiply_adds for step in search.cheapest(atoms[:60])) == by_hand[0][59]


def test_a_long_mixed_chain_keeps_its_ranks_low():
    """Softmax, weights and slopes in turn: every product across a weight is dense, none has a high rank."""
    atoms = []
    for width in [64, 10, 200, 30] * 17:
        atoms += [
            Structure(DiagonalPlusLowRankJacobian, width, width, 8, rank=1, exact=1),
            Structure(ScaledJacobian, width, {64: 10, 10: 200, 200: 30, 30: 64}[width], 8, rows=8),
            Structure(DiagonalJacobian, *[{64: 10, 10: 200, 200: 30, 30: 64}[width]] * 2, 8),
        ]
    atoms = atoms[:AUTO_ATOMS]
    plan = plan_chain(atoms)
    assert plan.gain > 1
    assert max(step.structure.rank for step in plan.steps) <= 2
    assert {i for step in plan.steps for i in (step.first, step.last)} >= {0, AUTO_ATOMS - 1}


def test_large_counts_are_exact():
    assert jp.plan([10**12] * 5).multiply_adds == 3 * 10**36


def test_the_same_structures_are_planned_once():
    atoms = random_structures(9)
    assert (
        plan_chain(atoms).steps is plan_chain(list(atoms), names=list("abcdefghijklmn")[: len(atoms)]).steps
    )
    long = [Structure(DenseJacobian, 2, 2)] * (AUTO_ATOMS + 1)
    assert plan_chain(long[:-1], "forward").steps is plan_chain(long[:-1], "forward").steps
    size = orders._remembered.cache_info().currsize
    plan_chain(long)
    assert orders._remembered.cache_info().currsize == size


def test_a_long_plan_prints_its_ends():
    plan = jp.plan([3] * 60)
    lines = str(plan).splitlines()
    assert len(lines) == 1 + SHOWN_FIRST + 1 + SHOWN_LAST
    assert (
        lines[1 + SHOWN_FIRST] == f"     ... {len(plan.steps) - SHOWN_FIRST - SHOWN_LAST} products more ..."
    )
    assert lines[-1].startswith(f" {len(plan.steps)}  ")
    assert max(map(len, lines)) <= 80
    assert "more" not in str(jp.plan([3] * (SHOWN_FIRST + SHOWN_LAST + 3)))
    assert "... 2 products more ..." in str(jp.plan([3] * (SHOWN_FIRST + SHOWN_LAST + 4)))


def test_a_plan_prints_every_product_with_its_price():
    assert str(jp.plan([2, 2, 5, 100, 5])).splitlines() == [
        "auto order, 4 factors, 2,020 multiply-adds",
        "  1  J2 . J3      100 x 2 dense                     1,000",
        "  2  J1 . J2..J3  5 x 2 dense                       1,000",
        "  3  J1..J3 . J4  5 x 2 dense                          20",
    ]
    tight = str(jp.plan([2, 2, 5, 100, 5], max_bytes=1599)).splitlines()
    assert tight[0] == "auto order, 4 factors, 2,570 multiply-adds, at most 1,599 bytes an array"
    assert tight[1] == "  1  J1 . J2      5 x 5 dense                       2,500"
    assert str(jp.plan([4, 3])) == "auto order, 1 factors, 0 multiply-adds"
    pair = [Structure(DenseJacobian, 2, 3), Structure(DenseJacobian, 3, 4)]
    assert str(plan_chain(pair, names="AB")).splitlines()[1].startswith("  1  A . B  2 x 4 dense  ")
    assert repr(jp.plan([4, 3, 2], "forward")) == "<Plan: forward, 2 factors, 24 multiply-adds>"


def test_auto_is_backward_beyond_two_hundred_atoms_even_where_that_is_dearer():
    longest, longer = jp.plan([1] + [2] * AUTO_ATOMS), jp.plan([1] + [2] * (AUTO_ATOMS + 1))
    assert (longest.multiply_adds, longest.backward) == (4 * (AUTO_ATOMS - 1), 8 * (AUTO_ATOMS - 2) + 4)
    assert longer.multiply_adds == longer.backward == 8 * (AUTO_ATOMS - 1) + 4
    assert [step.split for step in longer.steps] == list(range(AUTO_ATOMS))
    with pytest.raises(DenseLimitError, match="plan: the backward order needs more bytes, nothing was comp"):
        jp.plan([1] + [2] * (AUTO_ATOMS + 1), max_bytes=16)


@pytest.mark.parametrize("max_bytes", [-1, 1.5, "9", True, sys.maxsize + 1])
def test_a_limit_is_a_whole_number_that_memory_could_have(max_bytes):
    with pytest.raises(OptionError, match=r"plan: max_bytes must be .* Leave it out for no limit"):
        plan_chain([Structure(DenseJacobian, 2, 3)], max_bytes=max_bytes)
    assert jp.plan([4, 3, 2], max_bytes=sys.maxsize).multiply_adds == 24


def test_a_width_is_one_that_memory_could_have():
    with pytest.raises(OptionError, match="plan: a width must be a whole number"):
        jp.plan([2, sys.maxsize + 1])
    assert jp.plan([1, sys.maxsize, 1]).multiply_adds == sys.maxsize


def test_no_pair_of_structures_is_priced_twice(monkeypatch):
    pairs = []
    monkeypatch.setattr(search, "price", lambda a, b: pairs.append((a, b)) or price(a, b))
    scaled_one = Structure(ScaledJacobian, 4, 4, 3, rows=3)
    search.cheapest([scaled_one, Structure(DiagonalJacobian, 4, 4, 3)] * 8)
    assert len(pairs) == len(set(pairs)) == 14  # though there are 120 sub-chains


def test_of_equal_orders_the_plan_is_the_backward_one():
    row, unit = Structure(DenseJacobian, 2, 3), Structure(IdentityJacobian, 4, 4)
    assert plan_chain([row, Structure(DenseJacobian, 3, 4), unit]).bracketing == "((J1 J2) J3)"
    assert jp.plan([3, 3, 3, 3]).bracketing == "((J1 J2) J3)"
