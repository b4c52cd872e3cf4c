"""Bad input: every error of the network rooms says where, what came, what was expected, and one remedy.

The sentences are written out in full. A last test reads the sources: an error without a sentence here fails.
"""

import ast
import re
from pathlib import Path

import numpy as np
import pytest
import scipy.sparse
import sympy

import jacobprop as jp
from jacobprop import errors
from jacobprop.layers.dense import DenseCache
from jacobprop.losses import Loss, as_jacobian

ROOMS = (
    "architecture",
    "names",
    "network",
    "record",
    "factors",
    "returned",
    "chain",
    "planning/orders",
    "losses/base",
    "losses/categorical",
    "losses/hessians",
    "delta",
    "formulations",
)
SOURCE = Path(jp.__file__).parent


class Reads(jp.Dense):
    """A Dense layer with other inputs."""

    def __init__(self, n_in, n_out, *inputs):
        super().__init__(n_in, n_out)
        self.inputs = inputs


class Sum(jp.Layer):
    """a = y + s, of which either may be anything."""

    def __init__(self, *inputs, slot=None):
        self.inputs, self.slot = inputs, slot

    def init(self, rng, dtype):
        return {self.slot: np.ones(2, dtype)} if self.slot else {}

    def forward(self, params, inputs):
        return sum(inputs), None

    def factors(self, params, cache):
        return {}


class Odd(Loss):
    """A loss with a gate of its own."""

    gate = "odd"

    def value(self, y, t):
        return y

    def row(self, y, t):
        return y


class Given(jp.Layer):
    """A layer that returns what it was given."""

    def __init__(self, returned, run=lambda y: (y, None)):
        self.returned, self.run = returned, run

    def forward(self, params, inputs):
        return self.run(inputs[0])

    def factors(self, params, cache):
        return self.returned


class Drawn(Given):
    """A layer that draws what it was given, with such a width."""

    def __init__(self, drawn, width=None):
        self.drawn, self.wide = drawn, width

    def init(self, rng, dtype):
        return self.drawn

    def width(self, n_in):
        return self.wide


class Asking(Given):
    """A layer whose inputs are what it was given."""

    def __init__(self, inputs):
        self.inputs = inputs


EXAMPLE = "Return what Layer's docstring asks for: see its example."
SHARE = "A factor that all cases share takes cases=len(values); others have the case axis first."
SHARED = jp.Dense(3, 3)
ONES = np.ones


def net(**options):
    return jp.Network([jp.Dense(3, 4, "tanh"), jp.Dense(4, 2)], jp.SquaredError(), **options)


def classes(T):
    return jp.Network([jp.Dense(3, 4, "tanh"), jp.Softmax()], jp.CrossEntropy()).forward(ONES((2, 3)), T)


def record():
    return net().forward(ONES((5, 3)), np.zeros((5, 2)))


def alone(*layers):
    return jp.Network(layers).forward(ONES(3))


def joined(n_in):
    return jp.Network([jp.Dense(3, 4), Reads(n_in, 4, 0), Sum(-1, -2)])


def column_net():
    return jp.Network([jp.Dense(3, 1)], jp.SquaredError())


MATRIX = "<DenseJacobian: dense, (2,) by (3,), 48 of 48 bytes>"
INPUT = "-1 is the activation below, 0 the network's input."
FINITE = "Training may have diverged: lower the learning rate, or repair the values."
LOSSES = (
    "expected a loss function and a target. Build jp.Network(layers, loss=...) and call net.forward(X, T)."
)
ORDER = "Name the numerator first: jacobian('L', 'W1') is dL/dW1."
NUMBERS = "Layers count from 1, weightless ones too; activation 0 is the input."
NAMES = "L, a2, z2, a1, z1, a0, W1, b1, W2, b2"
EXACTLY = "the target must be shaped exactly like the output"
GATE = "got an output that need not be a probability"

