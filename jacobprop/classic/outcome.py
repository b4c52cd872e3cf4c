"""What a rule leaves behind once it has been applied until it stops."""

from __future__ import annotations

from dataclasses import dataclass

from ..network import Network


@dataclass(frozen=True, repr=False)
class Learned:
    """The network that was learned, and how its errors went.

    Attributes
    ----------
    network : Network
        An ordinary one: chain, check and pictures work on it.
    errors : tuple of numbers
        One an epoch; of what, the function that returns it says.
    converged : bool
        Whether it came to its end: no mistake left, or for `lms` and `adaline` weights that stand still.
        Otherwise the epochs ran out, or MADALINE was stuck.
    """

    network: Network
    errors: tuple[float, ...]
    converged: bool

    @property
    def epochs(self) -> int:
        """How often all cases were shown."""
        return len(self.errors)

    def __repr__(self) -> str:
        end = "converged" if self.converged else "not converged"
        course = f", errors {self.errors[0]:.6g} -> {self.errors[-1]:.6g}" if self.errors else ""
        return f"<{type(self).__name__}: {self.network!r}, {end} after {self.epochs} epochs{course}>"
