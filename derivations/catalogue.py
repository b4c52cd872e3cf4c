"""All derivations, in the order of the table."""

from .proof.derivation import Derivation
from .slides import example_mse, gradients_321, jacobians_321, product_rule, twist

DERIVATIONS: tuple[Derivation, ...] = (
    *gradients_321.DERIVATIONS,
    *jacobians_321.DERIVATIONS,
    *twist.DERIVATIONS,
    *example_mse.DERIVATIONS,
    *product_rule.DERIVATIONS,
)
