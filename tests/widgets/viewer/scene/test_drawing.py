"""Camera, surfaces and projections: what is seen where."""

from __future__ import annotations

import numpy as np
import pytest

from tests.widgets.viewer.scene.balls import ball
from widgets.viewer.scene.camera import Camera
from widgets.viewer.scene.mesh import Mesh, bounds, vertex_normals
from widgets.viewer.scene.mip import prepare, project
from widgets.viewer.scene.raster import draw

BLACK = (0, 0, 0)
RIGHT, FRONT, HEAD = np.eye(3)


@pytest.mark.parametrize(
    ("letter", "right", "up"),
    [
        ("A", -RIGHT, HEAD), ("P", RIGHT, HEAD), ("R", FRONT, HEAD), ("L", -FRONT, HEAD),
        ("S", RIGHT, FRONT), ("I", -RIGHT, FRONT),
    ],
)  # fmt: skip
def test_standing_at_a_side(letter: str, right: np.ndarray, up: np.ndarray) -> None:
    x, y, z = Camera().standing(letter).matrix
    assert x.tolist() == right.tolist()
    assert y.tolist() == up.tolist()
    assert np.allclose(np.cross(x, y), z), "not mirrored"


def test_what_is_in_front_follows_a_drag() -> None:
    camera = Camera()
    near = np.array([[0.0, 50.0, 0.0]])  # in front, seen from the front
    x, y, _ = camera.turned(20, 30).pixels(near, 200, 200)[0]
    assert x > 101
    assert y > 101


def test_turning_for_long_keeps_the_shape() -> None:
    camera = Camera()
    for _ in range(2000):
        camera = camera.turned(7, -3)
    assert np.allclose(camera.matrix @ camera.matrix.T, np.eye(3), atol=1e-9)
    assert np.linalg.det(camera.matrix) == pytest.approx(1)


def test_moving_and_zooming_are_in_pixels() -> None:
    camera = Camera(height=100.0)
    point = np.array([[0.0, 0.0, 0.0]])
    x, y, _ = camera.moved(15, -8, 200).pixels(point, 200, 200)[0]
    assert (x, y) == pytest.approx((115, 92))
    corner = np.array([[-10.0, 0.0, 0.0]])
    far = camera.zoomed(2).pixels(corner, 200, 200)[0][0] - 100
    assert far == pytest.approx(2 * (camera.pixels(corner, 200, 200)[0][0] - 100))


def test_normals_point_outwards_and_coarse_is_about_the_same() -> None:
    mesh = ball(rings=80).finished()
    assert mesh.normals is not None
    inner = mesh.vertices[200:-200] / 10
    assert np.abs((mesh.normals[200:-200] * inner).sum(1)).min() > 0.98
    coarse = mesh.coarse(2000)
    assert 200 < len(coarse.faces) < 4000
    assert np.linalg.norm(coarse.vertices, axis=1).min() > 8.5
    assert coarse.faces.max() < len(coarse.vertices)
    assert mesh.coarse(10**6) is mesh


def test_bad_and_empty_meshes() -> None:
    nothing = Mesh(np.zeros((0, 3), np.float32), np.zeros((0, 3), int))
    assert not nothing.drawn
    assert bounds([nothing]) is None
    assert draw([nothing], Camera(), 8, 6, (1, 2, 3)).tolist() == [[[1, 2, 3]] * 8] * 6
    assert vertex_normals(nothing.vertices, nothing.faces).shape == (0, 3)
    with pytest.raises(ValueError, match="vertices"):
        Mesh(np.zeros((3, 2), np.float32), np.zeros((0, 3), int))


def test_a_ball_covers_its_disc_without_holes() -> None:
    picture = draw([ball()], Camera(height=40.0), 100, 80, BLACK)
    y, x = np.mgrid[:80, :100]
    distance = np.hypot(x + 0.5 - 50, y + 0.5 - 40) / 2
    lit = picture[..., 0] > 0
    assert lit[distance < 9.5].all()
    assert not lit[distance > 10.2].any()
    assert picture[40, 50, 0] > picture[40, 50 + 17, 0] > 0, "lit from the viewer"


def test_the_near_hides_the_far_from_either_side() -> None:
    front, back = ball((0, 30, 0)), ball((0, -30, 0), colour=(0, 0, 255))
    for letter, channel in (("A", 0), ("P", 2)):
        middle = draw([front, back], Camera(height=40.0).standing(letter), 64, 64, BLACK)[32, 32]
        assert middle.argmax() == channel
    shown = draw([Mesh(front.vertices, front.faces, visible=False), back], Camera(height=40.0),
                 64, 64, BLACK)  # fmt: skip
    assert shown[32, 32].argmax() == 2


def test_through_a_translucent_surface_the_inside_is_seen() -> None:
    inner, outer = ball(radius=5, colour=(0, 0, 255)), ball(opacity=0.4)
    picture = draw([outer, inner], Camera(height=40.0), 80, 80, BLACK).astype(int)
    red, _, blue = picture[40, 40]
    assert red > 40
    assert blue > red
    assert picture[40, 40 + 16, 2] < picture[40, 40 + 16, 0]


def test_huge_triangles_are_cut_at_the_view() -> None:
    wall = Mesh(
        np.array([[-1e4, 0, -1e4], [1e4, 0, -1e4], [0, 0, 1e4]], np.float32),
        np.array([[0, 1, 2]]),
        colour=(255, 255, 255),
    )
    assert draw([wall], Camera(height=20.0), 60, 40, BLACK).min() > 200


def test_the_projection_shows_a_voxel_where_it_lies() -> None:
    array = np.zeros((20, 20, 20), np.int16)
    array[15, 4, 10] = 100  # k, j, i
    affine = np.diag([2.0, 2.0, 2.0, 1.0])
    volume = prepare(array, affine, 0, 100)
    camera = Camera().fitted(*volume.corners())
    world = np.array([[20.0, 8.0, 30.0]])
    for letter in "APLRSI":
        seen = camera.standing(letter)
        picture = project(volume, seen, 90, 90)
        x, y, _ = seen.pixels(world.copy(), 90, 90)[0]
        assert picture.max() == 255
        rows, columns = np.nonzero(picture)
        assert (columns.mean() + 0.5, rows.mean() + 0.5) == pytest.approx((x, y), abs=0.8)
    turned = project(volume, camera.turned(40, 25), 90, 90)
    x, y, _ = camera.turned(40, 25).pixels(world.copy(), 90, 90)[0]
    assert turned[int(y), int(x)] == 255


def test_preparing_keeps_the_largest_values_and_places() -> None:
    array = np.full((5, 300, 7), np.nan, np.float32)
    array[2, 299, 6] = 3.0
    volume = prepare(array, np.eye(4), 1.0, 5.0)
    assert volume.values.shape == (5, 100, 7)
    assert volume.values[2, 99, 6] == 128
    assert np.count_nonzero(volume.values) == 1
    assert (volume.affine @ (6, 99, 2, 1)).tolist() == [6, 298, 2, 1]
    with pytest.raises(ValueError, match="empty"):
        prepare(array, np.eye(4), 1.0, 1.0)
