"""Data that ships with the library."""

from .wine import Wine, load_wine

__all__ = ["Wine", "load_wine"]
