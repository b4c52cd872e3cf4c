"""A zip archive that a stranger wrote: nothing is allocated before the file has shown that it holds it.

Whatever a member claims is compared with the bytes that are there. Deflate makes at most 1032 bytes of
one, and the members may take `max_bytes` together, so that neither a claim nor a bomb fills the memory.
"""

from __future__ import annotations

import os
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, NoReturn

import numpy as np

from ..arrays import Array, whole_number
from ..errors import FileFormatError
from .npy import Header, read_header
from .paths import as_path

MAX_BYTES = 2**30
"""What the members of an archive may take together, unless the caller says more."""

MOST_BYTES_OF_ALL = 2**31 - 2**24
"""Above this zip needs its 64-bit form, which is neither written nor read."""

MOST_MEMBERS = 2**16 - 1
_LONGEST_DIRECTORY = 2**24
_END = struct.Struct("<4s4H2LH")
_TAIL = _END.size + 20
_LARGE = b"PK\6\7"
"""How the last 20 bytes before the end begin in the 64-bit form, whose lengths zipfile would believe."""

_LOCAL_HEADER = 30
_DEFLATE_AT_MOST = 1040
_SHOWN = 200
"""The most characters of what a library says of a damaged file."""
_CHUNK = 2**20
_ENCRYPTED = 0x1


