"""Translations against measured images of the target modality, and against simpler ways."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from engine.data.gathering import Found
from engine.data.volumes.read import read_volume
from engine.data.volumes.resample import resample_volume
from engine.data.volumes.volume import Volume
from engine.errors import InputError
from engine.methods.midiffusion.frames import Framed, frame_volume
from engine.methods.midiffusion.inference import IMAGE, Translation
from engine.methods.midiffusion.looks import Framing
from engine.metrics.image_table import ImageRow, ImageTable
from engine.metrics.images import FAINT, ImageScore, compare_images
from engine.provenance import versions
from engine.scoring.encoders import Encoder
from engine.scoring.keeping import Keeper
from engine.steps import DenoiseStep, NoteStep, ProgressStep, Step

TRANSLATION, SOURCE, HISTOGRAM, SDEDIT, CEILING = (
    "translation", "source", "histogram", "sdedit", "ceiling",
)  # fmt: skip
WAYS = {
    TRANSLATION: "guided by local mutual information",
    SOURCE: "the source as it is",
    HISTOGRAM: "the source with the intensities of the target modality (histogram matching)",
    SDEDIT: "SDEdit: from the noised source, without mutual information",
    CEILING: "the reference itself, seen in the pixels of the network",
}
Translator = Callable[[Volume], Generator[Step, None, Translation]]
Slices = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Pair:
    """A source and what it should look like."""

    source: Found
    reference: Found

    @property
    def name(self) -> str:
        return self.source.name


@dataclass(frozen=True, eq=False)
class Judge:
    """How cases are judged.

    Attributes:
        ways: Which of `WAYS`, in this order.
        framing: How images are seen.
        divisor: Of the network.
        quantiles: Of the target modality's intensities; empty where they are not known.
        translators: Of TRANSLATION and SDEDIT.
    """

    ways: tuple[str, ...]
    framing: Framing
    divisor: int
    quantiles: NDArray[np.float32]
    translators: Mapping[str, Translator]


@dataclass(eq=False)
class Evaluation:
    """What was measured.

    Attributes:
        table: A row a case.
        features: Way -> features of its slices; "reference" beside them.
        encoder: What they are of.
    """

    table: ImageTable
    encoder: Encoder
    features: dict[str, list[NDArray[np.float64]]] = field(default_factory=dict)

    def more(self) -> dict[str, Any]:
        """Beside the table, as JSON values."""
        truth = np.concatenate(self.features["reference"])
        return {
            "sets of slices": {
                way: self.encoder.distance(np.concatenate(parts), truth).report()
                for way, parts in self.features.items()
                if way != "reference"
            },
            "versions": versions(),
        }


def evaluate_pairs(
    pairs: Sequence[Pair], judge: Judge, encoder: Encoder, device: torch.device, keeper: Keeper
) -> Generator[Step, None, Evaluation]:
    """Translates every source and compares it with its reference, on the source's own voxels.

    Args:
        keeper: Takes references and the images of every way.

    Raises:
        InputError: an image that cannot be used, or two that do not lie on one another.
    """
    found = Evaluation(ImageTable({way: WAYS[way] for way in judge.ways}), encoder)
    for index, pair in enumerate(pairs):
        now = ProgressStep(index, len(pairs), pair.name)
        yield now
        source, reference = yield from _read(pair)
        made: dict[str, Translation] = {}
        for way, translator in judge.translators.items():
            made[way] = yield from _briefly(translator(source), now)
        done, framed = made[TRANSLATION].done, made[TRANSLATION].framed
        wanted = frame_volume(reference, judge.framing, judge.divisor).plane[done]
        own = framed.plane[done]
        body = (own > FAINT) | (wanted > FAINT)
        if not body.any():
            raise InputError(f"{pair.source.path} shows nothing.", "Leave it out.")
        pictures = _pictures(judge, framed, made, own, wanted, done)
        scores: dict[str, ImageScore] = {
            way: compare_images(picture, wanted, body) for way, picture in pictures.items()
        }
        if keeper.keeps:
            truth, *images = (
                _whole(framed, slices, done) for slices in (wanted, *pictures.values())
            )
            keeper.add(pair.name, pair.source.patient, source, truth, images)
        row = ImageRow(pair.name, pair.source.patient, scores, int(done.sum()))
        found.table.add(row)
        for way, picture in {**pictures, "reference": wanted}.items():
            features = encoder.features(framed.seen(picture), device)
            found.features.setdefault(way, []).append(features)
        yield ProgressStep(index + 1, len(pairs), pair.name)
    return found


def _read(pair: Pair) -> Generator[Step, None, tuple[Volume, Volume]]:
    source = read_volume(pair.source.path, kind="image")
    reference = read_volume(pair.reference.path, kind="image")
    half = 0.5 * min(source.spacing_mm)
    if source.geometry.matches(reference.geometry, half):
        return source, reference
    if not (source.geometry.oriented and reference.geometry.oriented):
        sizes = (v.geometry.shape for v in (source, reference))
        ours, theirs = (" x ".join(str(n) for n in shape[::-1]) for shape in sizes)
        raise InputError(
            f"{pair.source.path} has {ours} voxels, {pair.reference.path} {theirs}.",
            "Pairs must lie on one another.",
        )
    yield NoteStep(f"{pair.reference.name} was brought onto the grid of {pair.source.name}.")
    return source, resample_volume(reference, source)


def _pictures(
    judge: Judge,
    framed: Framed,
    made: Mapping[str, Translation],
    own: Slices,
    wanted: Slices,
    done: NDArray[np.bool_],
) -> dict[str, Slices]:
    """Slices (n, rows, columns) in [0, 1] of each way."""
    found: dict[str, Slices] = {}
    for way in judge.ways:
        if way in made:
            found[way] = framed.on_plane(made[way].maps[IMAGE, done][np.newaxis])[0]
        elif way == SOURCE:
            found[way] = own
        elif way == HISTOGRAM:
            found[way] = matched(own, judge.quantiles)
        else:
            found[way] = framed.on_plane(framed.seen(wanted)[np.newaxis])[0]
    return found


def _whole(framed: Framed, slices: Slices, done: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Some slices of the plane as (D, H, W) of the image, black where none was judged."""
    plane = np.zeros((1, *framed.plane.shape), np.float32)
    plane[0, done] = slices
    return framed.axes.back(plane)[0]


