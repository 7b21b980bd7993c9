"""Several runs over each other: their curves, and below them what they were asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtGui import QAction, QHideEvent, QShowEvent
from PyQt6.QtWidgets import QHBoxLayout, QMenu, QSplitter, QToolButton, QVBoxLayout, QWidget

from app.workspaces.train.plots import JUDGED, RATE, plot_of
from widgets.elided_label import ElidedLabel
from widgets.panels.compare_table import CompareTable
from widgets.panels.volume.parts import tool_button
from widgets.plots.curves import CurveGroup, TrainingCurves
from widgets.plots.series import SeriesStore

MARK = "\x1f"
"""Between the name of a metric and the number of a run in the name of a curve."""
FIRST_SHOWN = 4
Value = TypeVar("Value")
_NOISE_FREE = (JUDGED, RATE)


def curve_name(metric: str, run: int) -> str:
    """How the curve of a metric of the run with that number is called in the store."""
    return f"{metric}{MARK}{run}"


def run_of(curve: str) -> int:
    """The number of the run that a curve belongs to."""
    return int(curve.rpartition(MARK)[2])


class ComparePage(QWidget):
    """A plot for each metric that is chosen, with a curve a run; `addRequested` names a run that
    is to come to the others, `removeRequested` the number of one that is to go.

    Attributes:
        back: To the table.
        add, drop, metrics: Which runs and metrics are seen.
        curves, settings: The plots, and the settings side by side.
    """

    addRequested = pyqtSignal(str)
    removeRequested = pyqtSignal(int)
    seen = pyqtSignal(bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._names: tuple[str, ...] = ()
        self._metrics: tuple[str, ...] = ()
        self._shown: tuple[str, ...] = ()
        self._by_hand = False
        self.back = tool_button("mdi6.arrow-left", "All runs (Esc)", self)
        self._title = ElidedLabel("", self)
        self._title.setProperty("role", "heading")
        self.add = self._menu("mdi6.plus", "Add a run")
        self.drop = self._menu("mdi6.minus", "Take off a run")
        self.metrics = self._menu("mdi6.chart-line", "Metrics")
        self.curves = TrainingCurves((), self, place=run_of, label=self._label)
        self.settings = CompareTable(self, dots=True)
        self.rows = QSplitter(Qt.Orientation.Vertical, self)
        self._arrange()

    def setRuns(self, names: Sequence[str], others: Sequence[tuple[str, str]]) -> None:
        """Which runs are compared.

        Args:
            names: In the order of their numbers.
            others: Key and name of runs that could be added.
        """
        self._names = tuple(names)
        count = len(names)
        self._title.setText(f"Comparing {count} runs" if count != 1 else f"{names[0]} alone")
        _fill(self.add, [(name, key) for key, name in others], self.addRequested.emit)
        _fill(self.drop, [(n, i) for i, n in enumerate(names)], self.removeRequested.emit)
        self.add.setEnabled(bool(others))
        self.drop.setEnabled(count > 1)
        self._metrics = ()

    def setStore(self, store: SeriesStore) -> None:
        """Draw other curves."""
        self.curves.setStore(store)
        self.refresh(store)

    def refresh(self, store: SeriesStore) -> None:
        """The store has grown."""
        counts: dict[str, int] = {}
        for name in store:
            metric = name.rpartition(MARK)[0]
            counts[metric] = counts.get(metric, 0) + 1
        found = tuple(counts)
        if set(found) != set(self._metrics):
            self._metrics = found
            if not self._by_hand or not set(self._shown) & set(found):
                self._by_hand = False
                self._shown = first_metrics(counts)
            self._fill_metrics()
            self._show_metrics()
        self.curves.refresh()

    def showEvent(self, event: QShowEvent | None) -> None:
        super().showEvent(event)
        self.seen.emit(True)

    def hideEvent(self, event: QHideEvent | None) -> None:
        super().hideEvent(event)
        self.seen.emit(False)

    def _label(self, curve: str) -> str:
        number = run_of(curve)
        return self._names[number] if number < len(self._names) else ""

    def _fill_metrics(self) -> None:
        menu = self.metrics.menu()
        assert menu is not None, "the button has one"
        menu.clear()
        for metric in self._metrics:
            action = QAction(metric, menu)
            action.setCheckable(True)
            action.setChecked(metric in self._shown)
            action.toggled.connect(self._chosen)
            menu.addAction(action)
        self.metrics.setEnabled(bool(self._metrics))

    def _chosen(self) -> None:
        menu = self.metrics.menu()
        assert menu is not None, "as above"
        self._by_hand = True
        self._shown = tuple(a.text() for a in menu.actions() if a.isChecked())
        self._show_metrics()

    def _show_metrics(self) -> None:
        self.curves.setGroups([_group(metric) for metric in self._shown])

    def _menu(self, name: str, text: str) -> QToolButton:
        button = tool_button(name, text, self, text=text)
        button.setMenu(QMenu(button))
        button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        return button

    def _arrange(self) -> None:
        em = self.fontMetrics().height()
        head = QHBoxLayout()
        head.setSpacing(em // 2)
        head.addWidget(self.back)
        head.addWidget(self._title, 1)
        for widget in (self.metrics, self.drop, self.add):
            head.addWidget(widget)
        self.rows.addWidget(self.curves)
        self.rows.addWidget(self.settings)
        self.rows.setChildrenCollapsible(False)
        self.rows.setStretchFactor(0, 3)
        self.rows.setStretchFactor(1, 2)
        self.rows.setSizes([24 * em, 16 * em])
        column = QVBoxLayout(self)
        column.setContentsMargins(em // 2, em // 2, em // 2, em // 2)
        column.setSpacing(em // 2)
        column.addLayout(head)
        column.addWidget(self.rows, 1)


def first_metrics(counts: Mapping[str, int]) -> tuple[str, ...]:
    """Which metrics are worth a plot at first: those of most runs; of them the loss and what
    validation says, before what is a detail of one method."""

    def rank(name: str) -> tuple[int, int]:
        kinds = {JUDGED: 1, RATE: 3}
        return -counts[name], 0 if name == "loss" else kinds.get(plot_of(name), 2)

    best = sorted(counts, key=rank)[:FIRST_SHOWN]
    most = max(counts.values(), default=0)
    shared = [name for name in best if counts[name] == most]
    return tuple(shared)


def _group(metric: str) -> CurveGroup:
    smooth = plot_of(metric) not in _NOISE_FREE
    return CurveGroup(metric, lambda name: name.rpartition(MARK)[0] == metric, smooth=smooth)


def _fill(
    button: QToolButton, entries: Sequence[tuple[str, Value]], act: Callable[[Value], object]
) -> None:
    menu = button.menu()
    assert menu is not None, "the button has one"
    menu.clear()
    for text, value in entries:
        action = QAction(text, menu)
        action.triggered.connect(lambda _, value=value: act(value))
        menu.addAction(action)
