"""Sets with known faults, and a way to the end of a generator."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path
from typing import TypeVar

import nibabel as nib
import numpy as np

from engine.data.doctor.examining import Examination, examine
from engine.data.doctor.params import ExamineParams
from engine.data.phantoms.brain import make_brain
from engine.data.volumes.write import write_image, write_labels
from engine.steps import Step
from tests.engine.data.segmentation.sets import decathlon_set

T = TypeVar("T")
NAMES = [f"case_{i:02d}" for i in range(12)]


def end_of(steps: Generator[Step, None, T]) -> T:
    while True:
        try:
            next(steps)
        except StopIteration as end:
            result: T = end.value
            return result


def examined(
    source: Path, masks: Path | None = None, params: ExamineParams | None = None
) -> Examination:
    return end_of(examine(source, masks, params))


def brains(root: Path, patients: int = 3) -> Path:
    """PATIENT/PATIENT_{t1,t2,seg}.nii.gz of phantoms."""
    for seed in range(patients):
        brain = make_brain((8, 24, 20), (9.0, 8.0, 8.0), seed)
        folder = root / f"subject{seed}"
        folder.mkdir(parents=True)
        for contrast in ("T1", "T2"):
            file = folder / f"subject{seed}_{contrast.lower()}.nii.gz"
            write_image(file, brain.image(contrast, seed=seed))
        write_labels(folder / f"subject{seed}_seg.nii.gz", brain.labels() > 2, brain.image())
    return root


def _stored(path: Path) -> tuple[np.ndarray, np.ndarray]:
    found = nib.load(path)
    return np.asarray(found.dataobj), found.affine


def _store(path: Path, array: np.ndarray, affine: np.ndarray) -> None:
    nib.save(nib.Nifti1Image(array, affine), path)


def broken(root: Path) -> Path:
    """A Decathlon set with a fault of each sort, case by case."""
    decathlon_set(root, NAMES)
    images, labels = root / "imagesTr", root / "labelsTr"
    files = {name: (images / f"{name}.nii.gz", labels / f"{name}.nii.gz") for name in NAMES}
    files["case_00"][1].unlink()
    array, affine = _stored(files["case_01"][0])
    array = array.astype(np.float32)
    array[0, 0, 0], array[1, 1, 1] = np.nan, np.inf
    _store(files["case_01"][0], array, affine)
    array, affine = _stored(files["case_02"][0])
    _store(files["case_02"][0], np.full_like(array, 9), affine)
    array, affine = _stored(files["case_03"][1])
    _store(files["case_03"][1], array, affine + np.array([[0, 0, 0, 30.0]] * 3 + [[0] * 4]))
    array, affine = _stored(files["case_04"][1])
    moved = affine.copy()
    moved[:3, 3] = [2, 2, 1]
    _store(files["case_04"][1], array[2:-2, 2:-2, 1:-1], moved)
    for side in (0, 1):
        files["case_05"][side].write_bytes(files["case_06"][side].read_bytes())
    array, affine = _stored(files["case_07"][1])
    _store(files["case_07"][1], np.where(array == 2, 5, array).astype(np.uint8), affine)
    turn = np.array([[1, -1], [0, -1], [2, 1]])
    for side in (0, 1):
        nib.save(nib.load(files["case_08"][side]).as_reoriented(turn), files["case_08"][side])
        array, affine = _stored(files["case_09"][side])
        _store(files["case_09"][side], array, np.diag([3.0, 3.0, 3.0, 1.0]))
    files["case_10"][0].write_bytes(b"nothing")
    return root
