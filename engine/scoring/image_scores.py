"""Images of any program against the images they should be: SSIM, PSNR, MAE, MI, and FID and KID.

Nothing is left out: a reference without a prediction ends the work, since no figure could stand
for an image that is not there. What is constant counts as it is.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from engine.data.segmentation.preparation import LUMA
from engine.data.volumes.read import read_volume
from engine.data.volumes.volume import Volume
from engine.errors import InputError
from engine.metrics.feature_distance import FeatureDistance
from engine.metrics.image_table import COLUMNS, ImageRow, ImageTable
from engine.metrics.images import (
    AS_THEY_ARE,
    FAINT,
    MEASURES,
    OWN,
    SHARED,
    compare_images,
    intensity_range,
)
from engine.metrics.table import write_table
from engine.provenance import versions
from engine.scoring.pairing import ScoredCase, pair
from engine.scoring.params import ImageScoreParams
from engine.scoring.planes import across
from engine.steps import NoteStep, ProgressStep, Step
from engine.wording import listed

if TYPE_CHECKING:
    import torch

PREDICTION, OTHER, REFERENCE = "prediction", "other", "reference"
Slices = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class ImageScores:
    """What was measured.

    Attributes:
        table: A row a case; `PREDICTION` first, and `OTHER` where two models are compared.
        sets: Way -> how alike its slices are to those of the references; empty where that was not
            asked for.
        title: For people.
    """

    params: ImageScoreParams
    cases: tuple[ScoredCase, ...]
    table: ImageTable
    sets: Mapping[str, FeatureDistance]
    notes: tuple[str, ...]
    title: str = ""

    @property
    def first(self) -> str:
        """The way that the others are compared with."""
        return next(iter(self.table.ways))

    def files(self, name: str) -> ScoredCase | None:
        """The files of a case; None where they are not known."""
        return next((case for case in self.cases if case.name == name), None)

    def summary(self) -> str:
        """Lines for people: one a way, and what there is to say of the sets."""
        lines = [self.table.summary()]
        for way, found in self.sets.items():
            told = "FID and KID are not told"
            if found.fid is not None and found.kid is not None:
                told = f"FID {found.fid:.4g}, KID {found.kid:.3g} (+- {found.kid_spread:.1g})"
            lines.append(f"{way}: {told} by {found.encoder}. {found.caution}".rstrip())
        return "\n".join(lines)

    def report(self) -> dict[str, Any]:
        """JSON values: all figures, the rows, the files, and what was asked."""
        return {
            "kind": "images", "title": self.title, **self.table.report(),
            "sets of slices": {way: found.report() for way, found in self.sets.items()},
            "parameters": self.params.model_dump(), "notes": list(self.notes),
            "files": [case.record() for case in self.cases], "versions": versions(),
        }  # fmt: skip

    def write(self, path: Path) -> Path:
        """Saves as .json, or the rows alone as .csv.

        Raises:
            InputError: Another ending.
            DiskError: The disk refuses.
        """
        return write_table(path, COLUMNS, self.table.records, self.report)


def score_images(
    predictions: Path,
    references: Path,
    params: ImageScoreParams | None = None,
    *,
    against: Path | None = None,
    features: Path | None = None,
    device: torch.device | None = None,
) -> Generator[Step, None, ImageScores]:
    """Judge images; predictions and references are two files, or two folders paired by name.

    Args:
        against: Images of another model for the same references.
        features: Weights of Inception for FID and KID, else fixed random convolutions.
        device: Where the features are computed; the processor by default.

    Yields:
        Notes, and progress in cases.

    Raises:
        InputError: Files that do not fit together or cannot be used, or a missing prediction.
        CheckpointError: Weights that are damaged or of another network.
    """
    asked = params or ImageScoreParams()
    pairing = pair(
        predictions, references, against=against, patient_pattern=asked.patient_pattern
    )  # fmt: skip
    _check_complete(pairing.cases, compared=against is not None)
    for note in pairing.notes:
        yield NoteStep(note)
    ways = {PREDICTION: str(predictions)}
    if against is not None:
        ways[OTHER] = str(against)
    table = ImageTable(ways, rule=_rule(asked))
    sets = _Sets(features, device) if asked.sets else None
    for index, case in enumerate(pairing.cases):
        yield ProgressStep(index, len(pairing.cases), case.name)
        shown = read_images(case, asked)
        body = shown.body
        scores = {
            way: compare_images(shown.slices[way], shown.slices[REFERENCE], body) for way in ways
        }
        used = body.any(axis=(1, 2))
        table.add(ImageRow(case.name, case.patient, scores, int(used.sum())))
        if sets is not None:
            for way, slices in shown.slices.items():
                sets.add(way, np.clip(slices[used], 0, 1))
    yield ProgressStep(len(pairing.cases), len(pairing.cases))
    return ImageScores(
        asked, pairing.cases, table, {} if sets is None else sets.distances(), pairing.notes
    )


@dataclass(frozen=True, eq=False)
class ShownImages:
    """The images of a case on one grid.

    Attributes:
        slices: Way -> (n, rows, columns); the reference is in [0, 1].
        body: (n, rows, columns): where they are compared.
        volumes: Way -> as it was read.
    """

    slices: Mapping[str, Slices]
    body: NDArray[np.bool_]
    volumes: Mapping[str, Volume]


def read_images(
    case: ScoredCase, params: ImageScoreParams, ways: Sequence[str] = ()
) -> ShownImages:
    """Reads the reference of a case and what is judged by it, as they are compared.

    Args:
        ways: Which of them; all by default.

    Raises:
        InputError: One that was not kept or cannot be used, or that does not lie on the reference.
    """
    models = {PREDICTION: case.prediction, OTHER: case.against}
    files = case.ways or {way: path for way, path in models.items() if path is not None}
    if lost := [way for way in ways if way not in files]:
        raise InputError(
            f"Of {case.name} there is no image of {listed(lost)} to look at.",
            "Evaluate again to keep it.",
        )
    paths = {REFERENCE: case.reference, **{way: files[way] for way in ways or files}}
    volumes = {way: read_volume(path, kind="image") for way, path in paths.items()}
    reference = volumes[REFERENCE].geometry
    grey = {way: _grey(volumes[way], path, params.channel) for way, path in paths.items()}
    for way, path in paths.items():
        if not volumes[way].geometry.matches(reference, 0.5 * min(reference.spacing_mm)):
            raise InputError(
                f"{path} does not lie on the voxels of {case.reference}.",
                "Save it on the reference's grid, or resample it (reverie volume resample).",
            )
    if grey[REFERENCE].min() == grey[REFERENCE].max():
        raise InputError(
            f"{case.reference} is constant: nothing can be compared with it.", "Leave it out."
        )
    axis = across(reference.spacing_mm)
    units = {way: np.moveaxis(values, axis, 0) for way, values in _mapped(grey, params).items()}
    body = np.ones(units[REFERENCE].shape, bool)
    if params.where == "body":
        body = np.any([unit > FAINT for unit in units.values()], axis=0)
    return ShownImages(units, body, volumes)


def _grey(volume: Volume, path: Path, channel: int) -> NDArray[np.float32]:
    """(D, H, W) in the image's own unit."""
    colours = volume.channels == "rgb"
    count = len(volume.array)
    if not colours and channel >= count:
        raise InputError(
            f"{path} has {count} channels; there is no channel {channel}.", "Choose another one."
        )
    if colours:
        planes = np.stack([volume.values(c) for c in range(3)]).astype(np.float32)
        values = np.asarray(np.einsum("cdhw,c->dhw", planes, LUMA))
    else:
        values = volume.values(channel).astype(np.float32)
    bad = int(values.size - np.isfinite(values).sum())
    if bad:
        raise InputError(
            f"{path} has {bad} values that are NaN or infinite.",
            "Replace them, for example by the background's value, and save it again.",
        )
    return values


