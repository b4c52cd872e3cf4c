"""What the Gauss-Newton matrix and the Hessian have in common: of a loss, over all parameters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..network import Network
from ..record import Record
from .loss_root import LossHessian
from .operator import Symmetric


class LossOperator(Symmetric):
    """A symmetric (parameters, parameters) matrix in the order of ``net.vector``."""

    def __init__(self, net: Network, record: Record, loss: LossHessian) -> None:
        self._net, self._record, self._loss = net, record, loss

    @property
    def slices(self) -> Mapping[str, slice]:
        """Where each parameter lies, as in ``net.slices``."""
        return self._net.slices

    @property
    def order(self) -> int:
        """The number of parameters."""
        return self._net.size

    @property
    def dtype(self) -> np.dtype[Any]:
        return self._record.dtype
