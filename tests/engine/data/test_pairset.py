"""Sets of synthetic pairs: three forms, hashes, and writers that die."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from engine.data.pairset import PairSetWriter, read_pair_set
from engine.data.png import read_png_metadata
from engine.errors import DiskError, InputError
from tests.engine.data.samples import disc

RNG = np.random.default_rng(0)
IMAGES = [RNG.random((20, 24), dtype=np.float32) for _ in range(5)]
MASK = disc().astype(np.uint8)
PROVENANCE = {"method": "adaptdiff", "seed": 3, "sampler": {"name": "ddim", "steps": 20}}
FORMS = ["set", "set.npz", "set.h5"]


def fill(target: Path, count: int = 5) -> Path:
    with PairSetWriter(target, PROVENANCE) as writer:
        for index in range(count):
            writer.add(f"case_{index}", IMAGES[index], MASK, {"seed": index})
    return target


@pytest.mark.parametrize("form", FORMS)
def test_written_and_read_back(form: str, tmp_path: Path) -> None:
    found = read_pair_set(fill(tmp_path / form))
    assert found.names == tuple(f"case_{i}" for i in range(5))
    tolerance = 0.5 / 255 + 1e-6 if form == "set" else 0
    for index, (image, mask) in enumerate(zip(found.images, found.masks, strict=True)):
        np.testing.assert_allclose(image, IMAGES[index], atol=tolerance)
        np.testing.assert_array_equal(mask, MASK)
        assert mask.dtype == np.uint8
    assert found.manifest.provenance == PROVENANCE
    assert found.manifest.synthetic
    assert "trainedAlgorithmicMedia" in found.manifest.digital_source_type
    assert found.manifest.pairs[3].details == {"seed": 3}


def test_the_folder_tells_other_programs_what_it_is(tmp_path: Path) -> None:
    folder = fill(tmp_path / "set", 2)
    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest["synthetic"] is True
    assert manifest["pairs"][0]["image"] == "images/case_0.png"
    told = read_png_metadata(folder / "images" / "case_1.png")
    assert told["Synthetic"] == "true"
    assert json.loads(told["Provenance"])["seed"] == 1
    assert "Synthetic" not in read_png_metadata(folder / "masks" / "case_1.png")


@pytest.mark.parametrize("form", FORMS)
def test_a_set_is_continued(form: str, tmp_path: Path) -> None:
    target = fill(tmp_path / form, 2)
    with PairSetWriter(target, PROVENANCE) as writer:
        assert writer.names == {"case_0", "case_1"}
        writer.add("case_2", IMAGES[2], MASK)
    assert len(read_pair_set(target).names) == 3
    with pytest.raises(InputError, match="another way"):
        PairSetWriter(target, PROVENANCE | {"seed": 4})
    assert len(read_pair_set(target).names) == 3


@pytest.mark.parametrize("form", FORMS)
def test_an_exception_on_the_way_keeps_what_is_done(form: str, tmp_path: Path) -> None:
    def fail() -> None:
        with PairSetWriter(tmp_path / form, PROVENANCE) as writer:
            for index in range(3):
                writer.add(f"case_{index}", IMAGES[index], MASK)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert len(read_pair_set(tmp_path / form).names) == 3


KILLED = """
import sys, numpy as np
from engine.data.pairset import PairSetWriter
writer = PairSetWriter(sys.argv[1], {})
for index in range(100000):
    writer.add(f"case_{index}", np.full((16, 16), 0.5), np.eye(16))
    print(index, flush=True)
