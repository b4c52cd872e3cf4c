"""All sizes: statements about one entry, whose indices run to unknown sizes n, m."""

from ..proof.derivation import Derivation
from . import (
    activations,
    adjoints,
    affine,
    augmented,
    class_labels,
    cross_entropy,
    head_rows,
    jacobian_products,
    losses,
    low_rank,
    minibatch,
    penalty,
    products,
    sigmoid_identities,
    softmax,
    softmax_products,
    two_layers,
    weights,
)

DERIVATIONS: tuple[Derivation, ...] = (
    *affine.DERIVATIONS,
    *weights.DERIVATIONS,
    *augmented.DERIVATIONS,
    *jacobian_products.DERIVATIONS,
    *two_layers.DERIVATIONS,
    *minibatch.DERIVATIONS,
    *penalty.DERIVATIONS,
    *products.DERIVATIONS,
    *low_rank.DERIVATIONS,
    *adjoints.DERIVATIONS,
    *activations.DERIVATIONS,
    *sigmoid_identities.DERIVATIONS,
    *softmax.DERIVATIONS,
    *softmax_products.DERIVATIONS,
    *losses.DERIVATIONS,
    *head_rows.DERIVATIONS,
    *cross_entropy.DERIVATIONS,
    *class_labels.DERIVATIONS,
)
