"""How pictures of a training are dressed for the eye."""

from __future__ import annotations

import numpy as np

from app.controllers.train.pictures import dressed
from widgets.viewer.picture_row import Picture

IMAGE = Picture("Image", np.linspace(0, 1, 16, dtype=np.float32).reshape(4, 4), 0.0, 1.0)
LABELS = np.eye(4, dtype=np.uint8)


def test_labels_over_the_image_and_differences_with_their_share() -> None:
    shown = dressed([IMAGE, Picture("Rectified", LABELS), Picture("Difference", LABELS)], ())
    assert [p.title for p in shown] == ["Image", "Rectified", "Difference"]
    assert shown[1].below is IMAGE.values
    assert not shown[1].marks
    assert shown[2].marks
    assert shown[2].note == "25.0 %"


def test_labels_of_another_size_stay_as_they_are() -> None:
    small = Picture("Labels", np.zeros((2, 2), np.uint8))
    assert dressed([IMAGE, small], ())[1] is small
    assert dressed([Picture("Labels", LABELS)], ())[0].below is None


def test_classes_of_a_table_have_their_names() -> None:
    table = Picture("Class correlation", np.eye(3, dtype=np.float32))
    (named,) = dressed([table], ("background", "ring"))
    assert named.names == ("background", "ring", "2")
    assert named.axes == ("before", "after")
    picture = Picture("Class correlation", np.zeros((255, 255), np.float32))
    assert not dressed([picture], ("background",))[0].is_table, "runs of earlier versions"
