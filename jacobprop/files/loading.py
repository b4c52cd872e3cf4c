"""A network, its cases, or plain arrays, from a file that may be hostile."""

from __future__ import annotations

import os
from collections.abc import Collection
from typing import NamedTuple

import numpy as np

from ..arrays import Array
from ..errors import FileFormatError
from ..layout import Shape
from ..network import Network
from .archive import MAX_BYTES, Archive, opened
from .description import LONGEST, build, parse, shapes, statistics
from .strict_json import Data

DESCRIPTION = "network.json"
NPY = ".npy"
CASES = ("X", "T")


class Cases(NamedTuple):
    """Inputs and targets; T is None where there are none."""

    X: Array
    T: Array | None


def load(path: str | os.PathLike[str], *, max_bytes: int = MAX_BYTES) -> Network:
    """The network that `save` wrote: the same outputs, bit for bit.

    The file may come from anybody: no part of it is run, and nothing is allocated before the claims of
    the file agree with its size and with each other.

    Parameters
    ----------
    path : str or path
        The file.
    max_bytes : int
        What its arrays may take together.

    Raises
    ------
    FileFormatError
        It is no such file, or damaged, or inconsistent, or larger than `max_bytes`.
    OSError
        It cannot be opened.

    Examples
    --------
    >>> import tempfile, jacobprop as jp
    >>> net = jp.Network([jp.Dense(3, 2, "tanh")], jp.SquaredError())
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     again = jp.load(jp.save(net, f"{folder}/net.npz"))
    >>> again
    Network([Dense(3, 2, "tanh")], loss=SquaredError())
    >>> bool((again.vector == net.vector).all())
    True
    """
    with opened(path, "load", max_bytes) as archive:
        description = _described(archive)
        names = [*shapes(description), *statistics(description)]
        arrays = {name: archive.array(name + NPY) for name in names}
    return build(description, arrays, archive.where)


def load_cases(path: str | os.PathLike[str], *, max_bytes: int = MAX_BYTES) -> Cases | None:
    """The X and T that ``jp.save(net, path, X=X, T=T)`` wrote beside the network; None without any.

    Parameters
    ----------
    path : str or path
        What `save` wrote; it is trusted as little as by `load`.
    max_bytes : int
        What its arrays may take together.

    Returns
    -------
    Cases or None
        ``.X`` and ``.T``, of the dtypes and shapes that were saved; T is None where X was saved alone.

    Raises
    ------
    FileFormatError
        It is no such file, or damaged, or inconsistent, or larger than `max_bytes`.
    OSError
        It cannot be opened.

    Examples
    --------
    >>> import tempfile, jacobprop as jp
    >>> from jacobprop.files import load_cases
    >>> net = jp.Network([jp.Dense(3, 2, "tanh")], jp.SquaredError())
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     cases = load_cases(jp.save(net, f"{folder}/net.npz", X=np.ones((5, 3)), T=np.zeros((5, 2))))
    >>> cases.X.shape, cases.T.shape
    ((5, 3), (5, 2))
    """
    with opened(path, "load_cases", max_bytes) as archive:
        _described(archive)
        found = {name: archive.array(name + NPY) for name in CASES if name + NPY in archive.members}
    return Cases(found["X"], found.get("T")) if found else None


def read_arrays(path: str | os.PathLike[str], *, max_bytes: int = MAX_BYTES) -> dict[str, Array]:
    """The arrays of any npz file, as `numpy.savez` writes it, by name; see `load`.

    Raises
    ------
    FileFormatError
        Anything but arrays of floats and integers, or more than `max_bytes` of them.
    OSError
        It cannot be opened.
    """
    with opened(path, "read_arrays", max_bytes) as archive:
        _only_arrays(archive, archive.members)
        return {name.removesuffix(NPY): archive.array(name) for name in archive.members}


def _only_arrays(archive: Archive, members: tuple[str, ...]) -> None:
    others = [name for name in members if not name.endswith(NPY) or name == NPY]
    if others:
        raise FileFormatError(
            "a member is no array",
            where=archive.where,
            got=", ".join(repr(name[:40]) for name in others[:8]),
            expected="arrays as numpy.savez writes them",
            remedy="A saved network is read with jp.load.",
        )


def _described(archive: Archive) -> Data:
    """The description of a network's file, whose arrays are the ones that it describes."""
    if DESCRIPTION not in archive.members:
        raise FileFormatError(
            "no network is saved here",
            where=archive.where,
            got=f"{len(archive.members)} members",
            expected=f"{DESCRIPTION} among them",
            remedy="Write the file with jp.save.",
        )
    description = parse(archive.text(DESCRIPTION, LONGEST), archive.where)
    expected = {name: (shape, description["dtype"]) for name, shape in shapes(description).items()}
    expected |= {name: (shape, "float64") for name, shape in statistics(description).items()}
    _check_members(archive, expected.keys())
    for name, (shape, dtype) in expected.items():
        _check_array(archive, name, shape, dtype)
    for name in CASES:
        if name + NPY in archive.members:
            archive.header(name + NPY)
    return description


def _check_members(archive: Archive, expected: Collection[str]) -> None:
    """The parameters and statistics of the layers, perhaps X, and T only beside X."""
    optional = CASES if "X" + NPY in archive.members else ()
    required = {DESCRIPTION, *(name + NPY for name in expected)}
    odd = (set(archive.members) ^ required) - {name + NPY for name in optional}
    if odd:
        raise FileFormatError(
            "missing or unexpected members",
            where=archive.where,
            got=", ".join(repr(name[:40]) for name in sorted(odd)[:8]),
            expected=f"the {len(expected)} arrays of the layers, and X and T or X alone",
            remedy="Write the file again with jp.save.",
        )


def _check_array(archive: Archive, name: str, shape: Shape, dtype: str) -> None:
    header = archive.header(name + NPY)
    if header.shape != shape or header.dtype.newbyteorder("=") != np.dtype(dtype):
        raise FileFormatError(
            f"{name} does not fit its layer",
            where=archive.where,
            got=f"{header.dtype.name} of shape {header.shape}",
            expected=f"{dtype} of shape {shape}",
            remedy="Write the file again with jp.save.",
        )
