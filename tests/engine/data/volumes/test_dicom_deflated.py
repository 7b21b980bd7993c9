"""Deflated DICOM files open, and those that would fill the memory are refused before."""

from __future__ import annotations

import resource
import zlib
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.uid import DeflatedExplicitVRLittleEndian

from engine.data.volumes import dicom_deflated
from engine.data.volumes.dicom import read_series
from engine.data.volumes.dicom_series import find_series
from engine.errors import InputError
from tests.engine.data.volumes.dicoms import dataset, save, slices, stack


def deflated(path: Path) -> Path:
    data = dataset(slices(1)[0])
    data.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
    return save(path, data)


def bomb(path: Path, mebibytes: int) -> Path:
    """A deflated file with so many zeros behind its image."""
    deflated(path)
    content = path.read_bytes()
    with open(path, "rb") as stream:
        pydicom.filereader.read_preamble(stream, force=True)
        pydicom.filereader.read_dataset(
            stream, is_implicit_VR=False, is_little_endian=True,
            stop_when=lambda tag, _vr, _length: tag.group != 2,
        )  # fmt: skip
        start = stream.tell()
    pack = zlib.compressobj(9, wbits=-zlib.MAX_WBITS)
    packed = pack.compress(zlib.decompress(content[start:], -zlib.MAX_WBITS))
    for _ in range(mebibytes):
        packed += pack.compress(bytes(2**20))
    path.write_bytes(content[:start] + packed + pack.flush())
    return path


def test_a_deflated_image_opens(tmp_path: Path) -> None:
    volume = read_series(deflated(tmp_path / "a.dcm"))
    np.testing.assert_array_equal(volume.values()[0], slices(1)[0])


def test_a_bomb_is_refused_before_it_fills_the_memory(tmp_path: Path) -> None:
    path = bomb(tmp_path / "a.dcm", 700)
    assert path.stat().st_size < 2**20
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(InputError, match="damaged header"):
        read_series(path)
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown < 200 * 1024  # KiB


def test_a_bomb_among_images_is_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dicom_deflated, "ALLOWED_BYTES", 2**20)
    stack(tmp_path, slices(3))
    bomb(tmp_path / "bomb.dcm", 8)
    (series,) = find_series(tmp_path)
    assert "bomb.dcm" in series.order.warnings[0]
    assert len(series.files) == 3
