"""Bad input of what comes before and beside training: every error says where, what, and one remedy.

A last test reads the sources: an error without a sentence here fails.
"""

import ast
import re
from pathlib import Path

import numpy as np
import pytest
import sympy

import jacobprop as jp
from jacobprop import errors
from jacobprop.training import (
    Adam,
    Masked,
    MinMaxScaler,
    Monitor,
    StandardScaler,
    check_gradients,
    decode_targets,
    default_architecture,
    encode_targets,
    fit,
    flatten,
    jacobian_norms,
    one_hot,
    pad,
    saturation_report,
    split,
    symmetric_units,
    unflatten,
    validate,
)

MODULES = (
    "defaults",
    "encoding",
    "gradient_check",
    "masking",
    "monitor",
    "norms",
    "padding",
    "plain",
    "saturation",
    "scaling",
    "splitting",
    "symmetry",
    "validation",
)
SOURCE = Path(jp.__file__).parent / "training"
X, T = np.arange(12.0).reshape(4, 3), np.ones((4, 2))
SYMBOLS = np.array(sympy.symbols("x1:13")).reshape(4, 3)


def net(*layers, loss=True):
    found = layers or (jp.Dense(3, 5, "tanh"), jp.Dense(5, 2))
    return jp.Network(found, jp.SquaredError() if loss else None)


SCALING = MinMaxScaler().fit(X)
NO_NETWORK = "{}: there is no network; got str, expected a jp.Network. Build jp.Network(layers, loss=...)."
NO_LOSS = "{}: the network has no loss; expected a network with a loss. Build jp.Network(layers, loss=...)."
EXPRESSIONS = "{}: {} holds expressions; got sympy expressions, expected numbers. Substitute numbers first."

