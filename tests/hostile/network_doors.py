"""Networks from their construction to their gradients, against passes in long doubles."""

import itertools
import pickle

import numpy as np
import pytest
from hypothesis import strategies as st

import jacobprop as jp
from jacobprop.formulations import FORMULATIONS

from .forward_reference import FUNCTIONS, LONG, Reference
from .material import FLOATS, contained, eps, junk, near, numbers, plain, sizes, tame
from .trying import REFUSED

LOSSES = ("SquaredError", "MeanSquaredError", "BinaryCrossEntropy", "CrossEntropy", "NegativeLogLikelihood")
TOPS = {"CrossEntropy": (jp.Softmax, "softmax"), "NegativeLogLikelihood": (jp.LogSoftmax, "log_softmax")}
"""The losses with labels, and the layer that each of them needs."""


class Built:
    """A network, and what its reference is made of."""

    def __init__(self, net, layers, loss, widths):
        self.net, self.layers, self.loss, self.widths = net, layers, loss, widths

    @property
    def fused(self):
        return self.loss == "BinaryCrossEntropy" or self.loss in TOPS


def built(trial, dtype=None):
    """A network of one to three Dense layers with plain weights, and Softmax where the loss asks for it."""
    loss = trial.draw(st.sampled_from(LOSSES), label="loss")
    dtype = trial.draw(st.sampled_from(FLOATS[1:] * 2 + FLOATS)) if dtype is None else dtype
    widths = [trial.draw(sizes), *trial.draw(st.lists(sizes, min_size=1, max_size=3))]
    widths[-1] = max(2, widths[-1]) if loss in TOPS else widths[-1]
    layers, made = [], []
    for number, (n, m) in enumerate(itertools.pairwise(widths), 1):
        last = number == len(widths) - 1
        activation = trial.draw(st.sampled_from(sorted(FUNCTIONS)))
        activation = "sigmoid" if last and loss == "BinaryCrossEntropy" else activation
        W, b = (trial.draw(numbers(shape, wild=False)) for shape in ((n, m), (m,)))
        layers.append((W.astype(LONG), b.astype(LONG), activation))
        made.append(jp.Dense.from_arrays(W, b, activation))
    if loss in TOPS:
        top, name = TOPS[loss]
        layers.append(name)
        made.append(top())
    reduction = trial.draw(st.sampled_from(["mean", "sum"]))
    net = trial.call(jp.Network, made, getattr(jp, loss)(reduction=reduction), dtype=dtype, refused=False)
    return Built(net, layers, loss, widths)


def inputs(trial, built, wild=None, fits=None):
    """X of the right width, or nearly; with how many cases, None for one."""
    cases = trial.draw(st.sampled_from([None, 1, 2, 3]))
    n = built.widths[0]
    shape = (n,) if cases is None else (cases, n)
    fits = trial.draw(st.integers(0, 5)) > 0 if fits is None else fits
    if not fits:
        shape = trial.draw(st.lists(st.integers(0, 4), max_size=3).map(tuple))
    X = trial.draw(contained(trial.draw(numbers(shape, wild))), label="X")
    if X.bad:
        return X, False, cases
    got = X.array.shape
    right = got == (n,) or (len(got) == 2 and got[0] > 0 and got[1] == n)
    return X, right, (got[0] if len(got) == 2 else None) if right else None


