"""Deleted terms: all are found, each is tried on its own, and what survives is told from what is killed."""

import ast
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from derivations import catalogue
from derivations.mutation import __main__ as command
from derivations.mutation.modules import Library, library
from derivations.mutation.mutants import Mutant, mutants
from derivations.mutation.report import complaints, described, rate, table
from derivations.mutation.survivors import EXPLANATIONS, Explanation
from derivations.mutation.trials import Fate

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def known() -> Library:
    return library()


def changes(source: str, kind: str = "term") -> set[tuple[str, ...]]:
    return {tuple(m.change.split(" -> ")) for m in mutants("a.module", ast.parse(source)) if m.kind == kind}


# ---- which mutants there are ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("formula", "shorter"),
    [
        ("a + b", {"a", "b"}),
        ("a - b", {"a", "-b"}),
        ("a * b", {"a", "b"}),
        ("A @ B", {"A", "B"}),
        ("a / b", {"a", "a ** 0 / b"}),
        ("1 / b", {"1"}),
        ("a ** b", {"a"}),
        ("-a", {"a"}),
        ("sp.exp(a)", {"a"}),
        ("f(a)", {"a"}),
        ("sp.Mul(a, b, evaluate=False)", {"sp.Mul(b, evaluate=False)", "sp.Mul(a, evaluate=False)"}),
        ("summed(x for x in y)", {f"summed(list((x for x in y)){part})" for part in ("[1:]", "[:-1]")}),
        ("total(a, i)", {"a"}),
        ("total(a, i, j)", {"total(a, i)", "total(a, j)"}),
        ("Plus(A, B)", {"A", "B"}),
        ("Plus(*pair)", {"[*pair][0]", "[*pair][1]"}),
        ("Times(a, B)", {"B"}),
        ("Transpose(A, (1, 0, 2))", {"A"}),
        ("Einsum('ij,jk->ik', A, B)", {"A", "B"}),
        ("D(A, B)", set()),
        ("grid(a, b)", set()),
        ("'a' + b + 'c'", set()),
        ("f'{a}' * 2", set()),
        ("{'a + b'}", set()),
    ],
)
def test_every_part_of_a_formula_is_deleted(formula: str, shorter: set[str]) -> None:
    found = changes(f"F = {formula}")
    assert {new for old, new in found if ast.parse(old).body[0].col_offset == 0} == shorter


@pytest.mark.parametrize(
    ("formula", "exchanged"),
    [
        ("w[i][j]", {"w[j][i]"}),
        ("w[i][i]", set()),
        ("w[0][j]", set()),
        ("w[i, j, k]", {"w[j, i, k]", "w[i, k, j]"}),
        ("w[0, j]", set()),
        ("dict[str, Formula]", set()),
        ("lambda i, j, *_: u", {"lambda j, i, *_: u"}),
        ("lambda i: u", set()),
        ("lambda i, j=i: u", set()),
    ],
)
def test_neighbouring_indices_are_exchanged(formula: str, exchanged: set[str]) -> None:
    assert {new for _, new in changes(f"F = {formula}", "index")} == exchanged


MODULE = '''
"""a + b"""
TERM: Formula = a + b * c
def right(i: int) -> sp.Expr:
    """a - b"""
    return -x[i]
SLIP = SLOPE * d
SLOPE = d / e
def slips(formula) -> tuple[Wrong, ...]:
    return (Wrong("a - b", -formula), Printed("as printed", SLIP - b))
HELD = Wrong("a - b", a - b)
DERIVATIONS = (
    Derivation(
        id="one",
        where={a: b / c},
        steps=chain(X, ("a + b", Plus(A, B)), ("by hand", p**q)),
        truth=Truth(r - s, sp.Array(v)),
        wrong=(negated(a * d), Wrong("e", e + g)),
    ),
    Derivation(id=f"{name}", steps=chain(X, ("", Times(a, X)))),
)
'''


