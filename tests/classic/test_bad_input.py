"""Bad input: every error of this room says where, what came, what was expected, and one remedy.

The sentences are written out in full. A last test reads the sources: an error without a sentence here fails.
"""

import ast
import re
import warnings
from pathlib import Path

import numpy as np
import pytest
import scipy.sparse
import sympy

import jacobprop as jp
from jacobprop import classic, errors
from jacobprop.classic import (
    GENERALISED_DELTA,
    HEBB,
    PERCEPTRON,
    WIDROW_HOFF,
    McCullochPitts,
    MPNeuron,
    adaline,
    homogeneous,
    lms,
    madaline,
    monotone,
    perceptron,
    separable,
    soft_perceptron,
)

SOURCE = Path(classic.__file__).parent
ERRORS = {name for name in vars(errors) if name.endswith("Error")}
X = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
LABELS = [0, 0, 0, 1]
UNIT = MPNeuron(["a", "b"])
NET = McCullochPitts({"n": UNIT})
THRESHOLDS = jp.Network([jp.Dense(2, 3, "step")])


def linear():
    return jp.Network([jp.Dense(2, 3)])


BAD = {
    # -- cases and labels
    "a single case": (
        lambda: perceptron([0.0, 1.0], [1]),
        errors.ShapeError,
        "perceptron: X must be a stack of cases; got shape (2,), expected (cases, n_in), n_in at least 1. "
        "Pass X[None, :] for a single case, X[:, None] for a single feature.",
    ),
    "no columns": (
        lambda: adaline(np.ones((4, 0)), LABELS),
        errors.ShapeError,
        "adaline: X must be a stack of cases; got shape (4, 0), expected (cases, n_in), n_in at least 1. "
        "Pass X[None, :] for a single case, X[:, None] for a single feature.",
    ),
    "no cases": (
        lambda: separable(np.ones((0, 2)), []),
        errors.EmptyBatchError,
        "separable: X has no cases; got shape (0, 2), expected at least one case. Skip empty batches.",
    ),
    "nan": (
        lambda: madaline([[0.0, np.nan]], [1]),
        errors.NonFiniteError,
        "madaline: X is not finite at [0, 1]; got nan, expected finite numbers. "
        "Training may have diverged: lower the learning rate, or repair the values.",
    ),
    "symbols": (
        lambda: separable(np.array([[sympy.Symbol("x")]]), [1]),
        errors.DTypeError,
        "separable: X holds expressions; got sympy expressions, expected floats or integers. "
        "The learning rules compute with floats: put numbers in first.",
    ),
    "labels in a column": (
        lambda: perceptron(X, np.ones((4, 1))),
        errors.ShapeError,
        "perceptron: labels must have one entry for each case; got shape (4, 1), expected (4,). "
        "A label for each row of X; pass labels.ravel() if they are a column.",
    ),
    "three classes": (
        lambda: perceptron(X, [0, 1, 2, 1]),
        errors.OptionError,
        "perceptron: labels say which of two classes a case belongs to; got [0.0, 1.0, 2.0], "
        "expected 0 and 1, or -1 and +1. "
        "Compare first: (labels == k).astype(float) is one class against the rest.",
    ),
    "both codings at once": (
        lambda: separable(X, [0, 1, -1, 1]),
        errors.OptionError,
        "separable: labels say which of two classes a case belongs to; got [-1.0, 0.0, 1.0], "
        "expected 0 and 1, or -1 and +1. "
        "Compare first: (labels == k).astype(float) is one class against the rest.",
    ),
    "targets in one dimension": (
        lambda: lms(X, [1.0, 2.0, 3.0, 4.0]),
        errors.ShapeError,
        "lms: D must have a row of targets for each case; got shape (4,), expected (4, n_out). "
        "Pass a column, D[:, None], for a single output.",
    ),
    "targets for other cases": (
        lambda: lms(X, np.ones((3, 2))),
        errors.ShapeError,
        "lms: D must have a row of targets for each case; got shape (3, 2), expected (4, n_out). "
        "Pass a column, D[:, None], for a single output.",
    ),
    "targets without columns": (
        lambda: lms(X, np.ones((4, 0))),
        errors.ShapeError,
        "lms: D must have a row of targets for each case; got shape (4, 0), expected (4, n_out). "
        "Pass a column, D[:, None], for a single output.",
    ),
    # -- options
    "an infinite rate": (
        lambda: madaline(X, LABELS, learning_rate=np.inf),
        errors.OptionError,
        "madaline: the learning rate must be a positive number; got inf, "
        "expected a finite number above 0. Start with 0.1; the perceptron's 1 is as good as any other.",
    ),
    "a tolerance that is none": (
        lambda: adaline(X, LABELS, tolerance=np.nan),
        errors.OptionError,
        "adaline: the tolerance must be a number; got nan, expected 0 or more. "
        "0 stops where no weight moves at all.",
    ),
    "transposed targets": (
        lambda: PERCEPTRON.update(THRESHOLDS, X, np.ones((3, 4)), learning_rate=1),
        errors.ShapeError,
        "perceptron(D=): the target must be shaped exactly like the output; got shape (3, 4), "
        "expected (4, 3). One row per case, one column per unit; nothing is broadcast.",
    ),
    "a rate of zero": (
        lambda: perceptron(X, LABELS, learning_rate=0),
        errors.OptionError,
        "perceptron: the learning rate must be a positive number; got 0, expected a finite number above 0. "
        "Start with 0.1; the perceptron's 1 is as good as any other.",
    ),
    "a rate that is none": (
        lambda: HEBB.update(linear(), X, learning_rate="fast"),
        errors.OptionError,
        "Hebb.update: the learning rate must be a positive number; got 'fast', "
        "expected a finite number above 0. Start with 0.1; the perceptron's 1 is as good as any other.",
    ),
    "half an epoch": (
        lambda: madaline(X, LABELS, epochs=0.5),
        errors.OptionError,
        "madaline: epochs must be a whole number; got 0.5, expected 0 or more. "
        "An epoch shows every case once.",
    ),
    "a seed that is none": (
        lambda: adaline(X, LABELS, seed=-1),
        errors.OptionError,
        "adaline: seed must be a whole number; got -1, expected 0 or more. "
        "The same seed draws the same weights and the same order of cases.",
    ),
    "a shuffle that is neither": (
        lambda: perceptron(X, LABELS, shuffle="yes"),
        errors.OptionError,
        "perceptron: shuffle says whether the order of the cases is drawn; got 'yes', "
        "expected True or False. False shows them as they stand.",
    ),
    "a tie that is a number": (
        lambda: perceptron(X, LABELS, tie=1),
        errors.OptionError,
        "perceptron(tie=): a tie goes to one of the two sides; got 1, expected 'left' or 'right'. "
        "'left' fires for z > 0 alone, 'right' for z >= 0.",
    ),
    "a negative tolerance": (
        lambda: lms(X, X, tolerance=-1e-9),
        errors.OptionError,
        "lms: the tolerance must be a number; got -1e-09, expected 0 or more. "
        "0 stops where no weight moves at all.",
    ),
    "no units": (
        lambda: madaline(X, LABELS, units=0),
        errors.OptionError,
        "madaline: units must be a whole number; got 0, expected 1 or more. XOR needs 2.",
    ),
    "no flips": (
        lambda: madaline(X, LABELS, at_once=0),
        errors.OptionError,
        "madaline: at_once must be a whole number; got 0, expected 1 or more. "
        "1 flips single units, as on the slide.",
    ),
    "another logic": (
        lambda: madaline(X, LABELS, logic="xor"),
        errors.UnknownNameError,
        "madaline(logic=): no such logic unit; got 'xor', expected 'or' or 'and' or 'majority'. "
        "XOR is the OR of two half-planes.",
    ),
    "another start": (
        lambda: perceptron(X, LABELS, init="large"),
        errors.UnknownNameError,
        "Dense(2, 1): unknown init; got 'large', expected one of glorot",
    ),
    "another activation": (
        lambda: monotone("tahn"),
        errors.UnknownNameError,
        r"activations.get: unknown activation; got 'tahn'",
    ),
    # -- what diverges
    "a rate that is too high": (
        lambda: lms(X * 100, X, learning_rate=1),
        errors.NonFiniteError,
        "lms, epoch 39: the weights are no longer finite; got learning_rate=1, expected errors that fall. "
        "Lower the learning rate below 2 / |x|^2 of the longest case, or scale the inputs.",
    ),
    "Hebb without a bound": (
        lambda: HEBB.update(linear(), [1e200, 1.0], learning_rate=1.0),
        errors.NonFiniteError,
        "Network: parameter W1 is not finite",
    ),
    "cases far from the origin": (
        lambda: separable(np.array([[1e6], [1e6 + 1e-9], [1e6 + 2e-9]]), [0, 1, 1]),
        errors.OptionError,
        "separable: rounding hides whether the classes are separable; got cases that spread over",
    ),
    # -- rules
    "no network": (
        lambda: HEBB.update(X, X, learning_rate=1),
        errors.OptionError,
        "Hebb: there is no network; got ndarray, expected a jp.Network. Build jp.Network(layers, loss=...).",
    ),
    "a teacher for Hebb": (
        lambda: HEBB.update(linear(), X, np.ones((4, 3)), learning_rate=1),
        errors.OptionError,
        "Hebb: the rule has no teacher; got targets D, expected inputs X alone. "
        "Leave D out, or take WIDROW_HOFF or GENERALISED_DELTA.",
    ),
    "no teacher for the delta rule": (
        lambda: WIDROW_HOFF.chain(linear(), X),
        errors.MissingTargetError,
        "Widrow-Hoff: the rule compares the output with a target; got D=None, "
        "expected an array of shape (4, 3). Pass the desired outputs as D; HEBB learns without.",
    ),
    "targets of another shape": (
        lambda: PERCEPTRON.update(THRESHOLDS, X, np.ones(4), learning_rate=1),
        errors.ShapeError,
        "perceptron(D=): the target must be shaped exactly like the output; got shape (4,), expected (4, 3). "
        "One row per case, one column per unit; nothing is broadcast.",
    ),
    "a layer without weights": (
        lambda: HEBB.update(jp.Network([jp.Dense(2, 3), jp.Softmax()]), X, learning_rate=1),
        errors.UnsupportedLayerError,
        "Hebb, layer 2: the rule teaches sums of weighted inputs; got Softmax(), expected a Dense layer. "
        "Name one with layer=.",
    ),
    "a layer that does not exist": (
        lambda: GENERALISED_DELTA.update(linear(), X, np.ones((4, 3)), learning_rate=1, layer=2),
        errors.UnknownNameError,
        "generalised delta(layer=): no such layer; got 2, expected 1 to 1. "
        "Layers count from 1, weightless ones too; activation 0 is the input.",
    ),
    "a perceptron without a threshold": (
        lambda: PERCEPTRON.update(linear(), X, np.ones((4, 3)), learning_rate=1),
        errors.UnsupportedLayerError,
        "perceptron, layer 1: the rule teaches threshold units; "
        'got Dense(2, 3, "identity"), '
        "expected an activation among step, sign. WIDROW_HOFF learns from the outputs of any other.",
    ),
    "a slope that may be negative": (
        lambda: WIDROW_HOFF.update(jp.Network([jp.Dense(2, 1, "gelu")]), X, np.ones((4, 1)), learning_rate=1),
        errors.UnsupportedLayerError,
        "Widrow-Hoff, layer 1: without f' the rule steps the wrong way where f falls; "
        'got Dense(2, 1, "gelu"), expected an activation with f\' >= 0 everywhere. '
        "GENERALISED_DELTA keeps the slope and with it its sign.",
    ),
    "inputs of another width": (
        lambda: HEBB.update(linear(), np.ones((4, 5)), learning_rate=1),
        errors.ShapeError,
        "net.forward(X): X has the wrong width; got shape (4, 5), expected (2,) or (cases, 2). "
        "A row is a case and a column is a feature: check for a transpose or a missing column.",
    ),
    # -- hyperplanes
    "weights that are no vector": (
        lambda: soft_perceptron(np.ones((2, 1)), 0.5),
        errors.ShapeError,
        "soft_perceptron: a unit has one weight for each input; got shape (2, 1), "
        "expected (n,), n at least 1. Dense.from_arrays(W, b) makes a layer of several units.",
    ),
    "a threshold that is none": (
        lambda: soft_perceptron([1.0], np.inf),
        errors.OptionError,
        "soft_perceptron: the threshold must be a finite number; got inf, expected T, such as 0.5. "
        "The unit's bias is -T.",
    ),
    "a number to append 1 to": (
        lambda: homogeneous(3.0),
        errors.ShapeError,
        "homogeneous: X must be one case or a stack of cases; got shape (), "
        "expected (width,) or (cases, width). Reshape it with .reshape(cases, -1).",
    ),
    # -- McCulloch and Pitts
    "a single name": (
        lambda: MPNeuron("N1"),
        errors.OptionError,
        "McCullochPitts: sources and neurons are named by a list of text; got 'N1', "
        'expected such as ["N1", "N2"]. Put a single name in brackets.',
    ),
    "names that are numbers": (
        lambda: MPNeuron([], [1]),
        errors.OptionError,
        "McCullochPitts: sources and neurons are named by a list of text; got [1], "
        'expected such as ["N1", "N2"]. Put a single name in brackets.',
    ),
    "a negative weight": (
        lambda: MPNeuron(["a"], weights=[-1]),
        errors.OptionError,
        "MPNeuron(weights=): an excitatory source has a positive weight; got (-1,), "
        "expected 1 numbers above 0 with a finite sum. "
        "Inhibition has no weight: name its source in inhibitory.",
    ),
    "weights for other sources": (
        lambda: MPNeuron(["a", "b"], weights=[1]),
        errors.OptionError,
        "MPNeuron(weights=): an excitatory source has a positive weight; got (1,), "
        "expected 2 numbers above 0 with a finite sum. "
        "Inhibition has no weight: name its source in inhibitory.",
    ),
    "an infinite threshold": (
        lambda: MPNeuron(["a"], threshold=np.inf),
        errors.OptionError,
        "MPNeuron(threshold=): the threshold must be a finite number; got inf, expected a number such as 1. "
        "1 is OR, the number of sources is AND.",
    ),
    "a net of nothing": (
        lambda: McCullochPitts({}),
        errors.OptionError,
        "McCullochPitts: a net is made of named neurons; got {}, "
        'expected such as {"N3": MPNeuron(["N1", "N2"])}. '
        "Give every neuron a name, by which others may listen to it.",
    ),
    "a net of something else": (
        lambda: McCullochPitts({"n": 3}),
        errors.OptionError,
        "McCullochPitts: a net is made of named neurons; got {'n': 3}, "
        'expected such as {"N3": MPNeuron(["N1", "N2"])}. '
        "Give every neuron a name, by which others may listen to it.",
    ),
    "an input too few": (
        lambda: NET.run({"a": [1]}),
        errors.UnknownNameError,
        "McCullochPitts.run: a run needs every input of the net and no other; got ['a'], expected a, b. "
        "A source that is no neuron's name is an input.",
    ),
    "inputs of two lengths": (
        lambda: NET.run({"a": [1], "b": [0, 1]}),
        errors.ShapeError,
        "McCullochPitts.run: all inputs last equally long; got 1 and 2 steps, expected one length. "
        "Fill the shorter ones up with zeros, and leave steps out.",
    ),
    "another number of steps": (
        lambda: NET.run({"a": [1], "b": [0]}, steps=3),
        errors.ShapeError,
        "McCullochPitts.run: all inputs last equally long; got 1 and 3 steps, expected one length. "
        "Fill the shorter ones up with zeros, and leave steps out.",
    ),
    "steps that are an array": (
        lambda: NET.run({"a": [1], "b": [0]}, steps=np.ones(2)),
        errors.OptionError,
        "McCullochPitts.run: steps must be a whole number; got array([1., 1.]), expected 0 or more. "
        "Without inputs nothing else says how long to run; with them leave it out.",
    ),
    "steps without end": (
        lambda: McCullochPitts({"n": MPNeuron(["n"])}).run(steps=10**9),
        errors.OptionError,
        "McCullochPitts.run: steps must be a whole number; got 1000000000, expected 0 to 1000000. "
        "Without inputs nothing else says how long to run; with them leave it out.",
    ),
    "weights that overflow together": (
        lambda: MPNeuron(["a", "b"], weights=[1e308, 1e308]),
        errors.OptionError,
        "MPNeuron(weights=): an excitatory source has a positive weight; got (1e+308, 1e+308), "
        "expected 2 numbers above 0 with a finite sum. Inhibition has no weight",
    ),
    "a source that says nothing": (
        lambda: UNIT.fires({"a": 1}),
        errors.UnknownNameError,
        "MPNeuron.fires: a source is missing; got {'a': 1}, expected 'a', 'b'. Say whether 'b' is on.",
    ),
    "no sources at all": (
        lambda: UNIT.fires(None),
        errors.UnknownNameError,
        "MPNeuron.fires: a source is missing; got None, expected 'a', 'b'. Say whether 'a' is on.",
    ),
    "a source between on and off": (
        lambda: UNIT.fires({"a": 1, "b": np.ones(2)}),
        errors.OptionError,
        "MPNeuron.fires: source 'b' is all or none; got array([1., 1.]), expected 0 or 1. "
        "Compare first: value > threshold.",
    ),
    "no steps": (
        lambda: McCullochPitts({"n": MPNeuron(["n"])}).run(),
        errors.OptionError,
        "McCullochPitts.run: steps must be a whole number; got None, expected 0 or more. "
        "Without inputs nothing else says how long to run; with them leave it out.",
    ),
    "a start that does not exist": (
        lambda: NET.run({"a": [1], "b": [0]}, start=["a"]),
        errors.UnknownNameError,
        "McCullochPitts.run(start=): no such neuron to start from; got 'a', expected n. "
        "An input is on at t = 0 if its series says so.",
    ),
    "an input in two dimensions": (
        lambda: NET.run({"a": [[1]], "b": [0]}),
        errors.ShapeError,
        "McCullochPitts.run: input a is a series in time; got shape (1, 1), expected (steps,). "
        "Pass [1] for a single unit of time.",
    ),
    "half an input": (
        lambda: NET.run({"a": [0.5], "b": [0]}),
        errors.OptionError,
        "McCullochPitts.run: input a is all or none; got 0.5, expected 0 or 1. "
        "Compare first: (values > threshold).astype(int).",
    ),
    "a lesson": (
        lambda: NET.fit(X, LABELS),
        errors.UnsupportedLayerError,
        "McCullochPitts.fit: a net of McCulloch and Pitts has no learning rule; "
        "expected weights and thresholds set by hand. perceptron(X, labels) learns a threshold unit.",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_every_error_says_what_to_do(name):
    call, kind, sentence = BAD[name]
    with np.errstate(all="raise"), pytest.raises(kind) as caught:
        call()
    assert type(caught.value) is kind
    assert str(caught.value).startswith(sentence)
    assert caught.value.where
    assert caught.value.remedy.endswith((".", "?"))


def patterns_of(path):
    """The texts of all errors that a source file can raise, as patterns."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and ast.unparse(node.func) in ERRORS:
            what = node.args[0]
            parts = what.values if isinstance(what, ast.JoinedStr) else [what]
            yield "".join(re.escape(p.value) if isinstance(p, ast.Constant) else ".+" for p in parts)


def test_every_error_of_this_room_has_a_sentence():
    patterns = {pattern for path in SOURCE.glob("*.py") for pattern in patterns_of(path)}
    sentences = [sentence for _, _, sentence in BAD.values()]
    assert len(patterns) > 20
    assert [p for p in sorted(patterns) if not any(re.search(p, sentence) for sentence in sentences)] == []


def refused(values):
    """What each call that takes cases makes of them."""
    for call in (
        lambda: perceptron(values, LABELS),
        lambda: adaline(values, LABELS),
        lambda: lms(values, X),
        lambda: madaline(values, LABELS),
        lambda: separable(values, LABELS),
        lambda: HEBB.update(linear(), values, learning_rate=1),
        lambda: homogeneous(values),
    ):
        with pytest.raises(errors.JacobpropError):
            call()


@pytest.mark.parametrize(
    "values",
    [
        X.astype(complex),
        X.astype(bool),
        X.astype(str),
        [[1.0], [1.0, 2.0]],
        np.ma.masked_array(X, X > 0),
        scipy.sparse.csr_array(X),
        None,
        np.ones((4, 2, 1)),
    ],
    ids=["complex", "bool", "text", "ragged", "masked", "sparse", "None", "three axes"],
)
def test_what_is_no_stack_of_numbers_is_refused_everywhere(values):
    refused(values)


@pytest.mark.parametrize(
    "container",
    [
        lambda x: x.tolist(),
        np.asmatrix,
        lambda x: x.astype(x.dtype.newbyteorder("S")),
        np.asfortranarray,
        lambda x: x.astype("uint8"),
        lambda x: x.astype("float32"),
        lambda x: np.repeat(x, 2, axis=1)[:, ::2],
    ],
    ids=["list", "matrix", "byte order", "Fortran", "uint8", "float32", "strided"],
)
def test_what_looks_odd_and_is_welcome(container):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PendingDeprecationWarning)  # numpy's, of its matrix
        given, labels = container(X), np.array(LABELS, "uint8")
    before = np.array(given)
    for learn in (perceptron, madaline, adaline):
        np.testing.assert_array_equal(learn(given, labels).network.vector, learn(X, LABELS).network.vector)
    np.testing.assert_array_equal(separable(given, labels).weights, separable(X, LABELS).weights)
    assert np.array_equal(np.array(given), before)


@pytest.mark.parametrize("scale", [1e-300, 1e-150, 1.0, 1e150])
def test_tiny_and_huge_cases_are_separated_all_the_same(scale):
    with np.errstate(all="raise"):
        assert separable(X * scale, LABELS)
        assert not separable(X * scale, [0, 1, 1, 0])
        learned = perceptron(X * scale, LABELS, bias=False, epochs=2)
    assert np.isfinite(learned.network.vector).all()
