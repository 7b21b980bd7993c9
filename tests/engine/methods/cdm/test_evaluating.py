from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.data.segmentation.splits import Split, make_split
from engine.data.volumes.volume import Geometry, Volume, plain_affine
from engine.data.weak.frames import Framing, frame_volume
from engine.data.weak.opening import Wanted, open_scans
from engine.errors import InputError
from engine.jobs import Job
from engine.methods.cdm.evaluating import evaluate
from engine.methods.cdm.evaluation import Told
from engine.methods.cdm.looking import Seen
from engine.methods.cdm.use_params import EvaluateParams
from engine.results import FileResult
from engine.steps import NoteStep, Step
from tests.engine.scoring.maps import check_kept
from tests.helpers import adaptdiff_models
from tests.helpers.cdm_models import TINY, layout, save_classifier, save_diffusion, volumes
from tests.helpers.torch_rules import cpu_context

QUICK = {"level": 20, "rounds": 2, "denoise_steps": 2}
KINDS = ["cdm", "cg-cdm", "reconstruction", "grad-cam"]


def run(images: Path, output: Path, **more: Any) -> tuple[FileResult, list[Step]]:
    inputs = {k: more.pop(k) for k in ("masks", "split") if k in more}
    params = EvaluateParams.parse({**QUICK, **more})
    job = Job("cdm", "evaluate", params, {"images": images, "output": output, **inputs})
    result, steps = adaptdiff_models.run(evaluate(job, cpu_context()))
    return result, steps


@pytest.fixture
def models(tmp_path: Path) -> dict[str, str]:
    """Checkpoints of a run whose split has the case "patient2" for testing."""
    (tmp_path / "run" / "checkpoints").mkdir(parents=True)
    Split(("patient0", "patient1"), (), ("patient2",)).save(tmp_path / "run")
    place = tmp_path / "run" / "checkpoints"
    return {
        "checkpoint": str(save_diffusion(place / "final.safetensors")),
        "classifier": str(save_classifier(place / "classifier.safetensors", sure=1)),
    }


def test_every_kind_of_evidence_on_held_out_cases(tmp_path: Path, models: dict[str, str]) -> None:
    folder = volumes(tmp_path / "set", 3)
    output = tmp_path / "report.json"
    result, told = run(folder, output, **models)
    read = json.loads(output.read_text(encoding="utf-8"))
    assert list(read["evidence"]) == KINDS
    for report in read["evidence"].values():
        assert [row["case"] for row in report["rows"]] == ["patient2"]
        assert report["unit of hd95"] == "mm"
        assert 0 <= report["mean of classes"]["dice"]["mean"] <= 1
        assert len(report["mean of classes"]["iou"]["interval"]) == 2
        assert report["rows"][0]["true_voxels"] > 0
    gap = read["differences"]["cdm - grad-cam"]["dice"]["mean"]
    scores = [read["evidence"][k]["mean of classes"]["dice"]["mean"] for k in ("cdm", "grad-cam")]
    assert gap == pytest.approx(scores[0] - scores[1])
    assert read["classifier"] == {
        "positive slices": 2, "negative slices": 4, "sensitivity": 1.0, "specificity": 0.0,
    }  # fmt: skip
    assert read["checkpoint"]["name"] == "final"
    assert [case.name for case in check_kept(output)] == ["patient2"]
    assert "cdm: lesion: Dice" in result.summary or "cdm: label 1: Dice" in result.summary
    assert any("1 of 3 cases" in s.message for s in told if isinstance(s, NoteStep))
    again, _ = run(folder, tmp_path / "again.json", **models)
    assert again.figures["evidence"] == result.figures["evidence"]


