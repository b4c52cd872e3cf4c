"""What is trained, on what, and how."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from ..arrays import Array
from ..errors import OptionError
from ..histories import HeldOut
from ..network import Network
from .optimizers import Optimizer
from .state import TrainingState


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
        if own != its:
            raise OptionError(
                "the state belongs to another training",
                where="fit(state=)",
                got=its,
                expected=own,
                remedy="Go on with the network and the options that it was made with.",
            )
        return replace(self, net=self.net.with_vector(parameters))


def _described(size: int, dtype: object, memory: Iterable[str], held_out: bool) -> str:
    """What a state has to agree with."""
    remembered = ", ".join(sorted(memory)) or "nothing"
    return f"{size} parameters of {dtype}, {remembered} remembered, with{'' if held_out else 'out'} held_out"
