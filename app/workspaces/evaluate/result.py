"""An evaluation: cases with their errors, means, distributions, and two models in pairs."""

from __future__ import annotations

from functools import partial

from PyQt6.QtCore import QSignalBlocker, Qt, pyqtSignal
from PyQt6.QtGui import QAction
from PyQt6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLabel,
    QMenu,
    QPushButton,
    QSplitter,
    QTabWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app.controllers.evaluate.pages import Shown
from app.workspaces.evaluate.case_panel import CasePanel
from widgets.elided_label import ElidedLabel
from widgets.icons import icon
from widgets.panels.data_table import DataTable
from widgets.panels.volume.parts import muted, tool_button
from widgets.plots.box_plots import BoxPlots

MEANS = "Means over cases, in brackets 95 % bootstrap intervals over patients"
PAIRS = (
    "Both on the same cases, case by case (of labels their mean). What has 0 in its interval is "
    "not shown to differ."
)


class ResultView(QWidget):
    """Tables, plots and the chosen case; exports are connected by whoever writes.

    Attributes:
        table: A line a case and label.
        case: What is wrong with the one that is chosen.
        back: Leaves the evaluation.
    """

    exportRequested = pyqtSignal(str)  # "csv", "json", "html" or "pdf"
    copiesRequested = pyqtSignal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shown: Shown | None = None
        self.back = tool_button("mdi6.arrow-left", "Back (Esc)", self)
        self._title = ElidedLabel("", self)
        self._title.setProperty("role", "heading")
        self._facts = muted("", self)
        self.copies = QPushButton(icon("mdi6.content-copy"), "Look for copies…", self)
        self.copies.setToolTip("Compare the images with those that the model was trained on")
        self.copies.clicked.connect(self.copiesRequested)
        self.export = QToolButton(self)
        self.export.setIcon(icon("mdi6.export-variant"))
        self.export.setText("Export")
        self.export.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.export.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        menu = QMenu(self.export)
        rows = {
            "html": "Report with pictures (HTML)…", "pdf": "Report to print (PDF)…",
            "csv": "Table (CSV)…", "json": "All figures (JSON)…",
        }  # fmt: skip
        self._exports: dict[str, QAction] = {}
        for kind, text in rows.items():
            action = QAction(text, menu)
            action.triggered.connect(partial(self.exportRequested.emit, kind))
            menu.addAction(action)
            self._exports[kind] = action
        self.export.setMenu(menu)
        self.table = DataTable(self, filters=True)
        self.case = CasePanel(self)
        self.means = DataTable(self, what="labels")
        self.pairs = DataTable(self, what="measures")
        self.boxes = BoxPlots(self)
        self.measure = QComboBox(self)
        self.measure.setAccessibleName("Measure")
        self.measure.currentTextChanged.connect(self._show_boxes)
        self.boxes.pointChosen.connect(self._point_chosen)
        self._rule = self._text()
        self._rule_line = ElidedLabel("", self)
        self._rule_line.setProperty("role", "muted")
        self._notes = self._text()
        self.tabs = QTabWidget(self)
        # The page of means has it in full.
        self.tabs.currentChanged.connect(lambda place: self._rule_line.setVisible(place != 1))
        self._build()

    def setShown(self, shown: Shown) -> None:
        """Show an evaluation, and choose its first line."""
        self._shown = shown
        self._title.setText(shown.title)
        self._facts.setText(shown.facts)
        copies = shown.kind == "copies"
        every = {"copies": "All slices", "labels": "All labels", "images": "All ways"}[shown.kind]
        self.table.setLines(shown.cases.columns, shown.cases.lines, every)
        self.table.faults.setText("Only suspicious" if copies else "Only missed and spurious")
        for table, grid in ((self.means, shown.means), (self.pairs, shown.pairs)):
            table.setLines(*((grid.columns, grid.lines) if grid is not None else ((), ())))
        for place, grid in ((1, shown.means), (3, shown.pairs)):
            # Only where it changes: Qt 6.11 forgets to lay the tabs out after one that does not.
            if self.tabs.isTabVisible(place) != (grid is not None):
                self.tabs.setTabVisible(place, grid is not None)
        self.copies.setVisible(shown.kind == "images")
        for kind in ("html", "pdf"):
            self._exports[kind].setVisible(not copies)
        with QSignalBlocker(self.measure):
            self.measure.clear()
            self.measure.addItems(list(shown.boxes))
        self._show_boxes(self.measure.currentText())
        self._rule.setText(f"Rule: {shown.rule}")
        self._rule_line.setText(self._rule.text())
        self._rule_line.setToolTip(self._rule.text())
        self._notes.setText("\n".join(shown.notes))
        self._notes.setVisible(bool(shown.notes))
        self.case.clear()
        self.tabs.setCurrentIndex(0)
        self.table.view.setFocus()
        self.table.choose(0)

    def shown(self) -> Shown | None:
        return self._shown

    def rule(self) -> str:
        """By which everything was judged, as it is on the screen."""
        return self._rule.text()

    def notes(self) -> str:
        return self._notes.text()

    def _show_boxes(self, measure: str) -> None:
        if self._shown is not None and measure in self._shown.boxes:
            self.boxes.setBoxes(measure, self._shown.boxes[measure], self._shown.series)

    def _point_chosen(self, place: int) -> None:
        self.tabs.setCurrentIndex(0)
        self.table.text.clear()
        self.table.group.setCurrentIndex(0)
        self.table.faults.setChecked(False)
        self.table.choose(place)

    def _text(self) -> QLabel:
        label = QLabel(self)
        label.setProperty("role", "muted")
        label.setTextFormat(Qt.TextFormat.PlainText)
        label.setWordWrap(True)
        label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        return label

    def _build(self) -> None:
        em = self.fontMetrics().height()
        head = QHBoxLayout()
        head.setSpacing(em // 2)
        head.addWidget(self.back)
        head.addWidget(self._title, 1)
        head.addWidget(self._facts)
        head.addWidget(self.copies)
        head.addWidget(self.export)
        self.halves = QSplitter(Qt.Orientation.Vertical)
        self.halves.addWidget(self.table)
        self.halves.addWidget(self.case)
        self.halves.setChildrenCollapsible(False)
        self.halves.setStretchFactor(0, 2)
        self.halves.setStretchFactor(1, 3)
        self.halves.setSizes([300, 450])
        plots = QWidget(self)
        column = QVBoxLayout(plots)
        choose = QHBoxLayout()
        choose.addWidget(self.measure)
        choose.addWidget(muted("A dot is a case: a click shows it.", plots))
        choose.addStretch(1)
        column.addLayout(choose)
        column.addWidget(self.boxes, 1)
        means = QWidget(self)
        rows = QVBoxLayout(means)
        rows.addWidget(muted(MEANS, means))
        rows.addWidget(self.means, 1)
        rows.addWidget(self._rule)
        pairs = QWidget(self)
        lines = QVBoxLayout(pairs)
        lines.addWidget(muted(PAIRS, pairs))
        lines.addWidget(self.pairs, 1)
        for page, title in (
            (self.halves, "Cases"), (means, "Means"), (plots, "Distribution"),
            (pairs, "Comparison"),
        ):  # fmt: skip
            self.tabs.addTab(page, title)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(em // 2, em // 2, em // 2, em // 2)
        outer.setSpacing(em // 3)
        outer.addLayout(head)
        outer.addWidget(self._notes)
        outer.addWidget(self.tabs, 1)
        outer.addWidget(self._rule_line)
