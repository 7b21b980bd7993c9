"""A slice view with a slim slider for its slices."""

from __future__ import annotations

from PyQt6.QtCore import QSignalBlocker, Qt
from PyQt6.QtGui import QColor
from PyQt6.QtWidgets import QHBoxLayout, QSlider, QWidget

from widgets.viewer.volume.decorations import PLANE_COLOURS
from widgets.viewer.volume.slice_view import SliceView

_STYLE = """
QSlider {{ background: transparent; }}
QSlider::groove:vertical {{
    width: 0.25em; background: rgba(128, 128, 128, 90); border-radius: 1px;
}}
QSlider::sub-page:vertical, QSlider::add-page:vertical {{ background: transparent; }}
QSlider::handle:vertical {{
    background: {colour}; height: 0.55em; margin: 0 -0.3em; border-radius: 0.2em; border: none;
}}
QSlider::handle:vertical:hover, QSlider::handle:vertical:focus {{ background: {bright}; }}
"""


class ViewFrame(QWidget):
    """Holds one slice view; its slider goes up towards head, front and right."""

    def __init__(self, view: SliceView, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.view = view
        self.slider = QSlider(Qt.Orientation.Vertical, self)
        # Keys belong to the view, which has the same ones.
        self.slider.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.slider.setFixedWidth(max(14, self.fontMetrics().height()))
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(view, 1)
        row.addWidget(self.slider)
        self.slider.valueChanged.connect(self._slid)
        view.indexChanged.connect(self._show)
        view.planeChanged.connect(self._show)
        self._show()

    def _show(self) -> None:
        plane = self.view.plane()
        count = plane.count if plane is not None else 1
        name = self.view.name()
        with QSignalBlocker(self.slider):
            self.slider.setRange(0, count - 1)
            self.slider.setPageStep(max(1, count // 10))
            self.slider.setValue(self._place(self.view.index(), count))
        self.slider.setVisible(count > 1)
        self.slider.setAccessibleName(f"{name.value.title()} slice number")
        style = _style(PLANE_COLOURS[name])
        if self.slider.styleSheet() != style:
            self.slider.setStyleSheet(style)

    def _slid(self, value: int) -> None:
        plane = self.view.plane()
        if plane is not None:
            self.view.setIndex(self._place(value, plane.count))

    def _place(self, index: int, count: int) -> int:
        """An index as the slider's value, and the other way round."""
        return index if self.view.forward() > 0 else count - 1 - index


def _style(colour: QColor) -> str:
    return _STYLE.format(colour=colour.name(), bright=colour.lighter(125).name())
