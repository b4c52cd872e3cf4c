"""A network into one file, whole or not at all."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path
from typing import IO

import numpy as np

from ..arrays import Array
from ..errors import DTypeError, FileFormatError, OptionError
from ..network import Network
from .archive import MOST_BYTES_OF_ALL, MOST_MEMBERS
from .description import LONGEST, arrays_of, as_text, describe, parse
from .loading import DESCRIPTION, NPY
from .paths import as_path, naming, replacing

_LONG_AGO = (1980, 1, 1, 0, 0, 0)
_READABLE = 0o644 << 16


def save(net: Network, path: str | os.PathLike[str], *, X: object = None, T: object = None) -> Path:
    """Write a network to a file that `load` reads; equal networks make equal bytes.

    The file is an npz archive: ``network.json`` describes the layers, the loss and the letters,
    and each parameter is an array under its canonical name, which numpy.load reads as well; the statistics
    of a batch normalisation are ``mean2`` and ``variance2`` in layer 2. Nothing is pickled. The file
    appears at once, in place of an older one, or the older one stays as it was.

    Parameters
    ----------
    net : Network
        Of the library's own layers, losses and activations; expressions are saved as text.
    path : str or path
        The file; nothing is appended to its name.
    X, T : arrays, optional
        Cases to keep beside it, with which a check can be repeated; `jacobprop.files.load_cases` reads
        them.

    Returns
    -------
    pathlib.Path
        What was written, symbolic links followed.

    Raises
    ------
    UnsupportedLayerError
        A layer, loss or activation of the user's own, which is code, or a network in training.
    DTypeError
        Parameters or cases that are symbols.
    OSError
        The file cannot be written.
    """
    if type(net) is not Network:
        raise OptionError(
            "only a jp.Network can be saved",
            where="save",
            got=type(net).__name__,
            remedy="The network comes first: jp.save(net, path).",
        )
    target = as_path(path, "save")
    text = as_text(describe(net))
    parse(text, "save")  # nothing is written that could not be read
    arrays = arrays_of(net) | _cases(net, X, T)
    _require_small(text, arrays)
    with naming(path), replacing(target) as stream:
        _write(stream, text, arrays)
    return target


def _write(stream: IO[bytes], text: bytes, arrays: dict[str, Array]) -> None:
    with zipfile.ZipFile(stream, "w", allowZip64=False) as archive:
        with archive.open(_member(DESCRIPTION), "w") as member:
            member.write(text)
        for name, array in arrays.items():
            with archive.open(_member(name + NPY), "w") as member:
                little = array.astype(array.dtype.newbyteorder("<"), copy=False)
                np.lib.format.write_array(member, little, version=(1, 0), allow_pickle=False)


def _cases(net: Network, X: object, T: object) -> dict[str, Array]:
    """X and T as they are, if the network takes them."""
    if X is None and T is None:
        return {}
    if X is None:
        raise OptionError("there is a T without an X", where="save", remedy="Pass both, or neither.")
    net.forward(X, T)
    found = {name: np.asarray(value) for name, value in (("X", X), ("T", T)) if value is not None}
    for name, array in found.items():
        if array.dtype.kind not in "fiu":
            raise DTypeError(
                f"{name} holds no plain numbers",
                where="save",
                got=array.dtype,
                expected="floats or integers",
                remedy="Convert it with .astype(float).",
            )
    return found


def _require_small(text: bytes, arrays: dict[str, Array]) -> None:
    total = sum(array.nbytes for array in arrays.values())
    if len(text) > LONGEST or total > MOST_BYTES_OF_ALL or len(arrays) >= MOST_MEMBERS - 1:
        raise FileFormatError(
            "the network is too large for one file",
            where="save",
            got=f"{len(arrays):,} arrays of {total:,} bytes, described in {len(text):,}",
            expected=f"at most {MOST_MEMBERS - 2:,} of {MOST_BYTES_OF_ALL:,} bytes, described in {LONGEST:,}",
            remedy="Save net.vector with numpy.save, or net.astype('float32').",
        )


def _member(name: str) -> zipfile.ZipInfo:
    """A member without the time and the system that it was written at."""
    info = zipfile.ZipInfo(name, date_time=_LONG_AGO)
    info.create_system, info.external_attr = 3, _READABLE
    return info