def test_slices_one_by_one_and_rows_as_csv(tmp_path: Path, models: dict[str, str]) -> None:
    folder = volumes(tmp_path / "set", 3)
    result, _ = run(
        folder, tmp_path / "rows.csv", each_slice=True, evidences="grad-cam, cdm", **models
    )
    with result.path.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [(r["evidence"], r["case"]) for r in rows] == [
        (kind, f"patient2 slice {i}") for kind in ("cdm", "grad-cam") for i in (2, 3)
    ]
    assert {r["patient"] for r in rows} == {"patient2"}
    run(folder, tmp_path / "r.json", each_slice=True, evidences="grad-cam, cdm", **models)
    kept = check_kept(tmp_path / "r.json")
    assert [case.name for case in kept] == ["patient2 slice 2", "patient2 slice 3"]


def test_labels_of_the_classifier_make_empty_slices_where_it_sees_nothing(
    tmp_path: Path, models: dict[str, str]
) -> None:
    folder = volumes(tmp_path / "set", 3)
    blind = str(save_classifier(tmp_path / "blind.safetensors", sure=0))
    how = {"evidences": "cdm", "labels": "classifier"}
    result, _ = run(folder, tmp_path / "r.json", **{**models, "classifier": blind}, **how)
    row = result.figures["evidence"]["cdm"]["rows"][0]
    assert row["found_voxels"] == 0
    assert row["dice"] == 0
    truth, _ = run(folder, tmp_path / "t.json", **models, evidences="cdm")
    assert truth.figures["evidence"]["cdm"]["rows"][0]["found_voxels"] > 0


def test_without_a_classifier_what_needs_one_is_left_out(
    tmp_path: Path, models: dict[str, str]
) -> None:
    folder = volumes(tmp_path / "set", 3)
    del models["classifier"]
    result, told = run(folder, tmp_path / "r.json", **models)
    assert list(result.figures["evidence"]) == ["cdm", "reconstruction"]
    left = [s.message for s in told if isinstance(s, NoteStep) and "left out" in s.message]
    assert len(left) == 2
    assert result.figures["classifier"]["sensitivity"] is None


def test_the_parts_of_the_published_layout(tmp_path: Path) -> None:
    folder = layout(tmp_path / "set", 2)
    checkpoint = str(save_diffusion(tmp_path / "d.safetensors"))
    result, _ = run(folder, tmp_path / "r.json", checkpoint=checkpoint, evidences="cdm")
    rows = result.figures["evidence"]["cdm"]["rows"]
    assert {row["case"].split("/")[0] for row in rows} == {"validate"}
    normal = [row for row in rows if "/normal/" in row["case"]]
    assert all((row["dice"], row["found_voxels"]) == (1.0, 0) for row in normal)
    assert {row["unit"] for row in rows} == {"px"}
    few, _ = run(folder, tmp_path / "f.json", checkpoint=checkpoint, evidences="cdm", most=2)
    assert len(few.figures["evidence"]["cdm"]["rows"]) == 2


@pytest.mark.parametrize(
    ("params", "problem"),
    [
        ({"evidences": "cdm, magic"}, "no evidence called 'magic'"),
        ({"evidences": ""}, "nothing to compare"),
        ({"evidences": "grad-cam"}, "grad-cam needs a classifier"),
        ({"labels": "classifier"}, "come from a classifier"),
        ({"level": 1000}, "Noise level Q is 1000"),
    ],
)
def test_requests_that_cannot_be_met(
    tmp_path: Path, models: dict[str, str], params: dict[str, Any], problem: str
) -> None:
    folder = volumes(tmp_path / "set", 3)
    del models["classifier"]
    with pytest.raises(InputError, match=problem) as caught:
        run(folder, tmp_path / "r.json", **models, **params)
    assert caught.value.hint
    assert not (tmp_path / "r.json").exists()


def test_without_a_split_it_is_not_known_what_is_unseen(tmp_path: Path) -> None:
    folder = volumes(tmp_path / "set", 3)
    checkpoint = str(save_diffusion(tmp_path / "d.safetensors"))
    with pytest.raises(InputError, match="trained on"):
        run(folder, tmp_path / "r.json", checkpoint=checkpoint)
    result, _ = run(folder, tmp_path / "r.json", checkpoint=checkpoint, part="all", evidences="cdm")
    assert len(result.figures["evidence"]["cdm"]["rows"]) == 3