BAD = {
    "a subclass of a layer that differs in training": (
        lambda: jp.Network([type("Mine", (jp.BatchNorm,), {})(3)]).in_training(),
        errors.UnsupportedLayerError,
        "Mine(3): a subclass of BatchNorm is another layer in training, too; got the in_training of"
        " its base, expected a method in_training of its own. Override it; return self if the layer"
        " is the same in training.",
    ),
    "no layer in training": (
        lambda: jp.Network(
            [type("Mine", (jp.Softmax,), {"in_training": lambda self, rng: None})()]
        ).in_training(),
        errors.DTypeError,
        "Mine(), in_training: in_training must return a layer that fits in the same place; got "
        "None, expected the layer itself, or another with the same inputs, width and gate. Return "
        "what Layer's docstring asks for: see its example.",
    ),
    "branches of two widths": (
        lambda: jp.Network([jp.Dense(3, 4), jp.Residual(0)]),
        errors.ShapeError,
        "layer 2 Residual(0): only activations of the same width add; got widths 3, 4, expected one"
        " width. Put a Dense layer without activation into one of the branches.",
    ),
    "an epsilon of nothing": (
        lambda: jp.BatchNorm(3, epsilon=0.0),
        errors.OptionError,
        "BatchNorm(3): epsilon keeps the variance away from zero; got 0.0, expected a small "
        "positive number. Leave it out for 1e-5.",
    ),
    "a normalisation with a number for a name": (
        lambda: jp.BatchNorm(3, name=3),
        errors.OptionError,
        "BatchNorm(3): a name is text; got 3, expected a str or None. Leave it out.",
    ),
    "a variance below zero": (
        lambda: jp.BatchNorm.from_statistics(ONES(3), -ONES(3)),
        errors.ShapeError,
        "BatchNorm.from_statistics: there is a mean and a variance for each unit; got means of "
        "shape (3,), variances of shape (3,), the least -1, expected two vectors of one length, no "
        "variance below 0. net.with_statistics(X) finds both.",
    ),
    "a batch of one case": (
        lambda: jp.Network([jp.BatchNorm(3)]).in_training().forward(ONES((1, 3))),
        errors.ShapeError,
        "BatchNormInTraining(3): the statistics of batch normalisation are those of a batch; got 1 "
        "case, expected X of shape (cases, n_in), 2 cases or more. Stack cases; a network that is "
        "not in training takes one case.",
    ),
    "statistics of expressions": (
        lambda: jp.Network([jp.BatchNorm(2)]).with_statistics(np.array([sympy.symbols("x y")] * 2)),
        errors.DTypeError,
        "BatchNorm(2): statistics are of numbers; got sympy expressions, expected floats. Take them"
        " from numbers first; the network then runs on expressions.",
    ),
    "a normalisation beyond memory": (
        lambda: jp.BatchNorm(10**12),
        errors.DenseLimitError,
        "BatchNorm(1000000000000): the dense form is above the byte limit, nothing was allocated; got "
        "16,000,000,000,000 bytes, expected at most 1,073,741,824. It is the width of the layer below.",
    ),
    "a normalisation by expressions": (
        lambda: jp.BatchNorm.from_statistics(ONES(2), sympy.symbols("x y")),
        errors.DTypeError,
        "BatchNorm.from_statistics: statistics are of numbers; got sympy expressions, expected floats. "
        "Take them from numbers first; the network then runs on expressions.",
    ),
    "an earlier activation beyond all numbers": (
        lambda: jp.Residual(10**5000),
        errors.OptionError,
        "Residual: start is the index of an earlier activation; got an object of type int, expected 0 for "
        "the network's input, l for layer l, or -2 and below from the end. -1 is the activation below, "
        "which is one of the two in any case.",
    ),
    "a beta beyond the centres' dtype": (
        lambda: jp.RBF.from_arrays(np.ones((2, 2), np.float16), 1e300),
        errors.NonFiniteError,
        "RBF.from_arrays: beta is not finite at [0]; got inf, expected finite numbers. "
        "Training may have diverged: lower the learning rate, or repair the values.",
    ),
    "a dropout of everything": (
        lambda: jp.Dropout(1.0),
        errors.OptionError,
        "Dropout(1.0): the rate is a share of the units; got 1.0, expected a number from 0 to below"
        " 1. It is the share that is silent, not that which is kept.",
    ),
    "a dropout with a number for a name": (
        lambda: jp.Dropout(0.5, name=3),
        errors.OptionError,
        "Dropout(0.5): a name is text; got 3, expected a str or None. Leave it out.",
    ),
    "a loss without second derivatives": (
        lambda: Loss.hessian(jp.SquaredError(), ONES(3), ONES(3)),
        errors.UnsupportedLayerError,
        "SquaredError(): the loss has no Hessian; expected a method hessian(x, t). Write it: the "
        "matrix (m, m) of second derivatives of each case's loss.",
    ),
    "a loss without expected targets": (
        lambda: Loss.expected_target(jp.SquaredError(), ONES(3)),
        errors.UnsupportedLayerError,
        "SquaredError(): the loss does not say what its targets are drawn from; expected a method "
        "expected_target(x). Write it: the mean of the targets; or take empirical=True, or "
        "gauss_newton.",
    ),
    "a Hessian of another shape": (
        lambda: as_jacobian(ONES((2, 3)), ONES((5, 3)), "hessian", 3),
        errors.ShapeError,
        "hessian: hessian of the loss has another shape; got shape (2, 3), expected (5, 3, 3). One "
        "matrix for each case, or an array (m, r) for all of them.",
    ),
    "a Hessian of expressions": (
        lambda: as_jacobian(np.diag(sympy.symbols("x y")), ONES(2), "hessian", 2),
        errors.DTypeError,
        "hessian: the matrix holds expressions; expected floats, as x holds. Evaluate them at x and t.",
    ),
    "a layer without tangents": (
        lambda: jp.layers.SumLayer.J_Sum_tangent(jp.Softmax(), None, ONES(3)),
        errors.UnsupportedLayerError,
        "Softmax(): the layer does not say how its factors move with its operands; expected a method "
        "J_Sum_tangent beside the mathematics it belongs to. Write it for the exact Hessian; "
        "gauss_newton does without.",
    ),
    "an activation without a second derivative": (
        lambda: jp.Dense(2, 3, jp.Activation("sine", np.sin, (np.cos,))).J_Sum_tangent(None, ONES(3)),
        errors.UnsupportedLayerError,
        "Dense(2, 3, \"sine\"): the activation has no second derivative; expected f'' after f'. Make "
        "it of more: Activation(name, f, (slope, curvature)), or from_expression.",
    ),
    # -- no network at all
    "a list for a network": (
        lambda: jp.DeltaRule([1]),
        errors.OptionError,
        "DeltaRule: there is no network; got list, expected a jp.Network. "
        "Build jp.Network(layers, loss=...).",
    ),
    "gradients of nothing": (
        lambda: jp.gradients(None, ONES(3), ONES(2)),
        errors.OptionError,
        "gradients: there is no network; got NoneType, expected a jp.Network. "
        "Build jp.Network(layers, loss=...).",
    ),
    "a head that is none": (
        lambda: jp.Chain([jp.IdentityJacobian(2), jp.IdentityJacobian(2)], head="J"),
        errors.ShapeError,
        "Chain(head=): the head is no Jacobian; got str, expected a Jacobian, or None. "
        "Leave the head out to multiply the factors themselves.",
    ),
    "a number for a chain": (
        lambda: jp.Chain(5),
        errors.ShapeError,
        "Chain: a chain needs Jacobians; got ['int'], expected at least one Jacobian. "
        "Wrap a matrix with jp.DenseJacobian(array).",
    ),
    "numbers for variables": (
        lambda: jp.Chain([jp.IdentityJacobian(2)], variables=[1, 2]),
        errors.ShapeError,
        "Chain(variables=): a chain has one variable more than factors; got [1, 2], "
        'expected text throughout. For dL/dZ . dZ/dY pass ["L", "Z", "Y"].',
    ),
    # -- building
    "a bias in words": (
        lambda: jp.Dense(3, 2, bias="no"),
        errors.OptionError,
        "Dense(3, 2): bias says whether there is one, and a name is text; got bias='no', name=None, "
        "expected bias=True or False, and a str or None. Use Dense.from_arrays(W, b) for a bias of your own.",
    ),
    "more units than there are": (
        lambda: jp.Dense(3, 10**30),
        errors.ShapeError,
        f"Dense(3, {10**30}): n_out must be a positive integer; got {10**30}, expected 2**63 - 1 at most. "
        "A layer has at least one unit on each side.",
    ),
    "a number without a name": (
        lambda: jp.Dense(-(10**5000), 2),
        errors.ShapeError,
        "Dense(an object of type int, 2): n_in must be a positive integer; got an object of type int, "
        "expected 1 or more. A layer has at least one unit on each side.",
    ),
    "weights that fit into no memory": (
        lambda: jp.Network([jp.Dense(10**6, 10**7)]),
        errors.DenseLimitError,
        'init of Dense(1000000, 10000000, "identity"): the dense form is above the byte limit, nothing was '
        "allocated; got 80,000,000,000,000 bytes, expected at most 1,073,741,824. "
        "Check the widths; Dense.from_arrays(W, b) takes arrays of any size.",
    ),
    "no layers": (
        lambda: jp.Network([]),
        errors.ShapeError,
        "Network: a network needs layers; got [], expected at least one Layer. "
        'Start with [jp.Dense(n_in, n_out, "sigmoid")].',
    ),
    "strings for layers": (
        lambda: jp.Network(["Dense"]),
        errors.ShapeError,
        "Network: a network needs layers; got ['str'], expected at least one Layer. "
        'Start with [jp.Dense(n_in, n_out, "sigmoid")].',
    ),
    "one layer twice": (
        lambda: jp.Network([SHARED, SHARED]),
        errors.UnsupportedLayerError,
        "Network: one layer object is used twice. "
        "Weights are not shared between layers yet: build a second layer.",
    ),
    "a loss class": (
        lambda: jp.Network([jp.Dense(3, 2)], jp.SquaredError),
        errors.OptionError,
        "Network(loss=): the loss must be a Loss; got <class 'jacobprop.losses.squared.SquaredError'>, "
        "expected an object such as jp.SquaredError() or jp.CrossEntropy(). Create it with parentheses.",
    ),
    "cross-entropy without softmax": (
        lambda: jp.Network([jp.Dense(3, 2)], jp.CrossEntropy()),
        errors.UnsupportedLayerError,
        'Network: layer 1 Dense(3, 2, "identity"): CrossEntropy needs softmax as the last layer; '
        f'{GATE}: Dense(3, 2, "identity"), expected softmax. Append jp.Softmax() to the layers.',
    ),
    "binary cross-entropy on tanh": (
        lambda: jp.Network([jp.Dense(3, 2, "tanh")], jp.BinaryCrossEntropy()),
        errors.UnsupportedLayerError,
        'Network: layer 1 Dense(3, 2, "tanh"): BinaryCrossEntropy needs sigmoid as the last layer; '
        f'{GATE}: Dense(3, 2, "tanh"), expected sigmoid. Give the last Dense layer activation="sigmoid".',
    ),
    "a gate that nobody has": (
        lambda: jp.Network([jp.Softmax()], Odd()),
        errors.UnsupportedLayerError,
        f"Network: layer 1 Softmax(): Odd needs odd as the last layer; {GATE}: Softmax(), expected odd. "
        "Choose a last layer with this gate.",
    ),
    "widths that do not fit": (
        lambda: jp.Network([jp.Dense(3, 4), jp.Dense(5, 2, name="top")]),
        errors.ShapeError,
        "layer 2 Dense(5, 2, \"identity\") named 'top': the layer does not fit the one below; "
        "got 4 inputs from layer 1, expected 5. Set its n_in to 4, or transpose its weights.",
    ),
    "a width that the input has not": (
        lambda: joined(5),
        errors.ShapeError,
        'layer 2 Reads(5, 4, "identity"): the layer does not fit the one below; '
        "got 3 network inputs, expected 5. Set its n_in to 3, or transpose its weights.",
    ),
    "a dtype that is none": (
        lambda: net(dtype="flaot"),
        errors.DTypeError,
        "Network(dtype=): parameters are floats; got 'flaot', expected float16, float32 or float64. "
        "Leave it out for float64.",
    ),
    "whole parameters": (
        lambda: net(dtype=int),
        errors.DTypeError,
        "Network(dtype=): parameters are floats; got <class 'int'>, expected float16, float32 or float64. "
        "Leave it out for float64.",
    ),
    "a later input": (
        lambda: jp.Network([Reads(3, 4, 1)]),
        errors.ShapeError,
        'layer 1 Reads(3, 4, "identity"): a layer can read earlier activations only; '
        f"got inputs (1,), expected a tuple of indices from -1 to 0. {INPUT}",
    ),
    "an input below the first": (
        lambda: jp.Network([jp.Dense(3, 4), Reads(3, 4, -3)]),
        errors.ShapeError,
        'layer 2 Reads(3, 4, "identity"): a layer can read earlier activations only; '
        f"got inputs (-3,), expected a tuple of indices from -2 to 1. {INPUT}",
    ),
    "no input": (
        lambda: jp.Network([Sum()]),
        errors.ShapeError,
        "layer 1 Sum(): a layer can read earlier activations only; "
        f"got inputs (), expected a tuple of indices from -1 to 0. {INPUT}",
    ),
    "an input by name": (
        lambda: jp.Network([Sum("a0")]),
        errors.ShapeError,
        "layer 1 Sum(): a layer can read earlier activations only; "
        f"got inputs ('a0',), expected a tuple of indices from -1 to 0. {INPUT}",
    ),
    "one index twice": (
        lambda: jp.Network([jp.Dense(3, 4), Sum(-1, -1)]),
        errors.ShapeError,
        "layer 2 Sum(): an index stands twice among the inputs; got inputs (-1, -1), "
        "expected an index for each place, since a factor belongs to an index. "
        "An activation has two indices: -1 is also 1.",
    ),
    "a slot called a": (
        lambda: jp.Network([Sum(-1, slot="a")]),
        errors.UnknownNameError,
        "layer 1 Sum(): a slot needs a letter of its own; got 'a', "
        "expected letters without digits, other than J, L, Sum, a, soft, t, z. W, b, C and U are free.",
    ),
    "a slot with a number": (
        lambda: jp.Network([Sum(-1, slot="W2")]),
        errors.UnknownNameError,
        "layer 1 Sum(): a slot needs a letter of its own; got 'W2', "
        "expected letters without digits, other than J, L, Sum, a, soft, t, z. W, b, C and U are free.",
    ),
    "a layer that nobody reads": (
        lambda: jp.Network([jp.Dense(3, 4), jp.Dense(4, 5), Reads(4, 2, 1)]),
        errors.ShapeError,
        'layer 2 Dense(4, 5, "identity"): no later layer reads this one; got inputs from layers [0, 1], '
        "expected 2 among them. Remove the layer, or name it in the inputs of a later one.",
    ),
    "no width": (
        lambda: jp.Dense(0, 2),
        errors.ShapeError,
        "Dense(0, 2): n_in must be a positive integer; got 0, expected 1 or more. "
        "A layer has at least one unit on each side.",
    ),
    "half a unit": (
        lambda: jp.Dense(3, 2.5),
        errors.ShapeError,
        "Dense(3, 2.5): n_out must be a positive integer; got 2.5, expected 1 or more. "
        "A layer has at least one unit on each side.",
    ),
    "true units": (
        lambda: jp.Dense(3, True),
        errors.ShapeError,
        "Dense(3, True): n_out must be a positive integer; got True, expected 1 or more. "
        "A layer has at least one unit on each side.",
    ),
    "an unknown activation": (
        lambda: jp.Dense(3, 2, "sigmod"),
        errors.UnknownNameError,
        "activations.get: unknown activation; got 'sigmod', "
        f"expected one of {', '.join(jp.activations._REGISTRY)}. Did you mean 'sigmoid'?",
    ),
    "an unknown init": (
        lambda: jp.Dense(3, 2, init="xavier"),
        errors.UnknownNameError,
        "Dense(3, 2): unknown init; got 'xavier', expected one of "
        "glorot, he, small, unit, positive, constant, zero. "
        "Use Dense.from_arrays(W, b) for weights of your own.",
    ),
    "no radial unit": (
        lambda: jp.RBF(3, 0),
        errors.OptionError,
        "RBF(3, 0): n_out must be a whole number; got 0, expected 1 or more. "
        "A layer has at least one unit on each side.",
    ),
    "centres among the data": (
        lambda: jp.RBF(3, 2, centres="data"),
        errors.UnknownNameError,
        "RBF(3, 2): unknown centres; got 'data', expected one of normal, unit. "
        "Use RBF.from_arrays(C, beta) for centres of your own.",
    ),
    "a bump without width": (
        lambda: jp.RBF(3, 2, beta=0),
        errors.OptionError,
        "RBF(3, 2): beta must be a number above 0; got 0, expected a finite float. "
        "Use RBF.from_arrays(C, beta) for a beta of each unit.",
    ),
    "a number for the name of a radial layer": (
        lambda: jp.RBF(3, 2, name=3),
        errors.OptionError,
        "RBF(3, 2): a name is text; got 3, expected a str or None. Leave it out.",
    ),
    "more centres than memory": (
        lambda: jp.Network([jp.RBF(10**6, 10**6)]),
        errors.DenseLimitError,
        "init of RBF(1000000, 1000000): the dense form is above the byte limit, nothing was allocated; "
        "got 8,000,000,000,000 bytes, expected at most 1,073,741,824. "
        "Check the widths; RBF.from_arrays(C, beta) takes arrays of any size.",
    ),
    "a vector for C": (
        lambda: jp.RBF.from_arrays([1.0, 2.0]),
        errors.ShapeError,
        "RBF.from_arrays: C must be a matrix; got shape (2,), expected (n_in, n_out), a centre in each "
        "column. Transpose rows of data that are to be centres: RBF.from_arrays(X[:5].T).",
    ),
    "betas of other units": (
        lambda: jp.RBF.from_arrays(ONES((3, 2)), ONES(3)),
        errors.ShapeError,
        "RBF.from_arrays: beta does not fit C; got beta of shape (3,) with C of shape (3, 2), "
        "expected (2,), or one number. "
        "There is one beta for each column of C; transpose C if it is (n_out, n_in).",
    ),
    "an infinite beta": (
        lambda: jp.RBF.from_arrays(ONES((3, 2)), np.inf),
        errors.NonFiniteError,
        "RBF.from_arrays: beta is not finite at [0]; got inf, expected finite numbers. "
        "Training may have diverged: lower the learning rate, or repair the values.",
    ),
    "factors of more radial units than memory": (
        lambda: jp.Network([jp.RBF(1000, 1000)]).forward(ONES((200, 1000))).layer(1).J_Y,
        errors.DenseLimitError,
        "the factors of RBF(1000, 1000): the dense form is above the byte limit, nothing was allocated; "
        "got 1,600,000,000 bytes, expected at most 1,073,741,824. Take fewer cases at a time.",
    ),
    "the sum of an activation and itself": (
        lambda: jp.Residual(-1),
        errors.OptionError,
        "Residual: start is the index of an earlier activation; got -1, expected 0 for the network's input, "
        "l for layer l, or -2 and below from the end. "
        "-1 is the activation below, which is one of the two in any case.",
    ),
    "a residual from nowhere": (
        lambda: jp.Network([jp.Dense(3, 3), jp.Residual(2)]),
        errors.ShapeError,
        "layer 2 Residual(2): a layer can read earlier activations only; got inputs (-1, 2), "
        "expected a tuple of indices from -2 to 1. -1 is the activation below, 0 the network's input.",
    ),
    "a residual of two widths": (
        lambda: jp.Residual(0, name="skip").forward({}, (ONES((4, 2)), ONES((4, 3)))),
        errors.ShapeError,
        "Residual(0) named 'skip': only activations of the same width add; "
        "got 2 units below and 3 in activation 0, expected the same number. "
        "Give the layers between as many outputs as inputs, or change the width first.",
    ),
    "an expression that is no name": (
        lambda: jp.Elementwise("z**2"),
        errors.UnknownNameError,
        "activations.get: unknown activation; got 'z**2', "
        f"expected one of {', '.join(jp.activations._REGISTRY)}. "
        "For a function of your own pass an Activation, such as "
        'Activation.from_expression("max(z, z/100)").',
    ),
    "a tanh below a loss of probabilities": (
        lambda: jp.Network([jp.Dense(3, 2), jp.Elementwise("tanh")], jp.BinaryCrossEntropy()),
        errors.UnsupportedLayerError,
        'Network: layer 2 Elementwise("tanh"): BinaryCrossEntropy needs sigmoid as the last layer; '
        'got an output that need not be a probability: Elementwise("tanh"), expected sigmoid. '
        'Give the last Dense layer activation="sigmoid".',
    ),
    "a slope without its own slope": (
        lambda: (
            jp.hessian(
                jp.Network(
                    [jp.Dense(1, 1), jp.Elementwise(jp.Activation("bent", np.sin, (np.cos,)))],
                    jp.SquaredError(),
                ),
                ONES((2, 1)),
                ONES((2, 1)),
            )
            @ ONES(2)
        ),
        errors.UnsupportedLayerError,
        "Elementwise(\"bent\"): the activation has no second derivative; expected f'' after f'. "
        "Make it of more: Activation(name, f, (slope, curvature)), or from_expression.",
    ),
    "a vector for W": (
        lambda: jp.Dense.from_arrays([1.0, 2.0]),
        errors.ShapeError,
        "Dense.from_arrays: W must be a matrix; got shape (2,), expected (n_in, n_out). "
        "W[i, j] is the weight from unit i to unit j: transpose a PyTorch weight.",
    ),
    "b of another width": (
        lambda: jp.Dense.from_arrays(ONES((3, 2)), ONES(3)),
        errors.ShapeError,
        "Dense.from_arrays: b does not fit W; got b of shape (3,) with W of shape (3, 2), expected (2,). "
        "b has one entry for each column of W; transpose W if it is (n_out, n_in).",
    ),
    "a sum that was not kept": (
        lambda: jp.Dense(3, 2).sum(DenseCache(ONES(3), None)),
        errors.UnsupportedLayerError,
        'Dense(3, 2, "identity"): the fast path has kept no sum; '
        "expected a cache of forward, or a workspace with only_sum=True. "
        "J_Sum and sum_factors do without the sum; or write forward_into as well.",
    ),
    "nan in W": (
        lambda: jp.Dense.from_arrays([[1.0, np.nan]]),
        errors.NonFiniteError,
        f"Dense.from_arrays: W is not finite at [0, 1]; got nan, expected finite numbers. {FINITE}",
    ),
    "an unknown reduction": (
        lambda: jp.SquaredError(reduction="average"),
        errors.OptionError,
        "SquaredError: unknown reduction; got 'average', expected 'mean' or 'sum'. "
        '"sum" adds the losses of the cases, "mean" divides by their number.',
    ),
    # -- parameters
    "an unknown parameter": (
        lambda: net().with_parameters({"W9": 1}),
        errors.UnknownNameError,
        f"with_parameters: unknown name; got 'W9', expected one of {NAMES}. "
        "Layers count from 1; a0 is the input.",
    ),
    "an activation for a parameter": (
        lambda: net().with_parameters({"a1": 1}),
        errors.UnknownNameError,
        "with_parameters: a1 is no parameter; got 'a1', expected one of W1, b1, W2, b2. "
        "Only parameters can be replaced.",
    ),
    "a transposed parameter": (
        lambda: net().with_parameters({"W1": ONES((4, 3))}),
        errors.ShapeError,
        "with_parameters: parameter W1 keeps its shape; got shape (4, 3), expected (3, 4). "
        "W[i, j] is the weight from unit i to unit j: transpose it if need be.",
    ),
    "nan in a parameter": (
        lambda: net().with_parameters({"b1": [0, 1, np.nan, 2]}),
        errors.NonFiniteError,
        f"Network: parameter b1 is not finite at [2]; got nan, expected finite numbers. {FINITE}",
    ),
    "a parameter above float16": (
        lambda: net(dtype=np.float16).with_parameters({"b2": [0, 1e9]}),
        errors.NonFiniteError,
        f"Network: parameter b2 is not finite at [1]; got inf, expected finite numbers. {FINITE}",
    ),
    "true parameters": (
        lambda: net().with_parameters({"b2": [True, False]}),
        errors.DTypeError,
        "with_parameters: parameter b2 does not hold real numbers; got bool, expected floats or integers. "
        "Convert it with .astype(float) if true means 1.",
    ),
    "a short vector": (
        lambda: net().with_vector(ONES(5)),
        errors.ShapeError,
        "with_vector: the vector holds all parameters; got shape (5,), expected (26,). "
        "Start from net.vector; net.slices says what lies where.",
    ),
    # -- input
    "a transposed input": (
        lambda: net()(ONES((3, 5))),
        errors.ShapeError,
        "net(X): X has the wrong width; got shape (3, 5), expected (3,) or (cases, 3). "
        "A row is a case and a column is a feature: check for a transpose or a missing column.",
    ),
    "many cases of one feature": (
        lambda: jp.Network([jp.Dense(1, 2)]).forward(ONES(7)),
        errors.ShapeError,
        "net.forward(X): X has the wrong width; got shape (7,), expected (1,) or (cases, 1). "
        "One feature and many cases: pass a column, X[:, None].",
    ),
    "a scalar": (
        lambda: net()(1.0),
        errors.ShapeError,
        "net(X): X must be one case or a stack of cases; got shape (), expected (3,) or (cases, 3). "
        "Reshape it with .reshape(cases, -1).",
    ),
    "a stack of stacks": (
        lambda: net()(ONES((2, 2, 3))),
        errors.ShapeError,
        "net(X): X must be one case or a stack of cases; got shape (2, 2, 3), expected (3,) or (cases, 3). "
        "Reshape it with .reshape(cases, -1).",
    ),
    "no cases": (
        lambda: net()(ONES((0, 3))),
        errors.EmptyBatchError,
        "net(X): X has no cases; got shape (0, 3), expected at least one case. Skip empty batches.",
    ),
    "no columns": (
        lambda: jp.Network([jp.Softmax()])(ONES((3, 0))),
        errors.ShapeError,
        "net(X): X has no columns; got shape (3, 0), expected a width of at least 1. "
        "Check the selection that made it.",
    ),
    "an input wider than the first layer that asks": (
        lambda: jp.Network([jp.Softmax(), jp.Dense(3, 2)])(ONES(4)),
        errors.ShapeError,
        "net(X): X has the wrong width; got shape (4,), expected (3,) or (cases, 3). "
        "A row is a case and a column is a feature: check for a transpose or a missing column.",
    ),
    "true input": (
        lambda: net()([True, False, True]),
        errors.DTypeError,
        "net(X): X does not hold real numbers; got bool, expected floats or integers. "
        "Convert it with .astype(float) if true means 1.",
    ),
    "complex input": (
        lambda: net()(ONES(3) * 1j),
        errors.DTypeError,
        "net(X): X does not hold real numbers; got complex128, expected floats or integers. "
        "Take real and imaginary parts as separate columns.",
    ),
    "words": (
        lambda: net()(["a", "b", "c"]),
        errors.DTypeError,
        "net(X): X does not hold real numbers; got <U1, expected floats or integers. "
        "Parse numbers with .astype(float); number classes with np.unique(T, return_inverse=True)[1].",
    ),
    "nothing": (
        lambda: net()(None),
        errors.DTypeError,
        "net(X): X is an array of objects; got an entry of type NoneType, "
        "expected floats, integers, or sympy expressions throughout. "
        "Convert it with np.asarray(..., dtype=float).",
    ),
    "ragged rows": (
        lambda: net()([[1, 2, 3], [1]]),
        errors.DTypeError,
        "net(X): X is not a rectangular array of numbers; got list. Give every row the same length.",
    ),
    "a masked array": (
        lambda: net()(np.ma.masked_less(ONES(3), 0)),
        errors.DTypeError,
        "net(X): X is a masked array, whose hidden values would be used. "
        "Fill the mask first with .filled(...).",
    ),
    "a sparse array": (
        lambda: net()(scipy.sparse.eye_array(3)),
        errors.DTypeError,
        "net(X): X is sparse. Pass .toarray().",
    ),
    # -- targets
    "a target without a loss": (
        lambda: jp.Network([jp.Dense(3, 2)]).forward(ONES(3), ONES(2)),
        errors.MissingTargetError,
        "net.forward(X, T): the network has no loss for the target. "
        "Build jp.Network(layers, loss=...), or leave T out.",
    ),
    "a target of another width": (
        lambda: net().forward(ONES((5, 3)), ONES((5, 3))),
        errors.ShapeError,
        f"SquaredError target: {EXACTLY}; got shape (5, 3), expected (5, 2). "
        "One row per case, one column per output; nothing is broadcast.",
    ),
    "a target (n,) for an output (n, 1)": (
        lambda: column_net().forward(ONES((5, 3)), ONES(5)),
        errors.ShapeError,
        f"SquaredError target: {EXACTLY}; got shape (5,), expected (5, 1). Pass a column, T[:, None].",
    ),
    "a target (1, n) for an output (n, 1)": (
        lambda: column_net().forward(ONES((5, 3)), ONES((1, 5))),
        errors.ShapeError,
        f"SquaredError target: {EXACTLY}; got shape (1, 5), expected (5, 1). "
        "One row per case, one column per output; nothing is broadcast.",
    ),
    "a negative label": (
        lambda: classes([0, -1]),
        errors.ShapeError,
        "CrossEntropy target: labels are out of range; got -1 to 0, expected 0 to 3. "
        "Classes count from 0: leave out the cases that have no label.",
    ),
    "labels from one on": (
        lambda: classes([1, 4]),
        errors.ShapeError,
        "CrossEntropy target: labels are out of range; got 1 to 4, expected 0 to 3. "
        "Classes count from 0: subtract the smallest label.",
    ),
    "one class too many": (
        lambda: classes([0, 4]),
        errors.ShapeError,
        "CrossEntropy target: labels are out of range; got 0 to 4, expected 0 to 3. "
        "5 classes need 5 outputs.",
    ),
    "labels too high for a shift": (
        lambda: classes([2, 9]),
        errors.ShapeError,
        "CrossEntropy target: labels are out of range; got 2 to 9, expected 0 to 3. "
        "10 classes need 10 outputs.",
    ),
    "one class": (
        lambda: jp.Network([jp.Dense(3, 1), jp.Softmax()], jp.CrossEntropy()).forward(ONES((2, 3)), [0, 1]),
        errors.ShapeError,
        "CrossEntropy target: cross-entropy compares at least two classes; "
        "got one output, which softmax makes 1, expected one output for each class. "
        "For one output take a sigmoid layer and BinaryCrossEntropy.",
    ),
    "labels in words": (
        lambda: classes(["cat", "dog"]),
        errors.DTypeError,
        "CrossEntropy target: labels must be integers; got <U3, "
        "expected integers from 0 to 3, or weights of shape (2, 4). "
        "Number the classes with np.unique(T, return_inverse=True)[1].",
    ),
    "a column of labels": (
        lambda: classes([[0], [1]]),
        errors.ShapeError,
        "CrossEntropy target: the target must be integer labels or shaped exactly like the output; "
        "got shape (2, 1), expected labels of shape (2,) or weights of shape (2, 4). "
        "Pass the labels without the axis of length 1, T[:, 0].",
    ),
    "one label in a list": (
        lambda: jp.Network([jp.Softmax()], jp.CrossEntropy()).forward(ONES(3), [1]),
        errors.ShapeError,
        "CrossEntropy target: the target must be integer labels or shaped exactly like the output; "
        "got shape (1,), expected labels of shape () or weights of shape (3,). "
        "Pass the labels without the axis of length 1, T[0].",
    ),
    "no target": (
        lambda: jp.gradients(net(), ONES((5, 3)), None),
        errors.MissingTargetError,
        "SquaredError target: there is no target; got None, expected an array of shape (5, 2). "
        "Pass the targets as T.",
    ),
    "no labels": (
        lambda: jp.gradients(
            jp.Network([jp.Dense(3, 4), jp.Softmax()], jp.CrossEntropy()), ONES((5, 3)), None
        ),
        errors.MissingTargetError,
        "CrossEntropy target: there is no target; got None, expected an array of shape (5, 4). "
        "Pass the targets as T.",
    ),
    "fractional labels": (
        lambda: classes([0.0, 1.5]),
        errors.DTypeError,
        "CrossEntropy target: labels must be integers; got float64, "
        "expected integers from 0 to 3, or weights of shape (2, 4). Convert whole numbers with .astype(int).",
    ),
    "true labels": (
        lambda: classes([True, False]),
        errors.DTypeError,
        "CrossEntropy target: labels must be integers; got bool, "
        "expected integers from 0 to 3, or weights of shape (2, 4). "
        "Convert them with .astype(int) if true is class 1.",
    ),
    "labels of other cases": (
        lambda: classes([0, 1, 1]),
        errors.ShapeError,
        "CrossEntropy target: the target must be integer labels or shaped exactly like the output; "
        "got shape (3,), expected labels of shape (2,) or weights of shape (2, 4). "
        "One integer label, or one row of weights, for each case; nothing is broadcast.",
    ),
    "expressions for a target of floats": (
        lambda: net().forward(ONES((1, 3)), np.array([[sympy.Symbol("t"), 1]])),
        errors.DTypeError,
        "SquaredError target: the target holds expressions and the output floats; "
        "got sympy expressions for an output of float64, expected floats. "
        "Make X or the parameters expressions as well.",
    ),
    "masked labels": (
        lambda: classes(np.ma.masked_equal([0, 1], 1)),
        errors.DTypeError,
        "CrossEntropy target: the target is a masked array, whose hidden values would be used. "
        "Fill the mask first with .filled(...).",
    ),
    # -- asking a record
    "L without a target": (
        lambda: net().forward(ONES(3)).jacobian("L", "W1"),
        errors.MissingTargetError,
        f"record.jacobian: the record has no target; {LOSSES}",
    ),
    "L without a loss": (
        lambda: alone(jp.Dense(3, 2)).chain("L", "W1"),
        errors.MissingTargetError,
        f"record.chain: the network has no loss; {LOSSES}",
    ),
    "the loss without a target": (
        lambda: net().forward(ONES(3)).loss,
        errors.MissingTargetError,
        f"record.loss: the record has no target; {LOSSES}",
    ),
    "the losses without a target": (
        lambda: net().forward(ONES(3)).losses,
        errors.MissingTargetError,
        f"record.losses: the record has no target; {LOSSES}",
    ),
    "gradients without a target": (
        lambda: net().forward(ONES(3)).gradients(),
        errors.MissingTargetError,
        f"record.gradients: the record has no target; {LOSSES}",
    ),
    "all Jacobians of L without a target": (
        lambda: net().forward(ONES(3)).jacobians("L"),
        errors.MissingTargetError,
        f"record.jacobians: the record has no target; {LOSSES}",
    ),
    "J_N without a loss": (
        lambda: alone(jp.Dense(3, 2)).J_N,
        errors.MissingTargetError,
        f"record.J_N: the network has no loss; {LOSSES}",
    ),
    "an unknown name": (
        lambda: record().jacobian("L", "W3"),
        errors.UnknownNameError,
        f"record.jacobian: unknown name; got 'W3', expected one of {NAMES}. "
        "Layers count from 1; a0 is the input.",
    ),
    "a number for a name": (
        lambda: record().chain("L", 1),
        errors.UnknownNameError,
        f"record.chain: unknown name; got 1, expected one of {NAMES}. Did you mean 'z1'?",
    ),
    "the wrong way round": (
        lambda: record().jacobian("a1", "W2"),
        errors.UnknownNameError,
        "record: a1 is no function of W2; got ('a1', 'W2'), expected a variable and an earlier one. " + ORDER,
    ),
    "a chain the wrong way round": (
        lambda: record().chain("a1", "W2"),
        errors.UnknownNameError,
        "record: a1 is no function of W2; got ('a1', 'W2'), expected a variable and an earlier one. " + ORDER,
    ),
    "of a parameter": (
        lambda: record().jacobian("W1", "a0"),
        errors.UnknownNameError,
        "record.jacobian: W1 is a parameter and no function of anything; got 'W1', "
        'expected "L", an activation or a sum. ' + ORDER,
    ),
    "by the loss": (
        lambda: record().jacobian("a2", "L"),
        errors.UnknownNameError,
        "record: a2 is no function of L; got ('a2', 'L'), expected a variable and an earlier one. " + ORDER,
    ),
    "the loss pulled": (
        lambda: record().pull("L", [1.0]),
        errors.UnknownNameError,
        "record.pull: the rows of the loss are weighed as the loss says; got 'L', "
        "expected an activation or a sum. record.gradients() pulls the loss.",
    ),
    "a covector of another width": (
        lambda: record().pull("a1", np.ones((2, 5))),
        errors.ShapeError,
        "record.pull: the numbers for a1 do not fit it; got shape (2, 5), expected (5, 4) or (4,). "
        "One number for each entry of the variable, cases first.",
    ),
    "a tangent of another shape": (
        lambda: record().push("a2", {"W1": np.ones(3)}),
        errors.ShapeError,
        "record.push: the numbers for W1 do not fit it; got shape (3,), expected (3, 4). "
        "One number for each entry of the variable, cases first.",
    ),
    "a push of nothing": (
        lambda: record().push("a2", {}),
        errors.OptionError,
        'record.push: no variable moves; got dict, expected a mapping such as {"W1": array}. '
        "Name at least one parameter or activation.",
    ),
    "a push from above": (
        lambda: record().push("a1", {"b2": np.ones(2)}),
        errors.UnknownNameError,
        "record: a1 is no function of b2; got ('a1', 'b2'), expected a variable and an earlier one. " + ORDER,
    ),
    "a push of an array": (
        lambda: record().push("a2", np.ones((3, 4))),
        errors.OptionError,
        'record.push: no variable moves; got ndarray, expected a mapping such as {"W1": array}. '
        "Name at least one parameter or activation.",
    ),
    "a push of one variable twice": (
        lambda: (
            jp.Network([jp.Dense(3, 2)], names="X Y", weights="V")
            .forward(ONES(3))
            .push("a1", {"W1": np.ones((3, 2)), "V": np.ones((3, 2))})
        ),
        errors.UnknownNameError,
        "record.push: W1 is given twice; got 'W1', 'V', expected each variable once. "
        "Use its letter or its canonical name, not both.",
    ),
    "the input pulled": (
        lambda: record().pull("a0", np.ones((5, 3))),
        errors.UnknownNameError,
        "record: a0 is no function of W1; got ('a0', 'W1'), expected a variable and an earlier one. " + ORDER,
    ),
    "a push of the loss": (
        lambda: record().push("a2", {"L": 1.0}),
        errors.UnknownNameError,
        "record: a2 is no function of L; got ('a2', 'L'), expected a variable and an earlier one. " + ORDER,
    ),
    "a parameter that float32 cannot hold": (
        lambda: jp.DeltaRule(net().astype("float32")).gradients(
            ONES((5, 3)), np.zeros((5, 2)), {"W1": np.full((3, 4), 1e300)}
        ),
        errors.NonFiniteError,
        "Network: parameter W1 is not finite at [0, 0]; got inf, expected finite numbers. "
        "Training may have diverged: lower the learning rate, or repair the values.",
    ),
    "two paths": (
        lambda: alone(jp.Dense(3, 3), Sum(-1, 0)).chain("a2", "a0"),
        errors.UnsupportedLayerError,
        "record.chain: more than one path leads from a2 to a0; "
        "got layer 2 Sum() reads several activations on the way, expected a single chain. "
        "record.jacobian adds the branches; record.layer(l) has the factors of each.",
    ),
    "layer 0": (
        lambda: record().layer(0),
        errors.UnknownNameError,
        f"record.layer: no such layer; got 0, expected 1 to 2. {NUMBERS}",
    ),
    "activation -1": (
        lambda: record().activation(-1),
        errors.UnknownNameError,
        f"record.activation: no such layer; got -1, expected 0 to 2. {NUMBERS}",
    ),
    "sum True": (
        lambda: record().sum(True),
        errors.UnknownNameError,
        f"record.sum: no such layer; got True, expected 1 to 2. {NUMBERS}",
    ),
    "J_soft of a dense layer": (
        lambda: record().layer(1).J_soft,
        errors.UnsupportedLayerError,
        'layer 1 Dense(3, 4, "tanh"): the layer has no J_soft. Only a Softmax layer has J_soft: use J_Sum.',
    ),
    "J_W of softmax": (
        lambda: alone(jp.Softmax()).layer(1).J_W,
        errors.UnsupportedLayerError,
        "layer 1 Softmax(): the layer has no J_W. It has J_Y.",
    ),
    "J_W_hat of softmax": (
        lambda: alone(jp.Softmax()).layer(1).J_W_hat,
        errors.UnsupportedLayerError,
        "layer 1 Softmax(): the layer has no J_W_hat. "
        "J_W_hat needs weights and an elementwise activation: use J_W.",
    ),
    "J_b without a bias": (
        lambda: alone(jp.Dense(3, 2, bias=False)).layer(1).J_b,
        errors.UnsupportedLayerError,
        'layer 1 Dense(3, 2, "identity", bias=False): the layer has no J_b. It has J_Y, J_W.',
    ),
    "a slot of another layer": (
        lambda: record().layer(2)["C"],
        errors.UnsupportedLayerError,
        'layer 2 Dense(4, 2, "identity"): the layer has no J_C. It has J_Y, J_W, J_b.',
    ),
    "the sum of a layer without one": (
        lambda: alone(Sum(-1)).sum(1),
        errors.UnsupportedLayerError,
        "layer 1 Sum(): the layer has no sum. Only layers with a weighted sum have z, J_Sum and J_W_hat.",
    ),
    "a layer that forgets a factor": (
        lambda: alone(Sum(-1)).jacobian("a1", "a0"),
        errors.ShapeError,
        "layer 1 Sum(): factors has no Jacobian for -1; got [], "
        "expected one for each entry of inputs and for each slot of init(). " + EXAMPLE,
    ),
    "a factor that is an array": (
        lambda: alone(Given({-1: np.eye(2)})).jacobian("a1", "a0"),
        errors.DTypeError,
        "layer 1 Given(), factor -1: a factor must be a Jacobian; got ndarray, "
        "expected an object such as jp.DenseJacobian(array). "
        "Wrap an array: (cases, rows, columns) for a stack, (rows, columns) for one case.",
    ),
    "a factor of other shapes": (
        lambda: alone(Given({-1: jp.IdentityJacobian(2)})).jacobian("a1", "a0"),
        errors.ShapeError,
        "layer 1 Given(), factor -1: a factor has the wrong shapes; got (2,) by (2,), expected (3,) by (3,). "
        "Numerator layout: out_shape is that of the layer's activations, in_shape the operand's.",
    ),
    "a factor without the cases": (
        lambda: jp.Network([Given({-1: jp.IdentityJacobian(2)})]).forward(ONES((5, 2))).layer(1).J_Y,
        errors.ShapeError,
        "layer 1 Given(), factor -1: a factor has the wrong number of cases; got none, expected 5. " + SHARE,
    ),
    "a factor with cases that are not there": (
        lambda: alone(Given({-1: jp.IdentityJacobian(3, cases=5)})).layer(1).J_Y,
        errors.ShapeError,
        "layer 1 Given(), factor -1: a factor has the wrong number of cases; got 5, expected none. " + SHARE,
    ),
    "a forward pass without a cache": (
        lambda: alone(Given({}, lambda y: y)),
        errors.DTypeError,
        "layer 1 Given(): forward must return (values, cache); got ndarray, expected a tuple of two. "
        + EXAMPLE,
    ),
    "a forward pass that returns a list": (
        lambda: alone(Given({}, lambda y: (list(y), None))),
        errors.DTypeError,
        "layer 1 Given(): forward must return an array of floats; got list, "
        "expected a numpy array in the dtype of its inputs. " + EXAMPLE,
    ),
    "a forward pass that loses the cases": (
        lambda: jp.Network([Given({}, lambda y: (y[0], None))])(ONES((5, 2))),
        errors.ShapeError,
        "layer 1 Given(): forward returned values of the wrong shape; got shape (2,), expected (5, width). "
        "Cases come first and stay; .width() says how many outputs there are.",
    ),
    "expressions from floats": (
        lambda: alone(Given({}, lambda y: (y.astype(object), None))),
        errors.DTypeError,
        "layer 1 Given(): forward must return an array of floats; got ndarray object, "
        "expected a numpy array in the dtype of its inputs. " + EXAMPLE,
    ),
    "factors in a list": (
        lambda: alone(Given([jp.IdentityJacobian(3)])).layer(1).J_Y,
        errors.DTypeError,
        "layer 1 Given(): factors must return a dict of Jacobians; got list, "
        'expected {-1: jp.DenseJacobian(array), "W": ...}. ' + EXAMPLE,
    ),
    "arrays without slots": (
        lambda: jp.Network([Drawn([ONES(3)])]),
        errors.DTypeError,
        "layer 1 Drawn(), init: init must return a dict of arrays; got [array([1., 1., 1.])], "
        'expected {"W": array, ...}, or {} without parameters. ' + EXAMPLE,
    ),
    "a width in words": (
        lambda: jp.Network([Drawn({}, "wide")]),
        errors.OptionError,
        "layer 1 Drawn(): width must be a whole number; got 'wide', expected 1 or more. "
        "None stands for a width that depends on the input.",
    ),
    "an input that is no list": (
        lambda: jp.Network([Asking(None)]),
        errors.ShapeError,
        "layer 1 Asking(): a layer can read earlier activations only; "
        f"got inputs None, expected a tuple of indices from -1 to 0. {INPUT}",
    ),
    # -- chains and plans
    "an empty chain": (
        lambda: jp.Chain([]),
        errors.ShapeError,
        "Chain: a chain needs Jacobians; got [], expected at least one Jacobian. "
        "Wrap a matrix with jp.DenseJacobian(array).",
    ),
    "matrices in a chain": (
        lambda: jp.Chain([np.eye(3)]),
        errors.ShapeError,
        "Chain: a chain needs Jacobians; got ['ndarray'], expected at least one Jacobian. "
        "Wrap a matrix with jp.DenseJacobian(array).",
    ),
    "factors that do not meet": (
        lambda: jp.Chain([jp.DenseJacobian(ONES((2, 3))), jp.DenseJacobian(ONES((2, 3)))]),
        errors.ShapeError,
        f"{MATRIX} @ {MATRIX}: the factors do not meet in the same variable; "
        "got in_shape (3,) and out_shape (2,), expected the same shape. "
        "Write the chain from the numerator on the left to the denominator on the right.",
    ),
    "an order that is a list": (
        lambda: record().chain("L", "W1").plan(["auto"]),
        errors.UnknownNameError,
        "plan: unknown order; got ['auto'], expected one of auto, optimal, backward, forward. "
        "Leave it out for the cheapest order.",
    ),
    "an unknown order": (
        lambda: record().chain("L", "W1").plan("best"),
        errors.UnknownNameError,
        "plan: unknown order; got 'best', expected one of auto, optimal, backward, forward. "
        "Leave it out for the cheapest order.",
    ),
    "a plan of one width": (
        lambda: jp.plan([5]),
        errors.ShapeError,
        "plan: a plan needs at least two widths; got [5], "
        "expected widths such as [512, 8, 512], input first. Pass the number of units of every layer.",
    ),
    "a plan of a number": (
        lambda: jp.plan(5),
        errors.OptionError,
        "plan: widths must be a list of whole numbers; got 5, "
        "expected widths such as [512, 8, 512], input first. Pass the number of units of every layer.",
    ),
    "a plan of nothing": (
        lambda: jp.plan(None),
        errors.OptionError,
        "plan: widths must be a list of whole numbers; got None, "
        "expected widths such as [512, 8, 512], input first. Pass the number of units of every layer.",
    ),
    "a plan of text": (
        lambda: jp.plan("512-8"),
        errors.OptionError,
        "plan: widths must be a list of whole numbers; got '512-8', "
        "expected widths such as [512, 8, 512], input first. Pass the number of units of every layer.",
    ),
    "a plan of a set": (
        lambda: jp.plan({3}),
        errors.OptionError,
        "plan: widths must be a list of whole numbers; got {3}, "
        "expected widths such as [512, 8, 512], input first. Pass the number of units of every layer.",
    ),
    "a limit that no order keeps": (
        lambda: jp.plan([30, 20, 40, 10], max_bytes=1000),
        errors.DenseLimitError,
        "plan: every order needs more bytes, nothing was computed; got max_bytes of 1,000, "
        "expected at least 2,400. "
        "Raise max_bytes, or push and pull through the factors one after the other.",
    ),
    "a limit that one order breaks": (
        lambda: record().chain("L", "a0").multiply("forward", max_bytes=7),
        errors.DenseLimitError,
        "plan: the forward order needs more bytes, nothing was computed; got max_bytes of 7, "
        "expected at least 240. "
        'Raise max_bytes, try order="optimal", or push and pull through the factors one after the other.',
    ),
    "a limit that is no number": (
        lambda: record().chain("L", "W1").multiply(max_bytes=[2**20]),
        errors.OptionError,
        "plan: max_bytes must be a whole number; got [1048576], expected 0 or more. "
        "Leave it out for no limit.",
    ),
    "a plan through nothing": (
        lambda: jp.plan([5, 0, 2]),
        errors.OptionError,
        "plan: a width must be a whole number; got 0, expected 1 or more. "
        "Count the units of each layer, input first.",
    ),
    "parameters in a list": (
        lambda: net().with_parameters([np.zeros((3, 4))]),
        errors.OptionError,
        "with_parameters: parameters are a mapping from names to arrays; got list, "
        'expected {"W1": array, ...}. Use with_vector for one long vector.',
    ),
    "a parameter by two names": (
        lambda: net(weights="V W").with_parameters({"V": ONES((3, 4)), "W1": ONES((3, 4))}),
        errors.UnknownNameError,
        "with_parameters: W1 is given twice; got 'V', 'W1', expected each parameter once. "
        "Use its letter or its canonical name, not both.",
    ),
    "norms of expressions": (
        lambda: jp.Chain([jp.DiagonalJacobian(np.array([sympy.Symbol("d")]))]).log2_norms(),
        errors.DTypeError,
        "Chain.log2_norms: norms are computed of floats; got sympy expressions, expected floats. "
        "Substitute numbers first.",
    ),
    "differences of expressions": (
        lambda: jp.gradients(
            net(), np.array([sympy.Symbol("x"), 1, 2]), ONES(2), formulation="finite_difference"
        ),
        errors.DTypeError,
        'gradients(formulation="finite_difference"): differences are taken of floats; '
        'got sympy expressions, expected floats. Use formulation="structured" for expressions.',
    ),
    "a chain with too few variables": (
        lambda: jp.Chain([jp.IdentityJacobian(2)], variables=["A"]),
        errors.ShapeError,
        "Chain(variables=): a chain has one variable more than factors; got 1 variables, 1 factors, "
        'expected 2 variables. For dL/dZ . dZ/dY pass ["L", "Z", "Y"].',
    ),
    "a head of another shape": (
        lambda: jp.Chain([jp.IdentityJacobian(2), jp.IdentityJacobian(2)], head=jp.IdentityJacobian(3)),
        errors.ShapeError,
        "Chain(head=): the head does not stand for the first two factors; got (3,) by (3,), 2 factors, "
        "expected at least two factors, and their outer shapes. "
        "Leave the head out to multiply the factors themselves.",
    ),
    "a head without two factors": (
        lambda: jp.Chain([jp.IdentityJacobian(2)], head=jp.IdentityJacobian(2)),
        errors.ShapeError,
        "Chain(head=): the head does not stand for the first two factors; got (2,) by (2,), 1 factors, "
        "expected at least two factors, and their outer shapes. "
        "Leave the head out to multiply the factors themselves.",
    ),
    "a layer in place of a list": (
        lambda: jp.Network(None),
        errors.ShapeError,
        "Network: a network needs layers; got ['NoneType'], expected at least one Layer. "
        'Start with [jp.Dense(n_in, n_out, "sigmoid")].',
    ),
    "a seed that is none": (
        lambda: net(seed=-1),
        errors.OptionError,
        "Network: seed must be a whole number; got -1, expected 0 or more. "
        "The same seed draws the same parameters.",
    ),
    "names that are no letters": (
        lambda: net(names=5),
        errors.UnknownNameError,
        "Network(names=): names needs one letter for each; got 1 in '5', expected 3. "
        "names: the input and every layer, weightless ones too; weights: every layer with a W.",
    ),
    # -- gradients
    "an unknown formulation": (
        lambda: jp.gradients(net(), ONES(3), ONES(2), formulation="newton"),
        errors.UnknownNameError,
        "gradients(formulation=): unknown formulation; got 'newton', expected one of tensor, numpy_dot, "
        "simplified, structured, delta, delta_scalar, finite_difference. Leave it out for the delta rule.",
    ),
    "a delta rule without a loss": (
        lambda: jp.DeltaRule(jp.Network([jp.Dense(3, 2)])),
        errors.MissingTargetError,
        "DeltaRule: the network has no loss; expected a network with a loss. "
        "Build jp.Network(layers, loss=...).",
    ),
    "a delta rule for symbols": (
        lambda: jp.gradients(net(), np.array(sympy.symbols("x1:4")), ONES(2)),
        errors.DTypeError,
        "DeltaRule.gradients: the delta rule computes with floats; got sympy expressions, expected floats. "
        "record.gradients() takes expressions through the chain.",
    ),
    "a layer that the slides lack": (
        lambda: jp.gradients(
            jp.Network([Sum(-1)], jp.SquaredError()), ONES(3), ONES(3), formulation="simplified"
        ),
        errors.UnsupportedLayerError,
        'gradients(formulation="simplified"): layer 1 Sum(): the slides have no such layer; '
        "expected Dense and Softmax layers in a row. "
        'Use formulation="structured", "delta" or "tensor".',
    ),
    "an infinite row": (
        lambda: jp.gradients(
            jp.Network([jp.Softmax()], jp.CrossEntropy()), [800.0, -800.0], 1, formulation="tensor"
        ),
        errors.NonFiniteError,
        'gradients(formulation="tensor"): the loss\'s own row J_N^L is infinite where a saturated output is '
        "wrong; got an output of exactly 0, expected finite entries. "
        'Use formulation="structured" or "delta": they multiply J_N^L and J^soft as one factor.',
    ),
}


