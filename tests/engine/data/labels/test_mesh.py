"""Surfaces are closed, face outward and lie where the label does; files hold the same."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.data.labels.mesh import Mesh, surface, write_mesh
from engine.data.volumes.volume import Geometry
from engine.errors import InputError

RADIUS = 20.0


@pytest.fixture(params=["upright", "flipped", "oblique"])
def affine(request: pytest.FixtureRequest) -> NDArray[np.float64]:
    """Spacings 1, 0.8 and 1.5 mm along (i, j, k), in three orientations."""
    matrix = np.diag([1.0, 0.8, 1.5, 1.0])
    if request.param == "flipped":
        matrix = np.diag([-1.0, 0.8, 1.5, 1.0])
    if request.param == "oblique":
        turn = np.linalg.qr(np.array([[1.0, 0.3, 0], [-0.2, 1, 0.4], [0.1, 0, 1]]))[0]
        matrix[:3, :3] = turn @ matrix[:3, :3]
    matrix[:3, 3] = 10, -20, 30
    return matrix


def ball(affine: NDArray[np.float64]) -> tuple[NDArray[np.uint8], NDArray[Any]]:
    """A ball of label 3 with its centre in mm."""
    shape = (36, 64, 50)
    voxels = np.stack(np.mgrid[: shape[0], : shape[1], : shape[2]], -1)
    geometry = Geometry(shape, affine)
    centre = geometry.world(np.array([17.5, 31, 24]))
    apart = np.linalg.norm(geometry.world(voxels) - centre, axis=-1)
    return np.where(apart <= RADIUS, 3, 0).astype(np.uint8), centre


def assert_closed(mesh: Mesh) -> None:
    """Each edge belongs to two triangles that run along it in opposite ways."""
    edges = np.vstack([mesh.faces[:, [a, b]] for a, b in ((0, 1), (1, 2), (2, 0))])
    there = {tuple(edge) for edge in edges.tolist()}
    assert len(there) == len(edges)
    assert all((b, a) in there for a, b in there)


@pytest.mark.parametrize(("smoothing", "most"), [(0.0, 200_000), (1.0, 200_000), (0.5, 4_000)])
def test_a_ball(affine: NDArray[np.float64], smoothing: float, most: int) -> None:
    labels, centre = ball(affine)
    mesh = surface(labels, 3, affine, smoothing, most)
    assert_closed(mesh)
    assert len(mesh.faces) <= most
    assert mesh.volume_ml == pytest.approx(4 / 3 * np.pi * RADIUS**3 / 1000, rel=0.03)
    # Steps between voxels make an unsmoothed surface larger.
    assert mesh.area_mm2 == pytest.approx(4 * np.pi * RADIUS**2, rel=0.03 if smoothing else 0.12)
    out = mesh.vertices - centre
    assert np.linalg.norm(out, axis=1) == pytest.approx(RADIUS, abs=1.5)
    assert ((out * mesh.normals).sum(axis=1) > 0).all()
    assert np.linalg.norm(mesh.normals, axis=1) == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize("smoothing", [0.0, 3.0])
def test_single_voxels_and_the_volume_s_edge_are_closed(smoothing: float) -> None:
    labels = np.zeros((4, 5, 6), np.uint8)
    labels[0, 0, 0] = 1
    labels[:, :, 4:] = 2
    for value in (1, 2):
        mesh = surface(labels, value, np.eye(4), smoothing)
        assert_closed(mesh)
        assert mesh.volume_ml > 0


def test_a_label_that_is_not_there_is_told() -> None:
    with pytest.raises(InputError, match="no label 4"):
        surface(np.zeros((3, 3, 3), np.uint8), 4, np.eye(4))


def test_files_hold_the_triangles(tmp_path: Path) -> None:
    labels = np.zeros((6, 6, 6), np.uint8)
    labels[2:4, 2:4, 2:5] = 1
    mesh = surface(labels, 1, np.eye(4))
    for suffix in (".stl", ".ply", ".obj"):
        write_mesh(tmp_path / f"a{suffix}", mesh, "left lobe")
    stl = (tmp_path / "a.stl").read_bytes()
    assert b"SPACE=RAS" in stl[:80]
    assert struct.unpack("<I", stl[80:84])[0] == len(mesh.faces)
    triangles = np.frombuffer(
        stl[84:], np.dtype([("n", "<f4", 3), ("v", "<f4", (3, 3)), ("a", "<u2")])
    )
    assert np.array_equal(triangles["v"], mesh.vertices[mesh.faces])
    head, body = (tmp_path / "a.ply").read_bytes().split(b"end_header\n", 1)
    assert f"element face {len(mesh.faces)}".encode() in head
    assert len(body) == 24 * len(mesh.vertices) + 13 * len(mesh.faces)
    lines = (tmp_path / "a.obj").read_text().splitlines()
    points = np.array([[float(n) for n in line.split()[1:]] for line in lines if line[:2] == "v "])
    assert points == pytest.approx(mesh.vertices, abs=1e-4)
    corners = [[int(n.split("/")[0]) for n in ln.split()[1:]] for ln in lines if ln[:2] == "f "]
    assert np.array_equal(np.array(corners) - 1, mesh.faces)
    with pytest.raises(InputError, match="no format for surfaces"):
        write_mesh(tmp_path / "a.png", mesh)
