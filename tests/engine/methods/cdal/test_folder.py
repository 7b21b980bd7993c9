"""All images of a folder with a tiny network: kept, redone, failed, interrupted."""

from __future__ import annotations

import csv
import json
import os
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pydicom
import pytest
import torch

from engine.data.png import write_png
from engine.data.segmentation.folder_table import FolderResult, read_result
from engine.data.volumes.read import read_volume
from engine.device import Context
from engine.errors import CheckpointError, DiskError, InputError
from engine.jobs import Job
from engine.methods.cdal.folder import segment_folder
from engine.methods.cdal.folder_params import SegmentFolderParams
from engine.methods.cdal.params import SegmentParams
from engine.methods.cdal.segmenting import segment
from engine.steps import NoteStep, ProgressStep, Step
from engine.training.cards import rewrite_card
from engine.training.checkpoint import read_card
from tests.engine.data.volumes.dicoms import slices, stack
from tests.helpers.adaptdiff_models import run
from tests.helpers.cdal_models import TINY, disc, save_generator
from tests.helpers.torch_rules import cpu_context


@pytest.fixture
def images(tmp_path: Path) -> Path:
    """Two pictures, a volume and a DICOM series; two files that cannot be used."""
    folder = tmp_path / "images"
    folder.mkdir()
    for seed, name in enumerate(("a", "b")):
        write_png(folder / f"{name}.png", disc(np.random.default_rng(seed), (24, 28))[0], {})
    ball = disc(np.random.default_rng(2), (18, 20, 17))[0]
    nibabel.save(nibabel.Nifti1Image(ball, np.diag([-2.0, 1, 1.5, 1])), folder / "v.nii.gz")
    stack(folder / "series", slices(3, (18, 20)))
    (folder / "cut.png").write_bytes((folder / "a.png").read_bytes()[:60])
    np.save(folder / "nan.npy", np.full((20, 20), np.nan))
    return folder


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    labels = {"1": {"name": "disc", "color": "#FF0000"}}
    return save_generator(tmp_path / "g.safetensors", labels=labels)


def segmented(
    images: Path,
    checkpoint: Path,
    maps: dict[str, Path] | None = None,
    context: Context | None = None,
    **params: Any,
) -> tuple[FolderResult, list[Step]]:
    asked = {"checkpoint": str(checkpoint), "votes": 1, **params}
    inputs = {"input": images, "output": images.parent / "out", **(maps or {})}
    job = Job("cdal", "segment-folder", SegmentFolderParams.parse(asked), inputs)
    found: tuple[FolderResult, list[Step]] = run(segment_folder(job, context or cpu_context()))
    return found


def states(result: FolderResult) -> dict[str, str]:
    return {case.name: case.state for case in result.cases}


ALL = {"a": "done", "b": "done", "cut": "failed", "nan": "failed", "series": "done", "v": "done"}


def test_all_that_can_be_is_segmented_and_a_table_says_so(images: Path, checkpoint: Path) -> None:
    out = images.parent / "out"
    result, steps = segmented(images, checkpoint, {"uncertainty": out})
    assert states(result) == ALL
    assert result.summary == "4 segmented, 2 failed of 6 images."
    assert {p.name for p in out.iterdir() if not p.name.endswith(".json")} == {
        "a.png", "a_uncertainty.tif", "b.png", "b_uncertainty.tif", "series.nii.gz",
        "series_uncertainty.nii.gz", "v.nii.gz", "v_uncertainty.nii.gz", "summary.csv",
    }  # fmt: skip
    image = read_volume(images / "v.nii.gz")
    labels = read_volume(out / "v.nii.gz", kind="labels")
    assert labels.geometry.matches(image.geometry)
    with (out / "summary.csv").open(encoding="utf-8", newline="") as file:
        rows = {row["case"]: row for row in csv.DictReader(file)}
    assert int(rows["v"]["disc voxels"]) == int((labels.array == 1).sum())
    assert float(rows["v"]["disc mm3"]) == 3 * int(rows["v"]["disc voxels"])
    assert rows["a"]["disc mm3"] == ""
    assert 0 <= float(rows["a"]["mean uncertainty"]) <= 0.25
    assert float(rows["a"]["seconds"]) > 0
    assert "cut.png is damaged" in rows["cut"]["problem"]
    assert "NaN" in rows["nan"]["problem"]
    told = [s for s in steps if isinstance(s, ProgressStep)]
    assert told[-1].done == told[-1].total == 6
    assert all(a.done <= b.done for a, b in pairwise(told))
    notes = [s.message for s in steps if isinstance(s, NoteStep)]
    assert "2 of 6: the checkpoint takes single images: each slice is segmented by itself" in notes


