"""All suites, registered here alone."""

from __future__ import annotations

from .accuracy import SUITE as ACCURACY
from .chain import SUITE as CHAIN
from .gauss_newton import SUITE as GAUSS_NEWTON
from .gradient import SUITE as GRADIENT
from .input_jacobian import SUITE as INPUT_JACOBIAN
from .lm import SUITE as LM
from .ntk import SUITE as NTK
from .parameter_products import SUITE as PARAMETER_PRODUCTS
from .saturation import SUITE as SATURATION
from .scaling import SUITE as SCALING
from .suite import Suite
from .walk import SUITE as WALK
from .weight_jacobian import SUITE as WEIGHT_JACOBIAN

SUITES: dict[str, Suite] = {
    "gradient": GRADIENT,
    "saturation": SATURATION,
    "scaling": SCALING,
    "input_jacobian": INPUT_JACOBIAN,
    "weight_jacobian": WEIGHT_JACOBIAN,
    "parameter_products": PARAMETER_PRODUCTS,
    "gauss_newton": GAUSS_NEWTON,
    "lm": LM,
    "walk": WALK,
    "ntk": NTK,
    "chain": CHAIN,
    "accuracy": ACCURACY,
}
