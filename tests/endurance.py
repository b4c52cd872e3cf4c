"""A long run leaks no memory and changes no global state.

``python -m tests.endurance [--minutes 3] [--threads 2]``, from a checkout.

Rounds until the time is over, each of them: a chain of 10,000 factors built, planned, multiplied and
measured; a network of 1,000 layers; 1,000 networks drawn, run, pickled, differentiated, trained and
dropped; and threads that call one network and one record at the same time, each with a DeltaRule of its
own. The results of every round are compared, bit for bit, with those of a first one, which ran serially.
From the second round on neither what Python has allocated (tracemalloc) nor the resident memory may grow
beyond a bound, and numpy's errstate, random state and print options, the filters of warnings and the
recursion limit stay what they were.

The library keeps up to 60 MiB of freed memory on purpose (``jacobprop.arrays``), so the bound of the
resident memory starts there. The exit code is 1 if anything failed; each round prints its figures.
"""

import argparse
import gc
import hashlib
import itertools
import os
import pickle
import sys
import threading
import time
import tracemalloc
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

import jacobprop as jp

FACTORS, NETWORKS, CALLS = 10_000, 1_000, 200
GROWTH, RESIDENT = 2 * 2**20, 96 * 2**20
"""Bytes by which Python's own memory may grow, all rounds together, and that of the process."""


def digest(*arrays):
    """What stands for the bits of arrays."""
    found = hashlib.sha256()
    for array in arrays:
        found.update(np.ascontiguousarray(array).tobytes())
    return found.hexdigest()


def state():
    """The global state that the library must leave alone."""
    return (
        np.geterr(),
        pickle.dumps(np.random.get_state()),  # noqa: NPY002  (the global one is what is watched)
        np.get_printoptions(),
        list(warnings.filters),
        sys.getrecursionlimit(),
        threading.active_count(),
    )


