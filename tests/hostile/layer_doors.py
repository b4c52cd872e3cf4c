"""The layers beside Dense and softmax: their making, their passes, what differs in training, and files."""

import math
import tempfile
from pathlib import Path

import numpy as np
from hypothesis import strategies as st

import jacobprop as jp
from jacobprop.differences import central_differences

from .forward_reference import LONG
from .material import FLOATS, contained, junk, mostly, near, numbers, numeric, sizes, tame
from .trying import REFUSED

SMOOTH = ("identity", "sigmoid", "tanh", "softplus")
POSITIVE = st.sampled_from([0.5, 1, 2.0, 1e-5, np.float32(0.25), np.int8(3), 1e300, 5e-324])


def is_number(value):
    """A real number of Python or numpy that a float holds."""
    if isinstance(value, int | np.integer):
        return not isinstance(value, bool) and abs(int(value)) < 2**1023
    return isinstance(value, float | np.floating) and math.isfinite(float(value))


def is_whole(value, least=1, most=2**62):
    whole = isinstance(value, int | np.integer | np.ndarray) and not isinstance(value, bool | np.bool)
    whole = whole and (not isinstance(value, np.ndarray) or (value.ndim == 0 and value.dtype.kind in "iu"))
    return whole and least <= value <= most


def making(trial):
    """Their constructors, with arguments that may be anything."""
    few = mostly(st.integers(1, 4))
    name = {"name": trial.draw(st.one_of(st.just("a layer"), tame))} if trial.draw(st.booleans()) else {}
    which = trial.draw(st.sampled_from(["RBF", "BatchNorm", "Dropout", "Residual", "Elementwise"]))
    right = None
    if which == "RBF":
        options = {"centres": mostly(st.sampled_from(["normal", "unit"])), "beta": mostly(POSITIVE)}
        arguments = [trial.draw(few), trial.draw(few)]
        options = {key: trial.draw(each) for key, each in options.items() if trial.draw(st.booleans())}
        beta = options.get("beta", 1.0)
        right = all(map(is_whole, arguments)) and is_number(beta) and beta > 0
        right = right and isinstance(options.get("centres", "unit"), str)
        right = right and options.get("centres", "unit") in ("normal", "unit")
    elif which == "BatchNorm":
        arguments = [trial.draw(few)]
        options = {"epsilon": trial.draw(mostly(POSITIVE))} if trial.draw(st.booleans()) else {}
        epsilon = options.get("epsilon", 1.0)
        right = None if is_whole(arguments[0], 10**6) else is_whole(arguments[0])
        right = right and is_number(epsilon) and float(epsilon) > 0
    elif which == "Dropout":
        arguments = [trial.draw(mostly(st.sampled_from([0, 0.5, 0.999, np.float16(0.25), -0.0, 1.0, 1])))]
        options = {}
        right = is_number(arguments[0]) and 0 <= arguments[0] < 1
    elif which == "Residual":
        arguments, options = [trial.draw(mostly(st.integers(-3, 3)))], {}
    else:
        known = [*jp.activations.NAMES, *jp.activations.THRESHOLDS]
        arguments, options = [trial.draw(st.one_of(tame, st.sampled_from(known)))], {}
        right = isinstance(arguments[0], str) and arguments[0] in known
    fine = name.get("name") is None or isinstance(name["name"], str)
    refused = None if right is None else not right if fine else True
    layer = trial.call(getattr(jp, which), *arguments, **options, **name, refused=refused)
    if layer is REFUSED:
        return
    assert len(repr(layer)) < 500
    dtype = trial.draw(st.sampled_from(FLOATS))
    below = [jp.Dense(2, 3)] if which == "Residual" else []
    net = trial.call(jp.Network, [*below, layer], dtype=dtype)
    if net is not REFUSED:
        trial.call(net, np.ones(layer.n_in if which in ("RBF", "BatchNorm") else 2), refused=None)


