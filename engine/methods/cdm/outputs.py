"""Saving a segmentation: labels and heat maps on the grid of the image they belong to."""

from __future__ import annotations

from pathlib import Path

from engine.data.volumes.label_table import LabelEntry, unnamed
from engine.data.volumes.volume import Volume
from engine.data.volumes.write import MAP_ENDINGS, write_labels, write_map
from engine.results import SaliencyResult


def write_saliency(
    result: SaliencyResult, volume: Volume, labels: Path, heat: Path | None = None
) -> tuple[Path, ...]:
    """Writes what is asked for; beside every file lies its provenance as JSON.

    Args:
        volume: The image that was segmented.
        labels: See `write.write_labels` for the endings.
        heat: Of several findings one file each, as NAME_1 and so on.

    Returns:
        All files written, the labels first.

    Raises:
        InputError: An ending that cannot be written; nothing is written after it.
        DiskError: The disk refuses.
    """
    table = [
        LabelEntry(value, name, unnamed(value).colour)
        for value, name in result.names.items()
        if value
    ]
    told = {**result.provenance, "holds": "output"}
    write_labels(labels, result.labels, volume, table, told)
    if heat is None:
        return (labels,)
    several = len(result.heat) > 1
    paths = [_numbered(heat, k) if several else heat for k in range(1, len(result.heat) + 1)]
    for number, (path, values) in enumerate(zip(paths, result.heat, strict=True), 1):
        told["holds"] = f"heat_{number}" if several else "heat"
        write_map(path, values, volume, told)
    return (labels, *paths)


def _numbered(path: Path, number: int) -> Path:
    ending = next((e for e in MAP_ENDINGS if path.name.lower().endswith(e)), path.suffix)
    stem = path.name[: len(path.name) - len(ending)]
    return path.with_name(f"{stem}_{number}{path.name[len(stem) :]}")
