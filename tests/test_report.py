"""The presentation shows the record's own numbers, marks what is zero by structure, and escapes names."""

import itertools
import re
import string

import numpy as np
import pytest

import jacobprop as jp
from jacobprop.report.blocks import Block, block_shapes, blocks, full, one_case
from jacobprop.report.canvas import HEIGHT, WIDTH, save
from jacobprop.report.chain_layout import column_widths, fit_scale
from jacobprop.report.chain_panels import MOST_FACTORS, chain_panels, shown_factors
from jacobprop.report.chain_picture import chain_picture
from jacobprop.report.chain_table import ChainTable
from jacobprop.report.colours import colours, ink
from jacobprop.report.demo_picture import demo_picture
from jacobprop.report.latex_matrix import latex_matrix, latex_number
from jacobprop.report.machine import chain_data, plain
from jacobprop.report.magnitude import MOST_SHOWN, decimal
from jacobprop.report.notation import ASCII, LATEX, MATHTEXT, UNICODE, escape_latex
from jacobprop.report.numbers import equation_lines, fits, flowing, jacobian_lines, matrix_lines
from jacobprop.report.pooling import pooled
from jacobprop.report.sparsity import structural_zeros
from jacobprop.report.worksheet import worksheet

HOSTILE = r"$x$_{\end{document} [bold]%#&~^'α層"


def slide_net(**options):
    """The slides' 3-2-1, no bias, with their letters."""
    layers = [jp.Dense(3, 2, "sigmoid", bias=False), jp.Dense(2, 1, "sigmoid", bias=False)]
    return jp.Network(layers, loss=jp.SquaredError(), **({"names": "X Y Z", "weights": "V W"} | options))


def soft_net(**options):
    layers = [jp.Dense(7, 5, "tanh"), jp.Dense(5, 4, "sigmoid"), jp.Dense(4, 3), jp.Softmax()]
    return jp.Network(layers, loss=jp.CrossEntropy(), **options)


def passed(net, cases=3):
    rng = np.random.default_rng(1)
    X = rng.uniform(-1, 1, (cases, net.n_in))
    T = rng.integers(3, size=cases) if net.loss.gate == "softmax" else rng.uniform(0.1, 0.9, (cases, 1))
    return net.forward(X, T)


@pytest.fixture(scope="module")
def slide():
    net = slide_net()
    return net, passed(net)


@pytest.fixture(scope="module")
def soft():
    net = soft_net()
    return net, passed(net)


def table_of(case, wrt, notation=UNICODE, of="L"):
    net, record = case
    return ChainTable(record.chain(of, wrt), net.architecture, notation)


# -- tables -----------------------------------------------------------------------------------------


def test_slide_forms(slide):
    rows = table_of(slide, "V").factors
    assert [row.symbol for row in rows] == ["J_Z^L", "J_Y^Z", "J_V^Y"]
    assert [row.form for row in rows] == ["Z − t", "diag(f′_Z) Wᵀ", "diag(f′_Y) ⊗ X"]
    assert [row.shape for row in rows] == [(1, 1), (1, 2), (2, 3, 2)]


def test_softmax_forms_in_ascii(soft):
    rows = table_of(soft, "W1", ASCII).factors
    assert [row.form for row in rows] == [
        "-t/p",
        "diag(p) - p p^T",
        "W3^T",
        "diag(f'_a2) W2^T",
        "diag(f'_a1) (x) a0",
    ]
    assert [row.fused for row in rows] == [True, True, False, False, False]
    assert "".join(row.form + row.symbol + row.structure for row in rows).isascii()


def test_symbols_are_the_chains_own(slide, soft):
    for case, wrt in itertools.product((slide, soft), ("W1", "W2")):
        table = table_of(case, wrt, ASCII)
        assert tuple(row.symbol for row in table.factors) == table.chain.symbols
        assert [row.after for row in table.steps] == [step.after.symbol for step in table.chain.steps()]


@pytest.mark.parametrize(("of", "wrt"), [("a4", "z4"), ("a4", "a3"), ("a2", "z2"), ("z2", "z2"), ("L", "a0")])
def test_symbols_of_sums_and_softmax(soft, of, wrt):
    table = table_of(soft, wrt, ASCII, of)
    assert tuple(row.symbol for row in table.factors) == table.chain.symbols


