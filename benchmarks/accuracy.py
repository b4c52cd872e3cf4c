"""Suite `accuracy`: the largest error in ulp, region by region, and how many zeros are false.

It measures no time. Certified points and values come from tables; every library answers in float64. A
false zero is a 0 in place of a normal number. identity and relu are exact everywhere, so they are left
out, and so is leaky_relu' at the kink, which is a convention. Within 1/2 of a zero of silu' and gelu' ulp
mean nothing: there the error is absolute, in rows of their own. Where the truth is subnormal an ulp is the
smallest subnormal number, so an answer that is flushed to 0 there is far out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from jacobprop import activations
from jacobprop.arrays import Array, quiet

from .accuracy_answers import Library, Pair, libraries
from .accuracy_shown import BESIDE, BESIDE_ZERO, HEADING, REGIONS, closing, line
from .accuracy_tables import Table, Truth, absolute_error, false_zeros, load, near_zero, ulp_error
from .suite import Row, Settings, Shown, Suite

NAME = "accuracy"
EXACT = ("identity", "relu")
CLASSES = range(2, 11)


class Asked(NamedTuple):
    """A question, its true answers, and how far out each point lies.

    `size` has one number for each point or row; nan is not compared.
    """

    sizes: tuple[Array, Array]
    truths: tuple[Truth, Truth]
    larger: Truth | None = None  # of the terms whose difference the second answer is


def rows(settings: Settings) -> Iterator[Row]:
    """Each library on each function; the same with every setting but `peers`."""
    everybody = list(libraries(settings))
    for name in activations.NAMES:
        if name not in EXACT:
            table = load(name)
            z = table.inputs["z"]
            answers = [(library, [_quietly(library.activation, name, z)]) for library in everybody]
            yield from _compared(f"{name}: f and f'", answers, [_of_activation(name, table)])
    yield from _beside_zeros(everybody)
    tables = [load(f"softmax {m}") for m in CLASSES]
    for title, ask, asked in _FAMILY:
        answers = [(library, [_quietly(ask, library, table) for table in tables]) for library in everybody]
        yield from _compared(title, answers, [asked(table) for table in tables])
    binary = load("binary cross entropy")
    z, t = binary.inputs["z"], binary.inputs["t"]
    answers = [(library, [_quietly(library.binary_cross_entropy, z, t)]) for library in everybody]
    yield from _compared("binary cross-entropy: loss and row", answers, [_of_binary(binary)])


@quiet
def _quietly(ask: Callable[..., Pair], *question: Any) -> Pair:
    return ask(*question)


def _of_activation(name: str, table: Table) -> Asked:
    z = np.where(np.isfinite(table.inputs["z"]), np.abs(table.inputs["z"]), np.nan)
    left_out = near_zero(name, 1, table.inputs["z"]) | ((name == "leaky_relu") & (z == 0))
    slope = np.where(left_out, np.nan, z)
    return Asked((z, slope), (table.truths["f"], table.truths["f'"]))


def _of_softmax(first: str, second: str, table: Table) -> Asked:
    return Asked((_spread(table), _spread(table)), (table.truths[first], table.truths[second]))


def _of_labels(table: Table) -> Asked:
    label = _label(table)
    hot = np.eye(table.inputs["z"].shape[-1], dtype=bool)[label]
    p, q, log_p = (table.truths[key] for key in ("p", "1 - p", "log p"))
    row = Truth(np.where(hot, -q.value, p.value), np.where(hot, -q.rest, p.rest))
    loss = log_p.take((np.arange(len(label)), label))
    return Asked((_spread(table), _spread(table)), (Truth(-loss.value, -loss.rest), row))


def _of_binary(table: Table) -> Asked:
    z = np.abs(table.inputs["z"][:, 0])
    return Asked((z, z), (table.truths["loss"], table.truths["row"]), table.truths["terms"])


@quiet
def _spread(table: Table) -> Array:
    return np.asarray(np.ptp(table.inputs["z"], axis=-1))


def _label(table: Table) -> Array:
    """The class that is most likely: there s - 1 cancels."""
    return np.asarray(table.inputs["z"].argmax(axis=-1))


_FAMILY = (
    (
        "softmax: p and log p",
        lambda library, table: library.softmax(table.inputs["z"]),
        lambda table: _of_softmax("p", "log p", table),
    ),
    (
        "J^soft: p (1 - p) on the diagonal and -p_i p_k beside it",
        lambda library, table: _minus_second(library.jacobian(table.inputs["z"])),
        lambda table: _of_softmax("p_i (1 - p_i)", "p_i p_k", table),
    ),
    (
        "cross-entropy at the likeliest class: loss and row",
        lambda library, table: library.cross_entropy(table.inputs["z"], _label(table)),
        _of_labels,
    ),
)


def _minus_second(pair: Pair) -> Pair:
    return pair[0], None if pair[1] is None else -pair[1]


def _compared(
    title: str, answers: Sequence[tuple[Library, Sequence[Pair]]], asked: Sequence[Asked]
) -> Iterator[Row]:
    """A row for each library that answers at all."""
    for library, pairs in answers:
        (errors, zeros), (more, also) = (_judged(which, pairs, asked) for which in (0, 1))
        if errors or more:
            yield Row(
                NAME,
                title,
                library.name,
                role=library.role,
                dtype="float64",
                label=library.label,
                errors=(errors, more),
                false_zeros=(zeros, also),
            )


def _beside_zeros(everybody: Sequence[Library]) -> Iterator[Row]:
    """Where silu' and gelu' vanish, and an error counts as it is."""
    for library in everybody:
        errors, more = (_absolute(library, name) for name in BESIDE_ZERO)
        if errors or more:
            yield Row(
                NAME,
                BESIDE,
                library.name,
                role=library.role,
                dtype="float64",
                label=library.label,
                errors=(errors, more),
                false_zeros=(None, None),
            )


def _absolute(library: Library, name: str) -> dict[str, float | None]:
    """The largest, in units of 2^-53; {} where there is no answer, None for one that is no number."""
    table = load(name)
    got = _quietly(library.activation, name, table.inputs["z"])[1]
    if got is None:
        return {}
    place = near_zero(name, 1, table.inputs["z"])
    worst = float(np.max(absolute_error(got[place], table.truths["f'"].take(place)))) * 2.0**53
    return {"near": worst if np.isfinite(worst) else None}


def _judged(
    which: int, pairs: Sequence[Pair], asked: Sequence[Asked]
) -> tuple[dict[str, float | None], int | None]:
    """The errors and the false zeros of the first or the second answers; {} and None where there are none."""
    errors: dict[str, float | None] = {}
    zeros: int | None = None
    for pair, question in zip(pairs, asked, strict=True):
        got, truth = pair[which], question.truths[which]
        if got is not None:
            where = _region(question.sizes[which], truth)
            kept, of = where >= 0, question.larger if which else None
            _widen(errors, ulp_error(got, truth, of), where)
            larger = None if of is None else of.take(kept)
            zeros = (zeros or 0) + false_zeros(got[kept], truth.take(kept), larger)
    return errors, zeros


def _widen(errors: dict[str, float | None], found: Array, where: Array) -> None:
    """The largest error of each region so far; None for an answer that is no number."""
    for number, region in enumerate(REGIONS):
        worst = float(np.max(found[where == number], initial=0.0))
        before = errors.get(region, 0.0)
        errors[region] = None if before is None or np.isinf(worst) else max(worst, before)


def _region(size: Array, truth: Truth) -> Array:
    """The number of each entry's region; of a row's entries, by the row's size. -1: not compared."""
    size = size.reshape(size.shape + (1,) * (truth.value.ndim - size.ndim))
    subnormal = (truth.value != 0) & (np.abs(truth.value) < np.finfo(float).tiny)
    found = np.searchsorted(list(REGIONS.values()), np.where(subnormal, np.inf, size))
    return np.where(np.isnan(size), -1, np.broadcast_to(found, truth.value.shape))


SUITE = Suite(
    "how many ulp from the truth, ours beside other libraries",
    "the truth",
    rows,
    closing,
    shown=Shown(HEADING, line),
)
