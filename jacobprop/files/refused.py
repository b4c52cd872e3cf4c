"""What no file holds: anything that only its code says."""

from __future__ import annotations

from ..errors import UnsupportedLayerError


def made_of_code(what: str, where: str, expected: str, got: str = "") -> UnsupportedLayerError:
    """The error for a layer, a loss or an activation that is no name and no expression."""
    return UnsupportedLayerError(
        f"{what} is code, and files hold none",
        where=f"save: {where}",
        got=got,
        expected=expected,
        remedy="Save its numbers with numpy.savez(path, **net.parameters), and build it again in Python.",
    )
