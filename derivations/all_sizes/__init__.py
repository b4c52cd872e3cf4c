"""All sizes: statements about one entry, whose indices run to unknown sizes n, m."""

from ..proof.derivation import Derivation
from . import affine

DERIVATIONS: tuple[Derivation, ...] = affine.DERIVATIONS