def targets(trial, built, cases, wild=False):
    """T shaped like the output, or labels, or nearly; and as the rows that it stands for."""
    m = built.widths[-1]
    shape = (m,) if cases is None else (cases, m)
    way = trial.draw(st.sampled_from(["fits", "fits", "fits", "labels", "nearly", "junk"]))
    if way == "junk":
        return trial.draw(junk), None, None
    if way == "labels":
        lead = () if cases is None else (cases,)
        labels = np.array(trial.draw(st.lists(st.integers(-1, m), min_size=cases or 1, max_size=cases or 1)))
        labels = labels.reshape(lead)
        right = built.loss in TOPS and labels.min() >= 0 and labels.max() < m
        return labels, np.eye(m)[labels] if right else None, right
    if way == "nearly":
        shape = trial.draw(st.lists(st.integers(0, 3), max_size=3).map(tuple))
        T = trial.draw(contained(trial.draw(numbers(shape, wild)), bad=False), label="T")
        return T.value, None, None
    T = trial.draw(contained(np.abs(trial.draw(numbers(shape, wild)))), label="T")
    return T.value, T.array, not T.bad


def compared(found, expected, bound, dtype, spread):
    """Within rounding of the reference; of inputs that leave the range, nan stays nan."""
    if spread:
        found = np.asarray(found)
        assert found.dtype == dtype
        assert found.shape == expected.shape
        assert not np.isfinite(found[np.isnan(expected)]).any(), "a nan has become finite"
        return
    near(found, expected, bound, dtype, times=256.0)


def is_spread(*arrays):
    with np.errstate(all="ignore"):
        return any(
            np.abs(np.nan_to_num(a, posinf=0, neginf=0).astype(float)).max(initial=0) > 100 for a in arrays
        )


def forward(trial):
    """net(X) and net.forward(X): values, dtype, no view of X, every activation and sum."""
    b = built(trial)
    X, right, _ = inputs(trial, b)
    out = trial.call(b.net, X.value, refused=not right)
    record = trial.call(b.net.forward, X.value, refused=not right)
    if out is REFUSED:
        return
    whole = np.asarray(X.value).dtype.kind in "iu" if "whole" in X.how else False
    dtype = b.net.dtype if whole or _was_whole(X) else np.result_type(X.array, b.net.dtype)
    r = Reference(b.layers, X.array)
    spread = is_spread(X.array) or (dtype == np.float16 and float(r.bounds[-1].max()) > 100)
    infinite = np.isinf(X.array).any()  # where the limits of softmax and of sums are conventions
    if not infinite:
        compared(out, r.output, r.bounds[-1], dtype, spread)
    for number, (values, sums) in enumerate(zip(r.activations[1:], r.sums, strict=True), 1):
        a, z = (
            trial.call(record.activation, number, refused=False),
            trial.call(record.sum, number, refused=False),
        )
        assert not a.flags.writeable
        assert not z.flags.writeable
        if not infinite:
            compared(a, values, r.bounds[number - 1], dtype, spread)
            compared(z, sums, r.bounds[number - 1], dtype, spread)
    assert np.array_equal(record.output, out, equal_nan=True)
    assert len(repr(record)) < 500


def _was_whole(X):
    return X.how.rpartition(" ")[2].startswith(("int", "uint"))


def gradients(trial):
    """record.gradients, jp.gradients in each formulation, and DeltaRule, of one X and T."""
    b = built(trial)
    X, right, cases = inputs(trial, b)
    T, rows, fits = targets(trial, b, cases, wild=trial.draw(st.integers(0, 3)) == 0)
    refused = True if not right or T is None else None if fits is None else not fits
    record = trial.call(b.net.forward, X.value, T, refused=True if refused and T is not None else None)
    way = trial.draw(st.one_of(st.sampled_from(sorted(FORMULATIONS)), st.just("rule"), st.just("record")))
    if way == "rule":
        found = trial.call(jp.DeltaRule(b.net).gradients, X.value, T, refused=refused)
        loss, found = found if found is not REFUSED else (None, REFUSED)
    elif way == "record":
        found = REFUSED if record is REFUSED else trial.call(record.gradients, refused=T is None)
        loss = record.loss if found is not REFUSED else None
    else:
        literal = way not in ("structured", "delta")
        found = trial.call(
            jp.gradients, b.net, X.value, T, way, refused=None if literal and not refused else refused
        )
        loss = None
    if found is REFUSED or rows is None or refused:
        return
    check_gradients(b, X, rows, found, loss, way)


