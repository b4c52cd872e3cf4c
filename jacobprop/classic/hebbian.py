"""Hebb's rule: what fires together wires together.

dw_i = learning_rate x_i y: J_W^Z is kept, J_Sum^Z dropped, and -y stands for J_N^L.

For a linear unit this is ascent on y^2 / 2, which has no top: with one input x shown again and again, the
part of w along x grows by the factor 1 + learning_rate |x|^2 a step, with a bias that of (w, b) along (x, 1)
by 1 + learning_rate (|x|^2 + 1), and nothing ever shrinks, competes or stops (Hebb, The Organization of
Behavior, 1949; seed rows H-10 to H-12, S-28).

Examples
--------
>>> from jacobprop import Dense, Network
>>> unit = Network([Dense.from_arrays([[0.5], [0.0]])])
>>> HEBB.update(unit, [1.0, 2.0], learning_rate=0.1).parameters["W1"].ravel()
array([0.55, 0.1 ])
>>> print(HEBB)
Hebb
  J_N^L    replaced by -y: nothing is compared, the output itself is the teacher
  J_Sum^Z  dropped: 1 in its place
  J_W^Z    kept: I (x) x
"""

from ..arrays import Array
from .learning_rule import LearningRule


def opposite(y: Array) -> Array:
    """-y, which has the rule add what the others would take away."""
    return -y


HEBB = LearningRule(
    "Hebb",
    error=opposite,
    fates=(
        "replaced by -y: nothing is compared, the output itself is the teacher",
        "dropped: 1 in its place",
        "kept: I (x) x",
    ),
    supervised=False,
)
"""dw_i = learning_rate x_i y."""
