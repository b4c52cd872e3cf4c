"""The same seed gives the same bits, however many threads the BLAS may use."""

import numpy as np
import pytest

import jacobprop as jp
from jacobprop.experiments import EXPERIMENTS
from jacobprop.training import Adam

threadpoolctl = pytest.importorskip("threadpoolctl")


def trained(threads):
    rng = np.random.default_rng(0)
    X, labels = rng.normal(size=(256, 128)), rng.integers(10, size=256)
    layers = [jp.Dense(128, 256), jp.BatchNorm(256), jp.Elementwise("tanh"), jp.Dropout(0.3)]
    net = jp.Network([*layers, jp.Dense(256, 10), jp.Softmax()], jp.CrossEntropy())
    with threadpoolctl.threadpool_limits(threads):
        return jp.fit(net, X, labels, epochs=3, batch_size=64, optimizer=Adam(), learning_rate=0.01, seed=5)


@pytest.mark.seed("S-20")
def test_a_training_does_not_depend_on_the_number_of_threads():
    one, two = trained(1), trained(2)
    assert np.array_equal(one.network.vector, two.network.vector)
    assert one.history.train == two.history.train


@pytest.mark.parametrize(("name", "options"), [("vanishing", {"seeds": [0]}), ("pulses", {})])
def test_an_experiment_does_not_depend_on_the_number_of_threads(name, options):
    tables = []
    for threads in (1, 2):
        with threadpoolctl.threadpool_limits(threads):
            tables.append(EXPERIMENTS[name].run(**options).table())
    assert tables[0] == tables[1]
