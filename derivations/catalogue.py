"""All derivations, in the order of the table: one chapter a room."""

from . import all_depths, all_sizes, errata, notes, slides
from .proof.derivation import Derivation

CHAPTERS: dict[str, tuple[Derivation, ...]] = {
    str(room.__doc__): room.DERIVATIONS for room in (slides, all_sizes, all_depths, notes, errata)
}
DERIVATIONS: tuple[Derivation, ...] = tuple(d for chapter in CHAPTERS.values() for d in chapter)
