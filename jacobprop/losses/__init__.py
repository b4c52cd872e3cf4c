"""Losses of one case: the value, its Jacobian row J_N^L, and the accurate row by the sum below.

With y the output of the last layer, t the target, m outputs:

    squared error         L = 1/2 sum (y - t)^2            dL/dy = y - t            (D-07, H-58)
    mean squared error    L = 1/m sum (y - t)^2            dL/dy = 2/m (y - t)      (D-66)
    binary cross-entropy  L = -sum [t log y + (1 - t) log(1 - y)]   dL/dz = y - t     (B-17, S-17)
    cross-entropy         L = -sum t log y                 dL/dz = y sum(t) - t     (S-17)
    negative log-likelihood   L = -sum t y, y = log p          dL/dz = p sum(t) - t     (S-17)

A reduction over the cases, "mean" or "sum", turns the losses of a stack into the loss that is trained.

Curvature: each loss also has its Hessian H by x, the sum below its gate or else the output, and a root S
with S S^T = H. For the softmax losses H = s (diag(p) - p p^T) and S = sqrt(s) (diag(sqrt p) - p sqrt(p)^T),
s = sum(t); for binary cross-entropy H = diag(p (1 - p)) (derivations CE_Hessian, CE_root, BCE_Hessian).
"""

from .base import Loss
from .binary import BinaryCrossEntropy
from .categorical import CategoricalLoss, CrossEntropy, NegativeLogLikelihood
from .hessians import as_jacobian, eigen
from .squared import MeanSquaredError, SquaredError

__all__ = [
    "BinaryCrossEntropy",
    "CategoricalLoss",
    "CrossEntropy",
    "Loss",
    "MeanSquaredError",
    "NegativeLogLikelihood",
    "SquaredError",
    "as_jacobian",
    "eigen",
]