BAD = {
    # -- as large as no memory
    "classes beyond memory": (
        lambda: one_hot([0], 10**12),
        errors.DenseLimitError,
        "one_hot: the dense form is above the byte limit, nothing was allocated; "
        "got 8,000,000,000,000 bytes, expected at most 1,073,741,824. "
        "Check the number of classes, or take fewer cases at a time.",
    ),
    "classes beyond all numbers": (
        lambda: one_hot([0], 10**5000),
        errors.OptionError,
        "one_hot: classes must be a whole number; got an object of type int, "
        "expected 2 to 9223372036854775807. One class leaves nothing to tell apart.",
    ),
    "levels beyond memory": (
        lambda: encode_targets([0], 10**12),
        errors.DenseLimitError,
        "encode_targets: the dense form is above the byte limit, nothing was allocated; "
        "got 8,000,000,000,000 bytes, expected at most 1,073,741,824. "
        "Check the number of classes, or take fewer cases at a time.",
    ),
    "distances beyond memory": (
        lambda: decode_targets(np.zeros((1000, 1)), 10**6),
        errors.DenseLimitError,
        "decode_targets: the dense form is above the byte limit, nothing was allocated; "
        "got 8,000,000,000 bytes, expected at most 1,073,741,824. "
        "Check the number of classes, or take fewer cases at a time.",
    ),
    "ends that are too far apart": (
        lambda: encode_targets([0], low=-1e308, high=1e308),
        errors.OptionError,
        "encode_targets: low and high are the targets of the first and the last class; "
        "got low=-1e+308, high=1e+308, expected two finite numbers, low the smaller one. "
        "0.1 and 0.9 suit a sigmoid, -0.9 and 0.9 tanh.",
    ),
    "labels that no float counts": (
        lambda: split(X, T, held_out=1, stratify=[0, 1, 1e300, 2e300]),
        errors.ShapeError,
        "split(stratify=): a label is no class; got 1e+300, expected whole numbers from 0. "
        "Number the classes with np.unique(T, return_inverse=True)[1].",
    ),
    "a width beyond memory": (
        lambda: default_architecture(3, 2, hidden_layers=3, width=10**6),
        errors.DenseLimitError,
        "default_architecture: the dense form is above the byte limit, nothing was allocated; "
        "got 16,000,040,000,000 bytes, expected at most 1,073,741,824. Take fewer layers, or narrower ones.",
    ),
    "layers without end": (
        lambda: default_architecture(3, 2, hidden_layers=10**9),
        errors.OptionError,
        "default_architecture: hidden_layers must be a whole number; got 1000000000, expected 0 to 10000. "
        "One is the usual number.",
    ),
    "padding beyond memory": (
        lambda: pad(net(), 10**12),
        errors.DenseLimitError,
        "pad: the dense form is above the byte limit, nothing was allocated; got 40,000,000,000,000 bytes, "
        "expected at most 1,073,741,824. Take a smaller width.",
    ),
    # -- scaling
    "no range": (
        lambda: MinMaxScaler(feature_range=(1, 1)),
        errors.OptionError,
        "MinMaxScaler: feature_range is where the columns are to lie; got (1, 1), "
        "expected two finite numbers, the smaller one first. (0, 1) and (-1, 1) are the usual ones.",
    ),
    "one end": (
        lambda: MinMaxScaler(0.5),
        errors.OptionError,
        "MinMaxScaler: feature_range is where the columns are to lie; got 0.5, "
        "expected two finite numbers, the smaller one first. (0, 1) and (-1, 1) are the usual ones.",
    ),
    "an infinite range": (
        lambda: MinMaxScaler((-1e308, 1e308)),
        errors.OptionError,
        "MinMaxScaler: feature_range is where the columns are to lie; got (-1e+308, 1e+308), "
        "expected two finite numbers, the smaller one first. (0, 1) and (-1, 1) are the usual ones.",
    ),
    "a column wider than the floats": (
        lambda: MinMaxScaler((0, 0.25)).fit([[0.0, -1e308], [1.0, 1e308]]),
        errors.NonFiniteError,
        "MinMaxScaler.fit: column 1 spans more than the floats, or less; got -1e+308 to 1e+308, "
        "expected a width that is a normal number. Change the unit of the column first.",
    ),
    "a column narrower than the floats": (
        lambda: MinMaxScaler((0, 4)).fit([[0.0], [5e-324]]),
        errors.NonFiniteError,
        "MinMaxScaler.fit: column 0 spans more than the floats, or less; got 0 to 4.94066e-324, "
        "expected a width that is a normal number. Change the unit of the column first.",
    ),
    "one case to fit": (
        lambda: StandardScaler().fit(X[0]),
        errors.ShapeError,
        "StandardScaler.fit: a scaler looks at a stack of cases; got shape (3,), expected (cases, n). "
        "One column is X[:, None]; one case has no range.",
    ),
    "no columns": (
        lambda: StandardScaler().fit(np.empty((3, 0))),
        errors.ShapeError,
        "StandardScaler.fit: a scaler looks at a stack of cases; got shape (3, 0), expected (cases, n). "
        "One column is X[:, None]; one case has no range.",
    ),
    "no cases": (
        lambda: MinMaxScaler().fit(X[:0]),
        errors.EmptyBatchError,
        "MinMaxScaler.fit: X has no cases; got shape (0, 3), expected at least one case. Skip empty batches.",
    ),
    "nan to fit": (
        lambda: MinMaxScaler().fit([[0.0], [np.nan]]),
        errors.NonFiniteError,
        "MinMaxScaler.fit: X is not finite at [1, 0]; got nan, expected finite numbers. "
        "Training may have diverged: lower the learning rate, or repair the values.",
    ),
    "expressions to scale": (
        lambda: MinMaxScaler().fit(SYMBOLS),
        errors.DTypeError,
        EXPRESSIONS.format("MinMaxScaler.fit", "X"),
    ),
    "other columns": (
        lambda: SCALING.transform(X[:, :2]),
        errors.ShapeError,
        "Scaling.transform: X has the wrong width; got shape (4, 2), expected (3,) or (cases, 3). "
        "A row is a case and a column is a feature: check for a transpose or a missing column.",
    ),
    "words to scale back": (
        lambda: SCALING.inverse_transform([["a", "b", "c"]]),
        errors.DTypeError,
        "Scaling.inverse_transform: X does not hold real numbers; got <U1, expected floats or integers. "
        "Parse numbers with .astype(float); number classes with np.unique(T, return_inverse=True)[1].",
    ),
    # -- encoding
    "one class": (
        lambda: one_hot([0, 0], 1),
        errors.OptionError,
        "one_hot: classes must be a whole number; got 1, expected 2 or more. "
        "One class leaves nothing to tell apart.",
    ),
    "a table of labels": (
        lambda: one_hot([[0], [1]], 2),
        errors.ShapeError,
        "one_hot: labels are one integer a case; got shape (2, 1), expected (cases,). "
        "Rows of 0 and 1 are one-hot already; a column of labels is T[:, 0].",
    ),
    "a label too large": (
        lambda: one_hot([0, 3], 3),
        errors.ShapeError,
        "one_hot: a label is no class; got 3, expected whole numbers from 0 to 2. "
        "Number the classes with np.unique(T, return_inverse=True)[1].",
    ),
    "a table of strata": (
        lambda: split(X, T, held_out=1, stratify=[[0, 1]] * 4),
        errors.ShapeError,
        "split(stratify=): there is one label for each case; got shape (4, 2), expected (4,). "
        "A column of labels is T[:, 0], rows of 0 and 1 are T.argmax(axis=1).",
    ),
    "a negative label": (
        lambda: split(X, T, held_out=1, stratify=[0, -1, 0, 0]),
        errors.ShapeError,
        "split(stratify=): a label is no class; got -1, expected whole numbers from 0. "
        "Number the classes with np.unique(T, return_inverse=True)[1].",
    ),
    "half a label": (
        lambda: encode_targets([0.5]),
        errors.ShapeError,
        "encode_targets: a label is no class; got 0.5, expected whole numbers from 0 to 1. "
        "Number the classes with np.unique(T, return_inverse=True)[1].",
    ),
    "nan for a label": (
        lambda: encode_targets([np.nan]),
        errors.ShapeError,
        "encode_targets: a label is no class; got nan, expected whole numbers from 0 to 1. "
        "Number the classes with np.unique(T, return_inverse=True)[1].",
    ),
    "truth for a label": (
        lambda: encode_targets([True, False]),
        errors.DTypeError,
        "encode_targets: the array of labels does not hold real numbers; got bool, "
        "expected floats or integers. Convert it with .astype(float) if true means 1.",
    ),
    "no labels": (
        lambda: one_hot([], 2),
        errors.EmptyBatchError,
        "one_hot: there are no labels; got shape (0,), expected at least one. Skip empty batches.",
    ),
    "no classes": (
        lambda: encode_targets([0], classes=1),
        errors.OptionError,
        "encode_targets: classes must be a whole number; got 1, expected 2 or more. "
        "0/1 data have two classes.",
    ),
    "low above high": (
        lambda: encode_targets([0], low=0.9, high=0.1),
        errors.OptionError,
        "encode_targets: low and high are the targets of the first and the last class; "
        "got low=0.9, high=0.1, expected two finite numbers, low the smaller one. "
        "0.1 and 0.9 suit a sigmoid, -0.9 and 0.9 tanh.",
    ),
    "nan to decode": (
        lambda: decode_targets([[0.5], [np.nan]]),
        errors.NonFiniteError,
        "decode_targets: an output is not a number; got nan, expected numbers. "
        "Training may have diverged: lower the learning rate, or look for nan in X.",
    ),
    "expressions to decode": (
        lambda: decode_targets(SYMBOLS),
        errors.DTypeError,
        EXPRESSIONS.format("decode_targets", "the output"),
    ),
    # -- splitting
    "all held out": (
        lambda: split(X, T, held_out=4),
        errors.OptionError,
        "split: held_out leaves cases on both sides; got 4, expected 1 to 3 cases, "
        "or a share between 0 and 1. A fifth to a third of the cases is usual.",
    ),
    "a share that is no case": (
        lambda: split(X, T, held_out=0.1),
        errors.OptionError,
        "split: held_out leaves cases on both sides; got 0.1, expected 1 to 3 cases, "
        "or a share between 0 and 1. A fifth to a third of the cases is usual.",
    ),
    "nan held out": (
        lambda: split(X, T, held_out=np.nan),
        errors.OptionError,
        "split: held_out leaves cases on both sides; got nan, expected 1 to 3 cases, "
        "or a share between 0 and 1. A fifth to a third of the cases is usual.",
    ),
    "other targets": (
        lambda: split(X, T[:3], held_out=1),
        errors.ShapeError,
        "split: X and T have a row for each case; got X of shape (4, 3), T of shape (3, 2), "
        "expected the same first axis. Check for a transpose.",
    ),
    "one case to split": (
        lambda: split(X[:1], T[:1], held_out=1),
        errors.EmptyBatchError,
        "split: there are too few cases to split; got 1, expected at least 2. Gather more cases.",
    ),
    "a seed in words": (
        lambda: split(X, T, held_out=1, seed="one"),
        errors.OptionError,
        "split: seed must be a whole number; got 'one', expected 0 or more. "
        "The same seed draws the same cases.",
    ),
    # -- reports
    "a share above 1": (
        lambda: saturation_report(net(), X, eps=2),
        errors.OptionError,
        "saturation_report: eps is a share of the largest slope; got 2, expected a number from 0 to 1. "
        "Leave it out for 0.19, within 5 % of a sigmoid's range from its limits.",
    ),
    "a monitor's nan": (
        lambda: Monitor(X, eps=np.nan),
        errors.OptionError,
        "Monitor: eps is a share of the largest slope; got nan, expected a number from 0 to 1. "
        "Leave it out for 0.19, within 5 % of a sigmoid's range from its limits.",
    ),
    "no network to report": (
        lambda: saturation_report("net", X),
        errors.OptionError,
        NO_NETWORK.format("saturation_report"),
    ),
    "no network to monitor": (lambda: Monitor(X)("net"), errors.OptionError, NO_NETWORK.format("Monitor")),
    "an epoch below 0": (
        lambda: Monitor(X)(net(), -1),
        errors.OptionError,
        "Monitor: epoch must be a whole number; got -1, expected 0 or more. Leave it out to count the calls.",
    ),
    "expressions to monitor": (
        lambda: Monitor(SYMBOLS)(net()),
        errors.DTypeError,
        EXPRESSIONS.format("Monitor", "the network"),
    ),
    "expressions to report": (
        lambda: saturation_report(net(), SYMBOLS),
        errors.DTypeError,
        EXPRESSIONS.format("saturation_report", "the network"),
    ),
    "expressions to measure": (
        lambda: jacobian_norms(net(), SYMBOLS),
        errors.DTypeError,
        EXPRESSIONS.format("jacobian_norms", "the network"),
    ),
    "no network to measure": (
        lambda: jacobian_norms("net", X),
        errors.OptionError,
        NO_NETWORK.format("jacobian_norms"),
    ),
    "no network to look through": (
        lambda: symmetric_units("net"),
        errors.OptionError,
        NO_NETWORK.format("symmetric_units"),
    ),
    # -- validation, defaults
    "no loss to validate": (
        lambda: validate(net(loss=False), X, T),
        errors.MissingTargetError,
        NO_LOSS.format("validate"),
    ),
    "no network to validate": (
        lambda: validate("net", X, T),
        errors.OptionError,
        NO_NETWORK.format("validate"),
    ),
    "expressions to validate": (
        lambda: validate(net(), SYMBOLS, T),
        errors.DTypeError,
        EXPRESSIONS.format("validate", "the network"),
    ),
    "shapes to validate": (
        lambda: validate(net(), X, T[:, :1]),
        errors.ShapeError,
        "SquaredError target: the target must be shaped exactly like the output; got shape (4, 1), "
        "expected (4, 2). One row per case, one column per output; nothing is broadcast.",
    ),
    "a default of one class": (
        lambda: default_architecture(3, 1),
        errors.OptionError,
        "default_architecture: n_classes must be a whole number; got 1, expected 2 or more. "
        "One class leaves nothing to learn.",
    ),
    "no features": (
        lambda: default_architecture(0, 2),
        errors.OptionError,
        "default_architecture: n_features must be a whole number; got 0, expected 1 or more. "
        "It is the number of columns of X.",
    ),
    "fewer than no layers": (
        lambda: default_architecture(3, 2, hidden_layers=-1),
        errors.OptionError,
        "default_architecture: hidden_layers must be a whole number; got -1, expected 0 or more. "
        "One is the usual number.",
    ),
    "no width": (
        lambda: default_architecture(3, 2, width=0),
        errors.OptionError,
        "default_architecture: width must be a whole number; got 0, expected 1 or more. Leave it out.",
    ),
    # -- gradient check
    "a missing gradient": (
        lambda: flatten(net(), {"W1": np.ones((3, 5))}),
        errors.UnknownNameError,
        "flatten: b1 is missing; got W1, expected W1, b1, W2, b2. "
        "A vector holds an entry for every parameter.",
    ),
    "no gradients at all": (
        lambda: flatten(net(), {}),
        errors.UnknownNameError,
        "flatten: W1 is missing; got nothing, expected W1, b1, W2, b2. "
        "A vector holds an entry for every parameter.",
    ),
    "another vector": (
        lambda: unflatten(net(), np.ones(9)),
        errors.ShapeError,
        "unflatten: the vector has an entry for each number among the parameters; got shape (9,), "
        "expected (32,). net.slices says what lies where.",
    ),
    "no tolerance": (
        lambda: check_gradients(net(), X, T, tolerance=0),
        errors.OptionError,
        "check_gradients: the tolerance is a relative error; got 0, expected a small number above 0. "
        "Leave it out for 1e-7.",
    ),
    "no loss to check": (
        lambda: check_gradients(net(loss=False), X, T),
        errors.MissingTargetError,
        NO_LOSS.format("DeltaRule"),
    ),
    "no network to check": (
        lambda: check_gradients("net", X, T),
        errors.OptionError,
        NO_NETWORK.format("check_gradients"),
    ),
    "expressions to check": (
        lambda: check_gradients(net(jp.Dense(3, 1, bias=False)), X, T[:, :1], {"W1": SYMBOLS[:3, :1]}),
        errors.DTypeError,
        EXPRESSIONS.format("check_gradients", "the gradient"),
    ),
    # -- masks and padding
    "half a mask": (
        lambda: Masked([0.5, 1.0]),
        errors.OptionError,
        "Masked: the mask is 0 or 1 for each parameter; got other numbers, "
        "expected a vector of zeros and ones. "
        "flatten(net, arrays) makes it of arrays shaped like the parameters.",
    ),
    "a mask of masks": (
        lambda: Masked(np.ones((2, 2))),
        errors.OptionError,
        "Masked: the mask is 0 or 1 for each parameter; got shape (2, 2), "
        "expected a vector of zeros and ones. "
        "flatten(net, arrays) makes it of arrays shaped like the parameters.",
    ),
    "a name for an optimiser": (
        lambda: Masked([1.0], "adam"),
        errors.OptionError,
        "Masked: what is masked is an optimiser; got 'adam', expected one such as Momentum(0.9), or None. "
        "Leave it out for plain gradient descent.",
    ),
    "another network's mask": (
        lambda: fit(net(), X, T, optimizer=Masked(np.ones(31), Adam())),
        errors.ShapeError,
        "Masked: the mask has another length than the parameters; got 31, "
        "expected 32, one entry for each of net.vector. "
        "flatten(net, arrays) makes it of arrays shaped like the parameters.",
    ),
    "too narrow": (
        lambda: pad(net(), 4),
        errors.OptionError,
        "pad: width must be a whole number; got 4, expected 5 or more. The widest hidden layer stays whole.",
    ),
    "another layer to pad": (
        lambda: pad(net(jp.Dense(3, 5), jp.BatchNorm(5), jp.Dense(5, 2))),
        errors.UnsupportedLayerError,
        "pad: layer 2 BatchNorm(5): padding is defined for Dense layers, one above the other; "
        'got Network([Dense(3, 5, "identity"), BatchNorm(5), Dense(5, 2, "identity")], loss=SquaredError()), '
        "expected Dense layers, and a softmax on top or none. "
        "Masked(mask) keeps any parameters where they are, in any network.",
    ),
    "nothing to pad": (
        lambda: pad(net(jp.Softmax())),
        errors.UnsupportedLayerError,
        "pad: layer 1 Softmax(): padding is defined for Dense layers, one above the other; "
        "got Network([Softmax()], loss=SquaredError()), "
        "expected Dense layers, and a softmax on top or none. "
        "Masked(mask) keeps any parameters where they are, in any network.",
    ),
    "no network to pad": (lambda: pad("net"), errors.OptionError, NO_NETWORK.format("pad")),
    "no network to flatten": (lambda: flatten("net", {}), errors.OptionError, NO_NETWORK.format("flatten")),
    "no network to unflatten": (
        lambda: unflatten("net", []),
        errors.OptionError,
        NO_NETWORK.format("unflatten"),
    ),
}


