"""What a training shows of one unlabelled case: its pseudo-label before and after."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.data.atomic import disk_error
from engine.data.segmentation.cases import Case
from engine.data.volumes.label_table import LabelEntry
from engine.data.volumes.read import read_volume
from engine.data.volumes.write import write_labels
from engine.device import Context
from engine.errors import InputError
from engine.methods.diffrect.growing import GrowingData
from engine.methods.diffrect.inference import probabilities
from engine.methods.diffrect.labelled import proposal_of, read_labelled
from engine.methods.diffrect.losses import certainty, pseudo_labels
from engine.networks.level_unet import SegmenterUNet
from engine.provenance import versions

CORRELATION = "Class correlation"

Rectify = Callable[[Tensor, Tensor], Tensor]
"""Images (B, C, S, S) and probabilities (B, K, S, S) -> rectified probabilities."""


@dataclass(frozen=True)
class Watched:
    """What is watched.

    Attributes:
        run: The run folder, whose `labelled.json` may name another case later.
        pinned: Name of the case; "" for the first.
        confidence: Threshold of pseudo-labels.
        table: Names and colours of the classes.
    """

    run: Path
    pinned: str
    confidence: float
    table: tuple[LabelEntry, ...]


class Learning(Protocol):
    """What pictures are made with."""

    segmenter: SegmenterUNet
    data: GrowingData

    @property
    def context(self) -> Context: ...


def pictures(
    watched: Watched, stage: Learning, rectify: Rectify | None
) -> Mapping[str, NDArray[Any]]:
    """The case's middle slice, its pseudo-label and, where there is a rectifier, the rectified
    one; that of the whole case is written into the run, to be looked at and promoted.

    Returns:
        Title -> (S, S): label maps uint8, all else float32; the correlation of classes is (K, K).
        Empty without unlabelled cases.

    Raises:
        InputError: The case cannot be read any more.
        DiskError: The run folder cannot be written.
    """
    case = watched_case(watched, stage.data)
    if case is None:
        return {}
    images = stage.data.store.slices(case, "none").image.astype(np.float32)
    middle = images.shape[1] // 2
    image = torch.from_numpy(images[:, middle])[None].to(stage.context.device)
    soft = stage.segmenter(image).float().softmax(dim=1)
    before = pseudo_labels(soft, watched.confidence)
    shown = {"Image": image[0].mean(dim=0), "Pseudo-label": before[0].to(torch.uint8)}
    if rectify is None:
        shown["Certainty"] = certainty(soft)[0]
    else:
        rectified = rectify(image, soft)
        after = pseudo_labels(rectified, watched.confidence)
        shown["Rectified"] = after[0].to(torch.uint8)
        shown["Difference"] = (before != after)[0].to(torch.uint8)
        shown[CORRELATION] = class_correlation(soft, rectified).float()
    _propose(watched, stage, case, images, rectify)
    return {name: picture.cpu().numpy() for name, picture in shown.items()}


def watched_case(watched: Watched, data: GrowingData) -> Case | None:
    """The unlabelled case that is named, else the first; None without any."""
    name = watched.pinned
    try:
        found = read_labelled(watched.run)
    except InputError:
        found = None  # told at the start of the next epoch
    if found is not None and found.pinned:
        name = found.pinned
    named = (case for case in data.unlabelled if case.name == name)
    return next(named, data.unlabelled[0] if data.unlabelled else None)


def class_correlation(before: Tensor, after: Tensor) -> Tensor:
    """(K, K): Pearson's correlation over pixels of each class's probability before (rows) with
    each one's after (columns); 0 for a class that is the same everywhere.

    Args:
        before, after: (B, K, H, W).
    """
    rows, columns = (_standardised(soft) for soft in (before, after))
    return rows @ columns.T / rows.shape[1]


def _standardised(soft: Tensor) -> Tensor:
    """(B, K, H, W) -> (K, B * H * W) of mean 0 and variance 1, or all 0."""
    flat = soft.double().movedim(1, 0).flatten(1)
    flat = flat - flat.mean(dim=1, keepdim=True)
    spread = flat.square().mean(dim=1, keepdim=True).sqrt()
    return torch.where(spread > 1e-9, flat / spread.clamp(min=1e-9), 0.0)


def _propose(
    watched: Watched, stage: Learning, case: Case, images: NDArray[np.float32],
    rectify: Rectify | None,
) -> None:  # fmt: skip
    volume = read_volume(case.image, part=case.image_part, kind="image")
    found = probabilities(stage.segmenter, images, stage.context, rectify)
    _, height, width = volume.geometry.shape
    soft = torch.from_numpy(stage.data.store.recipe.back(found, (height, width)))
    labels = pseudo_labels(soft.movedim(1, 0), watched.confidence).numpy().astype(np.uint8)
    target = proposal_of(watched.run, case.name)
    try:
        target.parent.mkdir(exist_ok=True)
    except OSError as error:
        raise disk_error(target.parent, error) from error
    record = {
        "method": "diffrect", "case": case.name,
        "what": "pseudo-label" if rectify is None else "rectified pseudo-label",
        "source": str(case.image.absolute()), "part": case.image_part, "synthetic": False,
        "versions": versions(),
    }  # fmt: skip
    write_labels(target, labels, volume, watched.table, record)
