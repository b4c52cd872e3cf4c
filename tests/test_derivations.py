"""Every derivation holds, every wrong variant is refuted, and the checker itself can fail."""

import ast
import os
import subprocess
import sys
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import sympy as sp

from derivations import command
from derivations.all_depths import THEOREMS
from derivations.all_depths.induction import Claim, Induction, first_order, known
from derivations.all_depths.letters import UNITS, f_prime, g_prime, l
from derivations.catalogue import CHAPTERS, DERIVATIONS
from derivations.errata import LEFT_OUT
from derivations.pages.table import table
from derivations.pages.terminal import page
from derivations.proof.arrays import dot, einsum, filled, indices, jacobian, permuted
from derivations.proof.checker import check, difference, sabotage
from derivations.proof.compare import counterexample, is_zero
from derivations.proof.derivation import Derivation, Printed, Step, Truth, Wrong, chain
from derivations.proof.errors import FormulaError
from derivations.proof.expressions import sigmoid
from derivations.proof.formula import D, Dot, Entries, Inner, Letter, Plus, Times, Transpose, entry, grid
from derivations.proof.letters import PARTIAL, Definitions, partial, take, unfold
from derivations.proof.notation import text

ROOT = Path(__file__).parents[1]
BY_ID = {d.id: d for d in DERIVATIONS}

verdict_of = cache(lambda name: check(BY_ID[name]))


def rows_of(derivation: Derivation) -> set[str]:
    """The rows that a derivation settles, with those of its lemmas and of the misprints it refutes."""
    printed = {misprint.row for misprint in derivation.misprints}
    return printed | {row for part in derivation.parts for row in part.rows}


# ---- the derivations ----------------------------------------------------------------------------------


# With the scope, the tests of one derivation follow each other: in one process, which checks it once.
@pytest.mark.parametrize(
    "d",
    [pytest.param(d, marks=pytest.mark.seed(*rows_of(d)), id=d.id) for d in DERIVATIONS],
    scope="module",
)
def test_every_equals_sign_holds(d: Derivation) -> None:
    verdict = verdict_of(d.id)
    assert verdict.failures == ()
    assert verdict.holds


@pytest.mark.parametrize("d", DERIVATIONS, ids=lambda d: d.id, scope="module")
def test_every_wrong_variant_is_refuted_and_breaks_the_derivation(d: Derivation) -> None:
    for part in d.parts:
        caught = sabotage(part)
        assert all(caught), [w.name for w, c in zip(part.wrong, caught, strict=True) if not c]
    for refutation in (r for verdict in verdict_of(d.id).parts for r in verdict.refutations):
        found = refutation.difference
        assert found is not None
        if found.at is None:  # refuted by shape: the right shape is another one, or there is no value at all
            assert "shapes" in str(found) or "no value" in str(found)
        else:
            assert all(value.is_Rational for value in found.at.point.values())
            assert found.at.left != found.at.right
    assert sum(bool(r.difference and r.difference.at) for r in verdict_of(d.id).refutations) >= 3


def test_the_derivations_are_a_catalogue() -> None:
    assert len(BY_ID) == len(DERIVATIONS) >= 60
    scopes = [d.scope for d in DERIVATIONS]
    assert scopes.count("all sizes") >= 20
    assert scopes.count("all depths") >= 3
    for d in DERIVATIONS:
        names = [wrong.name for wrong in d.wrong]
        assert len(names) >= 4, d.id
        assert len(set(names)) == len(names), d.id


def test_the_derivations_import_sympy_and_the_standard_library_alone() -> None:
    for path in (ROOT / "derivations").rglob("*.py"):
        if path.parent.name == "cross_check":  # which compares the library with what is proved
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            modules = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and not node.level:
                modules.append(node.module or "")
            for module in modules:
                top = module.split(".")[0]
                own = path.name == "template.py" and module == "derivations.proof"  # it is copied elsewhere
                assert own or top == "sympy" or top in sys.stdlib_module_names, f"{path} imports {module}"


# ---- the twist: numpy.dot in the slide's order is right only because dg/dR is symmetric (E-07) ----------


@pytest.mark.seed("E-07")
def test_moving_the_axes_repairs_numpy_dot_only_for_a_symmetric_jacobian() -> None:
    def refuted(derivation: Derivation) -> bool:
        return next(r.refuted for r in check(derivation).refutations if "axes moved" in r.wrong.name)

    assert refuted(BY_ID["twist"])
    q12, q21 = sp.symbols("q12 q21")
    assert not refuted(replace(BY_ID["twist"], where={**BY_ID["twist"].where, q21: q12}))


