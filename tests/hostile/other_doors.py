"""Dialects, derivations, losses by themselves, checks and diagnoses."""

import numpy as np
from hypothesis import strategies as st

import jacobprop as jp

from .forward_reference import LONG
from .material import FLOATS, contained, eps, junk, numbers, sizes, tame
from .trying import REFUSED


def dialects(trial):
    """convert, convert_gradients and convert_deltas: there and back is exact; junk is refused."""
    name = st.one_of(st.sampled_from(jp.dialects.NAMES), junk)
    source, target = (trial.draw(name, label=what) for what in ("source", "target"))
    n, m = trial.draw(sizes), trial.draw(sizes)
    W = trial.draw(contained(trial.draw(numbers((n, m)))), label="W1")
    b = trial.draw(contained(trial.draw(numbers((m,)))), label="b1")
    key = trial.draw(st.one_of(st.just("W1"), junk.filter(lambda v: getattr(v, "__hash__", None))))
    arrays = trial.draw(st.sampled_from([{key: W.value, "b1": b.value}, {key: W.value}, {}]))
    cases = trial.draw(st.one_of(st.integers(1, 9), junk))
    chained = {"chained": trial.draw(st.booleans())}
    which = trial.draw(st.sampled_from(["there", "junk", "gradients", "deltas", "get", "table"]))
    if which == "there":
        own = {"W1": W.value, "b1": b.value}
        known = isinstance(target, str) and target in jp.dialects.NAMES
        there = trial.call(jp.dialects.convert, own, "jacobprop", target, refused=W.bad or b.bad or not known)
        if there is not REFUSED:
            back = trial.call(jp.dialects.convert, there, target, "jacobprop", refused=False)
            for given, slot in ((W, "W1"), (b, "b1")):
                assert np.array_equal(back[slot], given.array, equal_nan=True)
    elif which == "junk":
        trial.call(jp.dialects.convert, arrays, source, target, **chained)
        trial.call(jp.dialects.convert, cases, source, target)
    elif which == "gradients":
        trial.call(jp.dialects.convert_gradients, arrays, source, target, cases, **chained)
    elif which == "deltas":
        trial.call(jp.dialects.convert_deltas, {key: W.value, "delta1": b.value}, source, target)
    elif which == "get":
        found = trial.call(jp.dialects.get, source)
        assert found is REFUSED or str(found)
    else:
        assert trial.call(jp.dialects.table, refused=False)


def losses(trial):
    """value, row and target of each loss, on plain arrays."""
    kind = trial.draw(
        st.sampled_from(["SquaredError", "MeanSquaredError", "BinaryCrossEntropy", "CrossEntropy"])
    )
    loss = getattr(jp, kind)()
    m = trial.draw(st.integers(2, 4))
    dtype = np.dtype(trial.draw(st.sampled_from(FLOATS)))
    shape = trial.draw(st.sampled_from([(m,), (3, m)]))
    given = trial.draw(st.one_of(st.just(shape), st.lists(st.integers(0, 4), max_size=3).map(tuple)))
    T = trial.draw(contained(trial.draw(numbers(given))), label="T")
    labels = kind == "CrossEntropy" and given == shape[:-1]
    refused = True if T.bad else None if labels else T.array.shape != shape
    target = np.errstate(all="ignore")(loss.target)  # networks call it so
    t = trial.call(target, T.value, shape, dtype, refused=refused)
    trial.call(target, trial.draw(junk), shape, dtype)
    if t is REFUSED:
        return
    assert t.shape == shape
    if dtype != np.float16 and kind in ("SquaredError", "MeanSquaredError"):
        y = trial.draw(numbers(shape, wild=False)).astype(dtype)
        with np.errstate(all="ignore"):
            gap = np.asarray(y, LONG) - np.asarray(t, LONG)
            if not np.isfinite(gap).all() or np.abs(gap).max() > 100:
                return
            expected = (gap**2).sum(axis=-1) / (2 if kind == "SquaredError" else m)
            assert np.abs(loss.value(y, t) - expected).max() <= 64 * eps(dtype) * (1 + np.abs(expected).max())


