"""How the suite `accuracy` is read: its table, and the sentences that close it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from .suite import Errors, Row

REGIONS = {"<= 1": 1.0, "<= 10": 10.0, "<= 40": 40.0, "tails": np.inf}
"""By |z|, or by the spread of a row of logits; the tails take all that is subnormal too."""

BESIDE = "silu' and gelu' within 1/2 of a zero (left out above), absolute, in 2^-53"
"""The workload whose errors are no ulp."""

BESIDE_ZERO = ("silu", "gelu")
PROMISED = 4
"""times 2^-53 is what ours may be off there."""

FLUSHES = "flushes subnormals"
"""The label of a library whose arithmetic takes them for 0."""

_WIDTH = 18
HEADING = (
    "  the largest error in ulp of float64, by |z| or the spread of a row of logits",
    "  (tails: beyond 40, or a subnormal truth; 0s: false zeros; -: no such function)",
    (" " * _WIDTH + ("".join(f"{region:>6}" for region in REGIONS) + "   0s ") * 2).rstrip(),
)


# -- a row -----------------------------------------------------------------------------------------------


def line(row: Row) -> str:
    """Both quantities of a library side by side."""
    assert row.errors is not None, "a row of this suite"
    assert row.false_zeros is not None, "a row of this suite"
    start = f"  {row.candidate:<{_WIDTH - 2}}"
    if row.workload == BESIDE:
        return start + "".join(f"{name + chr(39):>8}{_near(each):>5}" for name, each in _beside(row))
    halves = (_half(*each) for each in zip(row.errors, row.false_zeros, strict=True))
    return start + "".join(halves).rstrip()


def _beside(row: Row) -> Iterator[tuple[str, Errors]]:
    return zip(BESIDE_ZERO, row.errors or (), strict=True)


def _near(errors: Errors) -> str:
    return _short(errors["near"]) if errors else "-"


def _half(errors: Errors, zeros: int | None) -> str:
    if zeros is None:
        return f"{'-':>6}" * len(REGIONS) + f"{'-':>5} "
    return "".join(f"{_short(errors[region]):>6}" for region in REGIONS) + f"{zeros:>5} "


def _short(error: float | None) -> str:
    """2.2, 34, 6e+05 as 6e5, inf."""
    if error is None:
        return "inf"
    if error < 999.5:
        return f"{error:.1f}" if error < 99.95 else f"{error:.0f}"
    digits, _, power = f"{error:.0e}".partition("e")
    return f"{digits}e{int(power)}"


# -- the end ---------------------------------------------------------------------------------------------


def closing(found: Sequence[Row]) -> str:
    """The worst of each library, what the table leaves out or has to explain, and where ours loses."""
    rows = [row for row in found if row.workload != BESIDE]
    lines = (*_worst(rows), *_absolute(found), *_beaten(rows), *_flushed(rows))
    return "\n".join(lines) or "Nothing was compared."


def _worst(rows: Sequence[Row]) -> Iterator[str]:
    """The false zeros of all functions added."""
    for candidate in _candidates(rows):
        own = [row for row in rows if row.candidate == candidate]
        errors = [each for row in own for half in row.errors or () for each in half.values()]
        worst = None if None in errors else max(each for each in errors if each is not None)
        zeros = sum(each or 0 for row in own for each in row.false_zeros or ())
        yield f"{candidate}: at most {_short(worst)} ulp, {zeros:,} false zero{'s' * (zeros != 1)}."


def _absolute(found: Sequence[Row]) -> Iterator[str]:
    """What stands in place of ulp around the zeros of silu' and gelu'."""
    own = [row for row in found if row.workload == BESIDE and row.role == "ours"]
    errors = [each["near"] for row in own for each in row.errors or () if each]
    if errors:
        worst = None if None in errors else max(each for each in errors if each is not None)
        told = f"{_short(worst)} * 2^-53 at most (promised: {PROMISED})"
        yield f"Around the zeros of silu' and gelu': ours {told}."


def _beaten(rows: Sequence[Row]) -> Iterator[str]:
    """Where ours is out by more than an ulp, and by twice as much as a peer."""
    for own in (row for row in rows if row.candidate == "ours"):
        peers = [row for row in rows if row.workload == own.workload and row.role == "peer"]
        name, _, both = own.workload.partition(": ")
        for which, quantity in enumerate(both.split(" and ")):
            for region, error in (own.errors or ({}, {}))[which].items():
                best = min(_answers(peers, which, region), default=(np.inf, ""))
                if np.isfinite(best[0]) and (error is None or error > max(1.0, 2 * best[0])):
                    told = f"{_short(error)} against {_short(best[0])} of {best[1]}"
                    yield f"Beaten twofold: {name} {quantity}, {region}: {told}."


def _answers(peers: Sequence[Row], which: int, region: str) -> Iterator[tuple[float, str]]:
    for row in peers:
        error = (row.errors or ({}, {}))[which].get(region)
        if error is not None:
            yield error, row.candidate


def _flushed(rows: Sequence[Row]) -> Iterator[str]:
    for candidate in _candidates([row for row in rows if row.label == FLUSHES]):
        yield f"{candidate} takes subnormals for 0 (1e-310 / 2 is 0 there): part of its"
        yield "  tails, and leaky_relu' at <= 1, the other slope where z < 0 is subnormal."


def _candidates(rows: Sequence[Row]) -> Sequence[str]:
    return list(dict.fromkeys(row.candidate for row in rows))
