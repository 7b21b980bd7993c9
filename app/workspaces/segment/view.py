"""The Segment workspace: views in the middle, paint tools above, labels and layers at the right.

Widgets and their places only; `app.controllers.segment` gives them their meaning.
"""

from __future__ import annotations

from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QHBoxLayout, QSplitter, QStackedWidget, QTabWidget, QVBoxLayout, QWidget

from app.study import Study
from app.workspaces.segment.header import ViewHeader
from widgets.paint.labels.toolbar import LabelToolbar
from widgets.panels.start_page import StartPage
from widgets.panels.volume.histogram_panel import HistogramPanel
from widgets.panels.volume.history_panel import HistoryPanel
from widgets.panels.volume.label_panel import LabelPanel
from widgets.panels.volume.layers_panel import LayersPanel
from widgets.panels.volume.measurements_panel import MeasurementsPanel
from widgets.panels.volume.probe_panel import ProbePanel
from widgets.panels.volume.time_slider import TimeSlider
from widgets.viewer.volume.luts import NAMES, lut
from widgets.viewer.volume.volume_view import VolumeView
from widgets.viewer.volume.window import CT_PRESETS

SIDE_EM = 21


class SegmentView(QWidget):
    """The widgets, by name.

    Attributes:
        start: What is seen while nothing is open.
        volume: The slice views.
        header: Layouts and what is shown, above the views.
        tools: The paint tools.
        labels, history, measurements: The upper panels, in `label_tabs`.
        layers, contrast, probe: The lower panels, in `image_tabs`.
    """

    def __init__(self, study: Study, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.start = StartPage()
        self.volume = VolumeView(study.stack)
        self.header = ViewHeader()
        self.tools = LabelToolbar(study.editor)
        self.labels = LabelPanel(study.table)
        self.history = HistoryPanel()
        self.history.setModel(study.model)
        self.measurements = MeasurementsPanel()
        self.layers = LayersPanel(study.stack)
        self.layers.setLuts({name: lut(name) for name in NAMES})
        self.contrast = HistogramPanel()
        self.contrast.setPresets(CT_PRESETS)
        self.probe = ProbePanel()
        self.time = TimeSlider(study.stack)
        self.label_tabs = QTabWidget()
        self.image_tabs = QTabWidget()
        self.sides = QSplitter(Qt.Orientation.Vertical)
        self.columns = QSplitter(Qt.Orientation.Horizontal)
        self.pages = QStackedWidget()
        self._work = QWidget()
        self._arrange()
        study.opened.connect(lambda: self.showStart(study.volume is None))
        self.showStart(study.volume is None)

    def showStart(self, start: bool) -> None:
        """Show the start page, or the views."""
        self.pages.setCurrentWidget(self.start if start else self.columns)

    def splitters(self) -> dict[str, QSplitter]:
        """Those whose sizes are remembered."""
        return {"segment.columns": self.columns, "segment.sides": self.sides}

    def resetLayout(self) -> None:
        """The sizes of a first start."""
        em = self.fontMetrics().height()
        side = (SIDE_EM + 1) * em
        self.columns.setSizes([max(1, self.width() - side), side])
        self.sides.setSizes([1000, 1200])

    def showPanel(self, panel: QWidget) -> None:
        """Bring a panel to the front."""
        for tabs in (self.label_tabs, self.image_tabs):
            if tabs.indexOf(panel) >= 0:
                tabs.setCurrentWidget(panel)

    def _arrange(self) -> None:
        em = self.fontMetrics().height()
        for tabs, panels in (
            (
                self.label_tabs,
                (
                    ("Labels", self.labels),
                    ("History", self.history),
                    ("Measure", self.measurements),
                ),
            ),
            (
                self.image_tabs,
                (("Layers", self.layers), ("Contrast", self.contrast), ("Probe", self.probe)),
            ),
        ):
            tabs.setDocumentMode(True)
            for title, panel in panels:
                panel.setContentsMargins(em // 2, em // 2, em // 2, em // 2)
                tabs.addTab(panel, title)
            self.sides.addWidget(tabs)
        middle = QVBoxLayout(self._work)
        middle.setContentsMargins(0, 0, 0, 0)
        middle.setSpacing(0)
        for widget in (self.tools, self.header):
            middle.addWidget(widget)
        middle.addWidget(self.volume, 1)
        middle.addWidget(self.time)
        self.sides.setMinimumWidth(SIDE_EM * em)
        self.columns.addWidget(self._work)
        self.columns.addWidget(self.sides)
        self.columns.setStretchFactor(0, 1)
        for splitter in (self.columns, self.sides):
            splitter.setChildrenCollapsible(False)
        self.pages.addWidget(self.start)
        self.pages.addWidget(self.columns)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.pages)
