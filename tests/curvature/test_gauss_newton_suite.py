"""The benchmark suite `gauss_newton`: right answers, its floors' arithmetic, and the peers' routes."""

from dataclasses import replace
from importlib.util import find_spec

import numpy as np
import pytest

from benchmarks import floors, gauss_newton
from benchmarks.peers import curvature_routes
from benchmarks.peers.curvature_routes import ROUTES, curvature_candidates
from benchmarks.suite import QUICK
from benchmarks.workloads import classes
from jacobprop.errors import CheckFailed

pytestmark = pytest.mark.usefixtures("few_objects")

TINY = classes((7, 6, 5, 3), cases=4)
SHORT = replace(QUICK, sample=1e-6, budget=1e-3, peers=False)


@pytest.fixture(autouse=True)
def tiny(monkeypatch):
    monkeypatch.setattr(gauss_newton, "workloads", lambda: iter([TINY]))


def test_every_route_of_ours_agrees_and_has_a_row():
    rows = list(gauss_newton.rows(SHORT))
    own = ["operator", "again", "bare arithmetic"]
    assert [row.candidate for row in rows] == [*own, *own, "operator", "matrix", "bare arithmetic"]
    assert [row.workload.rpartition(", ")[2] for row in rows] == ["G v"] * 3 + ["H v"] * 3 + ["diag(G)"] * 3
    assert all((row.difference is None) == (row.role == "floor") for row in rows)
    assert gauss_newton.closing(rows).endswith("x floor.")


def test_a_wrong_operator_is_named(monkeypatch):
    right = gauss_newton._again
    monkeypatch.setattr(
        gauss_newton, "_again", lambda make, work: lambda: {"product": 2 * right(make, work)()["product"]}
    )
    with pytest.raises(CheckFailed, match=r"^gauss_newton, 7-6-5-3 x 4, G v: .*product\["):
        list(gauss_newton.rows(SHORT))


class Counting:
    """numpy, counting the multiply-adds of matmul and multiply."""

    def __init__(self):
        self.products = 0

    def __getattr__(self, name):
        return getattr(np, name)

    def matmul(self, a, b, out=None):
        self.products += a.shape[0] * b.shape[-1] * a.shape[-1]
        return np.matmul(a, b, out=out)

    def multiply(self, a, b, out=None):
        found = np.multiply(a, b, out=out)
        self.products += found.size
        return found


def test_floors_multiply_what_they_say(monkeypatch):
    counting = Counting()
    monkeypatch.setattr(floors, "np", counting)
    weights, upper, curved, cases = 7 * 6 + 6 * 5 + 5 * 3, 6 * 5 + 5 * 3, 6 + 5, 4
    floors.gauss_newton_product(TINY)()
    assert counting.products == cases * (
        3 * weights + 2 * (upper + curved)
    )  # forward, Y V, Y^T D; W twice, f' twice
    counting.products = 0
    floors.hessian_product(TINY)()
    assert counting.products == cases * (4 * weights + 4 * (upper + curved))


@pytest.mark.filterwarnings("ignore:.*torch.jit.script:DeprecationWarning")
@pytest.mark.parametrize("own", list(gauss_newton.curvatures(TINY)), ids=lambda own: own.name)
def test_routes_of_peers_give_our_answers(own):
    pytest.importorskip("torch")
    (wanted,) = own.operator(TINY)().values()
    peers = list(curvature_candidates(own.name, TINY, ["torch"]))
    here = [name for name in ROUTES[own.name] if name.startswith("torch") or find_spec("backpack")]
    assert [c.name for c in peers] == here
    for c in peers:
        (found,) = c.prepare()().values()
        assert found.shape == wanted.shape
        assert np.allclose(found, wanted, rtol=1e-12, atol=1e-15), c.name


def test_only_what_is_invited_comes(monkeypatch):
    assert not list(curvature_candidates("G v", TINY, ["jax"]))
    monkeypatch.setattr(curvature_routes, "find_spec", lambda name: None)
    assert [c.name for c in curvature_candidates("diag(G)", TINY, ["torch"])] == ["torch by hand"]
