"""What a heat map is cut with: the histogram with its threshold, the steps that count, and more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from PyQt6.QtCore import QSignalBlocker, Qt, pyqtSignal
from PyQt6.QtWidgets import (
    QComboBox,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QScrollArea,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from widgets.elided_label import ElidedLabel
from widgets.forms.controls.number import CalmSlider
from widgets.forms.form import Form
from widgets.forms.spec import FieldSpec
from widgets.panels.volume.threshold_panel import ThresholdPanel, Words

OTSU = Words(
    "Otsu", "Go back to the threshold by Otsu's method, of each slice its own",
    "Voxels with more heat than this are the finding, on all slices. The dashed line is Otsu's.",
    "heat", "the finding",
)  # fmt: skip
SIDE_EM = 17


class HeatPanel(QWidget):
    """The heat of one slice, or of all where they are cut together.

    `previewed` and `chosen` as in `ThresholdPanel`, None for Otsu's; `stepsChanged` and `changed`,
    with a field's name, tell what else the user set.

    Attributes:
        threshold: The line, its number, and what came of it.
        steps: How many of the sampler's steps count.
        label: Which finding, where there are several.
        form: Everything else.
        others: Buttons of other kinds of evidence, by name.
    """

    previewed = pyqtSignal(object)  # float or None
    chosen = pyqtSignal(object)  # float or None
    stepsChanged = pyqtSignal(int)
    changed = pyqtSignal(str)
    labelChosen = pyqtSignal(int)
    otherChosen = pyqtSignal(str)

    def __init__(self, specs: Sequence[FieldSpec] = (), parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._each, self._most = 1, 0
        self._own: float | None = None
        self.threshold = ThresholdPanel(self, OTSU, counts=False)
        self.where = ElidedLabel("", self)
        self.where.setProperty("role", "muted")
        self.label = QComboBox(self)
        self.label.setAccessibleName("Finding")
        self.steps = CalmSlider(self)
        self.steps.setAccessibleName("Steps R that count")
        self.steps.setToolTip("How many of the steps that were sampled count; acts at once")
        self._count = QLabel(self)
        self.form = Form(specs, self)
        self.threshold.previewed.connect(self.previewed)
        self.threshold.chosen.connect(self._choose)
        self.steps.valueChanged.connect(self._moved)
        self.form.changed.connect(self.changed)
        self._others = QHBoxLayout()
        self._others.setSpacing(0)
        self.others: dict[str, QToolButton] = {}
        self.label.activated.connect(lambda _: self.labelChosen.emit(self.currentLabel()))
        self._build()
        self.clear()

    def setOthers(self, names: Mapping[str, str]) -> None:
        """Offer other kinds of evidence, name -> title."""
        for name, title in names.items():
            button = QToolButton(self)
            button.setText(title)
            button.setCheckable(True)
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            button.clicked.connect(lambda _, name=name: self.otherChosen.emit(name))
            self._others.addWidget(button)
            self.others[name] = button

    def showOther(self, shown: str, why_not: Mapping[str, str]) -> None:
        """Mark the evidence on show; "" disables all, and those in `why_not` are, with a reason."""
        for name, button in self.others.items():
            button.setChecked(name == shown)
            button.setEnabled(bool(shown) and name not in why_not)
            what = f"Labels and heat map by {button.text()}"
            button.setToolTip(why_not.get(name, what))
            button.setAccessibleName(what)

    def clear(self) -> None:
        """There is no heat map."""
        self.showOther("", {})
        self.setSteps(0, 0)
        self.setLabels(())
        self.setHistogram(None)
        self.setThreshold(None)
        self.threshold.setState("")
        self.threshold.setCount("")
        self.where.setText("")
        self.form.setEnabled(False)

    def setHistogram(
        self, counts: NDArray[np.int64] | None, otsu: float = 0.5, why: str = "No heat map yet"
    ) -> None:
        """Pixels as `counting.shares` has them, and Otsu's threshold; None: there are none.

        Args:
            why: What is said then.
        """
        plot = self.threshold.plot
        plot.setEmptyText(why)
        plot.setFallback(otsu)
        self.threshold.setCounts(counts, 0.0)
        if not plot.isDragged():
            self.threshold.setValue(self._own)

    def setThreshold(self, value: float | None) -> None:
        """Show a threshold, silently; None for Otsu's."""
        self._own = value
        self.threshold.setValue(value)

    def setSteps(self, used: int, most: int, each: int = 1) -> None:
        """How many of the steps count, silently; a `most` of 0 or 1 leaves nothing to choose.

        Args:
            each: Steps that cannot be told apart.
        """
        self._each, self._most = each, most
        with QSignalBlocker(self.steps):
            self.steps.setRange(1, max(1, -(-most // each)))
            self.steps.setValue(-(-(used or most) // each))
        self.steps.setEnabled(most > each)
        self._tell()

    def setLabels(self, labels: Sequence[tuple[int, str]]) -> None:
        """The findings to choose from; hidden where there is one."""
        chosen = self.currentLabel()
        with QSignalBlocker(self.label):
            self.label.clear()
            for value, name in labels:
                self.label.addItem(name, value)
            self.label.setCurrentIndex(max(0, self.label.findData(chosen)))
        self.label.setVisible(len(labels) > 1)

    def currentLabel(self) -> int:
        """The finding whose heat is shown; 0 for none."""
        return int(self.label.currentData() or 0)

    def _choose(self, value: float | None) -> None:
        self._own = value
        self.chosen.emit(value)

    def _moved(self, _: int) -> None:
        self._tell()
        self.stepsChanged.emit(self.used())

    def used(self) -> int:
        """How many steps count."""
        return min(self.steps.value() * self._each, self._most)

    def _tell(self) -> None:
        self._count.setText(f"{self.used()} of {self._most}" if self._most else "")

    def _build(self) -> None:
        em = self.fontMetrics().height()
        name = QLabel("Steps R", self)
        name.setBuddy(self.steps)
        self._count.setMinimumWidth(self._count.fontMetrics().horizontalAdvance("000 of 000"))
        self._count.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        grid = QGridLayout()
        grid.setHorizontalSpacing(round(0.7 * em))
        grid.setVerticalSpacing(round(0.35 * em))
        grid.addWidget(name, 0, 0)
        grid.addWidget(self.steps, 0, 1)
        grid.addWidget(self._count, 0, 2)
        inner = QWidget(self)
        column = QVBoxLayout(inner)
        column.setContentsMargins(0, 0, em // 2, 0)
        column.setSpacing(em // 3)
        column.addLayout(grid)
        column.addWidget(self.form)
        column.addStretch(1)
        area = QScrollArea(self)
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setWidget(inner)
        area.setFixedWidth(SIDE_EM * em)
        head = QHBoxLayout()
        head.addWidget(self.where, 1)
        head.addWidget(self.label)
        head.addLayout(self._others)
        left = QVBoxLayout()
        left.setSpacing(em // 4)
        left.addLayout(head)
        left.addWidget(self.threshold, 1)
        layout = self.threshold.layout()
        assert layout is not None, "it has been built"
        layout.setContentsMargins(0, 0, 0, 0)
        row = QHBoxLayout(self)
        row.setSpacing(em)
        row.addLayout(left, 1)
        row.addWidget(area)
