"""The other four notes: their displayed equations; one gradient in five dialects."""

from ..proof.derivation import Derivation
from . import (
    bao_all_sizes,
    bao_example,
    bao_one_neuron,
    bao_recursion,
    bao_upstream,
    bao_weights,
    cases,
    dehaqani,
    dehaqani_training,
    dialects,
    mukund,
    ng,
)

DERIVATIONS: tuple[Derivation, ...] = (
    *bao_one_neuron.DERIVATIONS,
    *bao_weights.DERIVATIONS,
    *bao_upstream.DERIVATIONS,
    *bao_recursion.DERIVATIONS,
    *bao_all_sizes.DERIVATIONS,
    *bao_example.DERIVATIONS,
    *dehaqani.DERIVATIONS,
    *dehaqani_training.DERIVATIONS,
    *mukund.DERIVATIONS,
    *ng.DERIVATIONS,
    *dialects.DERIVATIONS,
    *cases.DERIVATIONS,
)
