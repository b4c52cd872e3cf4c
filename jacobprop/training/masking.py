"""Parameters that stay where they are while the others learn."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ..arrays import Array, as_array, freeze
from ..errors import OptionError, ShapeError, shown
from .optimizers import Optimizer


@dataclass(frozen=True, eq=False, repr=False)
class Masked(Optimizer):
    """d = mask d of another optimiser: where the mask is 0, parameters stay as they are, bit for bit.

    Parameters
    ----------
    mask : array (p,)
        0 or 1 for each entry of ``net.vector``; `flatten` makes it of arrays by name.
    optimizer : Optimizer, optional
        By default plain gradient descent.

    Raises
    ------
    OptionError, ShapeError, DTypeError
        No vector of zeros and ones, or no optimiser; in `fit`, another length than the network's.

    Examples
    --------
    The first layer stays, the second learns:

    >>> from jacobprop import Dense, Network, SquaredError
    >>> from jacobprop.training import fit
    >>> net = Network([Dense(2, 3, "tanh"), Dense(3, 1)], SquaredError())
    >>> mask = np.zeros(net.size)
    >>> mask[net.slices["W2"]] = 1
    >>> trained = fit(net, [[1.0, 2.0]], [[0.5]], epochs=3, optimizer=Masked(mask)).network
    >>> [bool((trained.parameters[name] == net.parameters[name]).all()) for name in net.parameters]
    [True, True, False, True]
    """

    mask: Array
    optimizer: Optimizer | None = None

    def __post_init__(self) -> None:
        given = as_array(self.mask, "the mask", "Masked")
        if given.ndim != 1 or not np.isin(given, (0, 1)).all():
            raise OptionError(
                "the mask is 0 or 1 for each parameter",
                where="Masked",
                got=f"shape {given.shape}" if given.ndim != 1 else "other numbers",
                expected="a vector of zeros and ones",
                remedy="flatten(net, arrays) makes it of arrays shaped like the parameters.",
            )
        if not isinstance(self.optimizer, Optimizer | None):
            raise OptionError(
                "what is masked is an optimiser",
                where="Masked",
                got=shown(self.optimizer),
                expected="one such as Momentum(0.9), or None",
                remedy="Leave it out for plain gradient descent.",
            )
        object.__setattr__(self, "mask", freeze(given.copy()))
        object.__setattr__(self, "memory", self.optimizer.memory if self.optimizer else ())

    def __repr__(self) -> str:
        digest = zlib.crc32((self.mask != 0).tobytes())
        within = "" if self.optimizer is None else f", {self.optimizer!r}"
        return f"Masked({int(self.mask.sum(dtype=int))} of {self.mask.size} move, {digest:08x}{within})"

    def moving(self, size: int) -> Array:
        """Where the mask is 1, and the other optimiser lets them."""
        if self.mask.shape != (size,):
            raise ShapeError(
                "the mask has another length than the parameters",
                where="Masked",
                got=f"{self.mask.size}",
                expected=f"{size}, one entry for each of net.vector",
                remedy="flatten(net, arrays) makes it of arrays shaped like the parameters.",
            )
        found = np.asarray(self.mask != 0)
        within = self.optimizer.moving(size) if self.optimizer is not None else None
        return found if within is None else found & within

    def direct(self, gradient: Array, memory: Mapping[str, Array], update: int) -> None:
        """The other optimiser's d of the gradient with zeros, with zeros."""
        still = ~self.moving(gradient.size)
        gradient[still] = 0  # set, not multiplied: nan and infinities of what stays go nowhere
        if self.optimizer is not None:
            self.optimizer.direct(gradient, memory, update)
            gradient[still] = 0