@pytest.mark.parametrize(
    ("loss", "top", "row"),
    [
        (jp.SquaredError(), "tanh", "Z - t"),
        (jp.MeanSquaredError(), "tanh", "2/m (Z - t)"),
        (jp.BinaryCrossEntropy(), "sigmoid", "(1-t)/(1-Z) - t/Z"),
    ],
)
def test_loss_rows(loss, top, row):
    net = jp.Network([jp.Dense(3, 2, "tanh"), jp.Dense(2, 2, top)], loss=loss, names="X Y Z")
    record = net.forward(np.ones((1, 3)), np.full((1, 2), 0.25))
    assert table_of((net, record), "W1", ASCII).factors[0].form == row


def test_head_of_binary_cross_entropy():
    net = jp.Network([jp.Dense(3, 2), jp.Dense(2, 1, "sigmoid")], loss=jp.BinaryCrossEntropy())
    record = net.forward(np.ones((1, 3)), np.ones((1, 1)))
    for wrt, below in (("W1", "z2"), ("b2", "b2")):
        table = table_of((net, record), wrt, ASCII)
        assert table.nodes[2].name == below
        assert table.writer.form(table.chain.head, table.nodes[0], table.nodes[2]) == "a2 - t"


def test_a_layer_and_a_loss_of_the_users_own():
    class Cube(jp.Layer):
        def forward(self, params, inputs):
            return inputs[0] ** 3, inputs[0]

        def factors(self, params, cache):
            return {-1: jp.DenseJacobian(np.einsum("ci,ij->cij", 3 * cache**2, np.eye(cache.shape[1])))}

    class Quartic(jp.Loss):
        def value(self, y, t):
            return ((y - t) ** 4).sum(axis=-1)

        def row(self, y, t):
            return 4 * (y - t) ** 3

    net = jp.Network([jp.Dense(3, 2, "tanh"), Cube()], loss=Quartic())
    record = net.forward(np.full((2, 3), 0.5), np.zeros((2, 2)))
    table = table_of((net, record), "W1", ASCII)
    assert [row.form for row in table.factors] == ["dL/da2", "da2/da1", "diag(f'_a1) (x) a0"]
    assert "a_{2} &=" in worksheet(net, record, [table.chain])


def test_totals_are_the_chains(soft):
    table = table_of(soft, "W1")
    assert table.multiply_adds == table.chain.plan("backward").multiply_adds
    assert table.stored == sum(J.nbytes for J in table.chain.factors)
    assert table.dense == sum(J.dense_nbytes for J in table.chain.factors)
    assert [row.multiply_adds for row in table.steps] == [s.multiply_adds for s in table.chain.steps()]


def test_machine_data_equals_the_record(soft):
    _, record = soft
    for of, wrt in itertools.product(("L", "a3"), ("W1", "b2", "a0")):
        table = table_of(soft, wrt, ASCII, of)
        product = record.jacobian(of, wrt)
        data = chain_data(table, product)
        np.testing.assert_array_equal(data["jacobian"], product.tensor())
        for step, shown in zip(table.chain.steps(), data["steps"], strict=True):
            np.testing.assert_array_equal(shown["R"], step.after.tensor())
        assert data["totals"]["multiply_adds"] == table.chain.plan("backward").multiply_adds
        assert (data["of"], data["wrt"]) == (of, wrt)


def test_an_array_too_large_to_write_is_its_shape():
    J = jp.WeightJacobian(np.ones((3, 1000)), np.ones(1000))
    net = slide_net()
    table = ChainTable(passed(net).chain("L", "V"), net.architecture, ASCII)
    elided = {"shape": [3, 1000, 1000], "note": "not written: more than 100,000 numbers"}
    assert chain_data(table, J)["jacobian"] == elided
    assert plain(np.ones((317, 317)))["shape"] == [317, 317]
    assert plain(np.ones((250, 400))) == [[1.0] * 400] * 250  # 100,000
    assert plain(np.array([np.nan, -np.inf, 1.0])) == [None, None, 1.0]


# -- structural zeros and blocks ----------------------------------------------------------------------

