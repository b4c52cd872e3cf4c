"""The loss as a sum of squares, to second order: L(x + dx) = L + rho . S^T dx + 1/2 |S^T dx|^2 + ...

S S^T is the Hessian of the loss by x, the sum below its gate or else the output, and S rho its gradient:
to second order the loss is 1/2 |rho + S^T dx|^2 and a constant. For the squared error S = I, and rho is the
error itself; Gauss-Newton and Levenberg-Marquardt for any loss are the ones for rho + S^T J v. The
derivations CE_root and CE_residual prove it after a softmax.

Index legend: c cases, m entries of x, r columns of S.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from ..architecture import SUM, Node
from ..arrays import Array, quiet
from ..jacobians import DiagonalJacobian, DiagonalPlusLowRankJacobian, IdentityJacobian, Jacobian
from ..jacobians.blocks import transposed
from ..losses import Loss, as_jacobian, eigen
from ..record import Record


class LossRoot(NamedTuple):
    """Where a loss is expanded, and its second order.

    Attributes
    ----------
    node : Node
        x: z_N where the loss fuses with the last layer, else a_N.
    row : array (m,) or (c, m)
        dL/dx of each case.
    root : Jacobian (m, r)
        S of each case.
    weight : float
        What each case counts in ``record.loss``.
    """

    node: Node
    row: Array
    root: Jacobian
    weight: float


@dataclass(frozen=True, eq=False)
class LossHessian:
    """The second derivatives of each case's loss.

    Attributes
    ----------
    node : Node
        x, as in `LossRoot`.
    weight : float
        What each case counts in ``record.loss``.
    hessian : Jacobian (m, m)
        H.
    given : tuple of Loss, x and t, or None
        What it comes from; None where H = 1 is its own root.
    """

    node: Node
    weight: float
    hessian: Jacobian
    given: tuple[Loss, Array, Array] | None = None

    @cached_property
    @quiet
    def signed_root(self) -> tuple[Jacobian, Array | None]:
        """S (m, r), and signs (c, r) of 1 and -1 with S diag(signs) S^T = H; None where S S^T = H."""
        if self.given is None:
            return self.hessian, None
        loss, x, t = self.given
        S = as_jacobian(loss.hessian_root(x, t), x, "hessian_root")
        if _is_root(S, self.hessian):
            return S, None
        values, vectors = eigen(self.hessian.matrix())
        return as_jacobian(vectors * np.sqrt(np.abs(values))[..., None, :], x, "hessian"), np.sign(values)


@quiet
def loss_root(record: Record) -> LossRoot:
    """The loss of a record around its x.

    Raises
    ------
    MissingTargetError
        No loss or no targets.
    UnsupportedLayerError
        A loss of one's own without `hessian`.
    ShapeError, DTypeError
        A loss of one's own that returns no matrix for each case.
    """
    weight = float(record.weight)
    loss, node, x = expanded(record)
    assert record.target is not None, "a record with a weight has a target"
    root = as_jacobian(loss.hessian_root(x, record.target), x, "hessian_root")
    row = record.jacobian("L", node.name).matrix()[..., 0, :]
    return LossRoot(node, row, root, weight)


def expanded(record: Record) -> tuple[Loss, Node, Array]:
    """The loss of a record that has one, its x, and the values of x."""
    architecture = record.architecture
    assert architecture.loss is not None, "whoever asks has seen to it"
    node = Node(SUM if architecture.fused else "a", architecture.depth)
    return architecture.loss, node, record._values(node)


@quiet
def loss_hessian(record: Record, *, expected: bool = False) -> LossHessian:
    """H of each case, for the targets of the record, or, expected=True, for those that the model expects.

    Raises what `loss_root` raises.
    """
    weight = 0.0 if expected else float(record.weight)  # refuses a record without a loss or a target
    loss, node, x = expanded(record)
    t = loss.expected_target(x) if expected else record.target
    assert t is not None, "a record with a weight has a target"
    H = as_jacobian(loss.hessian(x, t), x, "hessian", x.shape[-1])
    return LossHessian(node, loss.weight(record.cases) if expected else weight, H, (loss, x, t))


def _is_root(S: Jacobian, H: Jacobian) -> bool:
    """Whether S S^T = H along an arbitrary direction: a root leaves out what is negative."""
    probe = np.cos(np.arange(1.0, H.shape[-1] + 1)).astype(H.dtype)[:, None]
    ours, given = S._push(S.T._push(probe)), H._push(probe)
    wrong = np.abs(ours - given) > np.sqrt(np.finfo(H.dtype).eps) * np.abs(given).max(axis=-2, keepdims=True)
    return not wrong.any()


@quiet
def residual(root: Jacobian, row: Array) -> Array:
    """rho with S rho = dL/dx, (c, r): the error, as a least-squares problem has it.

    For diag(d) + u v^T it is row / d where v . (row / d) = 0, as for softmax, whose rows sum to 0. Infinite
    where S vanishes and the row does not: a saturated output that is wrong.
    """
    if isinstance(root, IdentityJacobian):
        return row
    if isinstance(root, DiagonalJacobian | DiagonalPlusLowRankJacobian):
        rho = np.where(row == 0, 0, row / root.d)
        if isinstance(root, DiagonalJacobian) or not _left_over(root, rho):
            return rho
    S = root.matrix()
    known = np.asarray(np.isfinite(S).all(axis=(-1, -2)))
    wide = np.where(known[..., None, None], S, 0).astype(np.result_type(S, np.float32), copy=False)
    found = (np.linalg.pinv(wide) @ row[..., None])[..., 0]
    return np.where(known[..., None], found, np.nan).astype(row.dtype, copy=False)


def _left_over(root: DiagonalPlusLowRankJacobian, rho: Array) -> bool:
    """Whether U V^T rho counts beside diag(d) rho anywhere."""
    beside = np.abs(root.U @ (transposed(root.V) @ rho[..., None]))[..., 0]
    scale = np.abs(root.d * rho).max(axis=-1, keepdims=True)
    return bool((beside > np.sqrt(np.finfo(rho.dtype).eps) * scale).any())
