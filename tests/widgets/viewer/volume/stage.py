"""Stacks and views for the tests, and what colour is seen where."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PyQt6.QtCore import QPointF
from PyQt6.QtGui import QColor
from PyQt6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from widgets.viewer.volume.decorations import NOTHING
from widgets.viewer.volume.layers import Grid, Layer, LayerKind, LayerStack, Look
from widgets.viewer.volume.planes import PlaneName
from widgets.viewer.volume.slice_pane import SlicePane
from widgets.viewer.volume.slice_view import SliceView

RAS = np.eye(4)
Voxel = tuple[int, int, int]


def image(
    array: NDArray[Any], affine: NDArray[Any] = RAS, *, oriented: bool = True, **look: Any
) -> Layer:
    """A layer of (D, H, W) or (C, D, H, W), shown as squares."""
    array = array if array.ndim == 4 else array[None]
    grid = Grid((array.shape[1], array.shape[2], array.shape[3]), np.array(affine), oriented)
    return Layer("image", array, grid, look=Look(**{"smooth": False, **look}))


def labels(array: NDArray[Any], affine: NDArray[Any] = RAS, **look: Any) -> Layer:
    """A layer of labels (D, H, W)."""
    grid = Grid((array.shape[0], array.shape[1], array.shape[2]), np.array(affine))
    return Layer("labels", array[None], grid, LayerKind.LABELS, look=Look(**look))


def stack_of(*layers: Layer) -> LayerStack:
    stack = LayerStack()
    for layer in layers:
        stack.add(layer)
    return stack


def slice_view(
    qtbot: QtBot, *layers: Layer, name: PlaneName = PlaneName.AXIAL, side: int = 240
) -> SliceView:
    """A view without decorations."""
    stack = stack_of(*layers)
    view = SliceView(stack, name)
    stack.setParent(view)
    view.setDecorations(NOTHING)
    show(qtbot, view, side, side)
    view.setFocus()
    return view


def show(qtbot: QtBot, widget: QWidget, width: int, height: int) -> None:
    qtbot.addWidget(widget)
    widget.resize(width, height)
    widget.show()
    qtbot.waitExposed(widget)


def point_of(view: SlicePane, voxel: Voxel) -> tuple[float, float]:
    """A voxel's middle in plane coordinates."""
    plane = view.plane()
    assert plane is not None
    x, y, _ = plane.point(voxel)
    return x, y


def seen(view: SlicePane, voxel: Voxel) -> tuple[int, int, int]:
    """The colour on screen in the middle of a voxel."""
    at = view.planeToView(QPointF(*point_of(view, voxel))).toPoint()
    colour: QColor = view.grab().toImage().pixelColor(at)
    return colour.red(), colour.green(), colour.blue()
