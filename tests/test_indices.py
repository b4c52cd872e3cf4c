"""Index calculus: the normal form has the value of the expression at every size, and sees what is equal."""

import random
from itertools import product

import pytest
import sympy as sp

from derivations.catalogue import DERIVATIONS
from derivations.proof.arrays import jacobian
from derivations.proof.compare import counterexample, is_zero
from derivations.proof.derivation import Derivation, Truth
from derivations.proof.errors import FormulaError
from derivations.proof.functions import smooth, specified, witnesses
from derivations.proof.indices import delta, free_indices, index, renamed_apart, sizes, total
from derivations.proof.instances import index_sizes, written_out
from derivations.proof.letters import check_definitions, partial, take, unfold
from derivations.proof.normal_form import normal
from derivations.proof.notation import text

n, m = sizes("n m")
i, a, p = index("i", n), index("a", n), index("p", n)
j, k, q = index("j", m), index("k", m), index("q", m)
bias = index("i", n, 0)
w, y, z, t, s = map(sp.IndexedBase, "wyzts")
f, g = smooth("f"), smooth("g")
E = total(sp.exp(z[q]), q)


def softmax(r: sp.Idx) -> sp.Expr:
    return sp.exp(z[r]) / E


# ---- the normal form changes no value ------------------------------------------------------------


def random_expression(rng: random.Random, depth: int) -> sp.Expr:
    """Sums, products, powers, functions and deltas of entries, with free and bound indices mixed."""
    if depth == 0:
        return rng.choice(
            [w[i, j], w[a, j], w[a, k], y[i], y[a], z[j], z[k], delta(i, a), delta(j, k), delta(j, q), n]
        )
    left, right = random_expression(rng, depth - 1), random_expression(rng, depth - 1)
    return rng.choice(
        [
            left + right,
            left * right,
            sp.Rational(rng.randint(-3, 3), 2) * left * right,
            total(left * right, rng.choice([i, a, j, k])),
            total(delta(i, a) * delta(j, rng.choice([k, q])) * left * right, i, j),
            total(delta(j, k) * left, j, k) * right,
            total(left, i) * total(right, i),
            f(left) * right,
            sp.exp(z[k] - right / 2) * left,
            left**2 - right,
            total(left, i, j) / E,
        ]
    )


def value(expr: sp.Expr, numbers: dict[sp.Expr, int]) -> sp.Expr:
    """The number that the expression has where each entry has a rational value of its own."""
    written = written_out(specified(expr, witnesses([expr])), numbers)
    entries = sorted(written.atoms(sp.Indexed), key=str)
    return written.xreplace(
        {entry: sp.Rational(len(str(entry)) + c, 7) for c, entry in enumerate(entries, 1)}
    )


@pytest.mark.parametrize("seed", range(120))
def test_the_normal_form_has_the_value_of_the_expression_at_every_size(seed: int) -> None:
    expr = random_expression(random.Random(seed), 3)  # noqa: S311  # not for secrets
    form = normal(expr)
    for numbers in ({n: 2, m: 3}, {n: 3, m: 1}):
        for place in ({i: 1, a: 1, j: 1, k: 1, q: 1}, {i: 2, a: 1, j: 1, k: numbers[m], q: 1}):
            difference = value(expr - form, {**numbers, **place})
            assert abs(sp.N(difference, 30, maxn=400)) < sp.Float("1e-20"), text(expr)


@pytest.mark.parametrize("seed", range(120, 160))
def test_the_normal_form_is_a_fixed_point_and_sees_that_two_orders_are_equal(seed: int) -> None:
    expr = random_expression(random.Random(seed), 3)  # noqa: S311
    assert normal(normal(expr)) == normal(expr)
    assert is_zero(expr - renamed_apart(expr))
    assert not is_zero(expr + 1 - normal(expr))


def test_a_delta_waits_until_all_factors_have_moved() -> None:
    picked = total((delta(i, a) * delta(j, k) - delta(i, a) * delta(j, q)) * sp.exp(z[j]), i, j)
    assert normal(picked) == sp.exp(z[k]) - sp.exp(z[q])
    assert not is_zero(picked)