"""


@pytest.mark.parametrize("form", FORMS)
def test_a_killed_writer_leaves_a_readable_set(form: str, tmp_path: Path) -> None:
    target = tmp_path / form
    child = subprocess.Popen(
        [sys.executable, "-c", KILLED, str(target)], stdout=subprocess.PIPE, text=True
    )
    assert child.stdout is not None
    with child, child.stdout:
        for line in child.stdout:
            if int(line) == 10:
                os.kill(child.pid, signal.SIGKILL)
                break
    found = read_pair_set(target)
    assert len(found.names) >= (11 if form == "set" else 8)
    with PairSetWriter(target, {}) as writer:
        writer.add("after", np.zeros((16, 16)), np.eye(16))
    assert "after" in read_pair_set(target).names


@pytest.mark.parametrize(
    "change", ["images/case_1.png", "masks/case_0.png", "manifest.json", "missing"]
)
def test_a_changed_folder_is_noticed(change: str, tmp_path: Path) -> None:
    folder = fill(tmp_path / "set", 2)
    if change == "missing":
        (folder / "images" / "case_1.png").unlink()
    elif change == "manifest.json":
        (folder / change).write_text((folder / change).read_text()[:-20])
    else:
        (folder / change).write_bytes((folder / "images" / "case_0.png").read_bytes() + b"x")
    with pytest.raises(InputError) as caught:
        read_pair_set(folder)
    assert "set" in caught.value.message
    assert caught.value.hint


def test_a_manifest_cannot_point_outside_its_folder(tmp_path: Path) -> None:
    folder = fill(tmp_path / "set", 1)
    path = folder / "manifest.json"
    path.write_text(path.read_text().replace('"case_0"', '"../../etc/passwd"'))
    with pytest.raises(InputError, match="name"):
        read_pair_set(folder)


@pytest.mark.parametrize("form", FORMS[1:])
def test_a_changed_array_file_is_noticed(form: str, tmp_path: Path) -> None:
    path = fill(tmp_path / form, 2)
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    with pytest.raises(InputError, match="damaged"):
        read_pair_set(path)
    place = content.index(IMAGES[0].tobytes()[:64])
    path.write_bytes(content[:place] + bytes(8) + content[place + 8 :])
    with pytest.raises(InputError):
        read_pair_set(path)


@pytest.mark.parametrize("form", FORMS)
def test_unfit_pairs_are_refused_and_the_set_stays(form: str, tmp_path: Path) -> None:
    nan = IMAGES[0].copy()
    nan[0, 0] = np.nan
    with PairSetWriter(tmp_path / form, PROVENANCE) as writer:
        writer.add("good", IMAGES[0], MASK)
        for name, image, mask in (
            ("GOOD", IMAGES[1], MASK),
            ("../up", IMAGES[1], MASK),
            ("", IMAGES[1], MASK),
            ("a", IMAGES[1].T, MASK),
            ("a", IMAGES[1] * 2, MASK),
            ("a", nan, MASK),
            ("a", IMAGES[1], MASK * 2),
            ("a", IMAGES[1][:8], MASK[:8]),
            ("a", IMAGES[1][None], MASK[None]),
        ):
            with pytest.raises(InputError, match="cannot be added"):
                writer.add(name, image, mask)
    assert read_pair_set(tmp_path / form).names == ("good",)


def test_array_files_hold_one_size(tmp_path: Path) -> None:
    with PairSetWriter(tmp_path / "a.npz", {}) as writer:
        writer.add("a", IMAGES[0], MASK)
        with pytest.raises(InputError, match="size"):
            writer.add("b", IMAGES[0].T, MASK.T)


def test_targets_that_are_something_else(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("keep me")
    with pytest.raises(InputError, match="other files"):
        PairSetWriter(tmp_path, {})
    with pytest.raises(InputError, match="is a file"):
        PairSetWriter(tmp_path / "notes.txt", {})
    (tmp_path / "b.npz").write_text("no arrays")
    with pytest.raises(InputError, match="damaged"):
        PairSetWriter(tmp_path / "b.npz", {})
    for missing in FORMS:
        with pytest.raises(InputError, match="no set"):
            read_pair_set(tmp_path / missing)
    with pytest.raises(DiskError):
        PairSetWriter(tmp_path / "notes.txt" / "set", {})
    assert (tmp_path / "notes.txt").read_text() == "keep me"


def test_an_empty_set_is_a_set(tmp_path: Path) -> None:
    for form in FORMS:
        assert read_pair_set(fill(tmp_path / form, 0)).names == ()
