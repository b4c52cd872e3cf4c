"""What becomes of a gradient before it is multiplied with the learning rate (seed row M-26).

    w <- w - eta d        d = g for plain gradient descent

Each works on all parameters as one vector, element by element. Index legend: p parameters.
"""

from __future__ import annotations

import abc
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ..arrays import Array
from .arguments import number, yes_or_no


class Optimizer(abc.ABC):
    """A direction from the gradient and from what it remembers of earlier ones: subclass for your own.

    Attributes
    ----------
    memory : tuple of str
        What it remembers, a vector (p,) each, zero before the first update.
    """

    memory: ClassVar[tuple[str, ...]] = ()

    @abc.abstractmethod
    def direct(self, gradient: Array, memory: Mapping[str, Array], update: int) -> None:
        """Turn the gradient (p,) into d, and bring the memory up to date, both in place.

        Parameters
        ----------
        gradient : array (p,)
            float32 or float64.
        memory : mapping
            {name: array (p,)}, of the same dtype.
        update : int
            Which update it is; the first one is 1.
        """

    def moving(self, size: int) -> Array | None:
        """Which of so many parameters may move, (p,) of bool; None for all. `fit` asks once, at first."""
        return None

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"


def _share(value: object, what: str, where: str) -> float:
    return number(value, what, where, "0 or more, below 1", lambda found: 0 <= found < 1)


@dataclass(frozen=True)
class Momentum(Optimizer):
    """d = u with u <- beta u + g: oscillations cancel, and what persists adds up to 1 / (1 - beta) times g.

    Parameters
    ----------
    beta : float
        How much of the velocity u stays, 0 or more and below 1.
    nesterov : bool
        Whether to look ahead, d = beta u + g with the new u.

    Notes
    -----
    The learning rate stays outside of u, so that a schedule acts at once.
    """

    beta: float = 0.9
    nesterov: bool = False

    memory = ("velocity",)

    def __post_init__(self) -> None:
        object.__setattr__(self, "beta", _share(self.beta, "beta", "Momentum"))
        yes_or_no(self.nesterov, "nesterov", "Momentum", default=False)

    def direct(self, gradient: Array, memory: Mapping[str, Array], update: int) -> None:
        """u <- beta u + g."""
        velocity, beta = memory["velocity"], self.beta
        velocity *= beta
        velocity += gradient
        if self.nesterov:
            gradient += beta * velocity
        else:
            gradient[:] = velocity


@dataclass(frozen=True)
class Adam(Optimizer):
    """d = m' / (sqrt(v') + epsilon): the mean of the gradients over the root of the mean of their squares.

    m <- beta1 m + (1 - beta1) g and v <- beta2 v + (1 - beta2) g^2 start at zero; m' = m / (1 - beta1^k) and
    v' = v / (1 - beta2^k) correct for that at update k.

    Parameters
    ----------
    beta1, beta2 : float
        How much of either mean stays, 0 or more and below 1.
    epsilon : float
        Above 0.

    Notes
    -----
    d is close to +-1 while a gradient keeps its size, whatever that is: the learning rate is the length of a
    step in each parameter, so rates such as 0.001 to 0.01 are usual. A penalty l2 is part of g.
    """

    beta1: float = 0.9
    beta2: float = 0.999
    epsilon: float = 1e-8

    memory = ("first_moment", "second_moment")

    def __post_init__(self) -> None:
        object.__setattr__(self, "beta1", _share(self.beta1, "beta1", "Adam"))
        object.__setattr__(self, "beta2", _share(self.beta2, "beta2", "Adam"))
        epsilon = number(self.epsilon, "epsilon", "Adam", "above 0", lambda found: found > 0)
        object.__setattr__(self, "epsilon", epsilon)

    def direct(self, gradient: Array, memory: Mapping[str, Array], update: int) -> None:
        """m and v, then m' / (sqrt(v') + epsilon)."""
        m, v = memory["first_moment"], memory["second_moment"]
        beta1, beta2 = self.beta1, self.beta2
        m *= beta1
        m += (1 - beta1) * gradient
        v *= beta2
        v += (1 - beta2) * np.square(gradient, out=gradient)
        np.divide(v, 1 - beta2**update, out=gradient)
        np.sqrt(gradient, out=gradient)
        gradient += self.epsilon
        np.divide(m, gradient, out=gradient)
        gradient /= 1 - beta1**update