@np.errstate(all="ignore")
def check_gradients(b, X, rows, found, loss, way):
    dtype = b.net.dtype if _was_whole(X) else np.result_type(X.array, b.net.dtype)
    r = Reference(b.layers, X.array.astype(dtype))
    T = np.asarray(rows).astype(dtype)
    values, row = r.loss(b.loss, T)
    expected = r.gradients(row, b.fused)
    count = 1 if X.array.ndim == 1 or b.net.loss.reduction == "sum" else len(X.array)
    assert set(found) == set(expected)
    for name, array in found.items():
        assert array.shape == expected[name].shape
        assert array.dtype == dtype, (array.dtype, dtype)
    if is_spread(X.array, rows) or not (np.isfinite(X.array).all() and np.isfinite(rows).all()):
        if loss is not None and np.isnan(X.array).any():
            assert not np.isfinite(loss)
        return
    size = float(np.max(r.bounds[-1])) ** 2 * (1 + float(np.abs(rows).max(initial=0))) + float(
        np.abs(values).max()
    )
    for _ in b.layers:
        size *= 2 + max(float(np.abs(layer[0]).sum()) for layer in b.layers if not isinstance(layer, str))
    if way == "finite_difference":
        if (
            any(not isinstance(layer, str) and layer[2] == "relu" for layer in b.layers)
            or dtype != np.float64
        ):
            return
        bound = 1e-7 * size
    elif dtype == np.float16:
        return
    else:
        bound = 16 * eps(dtype) * size
    for name, array in found.items():
        error = np.abs(array * count - expected[name])
        assert (error <= bound * count).all(), (way, name, array * count, expected[name], bound)
    if loss is not None:
        assert abs(loss * count - values.sum()) <= 64 * eps(dtype) * size, (loss, values)


def construction(trial):
    """Dense, Dense.from_arrays, losses and Network with arguments that may be anything."""
    some = st.one_of(junk, st.integers(1, 4))
    which = trial.draw(st.sampled_from(["Dense", "arrays", "Network", "loss", "attribute"]))
    if which == "Dense":
        names = ("activation", "bias", "init", "name")
        options = {name: trial.draw(tame, label=name) for name in names if trial.draw(st.integers(0, 3)) == 0}
        layer = trial.call(jp.Dense, trial.draw(some), trial.draw(some), **options)
        if layer is not REFUSED:
            assert len(repr(layer)) < 500
            net = trial.call(jp.Network, [layer])
            assert net is REFUSED or net.parameters["W1"].shape == (layer.n_in, layer.n_out)
    elif which == "arrays":
        n, m = trial.draw(sizes), trial.draw(sizes)
        W = trial.draw(contained(trial.draw(numbers((n, m)))), label="W")
        b = trial.draw(contained(trial.draw(numbers((m,)))), label="b")
        if b.value is None:
            return  # no bias
        finite = not W.bad and not b.bad and np.isfinite(W.array).all() and np.isfinite(b.array).all()
        layer = trial.call(jp.Dense.from_arrays, W.value, b.value, refused=not finite)
        if layer is not REFUSED:
            net = trial.call(jp.Network, [layer], refused=False)
            for name, given in (("W1", W), ("b1", b)):
                assert np.array_equal(net.parameters[name], given.array.astype(net.dtype))
                assert not np.shares_memory(net.parameters[name], np.asarray(given.value))
    elif which == "Network":
        layers = st.one_of(junk, st.lists(st.one_of(junk, st.builds(lambda: jp.Dense(2, 2))), max_size=3))
        names = ("loss", "seed", "names", "weights", "dtype")
        good = st.sampled_from(["float32", "x y", "V", 3, "f8", ">f8", np.float16, int, "a", "half"])
        options = {
            name: trial.draw(st.one_of(junk, good), label=name) for name in names if trial.draw(st.booleans())
        }
        net = trial.call(jp.Network, trial.draw(layers), **options)
        assert net is REFUSED or len(repr(net)) < 1000
    elif which == "loss":
        kind = getattr(jp, trial.draw(st.sampled_from(LOSSES)))
        reduction = trial.draw(st.one_of(tame, st.sampled_from(["mean", "sum"])))
        if isinstance(reduction, np.ndarray):
            return
        trial.call(
            kind,
            reduction=reduction,
            refused=not (isinstance(reduction, str) and reduction in ("mean", "sum")),
        )
    else:
        layer = jp.Dense(2, 3)
        jp.Network([layer])
        name = trial.draw(st.sampled_from(["n_in", "n_out", "activation", "bias", "gate", "inputs", "dtype"]))
        with pytest.raises(AttributeError, match="does not change"):
            setattr(layer, name, trial.draw(junk))