JACOBIANS = {
    "identity": jp.IdentityJacobian(3),
    "diagonal": jp.DiagonalJacobian([1.0, 0.0, 3.0]),
    "softmax": jp.DiagonalPlusLowRankJacobian([0.5, 0.5], [[-0.5], [-0.5]], [[0.5], [0.5]]),
    "scaled": jp.ScaledJacobian([1.0, 2.0], [[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]]),
    "dense": jp.DenseJacobian([[0.0, 1.0]]),
    "weight": jp.WeightJacobian(jp.DiagonalJacobian([2.0, 3.0]), [1.0, 0.0, 5.0]),
    "weight of identity": jp.WeightJacobian(jp.IdentityJacobian(2), [1.0, 2.0, 3.0]),
    "row of weights": jp.WeightJacobian(jp.DenseJacobian([[2.0, 0.0]], out_shape=()), [1.0, 2.0, 3.0]),
}


@pytest.mark.parametrize("name", JACOBIANS)
def test_structural_zeros_are_those_of_any_numbers(name):
    """Where nudging every stored number leaves a zero, and nowhere else."""
    J = JACOBIANS[name]
    generic = nudged(J).matrix()
    np.testing.assert_array_equal(structural_zeros(J), generic == 0)


def nudged(J):
    """The same structure with numbers that are nowhere zero."""
    rng = np.random.default_rng(3)
    changes = {key: rng.uniform(1, 2, v.shape) for key, v in vars(J).items() if isinstance(v, np.ndarray)}
    if isinstance(J, jp.WeightJacobian):
        changes["left"] = nudged(J.left)
    return J._copy(**changes)


@pytest.mark.parametrize("name", JACOBIANS)
def test_block_shapes(name):
    J = JACOBIANS[name]
    assert tuple(block.values.shape for block in blocks(J)) == block_shapes(J)


def test_blocks_multiply_to_the_jacobian():
    J = JACOBIANS["weight"]
    left, y = (block.values for block in blocks(J))
    np.testing.assert_array_equal(np.einsum("oj,i->oij", left, y[0]), J.tensor())
    (gradient,) = blocks(JACOBIANS["row of weights"])
    np.testing.assert_array_equal(gradient.values, JACOBIANS["row of weights"].tensor())


# -- numbers as text ------------------------------------------------------------------------------------


def test_equation_shows_all_numbers(slide):
    (step, *_) = table_of(slide, "V").steps
    text = "\n".join(equation_lines(step.jacobians, UNICODE, 76, case=1))
    for J in step.jacobians:
        for value in np.ravel(one_case(J, 1).matrix()):
            assert f"{value:.4f}" in text


@pytest.mark.parametrize("notation", [UNICODE, ASCII])
def test_wide_equations_are_broken(notation):
    """Six columns of small numbers, the widest that is printed."""
    layers = [jp.Dense(6, 6, "sigmoid", init="small") for _ in range(3)]
    net = jp.Network(layers, loss=jp.SquaredError())
    record = net.forward(np.full((1, 6), 1e-4), np.full((1, 6), 0.5))
    for of in ("L", "a3"):
        for row in table_of((net, record), "W1", notation, of).steps:
            lines = equation_lines(row.jacobians, notation, 77)
            assert max(map(len, lines)) <= 77
            assert len(lines) > len(equation_lines(row.jacobians, notation, 300))


def test_blocks_flow_within_the_width():
    rows = list(flowing([["ab"], ["cd", "ef"], ["gh"]], 8))
    assert rows == [["ab   cd", "     ef"], ["gh"]]


def test_large_matrices_show_their_shape():
    J = jp.WeightJacobian(jp.DiagonalJacobian(np.ones(10**6)), np.ones(50))  # the matrix would not fit
    assert not fits(J)
    assert jacobian_lines(J, ASCII) == ["[ 1000000 x 1000000 ] (x) [ 1 x 50 ]"]
    assert equation_lines((J, J, J), ASCII, 76) == []


def test_structural_zeros_are_bare():
    assert jacobian_lines(jp.DiagonalJacobian([0.5, 0.0]), ASCII) == [
        "[ 0.5000       0 ]",
        "[      0  0.0000 ]",
    ]


# -- LaTeX ----------------------------------------------------------------------------------------------


