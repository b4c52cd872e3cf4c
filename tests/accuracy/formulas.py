"""What every function is, in formulas without cancellation, for any arithmetic.

A formula takes its numbers and an arithmetic m with exp, expm1, log1p, erfc, sqrt and pi: balls of
python-flint where a table is made, mpmath where points are fresh. None of them calls exp of anything
large, since a ball of that size is the whole line.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

Formula = Callable[[Any, Any], Any]


def sigmoid(z: Any, m: Any) -> Any:
    """1 / (1 + exp(-z))."""
    e = m.exp(-abs(z))
    return (1 if z >= 0 else e) / (1 + e)


def sigmoid_slope(z: Any, m: Any) -> Any:
    """sigmoid(z) sigmoid(-z)."""
    return sigmoid(z, m) * sigmoid(-z, m)


def sigmoid_bend(z: Any, m: Any) -> Any:
    """-tanh(z/2) sigmoid'(z)."""
    return -tanh(z / 2, m) * sigmoid_slope(z, m)


def tanh(z: Any, m: Any) -> Any:
    """The hyperbolic tangent, -expm1(-2|z|) / (1 + exp(-2|z|)) with z's sign."""
    size = -m.expm1(-2 * abs(z)) / (1 + m.exp(-2 * abs(z)))
    return size if z >= 0 else -size


def tanh_slope(z: Any, m: Any) -> Any:
    """1 - tanh^2 = 4 sigmoid'(2 z)."""
    return 4 * sigmoid_slope(2 * z, m)


def tanh_bend(z: Any, m: Any) -> Any:
    """-2 tanh tanh'."""
    return -2 * tanh(z, m) * tanh_slope(z, m)


def softplus(z: Any, m: Any) -> Any:
    """log(1 + exp(z))."""
    return (z if z >= 0 else 0) + m.log1p(m.exp(-abs(z)))


def silu(z: Any, m: Any) -> Any:
    """z sigmoid(z)."""
    return z * sigmoid(z, m)


def silu_slope(z: Any, m: Any) -> Any:
    """s(z) (1 + z s(-z))."""
    return sigmoid(z, m) * (1 + z * sigmoid(-z, m))


def silu_bend(z: Any, m: Any) -> Any:
    """s'(z) (2 - z tanh(z/2))."""
    return sigmoid_slope(z, m) * (2 - z * tanh(z / 2, m))


def density(z: Any, m: Any) -> Any:
    """Of the normal distribution."""
    return m.exp(-z * z / 2) / m.sqrt(2 * m.pi())


def distribution(z: Any, m: Any) -> Any:
    """Phi(z) = erfc(-z / sqrt 2) / 2."""
    return m.erfc(-z / m.sqrt(2)) / 2


def gelu(z: Any, m: Any) -> Any:
    """z Phi(z)."""
    return z * distribution(z, m)


def gelu_slope(z: Any, m: Any) -> Any:
    """Phi(z) + z phi(z)."""
    return distribution(z, m) + z * density(z, m)


def gelu_bend(z: Any, m: Any) -> Any:
    """phi(z) (2 - z^2)."""
    return density(z, m) * (2 - z * z)


def elu(z: Any, m: Any) -> Any:
    """z, and exp(z) - 1 on the left."""
    return z if z > 0 else m.expm1(z)


def elu_slope(z: Any, m: Any) -> Any:
    """1, and exp(z) on the left."""
    return z * 0 + 1 if z > 0 else m.exp(z)


def elu_bend(z: Any, m: Any) -> Any:
    """0, and exp(z) on the left and at 0."""
    return z * 0 if z > 0 else m.exp(z)


def softsign(z: Any, m: Any) -> Any:
    """z / (1 + |z|)."""
    return z / (1 + abs(z))


def softsign_slope(z: Any, m: Any) -> Any:
    """1 / (1 + |z|)^2."""
    return 1 / (1 + abs(z)) ** 2


def softsign_bend(z: Any, m: Any) -> Any:
    """-+2 / (1 + |z|)^3, and 2 at the jump."""
    return (-2 if z > 0 else 2) / (1 + abs(z)) ** 3


FORMULAS: dict[str, tuple[Formula, Formula, Formula]] = {
    "identity": (lambda z, m: z, lambda z, m: z * 0 + 1, lambda z, m: z * 0),
    "sigmoid": (sigmoid, sigmoid_slope, sigmoid_bend),
    "tanh": (tanh, tanh_slope, tanh_bend),
    "relu": (
        lambda z, m: z if z > 0 else z * 0,
        lambda z, m: z * 0 + (z > 0),
        lambda z, m: z * 0,
    ),
    "leaky_relu": (
        lambda z, m: z if z > 0 else z / 100,
        lambda z, m: z * 0 + 1 if z > 0 else (z * 0 + 1) / 100,
        lambda z, m: z * 0,
    ),
    "softplus": (softplus, sigmoid, sigmoid_slope),
    "silu": (silu, silu_slope, silu_bend),
    "gelu": (gelu, gelu_slope, gelu_bend),
    "elu": (elu, elu_slope, elu_bend),
    "softsign": (softsign, softsign_slope, softsign_bend),
}
"""{activation: (f, f', f'')}; at a kink f' and f'' are those of the left side."""

ORDERS = ("f", "f'", "f''")


class Shares(NamedTuple):
    """What softmax and all that is built on it come to for one row."""

    p: list[Any]
    q: list[Any]  # 1 - p
    log_p: list[Any]


def shares(z: Sequence[Any], m: Any) -> Shares:
    """p_i = w_i / sum w, 1 - p_i = (sum of the other w) / sum w, log p_i = z_i - top - log1p(others)."""
    place = max(range(len(z)), key=z.__getitem__)
    w = [m.exp(each - z[place]) for each in z]
    others = [sum(w[:i] + w[i + 1 :]) for i in range(len(w))]
    total = w[place] + others[place]
    rest = m.log1p(others[place])
    return Shares([x / total for x in w], [x / total for x in others], [x - z[place] - rest for x in z])


class Head(NamedTuple):
    """A loss of one case from the sums below its gate, its row, and the larger of the row's two terms."""

    loss: Any
    row: list[Any]
    terms: list[Any]


def cross_entropy(z: Sequence[Any], t: Sequence[Any], m: Any) -> Head:
    """-sum t log p, and p_i (sum of the other t) - t_i (1 - p_i)."""
    p, q, log_p = shares(z, m)
    loss = -sum(x * y for x, y in zip(t, log_p, strict=True))
    up = [p[i] * sum([*t[:i], *t[i + 1 :]]) for i in range(len(t))]
    down = [x * y for x, y in zip(t, q, strict=True)]
    return _head(loss, up, down)


def binary_cross_entropy(z: Sequence[Any], t: Sequence[Any], m: Any) -> Head:
    """sum softplus(z) - t z, and (1 - t) sigmoid(z) - t sigmoid(-z)."""
    pairs = list(zip(z, t, strict=True))
    loss = sum((1 - y) * softplus(x, m) + y * softplus(-x, m) for x, y in pairs)
    return _head(loss, [(1 - y) * sigmoid(x, m) for x, y in pairs], [y * sigmoid(-x, m) for x, y in pairs])


def _head(loss: Any, up: list[Any], down: list[Any]) -> Head:
    both = list(zip(up, down, strict=True))
    return Head(loss, [a - b for a, b in both], [a if a > b else b for a, b in both])