# ---- the checker can fail -----------------------------------------------------------------------------

u1, u2, f1, f2 = sp.symbols("u1 u2 f1 f2")
U, F = Letter("U", sp.Array([u1, u2])), Letter("F", sp.Array([f1, f2]))
WHERE = {f1: u1**2 * u2, f2: sigmoid(u1)}
RIGHT = grid((2, 2), lambda k, i: [[2 * u1 * u2, u1**2], [f2 * (1 - f2), sp.Integer(0)]][k][i])


def derivation(*steps: Step, wrong: tuple[Wrong, ...] = ()) -> Derivation:
    return Derivation(
        id="test",
        title="A test",
        statement="J_U^F = ...",
        rows=(),
        sizes="2-2",
        assumptions=(),
        steps=steps or chain(D(F, U), ("by hand", RIGHT)),
        truth=Truth(sp.Array([u1**2 * u2, sigmoid(u1)]), U.array),
        wrong=wrong,
        where=WHERE,
    )


def failure(*steps: Step, wrong: tuple[Wrong, ...] = ()) -> str:
    failures = check(derivation(*steps, wrong=wrong)).failures
    assert failures
    return "; ".join(failures)


def test_the_right_derivation_holds() -> None:
    assert check(derivation()).failures == ()


def test_a_false_step_is_named_with_its_entry_and_point() -> None:
    false = grid((2, 2), lambda k, i: RIGHT.array[k, i] + (u2 if (k, i) == (0, 1) else 0))
    verdict = check(derivation(*chain(D(F, U), ("a slip", false), ("back again", RIGHT))))
    assert [step is None for step in verdict.step_failures] == [False, False]
    assert verdict.step_failures[0] == "step 1 (a slip): entry [1,2]: 0.25 ≠ -0.0833333 at u1=1/2, u2=-1/3"
    assert verdict.conclusion_failures == ()
    assert not verdict.holds


def test_a_false_conclusion_fails_though_each_step_holds() -> None:
    other = chain(
        D(F, F), ("a true statement about something else", grid((2, 2), lambda k, i: sp.Integer(k == i)))
    )
    verdict = check(derivation(*other))
    assert verdict.step_failures == (None,)
    assert "conclusion: entry [1,1]" in verdict.conclusion_failures[0]


def test_a_tautological_step_is_rejected() -> None:
    steps = chain(D(F, U), ("nothing", D(F, U, symbol=True)), ("by hand", RIGHT))
    assert "step 1 (nothing): compares an expression with itself" in failure(*steps)


def test_a_step_of_the_wrong_shape_is_rejected() -> None:
    flat = Entries(RIGHT.array.reshape(4))
    assert "step 1 (flat): the shapes are (2, 2) and (4,)" in failure(*chain(D(F, U), ("flat", flat)))


def test_a_step_without_a_value_is_rejected() -> None:
    unfit = Plus(RIGHT, U)
    text = failure(*chain(D(F, U), ("unfit", unfit), ("by hand", RIGHT)))
    assert "step 1 (unfit): a sum of shapes (2, 2) and (2,)" in text
    assert "conclusion: a sum of shapes" in failure(*chain(D(F, U), ("unfit", unfit)))


def test_a_step_that_starts_from_nowhere_is_rejected() -> None:
    steps = (
        Step(D(F, F), grid((2, 2), lambda k, i: sp.Integer(k == i)), "true"),
        Step(D(F, U), RIGHT, "by hand"),
    )
    assert "step 2 (by hand): starts from a formula that no earlier step reached" in failure(*steps)


@pytest.mark.parametrize(
    "conclusion",
    [
        grid((2, 2), lambda k, i: partial([f1, f2][k], [u1, u2][i])),
        Transpose(D(F, U, "denominator")),
        Times(sp.Integer(1), D(F, U)),
    ],
)
def test_a_conclusion_that_repeats_the_question_is_rejected(conclusion: Entries) -> None:
    assert "still contains the derivative" in failure(*chain(D(F, U), ("definition", conclusion)))


def test_a_partial_in_the_scalar_of_a_conclusion_is_seen() -> None:
    ones = Times(partial(f1, u1), grid((1, 1), lambda *_: sp.Integer(1)))
    one = replace(
        derivation(*chain(D(F, U), ("definition", ones))), truth=Truth(sp.Array([u1**2 * u2]), sp.Array([u1]))
    )
    assert any("still contains" in text for text in check(one).conclusion_failures)


