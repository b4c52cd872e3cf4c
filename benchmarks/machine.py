"""What was measured on: no time means anything without it."""

from __future__ import annotations

import platform
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from .threads import libraries


def description(core: int | None, peers: Iterable[tuple[str, str]]) -> dict[str, object]:
    """The processor, the core that was used, the versions of everything that computes, and when."""
    return {
        "processor": processor(),
        "core": core,
        "platform": platform.platform(),
        "python": platform.python_version(),
        "numpy": np.__version__,
        "blas": libraries(),
        "peers": dict(peers),
        "when": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def processor(told: Path = Path("/proc/cpuinfo")) -> str:
    """Its model as Linux tells it, else what the platform knows."""
    try:
        lines = told.read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    fields = dict(line.split(":", 1) for line in lines if ":" in line)
    named = {key.strip(): value.strip() for key, value in fields.items()}
    return named.get("model name") or platform.processor() or platform.machine()
