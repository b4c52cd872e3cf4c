"""The market: networks of every kind, beside an evaluation in plain numpy that shares no code with them.

Any node can be moved by an imaginary amount, so the numpy evaluation yields every Jacobian to rounding
(complex step), and knows nothing of chain rules. All sizes in a design differ where they may, so that
a transposition cannot hide.
"""

import itertools
from functools import cache
from typing import NamedTuple

import numpy as np
from scipy.special import erf

import jacobprop as jp

from .custom_layers import RMSNorm, Shortcut

FUNCTIONS = {
    "identity": lambda z: z,
    "sigmoid": lambda z: 1 / (1 + np.exp(-z)),
    "tanh": np.tanh,
    "relu": lambda z: np.where(z.real > 0, z, 0),
    "softplus": lambda z: np.log(1 + np.exp(z)),
    "silu": lambda z: z / (1 + np.exp(-z)),
    "gelu": lambda z: z / 2 * (1 + erf(z / np.sqrt(2))),
    "elu": lambda z: np.where(z.real > 0, z, np.exp(z) - 1),
    "leaky_relu": lambda z: np.where(z.real > 0, z, z / 100),
    "softsign": lambda z: z / (1 + np.where(z.real > 0, z, -z)),
}
LOSSES = {
    "SquaredError": (jp.SquaredError, lambda y, t: ((y - t) ** 2).sum(-1) / 2),
    "MeanSquaredError": (jp.MeanSquaredError, lambda y, t: ((y - t) ** 2).mean(-1)),
    "BinaryCrossEntropy": (
        jp.BinaryCrossEntropy,
        lambda y, t: -(t * np.log(y) + (1 - t) * np.log(1 - y)).sum(-1),
    ),
    "CrossEntropy": (jp.CrossEntropy, lambda y, t: -(t * np.log(y)).sum(-1)),
    "NegativeLogLikelihood": (jp.NegativeLogLikelihood, lambda y, t: -(t * y).sum(-1)),
}
CASES = (None, 1, 11, 50)
STEP = 1e-30


WORDS = {
    "dense": "",
    "softmax": "softmax",
    "logsoftmax": "logsoftmax",
    "elementwise": "",
    "rbf": "rbf",
    "residual": "plus",
    "batchnorm": "norm",
    "dropout": "drop",
    "rms": "rms",
    "shortcut": "skip",
}
"""What the id of a design says beside the activation and the width."""


class Piece(NamedTuple):
    """One layer with what it needs; `kind` is a key of WORDS."""

    kind: str
    width: int
    activation: str = ""
    bias: bool = True
    earlier: int = 0
    share: float = 1.0

    @property
    def has_sum(self):
        return self.kind in ("dense", "softmax", "logsoftmax", "elementwise", "rbf")

    @property
    def branches(self):
        return self.kind in ("shortcut", "residual")

    @property
    def id(self):
        widened = self.width if self.kind in ("dense", "rbf") else ""
        return f"{self.activation}{WORDS[self.kind]}{widened}{'' if self.bias else 'o'}"


