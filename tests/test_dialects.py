"""The notation map: conversions entry by entry, there and back, and backpropagation as each seed writes it.

The six references below are written from the seeds, each in its own letters and on its own arrays; they
share the sigmoid and nothing else, and know nothing of the library.
"""

import itertools
import pickle
import re

import numpy as np
import pytest
import sympy as sp

import jacobprop as jp
from jacobprop import dialects
from jacobprop.errors import (
    DTypeError,
    EmptyBatchError,
    MissingTargetError,
    OptionError,
    ShapeError,
    UnknownNameError,
)

SIZES = (5, 4, 3, 2)
SQUARE = (3, 3, 3, 3)
CASES = 4
LOSSES = {
    "SquaredError": (jp.SquaredError, lambda a, t: (a - t) * a * (1 - a)),
    "BinaryCrossEntropy": (jp.BinaryCrossEntropy, lambda a, t: a - t),
}
"""The loss, and its derivative by the sums of a sigmoid output layer."""
PAIRS = list(itertools.product(dialects.NAMES, repeat=2))


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def network(sizes=SIZES, loss="SquaredError", reduction="mean", seed=0):
    rng = np.random.default_rng(seed)
    pairs = list(itertools.pairwise(sizes))
    layers = [jp.Dense.from_arrays(rng.normal(size=p), rng.normal(size=p[1]), "sigmoid") for p in pairs]
    return jp.Network(layers, LOSSES[loss][0](reduction=reduction))


def data(sizes=SIZES, seed=1):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(CASES, sizes[0])), rng.uniform(0.1, 0.9, size=(CASES, sizes[-1]))


def same(found, expected, rtol=0.0):
    """The keys in any order, the shapes, and the values up to rounding relative to the largest."""
    assert set(found) == set(expected)
    for key, array in expected.items():
        assert found[key].shape == array.shape, key
        np.testing.assert_allclose(found[key], array, rtol=rtol, atol=rtol * abs(array).max(), err_msg=key)


# -- backpropagation as each seed writes it ------------------------------------------------------------------
# Each returns the gradients and the deltas of its own arrays; `wrong` puts in the mistake that it names.


def downing(p, X, T, top, wrong=False):
    """Seed 000 from line 266 on: w_ij from i to j, sums over the cases; wrong: w_ij from j to i (D-30)."""
    N = len(p) // 2
    gradients = {key: np.zeros(array.shape) for key, array in p.items()}
    deltas = {f"delta{q}": [] for q in range(1, N + 1)}
    for x, t in zip(X, T, strict=True):
        o = {0: list(x)}
        for q in range(1, N + 1):
            W, b = p[f"W{q}"], p[f"b{q}"]
            o[q] = [sigmoid(b[j] + sum(o[q - 1][i] * W[i, j] for i in range(len(W)))) for j in range(len(b))]
        delta = {N: [top(o[N][k], t[k]) for k in range(len(t))]}
        for q in range(N, 1, -1):
            W = p[f"W{q}"].T if wrong else p[f"W{q}"]
            delta[q - 1] = [
                o_i * (1 - o_i) * sum(W[i, k] * delta[q][k] for k in range(len(delta[q])))
                for i, o_i in enumerate(o[q - 1])
            ]
        for q in range(1, N + 1):
            deltas[f"delta{q}"].append(delta[q])
            for j, d in enumerate(delta[q]):
                gradients[f"b{q}"][j] += d
                for i, o_i in enumerate(o[q - 1]):
                    gradients[f"W{q}"][i, j] += o_i * d
    return gradients, {key: np.array(rows) for key, rows in deltas.items()}


def downing_part_1(p, X, T, top, wrong=False):
    """Seed 000 to line 214: w_ij from j to i, delta_jd for case d; wrong: delta = t - o at the top (E-17)."""
    N, D = len(p) // 2, range(len(X))
    o = {(0, d): X[d] for d in D}
    delta, gradients = {}, {}
    for q, d in itertools.product(range(1, N + 1), D):
        w = p[f"w{q}"]
        total = [sum(w[i, k] * o[q - 1, d][k] for k in range(w.shape[1])) for i in range(w.shape[0])]
        o[q, d] = sigmoid(np.array(total) + p[f"b{q}"])
    for d in D:
        delta[N, d] = (-1 if wrong else 1) * top(o[N, d], T[d])
        for q in range(N - 1, 0, -1):
            w, above = p[f"w{q + 1}"], delta[q + 1, d]
            delta[q, d] = np.array(
                [
                    o_j * (1 - o_j) * sum(w[k, j] * above[k] for k in range(len(above)))
                    for j, o_j in enumerate(o[q, d])
                ]
            )
    for q in range(1, N + 1):
        rows, columns = p[f"w{q}"].shape
        gradients[f"w{q}"] = np.array(
            [[sum(o[q - 1, d][j] * delta[q, d][i] for d in D) for j in range(columns)] for i in range(rows)]
        )
        gradients[f"b{q}"] = np.array([sum(delta[q, d][i] for d in D) for i in range(rows)])
    return gradients, {f"delta{q}": np.array([delta[q, d] for d in D]) for q in range(1, N + 1)}