def balanced(text):
    """Whether braces and environments of a LaTeX document close in order."""
    depth = 0
    for brace in re.findall(r"(?<!\\)[{}]", text.replace(r"\\", "")):
        depth += 1 if brace == "{" else -1
        if depth < 0:
            return False
    open_environments = []
    for kind, name in re.findall(r"\\(begin|end)\{(\w+\*?)\}", text):
        if kind == "begin":
            open_environments.append(name)
        elif not open_environments or open_environments.pop() != name:
            return False
    return depth == 0 and not open_environments


def test_balanced_can_fail():
    assert balanced(r"\begin{a}{\}}\end{a}")
    assert not balanced(r"\begin{a}")
    assert not balanced("{")
    assert not balanced(r"\begin{a}\begin{b}\end{a}\end{b}")


def test_worksheet_is_complete_and_holds_the_numbers(slide):
    net, record = slide
    text = worksheet(net, record, [record.chain("L", w) for w in ("V", "W")], case=1)
    assert text.startswith(r"\documentclass")
    assert text.endswith(r"\end{document}")
    assert balanced(text)
    assert r"J_{V}^{L} = J_{Z}^{L} \cdot J_{Y}^{Z} \cdot J_{V}^{Y}" in text
    arrays = [net.parameters["W1"], record.activation(1)[1], record.output[1], record.activation(0)[1]]
    for value in np.concatenate([np.ravel(array) for array in arrays]):
        assert f"{value:.4f}" in text
    for name in ("V", "W"):
        assert latex_matrix(full(record.jacobian("L", name).case(1).tensor())) in text
        assert latex_matrix(full(record.gradients()[{"V": "W1", "W": "W2"}[name]])) in text


def test_worksheet_of_a_large_network_is_short():
    net = jp.Network([jp.Dense(300, 200, "tanh"), jp.Dense(200, 10), jp.Softmax()], loss=jp.CrossEntropy())
    record = net.forward(np.ones((2, 300)), np.array([0, 1]))
    text = worksheet(net, record, [record.chain("L", "W1")])
    assert balanced(text)
    assert r"\underset{300 \times 200}" in text
    assert len(text) < 20_000


def test_elided_matrices_keep_the_corners():
    values = np.arange(80.0).reshape(8, 10) / 100 + 0.001
    text = latex_matrix(full(values))
    assert all(f"{values[i, j]:.4f}" in text for i in (0, 2, 7) for j in (0, 2, 9))
    assert f"{values[4, 4]:.4f}" not in text
    assert r"\cdots" not in latex_matrix(full(values[:MOST_SHOWN, :MOST_SHOWN]))


def test_no_number_is_minus_zero():
    values = np.array([[-0.0, -1e-9, 0.5]])
    assert latex_matrix(full(values)) == r"\begin{bmatrix} 0 & 0.0000 & 0.5000 \end{bmatrix}"
    assert matrix_lines(full(values)) == ["[ 0.0000  0.0000  0.5000 ]"]
    assert matrix_lines(full(np.array([[-0.0, 1e-9]]))) == ["[ 0.00e+00  1.00e-09 ]"]
    assert matrix_lines(full(np.array([[-0.0, 2.0]]))) == ["[ 0  2 ]"]
    assert decimal(-0.001, 2) == "0.00"


def test_the_worksheet_says_what_p_is(soft):
    net, record = soft
    for cases in (record, passed(net, cases=1)):
        text = worksheet(net, cases, [cases.chain("L", "W1")])
        assert r"a_{4} = p &= \mathrm{softmax}(a_{3}) = " in text
        assert "An exact zero is written 0." in text
        assert r"(\mathrm{left} \otimes y)_{o,i,j} = \mathrm{left}_{o,j} y_{i}" in text


def test_the_simplified_jacobian_is_the_records(soft):
    net, record = soft
    text = worksheet(net, record, [record.chain("L", "W1")], case=2)
    hat = latex_matrix(full(record.layer(1).J_W_hat[2]))
    assert r"\hat{J}_{W_{1}}^{a_{1}} &= a_{0}^{\mathsf{T}} f'_{a_{1}} = " + hat in text


def test_powers_of_ten_are_taken_out():
    assert latex_matrix(full(np.array([[2.5e-5, -1e-6]]))).startswith(
        r"10^{-5} \begin{bmatrix} 2.5000 & -0.1000"
    )
    assert latex_number(float("nan")) == r"\mathrm{nan}"
    assert latex_matrix(Block(np.array([[np.inf]]), np.array([[False]]))).count(r"\infty") == 1


