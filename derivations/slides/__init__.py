"""Seed 000: the displayed matrices of the slides, entry by entry, at their sizes."""
