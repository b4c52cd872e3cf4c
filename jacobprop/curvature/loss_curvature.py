"""G = sum over cases of weight J_c^T H_c J_c: the curvature of the loss as far as the network is linear.

J_c is the Jacobian of x, the sum below the loss's gate or else the output, by all parameters, and H_c the
Hessian of the case's loss by x. With S S^T = H it is the Gram matrix of S^T J, whose terms rows (x) inner
(see `jacobprop.curvature.terms`) give diagonal, blocks and Kronecker factors without J:

    G[(i, j), (k, l)] = weight sum_c (inner[c, i] inner[c, k]) sum_r rows[c, r, j] rows[c, r, l]

Index legend: c cases, r columns of S, m entries of x, p parameters; i, k below and j, l above a layer.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from itertools import accumulate

import numpy as np

from ..arrays import Array, quiet
from ..errors import MissingTargetError, OptionError, UnsupportedLayerError, shown
from ..jacobians import DENSE_LIMIT
from ..jacobians.identity import unit
from ..jacobians.limit import check_dense
from ..network import Network
from ..record import Record
from .by_parameters import ParameterJacobian
from .grams import blocks
from .kronecker import Kronecker
from .loss_operator import LossOperator
from .loss_root import LossHessian, loss_hessian
from .terms import Term, dense, terms
from .tops import run, starts, top_of

_AT_ONCE = 2**26
"""Bytes of S^T J that are expanded at a time."""


class GaussNewton(LossOperator):
    """G = sum_c weight J_c^T H_c J_c, (parameters, parameters), not formed; in the order of ``net.vector``.

    A product costs one pass up and one down. Positive semidefinite where the loss is convex in x, as the
    library's own are for targets that are no negative weights. `jacobprop.gauss_newton` and
    `jacobprop.fisher` make it.
    """

    def __init__(self, net: Network, record: Record, loss: LossHessian) -> None:
        super().__init__(net, record, loss)
        self._J = ParameterJacobian(net, record, loss.node)

    def _push(self, x: Array) -> Array:
        pushed = self._J._push(x)
        lead = () if self._record.cases is None else (self._record.cases,)
        bent = self._loss.hessian._push(pushed.reshape(*lead, -1, x.shape[1]))
        return self._J._pull(bent.reshape(pushed.shape).T * self._loss.weight).T

    @cached_property
    @quiet
    def terms(self) -> tuple[Term, ...]:
        """S^T J as a few terms rows (x) inner, from the top down."""
        root, first = self._loss.signed_root[0], starts(self._record, self._loss.node)
        return tuple(terms(self._record, {below: root.T @ J for below, J in first.items()}))

    def _signed(self, rows: Array) -> Array:
        """The rows (c, r, m), those of negative curvature turned round."""
        signs = self._loss.signed_root[1]
        return rows if signs is None else rows * signs[..., None]

    @quiet
    def diagonal(self) -> Array:
        """diag(G), (parameters,): one product a layer, of squares."""
        found = np.zeros(self.order, self.dtype)
        for term in self.terms:
            rows = term.every_row
            squares = np.einsum("crj,crj->cj", rows, self._signed(rows)) * self._loss.weight
            by_weight = np.square(term.inner).T @ squares
            for part in term.parts:
                found[self.slices[part.name]] = by_weight[part.inner].ravel()
        return found

    # -- layer by layer ---------------------------------------------------------------------------

    def _layers(self) -> dict[int, list[Term]]:
        """The terms of each layer with parameters, from the first layer up."""
        found: dict[int, list[Term]] = {}
        for term in self.terms:
            found.setdefault(self._layer(term), []).append(term)
        return dict(sorted(found.items()))

    def _layer(self, term: Term) -> int:
        return self._net.architecture.nodes[term.parts[0].name].layer

    @quiet
    def blocks(self, max_bytes: int = DENSE_LIMIT) -> dict[int, Array]:
        """{layer: the square of G that belongs to the parameters of that layer}, W row-major, then b.

        Raises
        ------
        DenseLimitError
            Together they would take more than `max_bytes`; nothing was allocated.
        """
        layers = self._layers()
        widths = [sum(term.width for term in own) for own in layers.values()]
        nbytes = sum(n * n for n in widths) * self.dtype.itemsize
        remedy = "Take kronecker() or diagonal(); or raise max_bytes."
        check_dense(nbytes, "blocks of {!r}", self, max_bytes=max_bytes, remedy=remedy)
        return {number: self._gram(own) for number, own in layers.items()}

    def _matrix(self) -> Array:
        return self._gram(self.terms)

    def _gram(self, chosen: Sequence[Term]) -> Array:
        """weight (S^T J)^T (S^T J) of the parameters of these terms, as many cases at a time as fit."""
        n, r = sum(term.width for term in chosen), self._loss.signed_root[0]._n
        total = np.zeros((n, n), self.dtype)
        step = max(1, _AT_ONCE // (self.dtype.itemsize * r * max(n, 1)))
        places = self._side_by_side(chosen)
        for chunk in blocks(self._record.cases or 1, step) if places else ():
            shape = (chunk.stop - chunk.start, r, n)
            total += self._squared(dense(chosen, places, shape, self.dtype, chunk), chunk)
        return total

    def _side_by_side(self, chosen: Sequence[Term]) -> dict[str, slice]:
        """Where the parameters of these terms lie, one after the other in the order of `slices`."""
        names = {part.name for term in chosen for part in term.parts}
        sizes = {name: part.stop - part.start for name, part in self.slices.items() if name in names}
        return {
            name: slice(stop - sizes[name], stop)
            for name, stop in zip(sizes, accumulate(sizes.values()), strict=True)
        }

    def _squared(self, rows: Array, chunk: slice) -> Array:
        """The Gram matrix of rows (c, r, n); numpy does half the work where both sides are one array."""
        flat = rows.reshape(-1, rows.shape[-1]) * np.sqrt(self._loss.weight).astype(self.dtype)
        signs = self._loss.signed_root[1]
        if signs is None:
            return np.asarray(flat.T @ flat)
        convex = np.atleast_2d(signs)[chunk].ravel() > 0
        up, down = flat[convex], flat[~convex]
        return np.asarray(up.T @ up - down.T @ down)

    @quiet
    def kronecker(self) -> dict[int, Kronecker]:
        """{layer: A (x) B}, near the layer's block of G: the mean of a product as the product of the means.

            A = mean_c inner_c inner_c^T        B = weight sum_c rows_c^T rows_c

        So G_layer ~ A (x) B itself, cases and weight included: exact for one case, or where either factor
        is the same for all cases. The parameters count i-major, W row-major and then b, so that A stands
        on the left. With all columns of S, as here, these are the factors of KFLR (KFAC draws some instead).

        Raises
        ------
        UnsupportedLayerError
            A layer of one's own whose parameters come in by several factors.
        """
        return {number: self._factors(number, own) for number, own in self._layers().items()}

    def _factors(self, number: int, own: list[Term]) -> Kronecker:
        if len(own) > 1:
            raise UnsupportedLayerError(
                "the parameters of the layer share no Kronecker product",
                where=f"kronecker: {self._net.architecture.where(number)}",
                got=" and ".join("".join(part.name for part in term.parts) for term in own),
                expected="W, with or without b, or a single slot",
                remedy="Take blocks(), or diagonal().",
            )
        (term,) = own
        rows = term.every_row
        signed = self._signed(rows).reshape(-1, rows.shape[-1])
        B = rows.reshape(-1, rows.shape[-1]).T @ signed * self._loss.weight
        return Kronecker(term.inner.T @ term.inner / len(term.inner), B)


@quiet
def gauss_newton(net: Network, X: object, T: object) -> GaussNewton:
    """G = sum_c weight J_c^T H_c J_c: the Hessian of ``record.loss`` without the curvature of the network.

    Parameters
    ----------
    net : Network
        With a loss.
    X : array (n_in,) for one case, or (cases, n_in)
    T : targets

    Returns
    -------
    GaussNewton
        G @ v, ``.diagonal()``, ``.blocks()``, ``.kronecker()``, ``.matrix()``. With the loss's mean or sum
        over the cases, without weight decay, which adds its own diagonal: for scipy's solvers
        ``G.to_linear_operator() + aslinearoperator(damping * scipy.sparse.eye_array(p))``.

    Raises
    ------
    MissingTargetError
        No loss or no targets.
    UnsupportedLayerError
        A loss of one's own without `hessian`.
    ShapeError, DTypeError
        Arrays that do not fit; expressions.

    Examples
    --------
    >>> import jacobprop as jp
    >>> net = jp.Network([jp.Dense(3, 4, "tanh"), jp.Dense(4, 2), jp.Softmax()], jp.CrossEntropy())
    >>> X, T = np.arange(15.0).reshape(5, 3) / 10, [0, 1, 1, 0, 1]
    >>> G = gauss_newton(net, X, T)
    >>> G, (G @ net.vector).shape
    (<GaussNewton: 26 by 26, float64>, (26,))
    >>> {layer: (K.A.shape, K.B.shape) for layer, K in G.kronecker().items()}
    {1: ((4, 4), (4, 4)), 2: ((5, 5), (2, 2))}
    """
    record = run(net, X, T, "gauss_newton")
    return GaussNewton(net, record, loss_hessian(record))


@quiet
def fisher(net: Network, X: object, T: object = None, *, empirical: bool = False) -> GaussNewton:
    """F = sum_c weight E[g_c g_c^T], g_c the gradient of a case's loss for a target that the model draws.

    The loss is read as -log of the density of the targets: classes after a softmax, 0 or 1 after a sigmoid,
    normal around the output for a squared error. Then F is the Gauss-Newton matrix for the targets that the
    model expects, of the softmax the one for any targets that sum to 1.

    Parameters
    ----------
    net : Network
        With a loss.
    X : array (n_in,) for one case, or (cases, n_in)
    T : targets, only for empirical=True
    empirical : bool
        Of the given targets instead: F = sum_c weight g_c g_c^T. It is no Fisher information and misses
        H wherever the fit is good, since the gradients vanish there.

    Raises
    ------
    MissingTargetError
        No loss; empirical=True without targets.
    OptionError
        Targets without empirical=True.
    UnsupportedLayerError
        A loss of one's own without `hessian` or `expected_target`.
    ShapeError, DTypeError
        Arrays that do not fit; expressions.

    Examples
    --------
    >>> import jacobprop as jp
    >>> net = jp.Network([jp.Dense(3, 4, "tanh"), jp.Dense(4, 2), jp.Softmax()], jp.CrossEntropy())
    >>> X, T = np.arange(15.0).reshape(5, 3) / 10, [0, 1, 1, 0, 1]
    >>> np.allclose(fisher(net, X).diagonal(), gauss_newton(net, X, T).diagonal())
    True
    >>> F = fisher(net, X, T, empirical=True)
    >>> gradients = jp.curvature.parameter_jacobian(net, X, T, of="loss").matrix()
    >>> np.allclose(F.matrix(), gradients.T @ gradients / 5)
    True
    """
    if not isinstance(empirical, bool | np.bool) or (T is not None and not empirical):
        raise OptionError(
            "the model draws its own targets",
            where="fisher",
            got=f"empirical={shown(empirical)}" + ("" if T is None else " with targets"),
            expected="no targets, or empirical=True",
            remedy="fisher(net, X, T, empirical=True) takes the gradients of these targets.",
        )
    record = run(net, X, T, "fisher")
    if record.architecture.loss is None:
        raise MissingTargetError(
            "the network has no loss, so that its targets have no distribution",
            where="fisher",
            expected="a loss function",
            remedy="Build jp.Network(layers, loss=...).",
        )
    if not empirical:
        return GaussNewton(net, record, loss_hessian(record, expected=True))
    node, one = top_of(record, "loss", "fisher"), unit((), record.cases, record.dtype)
    return GaussNewton(net, record, LossHessian(node, float(record.weight), one))
