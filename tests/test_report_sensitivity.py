"""The picture of a sensitivity: what its bars say, that it stays on the slide, and what is refused."""

import itertools
import string

import numpy as np
import pytest
from matplotlib.colors import to_hex

import jacobprop as jp
from jacobprop.curvature.input_sensitivity import sensitivity
from jacobprop.report.canvas import HEIGHT, WIDTH
from jacobprop.report.sensitivity_panels import MOST_FEATURES, MOST_OUTPUTS, sensitivity_picture

FALLS, MIXED, RISES = "#08306b", "#a8a8a8", "#ffe14d"


def linear(W, **names):
    """The sensitivity of a linear network: its slopes, for each of two cases."""
    net = jp.Network([jp.Dense.from_arrays(np.array(W, float))])
    return sensitivity(net, np.ones((2, len(W))), **names)


def panels(figure):
    """The axes with bars."""
    return [axes for axes in figure.axes if axes.patches]


def bars(axes):
    """(length, colour) from the top down."""
    found = sorted(axes.patches, key=lambda bar: bar.get_y())
    return [(bar.get_width(), to_hex(bar.get_facecolor())) for bar in found]


def texts(figure):
    labels = [label for axes in figure.axes for label in axes.get_yticklabels()]
    titles = [axes.title for axes in figure.axes] + [axes._left_title for axes in figure.axes]
    return [text for text in (*figure.texts, *labels, *titles) if text.get_text()]


def test_bars_are_the_summary_in_order_and_coloured_by_direction():
    s = linear([[1, -5], [-4, 0], [2, 9]], features=["a", "b", "c"], outputs=["p", "q"])
    figure = sensitivity_picture(s)
    first, second = panels(figure)
    assert bars(first) == [(2, RISES), (1, RISES), (4, FALLS)]
    assert bars(second) == [(9, RISES), (5, FALLS), (0, MIXED)]
    assert [label.get_text() for label in first.get_yticklabels()] == ["c", "a", "b"]
    assert not second.get_yticklabels()
    assert [axes.get_title(loc="left") for axes in (first, second)] == ["p", "q"]
    assert first.get_xlim() == second.get_xlim() == (0, pytest.approx(9.45))
    low, high = first.get_ylim()
    assert low > high  # the first at the top
    words = [text.get_text() for text in figure.texts]
    assert "3 features, 2 outputs" in words
    assert "size of the change of the output per unit of the feature, mean over 2 cases" in words


def test_directions_that_differ_between_cases_are_grey():
    """tanh' falls on one side of 0 and rises on the other, for the square of a tanh."""
    square = jp.Activation.from_expression("z**2")
    net = jp.Network([jp.Dense.from_arrays([[1.0], [2.0]], activation=square)])
    s = sensitivity(net, [[1.0, 0.0], [-1.0, 0.0]], scale="std")
    assert bars(*panels(sensitivity_picture(s))) == [(2, MIXED), (0, MIXED)]
    one = jp.Network([jp.Dense.from_arrays([[1.0]], activation=square)])
    partly = sensitivity(one, [[1.5], [-0.5]])  # slopes 3 and -1: a mean of 1, of the sizes 2
    assert bars(*panels(sensitivity_picture(partly))) == [(2, "#e2bd6a")]


def test_of_many_features_and_outputs_the_first_are_drawn(tmp_path):
    s = linear(np.random.default_rng(1).normal(0, 1, (64, 40)))
    figure = sensitivity_picture(s)
    assert len(panels(figure)) == MOST_OUTPUTS
    assert {len(bars(axes)) for axes in panels(figure)} == {MOST_FEATURES}
    assert f"{MOST_FEATURES} of 64 features, {MOST_OUTPUTS} of 40 outputs" in [
        text.get_text() for text in figure.texts
    ]
    shown = [label.get_text() for label in panels(figure)[0].get_yticklabels()]
    assert shown == [influence.feature for influence in s.ranking()[:MOST_FEATURES]]