# ---- what it has to recognise --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("expr", "expected"),
    [
        (total(delta(i, a) * w[i, k], i), w[a, k]),
        (total(delta(i, a) * delta(i, p) * y[i], i), delta(a, p) * y[a]),
        (total(delta(i, a) ** 2, i, a), n),
        (total(sp.S.One, i, j), n * m),
        (total(y[i], i) ** 2, total(y[i] * y[a], a, i)),
        (total(softmax(k), k), sp.S.One),
        (total(softmax(k).diff(z[j]), k), sp.S.Zero),
        (sp.log(softmax(k)), z[k] - sp.log(E)),
        (sp.log(E), sp.log(total(sp.exp(z[j]), j))),
        (total(w[bias, k] * y[bias], bias), w[0, k] * y[0] + total(w[i, k] * y[i], i)),
        (total(total(w[i, j], i) * z[j], j), total(w[i, j] * z[j], i, j)),
        (total(w[i, j] * y[i] * y[a] * w[a, k], i, a), total(w[i, j] * y[i], i) * total(y[a] * w[a, k], a)),
        (f(total(w[i, k] * y[i], i)), f(total(y[a] * w[a, k], a))),
        (delta(j, k) * z[j], delta(j, k) * z[k]),
        (delta(j, k) * delta(k, q) * z[j], delta(j, q) * delta(k, q) * z[q]),
        (delta(j, k) ** 3, delta(j, k)),
    ],
)
def test_equal_expressions_are_proved_equal(expr: sp.Expr, expected: sp.Expr) -> None:
    assert is_zero(expr - expected)
    assert counterexample(expr, expected) is None


@pytest.mark.parametrize(
    ("expr", "other"),
    [
        (total(delta(i, a) * w[i, k], i), w[i, k]),
        (total(delta(j, i) * y[i], i), y[j]),  # j runs to m: the delta must not contract
        (total(y[i], i) ** 2, total(y[i] ** 2, i)),
        (sp.log(E), z[k]),
        (sp.log(total(z[k] ** 2, k)), 2 * total(sp.log(z[k]), k)),
        (sp.sqrt(z[k] ** 2), z[k]),
        (sp.log(z[k] * z[j]), sp.log(z[k]) + sp.log(z[j])),
        (delta(j, k), sp.S.One),
        (delta(j, k), sp.S.Zero),
        (total(w[bias, k] * y[bias], bias), total(w[i, k] * y[i], i)),
        (total(softmax(k), k), m / n),
        (f(z[k]), g(z[k])),
        (f(z[k]), f(z[j])),
    ],
)
def test_different_expressions_are_not_proved_equal(expr: sp.Expr, other: sp.Expr) -> None:
    assert not is_zero(expr - other)


def test_a_delta_of_two_ranges_is_not_contracted_and_its_instances_tell_why() -> None:
    found = counterexample(total(delta(j, i) * y[i], i), y[j])
    assert found is not None
    assert found.point[m] > found.point[n]  # y_3 with n = 2: the delta never meets it
    assert found.point[j] == found.point[m]


def test_division_by_a_delta_has_no_value() -> None:
    with pytest.raises(FormulaError, match="is divided by"):
        normal(z[k] / delta(j, k))


def test_a_size_without_a_number_has_no_instance() -> None:
    with pytest.raises(FormulaError, match="has no number"):
        written_out(total(y[i], i), {m: 2})


# ---- bound indices -------------------------------------------------------------------------------


def test_no_index_is_captured_when_a_definition_is_unfolded() -> None:
    where = {z[k]: total(y[i] * w[i, k], i)}
    assert is_zero(unfold(t[i] * z[j], where) - t[i] * total(y[a] * w[a, j], a))
    inner = unfold(total(y[i] * z[j], i, j), {z[k]: total(y[i] * w[i, k], i)})
    assert is_zero(inner - total(y[i], i) * total(y[a] * w[a, j], a, j))


def test_a_derivative_with_respect_to_a_letter_that_a_sum_uses_is_not_captured() -> None:
    of = sp.Array(total(y[i] * w[i, k], i))
    assert is_zero(jacobian(of, sp.Array(y[i]))[()] - w[i, k])


def test_a_written_partial_inside_a_sum_is_taken_for_each_term() -> None:
    where = {z[k]: total(y[i] * w[i, k], i)}
    assert is_zero(take(total(t[k] * partial(z[k], y[i]), k), where) - total(t[k] * w[i, k], k))