def matched(slices: Slices, quantiles: NDArray[np.float32]) -> Slices:
    """Slices in [0, 1] whose body has the intensities that the quantiles tell."""
    from skimage.exposure import match_histograms

    body = slices > FAINT
    found = slices.copy()
    if body.any():
        found[body] = match_histograms(slices[body], np.asarray(quantiles, np.float32))
    return found


def _briefly(
    steps: Generator[Step, None, Translation], now: ProgressStep
) -> Generator[Step, None, Translation]:
    """The result; of the steps of one image its denoising, without the notes on every image."""
    try:
        while True:
            step = next(steps)
            yield step if isinstance(step, DenoiseStep) else now
    except StopIteration as end:
        found: Translation = end.value
        return found
    finally:
        steps.close()


def named_baselines(text: str) -> tuple[str, ...]:
    """Of the parameters.

    Raises:
        InputError: one that is none.
    """
    words = [word.strip() for word in text.split(",") if word.strip()]
    known = (SOURCE, HISTOGRAM, SDEDIT, CEILING)
    if unknown := [word for word in words if word not in known]:
        raise InputError(
            f"There is no way called {unknown[0]!r} to compare with.",
            f"There are: {', '.join(known)}.",
        )
    return tuple(way for way in known if way in words)


def as_pairs(listed: Sequence[tuple[Found, Found]]) -> tuple[Pair, ...]:
    """Pairs in their order."""
    return tuple(Pair(source, reference) for source, reference in listed)
