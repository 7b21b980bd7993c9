"""DiffRect: latent diffusion label rectification for few labelled patients (MICCAI 2024).

This file says what the method offers and loads no torch; what a task does is imported when
it runs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.jobs import Job
from engine.library import export_params as x
from engine.method import Method, Task
from engine.methods.diffrect import evaluation_params as e
from engine.methods.diffrect import folder_params as f
from engine.methods.diffrect import params as p
from engine.methods.diffrect.fitting import fitting
from engine.steps import Step

if TYPE_CHECKING:
    from collections.abc import Generator

    from engine.device import Context


def _segment(job: Job, context: Context) -> Generator[Step, None, Any]:
    from engine.methods.diffrect.segmenting import segment

    return (yield from segment(job, context))


def _segment_folder(job: Job, context: Context) -> Generator[Step, None, Any]:
    from engine.methods.diffrect.folder import segment_folder

    return (yield from segment_folder(job, context))


def _train(job: Job, context: Context) -> Generator[Step, None, Any]:
    from engine.methods.diffrect.training import train

    return (yield from train(job, context))


def _evaluate(job: Job, context: Context) -> Generator[Step, None, Any]:
    from engine.methods.diffrect.evaluating import evaluate

    return (yield from evaluate(job, context))


def _promote(job: Job, context: Context) -> Generator[Step, None, Any]:
    from engine.methods.diffrect.promoting import promote_case

    return (yield from promote_case(job, context))


def _import(job: Job, context: Context) -> Generator[Step, None, Any]:
    from engine.methods.diffrect.importer import import_weights

    return (yield from import_weights(job, context))


def _export(job: Job, context: Context) -> Generator[Step, None, Any]:
    from engine.library.exporting import export
    from engine.methods.diffrect.exporting import plain_of

    return (yield from export(job, plain_of))


SET = "folder with train_slices.list, of a Decathlon or nnU-Net set, of h5 files or of images"

METHOD = Method(
    id="diffrect",
    title="DiffRect",
    summary="Segment after learning from few labelled patients: diffusion mends the labels that "
    "the segmenter gives to all others.",
    paper="MICCAI 2024, Latent diffusion label rectification for semi-supervised medical image "
    "segmentation",
    tasks=(
        Task(
            "segment", "Image to labels", "segment", p.SegmentParams, _segment,
            {
                "input": "image or volume; a folder to segment all images in it",
                "part": "series or data set of a file or folder that has several",
                "region": "part of it as i, j, k, such as 4:20,:,7; all of it by default",
                "output": "labels, .nii.gz or another format; a folder for those of a folder",
                "probability": "foreground probability, optional; of a folder, a folder",
                "entropy": "entropy of the probability, optional; of a folder, a folder",
            },
            p.SEGMENT_PRESETS, ("part", "region", "probability", "entropy"), "segmenter",
        ),
        Task(
            "segment-folder", "Folder of images to labels", "segment", f.SegmentFolderParams,
            _segment_folder,
            {
                "input": "folder of images or DICOM series, or of a published set",
                "output": "folder for labels and their table",
                "probability": "folder for the foreground probabilities, optional",
                "entropy": "folder for the entropies, optional",
            },
            p.SEGMENT_PRESETS, ("probability", "entropy"), "segmenter", "segment",
        ),
        Task(
            "train", "Segmenter on few labelled patients", "train", p.TrainParams, _train,
            {
                "images": SET,
                "masks": "folder of masks, where it is another one",
                "unlabelled": "further images without labels: a folder, or a list of h5 files",
                "labelled": "list of the labelled cases or patients, in place of a number",
                "output": "run folder",
            },
            p.TRAIN_PRESETS, ("masks", "unlabelled", "labelled"),
        ),
        Task(
            "evaluate", "Segmenter against labels", "evaluate", e.EvaluateParams, _evaluate,
            {
                "images": SET,
                "masks": "folder of masks, where it is another one",
                "split": "run folder or split.json; that of the checkpoint's run by default",
                "output": "report, .json, or .csv for the rows alone",
            },
            optional=("masks", "split"),
        ),
        Task(
            "promote", "Label an unlabelled case of a run", "models", p.PromoteParams, _promote,
            {
                "labels": "label map on the voxels of the case's image",
                "output": "run folder; it may be training",
            },
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
