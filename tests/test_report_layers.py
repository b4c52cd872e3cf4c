"""RBF, Residual, Elementwise, BatchNorm and Dropout as they are presented: forms are what the numbers are."""

import io

import numpy as np
import pytest

import jacobprop as jp
from jacobprop.layers import RBF, BatchNorm, Dropout, Elementwise, Residual
from jacobprop.report.chain_picture import chain_picture
from jacobprop.report.chain_table import ChainTable
from jacobprop.report.forms import Writer
from jacobprop.report.forward_pass import definitions, forward
from jacobprop.report.machine import chain_data, network_data
from jacobprop.report.notation import ASCII, LATEX
from jacobprop.report.worksheet import worksheet

X = np.random.default_rng(9).normal(size=(5, 3))
T = np.random.default_rng(10).uniform(0.1, 0.9, size=(5, 2))


def passed(*layers, loss=None, training=False):
    net = jp.Network(layers, loss or jp.SquaredError(), seed=4).with_statistics(X)
    net = net.in_training(1) if training else net
    return net, net.forward(X, T)


CALM = passed(jp.Dense(3, 2, "tanh"), BatchNorm(2), Elementwise("sigmoid"), Dropout(0.5))
LEARNING = passed(jp.Dense(3, 2, "tanh"), BatchNorm(2), Dropout(0.5), training=True)
MASKED = passed(jp.Dense(3, 2, "tanh"), Dropout(0.4), training=True)
RADIAL = passed(RBF(3, 4), jp.Dense(4, 2))
SHORT = passed(jp.Dense(3, 2), jp.Dense(2, 2, "tanh"), Residual(1))
FUSED = passed(jp.Dense(3, 2), Elementwise("sigmoid"), loss=jp.BinaryCrossEntropy())
ALL = {"calm": CALM, "learning": LEARNING, "masked": MASKED, "radial": RADIAL, "short": SHORT, "fused": FUSED}


def table(net_and_record, wrt, of="L", notation=ASCII):
    net, record = net_and_record
    return ChainTable(record.chain(of, wrt), net.architecture, notation)


def forms(net_and_record, wrt, of="L", notation=ASCII):
    return [row.form for row in table(net_and_record, wrt, of, notation).factors]


def test_the_forms_of_a_chain_through_batch_norm_in_use():
    assert forms(CALM, "W1") == ["a4 - t", "I", "diag(f'_a3)", "diag(C2/s)", "diag(f'_a1) (x) a0"]
    assert forms(CALM, "C2")[-1] == "diag((a1 - mean)/s)"
    assert forms(CALM, "b2")[-1] == "I"
    assert forms(CALM, "W1", notation=LATEX)[3] == r"\mathrm{diag}(C_{2}/s)"
    net, record = CALM
    layer, y = net.layers[1], record.activation(1)
    s = np.sqrt(layer.variance + layer.epsilon)
    factors = [J.matrix() for J in record.chain("L", "C2").factors]
    np.testing.assert_allclose(factors[-1], [np.diag((each - layer.mean) / s) for each in y], rtol=1e-12)
    np.testing.assert_allclose(record.jacobian("a2", "a1").matrix()[0], np.diag(net.parameters["C2"] / s))


def test_the_forms_of_dropout_with_its_mask():
    assert forms(MASKED, "b1") == ["a2 - t", "diag(mask/(1 - rate))", "diag(f'_a1)"]
    J = MASKED[1].jacobian("a2", "a1").matrix()
    assert set(np.unique(J)) == {0, 1 / 0.6}


def test_the_forms_of_a_radial_layer():
    assert forms(RADIAL, "B1") == ["a2 - t", "W2^T", "diag(-a1 |a0 - C1|^2)"]
    assert forms(RADIAL, "C1")[-1] == "da1/dC1"
    assert forms(RADIAL, "z1")[-1] == "diag(-a1)"
    assert forms(RADIAL, "B1", of="z1") == ["diag(|a0 - C1|^2)"]
    net, record = RADIAL
    squared = ((X[0][:, None] - net.parameters["C1"]) ** 2).sum(axis=0)
    a = record.activation(1)[0]
    np.testing.assert_allclose(record.jacobian("a1", "B1").matrix()[0], np.diag(-a * squared), rtol=1e-13)


