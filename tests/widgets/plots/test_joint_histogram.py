"""Pairs of values: a cloud, a curve, and what the pointer tells."""

from __future__ import annotations

import numpy as np
import pytest
from PyQt6.QtCore import QPointF
from PyQt6.QtTest import QTest
from pytestqt.qtbot import QtBot

from widgets.plots.joint_histogram import (
    BINS,
    JointHistogram,
    joint_counts,
    mutual_information,
)


def test_counts_tell_how_two_images_go_together() -> None:
    rng = np.random.default_rng(0)
    across = rng.random(20_000, np.float32)
    inverse = joint_counts(across, 1 - across)
    cloud = joint_counts(across, rng.random(20_000, np.float32))
    assert inverse.sum() == cloud.sum() == 20_000
    assert mutual_information(inverse) > 4
    assert mutual_information(cloud) < 0.4
    # Of one bit: which half, and nothing else.
    halves = joint_counts(np.repeat([0.1, 0.9], 50), np.repeat([0.7, 0.2], 50))
    assert mutual_information(halves) == pytest.approx(1.0)
    assert mutual_information(np.zeros((4, 4), np.int64)) == 0
    # Row by column; what lies beyond counts at the edge, NaN nowhere.
    counts = joint_counts(np.array([-3.0, 0.5, np.nan]), np.array([0.0, 7.0, 0.5]), bins=4)
    assert counts[0, 0] == counts[3, 2] == 1
    assert counts.sum() == 2
    with pytest.raises(ValueError, match="one shape"):
        joint_counts(across, across[1:])


def test_the_pointer_tells_values_and_a_ring_marks_a_pair(qtbot: QtBot) -> None:
    plot = JointHistogram()
    qtbot.addWidget(plot)
    plot.resize(300, 280)
    plot.show()
    told: list[object] = []
    plot.pointed.connect(told.append)
    empty = plot.grab().toImage()
    plot.setPair(np.full(50, 0.25), np.full(50, 0.75))
    assert "Mutual information 0.00 bits" in plot.accessibleDescription()
    assert plot.grab().toImage() != empty
    rect = plot.plotRect()
    place = QPointF(rect.left() + 0.255 * rect.width(), rect.bottom() - 0.755 * rect.height())
    QTest.mouseMove(plot, place.toPoint())
    assert told[-1] == pytest.approx((0.25, 0.75), abs=1.5 / BINS)
    assert "50 pixels" in plot.accessibleDescription()
    QTest.mouseMove(plot, QPointF(2, 2).toPoint())
    assert told[-1] is None
    plain = plot.grab().toImage()
    plot.setMark((0.5, 0.5))
    assert plot.grab().toImage() != plain
    plot.setMark(None)
    assert plot.grab().toImage() == plain
    plot.setPair(None, None)
    assert plot.counts() is None
    assert plot.information() == 0
