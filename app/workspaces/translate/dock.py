"""Below the views of Translate: the steps of a run, what came of it, and what runs."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtWidgets import (
    QFrame,
    QLabel,
    QPushButton,
    QScrollArea,
    QSplitter,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from widgets.icons import icon
from widgets.paint.flow import FlowRow
from widgets.panels.jobs import JobsPanel
from widgets.panels.volume.parts import tool_button
from widgets.plots.joint_histogram import JointHistogram
from widgets.timeline.timeline import Timeline
from widgets.tips import give_tip

ROWS = ("x_t", "x0_hat", "LMI")
SMALL_THUMB = 36  # logical pixels, so that three rows find room
HIGH_EM = 16
NOTHING = "What was translated, and how, is told here."
SAVED_AS = "Marked as synthetic, on the source's voxels"
LABELS_ON = "With a segmenter of its modality; the labels lie on the source"


class ResultPanel(QWidget):
    """What came of a run, and what can be done with it.

    Attributes:
        save, segment: Buttons.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        em = self.fontMetrics().height()
        self.save = QPushButton(icon("mdi6.content-save-outline"), "Save result…", self)
        self.segment = QPushButton(icon("mdi6.vector-polygon"), "Segment the result…", self)
        self.setUsable(True)
        self._text = QLabel(self)
        self._text.setTextFormat(Qt.TextFormat.RichText)
        self._text.setWordWrap(True)
        self._text.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
        self._text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._text.setAccessibleName("About the result")
        area = QScrollArea(self)
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setWidget(self._text)
        buttons = FlowRow(em // 2)
        for button in (self.save, self.segment):
            buttons.add(button)
        column = QVBoxLayout(self)
        column.setSpacing(em // 3)
        column.addWidget(buttons)
        column.addWidget(area, 1)
        self.setRows(())

    def setRows(self, rows: Sequence[tuple[str, str]]) -> None:
        """(What, how) of the result; none: there is no result."""
        lines = "".join(
            f"<tr><td style='padding-right:14px'><b>{escape(what)}</b></td>"
            f"<td>{escape(told)}</td></tr>"
            for what, told in rows
        )
        self._text.setText(f"<table>{lines}</table>" if lines else NOTHING)

    def setUsable(self, usable: bool, why_not: str = "") -> None:
        """Let the result be saved and segmented, or say why it cannot."""
        for button, label, hint in (
            (self.save, "Save the result", SAVED_AS),
            (self.segment, "Segment the result", LABELS_ON),
        ):
            button.setEnabled(usable)
            give_tip(button, label, why_not or hint)

    def text(self) -> str:
        """As shown, rich text."""
        return self._text.text()


class TranslateDock(QWidget):
    """Tabs; hidden until there is something.

    Attributes:
        timeline, joint: The tab of steps.
        result, jobs: The other tabs.
    """

    hideRequested = pyqtSignal()

    def __init__(self, jobs: JobsPanel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        em = self.fontMetrics().height()
        self.timeline = Timeline()
        self.timeline.setRows(ROWS)
        self.timeline.setValueRange(0.0, 1.0)
        self.timeline.setSmallest(SMALL_THUMB)
        self.joint = JointHistogram()
        self.joint.setTitles("Source", "Estimate")
        self.result, self.jobs = ResultPanel(), jobs
        self.steps = QSplitter(Qt.Orientation.Horizontal)
        self.steps.addWidget(self.timeline)
        self.steps.addWidget(self.joint)
        self.steps.setStretchFactor(0, 1)
        self.steps.setChildrenCollapsible(False)
        self.steps.setSizes([40 * em, HIGH_EM * em])
        self.tabs = QTabWidget(self)
        self.tabs.setDocumentMode(True)
        bar = self.tabs.tabBar()
        assert bar is not None, "tabs have a bar"
        bar.setDrawBase(False)
        for title, panel in (("Steps", self.steps), ("Result", self.result), ("Jobs", jobs)):
            panel.setContentsMargins(em // 2, em // 4, em // 2, em // 2)
            layout = panel.layout()
            if layout is not None:
                panel.setContentsMargins(0, 0, 0, 0)
                layout.setContentsMargins(em // 2, em // 4, em // 2, em // 2)
            self.tabs.addTab(panel, title)
        self.hide_button = tool_button("mdi6.chevron-down", "Hide this panel", self)
        self.hide_button.clicked.connect(self.hideRequested)
        self.tabs.setCornerWidget(self.hide_button, Qt.Corner.TopRightCorner)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.tabs)
        self.setMinimumHeight(8 * em)

    def wantedHeight(self) -> int:
        """Of a first start, in pixels."""
        return HIGH_EM * self.fontMetrics().height()

    def setJobCount(self, busy: int) -> None:
        """Say how many jobs run or wait."""
        place = self.tabs.indexOf(self.jobs)
        self.tabs.setTabText(place, f"Jobs ({busy})" if busy else "Jobs")