def test_words_stay_on_the_slide_and_apart(tmp_path):
    names = [f"a rather long name, of a survey, {k}" for k in range(30)]
    outputs = ["W" * 40 + str(k) for k in range(7)]
    wide = linear(np.random.default_rng(2).normal(0, 1, (30, 7)), features=names, outputs=outputs)
    wine = jp.load_wine()
    net = jp.Network([jp.Dense(13, 3), jp.Softmax()], jp.CrossEntropy())
    X = (wine.X - wine.X.mean(axis=0)) / wine.X.std(axis=0)
    real = sensitivity(
        net, X, of="logits", features=wine.feature_names, outputs=wine.class_names, scale="std"
    )
    for number, s in enumerate((wide, real)):
        figure = sensitivity_picture(s, tmp_path / f"{number}.png")
        for text in texts(figure):
            box = text.get_window_extent()
            assert box.x0 >= 0, text
            assert box.x1 <= WIDTH * 100, text
            assert box.y0 >= 0, text
            assert box.y1 <= HEIGHT * 100, text
        labels = [label.get_window_extent() for label in panels(figure)[0].get_yticklabels()]
        assert all(above.y0 > below.y1 for above, below in itertools.pairwise(labels))
        titles = [axes._left_title.get_window_extent() for axes in panels(figure)]
        assert all(left.x1 < right.x0 for left, right in itertools.pairwise(titles))


def test_one_case_of_a_loss_nan_infinities_and_zeros(tmp_path):
    net = jp.Network([jp.Dense.from_arrays([[1.0], [-2.0]])], jp.SquaredError())
    s = sensitivity(net, [1.0, 1.0], [3.0], of="loss")
    (axes,) = panels(sensitivity_picture(s, str(tmp_path / "one.svg")))
    assert bars(axes) == [(8, RISES), (4, FALLS)]
    for x in ([[np.nan, 1.0]], [[np.inf, 1.0]]):
        sensitivity_picture(sensitivity(net, x, [[3.0]], of="loss"), tmp_path / "odd.png")
    flat = jp.Network([jp.Dense.from_arrays([[0.0], [0.0]])])
    (axes,) = panels(sensitivity_picture(sensitivity(flat, [[1.0, 2.0]]), tmp_path / "flat.png"))
    assert bars(axes) == [(0, MIXED), (0, MIXED)]


def test_hostile_names(tmp_path):
    """Every printable ASCII character, and mathematics that does not parse; warnings are errors."""
    names = [string.punctuation, r"$\frac{$", "<script>", "{x:g}"]
    s = linear(np.eye(4), features=names, outputs=[r"$\a$", "%s", "_", "^"])
    sensitivity_picture(s, tmp_path / "hostile.png")
    sensitivity_picture(s, tmp_path / "hostile.svg")
    assert "<script>" not in (tmp_path / "hostile.svg").read_text()


@pytest.mark.parametrize("ending", ["png", "svg"])
def test_the_same_picture_is_the_same_file(tmp_path, ending):
    for name in "ab":
        sensitivity_picture(linear([[1, 2], [3, -4]]), tmp_path / f"{name}.{ending}")
    first, second = ((tmp_path / f"{name}.{ending}").read_bytes() for name in "ab")
    assert first == second
    assert first[:5] in (b"\x89PNG\r", b"<?xml")


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("picture.gif", "a picture cannot be saved there; got picture.gif, expected .*.png, .svg, .pdf"),
        ("picture", "a picture cannot be saved there"),
        ("no/such/directory/a.png", "a name in an existing directory"),
        (3, "the path must be a str"),
        ("a\0.png", "a character that no file name has"),
    ],
)
def test_refused(path, text, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(jp.errors.OptionError, match=text):
        sensitivity_picture(linear([[1, 2]]), path)
    assert not list(tmp_path.iterdir())
