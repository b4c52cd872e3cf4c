"""Norms of Jacobians layer by layer, what a monitor keeps of them, and their picture."""

from typing import NamedTuple

import numpy as np
import pytest

import jacobprop as jp
from jacobprop.errors import OptionError
from jacobprop.training import Monitor, fit, jacobian_norms, saturation_report

RNG = np.random.default_rng(47)
CASES = 6
X, LABELS = RNG.normal(size=(CASES, 4)), np.array([0, 1, 2, 0, 1, 2])


NETS = {
    "softmax": jp.Network([jp.Dense(4, 5, "tanh"), jp.Dense(5, 3), jp.Softmax()], jp.CrossEntropy()),
    "squared": jp.Network(
        [jp.Dense(4, 5, "softplus"), jp.Dense(5, 2), jp.Softmax(), jp.Dense(2, 3)], jp.SquaredError()
    ),
    "binary": jp.Network([jp.Dense(4, 2, "tanh"), jp.Dense(2, 3, "sigmoid")], jp.BinaryCrossEntropy()),
    "normalised": jp.Network([jp.Dense(4, 5), jp.BatchNorm(5), jp.Dense(5, 3)], jp.MeanSquaredError()),
}
TARGETS = {"softmax": LABELS}


def target_of(name):
    return TARGETS.get(name, np.eye(3)[LABELS])


def norms_by_singular_values(record, of, wrt):
    """The median over the cases of the largest singular value of the dense Jacobian."""
    matrices = record.jacobian(of, wrt).matrix()
    matrices = matrices if matrices.ndim == 3 else matrices[None]
    return np.median([np.log2(np.linalg.svd(m, compute_uv=False)[0]) for m in matrices])


@pytest.mark.seed("S-38", "S-39", "B-47", "M-25")
@pytest.mark.parametrize("name", NETS)
@pytest.mark.parametrize("cases", [slice(None), 0], ids=["stack", "one case"])
def test_the_norms_are_those_of_the_dense_jacobians(name, cases):
    net, T = NETS[name], target_of(name)[cases]
    found, record = jacobian_norms(net, X[cases], T), net.forward(X[cases], T)
    depth = len(net.layers)
    assert found.log2_input.shape == (depth,)
    assert found.log2_loss.shape == (depth + 1,)
    for k in range(depth + 1):
        assert found.log2_loss[k] == pytest.approx(norms_by_singular_values(record, "L", f"a{k}"), abs=1e-12)
        if k:
            by_svd = norms_by_singular_values(record, f"a{k}", "a0")
            assert found.log2_input[k - 1] == pytest.approx(by_svd, abs=1e-12)
        by_chain = np.median(record.chain("L", f"a{k}").log2_norms()[-1])
        assert found.log2_loss[k] == pytest.approx(by_chain, abs=1e-12)
    assert jacobian_norms(net, X[cases]).log2_loss is None


class Shortcut(jp.Layer):
    """a = y + s of two activations below."""

    inputs = (-1, -2)

    def forward(self, params, inputs):
        return inputs[0] + inputs[1], inputs[0].shape

    def factors(self, params, cache):
        cases = cache[0] if len(cache) == 2 else None
        return dict.fromkeys(self.inputs, jp.IdentityJacobian(cache[-1], cases=cases))


@pytest.mark.seed("B-47")
def test_branches_are_added_and_coupled_cases_are_one_map():
    layers = [jp.Dense(4, 5, "tanh"), jp.Dense(5, 5, "sigmoid"), Shortcut(), jp.Dense(5, 3)]
    branched = jp.Network(layers, jp.SquaredError())
    T = np.eye(3)[LABELS]
    coupled = NETS["normalised"].in_training()
    for net in (branched, coupled):
        found, record = jacobian_norms(net, X, T), net.forward(X, T)
        for k in range(len(net.layers) + 1):
            by_svd = norms_by_singular_values(record, "L", f"a{k}")
            assert found.log2_loss[k] == pytest.approx(by_svd, abs=1e-12)
            if k:
                by_svd = norms_by_singular_values(record, f"a{k}", "a0")
                assert found.log2_input[k - 1] == pytest.approx(by_svd, abs=1e-12)


def deep(depth, activation, draw, width=20):
    layers = [jp.Dense.from_arrays(draw((width, width)), np.zeros(width), activation) for _ in range(depth)]
    return jp.Network(layers, jp.SquaredError())


@pytest.mark.seed("S-38", "B-47", "M-25")
@pytest.mark.parametrize(("depth", "guide"), [(2, 0.54), (5, 0.083), (10, 0.0023)])
def test_sigmoid_chains_vanish(depth, guide):
    found = []
    for seed in range(8):
        rng = np.random.default_rng(seed)
        net = deep(depth, "sigmoid", lambda shape, rng=rng: rng.uniform(-1, 1, shape))
        found.append(jacobian_norms(net, rng.normal(size=(8, 20))).log2_input[-1])
    assert guide / 2 < 2 ** np.median(found) < guide * 2  # the seeds spread as wide as that


