"""Surfaces of labels as triangles, and files of them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import skimage
from numpy.typing import NDArray

from engine.data.atomic import write_atomic
from engine.data.labels.blur import gaussian
from engine.data.labels.subject import Labels, Mask, Watch, box_of, stage, unwatched
from engine.data.volumes.volume import Affine
from engine.errors import InputError

MAX_FACES = 200_000
SUFFIXES = (".stl", ".ply", ".obj")
TRIANGLES_PER_FACE = 2.0
"""Marching cubes makes about so many triangles for each face between a voxel in and one out."""


@dataclass(frozen=True, eq=False)
class Mesh:
    """A closed surface.

    Attributes:
        vertices: (N, 3) float32, RAS+ millimetres.
        faces: (M, 3) int32, counter-clockwise as seen from outside.
        normals: (N, 3) float32 of length 1, outward.
    """

    vertices: NDArray[np.float32]
    faces: NDArray[np.int32]
    normals: NDArray[np.float32]

    @property
    def area_mm2(self) -> float:
        """Area of the surface."""
        return float(np.linalg.norm(_crosses(self.vertices, self.faces), axis=1).sum() / 2)

    @property
    def volume_ml(self) -> float:
        """Volume within."""
        return _signed_mm3(self.vertices, self.faces) / 1000


def surface(
    labels: Labels,
    value: int,
    affine: Affine,
    smoothing_mm: float = 0.0,
    max_faces: int = MAX_FACES,
    watch: Watch = unwatched,
) -> Mesh:
    """The surface of a label, half way between voxels within and without.

    Marching cubes (Lewiner et al. 2003, as scikit-image has it) on the label's block, blurred by
    a Gaussian, and with voxels averaged where there would be too many triangles.

    Args:
        labels: (D, H, W) integers.
        affine: (4, 4) from (column, row, slice) to RAS+ mm, as in `Geometry`.
        smoothing_mm: Standard deviation of the Gaussian; parts thinner than it vanish.
        watch: As in `Subject`.

    Raises:
        InputError: there is no such label.
    """
    mask = labels == value
    box = box_of(mask)
    if box is None:
        raise InputError(f"There is no label {value}.", "Choose a label that has voxels.")
    watch(0.1)
    block = mask[box]
    axes = affine[:3, 2::-1]
    spacing = np.linalg.norm(axes, axis=0)
    factors = _factors(block, spacing, max_faces)
    while True:
        field, origin = _field(
            block, factors, smoothing_mm / spacing, lambda done: watch(0.1 + 0.4 * done)
        )
        watch(0.5)
        found = skimage.measure.marching_cubes(field, 0.5, allow_degenerate=False)
        if len(found[1]) <= max_faces or max(factors) >= max(block.shape):
            break
        factors = _coarser(factors, spacing)
    watch(0.8)
    start = np.array([part.start for part in box])
    voxels = found[0].astype(np.float64) * factors + origin + start
    vertices = voxels @ axes.T + affine[:3, 3]
    faces = found[1].astype(np.int32)
    if _signed_mm3(vertices, faces) < 0:
        faces = faces[:, ::-1].copy()
    normals = _normals(vertices, faces)
    return Mesh(vertices.astype(np.float32), faces, normals)


def _factors(block: Mask, spacing: NDArray[np.float64], max_faces: int) -> NDArray[np.int64]:
    """How many voxels to average along each axis for about as many triangles as allowed."""
    steps = (np.count_nonzero(np.diff(block, axis=axis)) for axis in range(3))
    faces = sum(steps) * TRIANGLES_PER_FACE
    factors = np.ones(3, np.int64)
    while faces > max_faces:
        before = np.prod(factors)
        factors = _coarser(factors, spacing)
        faces *= float(before / np.prod(factors)) ** (2 / 3)
    return factors


def _coarser(factors: NDArray[np.int64], spacing: NDArray[np.float64]) -> NDArray[np.int64]:
    """One voxel more along the axes that are finest, so that cells come close to cubes."""
    size = factors * spacing
    return factors + (size < size.min() * 1.3)


def _field(
    block: Mask, factors: NDArray[np.int64], sigma: NDArray[np.float64], watch: Watch
) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """The share of label in each cell, with a rim outside, and the voxel that cell 0 lies at."""
    rims = np.ceil(3 * sigma).astype(int) + factors
    ends = [
        (rim, rim + -(length + 2 * rim) % factor)
        for rim, length, factor in zip(rims, block.shape, factors, strict=True)
    ]
    values = _averaged(np.pad(block, ends), factors, stage(watch, 0, 2))
    sharp = values
    if sigma.any():
        values = gaussian(sharp, (sigma / factors).tolist(), watch=stage(watch, 1, 2))
    if values.max() <= 0.5:  # so small that it would vanish
        values = sharp / sharp.max()
    # The first and last cells hold no label, so the surface is closed.
    for axis in range(3):
        np.moveaxis(values, axis, 0)[[0, -1]] = 0
    return values, (factors - 1) / 2 - rims


def _averaged(block: Mask, factors: NDArray[np.int64], watch: Watch) -> NDArray[np.float32]:
    """Means of cells of so many voxels along each axis, which the block is a multiple of."""
    if not (factors > 1).any():
        return block.astype(np.float32)
    d, h, w = (int(n // f) for n, f in zip(block.shape, factors, strict=True))
    values = np.empty((d, h, w), np.float32)
    deep, high, wide = factors
    for at in range(d):
        watch(at / d)
        slab = block[at * deep : (at + 1) * deep].reshape(deep, h, high, w, wide)
        values[at] = slab.mean(axis=(0, 2, 4), dtype=np.float32)
    return values


def _crosses(vertices: NDArray[np.floating], faces: NDArray[np.int32]) -> NDArray[np.float64]:
    """Outward vectors (M, 3), twice as long as the triangles are large."""
    a, b, c = (vertices[faces[:, corner]].astype(np.float64) for corner in range(3))
    return np.cross(b - a, c - a)


def _signed_mm3(vertices: NDArray[np.floating], faces: NDArray[np.int32]) -> float:
    centred = vertices - vertices.mean(axis=0)
    first = centred[faces[:, 0]].astype(np.float64)
    return float((first * _crosses(centred, faces)).sum() / 6)


def _normals(vertices: NDArray[np.floating], faces: NDArray[np.int32]) -> NDArray[np.float32]:
    crosses = _crosses(vertices, faces)
    sums = np.zeros((len(vertices), 3))
    for axis in range(3):
        weights = np.repeat(crosses[:, axis], 3)
        sums[:, axis] = np.bincount(faces.ravel(), weights, minlength=len(vertices))
    lengths = np.linalg.norm(sums, axis=1, keepdims=True)
    return (sums / np.maximum(lengths, 1e-30)).astype(np.float32)


def write_mesh(path: Path, mesh: Mesh, name: str = "label") -> None:
    """Write as .stl (binary), .ply (binary) or .obj, in RAS+ mm, whole or not at all.

    A comment says SPACE=RAS, which programs that take files to be LPS look for.

    Raises:
        InputError: the name has another ending.
        DiskError: it cannot be written there.
    """
    writers = {".stl": _stl, ".ply": _ply, ".obj": _obj}
    suffix = path.suffix.lower()
    if suffix not in writers:
        raise InputError(
            f"{path.name} cannot be written: {suffix or 'no ending'} is no format for surfaces.",
            f"End the name in {', '.join(SUFFIXES)}.",
        )
    write_atomic(path, writers[suffix](mesh, " ".join(name.split())))


def _stl(mesh: Mesh, name: str) -> bytes:
    kind = np.dtype([("normal", "<f4", 3), ("corners", "<f4", (3, 3)), ("attribute", "<u2")])
    triangles = np.zeros(len(mesh.faces), kind)
    crosses = _crosses(mesh.vertices, mesh.faces)
    lengths = np.linalg.norm(crosses, axis=1, keepdims=True)
    triangles["normal"] = crosses / np.maximum(lengths, 1e-30)
    triangles["corners"] = mesh.vertices[mesh.faces]
    # Not "solid" at the start: that marks text files.
    header = f"Reverie SPACE=RAS {name}".encode("ascii", "replace")[:80].ljust(80)
    return header + np.uint32(len(triangles)).astype("<u4").tobytes() + triangles.tobytes()


def _ply(mesh: Mesh, name: str) -> bytes:
    sides = [f"property float {side}" for side in ("x", "y", "z", "nx", "ny", "nz")]
    header = [
        "ply", "format binary_little_endian 1.0", "comment SPACE=RAS",
        f"comment {name}".encode("ascii", "replace").decode(),
        f"element vertex {len(mesh.vertices)}", *sides, f"element face {len(mesh.faces)}",
        "property list uchar int vertex_indices", "end_header", "",
    ]  # fmt: skip
    faces = np.zeros(len(mesh.faces), np.dtype([("count", "u1"), ("corners", "<i4", 3)]))
    faces["count"], faces["corners"] = 3, mesh.faces
    points = np.hstack([mesh.vertices, mesh.normals]).astype("<f4")
    return "\n".join(header).encode() + points.tobytes() + faces.tobytes()


def _obj(mesh: Mesh, name: str) -> bytes:
    lines = ["# SPACE=RAS", f"o {name.replace(' ', '_') or 'label'}"]
    lines += [f"v {x:.5f} {y:.5f} {z:.5f}" for x, y, z in mesh.vertices.tolist()]
    lines += [f"vn {x:.4f} {y:.4f} {z:.4f}" for x, y, z in mesh.normals.tolist()]
    lines += [f"f {a}//{a} {b}//{b} {c}//{c}" for a, b, c in (mesh.faces + 1).tolist()]
    return ("\n".join(lines) + "\n").encode()
