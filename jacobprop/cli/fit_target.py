"""What is to be learnt: classes of a softmax with cross-entropy, or numbers of a linear output."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple, TypeAlias

import numpy as np

from ..arrays import Array
from ..errors import OptionError, shown

Task: TypeAlias = Literal["classify", "regress"]

FEW = 20
"""Whole numbers are taken for classes up to so many of them, other numbers never beyond it."""
MOST_CLASSES = 1000


class Target(NamedTuple):
    """Labels (n,) with the names of the classes, or numbers (n, m) without."""

    T: Array
    names: tuple[str, ...]
    classes: tuple[str, ...] = ()
    note: str = ""

    @property
    def outputs(self) -> int:
        """How many units the last layer has."""
        return len(self.classes) or self.T.shape[1]


def text_target(cells: Sequence[str], name: str, task: Task | None, where: str) -> Target:
    """Classes in alphabetical order."""
    if task == "regress":
        raise OptionError(
            "text is no number to regress",
            where=where,
            got=shown(cells[0]),
            expected="numbers",
            remedy="Leave --task out to classify.",
        )
    classes, labels = np.unique(np.asarray(cells, dtype=object), return_inverse=True)
    return _classified(labels, name, tuple(map(str, classes)), where)


def number_target(values: Array, name: str, task: Task | None, where: str) -> Target:
    """Few whole numbers are classes, others are not, unless the task says otherwise."""
    distinct, labels = np.unique(values, return_inverse=True)
    whole = bool((distinct == np.rint(distinct)).all())
    guess = whole and len(distinct) <= min(FEW, len(values) // 2)
    if not (guess if task is None else task == "classify"):
        return numbers_target(values[:, None], (name,), where)
    if not whole and len(distinct) > FEW:
        raise OptionError(
            "the target is no class but a continuous number",
            where=where,
            got=f"{len(distinct):,} different numbers, not all of them whole",
            expected=f"text, whole numbers, or at most {FEW} different numbers",
            remedy="Leave --task classify out.",
        )
    classes = tuple(str(int(v)) if whole else repr(float(v)) for v in distinct)
    note = "" if task else f"{len(classes)} whole numbers are taken for classes: else --task regress"
    return _classified(labels, name, classes, where)._replace(note=note)


def _classified(labels: Array, name: str, classes: tuple[str, ...], where: str) -> Target:
    if not 1 < len(classes) < min(len(labels), MOST_CLASSES + 1):
        every = len(classes) == len(labels) > 1
        raise OptionError(
            "the target tells no classes apart",
            where=where,
            got=f"{len(classes):,} classes among {len(labels):,} cases"
            + (", each case its own" if every else f", all {shown(classes[0])}" if len(classes) == 1 else ""),
            expected=f"2 to {MOST_CLASSES:,} classes, and more cases than classes",
            remedy="Name another target.",
        )
    return Target(labels.reshape(-1), (name,), classes)


def numbers_target(T: Array, names: tuple[str, ...], where: str) -> Target:
    """One or more numbers for each case."""
    for name, column in zip(names, T.T, strict=True):
        if (column == column[0]).all():
            raise OptionError(
                "the target never changes",
                where=where,
                got=f"{name} = {float(column[0])!r} in "
                + (f"all {len(column):,} cases" if len(column) > 1 else "the only case"),
                remedy="Name another target."
                if len(column) > 1
                else "A network needs some cases to learn from.",
            )
    return Target(T, names)
