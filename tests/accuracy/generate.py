"""Make the tables: references at points that are drawn from fixed seeds, and at the hard ones on file."""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from benchmarks.accuracy_tables import FOLDER, Table, Truth, load, save
from jacobprop import activations
from jacobprop.arrays import Array

from . import points
from .balls import Balls, certified, exact, truth
from .climbing import hard_points, hard_rows, reference, row_reference
from .formulas import FORMULAS, ORDERS, Head, binary_cross_entropy, cross_entropy

HARD = "hard"
"""The file of the hard points, an input of `generate`: {"tanh": z, ..., "softmax 3": rows, ...}."""


def climb() -> None:
    """Look for the hard points anew, of all that is registered, and write them down."""
    rng = np.random.default_rng(5)
    found = {name: hard_points(name, rng) for name in activations.NAMES}
    found |= {softmax_name(m): hard_rows(m, rng) for m in points.CLASSES}
    save(HARD, Table(found, {}))


def generate(folder: Path = FOLDER) -> Iterator[Path]:
    """Write all tables but the hard points, one after the other."""
    hard = load(HARD).inputs
    for seed, name in enumerate(FORMULAS):
        yield save(name, activation_table(name, seed, hard.get(name, np.empty(0))), folder)
    for m in points.CLASSES:
        yield save(softmax_name(m), softmax_table(m, hard[softmax_name(m)]), folder)
    yield save("binary cross entropy", binary_table(), folder)


def softmax_name(m: int) -> str:
    """Of the table of rows of m classes."""
    return f"softmax {m}"


def activation_table(name: str, seed: int, hard: Array) -> Table:
    """z, and f, f' and f'' there; the limits come last."""
    rng = np.random.default_rng(seed)
    z = np.concatenate([points.special(), points.spaced(), points.random(rng), hard])
    z = np.concatenate([[-0.0], np.unique(z)])
    truths = {
        order: _extended(reference(name, k, z), points.EDGES[name][k]) for k, order in enumerate(ORDERS)
    }
    return Table({"z": np.concatenate([z, points.LIMITS])}, truths)


def _extended(truth: Truth, edge: points.Edge) -> Truth:
    return Truth(np.append(truth.value, edge), np.append(truth.rest, np.zeros(3, np.int16)))


def softmax_table(m: int, hard: Array) -> Table:
    """z of shape (rows, m) with soft targets t, and all that is built on softmax there."""
    rng = np.random.default_rng(m)
    z = np.concatenate([points.rows(rng, m), hard])
    t = points.targets(rng, z.shape)
    found = [
        row_reference(row) | head_reference(cross_entropy, *both) for row, *both in zip(z, z, t, strict=True)
    ]
    return Table({"z": z, "t": t}, {key: _stacked([each[key] for each in found]) for key in found[0]})


def binary_table() -> Table:
    """z and t of shape (cases, 1)."""
    z, t = (array[:, None] for array in points.binary_pairs(np.random.default_rng(1)))
    found = [head_reference(binary_cross_entropy, *both) for both in zip(z, t, strict=True)]
    return Table({"z": z, "t": t}, {key: _stacked([each[key] for each in found]) for key in found[0]})


def head_reference(head: Callable[..., Head], z: Array, t: Array) -> dict[str, Truth]:
    """The loss of one case, its row, and the larger of the two terms of each entry of the row."""
    m = len(z)

    def compute() -> list[object]:
        found = head(exact(z), exact(t), Balls)
        return [*found.row, *found.terms, found.loss]

    numbers = certified(compute)
    row, terms = truth(numbers[:m], (m,)), truth(numbers[m : 2 * m], (m,))
    return {"loss": truth(numbers[2 * m :], ()), "row": row, "terms": terms}


def _stacked(truths: list[Truth]) -> Truth:
    return Truth(np.stack([each.value for each in truths]), np.stack([each.rest for each in truths]))