def test_a_wrong_variant_that_is_right_survives() -> None:
    assert "survives: not wrong" in failure(wrong=(Wrong("not wrong", Entries(RIGHT.array)),))
    assert sabotage(derivation(wrong=(Wrong("not wrong", Entries(RIGHT.array)),))) == (False,)


def test_a_wrong_variant_that_is_not_proved_wrong_survives() -> None:
    hidden = grid((2, 2), lambda k, i: RIGHT.array[k, i] + sp.sin(u1) ** 2 + sp.cos(u1) ** 2 - 1)
    assert "survives: hidden" in failure(wrong=(Wrong("hidden", hidden),))
    assert sabotage(derivation(wrong=(Wrong("hidden", hidden),))) == (False,)


def test_what_is_not_proved_equal_does_not_pass() -> None:
    one = sp.Array([u2, sp.sin(u1) ** 2 + sp.cos(u1) ** 2])
    found = difference(one, sp.Array([u2, 1]))
    assert found is not None
    assert not found.refutes
    assert str(found) == "entry [2] is not proved equal"


def test_a_proved_difference_comes_before_one_that_is_not_proved() -> None:
    found = difference(sp.Array([sp.sin(u1) ** 2 + sp.cos(u1) ** 2, u2]), sp.Array([1, u1]))
    assert found is not None
    assert found.index == (1,)


# ---- zero, and not zero -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "zero",
    [
        sp.diff(sigmoid(u1), u1) - sigmoid(u1) * (1 - sigmoid(u1)),
        sigmoid(u1) + sigmoid(-u1) - 1,
        sp.exp(2 * u1 - 2 * u2) - sp.exp(u1 - u2) ** 2,
        (u1**2 - u2**2) / (u1 - u2) - u1 - u2,
    ],
)
def test_a_zero_is_recognised(zero: sp.Expr) -> None:
    assert is_zero(zero)
    assert counterexample(zero, sp.Integer(0)) is None


def test_the_two_never_both_accept() -> None:
    almost = sigmoid(u1) * (1 - sigmoid(u1)) - sigmoid(u1) * (1 - sigmoid(u2))
    assert not is_zero(almost)
    assert counterexample(almost, sp.Integer(0)) is not None


def test_a_counterexample_moves_on_where_the_first_point_is_a_root() -> None:
    found = counterexample(u1, sp.Rational(1, 2))  # the first point has u1 = 1/2
    assert found is not None
    assert found.point == {u1: sp.Rational(-1, 3)}


# ---- arrays against numpy, formulas, letters ------------------------------------------------------------


def test_the_jacobian_has_numerator_layout() -> None:
    outputs = sp.Array([u1 * u2, u1**2, u1 + 3 * u2])
    numerator, denominator = jacobian(outputs, U.array), jacobian(outputs, U.array, "denominator")
    assert (numerator.shape, denominator.shape) == ((3, 2), (2, 3))
    for k, i in indices((3, 2)):
        assert numerator[k, i] == denominator[i, k] == sp.diff(outputs[k], U.array[i])
    assert sp.derive_by_array(outputs, U.array).shape == (2, 3)  # why it is not used


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ((3,), (3, 2)),
        ((2, 3), (3,)),
        ((3,), (2, 3, 4)),
        ((2, 2), (3, 2, 4)),
        ((3, 2, 2), (2, 1)),
        ((3,), (3,)),
    ],
)
def test_dot_is_numpy_dot(a: tuple[int, ...], b: tuple[int, ...]) -> None:
    rng = np.random.default_rng(0)
    left, right = rng.integers(-9, 9, a), rng.integers(-9, 9, b)
    expected = np.dot(left, right)
    value = dot(sp.Array(left), sp.Array(right))
    assert value.shape == expected.shape
    np.testing.assert_array_equal(np.array([int(value[i]) for i in indices(value.shape)]), expected.ravel())


def test_einsum_is_numpy_einsum() -> None:
    rng = np.random.default_rng(0)
    left, right = rng.integers(-9, 9, (2, 3, 4)), rng.integers(-9, 9, (3, 5))
    value = einsum("kni,nm->imk", sp.Array(left), sp.Array(right))
    expected = np.einsum("kni,nm->imk", left, right)
    np.testing.assert_array_equal(np.array(value.tolist(), dtype=int), expected)


