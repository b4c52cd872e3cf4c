"""Every formula proved: derivations that run, with sympy alone.

``python -m derivations`` verifies them all, ``python -m derivations dZ_dV`` prints one as a slide would.
"""
