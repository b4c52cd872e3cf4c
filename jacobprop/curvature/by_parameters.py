"""J = d(top)/d(all parameters), for all cases at once, as products and norms without its entries.

    J[(c, o), p] = d top[c, o] / d vector[p]        vector as in ``net.vector``

Index legend: c cases, o rows of the top, p parameters, k columns or rows of a block.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

import numpy as np

from ..architecture import LOSS, Node
from ..arrays import Array, as_array, quiet, real_number
from ..errors import OptionError, ShapeError, shown
from ..jacobians import DENSE_LIMIT, Jacobian
from ..jacobians.blocks import norms
from ..jacobians.limit import check_dense
from ..layout import Shape, size
from ..network import Network
from ..record import Record
from ..walks import pull_to_parameters, push_up
from .grams import gram
from .operator import Operator
from .terms import Term, dense, terms
from .tops import run, starts, top_of


class ParameterJacobian(Operator):
    """d(top)/d(parameters) of all cases: a matrix (cases * outputs, parameters) that is not formed.

    Products with it cost one pass of the network up or down; norms and inner products of its rows need the
    Jacobians by the sums only. Of the loss its rows are the gradients of the single cases.

    Attributes
    ----------
    out_shape : tuple of int
        (cases, outputs); of the loss (cases,); without the cases for a single one.
    slices : mapping
        Where each parameter lies among the columns, as in ``net.slices``.
    """

    def __init__(self, net: Network, record: Record, node: Node) -> None:
        self._net, self._record, self._node = net, record, node
        self._first = starts(record, node)
        (start,) = self._first.values()
        lead = () if record.cases is None else (record.cases,)
        self.out_shape: Shape = lead + start.out_shape

    @property
    def slices(self) -> Mapping[str, slice]:
        """Where each parameter lies among the columns."""
        return self._net.slices

    @property
    def shape(self) -> Shape:
        return (size(self.out_shape), self._net.size)

    @property
    def dtype(self) -> np.dtype[Any]:
        return self._record.dtype

    @cached_property
    @quiet
    def terms(self) -> tuple[Term, ...]:
        """J as a few terms rows (x) inner, see `jacobprop.curvature.terms`."""
        return tuple(terms(self._record, self._first))

    # -- products -------------------------------------------------------------------------------

    @quiet
    def push(self, tangent: object) -> Array:
        """J v: how the top moves with the parameters, of `out_shape`.

        Parameters
        ----------
        tangent : array (parameters,), or mapping {name: array shaped like the parameter}
            A parameter that is left out stays.
        """
        v = self._gathered(tangent) if isinstance(tangent, Mapping) else tangent
        return np.asarray(self @ np.ravel(as_array(v, "the tangent", "push"))).reshape(self.out_shape)

    @quiet
    def pull(self, covector: object) -> Array:
        """J^T u: sum over cases and outputs of u times the gradient of that output, (parameters,).

        Parameters
        ----------
        covector : array of `out_shape`
        """
        u = as_array(covector, "the covector", "pull")
        if u.shape != self.out_shape:
            raise ShapeError(
                "the covector does not fit",
                where=f"pull of {self!r}",
                got=f"shape {u.shape}",
                expected=f"{self.out_shape}",
                remedy="One number for each case and output.",
            )
        return u.ravel() @ self

    def split(self, vector: object) -> dict[str, Array]:
        """A vector of the parameters' length as {name: array shaped like the parameter}."""
        v = as_array(vector, "the vector", "split")
        if v.shape != (self._net.size,):
            raise ShapeError(
                "the vector holds a number for each parameter",
                where=f"split of {self!r}",
                got=f"shape {v.shape}",
                expected=f"({self._net.size},)",
                remedy="The order is that of net.vector.",
            )
        return {name: v[part].reshape(self._net.parameters[name].shape) for name, part in self.slices.items()}

    def _gathered(self, tangents: Mapping[str, object]) -> Array:
        """One vector from the tangents of some parameters."""
        given = self._net._given(tangents)
        vector = np.zeros(self._net.size, np.result_type(self.dtype, *given.values()))
        for name, array in given.items():
            vector[self.slices[name]] = array.ravel()
        return vector

    def _push(self, x: Array) -> Array:
        nodes = self._net.architecture.parameter_names
        moves = {node: x[self.slices[name]] for node, name in nodes}
        (below, first), *_ = self._first.items()
        pushed = push_up(self._net.architecture, self._record._edge, moves, below) if moves else None
        if pushed is None:
            return np.zeros((self.shape[0], x.shape[1]), x.dtype)
        top = first._push(pushed)
        return np.array(np.broadcast_to(top, (*first.shape[:-1], x.shape[1]))).reshape(-1, x.shape[1])

    def _pull(self, u: Array) -> Array:
        (below, first), *_ = self._first.items()
        k, cases = len(u), self._record.cases
        rows = u if cases is None else np.swapaxes(u.reshape(k, cases, -1), 0, 1)
        found = pull_to_parameters(self._net.architecture, self._record._edge, below, first._pull(rows))
        pulled = np.zeros((k, self._net.size), u.dtype)
        for name, block in found.items():
            pulled[:, self.slices[name]] = block.reshape(k, -1)
        return pulled

    # -- entries --------------------------------------------------------------------------------

    def __getitem__(self, name: str) -> Jacobian:
        """The Jacobian of the top by one parameter, structured: ``J["W1"]``. `rows` is for the matrix."""
        if not isinstance(name, str):
            raise OptionError(
                "an operator has no entries to index",
                where=f"J[...] of {self!r}",
                got=shown(name),
                expected="the name of a parameter",
                remedy="J.rows([0]) and J.columns([0]) compute some of the matrix.",
            )
        return self._record.jacobian("L" if self._node == LOSS else self._node.name, name)

    def _matrix(self) -> Array:
        cases = self._record.cases or 1
        shape = (cases, self.shape[0] // cases, self._net.size)
        return dense(self.terms, self.slices, shape, self.dtype).reshape(self.shape)

    @quiet
    def rows(self, indices: object) -> Array:
        """Some rows of the matrix: the gradients of these outputs, (number of indices, parameters)."""
        chosen = self._chosen(indices, 0, "rows")
        unit = np.zeros((len(chosen), self.shape[0]), self.dtype)
        unit[np.arange(len(chosen)), chosen] = 1
        return np.asarray(unit @ self)

    @quiet
    def columns(self, indices: object) -> Array:
        """Some columns of the matrix: what these parameters move, (cases * outputs, number of indices)."""
        chosen = self._chosen(indices, 1, "columns")
        unit = np.zeros((self.shape[1], len(chosen)), self.dtype)
        unit[chosen, np.arange(len(chosen))] = 1
        return np.asarray(self @ unit)

    def _chosen(self, indices: object, axis: int, call: str) -> Array:
        """Indices of one axis, checked; slices and counting from the end work as in numpy."""
        length = self.shape[axis]
        try:
            chosen = np.atleast_1d(np.arange(length)[indices])  # type: ignore[call-overload]  # as numpy has it
        except Exception:  # of numpy, or of whatever the object's own __array__ or __index__ raises
            chosen = np.empty((0, 0))
        if chosen.ndim != 1:
            raise OptionError(
                "no such entries",
                where=f"{call} of {self!r}",
                got=shown(indices),
                expected=f"an index, a slice, or a list of indices below {length}",
                remedy="J.slices says which columns a parameter has.",
            )
        nbytes = self.dtype.itemsize * len(chosen) * max(self.shape)
        check_dense(nbytes, "{} of {!r}", call, self, remedy="Take fewer at a time.")
        return chosen

    # -- norms and inner products -------------------------------------------------------------------

    @quiet
    def row_norms(self) -> Array:
        """The norm of each row, of `out_shape`: of the loss, of each case's gradient."""
        cases = self._record.cases or 1
        parts = [norms(t.rows) * norms(t.inner)[:, None] for t in self.terms]
        none = np.zeros((1, cases, self.shape[0] // cases), self.dtype)
        return norms(np.stack([*none, *parts]), axis=0).reshape(self.out_shape)

    @quiet
    def column_norms(self) -> Array:
        """The norm of each column, (parameters,): how much the top moves with a parameter."""
        found = np.zeros(self._net.size, self.dtype)
        for name in self.slices:
            found[self.slices[name]] = self[name].stacked().column_norms().ravel()
        return found

    @quiet
    def gram_diagonal(self) -> Array:
        """diag(J^T J), (parameters,)."""
        return np.asarray(np.square(self.column_norms()))

    @quiet
    def gram(self, max_bytes: int = DENSE_LIMIT) -> Array:
        """J J^T, the inner products of all rows, (cases * outputs, cases * outputs).

        Raises
        ------
        DenseLimitError
            It would take more than `max_bytes`; `jacobprop.ntk` fills a file instead.
        """
        n = self.shape[0]
        nbytes = n * n * self.dtype.itemsize
        remedy = "jp.ntk(net, X, out=path) writes it to a file in blocks."
        check_dense(nbytes, "gram of {!r}", self, max_bytes=max_bytes, remedy=remedy)
        cases = self._record.cases or 1
        lead = (cases, n // cases)
        return gram(lead + lead, self.terms, self.terms, self.dtype).reshape(n, n)

    @quiet
    def clipped_sum(self, limit: float) -> Array:
        """sum of the rows g, each shortened to a norm of at most `limit`: min(1, limit/|g|) g, (parameters,).

        Of the loss: the sum of clipped per-case gradients, in one backward pass after the norms.

        Raises
        ------
        OptionError
            The limit is no positive number.
        """
        most = real_number(limit)
        if not most > 0:
            raise OptionError(
                "the limit of a norm is a positive number",
                where=f"clipped_sum of {self!r}",
                got=shown(limit),
                expected="a number above 0",
                remedy="row_norms() shows how long the rows are.",
            )
        lengths = self.row_norms()
        return self.pull(np.where(lengths > most, most / np.where(lengths > 0, lengths, 1), 1))


@quiet
def parameter_jacobian(net: Network, X: object, T: object = None, *, of: str = "output") -> ParameterJacobian:
    """d(output)/d(all parameters) for every case, as one operator; of="loss": a row is a case's gradient.

    Parameters
    ----------
    net : Network
    X : array (n_in,) for one case, or (cases, n_in)
    T : targets, only for of="loss"
    of : "output", "logits" or "loss"
        "logits" is the sum below a softmax or a sigmoid on top.

    Returns
    -------
    ParameterJacobian
        Shape (cases * outputs, parameters), the columns in the order of ``net.vector``.

    Raises
    ------
    UnsupportedLayerError
        of="logits" without a gate on top.
    MissingTargetError
        of="loss" without a loss or targets.
    OptionError, ShapeError, DTypeError
        Another `of`; arrays that do not fit; expressions.

    Examples
    --------
    >>> import jacobprop as jp
    >>> net = jp.Network([jp.Dense(3, 4, "tanh"), jp.Dense(4, 2), jp.Softmax()], jp.CrossEntropy())
    >>> X, T = np.arange(15.0).reshape(5, 3) / 10, [0, 1, 1, 0, 1]
    >>> J = parameter_jacobian(net, X)
    >>> J.shape, J.push(net.vector).shape, J.pull(np.ones((5, 2))).shape
    ((10, 26), (5, 2), (26,))
    >>> gradients = parameter_jacobian(net, X, T, of="loss")  # a row for each case
    >>> gradients.row_norms().shape, gradients.clipped_sum(1.0).shape
    ((5,), (26,))
    """
    record = run(net, X, T, "parameter_jacobian")
    return ParameterJacobian(net, record, top_of(record, of, "parameter_jacobian"))
