"""All images of a folder, interrupted and done again."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest

from engine.errors import InputError
from engine.jobs import Job
from engine.methods.midiffusion.sets import translate_set
from engine.methods.midiffusion.use_params import MANIFEST, TranslateSetParams
from engine.results import FileResult
from engine.steps import ImagesStep, NoteStep, Step
from engine.training.cards import rewrite_card
from engine.training.checkpoint import load_checkpoint, read_card
from tests.helpers.adaptdiff_models import run
from tests.helpers.midiffusion_models import QUICK, heads, save_translator
from tests.helpers.torch_rules import cpu_context


@pytest.fixture
def job(tmp_path: Path) -> Any:
    """Makes jobs that translate the T2 volumes of three patients."""
    heads(tmp_path / "set", 3, (3, 14, 12))
    checkpoint = str(save_translator(tmp_path / "t.safetensors"))

    def make(**params: Any) -> Job:
        values = {**QUICK, "checkpoint": checkpoint, "pattern": "*_t2.nii.gz", **params}
        inputs = {"input": tmp_path / "set", "output": tmp_path / "out"}
        made = TranslateSetParams.parse(values)
        return Job("midiffusion", "translate-set", made, inputs)

    return make


def done(job: Job) -> tuple[FileResult, list[Step]]:
    result, steps = run(translate_set(job, cpu_context()))
    return result, steps


def test_every_image_becomes_a_file_with_its_record(tmp_path: Path, job: Any) -> None:
    result, steps = done(job())
    out = tmp_path / "out"
    names = [f"patient{i}_t2" for i in range(3)]
    assert sorted(p.name for p in out.glob("*.nii.gz")) == [f"{n}.nii.gz" for n in names]
    assert result.path == out / MANIFEST
    assert "3 images translated; they lie in" in result.summary
    assert json.loads(result.path.read_text(encoding="utf-8"))["files"] == {
        name: f"{name}.nii.gz" for name in names
    }
    for name in names:
        source = nibabel.load(tmp_path / "set" / f"{name}.nii.gz")
        written = nibabel.load(out / f"{name}.nii.gz")
        np.testing.assert_allclose(written.affine, source.affine)
        assert (out / f"{name}.nii.gz.json").is_file()
    shown = [s for s in steps if isinstance(s, ImagesStep)]
    assert [s.caption for s in shown] == names
    assert all(np.isfinite(i).all() for s in shown for i in s.images.values())


def test_an_interrupted_folder_is_gone_on_with(tmp_path: Path, job: Any) -> None:
    steps = translate_set(job(), cpu_context())
    for step in steps:
        if isinstance(step, ImagesStep):
            break
    steps.close()
    first = tmp_path / "out" / "patient0_t2.nii.gz"
    before = first.stat().st_mtime_ns
    result, told = done(job())
    assert first.stat().st_mtime_ns == before, "what is there is left alone"
    assert "3 images translated, 1 of them before" in result.summary
    notes = [s.message for s in told if isinstance(s, NoteStep)]
    assert any("1 of 3 images were translated before" in note for note in notes)
    first.unlink()
    _, again = done(job())
    assert len([s for s in again if isinstance(s, ImagesStep)]) == 1


def test_folders_that_hold_something_else(tmp_path: Path, job: Any) -> None:
    done(job(pattern="patient0_t2.nii.gz"))
    with pytest.raises(InputError, match="other parameters"):
        done(job(seed=4))
    (tmp_path / "out" / MANIFEST).write_text("{")
    with pytest.raises(InputError, match="cannot be read"):
        done(job(pattern="patient0_t2.nii.gz"))
    (tmp_path / "out" / MANIFEST).unlink()
    with pytest.raises(InputError, match="holds other files"):
        done(job())


def test_a_folder_goes_on_under_another_title_and_after_older_records(
    tmp_path: Path, job: Any
) -> None:
    one = job(pattern="patient0_t2.nii.gz")
    done(one)
    weights = Path(one.params.checkpoint)
    told = tmp_path / "out" / MANIFEST
    record = json.loads(told.read_text(encoding="utf-8"))
    # What was written before weights were told apart from their title.
    record["made"]["checkpoint"] = record["made"]["checkpoint"]["sha256"]
    older = json.dumps(record)
    told.write_text(older, encoding="utf-8")
    result, _ = done(one)
    assert "1 of them before" in result.summary
    record["made"]["checkpoint"] = load_checkpoint(weights).identity.told()
    told.write_text(json.dumps(record), encoding="utf-8")
    rewrite_card(weights, read_card(weights).model_copy(update={"title": "Better named"}))
    result, _ = done(one)
    assert "1 of them before" in result.summary
    told.write_text(older, encoding="utf-8")
    with pytest.raises(InputError, match="another checkpoint"):
        done(one)


def test_nothing_to_translate(job: Any) -> None:
    with pytest.raises(InputError, match=r"matches \*_flair"):
        done(job(pattern="*_flair.nii.gz"))


def test_an_image_that_cannot_be_used_stops_no_other(tmp_path: Path, job: Any) -> None:
    damaged = tmp_path / "set" / "patient1_t2.nii.gz"
    whole = damaged.read_bytes()
    damaged.write_bytes(b"none")
    result, steps = done(job())
    assert "2 images translated, 1 left out" in result.summary
    assert any("patient1_t2 is left out" in s.message for s in steps if isinstance(s, NoteStep))
    listed = json.loads(result.path.read_text(encoding="utf-8"))
    assert sorted(listed["files"]) == ["patient0_t2", "patient2_t2"]
    assert str(damaged) in listed["failed"]["patient1_t2"]
    damaged.write_bytes(whole)
    again, _ = done(job())
    assert "3 images translated, 2 of them before" in again.summary
    assert json.loads(again.path.read_text(encoding="utf-8"))["failed"] == {}
    for path in (tmp_path / "set").iterdir():
        path.write_bytes(b"none")
    with pytest.raises(InputError, match="None of 3 images can be translated"):
        run(translate_set(_elsewhere(job(), tmp_path / "other"), cpu_context()))


def _elsewhere(job: Job, folder: Path) -> Job:
    return replace(job, inputs={**job.inputs, "output": folder})
