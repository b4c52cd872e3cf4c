"""All suites, registered here alone."""

from __future__ import annotations

from .accuracy import SUITE as ACCURACY
from .chain import SUITE as CHAIN
from .gradient import SUITE as GRADIENT
from .input_jacobian import SUITE as INPUT_JACOBIAN
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
    "walk": WALK,
    "chain": CHAIN,
    "accuracy": ACCURACY,
}