class Design(NamedTuple):
    """A network with data."""

    number: int
    n_in: int
    pieces: tuple[Piece, ...]
    loss: str
    cases: int | None

    @property
    def id(self):
        layers = "-".join(piece.id for piece in self.pieces)
        return f"{self.number}:{self.n_in}-{layers} {self.loss} x{self.cases or 'one'}"

    @property
    def depth(self):
        return len(self.pieces)

    @property
    def on_the_slides(self):
        return all(piece.kind in ("dense", "softmax") for piece in self.pieces)

    @property
    def reduction(self):
        return "mean" if self.number % 3 else "sum"

    def layer(self, number):
        piece, below = self.pieces[number - 1], self.width(number - 1)
        if piece.kind == "dense":
            return jp.Dense(below, piece.width, piece.activation, bias=piece.bias)
        make = {
            "softmax": jp.Softmax,
            "logsoftmax": jp.LogSoftmax,
            "elementwise": lambda: jp.Elementwise(piece.activation),
            "rbf": lambda: jp.RBF(below, piece.width),
            "residual": lambda: jp.Residual(piece.earlier),
            "batchnorm": lambda: jp.BatchNorm.from_statistics(*statistics(below)),
            "dropout": lambda: jp.Dropout(0.5),
            "rms": lambda: RMSNorm(below),
            "shortcut": lambda: Shortcut(below, piece.earlier, piece.share),
        }
        return make[piece.kind]()

    def width(self, layer):
        return self.pieces[layer - 1].width if layer else self.n_in

    def shapes(self):
        """The shape of every parameter, in order."""
        for number, piece in enumerate(self.pieces, 1):
            if piece.kind == "dense":
                yield f"W{number}", (self.width(number - 1), piece.width)
                if piece.bias:
                    yield f"b{number}", (piece.width,)
            elif piece.kind == "rbf":
                yield f"C{number}", (self.width(number - 1), piece.width)
                yield f"B{number}", (piece.width,)
            elif piece.kind == "batchnorm":
                yield f"C{number}", (piece.width,)
                yield f"b{number}", (piece.width,)
            elif piece.kind == "rms":
                yield f"C{number}", (piece.width,)

    def reads(self, node):
        """The nodes that a node is directly computed from."""
        letter, number = node[0], int(node[1:] or 0)
        if node == "L":
            return (f"a{self.depth}",)
        if number == 0 or letter not in "az":
            return ()
        piece = self.pieces[number - 1]
        if letter == "a" and piece.has_sum:
            return (f"z{number}",)
        slots = [name for name, _ in self.shapes() if name[1:] == node[1:]]
        below = {number - 1, piece.earlier if piece.branches else number - 1}
        return (*(f"a{k}" for k in sorted(below)), *slots)

    def below(self, node):
        """Every node that a node is a function of, itself first."""
        found, pending = [node], [node]
        while pending:
            for name in self.reads(pending.pop()):
                if name not in found:
                    found.append(name)
                    pending.append(name)
        return found

    @property
    def nodes(self):
        return self.below("L")


def _dense_top(loss, rng):
    return "sigmoid" if loss == "BinaryCrossEntropy" else str(rng.choice(list(FUNCTIONS)))


def _random(number, depth, loss, cases):
    """Dense layers of different widths; a softmax in the middle or on top now and then."""
    rng = np.random.default_rng(number)
    widths = iter(rng.permutation([2, 3, 4, 5, 6, 7, 8]))
    activations = itertools.cycle(rng.permutation(list(FUNCTIONS)))
    n_in = int(next(widths))
    gated = loss == "CrossEntropy" or (loss != "BinaryCrossEntropy" and depth > 1 and number % 3 == 0)
    middle = int(rng.integers(2, depth - gated)) if depth - gated > 2 and number % 2 else 0
    pieces = []
    for layer in range(1, depth + 1):
        if (gated and layer == depth) or layer == middle:
            pieces.append(Piece("softmax", pieces[-1].width if pieces else n_in))
        else:
            last = layer == depth
            activation = _dense_top(loss, rng) if last else str(next(activations))
            pieces.append(Piece("dense", int(next(widths)), activation, bool(rng.integers(3))))
    return Design(number, n_in, tuple(pieces), loss, cases)


def _dense(width, activation, bias=True):
    return Piece("dense", width, activation, bias)


def _special():
    """Layers of a user, and the corners: width 1, no parameter below, branches that meet again."""
    yield (
        5,
        (_dense(4, "tanh"), Piece("rms", 4), _dense(3, "identity"), Piece("softmax", 3)),
        "CrossEntropy",
        7,
    )
    yield 4, (Piece("rms", 4), _dense(3, "sigmoid"), Piece("rms", 3)), "SquaredError", None
    branch = (_dense(4, "tanh"), _dense(4, "sigmoid"), Piece("shortcut", 4, earlier=1))
    halved = (*branch[:2], Piece("shortcut", 4, earlier=1, share=0.5))
    yield 6, (*branch, _dense(3, "identity"), Piece("softmax", 3)), "CrossEntropy", 9
    yield 6, (*halved, _dense(2, "sigmoid")), "BinaryCrossEntropy", None
    inner = Piece("shortcut", 4, earlier=3, share=-0.75)
    nested = (*branch, Piece("rms", 4), Piece("shortcut", 4, earlier=1), inner)
    yield 3, (*nested, _dense(2, "softplus")), "MeanSquaredError", 5
    yield 4, (_dense(4, "softplus"), Piece("shortcut", 4, earlier=0, share=2.0)), "SquaredError", 8
    yield 4, (_dense(4, "tanh"), Piece("shortcut", 4, earlier=1), _dense(3, "tanh")), "SquaredError", 6
    yield 1, (_dense(1, "sigmoid"),), "BinaryCrossEntropy", 3
    yield 2, (_dense(1, "tanh"), _dense(3, "relu"), _dense(1, "softplus", bias=False)), "SquaredError", 4
    yield 5, (Piece("softmax", 5), _dense(3, "tanh")), "MeanSquaredError", 10
    yield 3, (Piece("softmax", 3), Piece("softmax", 3), _dense(2, "sigmoid")), "BinaryCrossEntropy", 2
    yield 4, (_dense(3, "sigmoid"), Piece("softmax", 3)), "CrossEntropy", 12
    likelihood = (_dense(4, "silu"), _dense(3, "gelu"), Piece("logsoftmax", 3))
    yield 5, likelihood, "NegativeLogLikelihood", 6
    yield 3, likelihood, "NegativeLogLikelihood", None
    yield 4, (Piece("logsoftmax", 4), _dense(2, "softsign"), _dense(3, "elu")), "SquaredError", 5
    yield 3, (_dense(4, "leaky_relu"), Piece("logsoftmax", 4)), "MeanSquaredError", 8
    yield from _bumps_and_sums()


