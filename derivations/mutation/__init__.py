"""Deleting a term in any formula makes a derivation fail: ``python -m derivations.mutation [MODULE ...]``."""
