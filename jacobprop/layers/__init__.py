"""Where Jacobians come from: one file a layer, each with its factors and its delta rule."""

from .base import PREVIOUS, Layer, SumLayer, Workspace
from .batch_norm import BatchNorm
from .dense import Dense
from .dropout import Dropout
from .elementwise import Elementwise
from .log_softmax import LogSoftmax
from .rbf import RBF
from .residual import Residual
from .softmax import Softmax

__all__ = [
    "PREVIOUS",
    "RBF",
    "BatchNorm",
    "Dense",
    "Dropout",
    "Elementwise",
    "Layer",
    "LogSoftmax",
    "Residual",
    "Softmax",
    "SumLayer",
    "Workspace",
]
