"""What is opened, shown, painted and saved: an array of values and where it lies in the patient."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from engine.data.volumes.label_table import LabelEntry

Kind = Literal["image", "labels"]
Channels = Literal["single", "rgb", "time", "components"]
Shape = tuple[int, int, int]
Affine = NDArray[np.float64]
MIN_DETERMINANT = 1e-12


@dataclass(frozen=True, eq=False)
class Geometry:
    """A grid of voxels in the patient.

    Attributes:
        shape: Slices, rows and columns (D, H, W).
        affine: (4, 4) float64, from the voxel (i, j, k) = (column, row, slice), 0-based, at its
            centre, to millimetres, x to the patient's right, y to the front, z to the head (RAS+).
        oriented: False for pictures without a patient: their axes are right, down and slice, and
            no letters are shown.
    """

    shape: Shape
    affine: Affine
    oriented: bool = True

    @property
    def spacing_mm(self) -> tuple[float, float, float]:
        """Voxel size along (D, H, W) in mm, the order of the array's axes."""
        x, y, z = np.linalg.norm(self.affine[:3, :3], axis=0)
        return float(z), float(y), float(x)

    @property
    def voxel_ml(self) -> float:
        """Volume of a voxel in millilitres."""
        return abs(float(np.linalg.det(self.affine[:3, :3]))) / 1000.0

    def world(self, voxel: NDArray[Any]) -> NDArray[np.float64]:
        """Voxels (..., 3) in array order (d, h, w) to RAS+ millimetres (..., 3)."""
        ijk = np.asarray(voxel, np.float64)[..., ::-1]
        return ijk @ self.affine[:3, :3].T + self.affine[:3, 3]

    def voxel(self, world: NDArray[Any]) -> NDArray[np.float64]:
        """RAS+ millimetres (..., 3) to voxels (..., 3) in array order (d, h, w), not rounded."""
        offset = np.asarray(world, np.float64) - self.affine[:3, 3]
        ijk = offset @ np.linalg.inv(self.affine[:3, :3]).T
        return ijk[..., ::-1]

    def matches(self, other: Geometry, tolerance_mm: float = 1e-3) -> bool:
        """Whether both have the same voxels: no corner further apart than the tolerance."""
        if self.shape != other.shape:
            return False
        corners = np.stack(np.meshgrid(*[(0, n - 1) for n in self.shape], indexing="ij"), -1)
        apart = self.world(corners) - other.world(corners)
        return bool(np.abs(apart).max() <= tolerance_mm)


@dataclass(frozen=True, eq=False)
class Source:
    """Where a volume came from, with all that is needed to write a mask of the same geometry.

    Attributes:
        path: The file or folder, or None for something made in the program.
        format: "nifti", "dicom", "nrrd", "mha", "hdf5", "raster", "numpy", "folder" or "".
        part: The data set of an h5 or npz file, or the series UID of a DICOM folder.
        files: The files read, in slice order, where there were several.
        header: What the format's writer needs, as its reader left it (for NIfTI a nibabel header).
        title: What a DICOM series calls itself, where the path names all series of a folder.
        modality: DICOM's code, such as "MR"; "" where the file says none.
    """

    path: Path | None = None
    format: str = ""
    part: str = ""
    files: tuple[Path, ...] = ()
    header: Any = None
    title: str = ""
    modality: str = ""

    @property
    def name(self) -> str:
        """The title, or the file's name without its endings; it can be part of a file's name."""
        title = re.sub(r"[^\w.+-]+", "_", self.title).strip("_.")
        if title:
            return title
        if self.path is None:
            return "untitled"
        name = self.path.name
        for ending in (".nii.gz", ".seg.nrrd"):
            if name.lower().endswith(ending):
                return name[: -len(ending)]
        return self.path.stem or name


@dataclass(frozen=True, eq=False)
class Volume:
    """An image or a label map with its geometry; a 2D image has one slice.

    Attributes:
        array: (C, D, H, W) as stored, of any integer or floating type, perhaps memory-mapped,
            of foreign byte order and read-only. Values are `array * slope + intercept`.
        geometry: See `Geometry`.
        kind: Grey values, or integers that name structures.
        channels: What C counts: one grey value, red-green-blue, points in time, or components.
        slope, intercept: Of the stored values.
        source: See `Source`.
        window: (low, high) in values, as the file asks to be shown, or None.
        unit: Of the values, for example "HU", or "".
        notes: What the user should know of the file, each a phrase.
        warnings: What may distort what is seen or measured, each a sentence with its numbers.
        table: Names and colours of labels, where the file itself holds them.
    """

    array: NDArray[Any]
    geometry: Geometry
    kind: Kind = "image"
    channels: Channels = "single"
    slope: float = 1.0
    intercept: float = 0.0
    source: Source = field(default_factory=Source)
    window: tuple[float, float] | None = None
    unit: str = ""
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    table: tuple[LabelEntry, ...] = ()

    def __post_init__(self) -> None:
        if self.array.ndim != 4 or self.array.shape[1:] != self.geometry.shape:
            raise ValueError(f"{self.array.shape} is not (C, {self.geometry.shape})")
        if self.array.dtype.kind not in "iufb":
            raise ValueError(f"values of type {self.array.dtype}")

    @property
    def spacing_mm(self) -> tuple[float, float, float]:
        """Voxel size along (D, H, W) in mm."""
        return self.geometry.spacing_mm

    @property
    def affine(self) -> Affine:
        """See `Geometry`."""
        return self.geometry.affine

    @property
    def scaled(self) -> bool:
        """Whether stored numbers differ from values."""
        return (self.slope, self.intercept) != (1.0, 0.0)

    def values(self, channel: int = 0) -> NDArray[Any]:
        """One channel (D, H, W) in values: stored as it is, or float32 where it is scaled."""
        stored = self.array[channel]
        if not self.scaled:
            return stored
        return stored.astype(np.float32) * np.float32(self.slope) + np.float32(self.intercept)


def plain_affine(spacing_mm: tuple[float, float, float] = (1.0, 1.0, 1.0)) -> Affine:
    """The affine of a picture without a patient; spacing along (D, H, W)."""
    d, h, w = spacing_mm
    return np.diag([w, h, d, 1.0])
