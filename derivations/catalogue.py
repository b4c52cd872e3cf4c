"""All derivations, in the order of the table."""

from . import example_mse, gradients_321, jacobians_321, product_rule, twist
from .derivation import Derivation

DERIVATIONS: tuple[Derivation, ...] = (
    *gradients_321.DERIVATIONS,
    *jacobians_321.DERIVATIONS,
    *twist.DERIVATIONS,
    *example_mse.DERIVATIONS,
    *product_rule.DERIVATIONS,
)
