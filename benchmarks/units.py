"""Seconds, bytes and ratios as a reader wants them: three digits and a unit."""

from __future__ import annotations


def three_digits(value: float) -> str:
    """0.97, 2.20, 75.3, 1,310."""
    return f"{value:.2f}" if value < 9.995 else f"{value:.1f}" if value < 99.95 else f"{value:,.0f}"


def rough(value: float) -> str:
    """Two digits, for what was measured only a few times: about 2,500."""
    return f"about {float(f'{value:.2g}'):,g}"


def seconds_text(seconds: float) -> str:
    """9.62 ms."""
    for unit, size in (("s", 1.0), ("ms", 1e-3)):
        if seconds >= size * 0.9995:
            return f"{three_digits(seconds / size)} {unit}"
    return f"{three_digits(seconds / 1e-6)} us"


def bytes_text(count: int) -> str:
    """1.25 MiB."""
    for unit, size in (("GiB", 2**30), ("MiB", 2**20), ("KiB", 2**10)):
        if count >= size * 999.5 / 1024:
            return f"{three_digits(count / size)} {unit}"
    return f"{count} B"


def count_text(count: int) -> str:
    """8.03 M."""
    for unit, size in (("T", 10**12), ("G", 10**9), ("M", 10**6), ("k", 10**3)):
        if count >= size * 0.9995:
            return f"{three_digits(count / size)} {unit}"
    return str(count)