def test_the_formulas_of_a_claim_are_mutated_and_nothing_else() -> None:
    assert [(m.place, m.change) for m in mutants("a.module", ast.parse(MODULE))] == [
        ("TERM", "a + b * c -> a"),
        ("TERM", "a + b * c -> b * c"),
        ("TERM", "b * c -> b"),
        ("TERM", "b * c -> c"),
        ("right", "-x[i] -> x[i]"),
        ("one", "b / c -> b"),
        ("one", "b / c -> b ** 0 / c"),
        ("one", "Plus(A, B) -> A"),
        ("one", "Plus(A, B) -> B"),
        ("one", "p ** q -> p"),
        ("one", "r - s -> r"),
        ("one", "r - s -> -s"),
        ("DERIVATIONS", "Times(a, X) -> X"),
    ]


def test_a_mutant_changes_one_place_of_the_module() -> None:
    tree = ast.parse("F = a + b\nG = a + b\n")
    second = list(mutants("a.module", tree))[2]
    assert str(second) == "a.module:2 G: a + b -> a"
    assert ast.unparse(second.applied(tree)) == "F = a + b\nG = a"


# ---- in which modules -----------------------------------------------------------------------------------


def test_every_derivation_is_in_a_module_that_is_mutated(known: Library) -> None:
    found = [d for name in known.trees for d in getattr(sys.modules[name], "DERIVATIONS", ())]
    assert {d.id for d in found} == {d.id for d in catalogue.DERIVATIONS}
    assert len(found) == len(catalogue.DERIVATIONS)


def test_the_language_of_the_proofs_is_not_mutated(known: Library) -> None:
    last = {name.rpartition(".")[2] for name in known.trees}
    assert {"network_321", "gradients_321", "expressions"} <= last
    assert not last & {"checker", "formula", "wrong", "catalogue", "command", "mutants", "__init__"}


def test_a_shared_formula_concerns_all_that_import_it(known: Library) -> None:
    network = next(name for name in known.trees if name.endswith(".network_321"))
    reading = [name.rpartition(".")[2] for name in known.reading(network)]
    assert {"gradients_321", "jacobians_321", "twist"} <= set(reading)
    assert "product_rule" not in reading
    assert "dZ_dV" in {d.id for d in known.derivations(network)}


def test_a_module_comes_after_those_that_it_imports_from() -> None:
    imports: dict[str, set[str]] = {"a": {"b", "c"}, "b": {"c"}, "c": set(), "d": set()}
    chain = Library({name: ast.parse("") for name in imports}, imports)
    assert (chain.reading("c"), chain.reading("a"), chain.reading("d")) == (["b", "a"], [], [])


# ---- what becomes of them -------------------------------------------------------------------------------

TRIALS = """
import ast
from dataclasses import replace
from derivations.mutation import trials
from derivations.mutation.modules import library
from derivations.mutation.mutants import mutants
from derivations.proof.checker import check

def first(module, place):
    name = next(name for name in known.trees if name.endswith(module))
    return next(m for m in mutants(name, known.trees[name]) if m.place == place)

known = library()
sum_of_two, shared = first(".twist", "COUPLED"), first(".network_321", "GRADIENT_R")
assert ast.unparse(sum_of_two.old) == "q[k][0] * r[0] + q[k][1] * r[1]"
texts = ("q[k][1] * r[1] + q[k][0] * r[0]", "absent", "sum(iter(int, 1))")
commuted, absent, endless = (replace(sum_of_two, new=ast.parse(text, mode="eval").body) for text in texts)
tried = (sum_of_two, shared, commuted, absent)
found = dict(trials.fates(tried, known, 2))
trials.LIMIT = 1
found |= trials.fates([endless], known, 2)
print(*(found[mutant] for mutant in (*tried, endless)))
print(all(check(d).holds for d in known.derivations(sum_of_two.module)))
"""


