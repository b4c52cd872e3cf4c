"""Errata: what the notes print, what is right, and a counterexample."""

from ..proof.derivation import Derivation

DERIVATIONS: tuple[Derivation, ...] = ()
LEFT_OUT: dict[str, str] = {}
