"""The neural tangent kernel: how two cases' outputs move together when the parameters do."""

from .kernel import ntk
from .plan import KernelPlan, plan_ntk

__all__ = ["KernelPlan", "ntk", "plan_ntk"]
