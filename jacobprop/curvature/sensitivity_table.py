"""Names for columns, and a table of at most 80 characters: the first rows and columns, the others counted."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from ..arrays import Array, listed
from ..errors import OptionError, ShapeError, shown

WIDTH, MOST_ROWS, LONGEST = 80, 20, 24
"""Characters of a line, features of a table, and characters of a name in it."""
_GAP = "  "


def column_names(given: object, count: int, one: str, what: str, where: str) -> tuple[str, ...]:
    """The names that were given, checked; without any "feature 0", "feature 1", ...

    Raises
    ------
    OptionError, ShapeError
        No different printable strings, or another number of them.
    """
    if given is None:
        return (one,) if count == 1 and one != "feature" else tuple(f"{one} {k}" for k in range(count))
    names = listed(given) if not isinstance(given, str) else (given,)
    for name in names:
        if not isinstance(name, str) or not name.strip() or not name.isprintable():
            raise OptionError(
                f"{what} are names",
                where=where,
                got=shown(name),
                expected="printable text",
                remedy="Convert them with str, on one line each.",
            )
    if len(names) != count:
        raise ShapeError(
            f"{what} has a name for each column",
            where=where,
            got=f"{len(names)} names",
            expected=f"{count}",
            remedy="Leave it out to count them.",
        )
    if len(set(names)) < count:
        twice = next(name for k, name in enumerate(names) if name in names[:k])
        raise OptionError(
            f"{what} has a name twice",
            where=where,
            got=shown(twice),
            expected="different names",
            remedy="Number those that are the same.",
        )
    return tuple(str(name) for name in names)


def shortened(name: str, most: int = LONGEST) -> str:
    """A name of at most so many characters, cut in the middle: endings tell names apart too.

    Examples
    --------
    >>> shortened("alcohol"), shortened("a long name of feature 12", 12)
    ('alcohol', 'a lon…ure 12')
    """
    if len(name) <= most:
        return name
    end = most // 2
    return f"{name[: most - 1 - end]}…{name[-end:]}"


def counted(count: int, word: str) -> str:
    """A number and what is counted.

    Examples
    --------
    >>> counted(1, "case"), counted(178, "case")
    ('1 case', '178 cases')
    """
    return f"{count} {word}{'s' * (count != 1)}"


def _format(values: Array) -> str:
    """As many decimals for all as show four digits of the largest."""
    finite = np.abs(values[np.isfinite(values)])
    largest = float(finite.max(initial=0))
    if not 1e-4 <= largest < 1e6:
        return ".0f" if largest == 0 else ".3e"
    return f"z.{max(0, 3 - math.floor(math.log10(largest)))}f"


def table(values: Array, order: Sequence[int], features: Sequence[str], outputs: Sequence[str]) -> str:
    """The values (outputs, features) with a line for each feature, in this order.

    Examples
    --------
    >>> print(table(np.array([[0.5, 2.0]]), [1, 0], ["a", "b"], ["y"]))
           y
    b  2.000
    a  0.500
    """
    chosen, spec = order[:MOST_ROWS], _format(values)
    stub = ["", *(shortened(features[i]) for i in chosen)]
    left = max(map(len, stub))
    lines = [text.ljust(left) for text in stub]
    columns = 0
    for name, row in zip(outputs, values, strict=True):
        column = [shortened(name), *(format(float(row[i]), spec) for i in chosen)]
        width = max(map(len, column))
        if len(lines[0]) + len(_GAP) + width > WIDTH:
            break
        lines = [line + _GAP + text.rjust(width) for line, text in zip(lines, column, strict=True)]
        columns += 1
    return "\n".join([*lines, *_rest(len(order) - len(chosen), len(outputs) - columns)])


def _rest(features: int, outputs: int) -> list[str]:
    """How much is not shown."""
    words = [counted(n, word) for n, word in ((features, "feature"), (outputs, "output")) if n]
    return [f"... and {' and '.join(words)} more"] if words else []
