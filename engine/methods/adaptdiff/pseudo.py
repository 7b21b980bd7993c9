"""Pseudo-labels of an unlabelled modality (arXiv 2410.04648, section 2.1)."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from pathlib import Path

import numpy as np
from scipy import ndimage

from engine.data.atomic import disk_error
from engine.data.png import write_png
from engine.device import Context
from engine.errors import InputError
from engine.jobs import Job
from engine.methods.adaptdiff.networks import load_segmenter
from engine.methods.adaptdiff.params import PseudoLabelParams
from engine.methods.adaptdiff.segmentation import vessel_probability
from engine.methods.adaptdiff.sources import unlabelled_cases
from engine.methods.adaptdiff.vessels import VesselImage
from engine.networks.residual_unet import ResidualUNet
from engine.results import FileResult
from engine.steps import NoteStep, ProgressStep, Step

ARGMAX = 0.5
CUTS = (0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.93, 0.95, 0.97)
EDGE_SIGMA = 1.0
CASES_FOR_CUT = 40


def pseudo_label(job: Job, context: Context) -> Generator[Step, None, FileResult]:
    """Inputs: images, output (folder of masks, one PNG an image)."""
    params = job.params
    assert isinstance(params, PseudoLabelParams)
    cases = unlabelled_cases(job, params.kind, params.name)
    model, _ = load_segmenter(params.checkpoint, context)
    output = job.path("output")
    _make_folder(output)
    probabilities = []
    for i, case in enumerate(cases):
        probabilities.append(averaged_probability(model, case.image))
        yield ProgressStep(i + 1, len(cases), case.name)
    cut = ARGMAX if params.cut == "argmax" else edge_cut(cases, probabilities)
    yield NoteStep(f"Vessel probability is cut at {cut:g}.")
    masks = [p > cut for p in probabilities]
    for case, mask in zip(cases, masks, strict=True):
        record = {"Description": "Pseudo-label", "Segmenter": params.checkpoint, "Cut": f"{cut:g}"}
        write_png(output / f"{case.name}.png", mask.astype(np.uint8) * 255, record)
    share = float(np.mean([m.mean() for m in masks]))
    return FileResult(
        output, f"{len(cases)} pseudo-labels, {share:.1%} of pixels vessel.",
        {"cut": cut, "vessel share": share},
    )  # fmt: skip


def averaged_probability(model: ResidualUNet, image: np.ndarray) -> np.ndarray:
    """Mean vessel probability (H, W) over the eight symmetries of the square.

    The segmenter has not seen the modality; part of its errors depends on the direction.
    """
    total = np.zeros(image.shape, np.float32)
    for turns in range(4):
        for flip in (False, True):
            view = np.rot90(image, turns)
            p = vessel_probability(model, view[:, ::-1] if flip else view)
            total += np.rot90(p[:, ::-1] if flip else p, -turns)
    return total / 8


def edge_cut(cases: Sequence[VesselImage], probabilities: Sequence[np.ndarray]) -> float:
    """The cut at which the masks' outlines lie best on the edges of the images; uses no label.

    A segmenter from another modality may find the right vessels and draw them too wide, and the
    synthetic pairs would hand that on. At the right width the image changes most across the
    outline: maximised is the mean gradient magnitude (Gaussian, sigma 1 px) along it.
    """
    scores = np.zeros(len(CUTS))
    for case, probability in list(zip(cases, probabilities, strict=True))[:CASES_FOR_CUT]:
        gradient = ndimage.gaussian_gradient_magnitude(case.image, EDGE_SIGMA)
        along = np.array([_along_outline(gradient, probability > cut) for cut in CUTS])
        if along.max() > 0:
            scores += along / along.max()
    return CUTS[int(scores.argmax())] if scores.any() else ARGMAX


def _along_outline(gradient: np.ndarray, mask: np.ndarray) -> float:
    """Mean over the pixels on either side of the mask's border; 0 without a border."""
    outline = ndimage.binary_dilation(mask) ^ ndimage.binary_erosion(mask)
    return float(gradient[outline].mean()) if outline.any() else 0.0


def _make_folder(path: Path) -> None:
    if path.exists() and not path.is_dir():
        raise InputError(f"{path} is a file.", "Choose a folder for the result.")
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise disk_error(path, error) from error