def test_a_mutant_survives_only_if_everything_holds_and_leaves_no_trace() -> None:
    done = subprocess.run(
        [sys.executable, "-"], input=TRIALS, cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.stderr == ""
    assert done.stdout.split() == ["refuted", "refuted", "survived", "error", "timeout", "True"]


def test_no_term_of_a_small_module_can_be_deleted() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "derivations.mutation", "twist", "--list", "--indices"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    survived, refuted, *others, killed = lines[1].split()[1:]
    assert (survived, int(refuted) > 20, others, killed) == ("0", True, ["0", "0"], "100.0%")
    assert lines[-1] == "every deleted term is noticed, or is explained as not needed"


def test_wrong_usage_is_answered_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["absent"]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("no module 'absent'; there are: derivations.")


def test_nothing_is_tried_where_a_derivation_fails_already(monkeypatch, capsys) -> None:
    one, other = catalogue.DERIVATIONS[:2]
    broken = replace(one, id="broken", truth=other.truth)
    monkeypatch.setattr(Library, "derivations", lambda *_: [other, broken])
    assert command.main(["twist"]) == 2
    assert capsys.readouterr() == ("", "without any change these do not hold: broken\n")


# ---- the report -----------------------------------------------------------------------------------------

SHORTER, COMMON, SIGN, SWAP = mutants("a.module", ast.parse("F = a + b\nG = -a\nH = w[i, j]"))
EXPLAINED = (Explanation("a.module", "F", "a + b -> a", "b is 0"),)
KILLED: dict[Mutant, Fate] = {SHORTER: "refuted", COMMON: "error", SIGN: "timeout", SWAP: "refuted"}


def test_the_table_counts_each_kind_apart() -> None:
    found: dict[Mutant, Fate] = {**KILLED, SHORTER: "survived", replace(SIGN, module="b"): "refuted"}
    assert [line.split() for line in table(found, "term")] == [
        ["deleted", "terms", "survived", "refuted", "error", "timeout", "killed"],
        ["a.module", "1", "0", "1", "1", "66.7%"],
        ["b", "0", "1", "0", "0", "100.0%"],
        ["all", "1", "1", "1", "1", "75.0%"],
    ]
    assert [line.split()[1:] for line in table({**found, SWAP: "survived"}, "index")][1:] == [
        ["1", "0", "0", "0", "0.0%"]
    ] * 2
    assert rate(found) == 0.75


def test_a_module_without_formulas_has_nothing_to_notice() -> None:
    assert rate({}) == 1
    assert list(table({}, "term"))[-1].split() == ["all", "0", "0", "0", "0", "100.0%"]


def test_the_run_passes_only_if_enough_is_killed_and_the_rest_explained() -> None:
    many = {replace(SIGN, place=f"{k}"): "refuted" for k in range(30)}
    assert list(complaints(KILLED, ())) == []
    assert list(complaints({**many, SWAP: "survived"}, ())) == []
    survivor = {**many, SHORTER: "survived"}
    assert list(complaints(survivor, ())) == ["survives and is not explained: a.module:1 F: a + b -> a"]
    assert list(complaints(survivor, EXPLAINED)) == []
    assert list(complaints(KILLED, EXPLAINED)) == ["is explained and yet killed: a.module:1 F: a + b -> a"]
    assert list(complaints({SHORTER: "survived"}, EXPLAINED)) == [
        "only 0.0% of the deleted terms are killed, and not 95%"
    ]


def test_a_survivor_is_listed_with_its_explanation() -> None:
    assert list(described(SHORTER, EXPLAINED)) == ["a.module:1 F: a + b -> a", "    b is 0"]
    assert list(described(SWAP, EXPLAINED)) == ["a.module:3 H: w[i, j] -> w[j, i]"]


def test_an_explanation_is_of_one_deletion_or_of_all_within_an_expression() -> None:
    within = Explanation("a.module", "F", "c * (a + b)", "c is 0")
    assert [within.covers(m) for m in (SHORTER, COMMON, SIGN)] == [True, True, False]
    assert [EXPLAINED[0].covers(m) for m in (SHORTER, COMMON, SIGN)] == [True, False, False]
    assert not within.covers(replace(SHORTER, place="G"))
    assert not within.covers(replace(SHORTER, module="b"))


def test_every_explanation_is_of_a_mutant(known: Library) -> None:
    every = [m for name, tree in known.trees.items() for m in mutants(name, tree)]
    assert [e for e in EXPLANATIONS if not any(map(e.covers, every))] == []