def arrays(trial):
    """RBF.from_arrays and BatchNorm.from_statistics, and what they make of X."""
    n, m = trial.draw(sizes), trial.draw(sizes)
    radial = trial.draw(st.booleans(), label="RBF")
    core = ((n, m), trial.draw(st.sampled_from([(m,), (), (n,)]))) if radial else ((n,), (n,))
    if trial.draw(st.integers(0, 7)) == 0:
        core = [trial.draw(st.lists(st.integers(0, 3), max_size=3).map(tuple)) for _ in core]
    first, second = (
        trial.draw(contained(trial.draw(numbers(shape, trial.draw(st.integers(0, 2)) == 0))))
        for shape in core
    )
    if not radial and not second.bad and trial.draw(st.booleans()):
        second = trial.draw(contained(np.abs(second.array.astype(float)), bad=False))
    if radial and "expressions" in (first.how, second.how):
        return
    refused = first.bad or second.bad
    refused = refused or not (np.isfinite(first.array).all() and np.isfinite(second.array).all())
    if not refused:
        shapes = first.array.shape, second.array.shape
        fits = len(shapes[0]) == 2 and 0 not in shapes[0] and shapes[1] in ((), shapes[0][1:])
        if not radial:
            fits = len(shapes[0]) == 1 and shapes[0] == shapes[1] != (0,) and (second.array >= 0).all()
        refused = not fits
    overflows = radial and not refused and second.array.ndim == 0 and first.array.dtype != np.float64
    make = jp.RBF.from_arrays if radial else jp.BatchNorm.from_statistics
    layer = trial.call(make, first.value, second.value, refused=None if overflows else refused)
    if layer is REFUSED:
        return
    net = trial.call(jp.Network, [layer], dtype=trial.draw(st.sampled_from(FLOATS[1:])))
    width = layer.n_in
    shape = trial.draw(st.sampled_from([(width,), (1, width), (3, width), (width + 1,), (0, width), ()]))
    X = trial.draw(contained(trial.draw(numbers(shape, trial.draw(st.integers(0, 2)) == 0))), label="X")
    if net is REFUSED:
        return
    right = not X.bad and shape in ((width,), (1, width), (3, width))
    out = trial.call(net, X.value, refused=not right)
    if out is not REFUSED:
        _compare_pass(net, radial, first.array, second.array, X.array, out)


@np.errstate(all="ignore")
def _compare_pass(net, radial, first, second, x, out):
    """Within rounding of the definition, where numbers are of an ordinary size; nan stays nan."""
    assert np.isnan(out[np.isnan(x).any(axis=-1)]).all() if radial else np.isnan(out[np.isnan(x)]).all()
    sizes_ = [np.abs(part.astype(float)).max(initial=0) for part in (first, second, x)]
    if not max(sizes_) <= 10 or np.float16 in (x.dtype, first.dtype, second.dtype):
        return
    dtype = out.dtype
    p, q, x = (np.asarray(part.astype(np.result_type(part, dtype)), LONG) for part in (first, second, x))
    if radial:
        p, q = (np.asarray(net.parameters[name], LONG) for name in ("C1", "B1"))
        z = q * ((x[..., :, None] - p) ** 2).sum(axis=-2)
        expected, bound = np.exp(-z), np.exp(-z) * (1 + np.abs(z)) * 8
    else:
        expected = (x - p) / np.sqrt(q + LONG(1e-5))
        bound = (np.abs(x) + np.abs(p)) / np.sqrt(q + LONG(1e-5)) * 8
    near(out, expected, bound, dtype)


def mixed(trial, loss=None, smooth=True, dtype=np.float64):
    """A network of the layers beside Dense, in some order, and its width below."""
    n, m = trial.draw(sizes), trial.draw(sizes)
    names = SMOOTH if smooth else (*SMOOTH, "relu", "step", "sign")
    W, b = (trial.draw(numbers(shape, wild=False)) for shape in ((n, m), (m,)))
    layers = [jp.Dense.from_arrays(W, b, trial.draw(st.sampled_from(names)))]
    kinds = st.lists(st.sampled_from(["norm", "drop", "add", "apply", "rbf"]), min_size=1, max_size=4)
    for kind in trial.draw(kinds, label="layers"):
        centres = np.abs(trial.draw(numbers((m,), wild=False))) / 2
        layers.append(
            {
                "norm": lambda: jp.BatchNorm(m, epsilon=0.5),
                "drop": lambda: jp.Dropout(0.5),
                "add": lambda: jp.Residual(1),
                "apply": lambda: jp.Elementwise(trial.draw(st.sampled_from(names))),
                "rbf": lambda c=centres: jp.RBF.from_arrays(np.outer(c, c), 0.5),
            }[kind]()
        )
    net = trial.call(jp.Network, layers, loss or jp.SquaredError(), dtype=dtype, refused=False)
    return net, n, m


