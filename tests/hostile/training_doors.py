"""Training: encodings, scalings, splits, schedules, optimisers, states, and what watches a training."""

import itertools
import math
import tempfile
from fractions import Fraction
from pathlib import Path

import numpy as np
from hypothesis import strategies as st

import jacobprop as jp
from jacobprop import training as tr

from .forward_reference import LONG
from .layer_doors import is_number, is_whole, mixed
from .material import junk, mostly, numbers, numeric, sizes
from .network_doors import built, inputs, is_spread, targets
from .trying import REFUSED

NUMBER = st.sampled_from([0.5, 0, 1, 0.9, 1e-3, 2.0, -0.5, np.float32(0.25), np.float16(0.5), np.uint8(1),
                          np.int8(100), 1e308, -1e308, 5e-324, 10**300])  # fmt: skip
COUNT = st.sampled_from([1, 2, 3, 7, np.int8(2), np.uint8(5), 10**30])


def some_of(trial, **strategies):
    """Some of the options, each right as a rule."""
    return {
        name: trial.draw(each, label=name) for name, each in strategies.items() if trial.draw(st.booleans())
    }


def encodings(trial):
    """one_hot, encode_targets and decode_targets: the definitions, and back to the same labels."""
    k = trial.draw(mostly(st.integers(2, 4)), label="classes")
    if is_whole(k, 10**4, 10**10):
        return  # as large as is asked for
    shape = trial.draw(st.sampled_from([(3,), (3, 2), (1,), (0,), (), (2, 1)]))
    given = trial.draw(numeric(np.abs(trial.draw(numbers(shape))).round()), label="labels")
    if trial.draw(st.booleans()):
        given = trial.draw(numeric(np.array(trial.draw(st.lists(st.integers(0, 3), min_size=3, max_size=3)))))
    good = is_whole(k, 2) and not given.bad and given.array.size > 0
    with np.errstate(all="ignore"):
        good = good and np.isin(given.array, range(min(int(k), 9) if good else 0)).all()
    rows = trial.call(
        tr.one_hot, given.value, k, refused=None if is_whole(k, 9) else not (good and given.array.ndim < 2)
    )
    if rows is not REFUSED:
        labels = np.atleast_1d(given.array).astype(int)
        assert np.array_equal(
            rows,
            [[float(label == j) for j in range(k)] for label in labels][
                slice(None) if given.array.ndim else 0
            ],
        )
    options = some_of(trial, low=mostly(NUMBER), high=mostly(NUMBER))
    ends = options.get("low", 0.1), options.get("high", 0.9)
    ordered = all(map(is_number, ends)) and float(ends[0]) < float(ends[1])
    usable = (
        None if is_whole(k, 9) or (ordered and float(ends[1]) - float(ends[0]) > 1e308) else good and ordered
    )
    found = trial.call(
        tr.encode_targets, given.value, k, **options, refused=None if usable is None else not usable
    )
    if found is REFUSED:
        trial.call(
            tr.decode_targets,
            given.value,
            k,
            **options,
            refused=True if not ordered or not is_whole(k, 2) else None,
        )
        return
    low, high = map(Fraction, map(float, ends))
    exact = [float(low + (high - low) * int(label) / (int(k) - 1)) for label in given.array.ravel()]
    assert found.shape == (given.array.shape if given.array.ndim != 1 else (len(given.array), 1))
    assert np.allclose(found.ravel(), exact, rtol=1e-12, atol=1e-12 * float(max(abs(low), abs(high))))
    back = trial.call(tr.decode_targets, found, k, **options, refused=False)
    if float(high - low) > max(1e-9 * float(max(abs(low), abs(high))), 1e-300):  # with floats in between
        assert np.array_equal(back.ravel(), given.array.ravel())