def parameters(trial):
    """with_parameters, with_vector, astype, in_dialect, vector and pickles."""
    b = built(trial)
    net, which = b.net, trial.draw(st.sampled_from(["some", "vector", "astype", "dialect", "junk", "pickle"]))
    if which == "some":
        name = trial.draw(st.sampled_from(sorted(net.parameters)))
        shape = net.parameters[name].shape
        shape = trial.draw(st.one_of(st.just(shape), st.just(shape[::-1]), st.just((1, *shape))))
        given = trial.draw(contained(trial.draw(numbers(shape))), label=name)
        right = not given.bad and given.array.shape == net.parameters[name].shape
        right = right and bool(np.isfinite(_cast(given.array, net.dtype)).all())
        other = trial.call(net.with_parameters, {name: given.value}, refused=not right)
        if other is not REFUSED:
            assert np.array_equal(other.parameters[name], _cast(given.array, net.dtype))
            assert all(other.parameters[n] is net.parameters[n] for n in net.parameters if n != name)
            trial.call(
                jp.DeltaRule(net).gradients,
                np.ones(b.widths[0]),
                net(np.ones(b.widths[0])),
                {name: given.value},
            )
    elif which == "vector":
        extra = trial.draw(st.sampled_from([0, 0, 0, 1, -1]))
        given = trial.draw(contained(trial.draw(numbers((max(0, net.size + extra),)))), label="vector")
        right = not given.bad and extra == 0 and bool(np.isfinite(_cast(given.array, net.dtype)).all())
        other = trial.call(net.with_vector, given.value, refused=not right)
        if other is not REFUSED:
            assert np.array_equal(other.vector, _cast(given.array, net.dtype))
    elif which == "astype":
        dtype = trial.draw(
            st.one_of(junk, st.sampled_from([*FLOATS, float, np.float32, ">f8", "a8", "(", "f16", "O"]))
        )
        other = trial.call(net.astype, dtype)
        assert other is REFUSED or other.dtype in map(np.dtype, FLOATS)
    elif which == "dialect":
        name = trial.draw(st.one_of(junk, st.sampled_from(jp.dialects.NAMES)))
        spoken = trial.call(net.in_dialect, name)
        if spoken is not REFUSED:
            back = trial.call(
                jp.dialects.convert, spoken.parameters, spoken.dialect, "jacobprop", refused=False
            )
            assert all(np.array_equal(back[key], array) for key, array in net.parameters.items())
            X, right, cases = inputs(trial, b)
            T, _, _ = targets(trial, b, cases)
            trial.call(spoken.gradients, X.value, T, refused=True if not right else None)
            trial.call(spoken.deltas, X.value, T, refused=True if not right else None)
    elif which == "junk":
        value = trial.draw(junk)
        for method in (net.with_parameters, net.with_vector, net.in_dialect):
            trial.call(method, value)
        for key in (value, "a1", "W1"):
            if getattr(key, "__hash__", None):
                trial.call(net.with_parameters, {key: value})
    else:
        other = pickle.loads(pickle.dumps(net))  # noqa: S301  (our own bytes)
        assert np.array_equal(other.vector, net.vector)


