"""cDAL: conditional diffusion with discriminator attention and a latent embedding (MICCAI 2024).

This file says what the method offers and loads no torch; what a task does is imported when
it runs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.jobs import Job
from engine.library import export_params as x
from engine.method import Method, Task
from engine.methods.cdal import evaluation_params as e
from engine.methods.cdal import folder_params as f
from engine.methods.cdal import params as p
from engine.methods.cdal.fitting import fitting
from engine.steps import Step

if TYPE_CHECKING:
    from collections.abc import Generator

    from engine.device import Context


def _segment(job: Job, context: Context) -> Generator[Step, None, Any]:
    from engine.methods.cdal.segmenting import segment

    return (yield from segment(job, context))


def _segment_folder(job: Job, context: Context) -> Generator[Step, None, Any]:
    from engine.methods.cdal.folder import segment_folder

    return (yield from segment_folder(job, context))


def _train(job: Job, context: Context) -> Generator[Step, None, Any]:
    from engine.methods.cdal.training import train

    return (yield from train(job, context))


def _evaluate(job: Job, context: Context) -> Generator[Step, None, Any]:
    from engine.methods.cdal.evaluating import evaluate

    return (yield from evaluate(job, context))


def _import(job: Job, context: Context) -> Generator[Step, None, Any]:
    from engine.methods.cdal.importer import import_weights

    return (yield from import_weights(job, context))


def _export(job: Job, context: Context) -> Generator[Step, None, Any]:
    from engine.library.exporting import export
    from engine.methods.cdal.exporting import plain_of

    return (yield from export(job, plain_of))


METHOD = Method(
    id="cdal",
    title="cDAL",
    summary="Segment images and volumes in two to four diffusion steps; votes tell how sure it is.",
    paper="MICCAI 2024, Conditional diffusion model with spatial attention and latent embedding",
    tasks=(
        Task(
            "segment", "Image to labels", "segment", p.SegmentParams, _segment,
            {
                "input": "image or volume; a folder to segment all images in it",
                "part": "series or data set of a file or folder that has several",
                "region": "part of it as i, j, k, such as 4:20,:,7; all of it by default",
                "output": "labels, .nii.gz or another format; a folder for those of a folder",
                "probability": "foreground probability, optional; of a folder, a folder",
                "uncertainty": "variance over the votes, optional; of a folder, a folder",
                "entropy": "entropy of the probability, optional; of a folder, a folder",
            },
            p.SEGMENT_PRESETS, ("part", "region", "probability", "uncertainty", "entropy"),
            "generator", denoises=True,
        ),
        Task(
            "segment-folder", "Folder of images to labels", "segment", f.SegmentFolderParams,
            _segment_folder,
            {
                "input": "folder of images or DICOM series, or of a published set",
                "output": "folder for labels and their table",
                "probability": "folder for the foreground probabilities, optional",
                "uncertainty": "folder for the variances over the votes, optional",
                "entropy": "folder for the entropies, optional",
            },
            p.SEGMENT_PRESETS, ("probability", "uncertainty", "entropy"), "generator", "segment",
        ),
        Task(
            "train", "Segmenter on labelled images", "train", p.TrainParams, _train,
            {
                "images": "folder of images, of a Decathlon set or of h5 files",
                "masks": "folder of masks, where it is another one",
                "output": "run folder",
            },
            p.TRAIN_PRESETS, ("masks",),
        ),
        Task(
            "evaluate", "Segmenter against labels", "evaluate", e.EvaluateParams, _evaluate,
            {
                "images": "folder of images, of a Decathlon set or of h5 files",
                "masks": "folder of masks, where it is another one",
                "split": "run folder or split.json; that of the checkpoint's run by default",
                "output": "report, .json, or .csv for the rows alone",
            },
            optional=("masks", "split"),
        ),
        Task(
            "import", "Import published weights", "models", p.ImportParams, _import,
            {"weights": "published .pth file", "output": ".safetensors file"},
        ),
        Task(
            "export", x.EXPORT_TITLE, "models", x.ExportParams, _export, x.EXPORT_INPUTS,
        ),
    ),
    fitting=fitting,
)  # fmt: skip
