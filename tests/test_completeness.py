"""Nothing is left out: rows of the seeds, docstrings, and the things that a market must hold.

Run as a script, this file collects the tests (it runs none) and prints which test settles which row.
"""

import inspect
import json
import re
import subprocess
import sys

import pytest
from claims import TESTS, Claims
from jacobians.market import VARIANTS
from jacobians.test_products import PAIRS
from network.market import DESIGNS, FUNCTIONS, LOSSES, build
from network.test_coupled import case
from network.test_formulations import EXACT

import jacobprop as jp
from jacobprop import activations
from jacobprop.formulations import FORMULATIONS
from jacobprop.jacobians import KINDS, RULES, Jacobian
from jacobprop.jacobians.base import SUMS
from jacobprop.jacobians.stored import StoredJacobian
from jacobprop.layers import SumLayer


def rows(letter, *numbers):
    return {f"{letter}-{number:02d}" for number in numbers}


LAST = {"D": 88, "B": 50, "H": 80, "M": 28, "N": 14, "S": 39, "E": 58}
KNOWN = {row for letter, last in LAST.items() for row in rows(letter, *range(1, last + 1))}

TALK = (
    rows("D", 1, 29, 88)
    | rows("B", 1, 42)
    | rows("H", *range(1, 6), 35, 39, 40)
    | rows("M", 8, 24, 27)
    | rows("N", 9)
    | rows("E", 24, 58)
)
"""History, opinions, misplaced labels, and mentions of what other rows state."""

REQUIRED = KNOWN - TALK


def collect():
    claims = Claims()
    options = ["--collect-only", "-qq", "-n", "0", "-p", "no:cacheprovider", "--no-header", "--no-summary"]
    status = pytest.main([*options, "--rootdir", str(TESTS.parent), str(TESTS)], plugins=[claims])
    return int(status), claims.found


@pytest.fixture(scope="module")
def claims(request):
    """Those of this session when it has collected all tests, and otherwise of one that only collects."""
    ours = request.config.pluginmanager.get_plugin("claims")
    if ours.of_all_tests(request.config):
        return ours.found
    result = subprocess.run(  # noqa: S603  (our own interpreter, our own file)
        [sys.executable, __file__], capture_output=True, text=True, check=False, cwd=TESTS.parent
    )
    assert result.returncode == 0, result.stdout[-2000:] + result.stderr[-2000:]
    return json.loads(result.stdout.splitlines()[-1])


def unsettled(claims):
    return sorted(REQUIRED - set(claims))


def unknown(claims):
    return sorted(set(claims) - KNOWN)


def test_every_required_row_is_settled_by_a_test(claims):
    assert unsettled(claims) == []


def test_every_claimed_row_exists(claims):
    assert unknown(claims) == []


def test_the_completeness_check_can_fail(claims):
    for row in ("S-36", "D-02"):
        assert unsettled({other: tests for other, tests in claims.items() if other != row}) == [row]
    assert unknown(claims | {"D-99": ["a test"]}) == ["D-99"]
    assert len(REQUIRED) == len(KNOWN) - 19
    assert rows("S", *range(1, 40)) <= REQUIRED
    assert not TALK & set(claims)  # no row is excused that a test settles


MARKED = """
import pytest

@pytest.mark.seed("runs")
def test_a(): ...

@pytest.mark.seed("runs elsewhere")
@pytest.mark.skipif(False, reason="")
def test_b(): ...

@pytest.mark.seed("skipped")
@pytest.mark.skip
def test_c(): ...

@pytest.mark.seed("skipped here")
@pytest.mark.skipif(True, reason="")
def test_d(): ...

@pytest.mark.seed("fails")
@pytest.mark.xfail
def test_e(): ...

@pytest.mark.seed("no cases")
@pytest.mark.parametrize("case", [])
def test_f(case): ...

@pytest.mark.seed("one case")
@pytest.mark.parametrize("case", [pytest.param(1, marks=pytest.mark.skip), 2])
def test_g(case): ...
"""