def bao(p, X, T, top, wrong=False):
    """Seed 001, lines 372 to 411: x_0 = 1, psi of the output, mean; wrong: [1+] is forgotten (B-33)."""
    L = len(p)  # the output layer
    gradients = {key: np.zeros(array.shape) for key, array in p.items()}
    deltas = {f"delta{layer}": [] for layer in range(1, L + 1)}

    def from_1(layer, vector):
        return vector if layer == L or wrong else vector[1:]

    for case, t in zip(X, T, strict=True):
        x = [np.concatenate([[1.0], case])]
        for layer in range(L):
            produced = sigmoid(p[f"W{layer}"].T @ x[layer])
            x.append(produced if layer + 1 == L else np.concatenate([[1.0], produced]))
        delta = {L: top(x[L], t)}
        for layer in range(L, 1, -1):
            psi = x[layer - 1] * (1 - x[layer - 1])
            delta[layer - 1] = psi * (p[f"W{layer - 1}"] @ from_1(layer, delta[layer]))
        for layer in range(1, L + 1):
            gradients[f"W{layer - 1}"] += np.outer(x[layer - 1], from_1(layer, delta[layer])) / len(X)
            deltas[f"delta{layer}"].append(delta[layer])
    return gradients, {key: np.array(rows) for key, rows in deltas.items()}


def dehaqani(p, X, T, top, wrong=False):
    """Seed 002, lines 1790 to 1836: gradients are rows, summed; wrong: W_k for W_{k+1} (E-34)."""
    N = len(p) // 2
    gradients = {key: np.zeros(array.T.shape) for key, array in p.items()}
    deltas = {f"delta{k}": [] for k in range(1, N + 1)}
    for case, target in zip(X, T, strict=True):
        y = [case[:, None]]
        for k in range(1, N + 1):
            y.append(sigmoid(p[f"W{k}"] @ y[k - 1] + p[f"b{k}"][:, None]))
        grad_z = {N: top(y[N].T, target[None, :])}
        for k in range(N - 1, 0, -1):
            grad_y = grad_z[k + 1] @ p[f"W{k if wrong else k + 1}"]
            grad_z[k] = grad_y @ np.diag((y[k] * (1 - y[k]))[:, 0])
        for k in range(1, N + 1):
            gradients[f"W{k}"] += y[k - 1] @ grad_z[k]
            gradients[f"b{k}"] += grad_z[k][0]
            deltas[f"delta{k}"].append(-grad_z[k][0])  # d - z at a linear output (line 775)
    return gradients, {key: np.array(rows) for key, rows in deltas.items()}


def mukund(p, X, T, top, wrong=False):
    """Seed 003: w_kj^l from j to k, averaged; wrong: j and k exchanged going back (M-19)."""
    L, n = len(p) // 2, len(X)
    gradients = {key: np.zeros(array.shape) for key, array in p.items()}
    deltas = {f"delta{layer}": np.zeros((n, len(p[f"b{layer}"]))) for layer in range(1, L + 1)}
    for case in range(n):
        a = [X[case]]
        for layer in range(1, L + 1):
            w, b = p[f"W{layer}"], p[f"b{layer}"]
            a.append(np.array([sigmoid(np.dot(w[k], a[layer - 1]) + b[k]) for k in range(len(b))]))
        delta = top(a[L], T[case])
        for layer in range(L, 0, -1):
            deltas[f"delta{layer}"][case] = delta
            for k in range(len(delta)):
                gradients[f"b{layer}"][k] += delta[k] / n
                for j in range(len(a[layer - 1])):
                    gradients[f"W{layer}"][k, j] += delta[k] * a[layer - 1][j] / n
            w, below = p[f"W{layer}"], a[layer - 1]
            w = w.T if wrong else w
            delta = np.array(
                [
                    below[j] * (1 - below[j]) * sum(w[k, j] * delta[k] for k in range(len(delta)))
                    for j in range(len(below))
                ]
            )
    return gradients, deltas


def ng(p, X, T, top, wrong=False):
    """Seed 004: accumulators Delta, then D = Delta / n; wrong: the bias entry is kept (E-43)."""
    L, n = len(p) + 1, len(X)
    Delta = {key: np.zeros(array.shape) for key, array in p.items()}
    deltas = {f"delta{layer}": [] for layer in range(2, L + 1)}
    for x, y in zip(X, T, strict=True):
        a = {1: x}
        for layer in range(1, L):
            a[layer] = np.append(1.0, a[layer])
            a[layer + 1] = sigmoid(p[f"Theta{layer}"] @ a[layer])
        delta = {L: top(a[L], y)}
        for layer in range(L - 1, 1, -1):
            blame = p[f"Theta{layer}"].T @ delta[layer + 1]
            units = a[layer][1:]
            delta[layer] = (blame if wrong else blame[1:]) * (units * (1 - units))
        for layer in range(1, L):
            Delta[f"Theta{layer}"] += np.outer(delta[layer + 1], a[layer])
            deltas[f"delta{layer + 1}"].append(delta[layer + 1])
    return {key: total / n for key, total in Delta.items()}, {k: np.array(v) for k, v in deltas.items()}


REFERENCES = {
    "downing": downing,
    "downing-part-1": downing_part_1,
    "bao": bao,
    "dehaqani": dehaqani,
    "mukund": mukund,
    "ng": ng,
}


def test_every_dialect_of_a_seed_has_a_reference():
    assert ("jacobprop", *REFERENCES) == dialects.NAMES


def converted(name, sizes, loss, wrong=False):
    """The reference's gradients in the library's own form, and the library's."""
    net, (X, T) = network(sizes, loss), data(sizes)
    gradients, _ = REFERENCES[name](net.in_dialect(name).parameters, X, T, LOSSES[loss][1], wrong)
    found = dialects.convert_gradients(gradients, source=name, target="jacobprop", cases=CASES)
    return found, jp.gradients(net, X, T)