@np.errstate(all="ignore")
def _cast(array, dtype):
    return array.astype(dtype)


def records(trial):
    """What a record is asked for: names, numbers and blocks that may be anything."""
    b = built(trial)
    X, right, cases = inputs(trial, b, fits=True)
    if not right:
        return
    m, T = b.widths[-1], None
    if trial.draw(st.booleans()):
        T = np.abs(trial.draw(numbers((m,) if cases is None else (cases, m), wild=False)))
    record = trial.call(b.net.forward, X.value, T, refused=False)
    known = sorted(b.net.architecture.nodes)
    name = st.one_of(junk, *[st.sampled_from(known)] * 4)
    number = st.one_of(junk, st.integers(0, len(b.layers)))
    of, wrt, layer = (
        trial.draw(name, label="of"),
        trial.draw(name, label="wrt"),
        trial.draw(number, label="layer"),
    )
    block = trial.draw(
        contained(trial.draw(numbers(trial.draw(st.lists(sizes, max_size=2).map(tuple))))), label="block"
    )
    calls = {
        "activation": lambda: record.activation(layer),
        "sum": lambda: record.sum(layer),
        "layer": lambda: [getattr(record.layer(layer), n) for n in ("J_Y", "J_Sum")],
        "weights": lambda: [getattr(record.layer(layer), n) for n in ("J_W", "J_b", "J_W_hat")],
        "soft": lambda: record.layer(layer).J_soft,
        "operand": lambda: record.layer(1)[layer],
        "jacobian": lambda: record.jacobian(of, wrt),
        "jacobians": lambda: record.jacobians(of),
        "chain": lambda: record.chain(of, wrt).multiply(),
        "plan": lambda: str(record.chain(of, wrt).plan()),
        "pull": lambda: record.pull(of, block.value),
        "push": lambda: record.push(of, {wrt: block.value} if getattr(wrt, "__hash__", None) else wrt),
        "losses": lambda: (record.losses, record.loss, record.J_N),
        "repr": lambda: (repr(record), repr(record.layer(layer))),
    }
    which = trial.draw(st.sampled_from(sorted(calls)))
    found = trial.call(calls[which], refused=True if which in ("pull", "push") and block.bad else None)
    if found is REFUSED or T is None or not np.isfinite(X.array).all() or is_spread(X.array):
        return
    if which == "jacobian" and of != "L":
        stepped = trial.call(record.chain, of, wrt)
        if stepped is not REFUSED:
            expected = stepped.multiply("forward").matrix().astype(float)
            bound = 1 + np.abs(expected).max() * 100
            assert np.abs(found.matrix() - expected).max() <= 1e3 * eps(record.dtype) * bound


def fitting(trial):
    """jp.fit with options that may mean nothing."""
    b = built(trial)
    X, right, cases = inputs(trial, b)
    T, rows, fits = targets(trial, b, cases)
    names = ("learning_rate", "batch_size", "shuffle", "seed", "held_out", "progress")
    options = {n: trial.draw(junk, label=n) for n in names if trial.draw(st.integers(0, 3)) == 0}
    for name in ("progress", "learning_rate"):
        if callable(options.get(name)):
            del options[name]
    epochs = trial.draw(
        st.one_of(st.integers(0, 3), junk.filter(lambda e: not isinstance(e, int) or abs(e) < 4))
    )
    wrong = not right or cases is None or fits is False
    net = trial.draw(st.sampled_from([b.net, b.net, b.net, 5, None]), label="net")
    before = b.net.vector
    fit = trial.call(
        jp.fit, net, X.value, T, epochs=epochs, **options, refused=True if wrong or net is not b.net else None
    )
    assert np.array_equal(b.net.vector, before)
    if fit is REFUSED:
        return
    assert len(fit.history.train) == epochs + 1
    assert np.isfinite(fit.network.vector).all()
    if (
        epochs == 1
        and not options
        and not is_spread(X.array)
        and rows is not None
        and b.net.dtype == np.float64
    ):
        step = trial.call(jp.gradients, b.net, X.value, T, "structured", refused=False)
        for name, array in fit.network.parameters.items():
            assert np.allclose(array, b.net.parameters[name] - 0.1 * step[name].astype(float), 1e-3, 1e-3)