def test_each_is_what_it_would_be_alone(images: Path, checkpoint: Path) -> None:
    result, _ = segmented(images, checkpoint, seed=3)
    alone = SegmentParams(checkpoint=str(checkpoint), votes=1, seed=3)
    job = Job("cdal", "segment", alone, {"input": images / "a.png"})
    labels = run(segment(job, cpu_context()))[0].labels
    case = result.cases[0]
    assert np.array_equal(read_volume(case.files["output"]).array[0] > 0, labels > 0)
    record = json.loads(Path(f"{case.files['output']}.json").read_text(encoding="utf-8"))
    assert record["task"] == "segment"
    assert record["parameters"] == alone.model_dump()
    assert record["inputs"]["input"]["file"] == "a.png"
    assert record["figures"] == case.figures


def test_what_is_done_is_kept_and_what_differs_is_not_touched(
    images: Path, checkpoint: Path, tmp_path: Path
) -> None:
    segmented(images, checkpoint)
    write_png(images / "new.png", disc(np.random.default_rng(9), (24, 24))[0], {})
    again, steps = segmented(images, checkpoint)
    kept = {name: "kept" if state == "done" else state for name, state in ALL.items()}
    assert states(again) == {**kept, "new": "done"}
    notes = [s.message for s in steps if isinstance(s, NoteStep)]
    assert (
        "4 of 7 were segmented before, with the same checkpoint and parameters; they are kept."
        in notes
    )
    assert read_result(again.folder).cases == again.cases
    assert again.cases[0].figures["structures"]["1"]["voxels"] >= 0
    for other in ({"seed": 1}, {"votes": 2}):
        with pytest.raises(InputError, match="holds the results of other parameters"):
            segmented(images, checkpoint, **other)
    card = read_card(checkpoint)
    rewrite_card(checkpoint, card.model_copy(update={"title": "Another title"}))
    renamed, _ = segmented(images, checkpoint)
    assert set(states(renamed).values()) == {"kept", "failed"}
    second = save_generator(tmp_path / "h.safetensors", replace(TINY, latent=6))
    with pytest.raises(InputError, match="another checkpoint") as caught:
        segmented(images, second)
    assert "--overwrite" in caught.value.hint
    images.rename(tmp_path / "moved")
    with pytest.raises(InputError, match=r"the images of .*images"):
        segmented(tmp_path / "moved", checkpoint)


def test_labels_of_others_and_changed_ones_are_left_alone_unless_asked(
    images: Path, checkpoint: Path
) -> None:
    out = images.parent / "out"
    out.mkdir()
    (out / "a.png").write_bytes(b"by hand")
    result, _ = segmented(images, checkpoint)
    assert states(result) == {**ALL, "a": "failed"}
    assert "is there and was made otherwise" in result.cases[0].problem
    assert (out / "a.png").read_bytes() == b"by hand"
    later = (out / "b.png").stat().st_mtime + 60
    os.utime(out / "b.png", (later, later))
    again, _ = segmented(images, checkpoint)
    case = next(c for c in again.cases if c.name == "b")
    assert (case.state, case.figures) == ("kept", {})
    assert "Changed since" in case.problem
    mapped, _ = segmented(images, checkpoint, {"entropy": out / "maps"})
    assert states(mapped)["b"] == "failed", "its map would come with labels made anew"
    assert (out / "maps" / "v_entropy.nii.gz").exists()
    redone, _ = segmented(images, checkpoint, overwrite=True)
    assert states(redone) == ALL
    assert (out / "a.png").read_bytes() != b"by hand"


def test_an_image_that_changed_is_not_passed_off(images: Path, checkpoint: Path) -> None:
    segmented(images, checkpoint)
    write_png(images / "a.png", disc(np.random.default_rng(5), (24, 28))[0], {})
    assert states(segmented(images, checkpoint)[0])["a"] == "failed"