def scalings(trial):
    """MinMaxScaler and StandardScaler: the ranges of the columns; inverse_transform comes back."""
    standard = trial.draw(st.booleans())
    options = (
        {}
        if standard
        else some_of(trial, feature_range=mostly(st.sampled_from([(0, 1), (-1, 1), [0.25, 3]])))
    )
    scaler = trial.call(tr.StandardScaler if standard else tr.MinMaxScaler, **options)
    if scaler is REFUSED:
        return
    shape = trial.draw(st.sampled_from([(3, 2), (1, 2), (4, 1), (2,), (0, 2), (3, 0), (), (2, 2, 2)]))
    X = trial.draw(numeric(trial.draw(numbers(shape))), label="X")
    finite = not X.bad and np.isfinite(X.array).all()
    wide = finite and X.array.size and (is_spread(X.array) or X.array.dtype == np.float16)
    right = finite and X.array.ndim == 2 and 0 not in X.array.shape
    scaling = trial.call(
        scaler.fit, X.value, refused=None if right and (wide or _thin(X.array)) else not right
    )
    if scaling is REFUSED:
        return
    assert len(repr(scaling)) < 200
    other = trial.draw(numeric(trial.draw(numbers((2, X.array.shape[1])))), label="other")
    moved = trial.call(scaling.transform, other.value, refused=other.bad)
    if moved is not REFUSED:
        assert moved.dtype == other.array.dtype
        assert not np.isfinite(moved[~np.isfinite(other.array)]).any()
    z = trial.call(scaling.transform, X.value, refused=False)
    if wide or _thin(X.array):
        return
    x = np.asarray(X.array, LONG)
    low, high = map(LONG, (0, 1) if standard else map(float, scaler.feature_range))
    spread = x.std(axis=0) if standard else np.ptp(x, axis=0) / (high - low)
    expected = (x - (x.mean(axis=0) if standard else x.min(axis=0))) / np.where(spread == 0, 1, spread) + low
    close = 1e-5 if X.array.dtype == np.float32 else 1e-10
    assert np.abs(z - expected).max() <= close * (1 + np.abs(expected).max())
    back = trial.call(scaling.inverse_transform, z, refused=False)
    assert np.abs(back - x).max() <= 4 * close * (1 + np.abs(x).max())


def _thin(x):
    """Whether a column's width is next to its own rounding."""
    if x.size == 0 or x.ndim != 2:
        return True
    with np.errstate(all="ignore"):
        width = np.ptp(x.astype(float), axis=0)
    return bool(((width > 0) & ~(width > 1e-3 * (1 + np.abs(x).max()))).any())


def splits(trial):
    """split: every case on one side, with its target; of each class its share."""
    cases = trial.draw(st.integers(0, 6))
    shape = trial.draw(st.sampled_from([(cases, 2), (cases,), (cases, 1, 2)]))
    X = trial.draw(numeric(trial.draw(numbers(shape))), label="X")
    other = cases + trial.draw(st.sampled_from([0, 0, 0, 0, 1]))
    T = trial.draw(st.sampled_from([np.arange(other), list(range(other)), np.arange(other)[:, None] * 1.0]))
    share = trial.draw(mostly(st.sampled_from([1, 2, 3, 0.5, 0.2, np.int8(2), np.float16(0.5), 2.0, 1.5])))
    options = some_of(trial, seed=mostly(st.integers(0, 5)))
    labels = np.arange(cases) % 2
    if trial.draw(st.booleans()):
        options["stratify"] = trial.draw(
            mostly(st.sampled_from([labels, labels.tolist(), labels[:, None] * 1e300]))
        )
    wrong = X.bad or other != cases or cases < 2
    found = trial.call(tr.split, X.value, T, held_out=share, **options, refused=True if wrong else None)
    if found is REFUSED:
        return
    assert len(found.held_out.X) == (round(float(share) * cases) if share < 1 else share)
    assert len(found.train.X) + len(found.held_out.X) == cases
    rows = [np.asarray(part.T).ravel().astype(int) for part in found]
    assert sorted(np.concatenate(rows).tolist()) == list(range(cases))
    for part, numbers_ in zip(found, rows, strict=True):
        assert np.array_equal(part.X, X.array[numbers_].astype(part.X.dtype), equal_nan=True)
    if options.get("stratify") is labels:
        held = labels[rows[1]]
        assert all(abs((held == c).sum() - (labels == c).mean() * len(held)) < 1 for c in (0, 1))


def _cosine(k, rate, epochs, final=0.0, warm_up=0):
    if k <= warm_up:
        return rate * k / (warm_up + 1)
    done = min((k - 1 - warm_up) / (epochs - warm_up), 1)
    share = Fraction((1 + math.cos(math.pi * done)) / 2)
    return float(Fraction(final) + (Fraction(rate) - Fraction(final)) * share)