@pytest.mark.parametrize(("call", "kind", "sentence"), BAD.values(), ids=BAD)
def test_the_error_says_where_what_and_what_to_do(call, kind, sentence):
    with pytest.raises(kind) as caught:
        call()
    assert type(caught.value) is kind
    assert str(caught.value) == sentence


def patterns_of(module):
    """The first argument of every error made in a module, as a pattern with the blanks open."""
    tree = ast.parse((SOURCE / f"{module}.py").read_text())
    for call in ast.walk(tree):
        if isinstance(call, ast.Call) and getattr(call.func, "id", "") in vars(errors):
            what = call.args[0]
            parts = what.values if isinstance(what, ast.JoinedStr) else [what]
            yield "".join(re.escape(p.value) if isinstance(p, ast.Constant) else ".+" for p in parts)


def test_every_error_of_these_rooms_has_a_sentence():
    layers = [f"layers/{path.stem}" for path in (SOURCE / "layers").glob("*.py")]
    sentences = "\n".join(sentence for _, _, sentence in BAD.values())
    in_test_names = {"a letter is taken, or is none", " needs one letter for each"}
    elsewhere = {re.escape(what) for what in in_test_names} | {
        ".+" + re.escape(what) for what in in_test_names
    }
    missing = [
        (module, pattern)
        for module in (*ROOMS, *layers)
        for pattern in patterns_of(module)
        if pattern not in elsewhere and not re.search(pattern, sentences)
    ]
    assert not missing