def test_arrays_that_do_not_fit_have_no_value() -> None:
    with pytest.raises(FormulaError, match="is both 2 and 3"):
        dot(filled((2, 2), lambda i, j: u1), filled((3, 2), lambda i, j: u1))
    with pytest.raises(FormulaError, match="does not fit the shape"):
        einsum("ij,j->i", U.array, U.array)
    with pytest.raises(FormulaError, match="a scalar has no axis"):
        dot(sp.Array(u1), U.array)
    with pytest.raises(FormulaError, match="do not fit the shape"):
        permuted(U.array, (1, 0))


def test_inner_multiplies_the_inner_vectors() -> None:
    rng = np.random.default_rng(0)
    a, b = rng.integers(-9, 9, (4, 2)), rng.integers(-9, 9, (3, 5, 2))
    value = Inner(Entries(sp.Array(a)), Entries(sp.Array(b))).value({})
    np.testing.assert_array_equal(np.array(value.tolist(), dtype=int), np.einsum("ok,ijk->ijo", a, b))


def test_letters_unfold_down_to_those_that_are_kept() -> None:
    assert unfold(f1 + f2, WHERE, keep=[f2]) == u1**2 * u2 + f2
    with pytest.raises(FormulaError, match="round in a circle"):
        unfold(f1, {f1: f2, f2: f1})


z1, x1, x2, y1, y2, w11, w21, t1, r1 = sp.symbols("z1 x1 x2 y1 y2 w11 w21 t1 r1")


@pytest.mark.parametrize(
    ("expr", "written"),
    [
        (w11 * x1 * z1 * (1 - y1) * y1 * (1 - z1), "z1(1-z1) x1 y1(1-y1) w11"),
        (-y1 * (1 - y1) * x2, "-x2 y1(1-y1)"),
        ((z1 - t1) * z1 * (1 - z1) * w11 * sp.Rational(2, 3), "2/3 (z1-t1) z1(1-z1) w11"),
        (w21 * y2 + w11 * y1, "y1 w11 + y2 w21"),
        (1 - y1 - w11, "1 - y1 - w11"),
        (1 / (1 + sp.exp(-r1)), "1/(1+exp(-r1))"),
        ((z1 - t1) ** 2, "(z1-t1)^2"),
        (sp.Function("a11")(x1).diff(x1) * x2, "∂a11/∂x1 x2"),
        (partial(z1, y1) * partial(y1, x1), "∂z1/∂y1 ∂y1/∂x1"),
    ],
)
def test_expressions_read_as_on_the_slide(expr: sp.Expr, written: str) -> None:
    assert text(expr) == written


def test_derivatives_are_written_as_on_the_slide() -> None:
    assert str(D(Dot(F, U), U)) == "∂(F·U)/∂U"
    assert str(D(F, U, symbol=True)) == "J_U^F"
    assert str(Times(f1, Plus(Dot(F, U), U))) == "f1 × (F·U + U)"


# ---- what is printed, and the exit codes ----------------------------------------------------------------


@pytest.mark.parametrize("d", DERIVATIONS, ids=lambda d: d.id, scope="module")
def test_page_and_row_fit_a_terminal_and_every_step_is_marked(d: Derivation) -> None:
    verdict = verdict_of(d.id)
    lines = list(page(verdict))
    assert max(map(len, lines)) <= 80
    assert sum(line.startswith("  ✓ =") for line in lines) == verdict.steps
    for wrong in verdict.derivation.wrong:
        assert f"  ✗ {wrong.name}" in lines
    rows = list(table({"A chapter.": (d,)}, iter([verdict])))
    assert max(map(len, rows)) <= 80
    assert sum("holds" in row for row in rows) == 1


def test_the_page_of_the_last_gradient_ends_as_the_slide_does() -> None:
    lines = "\n".join(page(verdict_of("dZ_dV")))
    assert "✓ = [ z1(1-z1) x2 y1(1-y1) w11  z1(1-z1) x2 y2(1-y2) w21 ]" in lines


def test_a_failing_page_says_so() -> None:
    broken = chain(D(F, U), ("a slip", grid((2, 2), lambda k, i: RIGHT.array[i, k])))
    same = Wrong("the same", Entries(RIGHT.array))
    lines = "\n".join(page(check(derivation(*broken, wrong=(same,)))))
    assert "  ✗ = " in lines
    assert "✗ conclusion: entry [1,2]" in lines
    assert "? the same\n      SURVIVES" in lines


