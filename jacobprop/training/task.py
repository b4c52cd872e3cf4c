"""What is trained, on what, and how."""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import zip_longest

from ..arrays import Array
from ..errors import OptionError
from ..histories import HeldOut
from ..network import Network
from .optimizers import Optimizer
from .state import TrainingState

_LONGEST = 200


@dataclass(frozen=True)
class Task:
    """What is trained, on what, and how a batch is made of it.

    Attributes
    ----------
    net : Network
        With the parameters to start from.
    x, target : array (n, ...)
    size : int
        Cases between two updates.
    shuffle : bool
    held_out : (X, T) or None
    optimizer : Optimizer or None
    l2 : float
    """

    net: Network
    x: Array
    target: Array
    size: int
    shuffle: bool
    held_out: HeldOut
    optimizer: Optimizer | None
    l2: float

    @property
    def differs(self) -> bool:
        """Whether a layer differs while the network learns."""
        return self.net.in_training() is not self.net

    def resumed(self, state: object) -> Task:
        """The same from the parameters of a state, which must be one of such a task."""
        if not isinstance(state, TrainingState):
            raise OptionError(
                "there is no training state",
                where="fit(state=)",
                got=type(state).__name__,
                expected="the .state of an earlier fit, or TrainingState.load(path)",
                remedy="Leave it out to begin anew.",
            )
        names = () if self.optimizer is None else self.optimizer.memory
        own = _described(self.net.size, self.net.dtype, names, self.held_out is not None)
        parameters = state.parameters
        its = _described(parameters.size, parameters.dtype, state.memory, bool(state.history.held_out))
        pairs = zip_longest(
            [its, *state.task.splitlines()], [own, *self.description.splitlines()], fillvalue="nothing"
        )
        differing = [pair for pair in pairs if pair[0] != pair[1]]
        if differing:
            raise OptionError(
                "the state belongs to another training",
                where="fit(state=)",
                got="; ".join(one for one, _ in differing),
                expected="; ".join(other for _, other in differing),
                remedy="Go on with the network and the options that it was made with.",
            )
        return replace(self, net=self.net.with_vector(parameters))

    @property
    def description(self) -> str:
        """What a state has to agree with beside its arrays, a line each."""
        shapes = ", ".join(f"{name} {array.shape}" for name, array in self.net.parameters.items())
        optimizer = "plain descent" if self.optimizer is None else repr(self.optimizer)
        lines = (shapes or "no parameters", optimizer, f"batch_size={self.size}", f"l2={self.l2}")
        return "\n".join(map(_short, (*lines, f"{len(self.x)} cases")))


def _short(text: str) -> str:
    """Some text in one line, the end of a long one as a checksum."""
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    if len(line) <= _LONGEST:
        return line
    return f"{line[:_LONGEST]}... ({zlib.crc32(line.encode(errors='replace')):08x})"


def _described(size: int, dtype: object, memory: Iterable[str], held_out: bool) -> str:
    """What the arrays of a state have to agree with."""
    remembered = ", ".join(sorted(memory)) or "nothing"
    return f"{size} parameters of {dtype}, {remembered} remembered, with{'' if held_out else 'out'} held_out"
