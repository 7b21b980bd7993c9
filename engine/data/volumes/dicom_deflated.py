"""DICOM files that are compressed as a whole: how large they are is known before they are read."""

from __future__ import annotations

import zlib
from pathlib import Path

from engine.data.volumes.limits import check_memory, readable_bytes

_DEFLATED = "1.2.840.10008.1.2.1.99"
_META_BYTES = 2**16
_META_GROUP = 2
_CHUNK_BYTES = 2**20
_COPIES = 2
ALLOWED_BYTES = 2**28
MAX_RATIO = 64
"""Beyond what is allowed to every file; images do not shrink further, save for masks."""


def check_deflated(path: Path) -> None:
    """Unpacks a deflated file once without keeping it: pydicom would unpack it at any size.

    Raises:
        ValueError: It is larger than an image of that length in a file can be.
        InputError: It does not fit into memory.
    """
    from pydicom.filereader import read_dataset, read_preamble

    with open(path, "rb") as stream:
        if _DEFLATED.encode() not in stream.read(_META_BYTES):
            return
        stream.seek(0)
        read_preamble(stream, force=True)
        meta = read_dataset(
            stream,
            is_implicit_VR=False,
            is_little_endian=True,
            stop_when=lambda tag, _vr, _length: tag.group != _META_GROUP,
        )
        if meta.get("TransferSyntaxUID") != _DEFLATED:
            return
        most = ALLOWED_BYTES + MAX_RATIO * path.stat().st_size
        inflate = zlib.decompressobj(-zlib.MAX_WBITS)
        count = 0
        while not inflate.eof:
            packed = inflate.unconsumed_tail or stream.read(_CHUNK_BYTES)
            if not packed:
                break
            count += len(inflate.decompress(packed, _CHUNK_BYTES))
            if count > most:
                raise ValueError(f"it unpacks to more than {readable_bytes(most)}")
    check_memory(path, _COPIES * count)
