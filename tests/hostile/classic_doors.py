"""The learning rules before backpropagation: what they learn holds, and a proof of either kind is checked."""

from fractions import Fraction

import numpy as np
from hypothesis import strategies as st

import jacobprop as jp
from jacobprop import classic

from .layer_doors import is_number, is_whole
from .material import junk, mostly, numbers, numeric, sizes
from .training_doors import some_of
from .trying import REFUSED

RATE = st.sampled_from([0.1, 1, np.float32(0.5), 1e-3, 1e300])
SHARED = {
    "learning_rate": RATE,
    "epochs": st.integers(0, 5),
    "init": st.sampled_from(["zero", "small", "unit", "glorot"]),
    "shuffle": st.booleans(),
    "seed": st.integers(0, 9),
}
RULES = {
    "perceptron": {"tie": st.sampled_from(["left", "right"]), "bias": st.booleans()},
    "adaline": {"tie": st.sampled_from(["left", "right"]), "bias": st.booleans(), "tolerance": RATE},
    "lms": {"bias": st.booleans(), "tolerance": RATE},
    "madaline": {
        "units": st.integers(1, 3),
        "logic": st.sampled_from(["or", "and", "majority"]),
        "at_once": st.integers(1, 3),
        "tie": st.sampled_from(["left", "right"]),
    },
}
"""Options of each, beside those that all share."""


def cases(trial):
    """X, labels of its cases, and whether both are right."""
    count, n = trial.draw(st.integers(1, 4)), trial.draw(sizes)
    shape = trial.draw(st.sampled_from([(count, n)] * 6 + [(n,), (0, n), (count, 0), (), (count, n, 1)]))
    X = trial.draw(numeric(trial.draw(numbers(shape, trial.draw(st.integers(0, 2)) == 0))), label="X")
    low = trial.draw(st.sampled_from([0, -1]))
    drawn = [
        trial.draw(st.sampled_from([low, 1]))
        for _ in range(count + trial.draw(st.sampled_from([0] * 7 + [1])))
    ]
    labels = trial.draw(mostly(numeric(np.array(drawn))), label="labels")
    value = getattr(labels, "value", labels)
    right = not X.bad and shape == (count, n) and np.isfinite(X.array).all()
    plain_ = getattr(labels, "array", None)
    right = right and plain_ is not None and plain_.shape == (count,)
    return X, value, plain_, right and set(plain_.tolist()) in ({0}, {1}, {0, 1}, {-1}, {-1, 1})


def few(options):
    """Whether a training with them ends soon."""
    return all(not is_whole(options.get(name, 1), 9, np.inf) for name in ("epochs", "units", "at_once"))


def learning(trial):
    """perceptron, adaline, lms and madaline with options that may mean nothing."""
    name = trial.draw(st.sampled_from(sorted(RULES)))
    X, labels, plain_, right = cases(trial)
    target = labels
    if name == "lms":
        target = trial.draw(
            numeric(trial.draw(numbers((max(len(np.atleast_1d(X.array)), 1) if right else 2, 2), wild=False)))
        ).value
    options = some_of(trial, **{key: mostly(each) for key, each in (SHARED | RULES[name]).items()})
    options.setdefault("epochs", 4)
    if not few(options):
        return
    learned = trial.call(
        getattr(classic, name), X.value, target, **options, refused=None if right or name == "lms" else True
    )
    if learned is REFUSED:
        return
    trial.call(repr, learned, refused=False)
    assert learned.epochs <= int(options["epochs"])
    assert np.isfinite(learned.network.vector).all()
    net = learned.classifier if name == "adaline" else learned.network
    out = trial.call(net, X.array, refused=False)
    if name != "lms":
        assert set(out.ravel().tolist()) <= {-1.0, 0.0, 1.0}
    if name in ("perceptron", "madaline") and learned.converged and np.abs(X.array).max() < 1e3:
        assert np.array_equal(out.ravel(), plain_), "converged, and does not answer with the labels"


