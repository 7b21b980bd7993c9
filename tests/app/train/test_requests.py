"""From forms and folders to jobs."""

from __future__ import annotations

from pathlib import Path

import pytest
import tomli_w

from app.cli_request import offers, resolve
from app.controllers.train.requests import (
    Trainer,
    WrongInputs,
    check_inputs,
    job_of_run,
    new_job,
    runs_folder,
    suggested_folder,
    trainers,
)
from engine.errors import InputError
from engine.methods import METHODS
from engine.training.runs import read_request
from tests.helpers.cdal_models import disc_folders
from tests.helpers.training_runs import make_run, open_run


def trainer(key: str) -> Trainer:
    return next(t for t in trainers() if t.key == key)


def test_everything_that_trains_is_offered() -> None:
    keys = [t.key for t in trainers()]
    assert "cdal/train" in keys
    assert "adaptdiff/train-segmenter" in keys
    assert not trainer("adaptdiff/pseudo-label").makes_run
    assert trainer("cdal/train").makes_run
    assert trainer("cdal/train").segments
    assert not trainer("adaptdiff/fine-tune").segments
    assert trainer("midiffusion/train").makes_run
    assert not trainer("midiffusion/train").segments


def test_the_suggested_folder_is_new(tmp_path: Path) -> None:
    cdal = trainer("cdal/train")
    first = suggested_folder(cdal, tmp_path / "my brains (2)")
    assert first == runs_folder() / "cdal-my-brains-2"
    first.mkdir(parents=True)
    assert suggested_folder(cdal, tmp_path / "my brains (2)").name == "cdal-my-brains-2-2"
    assert suggested_folder(cdal, None).name == "cdal"
    assert (
        suggested_folder(trainer("adaptdiff/train-segmenter"), None).name == "adaptdiff-segmenter"
    )


def test_inputs_that_cannot_be_used_are_told_each(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").touch()
    cdal = trainer("cdal/train")
    with pytest.raises(WrongInputs) as caught:
        check_inputs(cdal, {"images": None, "masks": None, "output": None})
    assert caught.value.found == {"images": "Choose a folder.", "output": "Choose a folder."}
    given = {
        "images": tmp_path / "empty",
        "masks": tmp_path / "absent",
        "output": tmp_path / "file",
    }
    with pytest.raises(WrongInputs) as caught:
        check_inputs(cdal, given)
    assert caught.value.found == {
        "images": "empty is empty.", "masks": "absent is not there.", "output": "file is a file.",
    }  # fmt: skip


def test_a_folder_with_a_run_is_not_written_over(tmp_path: Path) -> None:
    make_run(tmp_path / "run")
    disc_folders(tmp_path / "data")
    given = {"images": tmp_path / "data" / "images", "output": tmp_path / "run"}
    with pytest.raises(WrongInputs, match="cannot be used") as caught:
        check_inputs(trainer("cdal/train"), given)
    assert "holds a run already" in caught.value.found["output"]


def test_masks_may_lie_in_the_file_of_the_images(tmp_path: Path) -> None:
    (tmp_path / "train.pkl").write_bytes(b"x")
    given = {"images": tmp_path / "train.pkl", "masks": None, "output": tmp_path / "run"}
    stage = trainer("adaptdiff/train-segmenter")
    assert check_inputs(stage, given) == {"images": given["images"], "output": given["output"]}
    with pytest.raises(WrongInputs):
        check_inputs(stage, {**given, "images": tmp_path})


def test_a_new_job_has_everything_in_it(tmp_path: Path) -> None:
    cdal = trainer("cdal/train")
    params = cdal.task.params.parse({"iterations": 5})
    job = new_job(cdal, params, {"images": tmp_path, "output": tmp_path / "run"})
    assert (job.method, job.task, job.title) == ("cdal", "train", "cDAL: run")
    assert job.path("output") == tmp_path / "run"


def test_a_run_goes_on_as_on_the_command_line(tmp_path: Path) -> None:
    folder = make_run(tmp_path / "run")
    offer = next(o for o in offers(METHODS) if o.command == "train")
    asked = resolve(offer, {"resume": True, "output": folder, "iterations": 60}).job
    job = job_of_run(folder, 60)
    assert (job.method, job.task, job.params) == (asked.method, asked.task, asked.params)
    assert dict(job.inputs) == dict(asked.inputs)
    assert job_of_run(folder).params.model_dump()["iterations"] == 40


def test_a_run_that_was_moved_goes_on_where_it_lies(tmp_path: Path) -> None:
    folder = make_run(tmp_path / "run").rename(tmp_path / "moved")
    assert job_of_run(folder).path("output") == folder


def test_what_cannot_go_on_says_why(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"run\.toml"):
        job_of_run(tmp_path)
    folder = make_run(tmp_path / "run")
    process = open_run(folder)
    process.hold()
    with pytest.raises(InputError, match="Another process trains"):
        job_of_run(folder)
    process.close()
    request = read_request(folder)
    (folder / "run.toml").write_text(tomli_w.dumps({**request, "method": "other"}))
    with pytest.raises(InputError, match="'other'"):
        job_of_run(folder)
    request["parameters"]["side"] = 3
    (folder / "run.toml").write_text(tomli_w.dumps(request))
    with pytest.raises(InputError, match="side"):
        job_of_run(folder)
