"""Saving a segmentation: labels and maps on the grid of the image they belong to."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from engine.data.volumes.dicom_seg import Maker
from engine.data.volumes.label_table import LabelEntry
from engine.data.volumes.volume import Volume
from engine.data.volumes.write import MAP_ENDINGS, write_labels, write_map
from engine.provenance import versions
from engine.results import SegmentationResult

COLOURS = (
    (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 0), (0, 255, 255), (255, 0, 255),
)  # fmt: skip


def write_segmentation(
    result: SegmentationResult,
    volume: Volume,
    labels: Path,
    *,
    probability: Path | None = None,
    uncertainty: Path | None = None,
    entropy: Path | None = None,
) -> tuple[Path, ...]:
    """Writes what is asked for; beside every file lies its provenance as JSON.

    Args:
        volume: The image that was segmented.
        labels: See `write.write_labels` for the endings.
        probability: Of any structure; of several classes each one as well, as NAME_1 and so on.
        uncertainty: The variance over the votes.
        entropy: Of the probability.

    Returns:
        All files written, the labels first.

    Raises:
        InputError: An ending that cannot be written; nothing is written after it.
        DiskError: The disk refuses.
    """
    maps = {}
    if probability is not None:
        maps[probability] = "probability", result.foreground
        if len(result.probability) > 2:
            for number in range(1, len(result.probability)):
                each = f"probability_{number}", result.probability[number]
                maps[_numbered(probability, number)] = each
    if uncertainty is not None:
        maps[uncertainty] = "uncertainty", result.variance
    if entropy is not None:
        maps[entropy] = "entropy", result.entropy
    maker = Maker("AUTOMATIC", "cDAL", versions()["reverie"])
    table = table_of(result.names)
    told = {**result.provenance, "holds": "output"}
    write_labels(labels, result.labels, volume, table, told, maker)
    for path, (name, values) in maps.items():
        write_map(path, values, volume, {**told, "holds": name})
    return (labels, *maps)


def table_of(names: Mapping[int, str]) -> tuple[LabelEntry, ...]:
    """Names with colours, without the background."""
    return tuple(
        LabelEntry(value, name, COLOURS[(value - 1) % len(COLOURS)])
        for value, name in names.items()
        if value
    )


def _numbered(path: Path, number: int) -> Path:
    ending = next((e for e in MAP_ENDINGS if path.name.lower().endswith(e)), path.suffix)
    stem = path.name[: len(path.name) - len(ending)]
    return path.with_name(f"{stem}_{number}{path.name[len(stem) :]}")