def separating(trial):
    """separable: a hyperplane that separates in exact arithmetic, or a point that both hulls hold."""
    X, labels, plain_, right = cases(trial)
    spread = right and (np.abs(X.array).max() > 100 or np.abs(X.array[X.array != 0]).min(initial=1) < 1e-3)
    found = trial.call(classic.separable, X.value, labels, refused=None if spread else not right)
    if found is REFUSED:
        return
    x, upper = X.array.astype(float), plain_ > 0
    if found:
        w, b = [Fraction(v) for v in found.weights.tolist()], Fraction(found.bias)
        sides = [sum((a * Fraction(c) for a, c in zip(w, row, strict=True)), b) for row in x.tolist()]
        assert all((side > 0) == bool(up) and side != 0 for side, up in zip(sides, upper, strict=True))
        return
    assert upper.any()
    assert not upper.all()
    shares = found.multipliers
    assert (shares >= 0).all()
    with np.errstate(all="ignore"):
        centred = x - x.mean(axis=0)
        extent = np.abs(centred).max()
    if extent < 1e100:
        apart = shares[upper] @ centred[upper] - shares[~upper] @ centred[~upper]
        assert np.abs(apart).max() <= 1e-5 * extent
    assert np.isclose(shares[upper].sum(), 1)
    assert np.isclose(shares[~upper].sum(), 1)


def rules(trial):
    """LearningRule.update and .chain of one layer, against the formula written out."""
    rule = getattr(
        classic, trial.draw(st.sampled_from(["HEBB", "PERCEPTRON", "WIDROW_HOFF", "GENERALISED_DELTA"]))
    )
    n, m, name = (
        trial.draw(sizes),
        trial.draw(sizes),
        trial.draw(st.sampled_from(["identity", "tanh", "step"])),
    )
    W, b = (trial.draw(numbers(shape, wild=False)) for shape in ((n, m), (m,)))
    net = jp.Network([jp.Dense.from_arrays(W, b, name)])
    shapes = [((n,), (m,))] * 3 + [((3, n), (3, m))] * 3 + [((n + 1,), (m,)), ((3, n), (m,))]
    first, second = trial.draw(st.sampled_from(shapes))
    X, D = (
        trial.draw(numeric(trial.draw(numbers(shape, wild=trial.draw(st.booleans())))))
        for shape in (first, second)
    )
    layer = trial.draw(mostly(st.sampled_from([None, 1])))
    rate = trial.draw(mostly(RATE), label="rate")
    right = is_number(rate) and float(rate) > 0 and (layer is None or (is_whole(layer) and layer == 1))
    right = right and first[-1] == n and (rule is classic.HEBB or len(first) == len(second))
    given = (X.value,) if rule is classic.HEBB else (X.value, D.value)
    bad = X.bad or (rule is not classic.HEBB and D.bad)
    symbols = "expressions" in (X.how, D.how)
    chain = trial.call(rule.chain, net, *given, layer=layer)
    if chain is not REFUSED:
        trial.call(str, chain, refused=False)
    moved = trial.call(
        rule.update,
        net,
        *given,
        learning_rate=rate,
        layer=layer,
        refused=None if symbols or not bad else True,
    )
    if moved is REFUSED or symbols:
        return
    assert right or is_whole(layer, -5, 5), "what does not fit was taken"
    x, d = np.atleast_2d(X.array.astype(float)), np.atleast_2d(D.array.astype(float)) if not D.bad else 0
    if np.abs(x).max() > 10 or np.abs(d).max() > 10 or float(rate) > 1:
        return
    f = jp.activations.get(name)
    z = x @ W + b
    y = f.value(z)
    e = -y if rule is classic.HEBB else y - d
    e = e * f.derivative(z) if rule is classic.GENERALISED_DELTA else e
    if name != "step" or (np.abs(z) > 1e-3).all():
        close = 1e-2 if np.float16 in (X.array.dtype, getattr(D.array, "dtype", None)) else 1e-4
        assert np.allclose(moved.parameters["W1"], W - float(rate) * x.T @ e, rtol=close, atol=close)
        assert np.allclose(moved.parameters["b1"], b - float(rate) * e.sum(axis=0), rtol=close, atol=close)


