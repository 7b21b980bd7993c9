from __future__ import annotations

import numpy as np
import pytest
import torch

from engine.methods.diffrect.palette import encode, palette


def test_the_published_palettes() -> None:
    assert palette(4).tolist() == [[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]]
    assert palette(3).tolist() == palette(4)[:3].tolist()
    assert palette(2).tolist() == [[0, 0, 0], [1, 1, 1]]


@pytest.mark.parametrize(("classes", "least"), [(4, 1.0), (8, 1.0), (20, 0.5), (64, 1 / 3)])
def test_classes_stay_apart(classes: int, least: float) -> None:
    colours = palette(classes)
    assert colours.shape == (classes, 3)
    assert colours.min() >= 0
    assert colours.max() <= 1
    away = np.linalg.norm(colours[:, None] - colours, axis=2) + 9 * np.eye(classes)
    assert away.min() >= least - 1e-6


def test_more_classes_keep_the_colours_of_fewer() -> None:
    assert palette(8)[:4].tolist() == palette(4).tolist()


def test_a_map_is_coded_by_its_colours() -> None:
    labels = torch.tensor([[[0, 2], [1, 3]]])
    coded = encode(labels, torch.from_numpy(palette(4)))
    assert coded.shape == (1, 3, 2, 2)
    assert coded[0, :, 0, 1].tolist() == [0, 1, 0]
    assert coded.is_contiguous(memory_format=torch.channels_last)
