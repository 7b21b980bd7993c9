"""What an image shows: its slices as the networks see them, and the findings of each."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from engine.data.volumes.region import Region
from engine.data.volumes.volume import Volume
from engine.data.weak.frames import Framed, frame_volume
from engine.device import Context
from engine.errors import CheckpointError, InputError
from engine.methods.cdm.networks import LoadedClassifier, LoadedDiffusion
from engine.methods.cdm.saliency import check_level, class_chances
from engine.methods.cdm.use_params import EvidenceName, SampleParams
from engine.steps import NoteStep, ProgressStep, Step
from engine.wording import sentence

CALL_PIXELS = {"cpu": 4 * 128**2, "mps": 16 * 128**2, "cuda": 128 * 128**2}
"""Pixels of one network call: large enough to be efficient, small enough to cancel soon."""
LEAST_CONTENT = 0.01
"""Of a slice; with less there is nothing but background, and nothing to find."""
SHARE_OF_MOST = 0.5
"""A finding is there if it is at least so likely as the likeliest: of slices with several, the
classifier was told one at a time."""


@dataclass(frozen=True, eq=False)
class Networks:
    """What evidence is made with.

    Attributes:
        diffusion: None for Grad-CAM alone.
        classifier: None where labels are given and nothing is guided.
    """

    diffusion: LoadedDiffusion | None
    classifier: LoadedClassifier | None

    @property
    def main(self) -> LoadedDiffusion | LoadedClassifier:
        """The one whose slices and classes count."""
        found = self.diffusion or self.classifier
        assert found is not None, "a network"
        return found


@dataclass(frozen=True, eq=False)
class Seen:
    """An image as the networks see it, and what its slices show.

    Attributes:
        framed: All slices.
        chances: (slices, K) of the classifier; NaN where it was not asked.
        shown: Of each slice, its findings.
    """

    framed: Framed
    chances: NDArray[np.float32]
    shown: tuple[frozenset[int], ...]


def needs(evidence: EvidenceName) -> tuple[bool, bool]:
    """Whether it needs a diffusion model, and whether a classifier."""
    return evidence != "grad-cam", evidence in ("cg-cdm", "grad-cam")


def check_networks(networks: Networks, evidence: EvidenceName, params: SampleParams) -> None:
    """Refuse networks that do not fit the evidence, or each other.

    Raises:
        CheckpointError: one is missing, or they were trained on other slices, labels or noise.
        InputError: Q or R beyond the model's steps.
    """
    wants_diffusion, wants_classifier = needs(evidence)
    model, classifier = networks.diffusion, networks.classifier
    if wants_diffusion and model is None:
        raise CheckpointError(f"{evidence} needs a diffusion model.", "Choose a checkpoint of one.")
    if wants_classifier and classifier is None:
        raise CheckpointError(
            f"{evidence} needs a classifier.",
            "Train one (reverie train --method cdm --stage train-classifier) and choose it.",
        )
    if model is not None and wants_diffusion:
        rounds = params.rounds if evidence != "reconstruction" else 1
        check_level(model.schedule, params.level, rounds)
    if model is None or classifier is None:
        return
    differ = [
        f"{what} {one} and {other}"
        for what, one, other in (
            ("labels", model.classes, classifier.classes),
            ("sides of", model.framing.size, classifier.framing.size),
            ("channels", model.framing.channels, classifier.framing.channels),
            ("planes", model.framing.plane, classifier.framing.plane),
            ("fields of view", model.framing.fov_mm, classifier.framing.fov_mm),
            ("steps", model.process.timesteps, classifier.process.timesteps),
            ("schedules", model.process.schedule, classifier.process.schedule),
        )
        if one != other
    ]
    if differ:
        raise CheckpointError(
            f"{model.identity.name} and {classifier.identity.name} do not belong together: "
            f"{'; '.join(differ)}.",
            "Train both on the same slices, with the same schedule.",
        )


def look(
    volume: Volume,
    networks: Networks,
    context: Context,
    *,
    given: Sequence[frozenset[int]] | int | None = None,
    region: Region | None = None,
    channel: int = 0,
) -> Generator[Step, None, Seen]:
    """Cut an image into slices, and learn what they show.

    Args:
        given: What is known of the slices: of each its findings, or one label for all; None asks
            the classifier.
        region: Inside of the image; only slices that it touches are looked at.
        channel: Of a series in time or of components.

    Raises:
        InputError: NaN, a constant image, a label that the checkpoint does not know, or nobody who
            could tell.
    """
    main = networks.main
    framed = frame_volume(volume, main.framing, channel)
    for note in framed.notes:
        yield NoteStep(sentence(note))
    box = region or Region.whole(volume.geometry.shape)
    wanted = set(framed.frame.slices_of(box.low, box.high).tolist())
    wanted &= set(np.flatnonzero(framed.content >= LEAST_CONTENT).tolist())
    count = len(framed.slices)
    chances = np.full((count, main.classes), np.nan, np.float32)
    if isinstance(given, int):
        _check_label(given, main)
        given = [frozenset({given} if given else ())] * count
    if given is None:
        if networks.classifier is None:
            raise InputError(
                "It is not known what the image shows: there is no classifier.",
                "Choose one, or give the label.",
            )
        yield from _classify(framed, sorted(wanted), networks.classifier, context, chances)
        given = [_present(row) for row in chances]
    shown = tuple(g if i in wanted else frozenset() for i, g in enumerate(given))
    return Seen(framed, chances, shown)


def told(seen: Seen, labels: Sequence[frozenset[int]]) -> Seen:
    """The same image, with what is known of its slices in place of what the classifier says."""
    filled = seen.framed.content >= LEAST_CONTENT
    shown = tuple(g if f else frozenset() for g, f in zip(labels, filled, strict=True))
    return Seen(seen.framed, seen.chances, shown)


def _classify(
    framed: Framed,
    wanted: Sequence[int],
    classifier: LoadedClassifier,
    context: Context,
    chances: NDArray[np.float32],
) -> Generator[Step, None, None]:
    """Fills the chances of the wanted slices in."""
    size = slices_a_call(framed, context, 1)
    for start in range(0, len(wanted), size):
        yield ProgressStep(start, len(wanted), "Looking for findings")
        part = list(wanted[start : start + size])
        slices = torch.from_numpy(framed.slices[part]).to(context.device)
        chances[part] = class_chances(classifier, slices).cpu().numpy()
    yield ProgressStep(len(wanted), len(wanted), "Looking for findings")


def _present(chances: NDArray[np.float32]) -> frozenset[int]:
    """The findings that a slice shows by its (K,) chances; none where nothing is likeliest."""
    if np.isnan(chances).any() or chances[0] >= 0.5 * chances.sum():
        return frozenset()
    most = chances[1:].max()
    return frozenset(int(k) + 1 for k in np.flatnonzero(chances[1:] >= SHARE_OF_MOST * most))


def slices_a_call(framed: Framed, context: Context, ways: int) -> int:
    """Slices that share a network call."""
    pixels = ways * framed.slices.shape[-1] ** 2
    return context.limit(max(1, CALL_PIXELS[context.device.type] // pixels))


def _check_label(label: int, main: LoadedDiffusion | LoadedClassifier) -> None:
    if not 0 <= label < main.classes:
        raise InputError(
            f"{main.identity.name} does not know label {label}.",
            f"Choose one from 0 (nothing) to {main.classes - 1}.",
        )
