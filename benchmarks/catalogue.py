"""All suites, registered here alone."""

from __future__ import annotations

from .gradient import SUITE as GRADIENT
from .suite import Suite

SUITES: dict[str, Suite] = {
    "gradient": GRADIENT,
}
