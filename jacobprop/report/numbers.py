"""Matrices as text: a few digits, columns in line, structural zeros as a bare 0."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from ..arrays import Array
from ..jacobians import Jacobian
from .blocks import Block, block_shapes, blocks, full, one_case
from .magnitude import MOST_SHOWN, largest
from .notation import Notation


def digits(values: Array) -> str:
    """The format that shows enough digits of the largest entry, none where all are whole, and never -0.

    Examples
    --------
    >>> digits(np.array([0.25, -1.0])), digits(np.array([2.5e-7])), digits(np.array([1.0, 0.0]))
    ('z.4f', 'z.2e', 'z.0f')
    """
    finite, scale = values[np.isfinite(values)], largest(values)
    if scale < 1000 and (finite == finite.round()).all():
        return "z.0f"
    return "z.4f" if 0.01 <= scale < 1000 else "z.2e"


def entries(block: Block) -> list[list[str]]:
    """The entries of a matrix as text."""
    spec = digits(block.values)
    return [
        ["0" if zero else format(float(value), spec) for value, zero in zip(row, zeros, strict=True)]
        for row, zeros in zip(block.values, block.zeros, strict=True)
    ]


def matrix_lines(block: Block) -> list[str]:
    """A matrix in brackets, one line a row.

    Examples
    --------
    >>> J = Block(np.array([[0.5, 0.0], [0.0, -0.25]]), np.array([[False, True], [True, False]]))
    >>> print(*matrix_lines(J), sep="\\n")
    [ 0.5000        0 ]
    [      0  -0.2500 ]
    """
    rows = entries(block)
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["[ " + "  ".join(e.rjust(w) for e, w in zip(row, widths, strict=True)) + " ]" for row in rows]


def fits(J: Jacobian) -> bool:
    """Whether every matrix of a Jacobian is small enough for its numbers to be printed."""
    return all(max(shape) <= MOST_SHOWN for shape in block_shapes(J))


def jacobian_lines(J: Jacobian, notation: Notation, width: int = 80, case: int = 0) -> list[str]:
    """The numbers of one case, or the shape where they are too many."""
    if not fits(J):
        shapes = [notation.times.join(map(str, shape)) for shape in block_shapes(J)]
        return ["[ " + f" ]{notation.outer}[ ".join(shapes) + " ]"]
    return _joined([matrix_lines(block) for block in blocks(one_case(J, case))], notation.outer, width)


def value_lines(letter: str, values: Array) -> list[str]:
    """A variable and its matrix: X = [ 0.5000  0.2500 ]."""
    return beside([[f"{letter} ="], matrix_lines(full(values))], " ")


def flowing(blocks: Iterable[list[str]], width: int, gap: str = "   ") -> Iterator[list[str]]:
    """Blocks of lines next to each other, as many as a width holds, then the next ones below."""
    row: list[list[str]] = []
    for block in blocks:
        if row and _width(beside([*row, block], gap)) > width:
            yield beside(row, gap)
            row = []
        row.append(block)
    if row:
        yield beside(row, gap)


def equation_lines(
    jacobians: tuple[Jacobian, Jacobian, Jacobian], notation: Notation, width: int, case: int = 0
) -> list[str]:
    """before . factor -> after with numbers, side by side where `width` allows, else one below the other.

    Empty if no part is small enough to print.
    """
    if not any(map(fits, jacobians)):
        return []
    room = width - len(notation.arrow)
    before, factor, after = (jacobian_lines(J, notation, room, case) for J in jacobians)
    return _joined([_joined([before, factor], notation.dot, width), after], notation.arrow, width)


def _joined(parts: list[list[str]], joint: str, width: int) -> list[str]:
    """Blocks of lines side by side, or one below the other, each but the first behind its joint."""
    row = beside(parts, joint)
    if len(parts) == 1 or _width(row) <= width:
        return row
    first, *others = parts
    sign = joint.strip()
    indented = [f"{' ' * len(sign)} {line}" if first[0].startswith("[") else line for line in first]
    return indented + [line for part in others for line in beside([[sign], part], " ")]


def beside(parts: Sequence[list[str]], joint: str) -> list[str]:
    """Blocks of lines next to each other, centred, with `joint` in between on the middle line."""
    height = max(map(len, parts))
    joints = [" " * len(joint)] * ((height - 1) // 2) + [joint]
    joints += [" " * len(joint)] * (height - len(joints))
    columns: list[list[str]] = []
    for k, part in enumerate(parts):
        columns += [joints] * bool(k) + [_centred(part, height)]
    return ["".join(line).rstrip() for line in zip(*columns, strict=True)]


def _centred(lines: list[str], height: int) -> list[str]:
    width, above = _width(lines), (height - len(lines)) // 2
    padded = [""] * above + lines + [""] * (height - len(lines) - above)
    return [line.ljust(width) for line in padded]


def _width(lines: Sequence[str]) -> int:
    return max(map(len, lines))