def test_a_row_is_settled_by_tests_that_run_alone(request, tmp_path):
    path = tmp_path / "test_marked_for_the_claims.py"
    path.write_text(MARKED)
    claims = Claims()
    for item in pytest.Module.from_parent(request.session, path=path).collect():
        claims.pytest_itemcollected(item)
    assert set(claims.found) == {"runs", "runs elsewhere", "one case"}
    assert [name.rpartition("::")[2] for name in claims.found["one case"]] == ["test_g[2]"]


# -- docstrings ----------------------------------------------------------------------------------------------


def public_members():
    """Every public name, and every public attribute of a public class that the library itself defines."""
    for name in jp.__all__:
        thing = getattr(jp, name)
        yield name, thing
        if inspect.isclass(thing):
            for attribute in dir(thing):
                value = inspect.getattr_static(thing, attribute)
                described = inspect.isroutine(value) or isinstance(
                    value, property | classmethod | staticmethod
                )
                described = described or type(value).__name__ in ("cached_property", "abstractproperty")
                ours = any(
                    attribute in vars(base) and base.__module__.startswith("jacobprop")
                    for base in thing.__mro__
                )
                if not attribute.startswith("_") and described and ours:
                    yield f"{name}.{attribute}", getattr(thing, attribute)


def test_every_public_name_has_a_docstring():
    missing = [name for name, thing in public_members() if not (inspect.getdoc(thing) or "").strip()]
    assert missing == []


def test_the_first_line_of_a_docstring_is_a_sentence():
    wrong = [
        (name, first)
        for name, thing in public_members()
        for first in (inspect.getdoc(thing) or "").splitlines()[:1]
        if len(first) > 110 or (not first.endswith((".", ":")) and "=" not in first)
    ]
    assert wrong == []


# -- markets -------------------------------------------------------------------------------------------------


def concrete(base):
    """The concrete subclasses of a class that the library defines."""
    found, pending = set(), [base]
    while pending:
        for kind in pending.pop().__subclasses__():
            pending.append(kind)
            if kind.__module__.startswith("jacobprop.") and not inspect.isabstract(kind):
                found.add(kind)
    return found


def test_every_jacobian_class_is_in_a_market():
    assert (
        concrete(Jacobian) - {StoredJacobian} == set(KINDS) == {variant.kind for variant in VARIANTS.values()}
    )


def test_every_rule_is_in_a_market():
    assert set(PAIRS) == set(RULES) == set(SUMS) == {(A, B) for A in KINDS for B in KINDS}


def test_every_layer_loss_activation_and_formulation_is_in_a_market():
    nets = [build(design).net for design in DESIGNS]
    layers = [layer for net in nets for layer in net.layers]
    learning = case("CrossEntropy", "mean").learning.layers
    assert concrete(jp.Layer) - {SumLayer} <= {type(layer) for layer in (*layers, *learning)}
    assert concrete(jp.Loss) == {type(net.loss) for net in nets} == {kind for kind, _ in LOSSES.values()}
    used = {layer.activation.name for layer in layers if isinstance(layer, jp.Dense)}
    assert set(activations.NAMES) == used == set(FUNCTIONS)
    assert {*EXACT, "finite_difference"} == set(FORMULATIONS)


def test_the_market_of_networks_has_every_size():
    assert {design.depth for design in DESIGNS} >= set(range(1, 7))
    assert {design.cases for design in DESIGNS} >= {None, 1, 50}
    assert {design.reduction for design in DESIGNS} == {"mean", "sum"}
    kinds = {
        (piece.kind, number == design.depth)
        for design in DESIGNS
        for number, piece in enumerate(design.pieces, 1)
    }
    assert kinds >= {("softmax", True), ("softmax", False), ("rms", False), ("shortcut", False)}
    squared_softmax = [d for d in DESIGNS if "Squared" in d.loss and d.pieces[-1].kind == "softmax"]
    assert squared_softmax
    assert {piece.bias for design in DESIGNS for piece in design.pieces} == {True, False}
    assert len({design.id for design in DESIGNS}) == len(DESIGNS)
    assert all(re.fullmatch(r"\d+:[\w-]+ \w+ x\w+", design.id) for design in DESIGNS)


if __name__ == "__main__":
    status, found = collect()
    print(json.dumps(found))
    sys.exit(status)
