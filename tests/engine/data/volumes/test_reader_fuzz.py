"""Mutated bytes of valid files: reading gives a `Volume` or an `InputError`, nothing else.

`python -m tests.engine.data.volumes.test_reader_fuzz 5000` tries that many and counts.
"""

from __future__ import annotations

import random
import resource
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydicom.uid import DeflatedExplicitVRLittleEndian, RLELossless, generate_uid

from engine.data.volumes.label_table import LabelEntry
from engine.data.volumes.masks import read_labels
from engine.data.volumes.read import parts, read_volume
from engine.data.volumes.volume import Geometry, plain_affine
from engine.data.volumes.write import write_labels
from engine.errors import InputError
from tests.engine.data.volumes.dicoms import dataset, save, slices, stack
from tests.engine.data.volumes.small_files import write_all
from tests.engine.data.volumes.test_dicom import enhanced

CASES = 18
MEMORY_MIB = 300
ODD = (0, 1, 2, 127, 128, 254, 255)
LIKE = Geometry((3, 4, 5), plain_affine())


def write_dicoms(folder: Path) -> list[Path]:
    """Single images of several syntaxes, and segmentations of a series."""
    stack(folder / "ct", slices(4))
    volume = read_volume(folder / "ct")
    labels = np.zeros(volume.geometry.shape, np.uint8)
    labels[0, 1, 2:5], labels[2, 2, 2], labels[3, 3, 1] = 1, 4, 4
    files = [write_labels(folder / f"seg{ending}", labels, volume, (LabelEntry(4, "Rim"),))
             for ending in (".dcm", ".seg.nrrd")]  # fmt: skip
    files.append(save(folder / "plain.dcm", dataset(slices(1)[0])))
    several = enhanced(slices(3), [2, 0, 1])
    several.SeriesInstanceUID = generate_uid()
    files.append(save(folder / "frames.dcm", several))
    packed = dataset(slices(1)[0], SeriesInstanceUID=generate_uid())
    packed.compress(RLELossless, generate_instance_uid=False)
    files.append(save(folder / "rle.dcm", packed))
    zipped = dataset(slices(1)[0], SeriesInstanceUID=generate_uid())
    zipped.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
    return [*files, save(folder / "deflated.dcm", zipped)]


def mutate(content: bytes, chance: random.Random) -> bytes:
    """One to six changes, most of them in the first part, where headers are."""
    data = bytearray(content)
    for _ in range(chance.randint(1, 6)):
        end = min(len(data), chance.choice((64, 400, 1024, len(data) + 1)))
        at, kind = chance.randrange(max(end, 1)), chance.random()
        if kind < 0.25:
            data[at : at + 1] = bytes([chance.choice(ODD)])
        elif kind < 0.45:
            data[at : at + 1] = chance.choice(list("0123456789-. \n:=()eE")).encode()
        elif kind < 0.6:
            extra = chance.randbytes(chance.randint(1, 8))
            data[at : at + len(extra)] = extra
        elif kind < 0.7:
            del data[at : at + chance.randint(1, 12)]
        elif kind < 0.8:
            data[at:at] = b"9" * chance.randint(1, 12)
        elif kind < 0.9:
            data[at:at] = data[at : at + 40]
        else:
            del data[max(at, 1) :]
    return bytes(data)


def attempt(path: Path) -> bool:
    """Whether it opened, as an image or as labels; anything but a refusal in words fails."""
    told: dict[str, InputError] = {}
    acts = {"image": read_volume, "parts": parts, "labels": lambda p: read_labels(p, LIKE)}
    for name, act in acts.items():
        try:
            act(path)
        except InputError as error:
            told[name] = error
    for error in told.values():
        assert str(path.parent) in error.message
        assert error.hint
        assert "\n" not in error.message, error.message
    if "image" not in told:
        volume = read_volume(path)
        assert np.isfinite(volume.affine).all()
        assert min(volume.spacing_mm) > 0
        volume.array.max()
    return "image" not in told or "labels" not in told


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("valid")
    return [*write_all(folder), *write_dicoms(folder)]


def test_valid_files_open(samples: list[Path]) -> None:
    for path in samples:
        kind = "labels" if path.name.startswith("seg") else None
        assert read_volume(path, kind=kind).array.any(), path


def test_mutated_files_are_refused_in_words(
    samples: list[Path], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    chance = random.Random(7)
    outcomes = Counter()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for sample in samples:
        content = sample.read_bytes()
        path = tmp_path / sample.name
        for _ in range(CASES):
            path.write_bytes(mutate(content, chance))
            outcomes[attempt(path)] += 1
        if sample.name == "lzw.tif":
            capfd.readouterr()  # libtiff, inside Pillow, prints and cannot be told not to.
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    assert grown < MEMORY_MIB
    # Both happen, or the mutations show nothing.
    assert min(outcomes[True], outcomes[False]) > 20
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.9, 0.99])
def test_files_cut_short(samples: list[Path], tmp_path: Path, share: float) -> None:
    for sample in samples:
        content = sample.read_bytes()
        path = tmp_path / sample.name
        path.write_bytes(content[: int(share * len(content))])
        attempt(path)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(content=st.binary(max_size=600), start=st.sampled_from([b"", b"NRRD0004\n", b"NDims = 3\n",
       b"\x5c\x01\0\0", b"\x93NUMPY\x01\0", b"PK\x03\x04", b"II*\0", b"GIF89a",
       b"\x1f\x8b\x08", b"\x89HDF\r\n\x1a\n"]))  # fmt: skip
def test_bytes_of_no_format(content: bytes, start: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "a.bin")
        path.write_bytes(start + content)
        attempt(path)


def main(count: int, seed: int) -> None:
    """Tries `count` mutations in all and prints what came of them."""
    chance, outcomes, slowest = random.Random(seed), Counter(), 0.0
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "changed").mkdir()
        files = [*write_all(Path(folder)), *write_dicoms(Path(folder))]
        samples = [(path, path.read_bytes()) for path in files]
        for number in range(count):
            sample, content = samples[number % len(samples)]
            path = Path(folder) / "changed" / sample.name
            path.write_bytes(mutate(content, chance))
            begun = time.monotonic()
            outcomes[sample.name, attempt(path)] += 1
            slowest = max(slowest, time.monotonic() - begun)
    for (name, opened), times in sorted(outcomes.items()):
        print(f"{name:14} {'opened' if opened else 'refused':8} {times}")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"slowest {slowest:.2f} s, peak memory {peak:.0f} MiB")


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 0)