def _mapped(
    grey: Mapping[str, NDArray[np.float32]], params: ImageScoreParams
) -> dict[str, NDArray[np.float32]]:
    """To [0, 1]; what is constant, to 0."""
    if params.scale == "unit":
        return dict(grey)
    if params.scale == "reference":
        low, high = (float(v) for v in (grey[REFERENCE].min(), grey[REFERENCE].max()))
        return {way: (values - low) / (high - low) for way, values in grey.items()}
    found = {}
    for way, values in grey.items():
        low, high, _ = intensity_range(values)
        unit = np.zeros_like(values) if high <= low else (values - low) / (high - low)
        found[way] = np.clip(unit, 0, 1, dtype=np.float32)
    return found


class _Sets:
    """Gathers features of slices."""

    def __init__(self, weights: Path | None, device: torch.device | None) -> None:
        import torch

        from engine.scoring.encoders import open_encoder

        self._encoder = open_encoder(weights)
        self._device = device or torch.device("cpu")
        self._features: dict[str, list[NDArray[np.float64]]] = {}

    def add(self, way: str, slices: Slices) -> None:
        found = self._encoder.features(np.ascontiguousarray(slices), self._device)
        self._features.setdefault(way, []).append(found)

    def distances(self) -> dict[str, FeatureDistance]:
        truth = np.concatenate(self._features[REFERENCE])
        return {
            way: self._encoder.distance(np.concatenate(parts), truth)
            for way, parts in self._features.items()
            if way != REFERENCE
        }


def _check_complete(cases: Sequence[ScoredCase], *, compared: bool) -> None:
    lost = [c.name for c in cases if c.prediction is None or (compared and c.against is None)]
    if lost:
        raise InputError(
            f"{len(lost)} of {len(cases)} references have no image to compare: {listed(lost)}.",
            "Add the images, or take these references away; left out silently, they would make "
            "a model look better than it is.",
        )


def _rule(params: ImageScoreParams) -> str:
    scale = {"own": OWN, "reference": SHARED, "unit": AS_THEY_ARE}[params.scale]
    where = "Where any of them shows a body" if params.where == "body" else "Everywhere"
    return f"{scale} {where}: {MEASURES}"
