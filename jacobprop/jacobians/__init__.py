"""What a Jacobian is: structured, immutable linear maps and the table of their products."""

from . import sums as _sums  # noqa: F401  (fills the table of sums)
from .base import RULES, Jacobian
from .block_diagonal import BlockDiagonalJacobian
from .dense import DenseJacobian
from .diagonal import DiagonalJacobian
from .identity import IdentityJacobian
from .limit import DENSE_LIMIT
from .low_rank import DiagonalPlusLowRankJacobian
from .rules import KINDS, price
from .scaled import ScaledJacobian
from .structure import Structure
from .tensor import JacobianTensor
from .unitwise import UnitwiseWeightJacobian
from .weight import WeightJacobian
from .wrapped import StackedJacobian, TransposedJacobian

__all__ = [
    "DENSE_LIMIT",
    "KINDS",
    "RULES",
    "BlockDiagonalJacobian",
    "DenseJacobian",
    "DiagonalJacobian",
    "DiagonalPlusLowRankJacobian",
    "IdentityJacobian",
    "Jacobian",
    "JacobianTensor",
    "ScaledJacobian",
    "StackedJacobian",
    "Structure",
    "TransposedJacobian",
    "UnitwiseWeightJacobian",
    "WeightJacobian",
    "price",
]
