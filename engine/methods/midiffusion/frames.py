"""From images of any grid to slices as the network sees them, and what it makes of them back again.

Slices of volumes lie in one anatomical plane; their pixels measure the same in millimetres
whatever the voxels do. Pictures without a place in a patient are scaled by their longer side.
What is seen is a window around the content, at least as large as in training.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.data.segmentation.preparation import Prepared, resized
from engine.data.volumes.volume import Affine, Volume
from engine.errors import InputError
from engine.methods.midiffusion.looks import (
    SMALLEST,
    Framing,
    Intensities,
    Look,
    look_at,
    name_of,
)

ACROSS: Mapping[str, str] = {
    "L": "left to right", "R": "left to right", "A": "front to back", "P": "front to back",
    "I": "head to foot", "S": "head to foot",
}  # fmt: skip
COARSE = 2.0
"""Times by which a voxel must be longer along one axis for that to be told."""
SAME = 5e-4
"""Parts by which pixels may differ without being scaled, for people."""
MARGIN = 2
"""Pixels of background around content that is larger than training's squares."""
Window = tuple[int, int, int, int]
"""First row and column, rows and columns of a plane; it may exceed the plane."""


@dataclass(frozen=True, eq=False)
class Framed:
    """An image as the network sees it.

    Attributes:
        slices: (n, h, w) float32 in [0, 1]; h and w are multiples of what the network asks for.
        plane: (n, rows, columns) float32 in [0, 1]: the same on the image's own pixels.
        content: (n,) share of each slice of the plane that is no background; 0 of constant ones.
        intensities: How values became that.
        axes: How the image's axes are turned into the plane's; without its values.
        window: What of the plane a slice shows.
        notes: What was done, for the user.
    """

    slices: NDArray[np.float32]
    plane: NDArray[np.float32]
    content: NDArray[np.float32]
    intensities: Intensities
    axes: Prepared
    window: Window
    notes: tuple[str, ...] = ()

    def seen(self, plane: NDArray[np.float32]) -> NDArray[np.float32]:
        """Slices (m, rows, columns) of the plane in [0, 1] as the network sees them (m, h, w)."""
        return _seen(plane, self.window, (self.slices.shape[1], self.slices.shape[2]))

    def numbers(self) -> NDArray[np.intp]:
        """(n,) where each slice lies along the image's axis that is cut, from 0."""
        count = len(self.slices)
        turn = self.axes.turn
        falls = turn is not None and turn[list(turn[:, 0]).index(2), 1] < 0
        return np.arange(count)[:: -1 if falls else 1]

    def affine(self, affine: Affine, place: int) -> Affine:
        """(4, 4) from pixels (column, row, 0) of slice `place` as the network sees it to mm.

        Args:
            affine: Of the image's voxels.
        """
        from nibabel.orientations import inv_ornt_aff

        turn = self.axes.turn
        back = np.eye(4) if turn is None else inv_ornt_aff(turn, self.axes.shape[::-1])
        top, left, height, width = self.window
        down, across = height / self.slices.shape[1], width / self.slices.shape[2]
        pixel = np.diag([across, down, 1.0, 1.0])
        pixel[:3, 3] = left + (across - 1) / 2, top + (down - 1) / 2, place
        found: Affine = affine @ back @ pixel
        return found

    def on_plane(self, maps: NDArray[np.float32]) -> NDArray[np.float32]:
        """Maps (K, m, h, w) on the image's own pixels (K, m, rows, columns), linear between the
        network's; 0 outside of the window."""
        rows, columns = self.plane.shape[1:]
        top, left, height, width = self.window
        whole = np.zeros((*maps.shape[:2], rows, columns), np.float32)
        large = maps if maps.shape[2:] == (height, width) else resized(maps, (height, width))
        inside = slice(max(0, top), min(rows, top + height))
        across = slice(max(0, left), min(columns, left + width))
        whole[:, :, inside, across] = large[
            :, :, inside.start - top : inside.stop - top, across.start - left : across.stop - left
        ]
        return whole

    def back(self, maps: NDArray[np.float32]) -> NDArray[np.float32]:
        """Maps (K, n, h, w) of all slices to (K, D, H, W) of the image."""
        return self.axes.back(self.on_plane(maps))