@pytest.mark.parametrize("text", [HOSTILE, string.punctuation, "\x1b[31m", "</script>"])
def test_names_are_escaped(text):
    escaped = escape_latex(text)
    assert balanced(escaped)
    assert not re.search(r"(?<!\\)[$%#&_]", escaped)
    assert not re.search(r"\\(end|begin|input)\b", escaped)
    assert escaped.isascii()
    assert escaped.isprintable()


def test_hostile_names_in_the_worksheet():
    names = [HOSTILE.replace(" ", ""), "%", r"\input{x}"]
    net = slide_net(names=names, weights=["{", "~~"])
    record = passed(net)
    text = worksheet(net, record, [record.chain("L", "W1")])
    assert balanced(text)
    assert text.count(r"\end{document}") == 1
    assert r"\input" not in text.replace(r"\backslash input", "")


# -- pictures ---------------------------------------------------------------------------------------------


def test_lightness_grows_with_the_number():
    """In grey, too, a larger number is a lighter one."""
    rgba = colours(full(np.linspace(-1, 1, 101)[None, :]))[0]
    lightness = rgba[:, :3] @ [0.2126, 0.7152, 0.0722]
    assert (np.diff(lightness) > 0).all()
    assert {ink(colour) for colour in rgba} == {"black", "white"}


def test_structural_zeros_are_not_painted():
    rgba = colours(Block(np.array([[0.0, 0.0, np.nan]]), np.array([[True, False, False]])))
    assert rgba[0, :, 3].tolist() == [0, 1, 1]
    assert rgba[0, 2, :3].tolist() == [0, 0, 0]


def test_pooling_keeps_the_largest_entries():
    rng = np.random.default_rng(0)
    values = rng.normal(size=(500, 301))
    shown = pooled(full(values), most=50).values
    assert shown.shape == (50, 50)
    assert set(shown.ravel()) <= set(values.ravel())
    assert np.abs(shown).max() == np.abs(values).max()
    assert np.sort(shown.ravel())[0] == values.min()


def test_pooling_keeps_a_diagonal():
    J = jp.DiagonalJacobian(np.full(1000, -2.0))
    shown = pooled(blocks(J)[0])
    on = np.eye(len(shown.values), dtype=bool)
    assert (shown.values[on] == -2).all()
    assert shown.zeros[~on].all()
    assert not shown.zeros[on].any()


@pytest.mark.parametrize("widths", [(3, 2, 1), (13, 5, 3), (784, 256, 128, 10), (1, 1)])
def test_layout_fits(widths):
    first, *others = ([(m, n)] for n, m in itertools.pairwise(widths))
    rows = [[*others, [(widths[1], widths[1]), (1, widths[0])]], [*others, first]]
    scale = fit_scale(rows, 11.0, 3.5)
    assert sum(column_widths(rows, scale)) <= 11.0
    assert sum(max(scale.high(sizes) for sizes in row) for row in rows) <= 3.5
    for length in (scale.width, scale.height):
        assert length(1) > 0.1
        assert sorted(widths) == sorted(widths, key=length)


def test_small_matrices_have_room_for_their_numbers_beside_a_large_one():
    rows = [[[(1, 3)], [(3, 3)], [(3, 5)], [(5, 5), (1, 13)]], [[], [(1, 3)], [(1, 5)], [(13, 5)]]]
    scale = fit_scale(rows, 11.0, 3.2)
    assert all(scale.shows(size) for size in ((1, 3), (3, 3), (1, 5), (3, 5)))
    assert fit_scale([[[(2, 2)]]], 11.0, 3.2).power == 1  # in proportion where there is room


def test_y_is_drawn_as_the_row_of_a_case(soft):
    figure = chain_picture(*soft, soft[1].chain("L", "W1"))
    wide = [axes.get_position().width * WIDTH for axes in figure.axes]
    high = [axes.get_position().height * HEIGHT for axes in figure.axes]
    left, y = 3 + np.arange(2)  # after J_p^L, J^soft and W3^T come diag(f') W2^T, then left and y
    assert wide[y + 1] > 2 * high[y + 1]
    assert high[left + 1] > high[y + 1]


