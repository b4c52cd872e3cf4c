"""A text such as "z*exp(-z**2)" as a function: read without being run, differentiated, proved, evaluated."""

from .proofs import Written, usable
from .reading import read

__all__ = ["Written", "read", "usable"]
