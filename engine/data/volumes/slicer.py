"""The segments that 3D Slicer describes in the header of a .seg.nrrd."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from engine.data.volumes.label_table import LabelEntry
from engine.data.volumes.volume import Volume

MAX_VALUE = 2**16 - 1


@dataclass(frozen=True)
class Segment:
    """A segment of a .seg.nrrd as 3D Slicer describes it.

    Attributes:
        value: Its label in the layer.
        name: For people.
        colour: (r, g, b), 0 to 255.
        layer: Channel of the volume that holds it.
    """

    value: int
    name: str
    colour: tuple[int, int, int]
    layer: int = 0


def segments(header: dict[str, str]) -> tuple[Segment, ...]:
    """The segments that a volume's `source.header` names; what is not written is filled in."""
    found = []
    for index in range(MAX_VALUE):
        start = f"Segment{index}_"
        if f"{start}ID" not in header:
            break
        value, layer = (header.get(start + key, "") for key in ("LabelValue", "Layer"))
        try:
            parts = [float(word) for word in header.get(f"{start}Color", "").split()]
            r, g, b = (round(255 * min(max(part, 0.0), 1.0)) for part in parts)
        except (ValueError, OverflowError):
            r, g, b = 255, 0, 0
        name = header.get(f"{start}Name") or header[f"{start}ID"]
        found.append(
            Segment(
                int(value) if value.isdecimal() else index + 1,
                name,
                (r, g, b),
                int(layer) if layer.isdecimal() else 0,
            )
        )
    return tuple(found)


def in_one_layer(volume: Volume) -> Volume:
    """A label map with the names and colours of its segments, whose layers become one.

    Segments that overlap lie in several layers: there the later one is kept, and a note counts
    the voxels. Files without a word of Slicer stay as they are.

    Args:
        volume: Labels as `nrrd.read_nrrd` finds them.
    """
    found = segments(volume.source.header)
    values = [segment.value for segment in found]
    if not found or max(values) > MAX_VALUE:
        return volume
    if len(volume.array) == 1:
        table = {e.value: e for e in _entries(found, values)}
        return replace(volume, table=tuple(table.values()))
    if any(segment.layer >= len(volume.array) for segment in found):
        return volume
    if len(set(values)) < len(values):
        # Layers may count from 1 each.
        values = list(range(1, len(found) + 1))
    labels = np.zeros(volume.geometry.shape, np.uint8 if max(values) < 256 else np.uint16)
    overlap = 0
    for segment, value in zip(found, values, strict=True):
        inside = volume.array[segment.layer] == segment.value
        overlap += int(np.count_nonzero(labels[inside]))
        labels[inside] = value
    notes = (f"{len(volume.array)} layers laid into one",)
    if overlap:
        notes = (f"{overlap:,} voxels belong to several segments: the last one is kept",)
    return replace(
        volume,
        array=labels[np.newaxis],
        channels="single",
        notes=volume.notes + notes,
        table=_entries(found, values),
    )


def _entries(found: Sequence[Segment], values: Sequence[int]) -> tuple[LabelEntry, ...]:
    return tuple(
        LabelEntry(value, segment.name, segment.colour)
        for segment, value in zip(found, values, strict=True)
        if value
    )