def hyperplanes(trial):
    """homogeneous, soft_perceptron and monotone, and rules of what is no network."""
    shape = trial.draw(st.sampled_from([(2,), (3, 2), (1, 1), (0, 2), (), (0,), (1, 2, 2)]))
    X = trial.draw(numeric(trial.draw(numbers(shape))), label="X")
    good = not X.bad and X.array.shape in ((2,), (3, 2), (1, 1), (0,))
    found = trial.call(
        classic.homogeneous, X.value, refused=None if X.how == "expressions" or 0 in shape else not good
    )
    if found is not REFUSED and not X.bad:
        assert np.array_equal(found[..., :-1], X.array, equal_nan=True)
        assert (found[..., -1] == 1).all()
    T = trial.draw(mostly(st.sampled_from([0.5, -1, np.float32(2), np.int8(3), 1e300])), label="T")
    name = trial.draw(mostly(st.sampled_from(["sigmoid", "tanh", "step"])))
    unit = trial.call(classic.soft_perceptron, X.value, T, name)
    if (
        unit is not REFUSED
        and X.array is not None
        and np.abs(X.array).max() < 10
        and abs(T) < 10
        and unit.dtype == np.float64
    ):
        expected = jp.activations.get(name).value(
            X.array.astype(float) @ np.full(X.array.shape, 0.5) - float(T)
        )
        assert np.allclose(unit(np.full(X.array.shape, 0.5)), expected, rtol=1e-2, atol=1e-2)
    value = trial.draw(junk)
    trial.call(classic.monotone, value, refused=None if isinstance(value, str) else True)
    for rule in (classic.HEBB, classic.GENERALISED_DELTA):
        trial.call(rule.update, value, [1.0], learning_rate=0.1, refused=True)
        trial.call(rule.chain, value, [1.0], value, refused=True)


def neurons(trial):
    """MPNeuron and McCullochPitts: the course of a net against a simulation written out."""
    names = ["a", "b", "c"]
    several = st.lists(st.sampled_from(names), max_size=3)
    bits = st.lists(st.sampled_from([0, 1]), min_size=3, max_size=3)
    net = {}
    for name in trial.draw(st.lists(st.sampled_from(["c", "d"]), min_size=1, max_size=2, unique=True)):
        options = some_of(
            trial,
            excitatory=mostly(several),
            inhibitory=mostly(several),
            threshold=mostly(st.sampled_from([1, 2, 0, -1.5, np.float32(0.5), 1e308, np.int8(1)])),
        )
        if trial.draw(st.integers(0, 3)) == 0:
            few_ = st.lists(st.sampled_from([1, 0.5, np.float16(2), 1e308]), max_size=3)
            options["weights"] = trial.draw(mostly(few_), label="weights")
        neuron = trial.call(classic.MPNeuron, **options)
        if neuron is REFUSED:
            return
        net[name] = neuron
        trial.call(neuron.fires, trial.draw(st.one_of(junk, st.just({"a": 1, "b": 0, "c": 1}))))
    net |= {"x": trial.draw(junk)} if trial.draw(st.integers(0, 7)) == 0 else {}
    found = trial.call(classic.McCullochPitts, trial.draw(mostly(st.just(net))))
    if found is REFUSED:
        return
    trial.call(repr, found, refused=False)
    trial.call(found.fit, trial.draw(junk), refused=True)
    series = {name: trial.draw(numeric(np.array(trial.draw(bits)))) for name in found.inputs}
    given = {name: each.value for name, each in series.items()}
    given = trial.draw(mostly(st.just(given)))
    steps = trial.draw(
        mostly(st.sampled_from([None, 3])).filter(lambda s: not is_whole(s, 50, np.inf)), label="steps"
    )
    start = trial.draw(mostly(st.sampled_from([(), ["c"], ["d"], {"c"}])), label="start")
    course = trial.call(found.run, given, steps=steps, start=start)
    if course is REFUSED:
        return
    length = len(next(iter(course.values()))) - 1
    on = [{name: int(name in list(start)) for name in net}]
    for t in range(length):
        now = on[-1] | {name: series[name].array[t] for name in found.inputs}
        on.append({name: int(_fires(neuron, now)) for name, neuron in net.items()})
    for name, values in course.items():
        assert values.tolist() == [state[name] for state in on]


def _fires(neuron, on):
    """Exactly."""
    total = sum(Fraction(w) for s, w in zip(neuron.excitatory, neuron.weights, strict=True) if on[s])
    return not any(on[s] for s in neuron.inhibitory) and total >= Fraction(float(neuron.threshold))


DOORS = {
    "learning rules": np.errstate(all="ignore")(learning),
    "separable": separating,
    "LearningRule": np.errstate(all="ignore")(rules),
    "hyperplanes": np.errstate(all="ignore")(hyperplanes),
    "McCulloch and Pitts": neurons,
}