def test_an_interrupted_job_leaves_whole_files_and_goes_on(images: Path, checkpoint: Path) -> None:
    out = images.parent / "out"
    params = SegmentFolderParams(checkpoint=str(checkpoint), votes=1)
    job = Job("cdal", "segment-folder", params, {"input": images, "output": out})
    steps = segment_folder(job, cpu_context())
    for step in steps:
        if isinstance(step, ProgressStep) and step.done == 2:
            break
    steps.close()
    assert not [p.name for p in out.iterdir() if p.name.startswith(".")]
    half = read_result(out)
    assert (len(half.cases), half.left) == (2, 4)
    assert half.summary == "2 segmented, 4 left of 6 images."
    result, _ = segmented(images, checkpoint)
    assert states(result) == {**ALL, "a": "kept", "b": "kept"}


def test_too_little_memory_for_one_is_halved_and_else_only_its_own_failure(
    images: Path, checkpoint: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from engine.networks.ncsnpp import NCSNpp

    forward, asked = NCSNpp.forward, []

    def hungry(self: NCSNpp, x_t: torch.Tensor, *more: torch.Tensor) -> torch.Tensor:
        asked.append(len(x_t))
        if len(x_t) > 2:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")
        found: torch.Tensor = forward(self, x_t, *more)
        return found

    monkeypatch.setattr(NCSNpp, "forward", hungry)
    (images / "cut.png").unlink()
    result, _ = segmented(images, checkpoint, votes=4)
    assert states(result)["a"] == "done"
    assert max(asked) == 4
    assert min(asked) == 2
    del asked[:]
    monkeypatch.setattr(NCSNpp, "forward", lambda *_: (_ for _ in ()).throw(MemoryError()))
    result, _ = segmented(images, checkpoint, votes=4, overwrite=True)
    assert "needs more memory than cpu has free" in result.cases[0].problem


def test_a_full_disk_ends_it(
    images: Path, checkpoint: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from engine.methods.cdal import segmenting

    def full(*_: object, **__: object) -> None:
        raise DiskError("a.png cannot be written: the disk is full.", "Free some space.")

    monkeypatch.setattr(segmenting, "write_segmentation", full)
    with pytest.raises(DiskError, match="disk is full"):
        segmented(images, checkpoint)
    assert read_result(images.parent / "out").left == 6


def test_what_is_wrong_before_the_first_image(images: Path, checkpoint: Path) -> None:
    with pytest.raises(CheckpointError, match="no checkpoint file"):
        segmented(images, images / "none.safetensors")
    with pytest.raises(InputError, match="holds the images"):
        segmented(images, checkpoint, {"output": images})
    with pytest.raises(DiskError, match="cannot be written"):
        segmented(images, checkpoint, {"output": images / "a.png" / "x"})
    (images.parent / "empty").mkdir()
    with pytest.raises(InputError, match="holds no images"):
        segmented(images.parent / "empty", checkpoint)
    assert not (images.parent / "out" / "summary.csv").exists()


def test_other_formats(images: Path, checkpoint: Path) -> None:
    out = images.parent / "out"
    result, _ = segmented(images, checkpoint, {"probability": out}, ending=".dcm")
    assert [c.name for c in result.of("done")] == ["series"]
    made = pydicom.dcmread(out / "series.dcm").SegmentSequence[0]
    assert (made.SegmentAlgorithmType, made.SegmentAlgorithmName) == ("AUTOMATIC", "cDAL")
    assert "DICOM" in next(c for c in result.cases if c.name == "v").problem
    result, _ = segmented(images, checkpoint, {"probability": out}, ending=".mha", overwrite=True)
    assert states(result) == ALL
    assert (out / "a_probability.mha").exists()


@pytest.mark.parametrize("text", ["", "[]", '{"cases": [{"name": "x"}], "left": 0}'])
def test_results_that_are_none(tmp_path: Path, text: str) -> None:
    with pytest.raises(InputError, match="holds no results"):
        read_result(tmp_path)
    (tmp_path / "summary.csv.json").write_text(text)
    with pytest.raises(InputError, match="is damaged"):
        read_result(tmp_path)
