"""What explicit Jacobians are for: per-case gradients, tangent kernels, curvature, and steps that use it."""

from .by_parameters import ParameterJacobian, parameter_jacobian
from .exact_hessian import Hessian, hessian
from .input_sensitivity import Sensitivity, sensitivity
from .kronecker import Kronecker
from .laplace_approximation import laplace
from .laplace_posterior import LaplacePosterior
from .least_squares import LeastSquaresProblem
from .loss_curvature import GaussNewton, fisher, gauss_newton
from .marquardt import LevenbergMarquardtFit, LevenbergMarquardtHistory, levenberg_marquardt
from .tangent_kernel import KernelPlan, ntk, plan_ntk

__all__ = [
    "GaussNewton",
    "Hessian",
    "KernelPlan",
    "Kronecker",
    "LaplacePosterior",
    "LeastSquaresProblem",
    "LevenbergMarquardtFit",
    "LevenbergMarquardtHistory",
    "ParameterJacobian",
    "Sensitivity",
    "fisher",
    "gauss_newton",
    "hessian",
    "laplace",
    "levenberg_marquardt",
    "ntk",
    "parameter_jacobian",
    "plan_ntk",
    "sensitivity",
]
