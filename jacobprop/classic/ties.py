"""Which side a sum of exactly zero belongs to: the seeds answer differently (E-45), so it is an option."""

from typing import Literal, TypeAlias

from ..activations import Activation, get
from ..errors import OptionError, shown

Tie: TypeAlias = Literal["left", "right"]
"""What f is at z = 0: "left" as for z < 0, where a unit fires for z > 0 alone; "right" as for z > 0."""


def threshold_unit(low: float, tie: object, where: str) -> Activation:
    """The step where `low` is 0 and the sign where it is -1, with this value at zero.

    Rosenblatt's unit fires for z > 0 (H-14), and sign(0) is -1 in seed 001: left. ADALINE answers 1 for
    z >= 0 (H-43): right. The slide's "sum >= 0 is a hyperplane" (H-41) is a half-space.
    """
    if not isinstance(tie, str) or tie not in ("left", "right"):
        raise OptionError(
            "a tie goes to one of the two sides",
            where=f"{where}(tie=)",
            got=shown(tie),
            expected="'left' or 'right'",
            remedy="'left' fires for z > 0 alone, 'right' for z >= 0.",
        )
    return get("sign" if low else "step", at_kink="left" if tie == "left" else "right")
