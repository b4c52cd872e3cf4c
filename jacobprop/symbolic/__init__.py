"""The Jacobians of a layer or a network as formulas in the slide's letters, each proved by sympy.

Every activation is a letter of its own, so that no exponential is ever nested: the production code runs
on arrays of such letters, layer by layer, and the chain multiplies the results. What a letter stands
for is kept beside it; `verify` puts it back in and compares with sympy's own derivative.
"""

from .derivation import derive
from .derived_layer import DerivedLayer
from .derived_network import DerivedNetwork

__all__ = ["DerivedLayer", "DerivedNetwork", "derive"]