def _bumps_and_sums():
    """Radial units at the bottom, in the middle and on top; residual sums with f after them."""
    bumps = (_dense(4, "tanh"), Piece("rbf", 3), _dense(2, "identity"), Piece("softmax", 2))
    yield 5, bumps, "CrossEntropy", 7
    yield 4, (Piece("rbf", 3), Piece("rbf", 2)), "SquaredError", 6
    residual = (_dense(4, "softplus"), Piece("rbf", 4), Piece("residual", 4, earlier=1))
    yield 3, (*residual, Piece("elementwise", 4, "sigmoid")), "BinaryCrossEntropy", 5
    below = (Piece("elementwise", 4, "gelu"), _dense(4, "tanh"), Piece("residual", 4, earlier=0))
    yield 4, (*below, Piece("rbf", 3)), "MeanSquaredError", None
    normed = (_dense(5, "tanh"), Piece("batchnorm", 5), Piece("dropout", 5), _dense(2, "identity"))
    yield 3, (*normed, Piece("softmax", 2)), "CrossEntropy", 6
    yield 4, (Piece("batchnorm", 4), _dense(3, "sigmoid"), Piece("batchnorm", 3)), "SquaredError", None


def statistics(width):
    """A mean and a variance for each unit."""
    return np.linspace(-0.5, 1, width), np.linspace(0.5, 2, width)


def _designs():
    numbers = itertools.count()
    for depth, loss in itertools.product(range(1, 7), LOSSES):
        if (depth, loss) != (1, "CrossEntropy") and loss != "NegativeLogLikelihood":
            number = next(numbers)
            yield _random(number, depth, loss, CASES[(number + depth) % len(CASES)])
    for n_in, pieces, loss, cases in _special():
        yield Design(next(numbers), n_in, tuple(pieces), loss, cases)


DESIGNS = tuple(_designs())


class Stall(NamedTuple):
    """A design with numbers: its network, data, record, and the numpy arrays behind them."""

    design: Design
    net: jp.Network
    X: np.ndarray
    T: np.ndarray
    target: np.ndarray
    arrays: dict
    record: jp.Record


def build(design, dtype=np.float64):
    """Draw parameters and data; the same ones, rounded, in any dtype."""
    rng = np.random.default_rng(1000 + design.number)
    arrays = {name: rng.normal(0, 0.8, shape).astype(dtype) for name, shape in design.shapes()}
    arrays |= {name: np.abs(array) for name, array in arrays.items() if name[0] == "B"}  # bumps, no pits
    loss = LOSSES[design.loss][0](reduction=design.reduction)
    layers = [design.layer(number) for number in range(1, design.depth + 1)]
    net = jp.Network(layers, loss, dtype=dtype).with_parameters(arrays)
    lead = () if design.cases is None else (design.cases,)
    X = rng.normal(0, 1, (*lead, design.n_in)).astype(dtype)
    T, target = _target(design, rng, lead, dtype)
    return Stall(design, net, X, T, target, arrays, net.forward(X, T))


def _target(design, rng, lead, dtype):
    """T as the user gives it, and as an array shaped like the output."""
    m = design.width(design.depth)
    if design.loss == "BinaryCrossEntropy":
        t = rng.uniform(0, 1, (*lead, m)) if design.number % 2 else rng.integers(0, 2, (*lead, m))
        return t.astype(dtype), t.astype(dtype)
    classes = design.loss in ("CrossEntropy", "NegativeLogLikelihood")
    if classes and design.number % 2:
        soft = rng.uniform(0, 1, (*lead, m)).astype(dtype)
        return soft, soft
    if classes:
        labels = rng.integers(0, m, lead)
        return labels, np.eye(m)[labels].astype(dtype)
    values = rng.normal(0, 1, (*lead, m)).astype(dtype)
    return values, values


