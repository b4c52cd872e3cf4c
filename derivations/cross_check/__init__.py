"""The library against the proved formulas: ``python -m derivations.cross_check``.

The library is asked for each formula twice: in float64, and on arrays of exact rational numbers, where its
own code builds the expression. This is the one place among the derivations that knows the library; nothing
here is a proof.
"""