@pytest.mark.seed("S-12", "S-26", "D-23", "D-24", "B-33", "B-34", "B-35", "B-36", "H-76", "H-79")
@pytest.mark.seed("M-19", "M-20", "M-21", "N-04", "N-05", "N-07", "E-43")
@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("name", REFERENCES)
def test_every_seeds_backpropagation_gives_the_librarys_gradients(name, loss):
    same(*converted(name, SIZES, loss), rtol=1e-12)


MISTAKES = {  # on unequal sizes, and where all sizes are the same
    "downing": (IndexError, AssertionError),
    "downing-part-1": (AssertionError, AssertionError),
    "bao": (ValueError, ValueError),
    "dehaqani": (ValueError, AssertionError),
    "mukund": (IndexError, AssertionError),
    "ng": (ValueError, ValueError),
}
"""What the mistake of each reference does: Python or numpy refuses, or only the comparison sees it."""


@pytest.mark.seed("D-30", "E-17", "E-34", "E-43", "B-33", "M-05")
@pytest.mark.parametrize("square", [False, True], ids=["unequal", "square"])
@pytest.mark.parametrize("name", REFERENCES)
def test_the_mistake_of_a_notation_raises_or_is_seen(name, square):
    sizes = SQUARE if square else SIZES
    same(*converted(name, sizes, "SquaredError"), rtol=1e-12)
    with pytest.raises(MISTAKES[name][square]):
        same(*converted(name, sizes, "SquaredError", wrong=True), rtol=1e-3)


@pytest.mark.parametrize("reduction", ["mean", "sum"])
@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("name", REFERENCES)
def test_a_network_in_a_dialect_gives_what_the_seed_computes(name, loss, reduction):
    view, (X, T) = network(SIZES, loss, reduction).in_dialect(name), data()
    gradients, deltas = REFERENCES[name](view.parameters, X, T, LOSSES[loss][1])
    same(view.gradients(X, T), gradients, rtol=1e-12)
    same(view.deltas(X, T), deltas, rtol=1e-12)


@pytest.mark.seed("S-12", "E-17")
@pytest.mark.parametrize(("source", "target"), [pair for pair in PAIRS if "jacobprop" not in pair])
def test_gradients_and_deltas_go_from_every_seed_to_every_other(source, target):
    net, (X, T) = network(), data()
    top = LOSSES["SquaredError"][1]
    old, new = (REFERENCES[name](net.in_dialect(name).parameters, X, T, top) for name in (source, target))
    same(dialects.convert_gradients(old[0], source, target, cases=CASES), new[0], rtol=1e-12)
    same(dialects.convert_deltas(old[1], source, target), new[1], rtol=1e-12)


@pytest.mark.parametrize("name", dialects.NAMES)
def test_one_case_has_no_axis_of_cases(name):
    view, (X, T) = network().in_dialect(name), data()
    for key, stacked in view.deltas(X, T).items():
        np.testing.assert_allclose(view.deltas(X[1], T[1])[key], stacked[1], rtol=1e-14)
    same(view.gradients(X[1], T[1]), view.gradients(X[1:2], T[1:2]), rtol=1e-14)


@pytest.mark.seed("H-76", "H-80", "E-15", "E-47")
@pytest.mark.parametrize("name", dialects.NAMES)
def test_a_step_in_a_dialect_is_a_step_of_the_network(name):
    net, (X, T) = network(), data()
    view, rate = net.in_dialect(name), 0.5 / (CASES if dialects.get(name).reduction == "sum" else 1)
    gradients = view.gradients(X, T)
    turned = name == "dehaqani"  # W_k <- W_k - eta/T (grad)^T
    moved = {k: w - rate * (gradients[k].T if turned else gradients[k]) for k, w in view.parameters.items()}
    plain = {k: w - 0.5 * jp.gradients(net, X, T)[k] for k, w in net.parameters.items()}
    same(dialects.convert(moved, name, "jacobprop"), plain, rtol=1e-12)
    if turned:  # without the transposition it fails on unequal sizes
        assert view.parameters["W1"].shape != gradients["W1"].shape == (5, 4)


@pytest.mark.seed("E-17")
def test_the_delta_of_adaline_is_target_minus_output():
    net = jp.Network([jp.Dense(3, 2)], jp.SquaredError(), seed=4)
    X, T = data((3, 2))
    adaline = net.in_dialect("dehaqani").deltas(X, T)["delta1"]
    np.testing.assert_allclose(adaline, T - net(X), rtol=1e-14)
    np.testing.assert_allclose(
        net.in_dialect("downing-part-1").deltas(X, T)["delta1"], net(X) - T, rtol=1e-14
    )
    W, step = net.parameters["W1"], 0.1 / CASES
    moved = net.with_parameters({"W1": W + step * X.T @ adaline})  # w_i <- w_i + eta delta x_i
    assert moved.forward(X, T).loss < net.forward(X, T).loss