def widened(design, dtype):
    """The float64 record of the same rounded numbers that `build(design, dtype)` has."""
    s = build(design, dtype)
    net = jp.Network(s.net.layers, s.net.loss).with_parameters(s.arrays)
    return net.forward(s.X.astype(np.float64), s.target.astype(np.float64))


@cache
def stall(design):
    """The float64 stall of a design, built once."""
    return build(design)


# -- the evaluation in numpy ----------------------------------------------------------------------


def evaluate(design, arrays, X, target, moved=None):
    """Every node by name; `moved` adds something to a node where it is computed."""
    nodes, moved = {}, moved or {}

    def put(name, value):
        nodes[name] = value + moved.get(name, 0)
        return nodes[name]

    put("a0", X)
    for name, array in arrays.items():
        put(name, array)
    for number, piece in enumerate(design.pieces, 1):
        y = nodes[f"a{number - 1}"]
        if piece.kind == "dense":
            z = y @ nodes[f"W{number}"] + (nodes[f"b{number}"] if piece.bias else 0)
            a = FUNCTIONS[piece.activation](put(f"z{number}", z))
        elif piece.kind == "softmax":
            e = np.exp(put(f"z{number}", y))
            a = e / e.sum(-1, keepdims=True)
        elif piece.kind == "logsoftmax":
            z = put(f"z{number}", y)
            a = z - np.log(np.exp(z).sum(-1, keepdims=True))
        elif piece.kind == "elementwise":
            a = FUNCTIONS[piece.activation](put(f"z{number}", y))
        elif piece.kind == "rbf":
            d = y[..., :, None] - nodes[f"C{number}"]
            a = np.exp(-put(f"z{number}", nodes[f"B{number}"] * (d * d).sum(-2)))
        elif piece.kind == "batchnorm":
            mean, variance = statistics(piece.width)
            a = nodes[f"C{number}"] * (y - mean) / np.sqrt(variance + 1e-5) + nodes[f"b{number}"]
        elif piece.kind == "dropout":
            a = y
        elif piece.kind == "rms":
            a = nodes[f"C{number}"] * y / np.sqrt((y * y).mean(-1, keepdims=True) + 1e-6)
        else:
            a = y + piece.share * nodes[f"a{piece.earlier}"]
        put(f"a{number}", a)
    put("L", LOSSES[design.loss][1](nodes[f"a{design.depth}"], target))
    return nodes


@cache
def numeric_jacobians(design):
    """{(of, wrt): (cases,) + out + in} for every pair that exists, by complex steps in `evaluate`."""
    s = stall(design)
    plain = evaluate(design, s.arrays, s.X, s.target)
    above = {name: [of for of in plain if name in design.below(of)] for name in plain if name != "L"}
    found = {}
    for wrt in above:
        own = plain[wrt].ndim - (wrt[0] in "az" and design.cases is not None)
        shape = plain[wrt].shape[plain[wrt].ndim - own :]
        columns = []
        for place in np.ndindex(shape):
            step = np.zeros(shape, complex)
            step[place] = STEP * 1j
            nodes = evaluate(design, s.arrays, s.X, s.target, {wrt: step})
            columns.append({of: nodes[of].imag / STEP for of in above[wrt] if of[0] in "azL"})
        for of in columns[0]:
            lead = () if design.cases is None else (design.cases,)
            values = np.stack([np.broadcast_to(c[of], plain[of].shape) for c in columns], axis=-1)
            found[of, wrt] = values.reshape(*values.shape[:-1], *shape)
            assert found[of, wrt].shape[: len(lead)] == lead
    return found


def numeric_gradients(design):
    """The reduced gradient by every parameter, from the rows of `numeric_jacobians`."""
    rows = {name: numeric_jacobians(design)["L", name] for name, _ in design.shapes()}
    if design.cases is None:
        return rows
    reduce = np.mean if design.reduction == "mean" else np.sum
    return {name: reduce(row, axis=0) for name, row in rows.items()}


def gap(actual, expected):
    """The largest difference relative to the largest entry; the shapes must be equal."""
    actual, expected = np.asarray(actual), np.asarray(expected)
    assert actual.shape == expected.shape, f"shape {actual.shape}, expected {expected.shape}"
    largest = np.abs(expected).max(initial=0)
    difference = np.abs(actual.astype(np.float64) - expected).max(initial=0)
    return float(difference / largest) if largest else float(difference)
