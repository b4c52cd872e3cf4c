"""What each formulation of the gradient should cost, from shapes and plans alone.

Multiply-adds count products of the forward sums and of the backward walk; filling a tensor,
evaluating an activation, adding up cases and weighing the sum are not counted. The formulas hold for
the networks of `workloads`: Dense layers, and on top at most a softmax that cross-entropy absorbs.

Index legend: c cases, n inputs and m outputs of a layer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

import jacobprop as jp
from jacobprop.formulations import STACK_BYTES

from .workloads import Workload

PASSES = 18
"""Forward passes a parameter in ``central_differences``: nine steps, both sides."""


class Cost(NamedTuple):
    """Predicted multiply-adds, and the numbers held in dense tensors."""

    multiply_adds: Callable[[Workload], int]
    numbers: Callable[[Workload], int] = lambda work: 0


def _dense(work: Workload) -> Iterator[tuple[int, int]]:
    """n, m of the layers with weights."""
    return ((layer.n_in, layer.n_out) for layer in work.net.layers if isinstance(layer, jp.Dense))


def _softmax(work: Workload) -> int:
    """m^2 of J^soft, 0 without a softmax layer."""
    *_, (_, m) = _dense(work)
    return m * m * any(isinstance(layer, jp.Softmax) for layer in work.net.layers)


def forward(work: Workload) -> int:
    """Y W: c n m a layer."""
    return work.cases * sum(n * m for n, m in _dense(work))


def structured(work: Workload) -> int:
    """The plan of the chain from L down to z1; each weight takes its Y^T Delta from the running row."""
    plan = work.net.forward(work.X, work.T).chain("L", "z1").plan("backward")
    return 2 * forward(work) + plan.multiply_adds


def products(work: Workload) -> int:
    """Y W, Y^T Delta, and above the first layer Delta W^T."""
    (n, m), *_ = _dense(work)
    return 3 * forward(work) - work.cases * n * m


def delta(work: Workload) -> int:
    """The products, and f' * delta where no loss absorbs it."""
    slopes = sum(m for (_, m), curved in zip(_dense(work), _curved(work), strict=True) if curved)
    return products(work) + work.cases * slopes


def _curved(work: Workload) -> list[bool]:
    """Which layers multiply by their f'."""
    found = [d.activation.name != "identity" for d in work.net.layers if isinstance(d, jp.Dense)]
    if isinstance(work.net.loss, jp.BinaryCrossEntropy):
        found[-1] = False
    return found


def tensors(work: Workload) -> int:
    """row . J_W (m by n m), row . J_b (m by m), row . J_Y (m by n), row . J^soft, case by case."""
    a_case = sum(n * m * m + m * m + m * n for n, m in _dense(work)) + _softmax(work)
    return forward(work) + work.cases * a_case


def tensor_numbers(work: Workload) -> int:
    """n m^2 of each layer's J_W, which outweighs the rest: of all cases if made at once, else of one."""
    sizes = [n * m * m for n, m in _dense(work)]
    stacked = [work.cases * size for size in sizes]
    at_once = STACK_BYTES // work.net.dtype.itemsize
    kept = sum(size for size in stacked if size <= at_once)
    alone = (size for size, whole in zip(sizes, stacked, strict=True) if whole > at_once)
    return kept + max(alone, default=0)


def simplified(work: Workload) -> int:
    """row * J^_W (n by m), row * f' (m), row . J_Y (m by n), row . J^soft."""
    return forward(work) + work.cases * (sum(2 * n * m + m for n, m in _dense(work)) + _softmax(work))


def passes(work: Workload) -> int:
    """Forward passes of the central differences: one for the shape of each parameter, and its entries'."""
    return len(work.net.parameters) + PASSES * work.net.size


def differences(work: Workload) -> int:
    """Passes x forward."""
    return passes(work) * forward(work)


COSTS: dict[str, Cost] = {
    "tensor": Cost(tensors, tensor_numbers),
    "numpy_dot": Cost(tensors, tensor_numbers),
    "simplified": Cost(simplified),
    "structured": Cost(structured),
    "delta": Cost(delta),
    "delta_scalar": Cost(simplified),  # the same products, one number at a time
    "finite_difference": Cost(differences),
}
"""Every formulation by name."""
