"""jacobprop: every gradient with its factors, its proof, its price and its picture."""

from . import activations, classic, constructions, dialects, errors, testing, training
from .activations import Activation
from .chain import Chain
from .checking import check, check_vjp, diagnose
from .curvature import (
    LeastSquaresProblem,
    fisher,
    gauss_newton,
    hessian,
    laplace,
    levenberg_marquardt,
    ntk,
    parameter_jacobian,
    plan_ntk,
    sensitivity,
)
from .data import load_wine
from .delta import DeltaRule
from .files import load, save
from .formulations import gradients
from .interop import from_sklearn, from_torch
from .jacobians import (
    BlockDiagonalJacobian,
    DenseJacobian,
    DiagonalJacobian,
    DiagonalPlusLowRankJacobian,
    IdentityJacobian,
    Jacobian,
    JacobianTensor,
    ScaledJacobian,
    UnitwiseWeightJacobian,
    WeightJacobian,
)
from .layers import RBF, BatchNorm, Dense, Dropout, Elementwise, Layer, LogSoftmax, Residual, Softmax
from .losses import (
    BinaryCrossEntropy,
    CrossEntropy,
    Loss,
    MeanSquaredError,
    NegativeLogLikelihood,
    SquaredError,
)
from .network import Network
from .planning import plan
from .record import Record
from .report.monitor_panels import monitor_picture
from .report.sensitivity_panels import sensitivity_picture
from .symbolic import derive
from .training import fit

__version__ = "0.1.0"

__all__ = [
    "RBF",
    "Activation",
    "BatchNorm",
    "BinaryCrossEntropy",
    "BlockDiagonalJacobian",
    "Chain",
    "CrossEntropy",
    "DeltaRule",
    "Dense",
    "DenseJacobian",
    "DiagonalJacobian",
    "DiagonalPlusLowRankJacobian",
    "Dropout",
    "Elementwise",
    "IdentityJacobian",
    "Jacobian",
    "JacobianTensor",
    "Layer",
    "LeastSquaresProblem",
    "LogSoftmax",
    "Loss",
    "MeanSquaredError",
    "NegativeLogLikelihood",
    "Network",
    "Record",
    "Residual",
    "ScaledJacobian",
    "Softmax",
    "SquaredError",
    "UnitwiseWeightJacobian",
    "WeightJacobian",
    "activations",
    "check",
    "check_vjp",
    "classic",
    "constructions",
    "derive",
    "diagnose",
    "dialects",
    "errors",
    "fisher",
    "fit",
    "from_sklearn",
    "from_torch",
    "gauss_newton",
    "gradients",
    "hessian",
    "laplace",
    "levenberg_marquardt",
    "load",
    "load_wine",
    "monitor_picture",
    "ntk",
    "parameter_jacobian",
    "plan",
    "plan_ntk",
    "save",
    "sensitivity",
    "sensitivity_picture",
    "testing",
    "training",
]