def derivations(trial):
    """jp.derive of small networks, which prints itself; widths that are none."""
    names = st.one_of(st.sampled_from(["identity", "sigmoid", "tanh", "relu"]), tame)
    n, m = trial.draw(st.integers(1, 2)), trial.draw(st.integers(1, 2))
    layer = trial.call(jp.Dense, n, m, trial.draw(names))
    if layer is REFUSED:
        return
    n_in = trial.draw(st.one_of(st.none(), st.integers(1, 3), junk), label="n_in")
    derived = trial.call(jp.derive, layer, n_in=n_in)
    if derived is not REFUSED:
        assert "Z = " in trial.call(str, derived, refused=False)
    trial.call(jp.derive, jp.Softmax(), n_in=trial.draw(st.one_of(st.integers(1, 2), junk)))


def checks(trial):
    """jp.check of right networks is truthy; jp.check and jp.check_vjp of anything are reports or refusals."""
    value, other = trial.draw(tame), trial.draw(tame)
    which = trial.draw(st.sampled_from(["junk", "net", "vjp", "vjp junk"]))
    if which == "junk":
        trial.call(jp.check, value, other, other, refused=True)
    elif which == "vjp junk":
        trial.call(jp.check_vjp, value, other, np.ones(2), refused=True)
    elif which == "vjp":
        x = trial.draw(contained(trial.draw(numbers((3,), wild=False))), label="x")
        report = trial.call(jp.check_vjp, lambda x: x * 2.0, lambda u, x: u * 2.0, x.value)
        assert report is REFUSED or bool(report) or not np.isfinite(x.array).all()
    else:
        net = jp.Network([jp.Dense(2, 2, "tanh"), jp.Dense(2, 1)], jp.SquaredError())
        X = trial.draw(contained(trial.draw(numbers((2, 2)))), label="X")
        T = trial.draw(st.one_of(st.just(np.ones((2, 1))), tame), label="T")
        own = X.value is None  # then the check draws cases itself
        report = trial.call(jp.check, net, X.value, T, refused=True if X.bad and not own else None)
        if report is not REFUSED and not own and np.abs(X.array).max() <= 2:
            assert report, str(report)


def diagnoses(trial):
    """jp.diagnose: what is right is called right, and of anything it returns a diagnosis or refuses."""
    which = trial.draw(st.sampled_from(["junk", "record junk", "same", "wrong"]))
    value, other = trial.draw(tame), trial.draw(tame)
    net = jp.Network([jp.Dense(2, 3, "tanh"), jp.Dense(3, 2)], jp.SquaredError())
    record = net.forward([[1.0, -0.5], [0.25, 2.0]], [[1.0, 0.0], [0.0, 1.0]])
    if which == "junk":
        trial.call(jp.diagnose, value, other)
    elif which == "record junk":
        trial.call(jp.diagnose, value, record)
        trial.call(jp.diagnose, {"W1": value}, record)
    elif which == "same":
        assert trial.call(jp.diagnose, record.gradients(), record, refused=False).ok
    else:
        g = trial.draw(contained(trial.draw(numbers((2, 3)))), label="W1")
        found = trial.call(
            jp.diagnose, {**record.gradients(), "W1": g.value}, record, refused=True if g.bad else None
        )
        if found is not REFUSED:
            assert len(found.message) > 10
            # the roundings of half precision, all one way, come near these gradients
            assert not found.ok or (g.array.dtype == np.float16 and "which is rounding" in found.message)


DOORS = {"dialects": dialects, "losses": losses, "derive": derivations}
DOORS |= {"check": checks} if hasattr(jp, "check") and hasattr(jp, "check_vjp") else {}
DOORS |= {"diagnose": diagnoses} if hasattr(jp, "diagnose") else {}
