"""The arrays of a training state in an npz file that a stranger may have written."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from ..arrays import Array
from ..errors import FileFormatError, OptionError, shown
from ..files.archive import Archive, opened
from ..files.paths import as_path, naming, replacing

_REQUIRED = {"parameters", "random", "task", "train", "updates"}
_OPTIONAL = {"best", "held_out"}
_NPY = ".npy"
_LONGEST = 2**13
"""The most bytes of the lines that describe the task."""


def write(path: str | os.PathLike[str], arrays: Mapping[str, Array]) -> Path:
    """Write those that are not empty; the file appears at once, in place of an older one, or not at all."""
    target = as_path(path, "TrainingState.save")
    if not arrays["parameters"].size:
        raise OptionError(
            "there are no parameters",
            where="TrainingState.save",
            got="the state of a network without any",
            expected="at least one",
            remedy="There is nothing to go on with.",
        )
    unreadable = [name for name in arrays if not name.isidentifier()]
    if unreadable:
        raise OptionError(
            "an optimiser's memory has a name that cannot be saved",
            where="TrainingState.save",
            got=shown(unreadable[0].removeprefix("memory_")),
            expected="letters, digits and underscores",
            remedy="Rename it in the class of the optimiser.",
        )
    filled = {name: array for name, array in arrays.items() if array.size}
    with naming(path), replacing(target) as stream:
        np.savez(stream, **filled)  # type: ignore[arg-type]  # one of its own options is a bool
    return target


def read(path: str | os.PathLike[str], max_bytes: int) -> dict[str, Array]:
    """The arrays of a state, read-only, those that a file leaves out empty; each as it has to be."""
    with opened(path, "TrainingState.load", max_bytes) as archive:
        names = _names(archive)
        _check_headers(archive, names)
        found = {name: archive.array(name + _NPY) for name in sorted(names)}
        found = {"held_out": np.empty(0), "best": np.empty(0)} | found
        _check_values(archive, found)
    for array in found.values():
        array.setflags(write=False)
    return found


def _names(archive: Archive) -> set[str]:
    names = {member.removesuffix(_NPY) for member in archive.members if member.endswith(_NPY)}
    odd = (_REQUIRED - names) | {name for name in names - _REQUIRED - _OPTIONAL if not _is_memory(name)}
    if odd or len(names) < len(archive.members):
        raise _error(
            archive,
            "no training state is saved here",
            got=", ".join(repr(name[:40]) for name in sorted(archive.members)[:8]),
            expected=", ".join(sorted(_REQUIRED)),
        )
    return names


def _is_memory(name: str) -> bool:
    return name.startswith("memory_") and name.isidentifier()


def _check_headers(archive: Archive, names: set[str]) -> None:
    """The kinds and shapes, before anything is read."""
    size = archive.header("parameters" + _NPY).shape
    rounds = archive.header("train" + _NPY).shape
    expected = {
        "parameters": ("f", size),
        "random": ("u", (6,)),
        "updates": ("i", ()),
        "train": ("f", rounds),
    }
    text = archive.header("task" + _NPY)
    bytes_ = text.shape if text.dtype == np.uint8 and math.prod(text.shape) <= _LONGEST else (0,)
    expected |= {"held_out": ("f", rounds), "best": ("f", size), "task": ("u", bytes_)}
    for name in sorted(names):
        header, (kind, shape) = archive.header(name + _NPY), expected.get(name, ("f", size))
        axes = 0 if name == "updates" else 1
        if header.dtype.kind != kind or header.shape != shape or len(shape) != axes:
            raise _error(
                archive,
                f"{name} does not fit the other arrays",
                got=f"{header.dtype.name} of shape {header.shape}",
                expected="vectors of one number a parameter, and losses of one number an epoch",
            )


def _check_values(archive: Archive, found: Mapping[str, Array]) -> None:
    """What a generator and a count can be, and parameters that are numbers."""
    *_, half, kept = map(int, found["random"])
    whole = found["updates"] >= 0 and half <= 1 and kept < 2**32 and int(found["random"][2]) % 2 == 1
    finite = all(np.isfinite(found[name]).all() for name in ("parameters", "best"))
    beside = bool(found["best"].size) == bool(found["held_out"].size)
    if not (whole and finite and beside and _is_text(found["task"])):
        raise _error(
            archive,
            "the values are not those of a training run",
            got=f"updates {int(found['updates'])}, parameters {'' if finite else 'not '}finite",
            expected="finite parameters, a count, the state of a generator, and lines of text",
        )


def _is_text(found: Array) -> bool:
    """Lines that can be shown."""
    try:
        return all(map(str.isprintable, found.tobytes().decode().split("\n")))
    except UnicodeDecodeError:
        return False


def _error(archive: Archive, what: str, *, got: str, expected: str) -> FileFormatError:
    return FileFormatError(
        what,
        where=archive.where,
        got=got,
        expected=expected,
        remedy="Write the file again with TrainingState.save.",
    )