@pytest.mark.seed("B-39", "B-40", "S-15", "E-25")
def test_the_grounded_example_in_its_own_notation():
    printed = {"W0": [[0.4, 0.6], [0.7, -0.4], [-0.2, 0.3]], "W1": [[-0.3], [0.5], [0.1]]}
    start = jp.Network([jp.Dense(2, 2, "sigmoid"), jp.Dense(2, 1, "sigmoid")], jp.BinaryCrossEntropy())
    net = start.with_parameters(dialects.convert(printed, source="bao", target="jacobprop"))
    view, x, t = net.in_dialect("bao"), [0.0, 1.0], [1.0]
    assert {key: W.tolist() for key, W in view.parameters.items()} == printed
    assert net(x).round(3).tolist() == [0.512]
    deltas, gradients = view.deltas(x, t), view.gradients(x, t)
    assert deltas["delta2"].item() == pytest.approx(-0.488499041754748, abs=1e-14)  # printed as -0.488
    assert deltas["delta1"].round(3).tolist() == [0.0, -0.060, -0.010]
    assert gradients["W0"].round(3).tolist() == [[-0.060, -0.010], [0.0, 0.0], [-0.060, -0.010]]
    assert gradients["W0"].T.shape == (2, 2 + 1)  # d x (c + 1), where eq. (10) has d x c
    new = {key: W - gradients[key] for key, W in view.parameters.items()}  # rho = 1
    assert new["W1"].round(3).tolist() == [[0.188], [0.769], [0.447]]
    moved = net.with_parameters(dialects.convert(new, "bao", "jacobprop"))
    assert moved(x).item() == pytest.approx(0.721874455865625, abs=1e-14)


# -- conversions, entry by entry ---------------------------------------------------------------------------

PLAIN = {
    "W1": np.array([[11.0, 12.0], [21.0, 22.0], [31.0, 32.0]]),
    "b1": np.array([1.0, 2.0]),
    "W2": np.array([[7.0], [8.0]]),
    "b2": np.array([9.0]),
}
BY_DESTINATION = {
    "W1": np.array([[11.0, 21.0, 31.0], [12.0, 22.0, 32.0]]),
    "b1": np.array([1.0, 2.0]),
    "W2": np.array([[7.0, 8.0]]),
    "b2": np.array([9.0]),
}
BY_HAND = {
    "jacobprop": PLAIN,
    "downing": PLAIN,
    "downing-part-1": {key.replace("W", "w"): array for key, array in BY_DESTINATION.items()},
    "bao": {
        "W0": np.array([[1.0, 2.0], [11.0, 12.0], [21.0, 22.0], [31.0, 32.0]]),
        "W1": np.array([[9.0], [7.0], [8.0]]),
    },
    "dehaqani": BY_DESTINATION,
    "mukund": BY_DESTINATION,
    "ng": {
        "Theta1": np.array([[1.0, 11.0, 21.0, 31.0], [2.0, 12.0, 22.0, 32.0]]),
        "Theta2": np.array([[9.0, 7.0, 8.0]]),
    },
}


@pytest.mark.seed("S-26", "D-30", "H-70", "M-04", "B-38", "E-27")
@pytest.mark.parametrize(("source", "target"), PAIRS)
def test_parameters_are_converted_entry_by_entry(source, target):
    found = dialects.convert(BY_HAND[source], source=source, target=target)
    same(found, BY_HAND[target])
    assert list(found) == list(BY_HAND[target])  # layer by layer


@pytest.mark.seed("S-26")
@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
@pytest.mark.parametrize(("source", "target"), PAIRS)
def test_there_and_back_again_is_exact(source, target, dtype):
    start = network().astype(dtype).in_dialect(source).parameters
    there = dialects.convert(start, source, target)
    back = dialects.convert(there, target, source)
    assert {array.dtype for array in (*there.values(), *back.values())} == {np.dtype(dtype)}
    assert list(back) == list(start)
    assert all(np.array_equal(back[key], array) for key, array in start.items())


@pytest.mark.parametrize("name", dialects.NAMES)
def test_a_network_comes_back_from_its_dialect(name):
    net = network()
    arrays = {key: 2 * array for key, array in net.in_dialect(name).parameters.items()}
    doubled = net.with_parameters(dialects.convert(arrays, source=name, target="jacobprop"))
    np.testing.assert_array_equal(doubled.vector, 2 * net.vector)


@pytest.mark.parametrize(("source", "target"), PAIRS)
def test_the_arrays_are_new_and_the_given_ones_untouched(source, target):
    given = {key: array.copy() for key, array in BY_HAND[source].items()}
    calls = (
        dialects.convert(given, source, target),
        dialects.convert_gradients(gradients_of(given, source), source, target, cases=2),
    )
    for found in calls:
        for array in found.values():
            assert array.flags.writeable
            assert array.flags.c_contiguous
            assert not any(np.shares_memory(array, other) for other in given.values())
            array[...] = np.nan
    same(given, BY_HAND[source])


def gradients_of(parameters, name):
    """Arrays shaped like the gradients of a dialect."""
    return {k: a.T for k, a in parameters.items()} if name == "dehaqani" else parameters


@pytest.mark.seed("E-15", "H-76")
@pytest.mark.parametrize("target", dialects.NAMES)
def test_gradients_have_a_layout_and_a_reduction_of_their_own(target):
    found = dialects.convert_gradients(PLAIN, source="jacobprop", target=target, cases=3)
    summed = target in ("downing", "downing-part-1", "dehaqani")
    expected = PLAIN if target == "dehaqani" else BY_HAND[target]
    same(found, {key: array * (3 if summed else 1) for key, array in expected.items()})
    same(dialects.convert_gradients(found, source=target, target="jacobprop", cases=3), PLAIN, rtol=1e-15)


@pytest.mark.parametrize("dtype", ["float16", "float32"])
def test_a_mean_is_computed_in_float64(dtype):
    total = np.array([[1.0, 5.0, 60000.0]], dtype).T
    found = dialects.convert_gradients({"W1": total}, "dehaqani", "jacobprop", cases=100_000)["W1"]
    assert found.dtype == dtype
    np.testing.assert_array_equal(found, (total.astype(float) / 100_000).astype(dtype))