@pytest.mark.parametrize(("call", "kind", "sentence"), BAD.values(), ids=BAD)
def test_the_error_says_where_what_and_what_to_do(call, kind, sentence):
    with pytest.raises(kind) as caught:
        call()
    assert type(caught.value) is kind
    assert str(caught.value) == sentence
    assert caught.value.where
    assert caught.value.remedy.endswith(".")


def patterns_of(module):
    """The first argument of every error made in a module, as a pattern with the blanks open."""
    for call in ast.walk(ast.parse((SOURCE / f"{module}.py").read_text())):
        if isinstance(call, ast.Call) and getattr(call.func, "id", "") in vars(errors):
            what = call.args[0]
            parts = what.values if isinstance(what, ast.JoinedStr) else [what]
            yield "".join(re.escape(p.value) if isinstance(p, ast.Constant) else ".+" for p in parts)


def test_every_error_of_these_modules_has_a_sentence():
    sentences = "\n".join(sentence for _, _, sentence in BAD.values())
    patterns = [(module, pattern) for module in MODULES for pattern in patterns_of(module)]
    assert len(patterns) > 15
    assert [each for each in patterns if not re.search(each[1], sentences)] == []


def test_a_dense_limit_is_refused_before_anything_is_made():
    wide = jp.Network([jp.Dense(20_000, 1, init="zero")])
    with pytest.raises(errors.DenseLimitError, match=r"jacobian_norms.*Take fewer cases"):
        jacobian_norms(wide, np.zeros((1, 20_000)))