@pytest.mark.seed("S-38", "B-47", "M-25")
def test_linear_chains_with_normal_weights_explode():
    found = []
    for seed in range(8):
        rng = np.random.default_rng(seed)
        net = deep(10, "identity", lambda shape, rng=rng: rng.normal(size=shape))
        found.append(jacobian_norms(net, rng.normal(size=(1, 20))).log2_input[-1])
    assert 9e6 / 2 < 2 ** np.median(found) < 9e6 * 2


@pytest.mark.seed("S-38", "M-25")
@pytest.mark.parametrize(("weight", "power"), [(2.0**-10, -12), (2.0**30, 28)])
def test_norms_beyond_the_floats_are_exact(weight, power):
    depth = 120  # sums of 0: every slope is 1/4, so every layer multiplies by weight / 4
    layers = [jp.Dense.from_arrays([[weight]], [-weight / 2 if k else 0.0], "sigmoid") for k in range(depth)]
    net = jp.Network(layers, jp.SquaredError())
    found = jacobian_norms(net, [[0.0]], [[0.25]])
    assert found.log2_input.tolist() == [power * k for k in range(1, depth + 1)]
    assert found.log2_loss.tolist() == [-2 + power * (depth - k) for k in range(depth + 1)]
    plain = net.forward([[0.0]], [[0.25]]).jacobian("a120", "a0").matrix()
    assert plain in (0.0, np.inf)  # which says nothing more


@pytest.mark.seed("B-47", "B-48")
def test_a_saturated_output_that_is_wrong_has_an_infinite_row_and_finite_norms_below():
    net = jp.Network([jp.Dense.from_arrays([[800.0]]), jp.Elementwise("sigmoid")], jp.BinaryCrossEntropy())
    found = jacobian_norms(net, [[1.0]], [[0.0]])
    assert found.log2_loss.tolist() == [np.log2(800), 0.0, np.inf]  # dL/dz = 1


def test_a_branch_of_zeros_does_not_hide_one_that_vanishes():
    layers = [jp.Dense.from_arrays([[2.0**-10]]) for _ in range(120)]
    net = jp.Network([*layers, jp.Dense(1, 1, init="zero"), Shortcut()], jp.SquaredError())
    found = jacobian_norms(net, [[1.0], [2.0]], [[1.0], [1.0]])
    assert found.log2_input[-3:].tolist() == [-1200, -np.inf, -1200]
    assert found.log2_loss[0] == -1200


def test_zeros_and_nan_are_told_apart():
    zero = jp.Network([jp.Dense(4, 3, init="zero"), jp.Dense(3, 2)], jp.SquaredError())
    found = jacobian_norms(zero, X, np.ones((CASES, 2)))
    assert found.log2_input.tolist() == [-np.inf, -np.inf]
    assert found.log2_loss[0] == -np.inf
    assert np.isfinite(found.log2_loss[1:]).all()
    bad = X.copy()
    bad[:, 1] = np.nan
    assert np.isnan(jacobian_norms(NETS["softmax"], bad).log2_input[0])
    assert "-inf" in str(found)
    assert len(str(found).splitlines()) == 4
    assert len(str(jacobian_norms(zero, X)).splitlines()) == 3


# -- the monitor ---------------------------------------------------------------------------------------------


@pytest.mark.seed("S-39", "B-47", "B-48")
def test_a_monitor_keeps_what_the_reports_say():
    net, monitor, seen = NETS["softmax"], Monitor(X, LABELS, eps=0.5), []
    for epoch in (0, 3, 6):
        monitor(net, epoch)
        seen.append((saturation_report(net, X, 0.5), jacobian_norms(net, X, LABELS)))
        net = fit(net, X, LABELS, epochs=3, learning_rate=1.0).network
    monitor(net)
    assert monitor.epochs == [0, 3, 6, 7]
    assert monitor.layers == [1]
    assert monitor.saturated[:3].tolist() == [[report[0].saturated] for report, _ in seen]
    assert np.array_equal(monitor.log2_input[:3], [norms.log2_input for _, norms in seen])
    assert np.array_equal(monitor.log2_loss[:3], [norms.log2_loss for _, norms in seen])
    assert not np.array_equal(monitor.log2_loss[0], monitor.log2_loss[3])
    assert repr(monitor) == "<Monitor: looked 4 times>"


def test_the_table_is_a_few_lines_however_long_the_training():
    monitor = Monitor(X)
    assert str(monitor) == "nothing seen yet"
    assert monitor.layers == []
    for _ in range(40):
        monitor(NETS["binary"])
    lines = str(monitor).splitlines()
    assert len(lines) == 8
    assert [int(line.split()[0]) for line in lines[1:-1]] == [0, 8, 16, 23, 31, 39]
    assert lines[0].split() == ["epoch", "sat1", "sat2", "|J1|", "|J2|"]
    assert monitor.log2_loss is None
    assert max(map(len, lines)) <= 100


