"""Every fault that is put in is found, with its file; a sound set has none."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engine.data.doctor.examining import Examination, examine
from engine.data.doctor.findings import Finding
from engine.data.doctor.params import ExamineParams
from engine.steps import ProgressStep
from tests.engine.data.doctor.sets import NAMES, brains, broken, examined
from tests.engine.data.segmentation.sets import decathlon_set, folder_set, h5_file


@pytest.fixture(scope="module")
def faulty(tmp_path_factory: pytest.TempPathFactory) -> Examination:
    return examined(broken(tmp_path_factory.mktemp("faulty")))


def of(found: Examination, fix: str) -> Finding:
    fitting = [finding for finding in found.findings if finding.fix == fix]
    assert len(fitting) == 1, fix
    return fitting[0]


@pytest.mark.parametrize(
    ("fix", "check", "case"),
    [
        ("drop-unpaired", "pairs", "case_00"),
        ("fill-values", "values", "case_01"),
        ("drop-constant", "constant", "case_02"),
        ("take-place", "place", "case_03"),
        ("resample-mask", "shape", "case_04"),
        ("renumber", "labels", "case_07"),
        ("to-ras", "orientation", "case_08"),
        ("resample-spacing", "spacing", "case_09"),
        ("drop-unreadable", "files", "case_10"),
    ],
)
def test_a_fault_is_found_where_it_is(faulty: Examination, fix: str, check: str, case: str) -> None:
    finding = of(faulty, fix)
    assert finding.check == check
    assert finding.cases == (case,)
    assert any(file.name == f"{case}.nii.gz" for file in finding.files)
    assert finding.message
    assert finding.remedy


def test_copies_are_found_by_their_content(faulty: Examination) -> None:
    assert of(faulty, "drop-copies").cases == ("case_05", "case_06")


def test_findings_come_with_a_picture_the_gravest_first(faulty: Examination) -> None:
    order = [finding.severity for finding in faulty.findings]
    assert order == sorted(order, key=["error", "warning", "note"].index)
    assert faulty.picture(of(faulty, "take-place")).startswith(b"\x89PNG")
    assert faulty.picture(of(faulty, "drop-unreadable")) == b""


def test_it_tells_how_far_it_is_and_can_be_left(tmp_path: Path) -> None:
    steps = examine(decathlon_set(tmp_path, NAMES))
    step = next(steps)
    assert isinstance(step, ProgressStep)
    assert (step.done, step.total) == (1, len(NAMES))
    steps.close()


def test_a_sound_set_has_no_faults(tmp_path: Path) -> None:
    found = examined(folder_set(tmp_path, [f"p{i}" for i in range(6)]))
    assert not found.of("error")
    assert not found.of("warning")


def test_colours_depth_and_jpeg_masks(tmp_path: Path) -> None:
    root = folder_set(tmp_path, list("uvwxyz"), side=64)
    picture = root / "images" / "u.png"
    grey = np.asarray(Image.open(picture))
    Image.fromarray(np.stack([grey] * 3, -1)).save(picture)
    Image.fromarray(np.stack([grey, grey // 2, grey], -1)).save(root / "images" / "v.png")
    Image.fromarray(grey.astype(np.uint16) * 200).save(root / "images" / "w.png")
    mask = Image.open(root / "masks" / "x.png")
    (root / "masks" / "x.png").unlink()
    mask.save(root / "masks" / "x.jpg", quality=60)
    found = examined(root)
    by_fix = {(finding.fix, finding.cases) for finding in found.findings}
    assert {("to-grey", ("u",)), ("to-grey", ("v",)), ("to-8-bit", ("w",)),
            ("clean-mask", ("x",))} <= by_fix  # fmt: skip


def test_a_patient_in_two_parts_and_too_few(tmp_path: Path) -> None:
    for name in ("patient1_slice_1", "patient2_slice_1", "patient1_slice_2"):
        h5_file(tmp_path / "data" / f"{name}.h5", len(name) + int(name[-1]) + int(name[7]) * 3)
    (tmp_path / "train.list").write_text("patient1_slice_1\npatient2_slice_1\n")
    (tmp_path / "val.list").write_text("patient1_slice_2\n")
    found = examined(tmp_path)
    leak = of(found, "one-part")
    assert leak.severity == "error"
    assert "patient1" in leak.message
    assert [f.check for f in found.of("warning")] == ["number"]
    alone = examined(tmp_path, params=ExamineParams(patient_pattern="(patient)"))
    assert "number" in [f.check for f in alone.of("error")]


def test_labels_of_several_kinds_of_image_are_no_error(tmp_path: Path) -> None:
    found = examined(brains(tmp_path))
    assert not found.of("error")
    assert len(found.patients) == 3