def test_an_overflow_is_an_infinity_without_a_warning():
    with np.errstate(all="raise"):
        found = dialects.convert_gradients(
            {"W1": np.full((1, 1), 6e4, "f2")}, "jacobprop", "downing", cases=2
        )
    assert found["W1"].item() == np.inf


CONTAINERS = {
    "negative strides": np.array(PLAIN["W1"][::-1, ::-1])[::-1, ::-1],
    "matrix": PLAIN["W1"].view(np.matrix),
    "integers": PLAIN["W1"].astype(int),
    "byte order": PLAIN["W1"].astype(">f8"),
    "nested lists": PLAIN["W1"].tolist(),
}


@pytest.mark.parametrize("W", CONTAINERS.values(), ids=CONTAINERS)
def test_containers_of_every_kind_are_read(W):
    found = dialects.convert({"W1": W, "b1": [1, 2]}, "jacobprop", "ng")["Theta1"]
    assert type(found) is np.ndarray
    assert found.dtype == float
    np.testing.assert_array_equal(found, BY_HAND["ng"]["Theta1"])


@pytest.mark.seed("B-32")
def test_placeholders_are_written_as_zeros_and_dropped():
    plain = {"delta1": np.array([[1.0, 2.0], [3.0, 4.0]]), "delta2": np.array([[5.0], [6.0]])}
    with_them = {"delta1": np.array([[0.0, 1.0, 2.0], [0.0, 3.0, 4.0]]), "delta2": plain["delta2"]}
    same(dialects.convert_deltas(plain, "jacobprop", "bao"), with_them)
    with_them["delta1"][:, 0] = 7.0  # whatever stands there, such as psi(1) = 1 of a linear layer
    same(dialects.convert_deltas(with_them, "bao", "mukund"), plain)
    found = dialects.convert_deltas(with_them, "bao", "ng")
    same(found, {"delta2": plain["delta1"], "delta3": plain["delta2"]})
    assert not np.shares_memory(found["delta3"], with_them["delta2"])
    same(dialects.convert_deltas({}, "bao", "ng"), {})


def test_layers_without_weights_leave_gaps():
    layers = [jp.Dense(4, 3, "tanh"), jp.Softmax(), jp.Dense(3, 2)]
    net = jp.Network(layers, jp.SquaredError())
    X, T = data((4, 2))
    assert list(net.in_dialect("ng").parameters) == ["Theta1", "Theta3"]
    assert list(net.in_dialect("bao").parameters) == ["W0", "W2"]
    assert list(net.in_dialect("ng").deltas(X, T)) == ["delta2", "delta4"]
    assert net.in_dialect("bao").deltas(X, T)["delta1"].shape == (CASES, 4)
    back = dialects.convert(net.in_dialect("ng").parameters, "ng", "jacobprop")
    same(back, dict(net.parameters))


def test_layers_that_skip_are_converted_when_it_is_said():
    apart = {"W1": np.ones((3, 2)), "W2": np.ones((5, 1))}
    found = dialects.convert(apart, "jacobprop", "mukund", chained=False)
    assert {key: array.shape for key, array in found.items()} == {"W1": (2, 3), "W2": (1, 5)}
    with pytest.raises(ShapeError, match="W2 does not fit W1"):
        dialects.convert(found, "mukund", "jacobprop")
    grown = dialects.convert_gradients(apart, "jacobprop", "dehaqani", cases=2, chained=False)
    same(grown, {key: 2 * array for key, array in apart.items()})
    gap = {"W1": apart["W1"], "W3": apart["W2"]}
    same(dialects.convert(gap, "jacobprop", "jacobprop"), gap)


class Twice(jp.Layer):
    """a = (y W, y W): twice as many outputs as W has columns."""

    n_in = 2

    def width(self, n_in):
        return 6

    def init(self, rng, dtype):
        return {"W": rng.normal(size=(2, 3)).astype(dtype)}

    def forward(self, params, inputs):
        return np.concatenate(2 * [inputs[0] @ params["W"]], axis=-1), inputs[0]

    def factors(self, params, y):
        by_weights = np.einsum("i,kj->kij", y, np.eye(3)).reshape(3, 6)
        return {
            -1: jp.DenseJacobian(np.concatenate(2 * [params["W"].T])),
            "W": jp.DenseJacobian(np.concatenate(2 * [by_weights]), (6,), (2, 3)),
        }


def test_a_network_knows_better_than_the_widths():
    net = jp.Network([Twice(), jp.Dense(6, 1, bias=False)], jp.SquaredError())
    view = net.in_dialect("mukund")
    assert {key: array.shape for key, array in view.parameters.items()} == {"W1": (3, 2), "W2": (1, 6)}
    found = view.gradients([1.0, 2.0], [0.5])
    expected = {key: array.T for key, array in net.forward([1.0, 2.0], [0.5]).gradients().items()}
    same(found, expected, rtol=1e-15)


def test_a_part_of_a_network_is_enough():
    theta2 = {"Theta2": BY_HAND["ng"]["Theta2"]}
    same(dialects.convert(theta2, "ng", "bao"), {"W1": BY_HAND["bao"]["W1"]})
    same(dialects.convert({"b7": PLAIN["b1"]}, "jacobprop", "mukund"), {"b7": PLAIN["b1"]})
    assert dialects.convert({}, "ng", "bao") == {}


def test_a_network_without_biases_speaks_where_the_bias_is_apart():
    net = jp.Network([jp.Dense(3, 2, "tanh", bias=False), jp.Dense(2, 1)], jp.SquaredError())
    X, T = data((3, 1))
    assert list(net.in_dialect("mukund").parameters) == ["W1", "W2", "b2"]
    assert list(net.in_dialect("ng").deltas(X, T)) == ["delta2", "delta3"]
    assert "b1" not in net.in_dialect("ng").symbols
    with pytest.raises(UnknownNameError, match=r"layer 1 has no bias; .*ng has the bias in Theta1"):
        _ = net.in_dialect("ng").parameters


