"""What is stored and what is allocated: structure is kept, and cases never meet other cases."""

import pickle
import tracemalloc
from contextlib import contextmanager
from types import MappingProxyType

import numpy as np
import pytest

import jacobprop as jp
from jacobprop.errors import DenseLimitError

MIB = 2**20


class Peak:
    """Bytes allocated at the highest point of a block."""

    nbytes = 0


@contextmanager
def allocating():
    """Measure with tracemalloc, to which numpy reports its arrays."""
    peak = Peak()
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        tracemalloc.reset_peak()
        yield peak
        peak.nbytes = tracemalloc.get_traced_memory()[1] - before
    finally:
        tracemalloc.stop()


def digits(cases):
    """784-256-128-10 with sigmoid layers and softmax-free outputs."""
    layers = [jp.Dense(784, 256, "sigmoid"), jp.Dense(256, 128, "tanh"), jp.Dense(128, 10, "sigmoid")]
    rng = np.random.default_rng(784)
    return jp.Network(layers, jp.SquaredError()).forward(
        rng.uniform(size=(cases, 784)), np.zeros((cases, 10))
    )


@pytest.mark.seed("S-03", "S-05", "D-71")
def test_a_far_weight_jacobian_stores_its_left_factor_and_a_reference():
    record = digits(64)
    with allocating() as peak:
        J = record.jacobian("a3", "W1")
    assert isinstance(J, jp.WeightJacobian)
    assert J.out_shape == (10,)
    assert J.in_shape == (784, 256)
    assert J.left.structure.numbers == 64 * 10 * 256
    assert J.left.nbytes == 64 * 10 * 256 * 8 == 1.25 * MIB
    assert np.shares_memory(J.y, record.activation(0))
    assert J.nbytes == J.left.nbytes + J.y.nbytes
    assert J.dense_nbytes == 64 * 10 * 784 * 256 * 8
    assert peak.nbytes < 4 * MIB < J.dense_nbytes / 200


def test_the_dense_tensor_is_refused_before_anything_is_allocated():
    J = digits(64).jacobian("a3", "W1")
    with allocating() as peak, pytest.raises(DenseLimitError) as caught:
        J.tensor(max_bytes=2**29)
    assert peak.nbytes < MIB / 4
    text = str(caught.value)
    assert "nothing was allocated" in text
    assert f"got {64 * 10 * 784 * 256 * 8:,} bytes, expected at most {2**29:,}" in text
    assert "Stay structured with push, pull, .stacked() or @" in text
    assert isinstance(caught.value, MemoryError)


def test_four_thousand_cases_are_above_the_default_limit():
    record = digits(4000)
    J = record.jacobian("L", "W1")
    with allocating() as peak, pytest.raises(DenseLimitError):
        J.tensor()
    with pytest.raises(DenseLimitError):
        record.layer(1).J_W.tensor()
    assert peak.nbytes < MIB / 4
    assert J.nbytes == 4000 * (784 + 256) * 8
    assert J.case(17).tensor().shape == (784, 256)
    gradient = record.gradients()["W1"]
    picked = sum(J.case(k).tensor() for k in range(0, 4000, 1000))
    assert picked.shape == gradient.shape


def wide(cases):
    layers = [jp.Dense(64, 64, "tanh"), jp.Dense(64, 10), jp.Softmax()]
    rng = np.random.default_rng(64)
    net = jp.Network(layers, jp.CrossEntropy())
    return net, rng.normal(size=(cases, 64)), rng.integers(0, 10, cases)


@pytest.mark.seed("D-51", "S-06", "S-13")
def test_ten_thousand_cases_take_a_few_hundred_megabytes():
    net, X, T = wide(10_000)
    with allocating() as peak:
        record = net.forward(X, T)
        gradients = record.gradients()
        by_output = record.jacobians("a3")
        jp.gradients(net, X, T, "delta")
        record.jacobian("L", "a0")
    assert gradients["W1"].shape == (64, 64)
    assert by_output["W1"].out_shape == (10,)
    assert by_output["W1"].cases == 10_000
    assert peak.nbytes < 300 * MIB


@pytest.mark.parametrize("of", ["L", "a3"])
def test_bytes_grow_in_step_with_the_cases(of):
    """A block of cases x cases would make them grow with the square."""
    found = {}
    for cases in (200, 400):
        net, X, T = wide(cases)
        record = net.forward(X, T)
        with allocating() as peak:
            stored = sum(J.nbytes for J in record.jacobians(of).values())
            record.gradients()
        found[cases] = stored, peak.nbytes
    for small, large in zip(found[200], found[400], strict=True):
        assert large < 2.2 * small
    shapes = [J.shape for J in record.jacobians(of).values()]
    assert all(shape[0] == 400 and 400 not in shape[1:] for shape in shapes)


def test_what_all_cases_share_is_stored_once():
    net, X, T = wide(50)
    record = net.forward(X, T)
    factor = record.layer(1).J_Y
    assert np.shares_memory(factor.shared, net.parameters["W1"])
    assert factor.structure.numbers == 64 * 64 + 50 * 64
    linear = record.layer(2).J_Y
    assert linear.structure.numbers == 64 * 10
    assert linear.cases == 50


def writable(thing, seen):
    """Every array that can be reached and written into."""
    if id(thing) in seen:
        return []
    seen[id(thing)] = thing
    if isinstance(thing, np.ndarray):
        return [thing] if thing.flags.writeable and thing.size else []
    if isinstance(thing, dict | MappingProxyType):
        parts = list(thing.values())
    elif isinstance(thing, tuple | list):
        parts = list(thing)
    elif type(thing).__module__.startswith("jacobprop") and hasattr(thing, "__dict__"):
        parts = list(vars(thing).values())
    else:
        parts = []
    return [array for part in parts for array in writable(part, seen)]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("pickled", [False, True])
def test_no_parameter_can_be_reached_and_changed(dtype, pickled):
    layers = [jp.Dense(3, 4, "tanh"), jp.Dense(4, 2), jp.Softmax()]
    net = jp.Network(layers, loss=jp.CrossEntropy(), dtype=dtype)
    record = net.forward(np.ones((5, 3)), [0, 1, 0, 1, 1])  # float64 cases: float32 parameters are widened
    record.gradients()
    record.jacobians("a3")
    net, record = pickle.loads(pickle.dumps((net, record))) if pickled else (net, record)  # noqa: S301  (our own)
    reached = [*net._by_layer(np.dtype(np.float64)), *(layer._params for layer in record._layers)]
    assert writable(tuple(reached), {}) == []
    assert writable(net, {}) == []