def test_a_classifier_that_has_seen_the_cases_is_refused(
    tmp_path: Path, models: dict[str, str]
) -> None:
    folder = volumes(tmp_path / "set", 3)
    (tmp_path / "other" / "checkpoints").mkdir(parents=True)
    Split(("patient2",), (), ()).save(tmp_path / "other")
    seen = str(save_classifier(tmp_path / "other" / "checkpoints" / "final.safetensors"))
    with pytest.raises(InputError, match="classifier was trained on 1 of these"):
        run(folder, tmp_path / "r.json", **{**models, "classifier": seen})


def test_more_findings_than_the_checkpoint_knows(tmp_path: Path) -> None:
    folder = volumes(tmp_path / "set", 3, labels=2)
    each = {"size": 16, "plane": "stored", "channels": 1, "fov_mm": 0.0, "range": "tails"}
    checkpoint = str(
        save_diffusion(tmp_path / "d.safetensors", preprocessing={**each, "each": True})
    )
    with pytest.raises(InputError, match="label 2"):
        run(folder, tmp_path / "r.json", checkpoint=checkpoint, part="all", evidences="cdm")
    more = str(
        save_diffusion(
            tmp_path / "m.safetensors", replace(TINY, classes=3),
            preprocessing={**each, "each": True},
        )
    )  # fmt: skip
    result, _ = run(folder, tmp_path / "r.json", checkpoint=more, part="all", evidences="cdm")
    assert {row["class"] for row in result.figures["evidence"]["cdm"]["rows"]} == {1, 2}


def test_no_masks_to_judge_by(tmp_path: Path) -> None:
    folder = volumes(tmp_path / "set", 2)
    table = folder / "t.csv"
    table.write_text("file,label\nimagesTr/patient0.nii.gz,a\nimagesTr/patient1.nii.gz,a\n")
    checkpoint = str(save_diffusion(tmp_path / "d.safetensors"))
    with pytest.raises(InputError, match="has a mask"):
        run(table, tmp_path / "r.json", checkpoint=checkpoint, part="all", evidences="cdm")


def test_nothing_to_judge_slices_by(tmp_path: Path) -> None:
    folder = layout(tmp_path / "set", 1)
    checkpoint = str(save_diffusion(tmp_path / "d.safetensors"))
    split = Split((), (), ("validate/normal/patient100_slice_0",))
    split.save(tmp_path)
    with pytest.raises(InputError, match="no slice of these cases"):
        run(
            folder, tmp_path / "r.json", checkpoint=checkpoint, evidences="cdm", each_slice=True,
            split=tmp_path,
        )  # fmt: skip


def test_splits_of_scans(tmp_path: Path) -> None:
    report, _ = adaptdiff_models.run(open_scans(volumes(tmp_path, 4), None, Wanted()))
    split = make_split(report.scans, 0, 0.0, 0.25)
    assert len(split.of(report.scans, "test")) == 1


def test_slices_the_classifier_was_not_asked_about_do_not_count() -> None:
    told = Told()
    chances = np.array([[0.2, 0.8], [0.9, 0.1], [np.nan, np.nan], [0.1, 0.9]], np.float32)
    geometry = Geometry((1, 4, 4), plain_affine(), False)
    framed = frame_volume(Volume(np.arange(16.0).reshape(1, 1, 4, 4), geometry), Framing(4))
    seen = Seen(framed, chances, ())
    told.add(seen, (frozenset({1}), frozenset({1}), frozenset({1}), frozenset()))
    assert told.report() == {
        "positive slices": 2, "negative slices": 1, "sensitivity": 0.5, "specificity": 0.0,
    }  # fmt: skip
