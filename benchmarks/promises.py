"""What the library promises of its speed and memory, as targets. What they count on:

==================  ==========================================================================
suite               rows
==================  ==========================================================================
gradient            yardstick "delta", "structured", a floor and peers on `gradient_targets`
input_jacobian      the yardstick, a floor and peers on `ordinary` and `bottlenecks`, grouped
weight_jacobian     the dense yardstick, the floor ``np.multiply``, peers
parameter_products  one workload an answer ("784-256-128-10 x 64, J v"), the yardstick, peers
walk                the yardstick ``record.jacobians``, and as the floor one bare backward walk
ntk                 the structured yardstick, a floor, torch's "jacrev contracted"
lm                  the yardstick L-BFGS, "levenberg_marquardt", on `FITS`
scaling             its four series
saturation          routes of ours, each against itself as usual
==================  ==========================================================================
"""

from __future__ import annotations

from .targets import (
    Target,
    both,
    farthest,
    gap,
    geometric_mean,
    over,
    peak_over,
    to_best_peer,
    to_floor,
    to_peer,
    to_yardstick,
    worst_of_ours,
)

DEEP = ("1024-1024-1024-1024-1024 x 256", "1024-1024-1024-1024-1024 x 256, float32")
DIGITS = ("784-256-128-10 x 128", "784-256-128-10 x 128, float32")
MIDDLE = ("64-64-64-64-10 x 64",)
WINE = ("13-5-1 x 178",)
WIDE = ("64-128-128-10 x 64", "784-256-128-10 x 16")
WALKS = ("64-128-128-10 x 64", "784-256-128-10 x 64", "256-512-512-16 x 32")
SMALL = ("13-5-3 x 178",)
DENSE = 8 * 64 * 10 * (784 * 256 + 256 * 128 + 128 * 10)
"""Bytes of the outputs by every weight of 784-256-128-10, 64 cases."""
KERNELS = ("784-256-128-10 x 64", "784-256-128-10 x 64, float32")
KERNEL = 8 * (64 * 10) ** 2
"""Bytes of their tangent kernel."""
FITS = ("1-30-1 x 200, sin(3x)", "2-20-1 x 400, exp(-x) sin(3y)")

