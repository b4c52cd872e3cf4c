"""One truth, five dialects: the seeds' notations as facts, and arrays carried from one to another.

print(dialects.table())                                  # the notation map
print(dialects.get("ng"))                                # one notation on a sheet
dialects.convert(parameters, source="ng", target="bao")  # arrays: weights and biases
net.in_dialect("ng").parameters                          # a network's own
"""

from .conversion import convert, convert_deltas, convert_gradients
from .dialect import Dialect
from .notation_map import NAMES, get, table
from .view import NetworkInDialect

__all__ = [
    "NAMES",
    "Dialect",
    "NetworkInDialect",
    "convert",
    "convert_deltas",
    "convert_gradients",
    "get",
    "table",
]
