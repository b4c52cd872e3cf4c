"""LogSoftmax with NegativeLogLikelihood as it is presented: row -t, head exp(a) - t, L = -sum t_i y_i."""

import numpy as np
import pytest
import sympy

import jacobprop as jp
from jacobprop.report.canvas import save
from jacobprop.report.chain_picture import chain_picture
from jacobprop.report.chain_table import ChainTable
from jacobprop.report.forms import Writer
from jacobprop.report.forward_pass import definitions
from jacobprop.report.notation import ASCII, LATEX, MATHTEXT, UNICODE
from jacobprop.report.worksheet import worksheet

X, T = np.array([[0.5, -1.25, 2.0], [1.0, 0.75, -0.5]]), np.array([3, 0])


@pytest.fixture(scope="module")
def passed():
    net = jp.Network([jp.Dense(3, 5, "tanh"), jp.Dense(5, 4), jp.LogSoftmax()], jp.NegativeLogLikelihood())
    return net, net.forward(X, T)


def table_of(passed, wrt, notation=ASCII):
    net, record = passed
    return ChainTable(record.chain("L", wrt), net.architecture, notation)


def head_form(table):
    return table.writer.form(table.chain.head, table.nodes[0], table.nodes[2])


def test_the_forms_are_those_of_the_derivation():
    """-t, I - 1 p^T and p - t with p = exp(a), for targets that add up to one, by sympy."""
    z, t = sympy.symbols("z:3", real=True), sympy.symbols("t:2", real=True)
    t = (*t, 1 - t[0] - t[1])
    y = [each - sympy.log(sum(map(sympy.exp, z))) for each in z]
    free = sympy.symbols("y:3", real=True)
    loss = -sum(a * b for a, b in zip(t, free, strict=True))
    assert [sympy.diff(loss, each) for each in free] == [-each for each in t]
    J = sympy.Matrix(y).jacobian(sympy.Matrix(z))
    p = sympy.Matrix([sympy.exp(each) for each in y])
    assert sympy.simplify(J - (sympy.eye(3) - sympy.ones(3, 1) * p.T)) == sympy.zeros(3)
    row = -sympy.Matrix([t]) * J
    assert sympy.simplify(row - (p.T - sympy.Matrix([t]))) == sympy.zeros(1, 3)


def test_the_chain_table(passed):
    table = table_of(passed, "W1")
    assert [row.symbol for row in table.factors] == ["J_a3^L", "J_a2^a3", "J_a1^a2", "J_W1^a1"]
    assert [row.form for row in table.factors] == [
        "-t",
        "I - 1 exp(a3)^T",
        "W2^T",
        "diag(f'_a1) (x) a0",
    ]
    assert [row.fused for row in table.factors] == [True, True, False, False]
    assert table_of(passed, "W1", UNICODE).factors[1].form == "I − 1 exp(a3)ᵀ"


@pytest.mark.parametrize("wrt", ["W1", "W2", "b2", "a2", "z2", "z3"])
def test_the_head_whichever_way_the_chain_goes_on(passed, wrt):
    for notation, form in (
        (ASCII, "exp(a3) - t"),
        (UNICODE, "exp(a3) − t"),
        (LATEX, "{e^{a_{3}}} - t"),
        (MATHTEXT, "exp(a_{3}) - t"),
    ):
        assert head_form(table_of(passed, wrt, notation)) == form


def test_the_forms_are_the_numbers(passed):
    _, record = passed
    table, y, t = table_of(passed, "W1"), record.output, np.eye(4)[T]
    row, J = (factor.matrix() for factor in table.chain.factors[:2])
    np.testing.assert_array_equal(row, -t[:, None, :])
    np.testing.assert_allclose(J, np.eye(4) - np.ones((4, 1)) * np.exp(y)[:, None, :], rtol=1e-13)
    np.testing.assert_allclose(table.chain.head.matrix(), (np.exp(y) - t)[:, None, :], rtol=1e-13)
    np.testing.assert_allclose(record.losses, -(t * y).sum(axis=1), rtol=1e-14)


def test_the_worksheet(passed):
    net, record = passed
    text = worksheet(net, record, [record.chain("L", "W1")], case=1)
    assert r"a_{3} &= \mathrm{log\_softmax}(a_{2}) = \begin{bmatrix} " in text
    assert rf"L &= -\sum_i t_i {{a_{{3}}}}_i = {-record.output[1, 0]:.4f}" in text
    assert r"J_{a_{3}}^{L} &= -t \qquad (1 \times 4)" in text
    assert r"J_{a_{2}}^{a_{3}} &= I - 1 {e^{a_{3}}}^{\mathsf{T}} \qquad (4 \times 4)" in text
    head = " & ".join(f"{value:.4f}" for value in np.exp(record.output[1]) - np.eye(4)[0])
    assert rf"= {{e^{{a_{{3}}}}}} - t = \begin{{bmatrix}} {head} \end{{bmatrix}}" in text


def test_the_screen_says_what_the_output_is(passed):
    net, record = passed
    assert "a3 = log_softmax(a2)" in list(definitions(net, record, Writer(net.architecture, ASCII)))


def test_the_picture(passed, tmp_path):
    net, record = passed
    figure = chain_picture(net, record, record.chain("L", "W1"))
    save(figure, tmp_path / "chain.png")  # draws: warnings of the font or of its mathematics are errors
    shown = "\n".join(text.get_text() for text in figure.texts)
    for words in (
        "$J_{a_{3}}^{L}",
        "$J_{a_{2}}^{a_{3}}$",
        "-t",
        "exp(a_{3})",
        r"\partial L / \partial W_{1}",
    ):
        assert words in shown
