"""Hard points: from many random starts uphill, where uphill means a larger error in ulp.

What climbs is the library's own code, and the textbook form of the same function. Where the errors are
largest depends on the machine's exp and tanh, so the points that were found are committed, and
`generate` never climbs by itself.
"""

from collections.abc import Callable

import flint
import numpy as np

from benchmarks.accuracy_tables import Truth, ulp_error
from jacobprop import activations, elementary
from jacobprop.arrays import Array, quiet

from .balls import Balls, certified, exact, truth
from .formulas import FORMULAS, shares
from .textbook import TEXTBOOK

STARTS, STEPS, KEPT = 150, 60, 30
FARTHEST = 800.0
"""Everything happens within; farther out all functions are constant, linear or 0."""

Function = Callable[[Array], Array]


def hard_points(name: str, rng: np.random.Generator) -> Array:
    """The summits of f, f' and f'' of an activation, and of its textbook forms, sorted."""
    activation = activations.get(name)
    forms: list[tuple[Function, int]] = [(activation.value, 0)]
    forms += [(lambda z, k=order: activation.derivative(z, k), order) for order in (1, 2)]
    forms += [(form, order) for order, form in enumerate(TEXTBOOK.get(name, ()))]
    found = [climb(name, order, form, rng) for form, order in forms]
    return np.unique(np.concatenate(found))


@quiet
def climb(name: str, order: int, form: Function, rng: np.random.Generator) -> Array:
    """The best places of all starts, each moved by ever smaller random steps."""
    z = rng.choice([-1.0, 1.0], STARTS) * 10 ** rng.uniform(-4, np.log10(FARTHEST), STARTS)
    height = _errors(name, order, form, z)
    for step in range(STEPS):
        size = 10.0 ** rng.uniform(-16 * step / STEPS - 0.5, -14 * step / STEPS, STARTS)
        other = np.clip(z * (1 + size * rng.normal(size=STARTS)), -FARTHEST, FARTHEST)
        reached = _errors(name, order, form, other)
        better = reached > height
        z, height = np.where(better, other, z), np.where(better, reached, height)
    return z[np.argsort(height)[-KEPT:]]


def reference(name: str, order: int, z: Array) -> Truth:
    """f, f' or f'' of an activation, certified."""
    formula = FORMULAS[name][order]
    numbers = [certified(lambda x=x: [formula(flint.arb(x), Balls)])[0] for x in z.tolist()]
    return truth(numbers, z.shape)


def _errors(name: str, order: int, form: Function, z: Array) -> Array:
    error = ulp_error(form(z), reference(name, order, z))
    return np.where(np.isfinite(error), np.minimum(error, 1e16), 0.0)


# -- rows of logits -------------------------------------------------------------------------------------


@quiet
def hard_rows(m: int, rng: np.random.Generator, starts: int = 24, steps: int = 30, kept: int = 8) -> Array:
    """Rows of m logits where p, 1 - p, log p or a product of two p is worst, by each in turn."""
    found = []
    for quantity in range(4):
        z = rng.normal(size=(starts, m)) * 10 ** rng.uniform(-2, 2.5, (starts, 1))
        height = np.array([_row_errors(row)[quantity] for row in z])
        for step in range(steps):
            size = 10.0 ** rng.uniform(-12 * step / steps - 0.5, -10 * step / steps)
            other = z + size * rng.normal(size=z.shape) * (rng.random(z.shape) < 0.5)
            reached = np.array([_row_errors(row)[quantity] for row in other])
            better = reached > height
            z, height = np.where(better[:, None], other, z), np.where(better, reached, height)
        found.append(z[np.argsort(height)[-kept:]])
    return np.concatenate(found)


def _row_errors(z: Array) -> tuple[float, float, float, float]:
    p, q = elementary.softmax(z)
    wanted = row_reference(z)
    pairs = (
        (p, "p"),
        (q, "1 - p"),
        (elementary.log_softmax(z), "log p"),
        ((p[:, None] * p)[np.triu_indices(len(z), 1)], "p_i p_k"),
    )
    errors = [float(ulp_error(got, wanted[key]).max()) for got, key in pairs]
    return errors[0], errors[1], errors[2], errors[3]


def row_reference(z: Array) -> dict[str, Truth]:
    """Everything about one row of logits, certified; p_i p_k for i < k, row by row."""
    m = len(z)

    def compute() -> list[object]:
        p, q, log_p = shares(exact(z), Balls)
        pairs = [p[i] * p[k] for i in range(m) for k in range(i + 1, m)]
        return [*p, *q, *log_p, *(x * y for x, y in zip(p, q, strict=True)), *pairs]

    numbers = certified(compute)
    keys = ("p", "1 - p", "log p", "p_i (1 - p_i)")
    found = {key: truth(numbers[i * m : (i + 1) * m], (m,)) for i, key in enumerate(keys)}
    return found | {"p_i p_k": truth(numbers[4 * m :], (m * (m - 1) // 2,))}
