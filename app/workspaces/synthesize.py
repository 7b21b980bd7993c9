"""The Synthesize workspace: mask and image side by side, the timeline below, the inspector right.

Widgets and their places only; `app.controllers` give them their meaning.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from PyQt6.QtCore import QEvent, QObject, Qt
from PyQt6.QtWidgets import QHBoxLayout, QSplitter, QTabWidget, QVBoxLayout, QWidget

from app.workspaces.image_header import ImageHeader
from widgets.paint.canvas import MaskCanvas
from widgets.paint.toolbar import PaintToolBar
from widgets.panels.contact_sheet import ContactSheet
from widgets.panels.jobs import JobsPanel
from widgets.timeline.timeline import Timeline
from widgets.viewer.image_view import ImageView

if TYPE_CHECKING:
    from app.workspaces.inspector import Inspector
    from widgets.plots.pixel_trace import PixelTrace

INSPECTOR_EM = 19
NO_IMAGE = "The image of the mask appears here"


class SynthesizeView(QWidget):
    """The widgets, by name.

    Attributes:
        canvas, tools: The mask and its toolbar.
        image, header: The image and the bar above it.
        timeline, sheet, jobs: The panels below, in `tabs`.
        inspector: The form, from `setInspector` on; its place is free from the start.
    """

    inspector: Inspector

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.canvas = MaskCanvas()
        self.tools = PaintToolBar()
        self.tools.bind(self.canvas)
        self.image = ImageView()
        self.image.setPlaceholder(NO_IMAGE)
        self.header = ImageHeader()
        self.timeline = Timeline()
        self.sheet = ContactSheet()
        self.sheet.setValueRange(0.0, 1.0)
        self.jobs = JobsPanel()
        self._inspector_place = QWidget()
        self._inspector_place.setMinimumWidth(INSPECTOR_EM * self.fontMetrics().height())
        QVBoxLayout(self._inspector_place).setContentsMargins(0, 0, 0, 0)
        self._trace: PixelTrace | None = None
        self._linked = False
        self._maximised: QWidget | None = None
        self._mask_side = _column(self.tools, self.canvas)
        self._image_side = _column(self.header, self.image)
        self.steps = QSplitter(Qt.Orientation.Horizontal)
        self.tabs = QTabWidget()
        self.panes = QSplitter(Qt.Orientation.Horizontal)
        self.rows = QSplitter(Qt.Orientation.Vertical)
        self.columns = QSplitter(Qt.Orientation.Horizontal)
        self._arrange()
        self.header.linkToggled.connect(self.setLinked)
        self.canvas.maximiseRequested.connect(lambda: self.toggleMaximised(self._mask_side))
        self.image.maximiseRequested.connect(lambda: self.toggleMaximised(self._image_side))
        self.setLinked(True)
        self.tools.installEventFilter(self)

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        if event is not None and event.type() == QEvent.Type.Resize:
            # The toolbar wraps where it is narrow; mask and image stay side by side.
            self.header.setFixedHeight(self.tools.height())
        return super().eventFilter(watched, event)

    def setInspector(self, inspector: Inspector) -> None:
        """Fill the place at the right."""
        self.inspector = inspector
        place = self._inspector_place.layout()
        assert place is not None, "made together with the place"
        place.addWidget(inspector)

    def splitters(self) -> dict[str, QSplitter]:
        """Those whose sizes are remembered."""
        return {"panes": self.panes, "rows": self.rows, "columns": self.columns}

    def resetLayout(self) -> None:
        """The sizes of a first start, everything visible."""
        self.toggleMaximised(None)
        em = self.fontMetrics().height()
        inspector = 20 * em
        self.columns.setSizes([max(1, self.width() - inspector), inspector])
        bottom = 15 * em
        self.rows.setSizes([max(1, self.height() - bottom), bottom])
        self.panes.setSizes([1000, 1000])

    def trace(self) -> PixelTrace:
        """The plot of a pixel beside the timeline, made on first use: its library is large."""
        if self._trace is None:
            from widgets.plots.pixel_trace import PixelTrace

            self._trace = PixelTrace()
            self._trace.stepRequested.connect(self.timeline.setCurrent)
            self.steps.addWidget(self._trace)
            self.steps.setSizes([3, 2])
        return self._trace

    def hasTrace(self) -> bool:
        return self._trace is not None

    def showJobs(self) -> None:
        """Bring the jobs list to the front."""
        self.tabs.setCurrentWidget(self.jobs)

    def setLinked(self, linked: bool) -> None:
        """Whether mask and image zoom and pan together."""
        if linked != self._linked:
            self._linked = linked
            if linked:
                self.canvas.linkView(self.image)
            else:
                self.canvas.unlinkView(self.image)

    def toggleMaximised(self, side: QWidget | None) -> None:
        """Give one side all the room, or share it again."""
        self._maximised = None if self._maximised is side else side
        for each in (self._mask_side, self._image_side):
            each.setVisible(self._maximised in (None, each))
        self.tabs.setVisible(self._maximised is None)

    def maximiseMask(self) -> None:
        self.toggleMaximised(self._mask_side)

    def maximiseImage(self) -> None:
        self.toggleMaximised(self._image_side)

    def _arrange(self) -> None:
        for widget in (self._mask_side, self._image_side):
            self.panes.addWidget(widget)
        self.steps.addWidget(self.timeline)
        self.steps.setChildrenCollapsible(False)
        self.tabs.addTab(self.steps, "Timeline")
        self.tabs.addTab(self.sheet, "Variants")
        self.tabs.addTab(self.jobs, "Jobs")
        self.tabs.setDocumentMode(True)
        self.rows.addWidget(self.panes)
        self.rows.addWidget(self.tabs)
        self.columns.addWidget(self.rows)
        self.columns.addWidget(self._inspector_place)
        for splitter, first in ((self.panes, 1), (self.rows, 1), (self.columns, 1)):
            splitter.setChildrenCollapsible(False)
            splitter.setStretchFactor(0, first)
            splitter.setStretchFactor(1, 1 if splitter is self.panes else 0)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.columns)


def _column(bar: QWidget, picture: QWidget) -> QWidget:
    side = QWidget()
    column = QVBoxLayout(side)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(0)
    column.addWidget(bar)
    column.addWidget(picture, 1)
    return side