# -- expressions -------------------------------------------------------------------------------------------


def letters(letter, *shape):
    array = np.empty(shape, dtype=object)
    for at in np.ndindex(shape):
        array[at] = sp.Symbol(letter + "".join(str(i + 1) for i in at))
    return array


@pytest.mark.parametrize(("source", "target"), PAIRS)
def test_expressions_are_carried_as_they_are(source, target):
    plain = {"W1": letters("v", 3, 2), "b1": letters("c", 2), "W2": letters("w", 2, 1), "b2": letters("d", 1)}
    start = dialects.convert(plain, "jacobprop", source)
    there = dialects.convert(start, source, target)
    assert all(array.dtype == object for array in there.values())
    back = dialects.convert(there, target, "jacobprop")
    assert all((back[key] == array).all() and back[key].shape == array.shape for key, array in plain.items())


def test_a_sum_of_expressions_becomes_an_exact_mean():
    W = letters("w", 2, 3)
    W[0, 0] = 1
    found = dialects.convert_gradients({"W1": W}, "dehaqani", "mukund", cases=3)["W1"]
    assert found.shape == (3, 2)
    assert found[0, 0] == sp.Rational(1, 3)
    assert found[2, 1] == sp.Symbol("w23") / 3


def test_numbers_beside_expressions_come_back_as_numbers():
    net = jp.Network([jp.Dense(3, 2)]).with_parameters({"W1": letters("w", 3, 2), "b1": [0.5, 0.25]})
    theta = net.in_dialect("ng").parameters
    assert theta["Theta1"].dtype == object
    back = dialects.convert(theta, "ng", "jacobprop")
    assert back["b1"].dtype == float
    assert net.with_parameters(back).parameters["b1"].tolist() == [0.5, 0.25]


def test_a_symbolic_network_in_a_dialect():
    x, t = letters("x", 2), letters("t", 1)
    net = jp.Network([jp.Dense(2, 1)], jp.SquaredError())
    net = net.with_parameters({"W1": letters("w", 2, 1), "b1": letters("b", 1)})
    w1, w2, b = sp.symbols("w11 w21 b1")
    error = b + x[0] * w1 + x[1] * w2 - t[0]
    D = net.in_dialect("ng").gradients(x, t)["Theta1"]
    assert [sp.expand(found - error * y) for found, y in zip(D[0], (1, *x), strict=True)] == [0, 0, 0]
    delta = net.in_dialect("dehaqani").deltas(x, t)["delta1"]
    assert sp.expand(delta[0] + error) == 0


# -- reading -----------------------------------------------------------------------------------------------


def test_the_table_says_what_is_converted():
    text = dialects.table()
    assert max(map(len, text.splitlines())) <= 100
    layouts, words = text.split("\n\n")
    rows = {line.split()[0]: re.split(r"\s{2,}", line) for line in layouts.splitlines()[1:]}
    assert tuple(rows) == dialects.NAMES
    W, b = PLAIN["W1"], PLAIN["b1"]
    for name, (_, weights, shape, bias, _, gradient, cases, delta) in rows.items():
        found = dialects.convert({"W1": W, "b1": b}, "jacobprop", name)
        key = weights.partition(",")[0]
        sides = eval(shape, {"n_in": 3, "n_out": 2})  # noqa: S307  (our own table: "(n_out, n_in + 1)")
        assert found[key].shape == sides
        assert (bias == "b1, ...") == ("b1" in found)
        if bias in ("row 0", "column 0"):
            np.testing.assert_array_equal(found[key][0] if bias == "row 0" else found[key][:, 0], b)
        grown = dialects.convert_gradients({"W1": W, "b1": b}, "jacobprop", name, cases=2)[key]
        assert grown.shape == (sides[::-1] if gradient == "transposed" else sides)
        assert grown.max() == W.max() * {"sum": 2, "mean": 1}[cases]
        (row,) = dialects.convert_deltas({"delta1": b}, "jacobprop", name).values()
        np.testing.assert_array_equal(row, {"dL/dz": b, "-dL/dz": -b}[delta])
    assert "Theta^(l-1)" in words


@pytest.mark.parametrize("name", dialects.NAMES)
def test_a_sheet_fits_a_terminal(name):
    dialect = dialects.get(name)
    sheet = str(dialect).splitlines()
    assert sheet[0] == f"{name}: {dialect.source}"
    assert max(map(len, sheet)) <= 100
    labels = [line.split()[0] for line in sheet[1:]]
    assert labels[:8] == ["layers", "weights", "bias", "forward", "delta", "backward", "gradient", "step"]
    assert repr(dialect) == f"<Dialect {name}: {dialect.source}>"
    assert dialects.get(dialect) is dialect


SYMBOLS = {
    "jacobprop": ["a_0", "W_1", "b_1", "z_1", "delta_1", "a_1", "t", "L"],
    "downing": ["X_0", "V_1", "b_1", "R_1", "dL/dR_1", "X_1", "t", "L"],
    "downing-part-1": ["o_0", "w_1", "b_1", "sum_1", "delta_1", "o_1", "t", "E"],
    "bao": ["x^(0)", "W^(0)", "w_0j^(0)", "W^(0)T x^(0)", "delta^(1)", "x^(1)", "y", "J"],
    "dehaqani": ["y_0", "W_1", "b_1", "z_1", "delta_1", "y_1", "d", "Div"],
    "mukund": ["a^0", "W^1", "b^1", "z^1", "delta^1", "a^1", "y", "C"],
    "ng": ["a^(1)", "Theta^(1)", "Theta_i0^(1)", "z^(2)", "delta^(2)", "a^(2)", "y", "J"],
}
"""Input, weights, bias, sum, delta and output of the first layer, target and loss, as each seed has them."""


