"""Values that lie in a file one after the other, plain or compressed."""

from __future__ import annotations

import bz2
import io
import math
import zlib
from pathlib import Path
from typing import IO, Any, Literal, cast

import numpy as np
from isal import igzip
from numpy.typing import NDArray

from engine.data.volumes.limits import Watch, check_claim, check_memory, damaged, readable_bytes

Packing = Literal["", "gzip", "zlib", "bzip2"]
CHUNK_BYTES = 2**20
MAPPED_FROM_BYTES = 2**29
"""Larger plain files are mapped. Smaller ones are read: a mapping dies with its process when
another program cuts the file short, or when a network drive goes away."""
MAPPED_PER_MEMORY = 4
"""A mapping may be so many times larger than what fits into memory; whatever looks at all of a
larger one would not come to an end."""
MAX_BZIP2_RATIO = 2**20


def read_stored(
    path: Path,
    shape: tuple[int, ...],
    dtype: np.dtype[Any],
    *,
    start: int = 0,
    offset: int = 0,
    packing: Packing = "",
    watch: Watch | None = None,
) -> NDArray[Any]:
    """An array (C order) of the stored type, read once, or mapped if it is plain and large.

    Args:
        path: The file.
        shape: All sizes at least 1.
        dtype: As stored, with its byte order.
        start: Bytes in the file before the values, or before the compressed stream of them.
        offset: Bytes before the values in what is unpacked.
        packing: How the values are compressed.
        watch: Told how far it is.

    Raises:
        InputError: The file cannot hold so much, ends early, fails its checksum; memory is short.
    """
    size, count = path.stat().st_size, math.prod(shape) * dtype.itemsize
    if not packing:
        start += offset
        check_plain(path, count, size - start)
        if count > MAPPED_FROM_BYTES:
            check_memory(path, count // MAPPED_PER_MEMORY)
            return np.memmap(path, dtype, "r", start, shape)
        check_memory(path, count)
        with open(path, "rb") as stream:
            stream.seek(start)
            return fill(path, stream, shape, dtype, watch)
    if packing == "bzip2":
        check_plain(path, count // MAX_BZIP2_RATIO, size - start)
        check_memory(path, count)
    else:
        check_claim(path, count, size - start, packed=True)
    with open(path, "rb") as raw:
        raw.seek(start)
        values = unpacked(raw, packing)
        skip(path, values, offset)
        array = fill(path, values, shape, dtype, watch)
        # The checksum stands at the end; reading on compares it.
        values.read(1)
    return array


def check_plain(path: Path, claimed: int, stored: int) -> None:
    """Refuses a plain file that is shorter than its header says.

    Raises:
        InputError: With both sizes.
    """
    if claimed > stored:
        raise damaged(
            path,
            f"its header asks for {readable_bytes(claimed)} of values, "
            f"the file holds {readable_bytes(max(stored, 0))}",
        )


def unpacked(raw: IO[bytes], packing: Packing) -> IO[bytes]:
    """What is compressed in a file from where it stands."""
    if packing == "bzip2":
        return bz2.BZ2File(raw)
    if packing == "zlib":
        return cast(IO[bytes], io.BufferedReader(_Zlib(raw), CHUNK_BYTES))
    return cast(IO[bytes], igzip.IGzipFile(fileobj=raw))


def skip(path: Path, stream: IO[bytes], count: int) -> None:
    """Reads past `count` bytes without keeping them.

    Raises:
        InputError: The stream ends before.
    """
    while count > 0:
        passed = len(stream.read(min(count, CHUNK_BYTES)))
        if not passed:
            raise damaged(path, "it ends before its values begin")
        count -= passed


def fill(
    path: Path,
    stream: IO[bytes],
    shape: tuple[int, ...],
    dtype: np.dtype[Any],
    watch: Watch | None = None,
) -> NDArray[Any]:
    """Reads an array of exactly this shape from a stream, whatever the stream holds beyond it.

    Raises:
        InputError: The stream ends before.
    """
    array = np.empty(shape, dtype)
    target = array.reshape(-1).view(np.uint8)
    done = 0
    while done < len(target):
        read = stream.read(min(CHUNK_BYTES, len(target) - done))
        if not read:
            raise damaged(
                path,
                f"it ends after {readable_bytes(done)} of {readable_bytes(len(target))} of values",
            )
        target[done : done + len(read)] = np.frombuffer(read, np.uint8)
        done += len(read)
        if watch is not None:
            watch(done / len(target))
    return array


class _Zlib(io.RawIOBase):
    """A zlib stream (RFC 1950) as MetaImage files hold it, which the gzip module does not read."""

    def __init__(self, raw: IO[bytes]) -> None:
        super().__init__()
        self._raw = raw
        # 32: zlib's or gzip's own header, whichever comes.
        self._inflate = zlib.decompressobj(wbits=zlib.MAX_WBITS | 32)

    def readable(self) -> bool:
        """Always."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Unpacks at most as much as the buffer holds; 0 at the end, also where it is cut off."""
        target = memoryview(buffer).cast("B")
        while not self._inflate.eof:
            waiting = self._inflate.unconsumed_tail or self._raw.read(2**16)
            if not waiting:
                return 0
            found = self._inflate.decompress(waiting, len(target))
            if found:
                target[: len(found)] = found
                return len(found)
        return 0
