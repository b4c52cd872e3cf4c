"""All depths: by induction over the layers, base and step both verified."""

from ..proof.derivation import Derivation
from . import (
    adjoint,
    chain_is_delta_rule,
    delta_rule,
    forward,
    path_sum,
    row_gradients,
    running_product,
    softmax_on_top,
    weight_jacobians,
)

THEOREMS = (
    delta_rule,
    running_product,
    chain_is_delta_rule,
    softmax_on_top,
    forward,
    path_sum,
    weight_jacobians,
    row_gradients,
    adjoint,
)

DERIVATIONS: tuple[Derivation, ...] = tuple(d for theorem in THEOREMS for d in theorem.DERIVATIONS)
