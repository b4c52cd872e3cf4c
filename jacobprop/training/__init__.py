"""Training: enough to see the gradients at work."""

from .descent import Fit, History, fit

__all__ = ["Fit", "History", "fit"]