TARGETS: tuple[Target, ...] = (
    Target(
        "gradient",
        "delta / bare GEMMs, 1024^5 x 256",
        "DeltaRule gradient to its bare GEMMs, 1024^5 x 256, both dtypes",
        1.12,
        over("gradient", to_floor, workloads=DEEP),
    ),
    Target(
        "gradient",
        "delta / bare GEMMs, 784.. x 128",
        "DeltaRule gradient to its bare GEMMs, 784-256-128-10 x 128, both dtypes",
        1.25,
        over("gradient", to_floor, workloads=DIGITS),
    ),
    Target(
        "gradient",
        "delta / best peer, six networks",
        "DeltaRule gradient to the best peer, geometric mean: those two in both dtypes, 13-5-1 and 64^4-10",
        0.97,
        over("gradient", to_best_peer, geometric_mean, DEEP + DIGITS + MIDDLE + WINE),
    ),
    Target(
        "gradient",
        "record.gradients() / delta, n >= 64",
        "record.gradients() with its forward pass to DeltaRule, the worst at widths >= 64",
        1.15,
        over("gradient", to_yardstick("structured"), workloads=DEEP + DIGITS + MIDDLE),
    ),
    Target(
        "gradient",
        "record.gradients() / delta, 13-5-1",
        "record.gradients() with its forward pass to DeltaRule at 13-5-1 x 178",
        2.0,
        over("gradient", to_yardstick("structured"), workloads=WINE),
    ),
    Target(
        "input_jacobian",
        "J of a0 / best peer, ordinary",
        "J_a0^aN case by case to the best peer, geometric mean over the ordinary networks",
        1.0,
        over("input_jacobian", to_best_peer, geometric_mean, group="ordinary"),
    ),
    Target(
        "input_jacobian",
        "J of a0 / floor, ordinary",
        "J_a0^aN case by case to its floor, the worst of the ordinary networks",
        1.3,
        over("input_jacobian", to_floor, group="ordinary"),
    ),
    Target(
        "input_jacobian",
        "J of a0 / best peer, bottlenecks",
        "J_a0^aN case by case to the best peer, geometric mean over the bottlenecks",
        0.3,
        over("input_jacobian", to_best_peer, geometric_mean, group="bottleneck"),
    ),
    Target(
        "weight_jacobian",
        "dense J of weights / best peer",
        "J_W^N of all weights case by case, dense tensors, to the best peer, the worst at widths >= 64",
        0.9,
        over("weight_jacobian", to_best_peer, workloads=WIDE),
    ),
    Target(
        "weight_jacobian",
        "dense J / best peer, 13-5-3",
        "J_W^N of all weights case by case, dense tensors, to the best peer at 13-5-3 x 178",
        0.9,
        over("weight_jacobian", to_best_peer, workloads=SMALL),
    ),
    Target(
        "weight_jacobian",
        "dense J of weights / np.multiply",
        "J_W^N of all weights, dense, to np.multiply into a fresh array of that size, widths >= 64",
        1.3,
        over("weight_jacobian", to_floor, workloads=WIDE),
    ),
    Target(
        "weight_jacobian",
        "dense J / np.multiply, 13-5-3",
        "J_W^N of all weights, dense, to np.multiply into a fresh array of that size, 13-5-3 x 178",
        1.3,
        over("weight_jacobian", to_floor, workloads=SMALL),
    ),
    Target(
        "parameter_products",
        "Jv, uJ, diag, norms / each peer",
        "J v, u J, diag(J^T J) and gradient norms over all weights to each peer's best route, the worst",
        0.7,
        over("parameter_products", to_best_peer),
    ),
    Target(
        "parameter_products",
        "Jv, uJ, diag, norms: memory / dense",
        "the same: peak of memory to the dense tensors",
        1 / 50,
        over("parameter_products", peak_over(DENSE)),
    ),
    Target(
        "walk",
        "record.jacobians / backward walk",
        "record.jacobians of the outputs, structured, to one backward walk of as many rows, widths >= 64",
        1.3,
        over("walk", to_floor, workloads=WALKS),
    ),
    Target(
        "walk",
        "record.jacobians / walk, 13-5-3",
        "record.jacobians of the outputs, structured, to one backward walk of as many rows, 13-5-3 x 178",
        1.3,
        over("walk", to_floor, workloads=SMALL),
    ),
    Target(
        "ntk",
        "tangent kernel / bare Grams",
        "jp.ntk of 784-256-128-10, 64 cases, to its bare Grams and matrix products, both dtypes",
        1.6,
        over("ntk", to_floor, workloads=KERNELS),
    ),
    Target(
        "ntk",
        "tangent kernel / torch.func",
        "jp.ntk of 784-256-128-10, 64 cases, to the contraction of torch.func's Jacobians, both dtypes",
        1 / 100,
        over("ntk", to_peer("torch jacrev contracted"), workloads=KERNELS),
    ),
    Target(
        "ntk",
        "tangent kernel: memory / result",
        "jp.ntk of 784-256-128-10, 64 cases, float64: peak of memory to the kernel itself",
        3.0,
        over("ntk", peak_over(KERNEL), workloads=KERNELS[:1]),
    ),
    Target(
        "lm",
        "Levenberg-Marquardt / L-BFGS",
        "jp.levenberg_marquardt to 5,000 iterations of L-BFGS, to the same loss of two smooth functions",
        1 / 20,
        over("lm", to_yardstick("levenberg_marquardt"), workloads=FITS),
    ),
    Target(
        "scaling",
        "exponents of tensor, delta: error",
        "exponents of dense tensors and delta rule, time and memory: distance from theory, widths 16 to 512",
        0.3,
        both(
            farthest("seconds", ("tensor", "delta"), ("width",)),
            farthest("peak_bytes", ("tensor", "delta"), ("memory",)),
        ),
    ),
    Target(
        "scaling",
        "exponent of tensor / delta: error",
        "the ratio of dense tensors to the delta rule grows with the width: its exponent, distance from 1",
        0.3,
        gap("tensor", "delta"),
    ),
    Target(
        "saturation",
        "saturated / unsaturated",
        "saturated networks and 30 layers of vanishing derivatives to the same shapes unsaturated",
        1.5,
        over("saturation", worst_of_ours),
    ),
    Target(
        "scaling",
        "stored chain ~ cases, widths: error",
        "memory of the structured chain: exponents in width, depth and cases, distance from 1",
        0.3,
        farthest("stored_bytes", ("structured",), ("width", "depth", "cases")),
    ),
    Target(
        "scaling",
        "peak of the chain ~ n m: error",
        "peak of memory of the structured gradient: exponent in the width, distance from 2, no n x m x m",
        0.3,
        farthest("peak_bytes", ("structured",), ("memory",)),
    ),
)
"""Every row of the table of targets, in its order."""
