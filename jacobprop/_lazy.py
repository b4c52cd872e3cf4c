"""The only deferred imports: heavy or optional packages, loaded when an attribute is first used.

``from ._lazy import sympy`` costs nothing; ``sympy.Symbol`` loads sympy.
"""

import importlib
from typing import TYPE_CHECKING, Any

from .errors import MissingExtraError


class _LazyModule:
    """A module that is imported at its first attribute; a missing extra is named with its remedy."""

    def __init__(self, name: str, extra: str = "") -> None:
        self._name, self._extra = name, extra

    def __getattr__(self, attribute: str) -> Any:
        if attribute.startswith("__"):  # copy, pickle and doctest probe for dunders: do not load for them
            raise AttributeError(attribute)
        try:
            module = importlib.import_module(self._name)
        except ModuleNotFoundError as error:
            package = self._name.partition(".")[0]
            raise MissingExtraError(
                f"{package} is not installed",
                where=f"jacobprop, using {self._name}",
                remedy=f'Install it with: pip install "jacobprop[{self._extra}]"'
                if self._extra
                else f"Install it with: pip install {package}",
            ) from error
        return getattr(module, attribute)


if TYPE_CHECKING:
    import matplotlib
    import matplotlib.figure as matplotlib_figure
    import mpmath  # type: ignore[import-untyped]  # it has no hints
    import scipy.linalg as scipy_linalg
    import scipy.optimize as scipy_optimize
    import scipy.sparse as scipy_sparse
    import scipy.sparse.linalg as scipy_sparse_linalg
    import scipy.special as scipy_special
    import sympy
else:
    sympy = _LazyModule("sympy")
    mpmath = _LazyModule("mpmath")  # which sympy is built on
    scipy_linalg = _LazyModule("scipy.linalg")
    scipy_optimize = _LazyModule("scipy.optimize")
    scipy_sparse = _LazyModule("scipy.sparse")
    scipy_sparse_linalg = _LazyModule("scipy.sparse.linalg")
    scipy_special = _LazyModule("scipy.special")
    matplotlib = _LazyModule("matplotlib", extra="cli")
    matplotlib_figure = _LazyModule("matplotlib.figure", extra="cli")

__all__ = [
    "matplotlib",
    "matplotlib_figure",
    "mpmath",
    "scipy_linalg",
    "scipy_optimize",
    "scipy_sparse",
    "scipy_sparse_linalg",
    "scipy_special",
    "sympy",
]
