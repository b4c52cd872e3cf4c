"""Networks in files: one archive that numpy.load reads too, written at once, and read with suspicion."""

from .loading import Cases, load, load_cases, read_arrays
from .saving import save

__all__ = ["Cases", "load", "load_cases", "read_arrays", "save"]
