"""What is read at a voxel."""

from __future__ import annotations

import numpy as np

from tests.widgets.viewer.volume.stage import image, labels, stack_of
from widgets.viewer.volume.layers import LayerStack
from widgets.viewer.volume.probe import probe, probe_world

AFFINE = np.array([[-2.0, 0, 0, 10], [0, 3, 0, -5], [0, 0, 4, 1], [0, 0, 0, 1]])


def test_all_layers_are_read_at_one_place() -> None:
    values = np.arange(24, dtype=np.int16).reshape(2, 3, 4)
    scaled = image(values, AFFINE)
    scaled.slope, scaled.intercept, scaled.unit = 2.0, -1.0, "HU"
    mask = np.zeros((2, 3, 4), np.uint8)
    mask[1, 2, 3] = 7
    colours = image(np.stack([values, values + 1, values + 2]), AFFINE)
    colours.channels = "rgb"
    far = image(np.ones((1, 1, 1)), np.diag([1, 1, 1, 1.0]))
    reading = probe(stack_of(scaled, labels(mask, AFFINE), colours, far), (1, 2, 3))
    assert reading is not None
    assert reading.world == (4, 1, 5)
    assert reading.voxel == (1, 2, 3)
    assert reading.ijk == (3, 2, 1)
    assert [value.value for value in reading.values] == [45.0, 7.0, (23.0, 24.0, 25.0), None]
    assert [value.label for value in reading.values] == [None, 7, None, None]
    assert (reading.values[0].name, reading.values[0].unit) == ("image", "HU")


def test_a_series_is_read_at_its_point_in_time() -> None:
    series = image(np.arange(3.0).reshape(3, 1, 1, 1))
    series.channels = "time"
    stack = stack_of(series)
    stack.setTime(2)
    reading = probe_world(stack, (0.2, -0.3, 0.4))
    assert reading is not None
    assert reading.values[0].value == 2.0


def test_outside_there_is_nothing() -> None:
    stack = stack_of(image(np.zeros((2, 3, 4))))
    assert probe(stack, (0, 0, 4)) is None
    assert probe(stack, (-1, 0, 0)) is None
    assert probe_world(stack, (3.6, 0, 0)) is None
    assert probe(LayerStack(), (0, 0, 0)) is None