def test_free_indices_and_sizes_are_those_that_no_sum_binds() -> None:
    expr = total(w[i, k] * y[i], i) * z[j]
    assert free_indices(expr) == {j, k}
    assert index_sizes([expr]) == [m, n]


def test_a_definition_of_the_units_from_1_says_nothing_about_unit_0() -> None:
    where = {y[0]: sp.S.One, y[i]: f(s[i])}
    check_definitions(where)
    assert unfold(y[0] + y[1] + y[a], where) == 1 + f(s[1]) + f(s[a])
    assert unfold(y[bias], where) == y[bias]


def test_a_definition_holds_for_indices_of_its_own_range_alone() -> None:
    assert (
        unfold(z[i] + z[7] + z[j], {z[k]: s[k]}) == z[i] + z[7] + s[j]
    )  # i runs to n, and 7 may be too large


def test_a_free_index_of_a_definition_is_not_captured() -> None:
    found = unfold(total(z[k], k), {z[j]: s[j] * t[k]})
    assert is_zero(found - t[k] * total(s[j], j))


@pytest.mark.parametrize(
    ("where", "said"),
    [
        ({y[0]: sp.S.One, y[bias]: s[bias]}, "is defined twice"),
        ({w[i, j]: s[j], w[a, k]: t[k]}, "is defined twice"),
        ({w[i, i]: s[i]}, "repeats an index"),
        ({sp.Symbol("L"): (z[k] - t[k]) ** 2}, "has a free index, k"),
        ({z[k]: w[i, k] * y[i]}, "has a free index, i"),
    ],
)
def test_definitions_that_disagree_are_refused(where: dict[sp.Expr, sp.Expr], said: str) -> None:
    with pytest.raises(FormulaError, match=said):
        check_definitions(where)


# ---- what a false proof could hide behind ----------------------------------------------------------


@pytest.mark.parametrize(
    "partly",
    [
        sp.Sum(y[i], (i, 2, n)),
        sp.Sum(y[i], (i, 1, n - 1)),
        sp.Sum(y[i], (i, 1, m)),
        sp.Sum(y[sp.Symbol("i")], (sp.Symbol("i"), 1, n)),
    ],
    ids=str,
)
def test_a_sum_over_part_of_a_range_has_no_normal_form(partly: sp.Expr) -> None:
    with pytest.raises(FormulaError, match="not one over the whole range"):
        is_zero(partly - total(y[i], i))


def test_a_sum_up_to_another_index_has_no_normal_form() -> None:
    up_to_j = index("h", j)
    with pytest.raises(FormulaError, match="not one over the whole range"):
        is_zero(total(y[up_to_j], up_to_j, j) - m * total(y[up_to_j], up_to_j))


def test_an_index_starts_at_0_or_1() -> None:
    with pytest.raises(FormulaError, match="starts at 2"):
        index("i", n, 2)


def test_an_index_in_an_exponent_has_no_normal_form() -> None:
    x = sp.Symbol("x")
    with pytest.raises(FormulaError, match="has an index"):
        is_zero(total(x**k * (delta(k, j) - delta(k, q)), k))


def test_nothing_divided_by_nothing_is_not_a_number() -> None:
    x = sp.Symbol("x")
    nothing, also = (x + 1) ** 2 - x**2 - 2 * x - 1, (x - 1) ** 2 - x**2 + 2 * x - 1
    assert is_zero(nothing)
    assert not is_zero(nothing / also - 5)


def test_the_logarithm_of_a_complex_exponential_is_not_taken() -> None:
    assert not is_zero(sp.log(sp.exp(2 * sp.pi * sp.I * z[k])) - 2 * sp.pi * sp.I * z[k])


def test_an_undefined_function_of_an_expression_refutes_nothing() -> None:
    x, phi = sp.Symbol("x"), sp.Function("phi")
    assert counterexample(phi((x + 1) ** 2), phi(x**2 + 2 * x + 1)) is None
    assert counterexample(phi(x), 2 * phi(x)) is not None


def test_a_second_derivative_takes_deltas_for_constants() -> None:
    where = {t[0]: total(f(z[k]), k)}
    twice = take(partial(partial(t[0], z[j]), z[q]), where)
    assert is_zero(twice - delta(j, q) * smooth("f''")(z[j]))


