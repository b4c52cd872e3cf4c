"""Is it right, and if not, what is wrong: checks against independent witnesses, and named mistakes."""

from .checker import check
from .diagnosis import Diagnosis, diagnose
from .functions import check_vjp
from .report import Report, Row

__all__ = ["Diagnosis", "Report", "Row", "check", "check_vjp", "diagnose"]