class Archive:
    """The members of an open archive; made by `opened`.

    Attributes
    ----------
    where : str
        The call and the file, for errors.
    members : tuple of str
        Their names, each once, none with a folder in it.
    """

    def __init__(self, stream: IO[bytes], where: str, max_bytes: int) -> None:
        self.where = where
        self._directory = self._find_directory(stream)
        with self._damage():
            self._zip = zipfile.ZipFile(stream)
        infos = self._zip.infolist()
        self._infos = {info.filename: info for info in infos}
        self.members = tuple(self._infos)
        self._headers: dict[str, Header] = {}
        if len(self.members) < len(infos):
            self._refuse("two members have one name", got=_few([info.filename for info in infos]))
        for info in infos:
            self._check_member(info)
        self._check_sizes(infos, max_bytes)

    def _find_directory(self, stream: IO[bytes]) -> int:
        """Where the members end and their directory begins, which must reach to the end of the file."""
        size = stream.seek(0, os.SEEK_END)
        stream.seek(max(size - _TAIL, 0))
        tail = stream.read(_TAIL)
        end = tail[-_END.size :]
        if len(tail) < _TAIL or not end.startswith(b"PK\5\6"):
            self._refuse("this is no npz file, or only a part of one", got=f"{size:,} bytes")
        *_, length, start, comment = _END.unpack(end)
        large = tail.startswith(_LARGE) or length > _LONGEST_DIRECTORY
        if large or comment or start + length + _END.size != size:
            self._refuse(
                "the archive's directory is not where it should be",
                got=f"{length:,} bytes at {start:,} in a file of {size:,}",
                expected="nothing before the first member or after the directory, and less than 2 GiB",
            )
        return int(start)

    def _check_member(self, info: zipfile.ZipInfo) -> None:
        name = info.filename
        if info.orig_filename != name or set(name) & set("/\\:") or not name.isprintable():
            self._refuse("a member's name is no plain name", got=_few([info.orig_filename]))
        packed = info.compress_type == zipfile.ZIP_DEFLATED
        if info.flag_bits & _ENCRYPTED or not (packed or info.compress_type == zipfile.ZIP_STORED):
            self._refuse(f"{name} is encrypted or packed in an unknown way", expected="stored or deflated")
        most = _DEFLATE_AT_MOST * info.compress_size if packed else info.compress_size
        if info.file_size > most or (not packed and info.file_size < most):
            self._refuse(
                f"{name} claims more than it can hold",
                got=f"{info.file_size:,} bytes from {info.compress_size:,}",
            )
        if info.header_offset + _LOCAL_HEADER + info.compress_size > self._directory:
            self._refuse(
                f"{name} lies outside the file", got=f"{info.compress_size:,} bytes at {info.header_offset:,}"
            )

    def _check_sizes(self, infos: list[zipfile.ZipInfo], max_bytes: int) -> None:
        if sum(info.compress_size + _LOCAL_HEADER for info in infos) > self._directory:
            self._refuse("members overlap", expected="each byte in one member")
        total = sum(info.file_size for info in infos)
        if total > max_bytes:
            self._refuse(
                "the arrays are larger than the limit",
                got=f"{total:,} bytes",
                expected=f"at most {max_bytes:,}",
                remedy="If you trust the file, raise max_bytes.",
            )

    def header(self, member: str) -> Header:
        """What an array claims to be, its size as large as the member's."""
        if member not in self._headers:
            self._headers[member] = self._read_header(member)
        return self._headers[member]

    def _read_header(self, member: str) -> Header:
        where = f"{self.where}, {member}"
        with self._damage(), self._zip.open(member) as stream:
            header = read_header(stream, where)
        size = self._infos[member].file_size
        if header.length + header.nbytes != size:
            raise FileFormatError(
                "the array is not as large as its header says",
                where=where,
                got=f"{size - header.length:,} bytes",
                expected=f"{header.nbytes:,} for {header.dtype} of shape {header.shape}",
                remedy=_REMEDY,
            )
        return header

    def array(self, member: str) -> Array:
        """An array of the machine's own byte order, in the memory order that it was saved in."""
        header = self.header(member)
        memory = np.empty(header.nbytes, np.uint8)
        with self._damage(), self._zip.open(member) as stream:
            stream.read(header.length)
            self._fill(memory.data, stream)
        array = memory.view(header.dtype).reshape(header.shape, order="F" if header.order == "F" else "C")
        return array if array.dtype.isnative else array.astype(array.dtype.newbyteorder("="))

    @staticmethod
    def _fill(memory: memoryview, stream: IO[bytes]) -> None:
        filled = 0
        while filled < len(memory):
            chunk = stream.read(min(_CHUNK, len(memory) - filled))
            if not chunk:
                raise EOFError("the member ends too soon")
            memory[filled : filled + len(chunk)] = chunk
            filled += len(chunk)

    def text(self, member: str, most: int) -> bytes:
        """The bytes of a member of at most so many."""
        size = self._infos[member].file_size
        if size > most:
            self._refuse(f"{member} is too long", got=f"{size:,} bytes", expected=f"at most {most:,}")
        with self._damage(), self._zip.open(member) as stream:
            return stream.read(most)

    @contextmanager
    def _damage(self) -> Iterator[None]:
        """What zipfile and zlib say of broken archives, in our words."""
        try:
            yield
        except FileFormatError:
            raise
        except (zipfile.BadZipFile, zlib.error, EOFError, struct.error, ValueError, RuntimeError) as error:
            self._refuse("the archive is damaged", got=str(error)[:_SHOWN], cause=error)

    def _refuse(
        self,
        what: str,
        *,
        got: str = "",
        expected: str = "",
        remedy: str = "",
        cause: BaseException | None = None,
    ) -> NoReturn:
        raise FileFormatError(
            what, where=self.where, got=got, expected=expected, remedy=remedy or _REMEDY
        ) from cause


_REMEDY = "Write the file again with jp.save, or numpy.savez for arrays alone."


def _few(names: list[str]) -> str:
    """Some of many names, none of them long."""
    shown = ", ".join(repr(name[:40]) for name in names[:8])
    return f"{shown}, ..." if len(names) > 8 else shown


@contextmanager
def opened(path: object, call: str, max_bytes: int) -> Iterator[Archive]:
    """Open an archive for a call; what the system says of a path that cannot be opened passes unchanged."""
    most = whole_number(max_bytes, "max_bytes", call, least=0)
    with as_path(path, call).open("rb") as stream:
        yield Archive(stream, f"{call} {path}", most)
