"""Which file is meant, and a new one in its place: whole, or not at all."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from ..errors import FileFormatError, OptionError, shown


def as_path(path: object, where: str) -> Path:
    """A path that can be opened; of what exists only an ordinary file, for which the links are followed.

    A directory passes: opening it says best what it is.
    """
    if not isinstance(path, str | os.PathLike) or not isinstance(os.fspath(path), str) or not str(path):
        raise OptionError(
            "the path must be a str or a pathlib.Path",
            where=where,
            got=shown(path),
            expected='a name such as "net.npz"',
            remedy="Open files are not supported: the file is replaced as a whole.",
        )
    if "\0" in os.fspath(path) or not _encodable(os.fspath(path)):
        raise OptionError(
            "the path has a character that no file name has",
            where=where,
            got=shown(path),
            remedy="Check where it comes from.",
        )
    found = Path(os.path.realpath(path))
    if found.exists() and not found.is_file() and not found.is_dir():
        raise FileFormatError(
            f"{path} is no ordinary file",
            where=where,
            expected="neither a device nor a pipe",
            remedy="Name a file.",
        )
    return found


def _encodable(path: str) -> bool:
    try:
        os.fsencode(path)
    except UnicodeEncodeError:
        return False
    return True


@contextmanager
def naming(path: str | os.PathLike[str]) -> Iterator[None]:
    """What the system complains of is the path as it was given, not the file that is written first."""
    try:
        yield
    except OSError as error:
        if error.errno is None:
            raise
        raise OSError(error.errno, error.strerror, os.fspath(path)) from None


@contextmanager
def replacing(target: Path) -> Iterator[IO[bytes]]:
    """A new file beside the target that takes its place, and its permissions, once all is written."""
    if target.exists():
        target.open("r+b").close()  # a directory or a file that must not be written says so now
    new = target.with_name(f".jacobprop-{secrets.token_hex(8)}.tmp")
    stream = new.open("xb")
    try:
        if target.exists():  # before anything private is written
            shutil.copymode(target, new)
        with stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(new, target)
    except BaseException:
        new.unlink(missing_ok=True)
        raise