def test_no_warning_leaves_and_nothing_is_modified():
    given, targets = X.copy() * 1e300, T.copy()
    given[0, 0] = np.nan
    with np.errstate(all="raise"):
        validate(net(), given, targets)
        saturation_report(net(), given)
        jacobian_norms(net(), given, targets)
        Monitor(given, targets)(net())
        split(given, targets, held_out=1)
        check_gradients(net(), given, targets)
        pad(net())
        StandardScaler().fit(X * 1e300).transform(given)
    assert np.array_equal(given[1:], X[1:] * 1e300)
    assert np.array_equal(targets, T)


class Odd:
    """An object whose every conversion raises."""

    def __array__(self, dtype=None, copy=None):
        raise RuntimeError("no array")

    def __repr__(self):
        raise RuntimeError("no text")

    def __iter__(self):
        raise RuntimeError("no entries")


@pytest.mark.parametrize(
    "call",
    [
        lambda odd: MinMaxScaler(odd),
        lambda odd: MinMaxScaler((odd, 1)),
        lambda odd: MinMaxScaler().fit(odd),
        lambda odd: SCALING.transform(odd),
        lambda odd: one_hot(odd, 3),
        lambda odd: one_hot([0], odd),
        lambda odd: encode_targets([0], low=odd),
        lambda odd: decode_targets(odd),
        lambda odd: split(odd, T, held_out=1),
        lambda odd: split(X, T, held_out=odd),
        lambda odd: split(X, T, held_out=1, stratify=odd),
        lambda odd: saturation_report(odd, X),
        lambda odd: saturation_report(net(), X, odd),
        lambda odd: jacobian_norms(net(), odd),
        lambda odd: Monitor(odd)(net()),
        lambda odd: validate(net(), X, odd),
        lambda odd: check_gradients(net(), X, T, odd),
        lambda odd: check_gradients(net(), X, T, tolerance=odd),
        lambda odd: unflatten(net(), odd),
        lambda odd: Masked(odd),
        lambda odd: Masked([1.0], odd),
        lambda odd: pad(odd),
        lambda odd: pad(net(), odd),
        lambda odd: default_architecture(odd, 3),
    ],
)
def test_hostile_objects_meet_our_own_errors(call):
    with pytest.raises(errors.JacobpropError):
        call(Odd())


def test_a_hostile_learning_rate_is_a_finding():
    assert [finding.kind for finding in validate(net(), X / 12, T, learning_rate=Odd())][:1] == [
        "learning_rate"
    ]
