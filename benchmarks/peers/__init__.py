"""Other libraries, asked for the same answers: the same arrays, dtype and number of threads (one).

Each gets its best form, and every form of it a row of its own: prepared, compiled and run once before
it is timed, synchronised, and with its result as a view of its own memory.
"""

from .catalogue import installed
from .peer import Peer, Question

__all__ = ["Peer", "Question", "installed"]
