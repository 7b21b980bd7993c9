"""The evaluation as a job, with a tiny untrained network."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from engine.data.segmentation.splits import Split
from engine.errors import DiskError, InputError
from engine.jobs import Job
from engine.methods.diffrect.evaluating import evaluate
from engine.methods.diffrect.evaluation_params import EvaluateParams
from engine.networks.level_unet import SegmenterConfig
from engine.results import FileResult
from engine.steps import NoteStep, Step
from engine.training.checkpoint import load_checkpoint, save_checkpoint
from tests.engine.data.segmentation.sets import decathlon_set, folder_set
from tests.engine.scoring.maps import check_kept
from tests.helpers.adaptdiff_models import run
from tests.helpers.diffrect_models import save_segmenter, slices_set
from tests.helpers.torch_rules import cpu_context

WIDTHS = (2, 4, 8, 16, 32)


def evaluated(images: Path, output: Path, **more: Any) -> tuple[FileResult, list[Step]]:
    inputs = {k: more.pop(k) for k in ("masks", "split") if k in more}
    params = EvaluateParams(**more)
    job = Job("diffrect", "evaluate", params, {"images": images, "output": output, **inputs})
    found: tuple[FileResult, list[Step]] = run(evaluate(job, cpu_context()))
    return found


def test_the_cases_of_the_split_that_lies_with_the_checkpoint(tmp_path: Path) -> None:
    root = slices_set(tmp_path / "set", patients=2, slices=2, validate=3)
    (tmp_path / "run" / "checkpoints").mkdir(parents=True)
    checkpoint = save_segmenter(tmp_path / "run" / "checkpoints" / "best.safetensors")
    volumes = [f"patient00{i}_frame01" for i in (3, 4, 5)]
    train = tuple(f"patient00{i}_frame01_slice_{z}" for i in (1, 2) for z in (0, 1))
    Split(train, (volumes[0],), tuple(volumes[1:])).save(tmp_path / "run")
    output = tmp_path / "report.json"
    result, steps = evaluated(root, output, checkpoint=str(checkpoint))
    read = json.loads(output.read_text(encoding="utf-8"))
    assert [row["case"] for row in read["rows"]] == [v for v in volumes[1:] for _ in range(2)]
    assert {"dice", "iou", "hd95", "asd"} <= read["rows"][0].keys()
    assert read["rows"][0]["unit"] == "px"
    assert 0 <= read["mean of classes"]["dice"]["mean"] <= 1
    assert read["part"] == "test"
    assert "entropy" in read["uncertainty"]
    assert "95 % intervals of the mean over 2 patients" in result.summary
    assert "AUROC of errors" in result.summary
    assert len(check_kept(output)) == 2
    assert any("2 of 7 cases" in s.message for s in steps if isinstance(s, NoteStep))


def test_a_structure_that_is_missed_counts(tmp_path: Path) -> None:
    root = slices_set(tmp_path / "set", patients=2, slices=1)
    found = load_checkpoint(save_segmenter(tmp_path / "m.safetensors"))
    tensors = {name: value.clone() for name, value in found.tensors.items()}
    tensors["decoder.head.bias"][1] = -1e3
    save_checkpoint(found.path, tensors, found.card)
    result, _ = evaluated(root, tmp_path / "r.json", checkpoint=str(found.path), part="all")
    rows = [row for row in result.figures["rows"] if row["class"] == 1]
    assert len(rows) == 4, "no case is dropped from the mean"
    for row in rows:
        assert row["true_voxels"] > 0
        assert row["found_voxels"] == row["dice"] == 0
        assert row["hd95"] > 0
    assert "label 1 was missed in 4 cases" in result.summary


def test_volumes_in_millimetres(tmp_path: Path) -> None:
    root = decathlon_set(tmp_path / "set", ["a", "b"])
    checkpoint = save_segmenter(tmp_path / "m.safetensors")
    result, _ = evaluated(root, tmp_path / "rows.csv", checkpoint=str(checkpoint), part="all")
    lines = result.path.read_text(encoding="utf-8").splitlines()
    assert len(lines) == 1 + 2 * 2
    assert "asd" in lines[0]
    assert all(",mm," in line for line in lines[1:])


def test_without_a_split_it_is_not_known_what_is_unseen(tmp_path: Path) -> None:
    root = folder_set(tmp_path / "set", ["a", "b"], side=16, white=1)
    checkpoint = str(save_segmenter(tmp_path / "m.safetensors"))
    with pytest.raises(InputError, match="trained on"):
        evaluated(root, tmp_path / "r.json", checkpoint=checkpoint)
    Split(("a",), (), ("zz",)).save(tmp_path)
    with pytest.raises(InputError, match="zz"):
        evaluated(root, tmp_path / "r.json", checkpoint=checkpoint, split=tmp_path)


def test_more_classes_than_the_checkpoint_has(tmp_path: Path) -> None:
    root = decathlon_set(tmp_path / "set", ["a", "b"])
    checkpoint = str(save_segmenter(tmp_path / "m.safetensors", SegmenterConfig(1, 2, WIDTHS)))
    with pytest.raises(InputError, match="3 classes"):
        evaluated(root, tmp_path / "r.json", checkpoint=checkpoint, part="all")


def test_a_set_without_one_of_the_structures_keeps_its_numbers(tmp_path: Path) -> None:
    root = folder_set(tmp_path / "set", ["a", "b"], side=16, white=2)
    checkpoint = save_segmenter(tmp_path / "m.safetensors")
    result, _ = evaluated(root, tmp_path / "r.json", checkpoint=str(checkpoint), part="all")
    sizes = {(r["class"], r["true_voxels"] > 0) for r in result.figures["rows"]}
    assert sizes == {(1, False), (2, True)}


@pytest.mark.parametrize("name", ["report.txt", "none/report.json", "folder.csv"])
def test_a_report_that_cannot_be_written_is_told_before_the_work(tmp_path: Path, name: str) -> None:
    root = folder_set(tmp_path / "set", ["a", "b"], side=16, white=1)
    (tmp_path / "folder.csv").mkdir()
    checkpoint = str(save_segmenter(tmp_path / "m.safetensors"))
    params = EvaluateParams(checkpoint=checkpoint, part="all")
    job = Job("diffrect", "evaluate", params, {"images": root, "output": tmp_path / name})
    with pytest.raises((InputError, DiskError), match=Path(name).name):
        next(evaluate(job, cpu_context()))
