"""What a network with normally distributed parameters says: variances, covariances, probabilities.

    x(X) ~ N(x, J P^-1 J^T)        to first order in the parameters, J = dx/d(parameters)

x is the sum below the loss's gate, the logits, or else the output.

Index legend: c cases, o entries of x, p parameters, q columns of F with F F^T = J P^-1 J^T.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import takewhile

import numpy as np

from .. import elementary
from ..architecture import SUM, Node
from ..arrays import Array, quiet
from ..errors import NonFiniteError, UnsupportedLayerError
from ..jacobians import DENSE_LIMIT, Jacobian
from ..jacobians.limit import check_dense
from ..network import Network
from ..record import Record
from .grams import blocks
from .laplace_factors import PrecisionFactor
from .residual_jacobian import ResidualJacobian
from .terms import Term, terms
from .tops import run, starts

_AT_ONCE = 2**24
"""Bytes of J and F that are there at a time."""


def chosen_jacobian(
    record: Record, first: Mapping[Node, Jacobian], slices: Mapping[str, slice], scale: float = 1.0
) -> ResidualJacobian:
    """scale times the Jacobian by some parameters, all those of the layers from the top down, in float64."""
    own = takewhile(lambda term: term.parts[0].name in slices, terms(record, first))
    found = tuple(
        Term(np.multiply(t.rows, scale, dtype=np.float64), t.inner.astype(np.float64), t.parts) for t in own
    )
    (J,) = first.values()
    size = max(part.stop for part in slices.values())
    return ResidualJacobian(found, slices, ((record.cases or 1) * J.shape[-2], size), np.dtype(np.float64))


@dataclass(frozen=True, eq=False, repr=False)
class LaplacePosterior:
    """Parameters ~ N(those of the network, P^-1); made by `jacobprop.laplace`.

    Attributes
    ----------
    network : Network
    slices : mapping
        The parameters that vary, and where they lie in P; all others are fixed.
    of : "logits" or "output"
        What the variances are of.
    prior_precision : float
    noise_variance : float, or None
        Of a target around its output, for the squared errors: a new target's variance is this more.
    log_marginal_likelihood : float
        log p(T | X), the evidence: what to compare prior precisions and networks by, largest is best.
    """

    network: Network
    slices: Mapping[str, slice]
    of: str
    prior_precision: float
    noise_variance: float | None
    log_marginal_likelihood: float
    _node: Node
    _outputs: int
    _factor: PrecisionFactor

    def __repr__(self) -> str:
        size = max(part.stop for part in self.slices.values())
        return (
            f"<LaplacePosterior: {self.of}, {size} of {self.network.size} parameters, "
            f"prior precision {self.prior_precision:.3g}>"
        )

    @quiet
    def variance(self, X: object) -> Array:
        """The variance of each entry of x, (c, o), or (o,) for one case.

        Parameters
        ----------
        X : array (n_in,) for one case, or (cases, n_in)

        Raises
        ------
        NonFiniteError
            A variance is beyond the range of the dtype.
        ShapeError, DTypeError, EmptyBatchError
            X does not fit.
        """
        return self._of_each_case(X, lambda F: np.einsum("coq,coq->co", F, F), "variance")

    @quiet
    def covariance(self, X: object, max_bytes: int = DENSE_LIMIT) -> Array:
        """The covariances of the entries of x, (c, o, o), or (o, o) for one case.

        Positive semidefinite as computed. Parameters and errors are those of `variance`.

        Raises
        ------
        DenseLimitError
            It would take more than `max_bytes`; nothing was allocated.
        """
        x, dtype = self.network._input(X, "covariance")
        nbytes = x.size // x.shape[-1] * self._outputs**2 * dtype.itemsize
        remedy = "Take fewer cases at a time, or variance()."
        check_dense(nbytes, "covariance of {!r}", self, max_bytes=max_bytes, remedy=remedy)
        return self._of_each_case(X, lambda F: F @ np.swapaxes(F, 1, 2), "covariance")

    @quiet
    def probabilities(self, X: object) -> Array:
        """The mean of the probabilities, (c, o): less certain than the network's own, where x varies much.

        Approximately, by a probit in place of the sigmoid: E sigmoid(x) ~ sigmoid(x / sqrt(1 + pi v / 8))
        (MacKay, The evidence framework applied to classification networks, Neural Computation 4, 1992),
        and for a softmax by the same for each pair of classes, with the variance of x_i - x_j (Lu, Ie and
        Sha, arXiv:2006.07584), brought to a sum of 1: a shift that all classes share does not count.

        Raises
        ------
        UnsupportedLayerError
            The loss is not one of classes.
        NonFiniteError, ShapeError, DTypeError, EmptyBatchError
            As for `variance`.
        """
        if self._node.letter != SUM:
            raise UnsupportedLayerError(
                "the outputs are no probabilities",
                where=f"probabilities of {self!r}",
                got=f"loss={self.network.loss!r}",
                expected="BinaryCrossEntropy, CrossEntropy or NegativeLogLikelihood",
                remedy="variance() is for any loss.",
            )
        record = run(self.network, X, None, "probabilities")
        logits = record.sum(self._node.layer).astype(np.float64)
        if self.network.layers[-1].gate == "sigmoid":
            variance = self._of_each_case(X, lambda F: np.einsum("coq,coq->co", F, F), "probabilities")
            return np.asarray(elementary.sigmoid(logits * _shrink(variance))).astype(record.dtype)
        apart = logits[..., None, :] - logits[..., :, None]
        against = elementary.softmax(apart * _shrink(self._of_each_case(X, _pairwise, "probabilities")))[0]
        shares = np.einsum("...oo->...o", against)
        return np.asarray(shares / shares.sum(axis=-1, keepdims=True)).astype(record.dtype)

    def _of_each_case(self, X: object, summary: Callable[[Array], Array], where: str) -> Array:
        """A summary of F, with the axis of the cases if X has one."""
        x, dtype = self.network._input(X, where)
        found = [summary(F) for F in self._roots(x.reshape(-1, x.shape[-1]), where)]
        whole = np.concatenate(found).astype(dtype)
        return np.asarray(whole if x.ndim == 2 else whole[0])

    def _roots(self, x: Array, where: str) -> Iterator[Array]:
        """F of some cases after the other, (c, o, q)."""
        step = max(1, _AT_ONCE // (8 * self._outputs * self._factor.width))
        for cases in blocks(len(x), step):
            record = run(self.network, x[cases], None, where)
            J = chosen_jacobian(record, starts(record, self._node), self.slices)._matrix()
            F = self._factor.root(J).reshape(-1, self._outputs, self._factor.width)
            known = np.isfinite(J).reshape(len(F), -1).all(axis=1)
            self._require_range(np.square(F).sum(axis=(1, 2))[known].astype(record.dtype), where)
            yield F

    def _require_range(self, squares: Array, where: str) -> None:
        if not np.isfinite(squares).all():
            raise NonFiniteError(
                "a variance is beyond the range of floats",
                where=where,
                got=f"prior_precision={self.prior_precision:.3g}, {squares.dtype}",
                expected="finite variances",
                remedy="Raise prior_precision.",
            )


def _shrink(variance: Array) -> Array:
    """1 / sqrt(1 + pi v / 8)."""
    return np.asarray(1 / np.sqrt(1 + np.pi / 8 * variance))


def _pairwise(F: Array) -> Array:
    """The variance of each difference of two entries, (c, o, o): what they share does not cancel first."""
    found = np.empty((*F.shape[:2], F.shape[1]))
    for o in range(F.shape[1]):
        apart = F - F[:, o : o + 1]
        found[:, o] = np.einsum("coq,coq->co", apart, apart)
    return found
