"""Where a kernel goes: into a fresh array, into one that is given, or into a file that is mapped."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import IO, Any

import numpy as np

from ...arrays import Array
from ...errors import OptionError, ShapeError
from ...files.paths import as_path, naming, replacing
from ...layout import Shape
from .question import Question


def check_out(out: object, asked: Question, where: str) -> None:
    """Refuse an `out` that is neither a path nor an array to be filled.

    Raises
    ------
    OptionError, ShapeError
        Nothing that can be written, or of another shape or dtype.
    """
    if out is None:
        return
    if isinstance(out, str | os.PathLike):
        as_path(out, where)
        return
    if type(out) not in (np.ndarray, np.memmap):
        raise OptionError(
            "out is neither a file nor an array",
            where=where,
            got=type(out).__name__,
            expected='a path such as "kernel.npy", or a numpy array',
            remedy="Leave it out for a fresh array.",
        )
    assert isinstance(out, np.ndarray), "one of the two"
    if out.shape != asked.shape or out.dtype != asked.dtype:
        raise ShapeError(
            "out does not fit the kernel",
            where=where,
            got=f"shape {out.shape}, {out.dtype}",
            expected=f"shape {asked.shape}, {asked.dtype}",
            remedy="np.empty(plan.shape, plan.dtype), with plan = jp.plan_ntk(...).",
        )
    if not out.flags.writeable or any(np.may_share_memory(out, side.X) for side in (asked.left, asked.right)):
        raise OptionError(
            "out must not be written",
            where=where,
            got="a read-only array, or one that shares memory with X",
            expected="an array of its own",
            remedy="Pass out.copy().",
        )


def filled(
    out: object, shape: Shape, dtype: np.dtype[Any], where: str, fill: Callable[[Array], None]
) -> Array:
    """The array that `fill` has written: fresh, the one given, or the read-only map of a file.

    A file appears whole, in place of an older one, or the older one stays as it was.
    """
    if isinstance(out, str | os.PathLike):
        target = as_path(out, where)
        with naming(out), replacing(target) as stream:
            _fill_file(stream, shape, dtype, fill)
        found: Array = np.load(target, mmap_mode="r", allow_pickle=False)
        return found
    array = out if isinstance(out, np.ndarray) else np.empty(shape, dtype)
    fill(np.asarray(array))
    return array


def _fill_file(stream: IO[bytes], shape: Shape, dtype: np.dtype[Any], fill: Callable[[Array], None]) -> None:
    """A .npy file, mapped while it is filled; its place is taken first, so that a full disk is an OSError."""
    mapped = np.lib.format.open_memmap(stream.name, mode="w+", dtype=dtype, shape=shape)
    if sys.platform == "linux":
        os.posix_fallocate(stream.fileno(), 0, mapped.offset + mapped.nbytes)
    fill(np.asarray(mapped))
    mapped.flush()