def test_every_remedy_is_there():
    for call, kind, _ in BAD.values():
        with pytest.raises(kind) as caught:
            call()
        error = caught.value
        assert error.what
        assert error.where
        assert error.remedy.endswith((".", "?"))


# -- values -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_nan_and_infinities_in_the_input_propagate(bad):
    X = ONES((3, 3))
    X[1, 2] = bad
    network = jp.Network([jp.Dense(3, 4, "tanh"), jp.Dense(4, 2)], jp.SquaredError())
    r = network.forward(X, np.zeros((3, 2)))
    clean = network.forward(ONES((3, 3)), np.zeros((3, 2)))
    by_W = r.jacobian("L", "W1").tensor()
    assert np.isnan(r.output[1]).any() == np.isnan(bad)
    assert not np.isfinite(by_W[1, 2]).all()
    for case in (0, 2):
        assert np.allclose(r.output[case], clean.output[case], rtol=1e-14)
        assert np.allclose(by_W[case], clean.jacobian("L", "W1").tensor()[case], rtol=1e-14)
    assert not np.isfinite(r.gradients()["W1"][2]).all()
    assert not np.isfinite(jp.gradients(network, X, np.zeros((3, 2)), "delta")["W1"][2]).all()
    if np.isnan(bad):
        assert np.isnan(r.loss)


