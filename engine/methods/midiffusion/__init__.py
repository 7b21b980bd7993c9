"""MIDiffusion: zero-shot translation guided by local mutual information.

This file says what the method offers and loads no torch; what a task does is imported when
it runs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.jobs import Job
from engine.library import export_params as x
from engine.method import Method, Task
from engine.methods.midiffusion import params as p
from engine.methods.midiffusion import use_params as u
from engine.methods.midiffusion.fitting import fitting
from engine.steps import Step

if TYPE_CHECKING:
    from collections.abc import Generator

    from engine.device import Context


def _translate(job: Job, context: Context) -> Generator[Step, None, Any]:
    from engine.methods.midiffusion.translating import translate

    return (yield from translate(job, context))


def _translate_set(job: Job, context: Context) -> Generator[Step, None, Any]:
    from engine.methods.midiffusion.sets import translate_set

    return (yield from translate_set(job, context))


def _train(job: Job, context: Context) -> Generator[Step, None, Any]:
    from engine.methods.midiffusion.training import train

    return (yield from train(job, context))


def _evaluate(job: Job, context: Context) -> Generator[Step, None, Any]:
    from engine.methods.midiffusion.evaluating import evaluate

    return (yield from evaluate(job, context))


def _import(job: Job, context: Context) -> Generator[Step, None, Any]:
    from engine.methods.midiffusion.importer import import_weights

    return (yield from import_weights(job, context))


def _export(job: Job, context: Context) -> Generator[Step, None, Any]:
    from engine.library.exporting import export
    from engine.methods.midiffusion.exporting import plain_of

    return (yield from export(job, plain_of))


METHOD = Method(
    id="midiffusion",
    title="MIDiffusion",
    summary="Turn images of a modality that was never trained on into the one that was.",
    paper="Mutual information guided diffusion for zero-shot cross-modality medical image "
    "translation",
    tasks=(
        Task(
            "translate", "Image to another modality", "translate", u.TranslateImageParams,
            _translate,
            {
                "input": "image or volume; a folder to translate all images in it",
                "part": "series or data set of a file or folder that has several",
                "output": "image of the same geometry, .nii.gz or another format; a folder for "
                "those of a folder",
                "spread": "standard deviation over the samples, optional",
                "information": "local mutual information of source and result, optional",
            },
            u.TRANSLATE_PRESETS, ("part", "spread", "information"), "translator", denoises=True,
        ),
        Task(
            "translate-set", "Folder to another modality", "translate", u.TranslateSetParams,
            _translate_set,
            {"input": "folder of images or volumes", "output": "folder for the translations"},
            u.TRANSLATE_PRESETS, (), "translator", "translate",
        ),
        Task(
            "train", "Translator on one modality", "train", p.TrainParams, _train,
            {"images": "folder of images or volumes of the target modality",
             "output": "run folder"},
            p.TRAIN_PRESETS,
        ),
        Task(
            "evaluate", "Translations against measured images", "evaluate", u.EvaluateParams,
            _evaluate,
            {
                "images": "folder of the source modality",
                "references": "folder of the same in the target modality; the same one by default",
                "split": "run folder or split.json; that of the checkpoint's run by default",
                "features": "weights of Inception for FID and KID, as pytorch-fid has them",
                "output": "report, .json, or .csv for the rows alone",
            },
            u.EVALUATE_PRESETS, ("references", "split", "features"), "translator",
        ),
        Task(
            "import", "Import published weights", "models", u.ImportParams, _import,
            {"weights": "published .pth file", "output": ".safetensors file"},
        ),
        Task(
            "export", x.EXPORT_TITLE, "models", x.ExportParams, _export, x.EXPORT_INPUTS,
        ),
    ),
    fitting=fitting,
)  # fmt: skip
