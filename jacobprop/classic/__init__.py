"""The learning rules before backpropagation, each by the factors of the chain that it keeps.

    dW = -learning_rate  J_N^L . J_Sum^Z . J_W^Z

    rule                unit           in place of J_N^L   J_Sum^Z   J_W^Z
    HEBB                any            -y                  dropped   kept
    PERCEPTRON          step           y - d               dropped   kept
    WIDROW_HOFF (LMS)   linear         y - d               1         kept
    GENERALISED_DELTA   any smooth f   y - d               kept      kept

The last one is the gradient. MADALINE searches where the chain would need the slopes of its thresholds, and
the neurons of McCulloch and Pitts do not learn.
"""

from .generalised import GENERALISED_DELTA
from .hebbian import HEBB
from .hyperplanes import homogeneous, soft_perceptron
from .learning_rule import LearningRule
from .many_adalines import Flip, Madaline, madaline
from .mcculloch_pitts import McCullochPitts, MPNeuron
from .outcome import Learned
from .rosenblatt import PERCEPTRON, perceptron
from .separability import Hyperplane, SharedPoint, separable
from .slopes import monotone
from .widrow_hoff import WIDROW_HOFF, Adaline, adaline, lms

__all__ = [
    "GENERALISED_DELTA",
    "HEBB",
    "PERCEPTRON",
    "WIDROW_HOFF",
    "Adaline",
    "Flip",
    "Hyperplane",
    "Learned",
    "LearningRule",
    "MPNeuron",
    "Madaline",
    "McCullochPitts",
    "SharedPoint",
    "adaline",
    "homogeneous",
    "lms",
    "madaline",
    "monotone",
    "perceptron",
    "separable",
    "soft_perceptron",
]
