"""What a workspace shows while nothing is open: how to begin, and what was open before."""

from __future__ import annotations

from collections.abc import Sequence

from PyQt6.QtCore import QPoint, QRect, Qt, pyqtSignal
from PyQt6.QtGui import (
    QColor,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDropEvent,
    QPainter,
    QPaintEvent,
    QPen,
)
from PyQt6.QtWidgets import (
    QLabel,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from widgets.dropped import dropped_paths
from widgets.icon_label import IconLabel
from widgets.icons import icon
from widgets.paint.flow import FlowRow
from widgets.panels.recent_card import RecentCard, RecentItem
from widgets.panels.recent_cards import RecentCards
from widgets.theme import theme_of
from widgets.tips import give_tip


class StartPage(QWidget):
    """Buttons to open something, a place to drop files on, and cards of recent files."""

    fileRequested = pyqtSignal()
    folderRequested = pyqtSignal()
    phantomRequested = pyqtSignal()
    recentRequested = pyqtSignal(str)  # key of a RecentItem
    removeRequested = pyqtSignal(str)
    dropped = pyqtSignal(list)  # paths

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._dropping = False
        self.setAcceptDrops(True)
        self._icon = IconLabel(self)
        self.title = QLabel("Drop images, a DICOM folder or a session here", self)
        self.hint = QLabel("NIfTI, DICOM, NRRD, MHA, HDF5, TIFF, PNG, NumPy", self)
        self.hint.setProperty("role", "muted")
        for label in (self.title, self.hint):
            label.setAlignment(Qt.AlignmentFlag.AlignCenter)
            label.setWordWrap(True)
        font = self.title.font()
        font.setPointSizeF(1.3 * font.pointSizeF())
        self.title.setFont(font)
        self.open_file = QPushButton(
            icon("mdi6.file-outline", tone="on_accent"), "Open file…", self
        )
        self.open_file.setProperty("primary", True)
        give_tip(self.open_file, "Open an image")
        self.open_file.clicked.connect(self.fileRequested)
        self.open_folder = QPushButton(icon("mdi6.folder-outline"), "Open DICOM folder…", self)
        give_tip(self.open_folder, "Open the DICOM series of a folder")
        self.open_folder.clicked.connect(self.folderRequested)
        self.try_phantom = QPushButton(icon("mdi6.head-outline"), "Try a phantom", self)
        give_tip(self.try_phantom, "Open a head made of formulas", "Nobody's image, to try things")
        self.try_phantom.clicked.connect(self.phantomRequested)
        self._recent = RecentCards("Recent", self)
        self._recent.chosen.connect(self.recentRequested)
        self._recent.removed.connect(self.removeRequested)
        self._arrange()

    def setRecent(self, items: Sequence[RecentItem]) -> None:
        """Show these in place of the present ones."""
        self._recent.setItems(items)

    def cards(self) -> list[RecentCard]:
        return self._recent.cards()

    def _arrange(self) -> None:
        em = self.fontMetrics().height()
        self._icon.setIcon("mdi6.tray-arrow-down", "muted", 3 * em)
        buttons = FlowRow(em // 2, centred=True)
        for button in (self.open_file, self.open_folder, self.try_phantom):
            buttons.add(button)
        column = QVBoxLayout(self)
        column.setContentsMargins(2 * em, 2 * em, 2 * em, em)
        column.setSpacing(em // 2)
        column.addStretch(1)
        for widget in (self._icon, self.title, self.hint):
            column.addWidget(widget)
        column.addSpacing(em // 2)
        column.addWidget(buttons)
        column.addStretch(1)
        column.addSpacing(em)
        column.addWidget(self._recent, 6)

    # --- dropped files

    def dragEnterEvent(self, event: QDragEnterEvent | None) -> None:
        if event is not None and dropped_paths(event):
            event.acceptProposedAction()
            self._set_dropping(True)

    def dragLeaveEvent(self, event: QDragLeaveEvent | None) -> None:
        self._set_dropping(False)

    def dropEvent(self, event: QDropEvent | None) -> None:
        self._set_dropping(False)
        paths = dropped_paths(event)
        if event is not None and paths:
            event.acceptProposedAction()
            self.dropped.emit([str(path) for path in paths])

    def paintEvent(self, event: QPaintEvent | None) -> None:
        super().paintEvent(event)
        theme, em = theme_of(self), self.fontMetrics().height()
        shown = (self._icon, self.title, self.hint, self.open_file, self.open_folder)
        area = self.title.geometry()
        for widget in shown:
            area = area.united(QRect(widget.mapTo(self, QPoint(0, 0)), widget.size()))
        area = area.adjusted(0, -em, -1, em)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        colour, width = (theme.accent, 3) if self._dropping else (theme.border, 2)
        painter.setPen(QPen(QColor(colour), width, Qt.PenStyle.DashLine))
        painter.drawRoundedRect(area, 0.6 * em, 0.6 * em)
        painter.end()

    def _set_dropping(self, dropping: bool) -> None:
        self._dropping = dropping
        self.update()
