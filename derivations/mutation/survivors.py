"""Why nothing can fail without these terms: the formula says the same with them and without."""

from collections.abc import Iterable
from dataclasses import dataclass

from .mutants import Mutant


@dataclass(frozen=True)
class Explanation:
    """Why some deletions change nothing: one, ``old -> new``, or all within an expression, ``old``."""

    module: str
    place: str
    text: str
    reason: str

    def covers(self, mutant: Mutant) -> bool:
        """Whether it speaks of this deletion."""
        if (mutant.module, mutant.place) != (self.module, self.place):
            return False
        old = mutant.change.partition(" -> ")[0]
        return self.text == mutant.change if "->" in self.text else old in self.text


def reason(mutant: Mutant, explanations: Iterable[Explanation]) -> str | None:
    """The first explanation of a mutant, if there is one."""
    return next((e.reason for e in explanations if e.covers(mutant)), None)


GRADIENTS = "derivations.slides.gradients_321"

EXPLANATIONS = (
    Explanation(
        GRADIENTS,
        "UNIT_W",
        "delta(i, a) * delta(j, b) -> delta(i, a)",
        "W has one column: j = b = 1 always, and the second delta is always 1",
    ),
    Explanation(
        GRADIENTS,
        "dY_dV",
        "Transpose(D(G_R, R)) -> D(G_R, R)",
        "dg(R)/dR is diagonal, hence its own transpose; the derivation twist has a matrix that is not",
    ),
    Explanation(
        GRADIENTS,
        "dZ_dV",
        "Plus(Dot(weights(Y, V), W), Dot(Y, weights(W, V))) -> Dot(weights(Y, V), W)",
        "W is independent of V, so that Y . dW/dV is 0, as the next step says",
    ),
)