@pytest.mark.seed("S-26")
@pytest.mark.parametrize("name", dialects.NAMES)
def test_the_letters_of_every_seed(name):
    found = jp.Network([jp.Dense(3, 2)], jp.SquaredError()).in_dialect(name).symbols
    assert list(found) == ["a0", "W1", "b1", "z1", "delta1", "a1", "t", "L"]
    assert list(found.values()) == SYMBOLS[name]


def test_symbols_follow_the_numbers():
    net = jp.Network([jp.Dense(3, 2, "tanh"), jp.Dense(2, 2, bias=False), jp.Softmax()], jp.CrossEntropy())
    bao, ng = (net.in_dialect(name).symbols for name in ("bao", "ng"))
    assert list(bao) == ["a0", "W1", "b1", "z1", "delta1", "a1", "W2", "z2", "delta2", "a2", "a3", "t", "L"]
    assert [bao[key] for key in ("a0", "W1", "z1", "a1", "t", "L")] == [
        "x^(0)",
        "W^(0)",
        "W^(0)T x^(0)",
        "x^(1)",
        "y",
        "J",
    ]
    assert [ng[key] for key in ("a0", "W1", "b1", "a1", "W2", "delta2", "a3")] == [
        "a^(1)",
        "Theta^(1)",
        "Theta_i0^(1)",
        "a^(2)",
        "Theta^(2)",
        "delta^(3)",
        "a^(4)",
    ]


def test_a_view_pickles_with_its_network():
    view = pickle.loads(pickle.dumps(network().in_dialect("bao")))  # noqa: S301  (our own bytes)
    same(view.parameters, network().in_dialect("bao").parameters)


# -- refusals ------------------------------------------------------------------------------------------------

W, B = PLAIN["W1"], PLAIN["b1"]


@pytest.mark.parametrize(
    ("given", "source", "target", "error", "text"),
    [
        (PLAIN, "nq", "bao", UnknownNameError, r"dialects\.convert: unknown dialect; got 'nq'.*'ng'\?"),
        (PLAIN, "jacobprop", "French", UnknownNameError, r"got 'French', expected one of jacobprop, downing"),
        (PLAIN, "jacobprop", 3, UnknownNameError, r"got 3, .*print\(jacobprop\.dialects\.table\(\)\)"),
        ({"W1": W}, "ng", "bao", UnknownNameError, "key that ng does not have; got 'W1', expected Theta1, "),
        ({"Theta1": W}, "mukund", "bao", UnknownNameError, "W1, W2, ... or b1, b2, .* a key of ng: check"),
        ({"W0": W}, "mukund", "bao", UnknownNameError, "It is a key of bao: check the source"),
        ({"Theta0": W}, "ng", "bao", UnknownNameError, "through convert, deltas through convert_deltas"),
        ({"b1": B}, "bao", "ng", UnknownNameError, r"got 'b1', expected W0, W1, \.\.\.\. It is a key"),
        ({"delta1": B}, "mukund", "ng", UnknownNameError, "got 'delta1'"),
        ({"C1": B}, "jacobprop", "ng", UnknownNameError, "got 'C1'"),
        ({"W01": W}, "jacobprop", "ng", UnknownNameError, "got 'W01'"),
        ({"W1²": W}, "jacobprop", "ng", UnknownNameError, "got 'W1²'"),
        ({"W" + 5000 * "1": W}, "jacobprop", "ng", UnknownNameError, "got 'W1111"),
        ({1: W}, "jacobprop", "ng", UnknownNameError, "got 1,"),
        ([W], "jacobprop", "ng", OptionError, "come in a mapping; got list, expected {'W1': array"),
        ({"W1": W}, "jacobprop", "bao", UnknownNameError, "layer 1 has no bias; .* bao has the bias in W0"),
        ({"b1": B}, "mukund", "ng", UnknownNameError, "layer 1 has no weights; .*Convert .* together"),
        ({"W1": B}, "jacobprop", "mukund", ShapeError, r"W1 must be a matrix; got shape \(2,\), .*\(n_in, n"),
        ({"W1": W[:0]}, "jacobprop", "mukund", ShapeError, r"got shape \(0, 2\)"),
        (
            {"W0": W[:1]},
            "bao",
            "ng",
            ShapeError,
            r"with the bias in it; got shape \(1, 2\), .*\(n_in \+ 1, n",
        ),
        ({"Theta1": W[:, :1]}, "ng", "bao", ShapeError, r"\(3, 1\), expected \(n_out, n_in \+ 1\)"),
        ({"W1": W, "b1": B[:1]}, "jacobprop", "ng", ShapeError, r"b1 is no bias for W1; .*\(1,\), .*\(2,\)"),
        (
            {"W1": W, "b1": B},
            "mukund",
            "ng",
            ShapeError,
            r"\(2,\), expected \(3,\), an entry for each unit that W1 leads",
        ),
        ({"b1": W}, "jacobprop", "mukund", ShapeError, r"got shape \(3, 2\), expected \(n_out,\)"),
        ({"W1": W + 1j}, "jacobprop", "mukund", DTypeError, r"convert: W1 does not hold real numbers"),
        ({"W1": W > 0}, "jacobprop", "mukund", DTypeError, "bool"),
        (PLAIN | {"W2": W[:1].T}, "mukund", "ng", ShapeError, "b1 is no bias"),
        (
            {"W1": np.ones((3, 3)), "W2": np.ones((2, 5))},
            "jacobprop",
            "ng",
            ShapeError,
            r"^dialects\.convert: W2 does not fit W1; got W1 \(3, 3\) and W2 \(2, 5\), expected "
            r"\(n_in, n_out\) of jacobprop: W1 leads to 3 units, W2 has 2 inputs\. Check .*chained=False",
        ),
        (
            {"Theta1": np.ones((2, 4)), "Theta2": np.ones((1, 5))},
            "ng",
            "bao",
            ShapeError,
            r"Theta2 does not fit Theta1; got Theta1 \(2, 4\) and Theta2 \(1, 5\), .*to 2 .* has 4 ",
        ),
        ({"W1": [[1.0], [1.0, 2.0]]}, "jacobprop", "mukund", DTypeError, "rectangular"),
        ({"W1": np.array([[None]])}, "jacobprop", "mukund", DTypeError, "array of objects"),
    ],
)
def test_what_is_no_dialect_is_refused(given, source, target, error, text):
    with pytest.raises(error, match=text):
        dialects.convert(given, source, target)