def test_three_sizes_are_three_numbers() -> None:
    o = index("o", sizes("d")[0])
    found = counterexample(total(y[i] * z[j], i, j) / o.upper, total(y[i] * z[j], i, j) / n)
    assert found is not None


def test_a_layer_number_in_a_definition_is_meant_literally() -> None:
    layer = sp.Symbol("l", integer=True)
    where = {z[layer, k]: t[k]}
    assert unfold(z[layer, j] + z[layer + 1, j], where) == t[j] + z[layer + 1, j]


# ---- unspecified functions -----------------------------------------------------------------------


def test_a_smooth_function_has_all_its_derivatives() -> None:
    inner = total(w[i, k] * y[i], i)
    assert is_zero(f(inner).diff(y[a]) - smooth("f'")(inner) * w[a, k])
    assert is_zero(f(z[k]).diff(z[k]).diff(z[k]) - smooth("f''")(z[k]))
    by = witnesses([f(z[k]) + g(z[k])])
    assert sp.expand(specified(f(z[k]).diff(z[k]), by) - sp.diff(specified(f(z[k]), by), z[k])) == 0
    assert by["f"] != by["g"]


@pytest.mark.parametrize(
    ("expr", "written"),
    [
        (total(w[i, k] * y[i], i), "Σ_i y_i w_ik"),
        (delta(j, k) * smooth("f'")(s[k]) * y[i], "f'(s_k) y_i δ_jk"),
        (softmax(k), "exp(z_k)/(Σ_q exp(z_q))"),
        (total((z[k] - t[k]) ** 2, k) / 2, "1/2 Σ_k (z_k-t_k)^2"),
        (z[k] * (1 - z[k]) * w[1, 2], "z_k(1-z_k) w_12"),
        (t[k] / (z[k] * (1 - z[k])), "t_k/(z_k(1-z_k))"),
        (w[sp.Symbol("l") + 1, j, k], "w(l+1)_jk"),
        (total(y[i], i) * total(z[k], k), "(Σ_k z_k) Σ_i y_i"),
        (total(w[bias, k], bias), "Σ_i^0 w_ik"),
        (partial(z[k], w[i, j]), "∂z_k/∂w_ij"),
    ],
)
def test_entries_read_as_on_a_slide(expr: sp.Expr, written: str) -> None:
    assert text(expr) == written


# ---- every statement for all sizes, at small sizes, by differentiating what is written out -----------------

GENERAL = [
    part
    for d in DERIVATIONS
    for part in d.parts
    if isinstance(part.truth, Truth)
    and part.scope != "fixed"
    and part.truth.of.rank() == part.truth.wrt.rank() == 0
]


def written(where: dict[sp.Expr, sp.Expr], at: dict[sp.Expr, int]) -> dict[sp.Expr, sp.Expr]:
    """The definitions, one for each value of their indices."""
    found = {}
    for letter, value in where.items():
        indices = [i for i in getattr(letter, "indices", ()) if isinstance(i, sp.Idx)]
        ranges = (range(int(i.lower), int(sp.sympify(i.upper).xreplace(at)) + 1) for i in indices)
        for place in product(*ranges):
            here = {**at, **dict(zip(indices, place, strict=True))}
            found[written_out(letter, here)] = written_out(value, here)
    return found


@pytest.mark.parametrize("d", GENERAL, ids=lambda d: d.id)
@pytest.mark.parametrize("numbers", [(2, 3), (3, 1)], ids=str)
def test_a_general_statement_is_what_diff_finds_at_small_sizes(
    d: Derivation, numbers: tuple[int, int]
) -> None:
    of, wrt = d.truth.of[()], d.truth.wrt[()]
    closed = unfold(take(d.conclusion.value(d.where)[()], d.where), d.where)
    unfolded = unfold(of, d.where)
    sizes_of = {size: numbers[c % 2] for c, size in enumerate(index_sizes([unfolded, of, wrt, closed]))}
    free = sorted(free_indices(of) | free_indices(wrt) | free_indices(closed), key=str)
    by = witnesses([unfolded, of, closed])
    for first in (True, False):
        place = {i: int(i.lower) if first else int(i.upper.xreplace(sizes_of)) for i in free}
        at = {**sizes_of, **place}
        slope = sp.diff(written_out(of, at), written_out(wrt, at))
        assert is_zero(specified(unfold(slope, written(d.where, at)) - written_out(closed, at), by))