def resident():
    """Bytes of this process in memory, 0 where the system does not say."""
    statm = Path("/proc/self/statm")
    return int(statm.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") if statm.exists() else 0


# -- what is done ----------------------------------------------------------------------------------------


def long_chain(factors):
    """A row times so many scaled matrices, in both pure orders."""
    rng = np.random.default_rng(1)
    top = jp.DenseJacobian(rng.normal(size=(1, 3)))
    rest = [
        jp.ScaledJacobian(rng.uniform(0.5, 1.5, 3), rng.normal(size=(3, 3)) / 2) for _ in range(factors - 1)
    ]
    chain = jp.Chain([top, *rest])
    results = [chain.multiply(order).matrix() for order in ("auto", "backward", "forward")]
    norms = chain.log2_norms()
    text = str(chain.plan())
    assert len(text) < 5000
    assert norms.shape == (factors,)
    return digest(*results, norms)


def deep_network(layers):
    """A network so deep that a walk by recursion would not end well."""
    net = jp.Network([jp.Dense(2, 2, "tanh") for _ in range(layers)], jp.SquaredError())
    X, T = np.ones((3, 2)), np.zeros((3, 2))
    record = net.forward(X, T)
    loss, found = jp.DeltaRule(net).gradients(X, T)
    return digest(loss, *found.values(), *record.gradients().values(), record.jacobian("L", "a0").matrix())


def one_network(seed):
    """Draw, run, differentiate in three ways, pickle, train a little."""
    rng = np.random.default_rng(seed)
    widths = rng.integers(1, 9, 4).tolist()
    layers = [jp.Dense(n, m, "sigmoid") for n, m in itertools.pairwise(widths)]
    net = jp.Network([*layers, jp.Dense(widths[-1], 3), jp.Softmax()], jp.CrossEntropy(), seed=seed)
    X, T = rng.normal(size=(16, widths[0])), rng.integers(0, 3, 16)
    record = pickle.loads(pickle.dumps(net.forward(X, T)))  # noqa: S301  (our own bytes)
    jacobians = record.jacobians("a5")
    _, found = jp.DeltaRule(net).gradients(X, T)
    trained = jp.fit(net, X, T, epochs=2, batch_size=5, seed=seed).network
    stepped = jp.levenberg_marquardt(net, X, T, iterations=2).network
    curved = jp.gauss_newton(net, X, T).diagonal(), jp.ntk(net, X, trace=True), stepped.vector
    arrays = [*found.values(), *record.gradients().values(), trained.vector, jacobians["W1"].pull(np.ones(3))]
    return digest(*arrays, *curved)


def networks(count):
    return digest(*[np.frombuffer(one_network(seed).encode(), np.uint8) for seed in range(count)])


def calls_of_one(count, workers):
    """One network and one record for all threads, a DeltaRule for each; what every call returned."""
    rng = np.random.default_rng(3)
    net = jp.Network([jp.Dense(20, 30, "tanh"), jp.Dense(30, 4), jp.Softmax()], jp.CrossEntropy(), seed=3)
    X, T = rng.normal(size=(64, 20)), rng.integers(0, 4, 64)
    record = net.forward(X, T)
    own = threading.local()

    def call(number):
        rule = own.__dict__.setdefault("rule", jp.DeltaRule(net))
        rows = slice(number % 32, number % 32 + 32)
        loss, found = rule.gradients(X[rows], T[rows])
        pulled = record.pull("a2", np.ones(4))
        jacobian = record.jacobian("L", ("W1", "W2", "a0")[number % 3])
        asked = net.forward(X[rows], T[rows])
        return digest(
            net(X[rows]),
            loss,
            *found.values(),
            *pulled.values(),
            jacobian.row_norms(),
            *asked.gradients().values(),
        )

    if workers == 1:
        return [call(number) for number in range(count)]
    with ThreadPoolExecutor(workers) as pool:
        return list(pool.map(call, range(count)))


def one_round(size, workers):
    """The bits of everything, {part: digest}; threads are compared with the serial calls elsewhere."""
    return {
        "chain": long_chain(max(3, int(FACTORS * size))),
        "deep": deep_network(max(3, int(FACTORS * size / 10))),
        "networks": networks(max(3, int(NETWORKS * size))),
        "threads": calls_of_one(max(8, int(CALLS * size)), workers),
    }


# -- and watched -----------------------------------------------------------------------------------------


def endure(seconds, workers=2, size=1.0, say=print):
    """Rounds until the time is over, at least two after the warm-up; sentences about what was wrong."""
    before, wrong = state(), []
    expected = one_round(size, 1)
    one_round(size, workers)
    begun, rounds, first = time.monotonic(), 0, None
    tracemalloc.start()
    try:
        while rounds < 3 or time.monotonic() - begun < seconds:
            found = one_round(size, workers)
            wrong += [f"round {rounds}: {part} differs" for part in expected if found[part] != expected[part]]
            del found
            gc.collect()
            now = tracemalloc.get_traced_memory()[0], resident()
            first = now if first is None else first
            rounds += 1
            grown = [after - earlier for after, earlier in zip(now, first, strict=True)]
            passed = time.monotonic() - begun
            say(f"round {rounds}: {passed:.0f} s, grown by {grown[0]:,} and {grown[1]:,} bytes")
            for what, growth, bound in zip(("Python", "resident"), grown, (GROWTH, RESIDENT), strict=True):
                if growth > bound:
                    wrong.append(f"round {rounds}: {what} memory grew by {growth:,} bytes")
    finally:
        tracemalloc.stop()
    names = ("errstate", "random state", "print options", "warnings", "recursion limit", "threads")
    changed = zip(names, before, state(), strict=True)
    return wrong + [f"{name} changed" for name, one, other in changed if one != other]


def main(arguments=None):
    parser = argparse.ArgumentParser(prog="python -m tests.endurance", description=__doc__.partition("\n")[0])
    parser.add_argument("--minutes", type=float, default=3.0)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args(arguments)
    wrong = endure(60 * options.minutes, options.threads)
    print("\n".join(wrong) or "nothing leaked, nothing changed, every round had the same bits")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