def frame_volume(volume: Volume, framing: Framing, divisor: int = 1, channel: int = 0) -> Framed:
    """All slices of an image.

    Args:
        divisor: Sides are multiples of it.
        channel: Of a series in time or of components, which one.

    Raises:
        InputError: NaN, a constant image, a channel that is not there, or no room for a window.
    """
    look = look_at(volume, framing, channel)
    _, rows, columns = look.unit.shape
    if min(rows, columns) < SMALLEST:
        raise InputError(
            f"The slices of {name_of(volume)} have {columns} x {rows} px; the windows of the "
            f"mutual information need {SMALLEST}.",
            "Cut the volume another way, or choose a larger image.",
        )
    pixel = _pixel(volume, framing, look)
    window, canvas = _window(look, pixel, framing.size, divisor)
    notes = (*look.notes, *_notes(volume, framing, look, pixel, canvas))
    return Framed(
        _seen(look.unit, window, canvas), look.unit, look.content, look.intensities, look.axes,
        window, notes,
    )  # fmt: skip


def _pixel(volume: Volume, framing: Framing, look: Look) -> float:
    """Side of what becomes a pixel, in the unit of the look's spacing."""
    if framing.pixel_mm and volume.geometry.oriented:
        return framing.pixel_mm
    _, rows, columns = look.unit.shape
    return max(rows * look.spacing[1], columns * look.spacing[2]) / framing.size


def _window(look: Look, pixel: float, size: int, divisor: int) -> tuple[Window, tuple[int, int]]:
    """What of the plane is seen, and in how many pixels."""
    starts, lengths, canvas = [], [], []
    for (low, high), spacing in zip(look.extent(), look.spacing[1:], strict=True):
        needed = (high - low) * spacing / pixel
        side = size if needed <= size else int(np.ceil(needed)) + 2 * MARGIN
        side += -side % divisor
        length = max(1, round(side * pixel / spacing))
        starts.append(round((low + high - length) / 2))
        lengths.append(length)
        canvas.append(side)
    return (starts[0], starts[1], lengths[0], lengths[1]), (canvas[0], canvas[1])


def _seen(
    unit: NDArray[np.float32], window: Window, canvas: tuple[int, int]
) -> NDArray[np.float32]:
    top, left, height, width = window
    rows, columns = unit.shape[1:]
    cut = unit[:, max(0, top) : top + height, max(0, left) : left + width]
    sides = [
        (max(0, -top), max(0, top + height - rows)),
        (max(0, -left), max(0, left + width - columns)),
    ]
    if any(n for side in sides for n in side):
        cut = np.pad(cut, [(0, 0), *sides])
    if cut.shape[1:] == canvas:
        return np.ascontiguousarray(cut)
    found: NDArray[np.float32] = np.clip(resized(cut[np.newaxis], canvas)[0], 0, 1)
    return found


def _notes(
    volume: Volume, framing: Framing, look: Look, pixel: float, canvas: tuple[int, int]
) -> tuple[str, ...]:
    """What slices are seen, how their shape differs, and along which axis voxels are coarse."""
    depth, height, width = look.unit.shape
    between, rows, columns = look.spacing
    notes = []
    if (height, width) != canvas:
        scale = f", scaled by {rows / pixel:.3g}" if abs(rows / pixel - 1) > SAME else ""
        notes.append(
            f"slices of {width} x {height} px are seen in {canvas[1]} x {canvas[0]} px{scale}"
        )
    if not volume.geometry.oriented:
        if depth > 1 and framing.plane != "stored":
            notes.append(f"the image tells no directions: its {depth} slices are taken as stored")
        return tuple(notes)
    if depth > 1:
        notes.append(
            f"{depth} {framing.plane} slices, {between:.3g} mm apart; pixels of "
            f"{columns:.3g} x {rows:.3g} mm are seen as {pixel:.3g} mm"
        )
    within = max(rows, columns) / min(rows, columns)
    if within > COARSE:
        notes.append(
            f"voxels are longest {_longest(volume)}, and these slices cut along it: their pixels "
            f"are {within:.2g} times as long one way; slices across that axis would be sharper"
        )
    elif depth > 1 and between > COARSE * max(rows, columns):
        notes.append(f"voxels are longest {_longest(volume)}, across the slices")
    return tuple(notes)


def _longest(volume: Volume) -> str:
    """Where the longest side of a voxel leads, for example "head to foot (6.5 mm)"."""
    from nibabel.orientations import aff2axcodes

    spacing = volume.spacing_mm[::-1]
    axis = int(np.argmax(spacing))
    return f"{ACROSS[aff2axcodes(volume.affine)[axis]]} ({spacing[axis]:.3g} mm)"