def training(trial):
    """net.in_training and net.with_statistics: the same at every call, and gradients as differences say."""
    net, n, m = mixed(trial)
    seed = trial.draw(mostly(st.sampled_from([0, 3, np.int8(5), 10**30])), label="seed")
    X = trial.draw(numeric(trial.draw(numbers((3, n), trial.draw(st.integers(0, 3)) == 0))), label="X")
    learning = trial.call(net.in_training, seed, refused=not is_whole(seed, 0, np.inf))
    norms = any(isinstance(layer, jp.BatchNorm) for layer in net.layers)
    finite = not X.bad and np.isfinite(X.array).all()
    overflown = None if norms and not (finite and np.abs(X.array).max() < 1e3) else False
    wrong = True if X.bad and (norms or X.how != "expressions") else overflown
    settled = trial.call(net.with_statistics, X.value, refused=wrong)
    if settled is not REFUSED:
        assert norms or settled is net
    if learning is REFUSED or not finite:
        return
    T = np.ones((3, m))
    record = trial.call(learning.forward, X.value, T, refused=False)
    again = trial.call(net.in_training(seed).forward, X.value, T, refused=False)
    assert np.array_equal(record.output, again.output, equal_nan=True)
    if norms:
        trial.call(learning.forward, X.value[0] if isinstance(X.value, list) else X.array[0], refused=True)
    for which in (learning, settled):
        if which is not REFUSED and np.abs(X.array).max() <= 2 and X.array.dtype == np.float64:
            _compare_gradients(trial, which, X.array, T)


def _compare_gradients(trial, net, X, T):
    found = trial.call(net.forward(X, T).gradients, refused=False)
    loss, fast = trial.call(jp.DeltaRule(net).gradients, X, T, refused=False)
    flat = np.concatenate([found[name].ravel() for name in net.parameters])
    steps = central_differences(lambda v: net.with_vector(v).forward(X, T).loss, net.vector)
    scale = 1 + abs(loss) + np.abs(flat).max()
    assert np.abs(flat - steps).max() <= 1e-5 * scale, (flat, steps)
    for name, array in found.items():
        assert np.abs(fast[name] - array).max() <= 1e-10 * scale, name


def files(trial):
    """jp.save and jp.load of them: bit for bit there and back; damaged bytes are loaded or refused."""
    net, n, _ = mixed(trial, smooth=False, dtype=trial.draw(st.sampled_from(FLOATS)))
    X = trial.draw(numbers((3, n), wild=False))
    net = trial.draw(st.sampled_from([net, net.with_statistics(X)]))
    with tempfile.TemporaryDirectory() as folder:
        path = trial.call(jp.save, net, Path(folder, "net.npz"), refused=False)
        other = trial.call(jp.load, path, refused=False)
        assert repr(other) == repr(net)
        assert np.array_equal(other(X), net(X), equal_nan=True)
        damaged = bytearray(path.read_bytes())
        for _ in range(trial.draw(st.integers(1, 3))):
            damaged[trial.draw(st.integers(0, len(damaged) - 1))] ^= trial.draw(st.integers(1, 255))
        path.write_bytes(damaged[: trial.draw(st.sampled_from([None, 100, -20, -1]))])
        trial.call(jp.load, path)


def thresholds(trial):
    """Networks of steps and signs: the values at any sum, gradients of 0, and nan that stays nan."""
    name, side = (
        trial.draw(st.sampled_from(pair)) for pair in (("step", "sign"), ("left", "right", "middle"))
    )
    f = trial.call(jp.activations.get, name, at_kink=side, refused=False)
    low, middle = (0.0, 0.5) if name == "step" else (-1.0, 0.0)
    X = trial.draw(contained(trial.draw(numbers((3, 2)))), label="X")
    dense = trial.draw(st.booleans())
    layer = jp.Dense.from_arrays(np.eye(2), np.zeros(2), f) if dense else jp.Elementwise(f)
    net = jp.Network([layer], jp.SquaredError())
    record = trial.call(net.forward, X.value, np.ones((3, 2)), refused=X.bad)
    if record is REFUSED:
        return
    z = record.sum(1)
    at_zero = {"left": low, "right": 1.0, "middle": middle}[side]
    expected = np.where(z > 0, 1.0, np.where(z < 0, low, at_zero))
    assert np.array_equal(record.output, np.where(np.isnan(z), z, expected), equal_nan=True)
    gradients = trial.call(record.gradients, refused=False)
    if np.isfinite(X.array).all():
        assert not any(array.any() for array in gradients.values())


def junk_of_networks(trial):
    """in_training, with_statistics and save of what means nothing."""
    net, _, _ = mixed(trial)
    value = trial.draw(junk)
    trial.call(net.with_statistics, value)
    trial.call(net.in_training, value, refused=not is_whole(value, 0, np.inf))
    if not isinstance(value, str):
        trial.call(jp.save, net, value, refused=True)
        trial.call(jp.load, value, refused=True)
    trial.call(jp.BlockDiagonalJacobian, value, refused=True)


DOORS = {
    "new layers": making,
    "new layers of arrays": arrays,
    "in_training": training,
    "files of new layers": files,
    "step and sign": thresholds,
    "junk for new layers": junk_of_networks,
}
