"""AdaptDiff: weak conditional semantic diffusion (arXiv 2410.04648).

This file says what the method offers and loads no torch; what a task does is imported when
it runs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.jobs import Job
from engine.library import export_params as x
from engine.method import Method, Task
from engine.methods.adaptdiff import params as p
from engine.methods.adaptdiff.fitting import fitting
from engine.steps import Step

if TYPE_CHECKING:
    from collections.abc import Generator

    from engine.device import Context


def _synthesize(job: Job, context: Context) -> Generator[Step, None, Any]:
    from engine.methods.adaptdiff.synthesis import synthesize

    return (yield from synthesize(job, context))


def _grow(job: Job, context: Context) -> Generator[Step, None, Any]:
    from engine.methods.adaptdiff.masks import grow

    return (yield from grow(job, context))


def _synthesize_set(job: Job, context: Context) -> Generator[Step, None, Any]:
    from engine.methods.adaptdiff.pairs import synthesize_set

    return (yield from synthesize_set(job, context))


def _train_segmenter(job: Job, context: Context) -> Generator[Step, None, Any]:
    from engine.methods.adaptdiff.training import train_segmenter

    return (yield from train_segmenter(job, context))


def _pseudo_label(job: Job, context: Context) -> Generator[Step, None, Any]:
    from engine.methods.adaptdiff.pseudo import pseudo_label

    return (yield from pseudo_label(job, context))


def _train_diffusion(job: Job, context: Context) -> Generator[Step, None, Any]:
    from engine.methods.adaptdiff.training import train_diffusion

    return (yield from train_diffusion(job, context))


def _fine_tune(job: Job, context: Context) -> Generator[Step, None, Any]:
    from engine.methods.adaptdiff.training import fine_tune

    return (yield from fine_tune(job, context))


def _evaluate(job: Job, context: Context) -> Generator[Step, None, Any]:
    from engine.methods.adaptdiff.evaluation import evaluate

    return (yield from evaluate(job, context))


def _import(job: Job, context: Context) -> Generator[Step, None, Any]:
    from engine.methods.adaptdiff.importer import import_weights

    return (yield from import_weights(job, context))


def _export(job: Job, context: Context) -> Generator[Step, None, Any]:
    from engine.library.exporting import export
    from engine.methods.adaptdiff.exporting import plain_of

    return (yield from export(job, plain_of))


IMAGES = "folder of images, or a pickle of arrays in the published layout"
MASKS = "folder of masks, paired with the images by name"
OUTPUT = "where the result goes"
TEMPLATE = "image for histogram matching"

METHOD = Method(
    id="adaptdiff",
    title="AdaptDiff",
    summary="Draw a vessel mask, get a retinal image of another modality; "
    "adapt a segmenter to an unlabelled modality.",
    paper="MICCAI SASHIMI 2024, arXiv 2410.04648",
    tasks=(
        Task(
            "synthesize", "Mask to image", "synthesize", p.SynthesisParams, _synthesize,
            {"mask": "vessel mask (H, W)", "template": TEMPLATE},
            p.SYNTHESIS_PRESETS, denoises=True,
        ),
        Task(
            "grow", "Grow a vessel tree", "synthesize", p.GrowParams, _grow,
            {"mask": "painted strokes (H, W); may be empty"},
        ),
        Task(
            "synthesize-set", "Masks to a set of pairs", "synthesize", p.SynthesisSetParams,
            _synthesize_set,
            {"masks": "folder of masks", "template": TEMPLATE, "output": OUTPUT}, p.SET_PRESETS,
        ),
        Task(
            "train-segmenter", "1. Segmenter on the labelled source", "train",
            p.SegmenterParams, _train_segmenter,
            {"images": IMAGES, "masks": MASKS, "output": OUTPUT}, p.SEGMENTER_PRESETS,
        ),
        Task(
            "pseudo-label", "2a. Pseudo-labels of the target", "train", p.PseudoLabelParams,
            _pseudo_label, {"images": IMAGES, "output": OUTPUT}, role="segmenter",
        ),
        Task(
            "train-diffusion", "2b. Diffusion on the weakly labelled target", "train",
            p.DiffusionParams, _train_diffusion,
            {"images": IMAGES, "masks": MASKS, "output": OUTPUT}, p.DIFFUSION_PRESETS,
        ),
        Task(
            "fine-tune", "4. Segmenter on the synthetic pairs", "train", p.FineTuneParams,
            _fine_tune, {"pairs": "a set that synthesize-set made", "output": OUTPUT},
            p.FINE_TUNE_PRESETS, role="segmenter",
        ),
        Task(
            "evaluate", "Segmenter against labels", "evaluate", p.EvaluateParams, _evaluate,
            {"images": IMAGES, "masks": MASKS, "output": "report, .json"},
        ),
        Task(
            "import", "Import published weights", "models", p.ImportParams, _import,
            {"weights": "published .pt file", "output": ".safetensors file"},
        ),
        Task(
            "export", x.EXPORT_TITLE, "models", x.ExportParams, _export, x.EXPORT_INPUTS,
        ),
    ),
    fitting=fitting,
)  # fmt: skip