def test_long_chains_leave_out_the_middle():
    assert shown_factors(3) == [0, 1, 2]
    assert shown_factors(9) == [0, 1, 2, None, 6, 7, 8]
    assert len(shown_factors(100)) == MOST_FACTORS + 1


def texts(figure):
    return [text.get_text() for text in figure.texts]


def test_every_panel_has_symbol_and_shape(slide):
    net, record = slide
    figure = chain_picture(net, record, record.chain("L", "V"))
    shown = "\n".join(texts(figure))
    for words in ("$J_{Z}^{L}$", "$J_{Y}^{Z}$", "$J_{V}^{Y}$", "$J_{V}^{L}$", "1×1", "1×2", "2×3×2", "1×3×2"):
        assert words in shown
    assert r"\partial L / \partial V" in shown
    assert "structural zero" in shown
    hatched = [axes for axes in figure.axes if axes.patch.get_hatch()]
    assert len(hatched) == 3 + 1 + 3 + 1 + 2  # factors, y of left (x) y, R, gradient, the legend's two


def test_panels_are_the_record(soft):
    net, record = soft
    table = ChainTable(record.chain("L", "W1"), net.architecture, MATHTEXT)
    factors, running = chain_panels(net, record, table, case=2)
    assert running[0].remark.startswith("$J_{a_{4}}^{L}")  # fused: R starts under the second factor
    R = record.jacobian("L", "W1").case(2).tensor()
    np.testing.assert_allclose(running[-2].matrices[0].values, R, rtol=1e-13)
    np.testing.assert_array_equal(running[-1].matrices[0].values, record.gradients()["W1"])
    np.testing.assert_array_equal(factors[2].matrices[0].values, record.jacobian("a3", "a2").case(2).matrix())


def test_the_caption_of_a_weight_jacobian_says_its_own_maximum(slide):
    net, record = slide
    table = ChainTable(record.chain("L", "V"), net.architecture, MATHTEXT)
    factors, _ = chain_panels(net, record, table, case=1)
    for panel, J in zip(factors, table.chain.factors, strict=False):
        assert panel.lines[1].endswith(f"max {np.abs(J.case(1).matrix()).max():.2g}")


def test_pictures_stay_on_the_slide(tmp_path, slide, soft):
    pictures = {
        "slide": chain_picture(*slide, slide[1].chain("L", "V")),
        "soft": chain_picture(*soft, soft[1].chain("L", "W1")),
        "one": chain_picture(*soft, soft[1].chain("a1", "W1")),
        "demo": demo_picture(*soft, [1.0, 0.1, 0.01], [1.0, 0.2], 0.5),
    }
    for name, figure in pictures.items():
        save(figure, tmp_path / f"{name}.png")  # draws, so that extents are known
        for text in figure.texts:
            box = text.get_window_extent()
            assert box.x0 >= 0, text
            assert box.x1 <= WIDTH * 100, text
            assert box.y0 >= 0, text
            assert box.y1 <= HEIGHT * 100, text


@pytest.mark.parametrize("ending", ["png", "svg", "pdf"])
def test_pictures_are_reproducible(tmp_path, slide, ending):
    net, record = slide
    files = [tmp_path / f"{k}.{ending}" for k in "ab"]
    for file in files:
        save(chain_picture(net, record, record.chain("L", "V")), file)
    first, second = (file.read_bytes() for file in files)
    assert first == second
    assert first[:5] in (b"\x89PNG\r", b"<?xml", b"%PDF-")


def test_hostile_names_in_a_picture(tmp_path):
    """Every printable ASCII character, Greek, and a letter that the font lacks; warnings are errors."""
    names = [string.punctuation, "αβ", "層"]
    net = slide_net(names=names, weights=[HOSTILE.replace(" ", ""), "<"])
    record = passed(net)
    save(chain_picture(net, record, record.chain("L", "W1")), tmp_path / "hostile.png")


def test_notations_share_their_places():
    for notation in (UNICODE, ASCII, LATEX, MATHTEXT):
        assert "V" in notation.J("V", "L")
        assert notation.J("V", "L").index("V") < notation.J("V", "L").index("L")
    assert ASCII.outer.isascii()