@pytest.mark.parametrize("target", [0, 1, 2])
def test_nothing_leaks_under_raise(target):
    """Overflow, underflow, 0/0 and log 0 happen inside; no warning and no FloatingPointError comes out."""
    logits = np.array([800.0, 0.0, -800.0])
    network = jp.Network([jp.Dense.from_arrays(np.eye(3)), jp.Softmax()], jp.CrossEntropy())
    squared = jp.Network([jp.Dense(3, 2), jp.Dense(2, 2, "softplus")], jp.SquaredError(reduction="sum"))
    steep = jp.Network([jp.Dense.from_arrays([[1e154]])], jp.SquaredError(reduction="sum"))
    half = jp.Network([jp.Dense(3, 2, "sigmoid")], jp.SquaredError(), dtype=np.float16)
    with np.errstate(all="raise"):
        r = network.forward(np.stack([logits, 1e308 * np.sign(logits), logits]), [target] * 3)
        assert np.isfinite(r.losses[[0, 2]]).all()
        r.loss, r.J_N, r.gradients(), r.jacobians("a2"), r.jacobian("L", "a0").tensor()
        for wrt in ("W1", "a0"):
            chain = r.chain("L", wrt)
            chain.steps(), chain.log2_norms(), chain.multiply("forward")
        r.layer(1).J_W_hat, r.layer(2).J_soft.matrix(), repr(r), repr(chain)
        jp.gradients(network, logits, target, "delta")
        jp.gradients(network, logits, target, "finite_difference")
        huge = squared.forward(np.full((4, 3), 1e300), np.full((4, 2), -1e300))
        huge.loss, huge.gradients(), huge.chain("L", "W1").multiply()
        near = steep.forward(ONES((9, 1)), ONES((9, 1)))  # finite losses, an infinite sum
        assert near.loss == np.inf
        assert np.isfinite(near.losses).all()
        half.forward(np.full(3, np.inf), [1e9, 1.0]).gradients()
        half.forward([100_000] * 3), half([100_000] * 3)
        assert np.isnan(half.forward(np.array([np.inf, 0, 1], np.float16)).layer(1).J_W_hat).any()
        with pytest.raises(errors.NonFiniteError):
            half.with_parameters({"b1": [1e9, 0]})
        with pytest.raises(errors.NonFiniteError):
            jp.Network([jp.Dense.from_arrays([[1e9]])], dtype=np.float16)


