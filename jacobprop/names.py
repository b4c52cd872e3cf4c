"""Canonical names of a network's variables, and the slides' letters for them.

a0 is the input, z1..zN the sums, a1..aN the activations, a slot letter with a layer number (W1, b1)
a parameter, L the loss, t the target. Letters given by the user change what is printed; look-ups
accept both, and a letter that already means something else is refused.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TypeVar

from .errors import UnknownNameError, shown

Value = TypeVar("Value")

RESERVED = frozenset({"L", "t", "J", "Sum", "soft"})


class Names:
    """The two-way map between canonical names and printed symbols.

    Parameters
    ----------
    canonical : iterable of str
        Every name that exists.
    letters : mapping of canonical name to letter
        What to print instead.
    """

    def __init__(self, canonical: Iterable[str], letters: dict[str, str]) -> None:
        self.canonical = tuple(canonical)
        self.letters = letters
        self._keys = {letter: name for name, letter in letters.items()}
        self._own = frozenset(self.canonical)
        taken = self._own | RESERVED
        wrong = [
            letter
            for name, letter in letters.items()
            if (letter in taken and letter != name) or not letter or any(c.isspace() for c in letter)
        ]
        if len(self._keys) < len(letters) or wrong:
            raise UnknownNameError(
                "a letter is taken, or is none",
                where="Network(names=, weights=)",
                got=", ".join(map(repr, wrong or letters.values())),
                expected="different words, none of them L, t, J, Sum, soft or a canonical name such as a1",
                remedy='Choose other letters, as in names="X Y Z", weights="V W".',
            )

    def key(self, name: object, where: str) -> str:
        """The canonical name behind a canonical name or a letter."""
        if isinstance(name, str):
            if name in self._keys:
                return self._keys[name]
            if name in self._own:
                return name
        every = [*self.canonical, *self._keys]
        near = difflib.get_close_matches(shown(name).strip("'"), every, n=1)
        listed = every if len(every) <= 24 else [*every[:12], "...", *every[-11:]]
        raise UnknownNameError(
            "unknown name",
            where=where,
            got=shown(name),
            expected="one of " + ", ".join(listed),
            remedy=f"Did you mean {near[0]!r}?" if near else "Layers count from 1; a0 is the input.",
        )

    def each_once(
        self, given: Mapping[str, Value], where: str, what: str
    ) -> Iterator[tuple[str, str, Value]]:
        """(name as given, canonical name, value) of each; a name and its letter are not both accepted."""
        seen = set[str]()
        for own, value in given.items():
            name = self.key(own, where)
            if name in seen:
                raise UnknownNameError(
                    f"{name} is given twice",
                    where=where,
                    got=", ".join(map(repr, given)),
                    expected=f"each {what} once",
                    remedy="Use its letter or its canonical name, not both.",
                )
            seen.add(name)
            yield own, name, value

    def symbol(self, name: str) -> str:
        """What to print for a canonical name."""
        return self.letters.get(name, name)


def split_letters(letters: str | Sequence[str] | None, expected: int, what: str) -> list[str]:
    """The letters of "X Y Z" or ["X", "Y", "Z"], of which there must be `expected`; none for None."""
    if letters is None:
        return []
    try:
        given: list[object] = list(letters.split() if isinstance(letters, str) else letters)
    except TypeError:
        given = [letters]
    found = [letter if isinstance(letter, str) else shown(letter) for letter in given]
    if len(found) != expected:
        raise UnknownNameError(
            f"{what} needs one letter for each",
            where=f"Network({what}=)",
            got=f"{len(found)} in {shown(' '.join(found))}",
            expected=f"{expected}",
            remedy="names: the input and every layer, weightless ones too; weights: every layer with a W.",
        )
    return found
