"""The other four notes: their displayed equations; one gradient in five dialects."""

from ..proof.derivation import Derivation

DERIVATIONS: tuple[Derivation, ...] = ()
