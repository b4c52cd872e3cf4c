"""What an experiment of the seeds is: a question, a way to answer it by numbers, a table and a picture."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

from ..arrays import whole_number
from ..errors import OptionError, shown

Progress = Callable[[float, str], None]
"""Called now and then with the share that is done, 0 to 1, and with what is being done."""


class Table(NamedTuple):
    """Text in columns: words in the first `words` of them, numbers in the others."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    words: int = 1


class Result(Protocol):
    """What a run found: a frozen dataclass of numbers and arrays, with three views of them."""

    def table(self) -> Table:
        """The numbers in a few rows."""
        ...

    def findings(self) -> tuple[str, ...]:
        """What they say, a sentence each."""
        ...

    def picture(self) -> Any:
        """A slide of 1280 x 720 that shows it, a figure of matplotlib."""
        ...


@dataclass(frozen=True)
class Experiment:
    """One experiment: description and function.

    Attributes
    ----------
    name : str
        What the command line calls it.
    title : str
        One line.
    about : str
        What is done, in a few sentences.
    source : str
        The rows of the seeds' inventory that it answers.
    run : callable
        ``run(progress=...)``; with `seeds` also ``seeds=``, with `incremental` also ``incremental=``.
    seeds : int
        How many starts a run takes by default; 0 where nothing is drawn.
    incremental : bool
        Whether it can also train as the seed prescribes, an update after every case, which takes long.
    """

    name: str
    title: str
    about: str
    source: str
    run: Callable[..., Result]
    seeds: int = 0
    incremental: bool = False


def silent(share: float, what: str) -> None:
    """The progress that nobody follows."""


def checked_seeds(seeds: object, where: str) -> tuple[int, ...]:
    """The seeds of a run: at least one whole number, none twice."""
    listed = tuple(seeds) if isinstance(seeds, Iterable) and not isinstance(seeds, str | bytes) else ()
    if not listed or len(set(listed)) < len(listed):
        raise OptionError(
            "an experiment draws one start for each seed",
            where=where,
            got=shown(seeds),
            expected="at least one whole number, none of them twice",
            remedy="range(8) are eight seeds.",
        )
    remedy = "range(8) are eight seeds."
    return tuple(whole_number(seed, "a seed", where, least=0, remedy=remedy) for seed in listed)