class Frame:
    """What a data frame looks like from numpy."""

    def __array__(self, dtype=None, copy=None):
        return np.arange(6.0, dtype=dtype).reshape(2, 3)


@pytest.mark.parametrize(
    "X",
    [
        np.arange(6.0).reshape(2, 3).tolist(),
        tuple(map(tuple, np.arange(6.0).reshape(2, 3))),
        np.asfortranarray(np.arange(6.0).reshape(2, 3)),
        np.repeat(np.arange(6.0).reshape(2, 3), 2, axis=1)[:, ::2],
        np.arange(6.0)[::-1].reshape(2, 3)[::-1, ::-1],
        np.arange(6.0, dtype=">f8").reshape(2, 3),
        np.matrix(np.arange(6.0).reshape(2, 3)),
        Frame(),
    ],
    ids=["lists", "tuples", "Fortran", "strided", "negative strides", "big endian", "matrix", "frame"],
)
def test_containers_of_every_kind(X):
    network = net()
    expected = network.forward(np.arange(6.0).reshape(2, 3), np.zeros((2, 2)))
    got = network.forward(X, np.zeros((2, 2)))
    assert type(got.output) is np.ndarray
    assert got.dtype == np.float64
    assert np.allclose(got.output, expected.output, rtol=1e-15)
    assert np.allclose(got.gradients()["W1"], expected.gradients()["W1"], rtol=1e-13)


def test_read_only_and_broadcast_inputs_are_fine():
    network = net()
    row = ONES(3)
    row.flags.writeable = False
    wide = np.broadcast_to(row, (4, 3))
    r = network.forward(wide, np.broadcast_to(0.0, (4, 2)))
    assert np.array_equal(r.output, network(ONES((4, 3))))
    assert jp.gradients(network, wide, np.zeros((4, 2)), "delta")["W1"].shape == (3, 4)
