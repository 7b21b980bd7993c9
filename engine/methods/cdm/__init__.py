"""CDM: weakly supervised segmentation with a class-conditional diffusion model (MICCAI 2023).

This file says what the method offers and loads no torch; what a task does is imported when
it runs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.jobs import Job
from engine.library import export_params as x
from engine.method import Method, Task
from engine.methods.cdm import params as p
from engine.methods.cdm import use_params as u
from engine.methods.cdm.fitting import fitting
from engine.steps import Step

if TYPE_CHECKING:
    from collections.abc import Generator

    from engine.device import Context


def _segment(job: Job, context: Context) -> Generator[Step, None, Any]:
    from engine.methods.cdm.segmenting import segment

    return (yield from segment(job, context))


def _train_diffusion(job: Job, context: Context) -> Generator[Step, None, Any]:
    from engine.methods.cdm.training import train_diffusion

    return (yield from train_diffusion(job, context))


def _train_classifier(job: Job, context: Context) -> Generator[Step, None, Any]:
    from engine.methods.cdm.training import train_classifier

    return (yield from train_classifier(job, context))


def _evaluate(job: Job, context: Context) -> Generator[Step, None, Any]:
    from engine.methods.cdm.evaluating import evaluate

    return (yield from evaluate(job, context))


def _import(job: Job, context: Context) -> Generator[Step, None, Any]:
    from engine.methods.cdm.importer import import_weights

    return (yield from import_weights(job, context))


def _export(job: Job, context: Context) -> Generator[Step, None, Any]:
    from engine.library.exporting import export
    from engine.methods.cdm.exporting import plain_of

    return (yield from export(job, plain_of))


_IMAGES = {
    "images": "folder with training/ and validate/, table (.csv), or set of labelled images",
    "masks": "folder of masks, where it is another one; only to tell what slices show",
}
_TRAINING = {**_IMAGES, "output": "run folder"}

METHOD = Method(
    id="cdm",
    title="CDM",
    summary="Find lesions in images and volumes after learning from labels of whole images alone.",
    paper="MICCAI 2023, Conditional diffusion models for weakly supervised segmentation",
    tasks=(
        Task(
            "segment", "Image to lesions", "segment", u.SegmentParams, _segment,
            {
                "input": "image or volume",
                "region": "part of it as i, j, k, such as 4:20,:,7; all of it by default",
                "output": "labels, .nii.gz or another format",
                "heat": "heat map, optional",
            },
            u.SEGMENT_PRESETS, ("region", "heat"), "diffusion", denoises=True,
        ),
        Task(
            "train-diffusion", "Diffusion model on labelled slices", "train", p.DiffusionParams,
            _train_diffusion, _TRAINING, p.DIFFUSION_PRESETS, ("masks",),
        ),
        Task(
            "train-classifier", "Classifier of noisy slices", "train", p.ClassifierParams,
            _train_classifier, _TRAINING, p.CLASSIFIER_PRESETS, ("masks",),
        ),
        Task(
            "evaluate", "Lesions against masks", "evaluate", u.EvaluateParams, _evaluate,
            {
                **_IMAGES,
                "split": "run folder or split.json; that of the checkpoint's run by default",
                "output": "report, .json, or .csv for the rows alone",
            },
            u.EVALUATE_PRESETS, ("masks", "split"), "diffusion",
        ),
        Task(
            "import", "Import published weights", "models", u.ImportParams, _import,
            {"weights": "published .pt or .pth file", "output": ".safetensors file"},
        ),
        Task(
            "export", x.EXPORT_TITLE, "models", x.ExportParams, _export, x.EXPORT_INPUTS,
        ),
    ),
    fitting=fitting,
)  # fmt: skip
