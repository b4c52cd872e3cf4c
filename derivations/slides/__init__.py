"""The slides of seed 000: every displayed matrix, entry by entry, at its size."""

from ..proof.derivation import Derivation
from . import example_mse, gradients_321, jacobians_321, product_rule, twist

DERIVATIONS: tuple[Derivation, ...] = (
    *gradients_321.DERIVATIONS,
    *jacobians_321.DERIVATIONS,
    *twist.DERIVATIONS,
    *example_mse.DERIVATIONS,
    *product_rule.DERIVATIONS,
)