@pytest.mark.parametrize(
    ("given", "source", "target", "cases", "error", "text"),
    [
        (PLAIN, "jacobprop", "downing", None, OptionError, "cases must be .* a mean in jacobprop and a sum"),
        (PLAIN, "downing", "jacobprop", 0, OptionError, "got 0, expected 1 or more"),
        (PLAIN, "downing", "jacobprop", True, OptionError, "got True"),
        (PLAIN, "downing", "jacobprop", 2.0, OptionError, "got 2.0"),
        (PLAIN, "dehaqani", "downing-part-2", 4, UnknownNameError, "Did you mean 'downing-part-1'"),
        (BY_DESTINATION, "dehaqani", "downing", 4, ShapeError, "convert_gradients: b1 is no bias for W1"),
        ({"W1": B}, "dehaqani", "downing", 4, ShapeError, r"\(2,\), expected \(n_in, n_out\)"),
        (
            PLAIN,
            "downing",
            "ng",
            10**400,
            OptionError,
            "not that many cases; got a number of 1,329 bits, .*a sum",
        ),
        (
            {"W1": np.ones((2, 4)), "W2": np.ones((5, 1))},
            "dehaqani",
            "bao",
            3,
            ShapeError,
            r"convert_gradients: W2 does not fit W1; got W1 \(2, 4\) and W2 \(5, 1\)",
        ),
    ],
)
def test_what_is_no_gradient_is_refused(given, source, target, cases, error, text):
    with pytest.raises(error, match=text):
        dialects.convert_gradients(given, source, target, cases)


@pytest.mark.parametrize(
    ("given", "source", "error", "text"),
    [
        ({"delta1": B}, "ng", UnknownNameError, r"convert_deltas: a key that ng .* expected delta2, delta3"),
        ({"W1": W}, "bao", UnknownNameError, "got 'W1', expected delta1, delta2"),
        ({"delta1": B[:1], "delta2": B}, "bao", ShapeError, "delta1 holds nothing but a placeholder"),
        ({"delta1": W[None]}, "mukund", ShapeError, "delta1 must be one case or a stack of cases"),
        ({"delta1": W[:0]}, "mukund", EmptyBatchError, "delta1 has no cases"),
        (None, "mukund", OptionError, "got NoneType, expected {'delta1': array"),
        (PLAIN, "mukundd", UnknownNameError, "Did you mean 'mukund'"),
    ],
)
def test_what_is_no_delta_is_refused(given, source, error, text):
    with pytest.raises(error, match=text):
        dialects.convert_deltas(given, source, "jacobprop")


@pytest.mark.parametrize(("number", "meant"), [("004", "'ng'"), ("000", "'downing' or 'downing-part-1'")])
def test_the_number_of_a_seed_leads_to_its_dialects(number, meant):
    with pytest.raises(UnknownNameError, match=rf"got '{number}'.*Did you mean {meant}\?"):
        dialects.get(number)


def test_a_network_refuses_an_unknown_dialect_and_a_missing_target():
    with pytest.raises(UnknownNameError, match=r"net\.in_dialect: unknown dialect; got 'Ng'.*'ng'\?"):
        network().in_dialect("Ng")
    X, T = data()
    with pytest.raises(MissingTargetError, match="no target"):
        network().in_dialect("ng").gradients(X, None)
    with pytest.raises(MissingTargetError, match="no loss"):
        jp.Network([jp.Dense(5, 2)]).in_dialect("ng").deltas(X, T)


class Gain(jp.Layer):
    """a = C y, a parameter that no seed has."""

    n_in = 2

    def init(self, rng, dtype):
        return {"C": np.ones(2, dtype)}

    def forward(self, params, inputs):
        return params["C"] * inputs[0], inputs[0]

    def factors(self, params, cache):
        return {-1: jp.DiagonalJacobian(params["C"]), "C": jp.DiagonalJacobian(cache)}


def test_a_layer_that_no_seed_has_is_refused():
    net = jp.Network([jp.Dense(3, 2), Gain()])
    with pytest.raises(UnknownNameError, match="got 'C2'"):
        _ = net.in_dialect("downing").parameters
    assert net.in_dialect("downing").symbols["a2"] == "X_2"
