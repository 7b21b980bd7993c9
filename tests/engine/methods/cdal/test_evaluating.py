"""The evaluation as a job, with a tiny untrained network."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from engine.data.segmentation.cases import find_cases
from engine.data.segmentation.reading import read_case
from engine.data.segmentation.splits import Split, make_split
from engine.errors import DiskError, InputError
from engine.jobs import Job
from engine.methods.cdal.evaluating import evaluate
from engine.methods.cdal.evaluation_params import EvaluateParams
from engine.results import FileResult
from engine.steps import NoteStep, Step
from tests.engine.data.segmentation.sets import decathlon_set, folder_set
from tests.engine.scoring.maps import check_kept
from tests.helpers.cdal_models import TINY, save_generator
from tests.helpers.torch_rules import cpu_context


def run(images: Path, output: Path, **more: Any) -> tuple[FileResult, list[Step]]:
    inputs = {k: more.pop(k) for k in ("masks", "split") if k in more}
    params = EvaluateParams(votes=2, **more)
    job = Job("cdal", "evaluate", params, {"images": images, "output": output, **inputs})
    told: list[Step] = []
    steps = evaluate(job, cpu_context())
    try:
        while True:
            told.append(next(steps))
    except StopIteration as end:
        return end.value, told


def test_the_cases_of_the_split_that_lies_with_the_checkpoint(tmp_path: Path) -> None:
    root = folder_set(tmp_path / "set", ["a", "b", "c", "d", "e"], side=16)
    (tmp_path / "run" / "checkpoints").mkdir(parents=True)
    checkpoint = save_generator(tmp_path / "run" / "checkpoints" / "final.safetensors")
    cases = find_cases(root).cases
    split = make_split(cases, 0)
    split.save(tmp_path / "run", cases)
    output = tmp_path / "report.json"
    result, told = run(root, output, checkpoint=str(checkpoint))
    read = json.loads(output.read_text(encoding="utf-8"))
    assert tuple(row["case"] for row in read["rows"]) == split.test
    truth = read_case(next(c for c in cases if c.name == split.test[0])).labels
    assert [row["true_voxels"] for row in read["rows"]] == [int(truth.sum())]
    assert read["part"] == "test"
    assert read["checkpoint"]["name"] == "final"
    assert 0 <= read["mean of classes"]["dice"]["mean"] <= 1
    assert "Dice" in result.summary
    assert any("1 of 5" in s.message for s in told if isinstance(s, NoteStep))
    assert len(check_kept(output)) == 1
    again = run(root, tmp_path / "again.json", checkpoint=str(checkpoint), keep_labels=False)[0]
    assert again.figures["rows"] == result.figures["rows"]
    assert not (tmp_path / "again-labels").exists()


def test_volumes_with_several_classes(tmp_path: Path) -> None:
    root = decathlon_set(tmp_path / "set", ["a", "b"])
    config = replace(TINY, labels=3)
    checkpoint = save_generator(tmp_path / "m.safetensors", config, "hippocampus")
    run(root, tmp_path / "r.json", checkpoint=str(checkpoint), part="all")
    assert len(check_kept(tmp_path / "r.json")) == 2
    result, _ = run(root, tmp_path / "rows.csv", checkpoint=str(checkpoint), part="all")
    lines = result.path.read_text(encoding="utf-8").splitlines()
    assert len(lines) == 1 + 2 * 2
    assert {line.split(",")[7] for line in lines[1:]} == {"mm"}


def test_without_a_split_it_is_not_known_what_is_unseen(tmp_path: Path) -> None:
    root = folder_set(tmp_path / "set", ["a", "b"], side=16)
    checkpoint = str(save_generator(tmp_path / "m.safetensors"))
    with pytest.raises(InputError, match="trained on"):
        run(root, tmp_path / "r.json", checkpoint=checkpoint)
    Split(("a",), (), ("zz",)).save(tmp_path)
    with pytest.raises(InputError, match="zz"):
        run(root, tmp_path / "r.json", checkpoint=checkpoint, split=tmp_path)


def test_more_classes_than_the_checkpoint_has(tmp_path: Path) -> None:
    root = decathlon_set(tmp_path / "set", ["a", "b"])
    checkpoint = str(save_generator(tmp_path / "m.safetensors"))
    with pytest.raises(InputError, match="3 classes"):
        run(root, tmp_path / "r.json", checkpoint=checkpoint, part="all")


def test_a_set_without_one_of_the_structures_keeps_its_numbers(tmp_path: Path) -> None:
    root = folder_set(tmp_path / "set", ["a", "b"], side=16, white=2)
    checkpoint = save_generator(tmp_path / "m.safetensors", replace(TINY, labels=3))
    result, _ = run(root, tmp_path / "r.json", checkpoint=str(checkpoint), part="all")
    sizes = {(r["class"], r["true_voxels"] > 0) for r in result.figures["rows"]}
    assert sizes == {(1, False), (2, True)}


@pytest.mark.parametrize("name", ["report.txt", "none/report.json", "folder.csv"])
def test_a_report_that_cannot_be_written_is_told_before_the_work(tmp_path: Path, name: str) -> None:
    root = folder_set(tmp_path / "set", ["a", "b"], side=16)
    (tmp_path / "folder.csv").mkdir()
    checkpoint = str(save_generator(tmp_path / "m.safetensors"))
    job = Job(
        "cdal", "evaluate", EvaluateParams(checkpoint=checkpoint, part="all"),
        {"images": root, "output": tmp_path / name},
    )  # fmt: skip
    with pytest.raises((InputError, DiskError), match=Path(name).name):
        next(evaluate(job, cpu_context()))
