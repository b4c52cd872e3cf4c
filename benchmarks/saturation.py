"""Suite `saturation`: what saturated layers and vanishing derivatives cost the gradient.

Each route runs on a network and on the same shapes as usual, paired in time. A GEMM that meets
subnormal numbers takes up to 170 times as long, so both networks are built to produce them:

saturated   the sums below the curved layers have the median size 400 in float64, 60 in float32, so that
            f'(z) = exp(-400) and each product of two underflows
vanishing   30 layers whose sums all lie near a bias of -25 in float64, -3.5 in float32, so that the
            running row passes through all sizes down to 0
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

import jacobprop as jp
from jacobprop.arrays import Array

from .comparison import Candidate, compare
from .gradient import candidates
from .suite import Row, Settings, Suite
from .units import three_digits
from .workloads import DTYPES, Workload, classes, digits

SIZE = {"float64": 400.0, "float32": 60.0}
BIAS = {"float64": -25.0, "float32": -3.5}
ROUTES = ("delta", "structured")
USUAL = ", usual"


def pairs() -> Iterator[tuple[Workload, Workload]]:
    """(hard, as usual) in both dtypes."""
    for dtype in DTYPES:
        for usual in (classes((64, 64, 64, 64, 10), 64, dtype), digits(128, dtype)):
            yield saturated(usual), usual
        deep = classes((64,) * 31, 64, dtype)
        yield vanishing(deep), deep


def saturated(work: Workload) -> Workload:
    """The same shapes with large sums below every curved layer: each W becomes as large as it takes."""
    net, size = work.net, SIZE[work.dtype]
    for number in curved(net):
        z = net.forward(work.X).sum(number)
        net = net.with_parameters({f"W{number}": net.parameters[f"W{number}"] * (size / _middle(z))})
    sums = [_middle(net.forward(work.X).sum(number)) for number in curved(net)]
    assert np.allclose(sums, size, rtol=0.01), "the sums are not what they should be"
    return replace(work, net=net, group="saturated", note="saturated")


def vanishing(work: Workload) -> Workload:
    """The same shapes with a bias far below zero in every curved layer: f'(z) = exp(bias)."""
    net, bias = work.net, BIAS[work.dtype]
    net = net.with_parameters({f"b{n}": np.full_like(net.parameters[f"b{n}"], bias) for n in curved(net)})
    record = net.forward(work.X)
    slopes = [f.derivative(record.sum(n)).max() for n, f in curved(net).items()]
    log2 = np.log2(slopes, dtype=np.float64).sum()
    assert log2 < np.finfo(work.dtype).minexp, "the running row does not underflow"
    return replace(work, net=net, group="saturated", note="vanishing")


def curved(net: jp.Network) -> dict[int, jp.Activation]:
    """{number of the layer: its activation} where f' is not 1."""
    dense = {number: layer for number, layer in enumerate(net.layers, 1) if isinstance(layer, jp.Dense)}
    found = {number: layer.activation for number, layer in dense.items()}
    return {number: f for number, f in found.items() if f.name != "identity"}


def _middle(z: Array) -> float:
    return float(np.median(np.abs(z)))


def rows(settings: Settings) -> Iterator[Row]:
    """Both routes on both networks; the results of the hard one are compared."""
    for hard, usual in pairs():
        routes = [*_routes(hard, settings), *map(_baseline, _routes(usual, settings))]
        yield from compare(
            "saturation",
            hard.name,
            [replace(c, against=c.name.removesuffix(USUAL) + USUAL) for c in routes],
            ROUTES[0] + USUAL,
            settings,
            group=hard.group,
            dtype=hard.dtype,
        )


def _routes(work: Workload, settings: Settings) -> list[Candidate]:
    alone = replace(settings, peers=False)
    return [c for c in candidates(work, alone) if c.name in ROUTES]


def _baseline(candidate: Candidate) -> Candidate:
    return replace(candidate, name=candidate.name + USUAL, role="baseline", agrees=False)


def closing(found: Sequence[Row]) -> str:
    """The worst of all routes and networks."""
    worst = max((r for r in found if r.role == "ours"), key=lambda r: r.ratio or 0.0, default=None)
    if worst is None or worst.ratio is None:
        return "Nothing saturated was measured."
    where = worst.workload.removesuffix(", saturated")
    return f"Saturation costs at most x {three_digits(worst.ratio)}: {worst.candidate}, {where}."


SUITE = Suite("a saturated gradient against the same shapes as usual", "as usual", rows, closing)