def test_a_monitor_does_not_change_the_training():
    net, monitor = NETS["softmax"], Monitor(X, LABELS)
    alone = fit(net, X, LABELS, epochs=4).network
    state = None
    for _ in range(2):
        run = fit(net, X, LABELS, epochs=2, **({} if state is None else {"state": state}))
        state = run.state
        monitor(run.network)
    assert np.array_equal(run.network.vector, alone.vector)


@pytest.mark.parametrize("with_loss", [True, False])
@pytest.mark.parametrize("saturating", [True, False])
def test_the_picture_has_a_line_for_each_layer(with_loss, saturating):
    layers = [jp.Dense(4, 5, "tanh" if saturating else "identity"), jp.Dense(5, 3), jp.Softmax()]
    net = jp.Network(layers, jp.CrossEntropy())
    monitor = Monitor(X, LABELS if with_loss else None)
    for _ in range(3):
        monitor(net)
    values = (monitor.saturated, monitor.log2_input, monitor.log2_loss)
    figure = jp.monitor_picture(monitor, title="a title")
    lines = [len(axes.lines) for axes in figure.axes]
    assert lines == [1] * saturating + [3] + [4] * with_loss
    assert (
        figure.axes[-1].lines[0].get_ydata().tolist()
        == (values[2] if with_loss else values[1])[:, 0].tolist()
    )


class Seen(NamedTuple):
    """What a monitor has seen of a network that cannot saturate, without targets."""

    epochs: list
    log2_input: np.ndarray
    log2_loss: None = None
    layers: tuple = ()

    @property
    def saturated(self):
        return np.empty((len(self.epochs), 0))


def test_a_picture_needs_epochs_and_a_file_of_a_picture():
    with pytest.raises(
        OptionError, match=r"monitor_picture: there is nothing to draw.*callbacks=\[monitor\]"
    ):
        jp.monitor_picture(Monitor(X))
    with pytest.raises(OptionError, match=r"monitor_picture.*a picture cannot be saved there"):
        jp.monitor_picture(Seen([0], np.eye(1)), "monitor.txt")


def test_a_monitor_follows_a_training_as_its_callback():
    net = jp.Network([jp.Dense(4, 5, "tanh"), jp.Dense(5, 3), jp.Softmax()], jp.CrossEntropy())
    monitor, alone = Monitor(X, LABELS), Monitor(X, LABELS)
    first = jp.fit(net, X, LABELS, epochs=2, callbacks=[monitor])
    second = jp.fit(net, X, LABELS, epochs=1, callbacks=[monitor], state=first.state)
    assert monitor.epochs == [0, 1, 2, 3]
    for each in (net, jp.fit(net, X, LABELS, epochs=1).network, first.network, second.network):
        alone(each)
    assert np.array_equal(monitor.log2_loss, alone.log2_loss)


def test_a_callback_may_end_the_training_and_all_are_called():
    net, seen = jp.Network([jp.Dense(4, 3), jp.Softmax()], jp.CrossEntropy()), []

    def stop_at(epoch):
        def callback(net, now):
            seen.append((epoch, now))
            if now == epoch:
                raise StopIteration

        return callback

    found = jp.fit(net, X, LABELS, epochs=9, callbacks=[stop_at(2), stop_at(5)])
    assert seen == [(limit, now) for now in (0, 1, 2) for limit in (2, 5)]
    assert found.stopped == "A callback raised StopIteration after epoch 2."
    at_once = jp.fit(net, X, LABELS, epochs=9, callbacks=(stop_at(0),))
    assert len(at_once.history.train) == 1
    for wrong in (print, [3], "fit", [Monitor]):
        with pytest.raises(OptionError, match="callbacks are functions that see the network"):
            jp.fit(net, X, LABELS, callbacks=wrong)


def test_the_same_picture_is_the_same_file(tmp_path):
    files = []
    for _ in range(2):
        jp.monitor_picture(Seen([0, 1], np.eye(2)), tmp_path / "monitor.png", title="$1 and $2")
        files.append((tmp_path / "monitor.png").read_bytes())
    assert files[0] == files[1]


def test_zero_norms_leave_a_gap_in_the_picture():
    figure = jp.monitor_picture(Seen([0], np.array([[-np.inf, 1.0]])))
    assert np.isnan(figure.axes[0].lines[0].get_ydata()).all()
    assert figure.axes[0].lines[1].get_marker() == "o"


def test_epoch_0_is_shown_once_however_a_training_is_divided():
    net, seen, state = jp.Network([jp.Dense(4, 2)], jp.SquaredError()), [], None
    for epochs in (0, 0, 2, 1):
        callbacks = [lambda _, epoch: seen.append(epoch)]
        state = fit(net, X, X[:, :2], epochs=epochs, callbacks=callbacks, state=state).state
    assert seen == [0, 1, 2, 3]
