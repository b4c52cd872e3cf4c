"""What a derivation is, what its formulas mean, and how each equals sign is verified."""

from .checker import Verdict, check
from .derivation import Derivation, Explicit, Printed, Step, Truth, Wrong, chain
from .expressions import sigmoid
from .formula import D, Dot, Entries, Letter, Plus, Times, Transpose, entry, grid
from .functions import smooth
from .indices import delta, index, sizes, total
from .letters import partial
from .wrong import negated, swapped, without

__all__ = [
    "D",
    "Derivation",
    "Dot",
    "Entries",
    "Explicit",
    "Letter",
    "Plus",
    "Printed",
    "Step",
    "Times",
    "Transpose",
    "Truth",
    "Verdict",
    "Wrong",
    "chain",
    "check",
    "delta",
    "entry",
    "grid",
    "index",
    "negated",
    "partial",
    "sigmoid",
    "sizes",
    "smooth",
    "swapped",
    "total",
    "without",
]
