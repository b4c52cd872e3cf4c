"""What is wrong with a gradient: every mistake of a catalogue, made on purpose and compared."""

from .answer import Diagnosis
from .diagnose import diagnose

__all__ = ["Diagnosis", "diagnose"]
