"""The method that fits comes first, with its reason and with inputs that its training takes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import pytest

from engine import methods
from engine.data.doctor.need import Goal, Labelled, Need, labelled_in, need_of
from engine.data.segmentation.splits import make_split
from tests.engine.data.doctor.sets import brains, examined
from tests.engine.data.segmentation.sets import decathlon_set, folder_set, h5_file

HERE = Path("set")
MASKED = Need(
    "segment", "masks", HERE, HERE, None, HERE / "images", HERE / "masks", "pairs", 60, 44, 60, 44,
    longest=512, classes=2,
)  # fmt: skip


class Of(NamedTuple):
    """A case of a patient."""

    name: str
    patient: str


def best(need: Need) -> tuple[str, str]:
    """Method and task."""
    method, found = methods.suggestions(need)[0]
    assert found.fit > 0.5
    assert found.why
    task = method.task(found.task)
    task.params.parse({**task.preset(found.preset), **found.values})
    assert set(found.inputs) <= set(task.inputs)
    assert not set(task.inputs) - set(found.inputs) - {"output"} - set(task.optional)
    return method.id, found.task


@pytest.mark.parametrize(
    ("goal", "labelled", "method", "task"),
    [
        ("segment", "masks", "cdal", "train"),
        ("segment", "some", "diffrect", "train"),
        ("segment", "whole", "cdm", "train-diffusion"),
        ("synthesize", "masks", "adaptdiff", "train-diffusion"),
        ("translate", "nothing", "midiffusion", "train"),
    ],
)
def test_each_method_has_its_data(goal: Goal, labelled: Labelled, method: str, task: str) -> None:
    need = replace(MASKED, goal=goal, labelled=labelled, labelled_images=40, labelled_patients=30)
    assert best(need) == (method, task)


def test_every_method_says_why_it_does_not_fit() -> None:
    volumes = replace(MASKED, goal="synthesize", volumes=True)
    found = methods.suggestions(volumes)
    assert len(found) == len(methods.METHODS)
    assert all(told.fit == 0 and told.why and not told.task for _, told in found)
    unlabelled = replace(MASKED, labelled="nothing", labelled_images=0)
    assert all(told.fit == 0 for _, told in methods.suggestions(unlabelled))


@pytest.mark.parametrize(("patients", "shares"), [(3, {}), (2, {"test": 0.0})])
def test_few_patients_are_parted_into_fewer_parts(patients: int, shares: dict[str, float]) -> None:
    few = replace(MASKED, images=patients, patients=patients, labelled_patients=patients)
    for goal, labelled, method in (
        ("segment", "masks", "cdal"), ("segment", "whole", "cdm"),
        ("translate", "nothing", "midiffusion"),
    ):  # fmt: skip
        need = replace(few, goal=goal, labelled=labelled)
        told = {m.id: t for m, t in methods.suggestions(need)}[method]
        found = {
            name: value for name, value in told.values.items() if name in ("validation", "test")
        }
        assert found == shares
        assert ("two patients" in told.why) == bool(shares)
        owned = [Of(f"case{i}", f"p{i}") for i in range(patients)]
        split = make_split(owned, 0, **found)
        assert split.train
        assert split.validation


@pytest.mark.parametrize("patients", range(1, 31))
def test_as_many_labelled_patients_as_validation_and_test_leave(patients: int) -> None:
    need = replace(MASKED, labelled="some", labelled_images=patients, labelled_patients=patients)
    told = {m.id: t for m, t in methods.suggestions(need)}["diffrect"].values
    shares = {name: value for name, value in told.items() if name in ("validation", "test")}
    split = make_split([Of(f"case{i}", f"p{i}") for i in range(patients)], 0, **shares)
    assert told["labelled_patients"] == len(split.train)


def test_values_follow_from_the_data() -> None:
    cdal = {
        kind: dict(methods.suggestions(replace(MASKED, **changes))[0][1].values)["kind"]
        for kind, changes in {
            "monuseg": {"colour": True, "longest": 1000},
            "rgb": {"colour": True, "longest": 200},
            "grey": {},
            "hippocampus": {"volumes": True, "placed": True, "longest": 50},
        }.items()
    }
    assert all(kind == found for kind, found in cdal.items())


def test_from_folders_to_inputs(tmp_path: Path) -> None:
    root = folder_set(tmp_path / "pairs", [f"p{i}" for i in range(4)])
    need = need_of(examined(root), "synthesize")
    assert methods.suggestions(need)[0][1].inputs == {
        "images": root / "images", "masks": root / "masks",
    }  # fmt: skip
    (root / "masks" / "p3.png").unlink()
    assert labelled_in(examined(root)) == "some"
    deep = need_of(examined(decathlon_set(tmp_path / "deep", ["a", "b", "c"])), "segment")
    assert (deep.volumes, deep.placed, deep.classes) == (True, True, 3)
    assert best(deep) == ("cdal", "train")


def test_lists_are_given_to_those_who_know_no_parts(tmp_path: Path) -> None:
    for seed in range(4):
        h5_file(tmp_path / "data" / f"patient{seed}.h5", seed)
    (tmp_path / "train.list").write_text("patient0\npatient1\npatient2\n")
    (tmp_path / "val.list").write_text("patient3\n")
    need = need_of(examined(tmp_path), "segment")
    assert need.images == 3
    inputs = {method.id: told.inputs for method, told in methods.suggestions(need)}
    assert inputs["diffrect"] == {"images": tmp_path}
    assert inputs["cdal"] == {"images": tmp_path / "train.list"}


def test_one_kind_of_image_is_learnt(tmp_path: Path) -> None:
    found = examined(brains(tmp_path))
    told = methods.suggestions(need_of(found, "translate", modality="t2"))[0][1]
    assert told.values["pattern"] == "*/*_t2.nii.gz"
    assert all(t.fit == 0 for _, t in methods.suggestions(need_of(found, "segment")))
