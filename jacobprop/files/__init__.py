"""Networks in files: one archive that numpy.load reads too, written at once, and read with suspicion.

``jp.save`` and ``jp.load`` are `save` and `load`. What else is here is imported from here:
``from jacobprop.files import load_cases, read_arrays``.
"""

from .loading import Cases, load, load_cases, read_arrays
from .saving import save

__all__ = ["Cases", "load", "load_cases", "read_arrays", "save"]