def test_a_product_is_not_written_as_a_factor():
    """The diagonal of two layers is f' of neither, and so is one that a weight's left has taken in."""
    net, record = CALM
    writer = Writer(net.architecture, ASCII)
    node = net.architecture.node
    for wrt, form in (("a2", "diag(f'_a3)"), ("a1", "da3/da1"), ("W1", "J_z1^a3 (x) a0")):
        assert writer.form(record.jacobian("a3", wrt), node("a3", ""), node(wrt, "")) == form
    deep, passes = passed(
        jp.Dense(3, 4, "tanh"), jp.Dense(4, 4, "sigmoid"), BatchNorm(4), jp.Dense(4, 2, "tanh")
    )
    writer, node = Writer(deep.architecture, ASCII), deep.architecture.node
    for of, wrt, form in (
        ("a2", "z1", "diag(f'_a2) W2^T diag(f'_a1)"),
        ("a2", "W1", "diag(f'_a2) W2^T diag(f'_a1) (x) a0"),
        ("a4", "a2", "da4/da2"),
        ("a3", "a1", "da3/da1"),
        ("a3", "z1", "da3/dz1"),
        ("a4", "a3", "diag(f'_a4) W4^T"),
    ):
        assert writer.form(passes.jacobian(of, wrt), node(of, ""), node(wrt, "")) == form


def test_a_log_softmax_times_a_normalisation_is_not_written_as_the_first_alone():
    net = jp.Network([jp.Dense(3, 4), BatchNorm(4), jp.LogSoftmax()])
    record, writer, node = net.forward(X), Writer(net.architecture, ASCII), net.architecture.node
    for wrt, form in (("a2", "I - 1 exp(a3)^T"), ("a1", "diag(d) + U V^T")):
        assert writer.form(record.jacobian("a3", wrt), node("a3", ""), node(wrt, "")) == form


def test_the_definitions_of_all():
    found = {
        name: list(definitions(*pair, Writer(pair[0].architecture, ASCII))) for name, pair in ALL.items()
    }
    assert found["calm"][4:8] == [
        "a2 = C2 (a1 - mean)/s + b2",
        "a3 = sigmoid(a2)",
        "f'_a3 = f'(a2)",
        "a4 = a3",
    ]
    assert found["learning"][4:6] == ["a2 = C2 (a1 - mean)/s + b2", "a3 = mask a2/(1 - rate)"]
    assert found["radial"][1] == "a1 = exp(-B1 |a0 - C1|^2)"
    assert found["short"][5] == "a3 = a2 + a1"


def test_every_line_of_the_forward_pass_is_what_it_says():
    net, record = CALM
    lines = {line.letter: line.values for line in forward(net, record, Writer(net.architecture, ASCII), 2)}
    np.testing.assert_array_equal(lines["a3"], record.activation(3)[2:3])
    a = record.activation(3)[2:3]
    np.testing.assert_allclose(lines["f'_a3"], a * (1 - a), rtol=1e-13)


def test_the_head_of_a_sigmoid_alone():
    rows = table(FUSED, "W1")
    assert [row.fused for row in rows.factors] == [True, True, False]
    assert rows.writer.form(rows.chain.head, rows.nodes[0], rows.nodes[2]) == "a2 - t"
    np.testing.assert_allclose(rows.chain.head.matrix()[:, 0], FUSED[1].output - T, rtol=1e-12)


def test_coupled_cases_are_one_map_of_the_batch():
    net, record = LEARNING
    rows = table(LEARNING, "W1")
    assert rows.factors[0].form == "(a3 - t)/n"  # of the mean loss, which is the record's own
    np.testing.assert_allclose(rows.chain.factors[0].tensor(), (record.output - T) / 5, rtol=1e-13)
    assert [row.shape for row in rows.factors] == [(1, 5, 2), (5, 2, 5, 2), (5, 2, 5, 2), (5, 2, 3, 2)]
    lines = {line.letter: line.values for line in forward(net, record, Writer(net.architecture, ASCII), 0)}
    assert lines["a2"].shape == (5, 2)
    sheet = worksheet(net, record, [record.chain("L", "b2")])
    assert "The batch of n = 5 cases is one map" in sheet
    assert r"\sum_i" not in sheet
    summed = passed(jp.Dense(3, 2), BatchNorm(2), loss=jp.SquaredError(reduction="sum"), training=True)
    assert forms(summed, "b2")[0] == "a2 - t"


@pytest.mark.parametrize("name", ALL)
def test_tables_sheets_and_data_of_every_chain(name):
    net, record = ALL[name]
    assert network_data(net, record)
    chains = [
        record.chain("L", wrt) for wrt in net.parameters if not (name == "short" and wrt in ("W1", "b1"))
    ]
    for chain in chains:
        rows = ChainTable(chain, net.architecture, ASCII)
        assert all(row.form for row in (*rows.factors, *rows.steps))
        assert chain_data(rows, record.jacobian(rows.nodes[0].name, rows.nodes[-1].name))
    sheet = worksheet(net, record, chains)
    assert sheet.count("{") == sheet.count("}")


@pytest.mark.parametrize("name", ["radial", "learning"])
def test_pictures(name):
    net, record = ALL[name]
    picture = chain_picture(net, record, record.chain("L", {"radial": "C1", "learning": "W1"}[name]))
    picture.savefig(io.BytesIO(), format="svg")
    words = " ".join(text.get_text() for text in picture.texts)
    assert ("a batch of n = 5 coupled cases" in words) == (name == "learning")