def junk_nets(trial):
    """DeltaRule, gradients, fit and derive of what is no network; formulations that are none."""
    value, other = trial.draw(junk), trial.draw(junk)
    trial.call(jp.DeltaRule, value, refused=True)
    trial.call(jp.gradients, value, other, other, refused=True)
    trial.call(jp.fit, value, other, other, refused=True)
    trial.call(jp.derive, value, refused=True)
    known = isinstance(value, str) and value in FORMULATIONS
    net = jp.Network([jp.Dense(2, 2)], jp.SquaredError())
    trial.call(jp.gradients, net, [1, 2], [1, 2], value, refused=not known)
    trial.call(jp.derive, jp.Dense(2, 1), n_in=value)


class Own(jp.Layer):
    """A layer whose methods return what they were given, or what is right."""

    def __init__(self, given):
        self.given = given
        if "inputs" in given:
            self.inputs = given["inputs"]
        if "n_in" in given:
            self.n_in = given["n_in"]

    def init(self, rng, dtype):
        return self.given.get("init", {"C": np.ones(2, dtype)})

    def width(self, n_in):
        return self.given.get("width", n_in)

    def forward(self, params, inputs):
        self.cases = len(inputs[0]) if inputs[0].ndim == 2 else None
        return self.given.get("forward", (inputs[0] * 2.0, None))

    def factors(self, params, cache):
        cases = self.cases
        right = {
            -1: jp.DiagonalJacobian(np.full(2, 2.0), cases=cases),
            "C": jp.IdentityJacobian(2, cases=cases),
        }
        return self.given.get("factors", right)


def own_layers(trial):
    """Layers of one's own that return anything: the error names the layer."""
    place = trial.draw(st.sampled_from(["inputs", "n_in", "init", "width", "forward", "factors", "none"]))
    array = trial.draw(contained(trial.draw(numbers((2, 2))))).value
    likely = [(array, None), {"C": array}, {-1: jp.IdentityJacobian(2), "C": 5}, {"C": 5}]
    value = (
        trial.draw(junk, label="value")
        if trial.draw(st.booleans())
        else likely[trial.draw(st.integers(0, 3))]
    )
    layers = [jp.Dense(2, 2, "tanh"), Own({place: value}), jp.Dense(2, 2)]
    net = trial.call(jp.Network, layers, jp.SquaredError(), refused=False if place == "none" else None)
    if net is REFUSED:
        return
    X, T = np.ones((2, 2)), np.zeros((2, 2))
    record = trial.call(net.forward, X, T)
    if record is not REFUSED:
        found = trial.call(record.gradients)
        trial.call(record.jacobian, "a3", "W1")
        trial.call(lambda: record.layer(2).J_Y)
        if found is not REFUSED:
            trial.call(jp.DeltaRule(net).gradients, X, T, refused=False)


def loading(trial):
    """load_wine: the same numbers each time, read-only."""
    wine = trial.call(jp.load_wine, refused=False)
    assert wine.X.shape == (178, 13)
    assert not wine.X.flags.writeable
    assert np.bincount(wine.labels).tolist() == [59, 71, 48]
    trial.draw(plain)


DOORS = {
    "construction": construction,
    "forward": forward,
    "gradients": gradients,
    "parameters": parameters,
    "records": records,
    "fit": fitting,
    "junk for networks": junk_nets,
    "layers of one's own": own_layers,
    "load_wine": loading,
}
