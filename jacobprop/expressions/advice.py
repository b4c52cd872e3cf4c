"""What to write for a name that is not known: silu(z) is z*sigmoid(z), and ln is log."""

import difflib
from collections.abc import Collection

from .screening import NO_CONDITIONS

WRITTEN_AS = {
    "absolute": "abs(z)",
    "arctan": "atan(z)",
    "elu": "max(z, 0) + exp(min(z, 0)) - 1",
    "erfc": "1 - erf(z)",
    "expit": "sigmoid(z)",
    "expm1": "exp(z) - 1",
    "fabs": "abs(z)",
    "gelu": "0.5*z*(1 + erf(z/sqrt(2)))",
    "hardtanh": "min(max(z, -1), 1)",
    "leaky_relu": "max(z, z/100)",
    "leakyrelu": "max(z, z/100)",
    "ln": "log(z)",
    "log10": "log(z)/log(10)",
    "log1p": "log(1 + z)",
    "log2": "log(z)/log(2)",
    "logistic": "sigmoid(z)",
    "maximum": "max(z, 0)",
    "minimum": "min(z, 0)",
    "mish": "z*tanh(softplus(z))",
    "pow": "z**2",
    "power": "z**2",
    "relu6": "min(relu(z), 6)",
    "silu": "z*sigmoid(z)",
    "softsign": "z/(1 + abs(z))",
    "square": "z**2",
    "swish": "z*sigmoid(z)",
}
"""Common functions without a name here, in terms of those that have one."""

_CONDITIONS = {"where", "sign", "sgn", "heaviside", "step", "piecewise"}


def remedy(name: str, known: Collection[str]) -> str:
    """The remedy for an unknown name."""
    small = name.lower()
    if small in _CONDITIONS:
        return NO_CONDITIONS
    if small in known:
        return f"Did you mean {small}?"
    if small in WRITTEN_AS:
        return f"Did you mean {WRITTEN_AS[small]}?"
    near = difflib.get_close_matches(small[:20], known, n=1, cutoff=0.7)
    return f"Did you mean {near[0]}?" if near else "The variable is z."
