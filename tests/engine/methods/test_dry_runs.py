"""Every method's training can be tried for a few iterations, by its ordinary task."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from engine import methods
from engine.jobs import Job
from engine.methods.adaptdiff import training as adaptdiff
from engine.results import Estimate
from tests.helpers import (
    adaptdiff_models,
    cdal_models,
    cdm_models,
    diffrect_models,
    midiffusion_models,
)
from tests.helpers.adaptdiff_models import run
from tests.helpers.torch_rules import cpu_context


def made(method: str, folder: Path) -> tuple[str, dict[str, Any], dict[str, Path]]:
    """Task, parameters and inputs of a tiny training."""
    images = folder / "images"
    if method == "adaptdiff":
        adaptdiff_models.phantom_folders(folder, 10, 80)
        values = {"iterations": 100, "batch": 2, "crop": 64}
        return "train-segmenter", values, {"images": images, "masks": folder / "masks"}
    if method == "cdal":
        cdal_models.disc_folders(folder)
        values = {**cdal_models.TINY_TRAINING, "iterations": 100, "renumber": True}
        return "train", values, {"images": images, "masks": folder / "masks"}
    if method == "cdm":
        values = {**cdm_models.TINY_TRAINING, "iterations": 100, "heads": 2, "plane": "axial"}
        return "train-diffusion", values, {"images": cdm_models.volumes(folder / "set")}
    if method == "diffrect":
        values = {**diffrect_models.TINY_TRAINING, "iterations": 3, "labelled_patients": 1}
        return "train", values, {"images": diffrect_models.slices_set(folder / "set")}
    values = {**midiffusion_models.TINY_TRAINING, "iterations": 100, "pattern": "*_t1.nii.gz"}
    return "train", values, {"images": midiffusion_models.heads(folder / "set")}


@pytest.mark.parametrize("method", [m.id for m in methods.METHODS])
def test_a_dry_run(method: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(adaptdiff, "SEGMENTER_CHANNELS", adaptdiff_models.CHANNELS)
    task, values, inputs = made(method, tmp_path)
    params = methods.method(method).task(task).params.parse(values)
    job = Job(method, task, params, inputs, dry=True)
    found, _ = run(methods.run(job, cpu_context()))
    assert isinstance(found, Estimate)
    assert found.measures.fits
    assert found.measures.iterations == params.iterations
    assert found.measures.tried == params.batch
    assert found.split["train"]
    assert found.split["validation"]
    of = {role: {found.patients[n] for n in names} for role, names in found.split.items()}
    assert not of["train"] & of["validation"]
    assert found.notes
