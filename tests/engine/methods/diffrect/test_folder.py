"""All images of a folder with a tiny network."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest

from engine.data.png import write_png
from engine.data.segmentation.folder_table import FolderResult
from engine.data.volumes.read import read_volume
from engine.errors import CheckpointError, InputError
from engine.jobs import Job
from engine.methods.diffrect.folder import segment_folder
from engine.methods.diffrect.folder_params import SegmentFolderParams
from engine.methods.diffrect.params import SegmentParams
from engine.methods.diffrect.segmenting import segment
from tests.helpers.adaptdiff_models import run
from tests.helpers.diffrect_models import heart, save_segmenter
from tests.helpers.torch_rules import cpu_context


@pytest.fixture
def images(tmp_path: Path) -> Path:
    """A picture, a volume, and a file that cannot be used."""
    folder = tmp_path / "images"
    folder.mkdir()
    picture = heart(np.random.default_rng(0), 40, 36)[0]
    write_png(folder / "a.png", (picture * 255).astype(np.uint8), {})
    stack = np.stack([heart(np.random.default_rng(s), 30, 32)[0] for s in range(2)])
    affine = np.diag([-2.0, 1, 1.5, 1])
    nibabel.save(nibabel.Nifti1Image(stack.transpose(2, 1, 0), affine), folder / "v.nii.gz")
    (folder / "cut.png").write_bytes((folder / "a.png").read_bytes()[:60])
    return folder


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    return save_segmenter(tmp_path / "g.safetensors", labels={"2": {"name": "disc"}})


def segmented(images: Path, checkpoint: Path, **more: Any) -> FolderResult:
    maps = {name: more.pop(name) for name in ("probability", "entropy") if name in more}
    params = SegmentFolderParams.parse({"checkpoint": str(checkpoint), **more})
    inputs = {"input": images, "output": images.parent / "out", **maps}
    job = Job("diffrect", "segment-folder", params, inputs)
    found: FolderResult = run(segment_folder(job, cpu_context()))[0]
    return found


def states(result: FolderResult) -> dict[str, str]:
    return {case.name: case.state for case in result.cases}


def test_all_that_can_be_is_segmented_and_a_table_says_so(images: Path, checkpoint: Path) -> None:
    out = images.parent / "out"
    result = segmented(images, checkpoint, entropy=out)
    assert states(result) == {"a": "done", "cut": "failed", "v": "done"}
    assert {p.name for p in out.iterdir() if not p.name.endswith(".json")} == {
        "a.png", "a_entropy.tif", "v.nii.gz", "v_entropy.nii.gz", "summary.csv",
    }  # fmt: skip
    image = read_volume(images / "v.nii.gz")
    labels = read_volume(out / "v.nii.gz", kind="labels")
    assert labels.geometry.matches(image.geometry)
    with (out / "summary.csv").open(encoding="utf-8", newline="") as file:
        rows = {row["case"]: row for row in csv.DictReader(file)}
    assert int(rows["v"]["disc voxels"]) == int((labels.array == 2).sum())
    assert "cut.png is damaged" in rows["cut"]["problem"]
    again = segmented(images, checkpoint, entropy=out)
    assert states(again) == {"a": "kept", "cut": "failed", "v": "kept"}
    with pytest.raises(InputError, match="holds the results of other parameters"):
        segmented(images, checkpoint, threshold=0.6)


def test_each_is_what_it_would_be_alone(images: Path, checkpoint: Path) -> None:
    result = segmented(images, checkpoint)
    alone = SegmentParams(checkpoint=str(checkpoint))
    job = Job("diffrect", "segment", alone, {"input": images / "v.nii.gz"})
    labels = run(segment(job, cpu_context()))[0].labels
    case = next(case for case in result.cases if case.name == "v")
    assert np.array_equal(read_volume(case.files["output"], kind="labels").array[0], labels)
    record = json.loads(Path(f"{case.files['output']}.json").read_text(encoding="utf-8"))
    assert (record["method"], record["task"]) == ("diffrect", "segment")
    assert record["parameters"] == alone.model_dump()


def test_what_is_wrong_before_the_first_image(images: Path, checkpoint: Path) -> None:
    with pytest.raises(CheckpointError, match="no checkpoint file"):
        segmented(images, images / "none.safetensors")
    (images.parent / "empty").mkdir()
    with pytest.raises(InputError, match="holds no images"):
        segmented(images.parent / "empty", checkpoint)