def test_the_table_has_every_derivation() -> None:
    verdict = check(GOOD)
    lines = list(table(CHAPTERS, (replace(verdict, derivation=d) for d in DERIVATIONS)))
    assert max(map(len, lines)) <= 80
    assert sum("holds" in line for line in lines) == len(DERIVATIONS)
    assert f"{len(DERIVATIONS)} of {len(DERIVATIONS)} derivations hold:" in lines[-3]
    assert "wrong variants refuted" in lines[-1]


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str, derivations: tuple[Derivation, ...]) -> int:
    monkeypatch.setattr(command, "CHAPTERS", {"A chapter": derivations})
    return command.main(arguments)


GOOD = derivation(wrong=(Wrong("wrong sign", Entries(-RIGHT.array)),))
BAD = replace(derivation(wrong=(Wrong("not wrong", Entries(RIGHT.array)),)), id="bad")


@pytest.mark.parametrize(
    ("arguments", "derivations", "code", "printed"),
    [
        ((), (GOOD,), 0, "1 of 1 derivations hold"),
        ((), (GOOD, BAD), 1, "bad: survives: not wrong"),
        (("test",), (GOOD, BAD), 0, "A test  [test]"),
        (("bad",), (GOOD, BAD), 1, "SURVIVES"),
        (("--sabotage",), (GOOD,), 0, "refuted  test: wrong sign"),
        (("--sabotage",), (GOOD, BAD), 1, "1 of 2 wrong variants refuted"),
    ],
)
def test_the_exit_code(monkeypatch, capsys, arguments, derivations, code, printed) -> None:
    assert run(monkeypatch, *arguments, derivations=derivations) == code
    assert printed in capsys.readouterr().out


def test_an_unknown_name_is_answered_in_one_line(monkeypatch, capsys) -> None:
    assert run(monkeypatch, "nope", derivations=(GOOD, BAD)) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err == "no derivation 'nope'. \"python -m derivations\" lists all 2.\n"


def test_the_module_runs_from_the_checkout_where_only_ascii_can_be_printed() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "derivations", "dg_dR"],
        cwd=ROOT,
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "  + = [ y1(1-y1)  0        ]" in done.stdout


# ---- all depths: the hypothesis of a step is its own claim, one layer away -------------------------------

INDUCTIONS = [
    pytest.param(induction, id=f"{induction.step.id}-{induction.base.id}")
    for theorem in THEOREMS
    for induction in theorem.INDUCTIONS
]


def says(where: Definitions, claim: Claim) -> bool:
    left, right = (unfold(take(side, where), where) for side in (claim.left, claim.right))
    return is_zero(left - right)


def one_layer_up(side: sp.Expr) -> sp.Expr:
    return side.replace(f_prime, g_prime).xreplace({l: l + 1, UNITS[l]: UNITS[l + 1]})


@pytest.mark.parametrize("induction", INDUCTIONS)
def test_the_hypothesis_of_an_induction_is_its_claim_one_layer_away(induction: Induction) -> None:
    where, hypothesis = induction.step.where, induction.hypothesis
    here, above = induction.claim(l), induction.claim(l + 1)
    assert (one_layer_up(here.left), one_layer_up(here.right)) == (above.left, above.right)
    (reached,) = {here, above} - {hypothesis}
    start = induction.claim(induction.start)
    for part, claim in ((induction.base, start), (induction.step, reached)):
        assert (part.steps[0].lhs, part.conclusion) == (entry(claim.left), entry(claim.right))
    assert says(where, hypothesis)
    assumed = first_order(hypothesis) if hypothesis.left.func == PARTIAL else known(hypothesis)
    assert not says({letter: value for letter, value in where.items() if letter not in assumed}, hypothesis)


# ---- the errata are complete -----------------------------------------------------------------------------


def test_every_erratum_is_refuted_or_left_out_for_a_reason() -> None:
    printed = [(d, wrong) for d in DERIVATIONS for wrong in d.wrong if isinstance(wrong, Printed)]
    assert all(wrong.row in d.rows and wrong.place and wrong.words for d, wrong in printed)
    refuted = {wrong.row for _, wrong in printed}
    assert refuted | set(LEFT_OUT) == {f"E-{number:02}" for number in range(1, 59)}
    assert not refuted & set(LEFT_OUT)
    assert all(LEFT_OUT.values())
