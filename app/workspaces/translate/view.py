"""The Translate workspace: views in the middle, steps below them, the inspector at the right.

Widgets and their places only; `app.controllers.translate` gives them their meaning.
"""

from __future__ import annotations

from PyQt6.QtCore import QEvent, QObject, QPoint, QRect, Qt, pyqtSignal
from PyQt6.QtWidgets import QHBoxLayout, QSplitter, QStackedWidget, QVBoxLayout, QWidget

from app.segmenters import segmenters
from app.translators import WORKSPACE
from app.workspaces.translate.dock import TranslateDock
from app.workspaces.translate.header import TranslateHeader
from app.workspaces.translate.panel import TranslatePanel
from app.workspaces.translate.views import TranslateViews
from widgets.panels.jobs import JobsPanel
from widgets.panels.start_page import StartPage
from widgets.tab_order import follow_layout

SIDE_EM = 21
DOCK_SHARE = 0.5  # of the height, that the dock takes at most when it opens


class TranslateView(QWidget):
    """The widgets, by name.

    Attributes:
        start: What is seen while nothing is open.
        header, views: The middle.
        panel: The inspector.
        dock: Below the views; `jobs` is in it.
    """

    roomChanged = pyqtSignal()  # the views are larger or smaller

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.start = StartPage()
        self.start.title.setText(
            "Drop an image or a DICOM folder here, to see it as another modality"
        )
        self.views = TranslateViews()
        self.header = TranslateHeader()
        self.panel = TranslatePanel(segmenters(workspace=WORKSPACE))
        self.jobs = JobsPanel()
        self.dock = TranslateDock(self.jobs)
        self.columns = QSplitter(Qt.Orientation.Horizontal)
        self.rows = QSplitter(Qt.Orientation.Vertical)
        self.pages = QStackedWidget()
        self._dock_refused = False
        self._dock_height = 0
        self._arrange()
        self.header.dock.clicked.connect(self.toggleDock)
        self.dock.hideRequested.connect(self.hideDock)
        self.views.installEventFilter(self)
        follow_layout(self)
        self.showStart(True)

    def showStart(self, start: bool) -> None:
        """Show the start page, or the views."""
        self.pages.setCurrentWidget(self.start if start else self.columns)

    # --- the dock

    def isDockShown(self) -> bool:
        return not self.dock.isHidden()

    def offerDock(self, panel: QWidget | None = None) -> None:
        """Show the dock, unless the user has hidden it; see `showDock`."""
        if not self._dock_refused:
            self.showDock(panel)

    def showDock(self, panel: QWidget | None = None) -> None:
        """Show the dock, and bring one of its panels to the front."""
        self._dock_refused = False
        if panel is not None:
            self.dock.tabs.setCurrentWidget(panel)
        if not self.isDockShown():
            self.dock.show()
            whole = max(self.rows.height(), 1)
            wanted = self._dock_height or self.dock.wantedHeight()
            high = min(wanted, round(DOCK_SHARE * whole))
            self.rows.setSizes([whole - high, high])
        self.header.dock.setChecked(True)

    def hideDock(self) -> None:
        """Give the views all the room; the dock stays away until it is asked for."""
        if self.isDockShown():
            self._dock_height = self.rows.sizes()[1]
            self.dock.hide()
        self._dock_refused = True
        self.header.dock.setChecked(False)
        self.focusFirst()

    def toggleDock(self) -> None:
        if self.isDockShown():
            self.hideDock()
        else:
            self.showDock()

    # --- places

    def focusFirst(self) -> None:
        """Let keys go to the views, or to what opens a file."""
        start = self.pages.currentWidget() is self.start
        target = self.start.open_file if start else self.views.currentView()
        if self.isVisible():
            target.setFocus(Qt.FocusReason.OtherFocusReason)

    def messageArea(self) -> QRect:
        """What messages may cover: the views, or all of the start page."""
        if self.pages.currentWidget() is self.start:
            return self.rect()
        return QRect(self.views.mapTo(self, QPoint(0, 0)), self.views.size())

    def resetLayout(self) -> None:
        """The sizes of a first start."""
        side = (SIDE_EM + 1) * self.fontMetrics().height()
        self.columns.setSizes([max(1, self.width() - side), side])
        self._dock_height = 0
        if self.isDockShown():
            self.dock.hide()
            self.showDock()

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        if event is not None and event.type() == QEvent.Type.Resize:
            self.roomChanged.emit()
        return super().eventFilter(watched, event)

    def _arrange(self) -> None:
        em = self.fontMetrics().height()
        self.rows.addWidget(self.views)
        self.rows.addWidget(self.dock)
        self.rows.setStretchFactor(0, 1)
        self.dock.hide()
        middle = QWidget()
        column = QVBoxLayout(middle)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.header)
        column.addWidget(self.rows, 1)
        self.panel.setContentsMargins(em // 2, em // 2, em // 2, em // 2)
        self.panel.setMinimumWidth(SIDE_EM * em)
        self.columns.addWidget(middle)
        self.columns.addWidget(self.panel)
        self.columns.setStretchFactor(0, 1)
        self.columns.setSizes([1000, (SIDE_EM + 1) * em])
        for splitter in (self.columns, self.rows):
            splitter.setChildrenCollapsible(False)
        self.pages.addWidget(self.start)
        self.pages.addWidget(self.columns)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.pages)
