"""The Segment workspace: views in the middle, paint tools above, labels and layers at the right.

Widgets and their places only; `app.controllers.segment` gives them their meaning.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PyQt6.QtCore import QEvent, QObject, QPoint, QRect, Qt, pyqtSignal
from PyQt6.QtGui import QResizeEvent
from PyQt6.QtWidgets import QHBoxLayout, QSplitter, QStackedWidget, QTabWidget, QVBoxLayout, QWidget

from app.segmenters import segmenters
from app.study import Study
from app.workspaces.segment.dock import SegmentDock
from app.workspaces.segment.header import ViewHeader
from app.workspaces.segment.mend_bar import MendBar
from app.workspaces.segment.method_panel import MethodPanel
from widgets.paint.labels.toolbar import LabelToolbar
from widgets.paint.tools.base import ToolInfo
from widgets.panels.jobs import JobsPanel
from widgets.panels.start_page import StartPage
from widgets.panels.volume.histogram_panel import HistogramPanel
from widgets.panels.volume.history_panel import HistoryPanel
from widgets.panels.volume.label_panel import LabelPanel
from widgets.panels.volume.layers_panel import LayersPanel
from widgets.panels.volume.measurements_panel import MeasurementsPanel
from widgets.panels.volume.probe_panel import ProbePanel
from widgets.panels.volume.time_slider import TimeSlider
from widgets.tab_order import follow_layout
from widgets.viewer.volume.luts import NAMES, lut
from widgets.viewer.volume.volume_view import VolumeView
from widgets.viewer.volume.window import CT_PRESETS

SIDE_EM = 21
STACKED_EM = 66  # so high, contrast and probe get a place of their own below the layers
COLUMNS, TABBED, STACKED, DOCK = "columns", "sides", "sides.stacked", "dock"
DOCK_SHARE = 0.45  # of the height, that the dock takes at most when it opens
WINDOW, REGION_TOOL = "window", "roi"
# Tools that only look and measure; `app.controllers.segment` takes them in hand.
LOOKING = {
    WINDOW: ToolInfo(
        "Window and level", "mdi6.contrast-circle",
        "Drag across for the window, up and down for the level; Ctrl+double-click resets",
    ),
    "ruler": ToolInfo("Ruler", "mdi6.ruler", "Drag from one end to the other"),
    "angle": ToolInfo("Angle", "mdi6.angle-acute", "Click or drag the three points"),
    "ellipse": ToolInfo(
        "Ellipse", "mdi6.ellipse-outline", "Drag across a region: mean, deviation, area"
    ),
    "rectangle": ToolInfo(
        "Rectangle", "mdi6.rectangle-outline", "Drag across a region: mean, deviation, area"
    ),
    REGION_TOOL: ToolInfo(
        "Region to run on", "mdi6.select-drag",
        "Drag in a view; drag its sides, or all of it, in any view",
    ),
}  # fmt: skip


class SegmentView(QWidget):
    """The widgets, by name.

    Attributes:
        start: What is seen while nothing is open.
        volume: The slice views.
        header: Layouts and what is shown, above the views.
        tools: The paint tools.
        mending: Below them while a pseudo-label of a training is open.
        method, labels, history, measurements: The upper panels, in `label_tabs`.
        dock: Below the views: what a run did and found, and `jobs`, what runs and waits.
        layers, contrast, probe: The lower panels, in `image_tabs`; where there is room, contrast
            and probe are below it, in `value_tabs`.
    """

    roomChanged = pyqtSignal()  # the views are larger or smaller

    def __init__(self, study: Study, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.start = StartPage()
        self.volume = VolumeView(study.stack)
        self.header = ViewHeader()
        self.tools = LabelToolbar(study.editor, LOOKING)
        self.mending = MendBar()
        self.method = MethodPanel(segmenters())
        self.jobs = JobsPanel()
        self.dock = SegmentDock(self.jobs)
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
        self.value_tabs = QTabWidget()
        self.sides = QSplitter(Qt.Orientation.Vertical)
        self.columns = QSplitter(Qt.Orientation.Horizontal)
        self.rows = QSplitter(Qt.Orientation.Vertical)
        self.pages = QStackedWidget()
        self._work = QWidget()
        self._stacked: bool | None = None
        self._sizes: dict[str, list[int]] = {}
        self._dock_refused = False
        self._arrange()
        self.dock.hideRequested.connect(self.hideDock)
        self.header.dock.clicked.connect(self.toggleDock)
        self.volume.installEventFilter(self)
        follow_layout(self)
        self.volume.arranged.connect(lambda: follow_layout(self))
        study.opened.connect(lambda: self.showStart(study.volume is None))
        self.showStart(study.volume is None)

    def showStart(self, start: bool) -> None:
        """Show the start page, or the views."""
        self.pages.setCurrentWidget(self.start if start else self.columns)

    def panelSizes(self) -> dict[str, list[int]]:
        """How the room is shared out, in pixels, for `restorePanels`."""
        if self._stacked is None:
            return dict(self._sizes)  # never shown
        sizes = {**self._sizes, COLUMNS: self.columns.sizes(), self._rows(): self.sides.sizes()}
        return sizes | {DOCK: self.rows.sizes()} if self.isDockShown() else sizes

    def restorePanels(self, sizes: Mapping[str, Sequence[int]]) -> None:
        """Share the room out as it was; what does not fit is left out."""
        self._sizes = {
            name: list(parts)
            for name, parts in sizes.items()
            if len(parts) == (2 if name in (COLUMNS, DOCK) else 3) and all(n >= 0 for n in parts)
        }
        self._divide()

    def resetLayout(self) -> None:
        """The sizes of a first start."""
        self._sizes = {}
        self._divide()

    def _rows(self) -> str:
        return STACKED if self._stacked else TABBED

    def _divide(self) -> None:
        em = self.fontMetrics().height()
        side = (SIDE_EM + 1) * em
        rows = [24 * em, 16 * em, 16 * em] if self._stacked else [25 * em, 22 * em, 0]
        self.columns.setSizes(self._sizes.get(COLUMNS, [max(1, self.width() - side), side]))
        self.sides.setSizes(self._sizes.get(self._rows(), rows))
        self._divide_dock()

    # --- the dock

    def isDockShown(self) -> bool:
        return not self.dock.isHidden()

    def offerDock(self) -> None:
        """Show the dock, unless the user has hidden it."""
        if not self._dock_refused:
            self.showDock()

    def showDock(self, panel: QWidget | None = None) -> None:
        """Show the dock, and bring one of its panels to the front."""
        self._dock_refused = False
        if panel is not None:
            self.dock.tabs.setTabVisible(self.dock.tabs.indexOf(panel), True)
            self.dock.tabs.setCurrentWidget(panel)
        if not self.isDockShown():
            self.dock.show()
            self._divide_dock()
            follow_layout(self)
        self.header.dock.setChecked(True)

    def hideDock(self) -> None:
        """Give the views all the room; the dock stays away until it is asked for."""
        self.clearDock()
        self._dock_refused = True
        self.focusFirst()

    def clearDock(self) -> None:
        """Hide the dock while there is nothing in it."""
        if self.isDockShown():
            self._sizes[DOCK] = self.rows.sizes()
            self.dock.hide()
        self.header.dock.setChecked(False)

    def toggleDock(self) -> None:
        if self.isDockShown():
            self.hideDock()
        else:
            self.showDock()

    def _divide_dock(self) -> None:
        if not self.isDockShown():
            return
        whole = max(self.rows.height(), 1)
        high = self._sizes.get(DOCK, [0, self.dock.wantedHeight()])[1]
        high = min(high, round(DOCK_SHARE * whole))
        self.rows.setSizes([whole - high, high])

    # --- panels

    def showPanel(self, panel: QWidget) -> None:
        """Bring a panel to the front."""
        for tabs in (self.label_tabs, self.image_tabs, self.value_tabs):
            if tabs.indexOf(panel) >= 0:
                tabs.setCurrentWidget(panel)
        if self.dock.tabs.indexOf(panel) >= 0:
            self.showDock(panel)

    def focusFirst(self) -> None:
        """Let keys go to the view used last, or to what opens a file."""
        start = self.pages.currentWidget() is self.start
        target = self.start.open_file if start else self.volume.currentView()
        if self.isVisible():
            target.setFocus(Qt.FocusReason.OtherFocusReason)

    def messageArea(self) -> QRect:
        """What messages may cover: the slices, or all of the start page."""
        if self.pages.currentWidget() is self.start:
            return self.rect()
        return QRect(self.volume.mapTo(self, QPoint(0, 0)), self.volume.size())

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        if event is not None and event.type() == QEvent.Type.Resize:
            self.roomChanged.emit()
        return super().eventFilter(watched, event)

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        super().resizeEvent(event)
        self._stack(self.height() >= STACKED_EM * self.fontMetrics().height())

    def _stack(self, stacked: bool) -> None:
        """Whether contrast and probe have a place of their own."""
        if stacked == self._stacked:
            return
        if self._stacked is not None:
            self._sizes = self.panelSizes()
        self._stacked = stacked
        from_, to = (self.image_tabs, self.value_tabs)[:: 1 if stacked else -1]
        front = from_.currentWidget()
        for title, panel in (("Contrast", self.contrast), ("Probe", self.probe)):
            if to.indexOf(panel) < 0:
                from_.removeTab(from_.indexOf(panel))
                to.addTab(panel, title)
        self.value_tabs.setVisible(stacked)
        if stacked and front in (self.contrast, self.probe):
            self.value_tabs.setCurrentWidget(front)
        follow_layout(self)
        self._divide()

    def _arrange(self) -> None:
        for tabs in (self.label_tabs, self.image_tabs, self.value_tabs):
            tabs.setDocumentMode(True)
            bar = tabs.tabBar()
            assert bar is not None, "tabs have a bar"
            bar.setDrawBase(False)
            self.sides.addWidget(tabs)
        self._add_panels(self.label_tabs, (
            ("Method", self.method), ("Labels", self.labels), ("History", self.history),
            ("Measure", self.measurements),
        ))  # fmt: skip
        self._add_panels(self.image_tabs, (
            ("Layers", self.layers), ("Contrast", self.contrast), ("Probe", self.probe),
        ))  # fmt: skip
        self.value_tabs.hide()
        self.tools.setCorner(self.header)
        self.tools.setTitle(self.header.title)
        em = self.fontMetrics().height()
        self.time.setContentsMargins(em // 2, 0, em // 2, em // 4)
        views = QWidget()
        upper = QVBoxLayout(views)
        upper.setContentsMargins(0, 0, 0, 0)
        upper.setSpacing(0)
        upper.addWidget(self.volume, 1)
        upper.addWidget(self.time)
        self.rows.addWidget(views)
        self.rows.addWidget(self.dock)
        self.rows.setStretchFactor(0, 1)
        self.dock.hide()
        middle = QVBoxLayout(self._work)
        middle.setContentsMargins(0, 0, 0, 0)
        middle.setSpacing(0)
        middle.addWidget(self.tools)
        middle.addWidget(self.mending)
        middle.addWidget(self.rows, 1)
        self.sides.setMinimumWidth(SIDE_EM * em)
        self.columns.addWidget(self._work)
        self.columns.addWidget(self.sides)
        self.columns.setStretchFactor(0, 1)
        for splitter in (self.columns, self.sides, self.rows):
            splitter.setChildrenCollapsible(False)
        self.pages.addWidget(self.start)
        self.pages.addWidget(self.columns)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.pages)

    def _add_panels(self, tabs: QTabWidget, panels: Sequence[tuple[str, QWidget]]) -> None:
        em = self.fontMetrics().height()
        for title, panel in panels:
            panel.setContentsMargins(em // 2, em // 2, em // 2, em // 2)
            tabs.addTab(panel, title)
