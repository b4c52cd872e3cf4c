"""In which order to multiply a chain: a plan is pure data, made from structures alone.

The atoms of a chain are numbered from the left, the side of the loss. "backward" multiplies from the
left (reverse accumulation), "forward" from the right, "optimal" is the cheapest bracketing found by
dynamic programming over (cost, structure) of every sub-chain, and "auto" is optimal for up to
`AUTO_ATOMS` atoms and backward beyond.

With a row on top and every width at least 2, backward is optimal: planning does not speed up the
gradient of a scalar loss. It pays for matrix-valued tops and bottlenecks, and where a row passes through
a single unit: 1-11-1-1 takes 22 multiply-adds backward and 12 forward.
"""

from .bracketing import Plan, PlanStep, abridged
from .orders import AUTO_ATOMS, ORDERS, Order, check_limit, check_order, plan, plan_chain

__all__ = [
    "AUTO_ATOMS",
    "ORDERS",
    "Order",
    "Plan",
    "PlanStep",
    "abridged",
    "check_limit",
    "check_order",
    "plan",
    "plan_chain",
]