SCHEDULES = {
    "StepDecay": (
        {"rate": NUMBER, "factor": NUMBER, "every": COUNT},
        lambda k, rate, factor=0.5, every=10: rate * factor ** min((k - 1) // every, 10**5),
    ),
    "ExponentialDecay": (
        {"rate": NUMBER, "factor": NUMBER},
        lambda k, rate, factor=0.99: rate * factor ** (k - 1),
    ),
    "InverseTimeDecay": (
        {"rate": NUMBER, "decay": NUMBER},
        lambda k, rate, decay=0.01: rate / (1 + decay * (k - 1)),
    ),
    "CosineDecay": (
        {"rate": NUMBER, "epochs": COUNT, "final": NUMBER, "warm_up": st.sampled_from([0, 1, np.uint8(2)])},
        _cosine,
    ),
}
"""Options, and the rate of an epoch in Python's own arithmetic."""


def schedules(trial):
    """Each schedule against its formula; epochs and options that mean nothing."""
    name = trial.draw(st.sampled_from(sorted(SCHEDULES)))
    strategies, formula = SCHEDULES[name]
    required = {
        key: trial.draw(mostly(strategies[key]), label=key) for key in ("rate", "epochs") if key in strategies
    }
    others = {key: mostly(each) for key, each in strategies.items() if key not in required}
    options = required | some_of(trial, **others)
    found = trial.call(getattr(tr, name), **options)
    if found is REFUSED:
        return
    trial.call(repr, found, refused=False)
    epoch = trial.draw(mostly(st.sampled_from([1, 2, 9, 300, 2**40, np.int8(100)])), label="epoch")
    rate = trial.call(found, epoch, refused=not is_whole(epoch, 1, 2**53))
    if rate is REFUSED:
        return
    assert type(rate) is float
    whole = ("every", "epochs", "warm_up")
    numbers_ = {key: (int if key in whole else float)(value) for key, value in options.items()}
    expected = formula(int(epoch), **numbers_)
    assert math.isclose(rate, expected, rel_tol=1e-9, abs_tol=1e-300) or not abs(expected) < 1e307


RULES = {
    "Momentum": {"beta": NUMBER, "nesterov": st.booleans()},
    "Adam": {"beta1": NUMBER, "beta2": NUMBER, "epsilon": NUMBER},
    "EarlyStopping": {"patience": COUNT, "min_improvement": NUMBER},
}


def _step(kind, options, g, memory, k):
    """d of an optimiser, from its formula."""
    if kind == "Momentum":
        beta = float(options.get("beta", 0.9))
        memory["u"] = beta * memory.get("u", 0) + g
        return g + beta * memory["u"] if options.get("nesterov") else memory["u"]
    if kind == "Adam":
        b1, b2, e = (
            float(options.get(n, d)) for n, d in (("beta1", 0.9), ("beta2", 0.999), ("epsilon", 1e-8))
        )
        memory["m"] = b1 * memory.get("m", 0) + (1 - b1) * g
        memory["v"] = b2 * memory.get("v", 0) + (1 - b2) * g**2
        return memory["m"] / (1 - b1**k) / (np.sqrt(memory["v"] / (1 - b2**k)) + e)
    return g


def optimising(trial):
    """fit with an optimiser, a penalty, a mask and a schedule: each update is that of the formulas."""
    kind = trial.draw(st.sampled_from(["Momentum", "Adam", "EarlyStopping", "plain"]))
    options = some_of(trial, **{key: mostly(each) for key, each in RULES.get(kind, {}).items()})
    rule = None if kind == "plain" else trial.call(getattr(tr, kind), **options)
    if rule is REFUSED:
        return
    b = built(trial, np.float64)
    X, T = np.array([[0.5] * b.widths[0], [-1.0] * b.widths[0]]), np.full((2, b.widths[-1]), 0.25)
    l2 = trial.draw(mostly(st.sampled_from([0.0, 0.5, np.float32(0.25), 1])), label="l2")
    fine = is_number(l2) and l2 >= 0
    mask = np.array(trial.draw(st.lists(st.integers(0, 1), min_size=b.net.size, max_size=b.net.size)))
    given = trial.draw(
        st.sampled_from([None, mask, mask.astype(bool), mask * 2, mask[1:], np.append(mask, 0)])
    )
    given = trial.draw(numeric(mask)).value if trial.draw(st.integers(0, 7)) == 0 else given
    usual = fine and l2 <= 1 and all(1e-6 <= abs(float(x)) <= 1 for x in options.values())
    if kind == "EarlyStopping":
        fit = trial.call(
            tr.fit,
            b.net,
            X,
            T,
            epochs=3,
            early_stopping=rule,
            held_out=(X, T),
            l2=l2,
            refused=None if fine else True,
        )
        if fit is not REFUSED:
            best = min(fit.history.held_out)
            assert math.isclose(fit.network.forward(X, T).loss, best, rel_tol=1e-12)
        return
    if given is not None:
        rule = trial.call(tr.Masked, given, rule)
        if rule is REFUSED:
            return
        mask, fits = rule.mask.astype(float), rule.mask.shape == (b.net.size,)
    else:
        mask, fits = np.ones(b.net.size), True
    fit = trial.call(
        tr.fit, b.net, X, T, epochs=3, optimizer=rule, l2=l2, learning_rate=tr.StepDecay(0.01, 0.5, 1),
        refused=True if not (fine and fits) else False if usual else None,
    )  # fmt: skip
    if fit is REFUSED or not usual:
        return
    net, memory = b.net, {}
    decay = np.concatenate([np.full(a.size, float(l2) * (n[0] == "W")) for n, a in net.parameters.items()])
    for k in (1, 2, 3):
        g = tr.flatten(net, net.forward(X, T).gradients()) + decay * net.vector
        net = net.with_vector(net.vector - 0.01 * 0.5 ** (k - 1) * mask * _step(kind, options, g, memory, k))
    # Adam divides a gradient of nothing but rounding by its own size
    if kind != "Adam" or np.abs(g)[mask != 0].min(initial=1) > 1e-9:
        assert np.allclose(fit.network.vector, net.vector, rtol=1e-7, atol=1e-7), (
            fit.network.vector,
            net.vector,
        )


def fit_options(trial):
    """jp.fit of any layers with options that may mean nothing; the same again from a state in the middle."""
    net, n, m = mixed(trial)
    X, T = trial.draw(numbers((4, n), wild=False)), np.full((4, m), 0.5)
    call = st.sampled_from(
        [0.01, tr.CosineDecay(0.01, 5), lambda epoch: 0.1 / epoch, lambda epoch: "fast", lambda epoch: np.nan]
    )
    options = some_of(
        trial,
        learning_rate=mostly(call).filter(lambda value: value is not len),
        batch_size=mostly(st.sampled_from([None, 2, np.int8(4)])),
        optimizer=mostly(st.sampled_from([None, tr.Momentum(), tr.Adam(), tr.Momentum(0.5, nesterov=True)])),
        l2=mostly(st.sampled_from([0.0, 0.01])),
        held_out=mostly(st.sampled_from([None, (X, T)])),
        early_stopping=mostly(st.sampled_from([None, tr.EarlyStopping(patience=100)])),
        min_gradient=mostly(st.sampled_from([None, 0, 1e-300])),
        min_change=mostly(st.sampled_from([None, 1e-300])),
        seed=mostly(st.integers(0, 3)),
        callbacks=mostly(st.sampled_from([(), [tr.Monitor(X, T)], (print_nothing,)])),
        state=st.one_of(st.none(), st.none(), junk),
    )  # fmt: skip
    whole = trial.call(tr.fit, net, X, T, epochs=3, **options)
    options = {key: value for key, value in options.items() if key not in ("state", "callbacks")}
    if whole is REFUSED:
        return
    assert len(whole.history.train) == len(whole.history.train) <= 4
    part = trial.call(tr.fit, net, X, T, epochs=1, **options, refused=False)
    if not _same_rules(options):
        return
    with tempfile.TemporaryDirectory() as folder:
        path = trial.call(part.state.save, Path(folder, "s.npz"), refused=False)
        state = trial.call(tr.TrainingState.load, path, refused=False)
        assert repr(state) == repr(part.state)
        later = trial.call(tr.fit, net, X, T, epochs=2, **options, state=state, refused=False)
        assert np.array_equal(later.network.vector, whole.network.vector), "not what an unbroken run gives"
        assert later.history == whole.history
        damaged = bytearray(path.read_bytes())
        for _ in range(trial.draw(st.integers(1, 3))):
            damaged[trial.draw(st.integers(0, len(damaged) - 1))] ^= trial.draw(st.integers(1, 255))
        path.write_bytes(damaged[: trial.draw(st.sampled_from([None, 100, -20, -1]))])
        broken = trial.call(tr.TrainingState.load, path)
        if broken is not REFUSED:
            trial.call(tr.fit, net, X, T, epochs=1, **options, state=broken)
        limit = trial.draw(junk)
        trial.call(tr.TrainingState.load, path, max_bytes=limit)
    value = trial.draw(junk.filter(lambda value: not isinstance(value, str)))
    trial.call(part.state.save, value, refused=True)
    trial.call(tr.TrainingState.load, value, refused=True)


def _same_rules(options):
    """Whether neither part of the training ended for a rule of its own."""
    return options.get("min_gradient") is None and options.get("min_change") is None


def print_nothing(network, epoch):
    """A callback."""


def watching(trial):
    """saturation_report, jacobian_norms, Monitor and validate of X and T that may be anything."""
    b = built(trial)
    X, right, cases = inputs(trial, b)
    T, rows, fits = targets(trial, b, cases, wild=trial.draw(st.booleans()))
    eps = trial.draw(mostly(st.sampled_from([0.19, 0, 1, np.float32(0.5)])), label="eps")
    share = is_number(eps) and 0 <= eps <= 1
    report = trial.call(tr.saturation_report, b.net, X.value, eps=eps, refused=not (right and share))
    if report is not REFUSED:
        trial.call(str, report, refused=False)
        assert all(0 <= line.dead <= line.saturated <= 1 for line in report)
    target = None if T is None or trial.draw(st.booleans()) else T
    refused = True if not right else False if target is None else None if fits is None else not fits
    norms = trial.call(tr.jacobian_norms, b.net, X.value, target, refused=refused)
    if norms is not REFUSED:
        trial.call(str, norms, refused=False)
        _compare_norms(b, X, norms)
    monitor = trial.call(tr.Monitor, X.value, target, eps=eps, refused=not share)
    if monitor is not REFUSED:
        trial.call(monitor, b.net, trial.draw(mostly(st.integers(0, 3))), refused=refused or None)
        trial.call(str, monitor, refused=False)
    wrong = True if not right else None if fits is None else not fits
    found = trial.call(
        tr.validate, b.net, X.value, T, learning_rate=trial.draw(junk), refused=None if T is None else wrong
    )
    if found is not REFUSED:
        assert all(len(str(finding)) > 20 for finding in found)
        unknown = any(finding.kind == "not_finite" for finding in found)
        if rows is not None and fits and not is_spread(X.array, np.asarray(rows)):
            assert unknown == (not (np.isfinite(X.array).all() and np.isfinite(np.asarray(rows)).all()))
    value = trial.draw(junk)
    for function in (tr.saturation_report, tr.jacobian_norms):
        trial.call(function, value, X.value, refused=True)
    trial.call(tr.validate, value, X.value, T, refused=True)
    trial.call(tr.symmetric_units, value, refused=True)
    trial.call(tr.pad, value, refused=True)
    trial.call(tr.flatten, value, {}, refused=True)
    trial.call(tr.unflatten, value, [1.0], refused=True)


def _compare_norms(b, X, norms):
    """The medians of the norms of the Jacobians themselves."""
    if is_spread(X.array) or not np.isfinite(X.array).all() or b.net.dtype == np.float16:
        return
    record = b.net.astype(np.float64).forward(X.array.astype(float))
    for number, found in enumerate(norms.log2_input, 1):
        J = record.jacobian(f"a{number}", "a0").matrix()
        with np.errstate(all="ignore"):
            sizes_ = np.linalg.norm(J.reshape(-1, *J.shape[-2:]), 2, axis=(-2, -1))
            expected = np.median(np.log2(sizes_))
        if np.isfinite(expected) and expected > -20:
            assert abs(found - expected) < 2e-2 if X.array.dtype == np.float16 else 1e-3, (found, expected)


def pieces(trial):
    """flatten, unflatten, check_gradients, pad, symmetric_units and default_architecture."""
    b = built(trial, np.float64)
    size = b.net.size + trial.draw(st.sampled_from([0, 0, 0, 1]))
    v = trial.draw(numeric(trial.draw(numbers((size,)))), label="v")
    wrong = v.bad and v.how != "expressions"
    parts = trial.call(
        tr.unflatten, b.net, v.value, refused=True if wrong else None if v.bad else size != b.net.size
    )
    if parts is not REFUSED and not v.bad:
        assert np.array_equal(trial.call(tr.flatten, b.net, parts, refused=False), v.array, equal_nan=True)
    arrays = dict(b.net.parameters) | {
        trial.draw(st.sampled_from(["W1", "b1", "W9", "w1"])): trial.draw(junk)
    }
    trial.call(tr.flatten, b.net, trial.draw(st.sampled_from([arrays, {}, {"W1": arrays["W1"]}])))
    trial.call(tr.flatten, b.net, trial.draw(junk), refused=True)
    X, T = np.full((2, b.widths[0]), 0.5), np.full((2, b.widths[-1]), 0.25)
    smooth = not any(not isinstance(layer, str) and layer[2] == "relu" for layer in b.layers)
    given = trial.draw(st.sampled_from([None, None, arrays, b.net.forward(X, T).gradients()]))
    tolerance = trial.draw(mostly(st.sampled_from([1e-5, np.float32(1e-4)])))
    fine = is_number(tolerance) and float(tolerance) > 0
    check = trial.call(
        tr.check_gradients, b.net, X, T, given, tolerance=tolerance, refused=None if fine else True
    )
    if check is not REFUSED:
        trial.call(repr, check, refused=False)
        assert bool(check) or not smooth or given is arrays or float(tolerance) < 1e-6
    width = trial.draw(mostly(st.one_of(st.none(), st.integers(1, 6))), label="width")
    padded = REFUSED if is_whole(width, 100, 10**9) else trial.call(tr.pad, b.net, width)
    if padded is not REFUSED:
        assert np.allclose(padded.network(X), b.net(X), rtol=1e-9, atol=1e-9)
        assert int(padded.mask.sum()) == b.net.size
    _symmetry(trial)
    counts = [trial.draw(mostly(st.integers(1, 5))) for _ in range(2)]
    options = some_of(
        trial, hidden_layers=mostly(st.integers(0, 3)), width=mostly(st.integers(1, 4)), seed=junk
    )
    if any(is_whole(count, 100, 10**9) for count in (*counts, *options.values())):
        return  # as large as is asked for
    net = trial.call(tr.default_architecture, *counts, **options)
    if net is not REFUSED:
        trial.call(net, np.ones((2, counts[0])), refused=False)


def _symmetry(trial):
    """Units are equal exactly where their weights, biases and weights above are."""
    n, m = trial.draw(sizes), trial.draw(st.integers(1, 4))
    few = st.lists(st.sampled_from([-0.25, 0.0, 0.25]), min_size=(n + 2) * m, max_size=(n + 2) * m)
    table = np.array(trial.draw(few)).reshape(n + 2, m)
    net = jp.Network(
        [jp.Dense.from_arrays(table[:n], table[n], "tanh"), jp.Dense.from_arrays(table[n + 1 :].T)]
    )
    found = trial.call(tr.symmetric_units, net, refused=False)
    equal = {(j, k) for units in found.get(1, []) for j, k in itertools.combinations(units, 2)}
    assert equal == {
        (j, k) for j, k in itertools.combinations(range(m), 2) if (table[:, j] == table[:, k]).all()
    }


DOORS = {
    "targets": encodings,
    "scalers": scalings,
    "split": splits,
    "schedules": schedules,
    "optimisers": np.errstate(all="ignore")(optimising),
    "fit's options": fit_options,
    "watching a training": np.errstate(all="ignore")(watching),
    "pieces of a training": np.errstate(all="ignore")(pieces),
}
