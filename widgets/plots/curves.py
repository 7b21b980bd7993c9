"""The curves of a training: plots side by side that share iterations, pointer and controls."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from PyQt6.QtCore import Qt, QTimer
from PyQt6.QtWidgets import (
    QCheckBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSlider,
    QStackedLayout,
    QVBoxLayout,
    QWidget,
)

from widgets.plots.curve_plot import CurvePlot
from widgets.plots.series import SeriesStore

COLUMNS = 2
MARGIN = 0.01  # of the iterations, at either end
EMPTY = "The curves appear here once the first iterations are done"


@dataclass(frozen=True)
class CurveGroup:
    """Curves that share a plot.

    Attributes:
        title: Of the plot.
        takes: Whether a name belongs here; the first group that takes it has it.
        log: Whether a logarithmic axis makes sense.
        smooth: Whether a moving average does: not of what is no noise.
    """

    title: str
    takes: Callable[[str], bool]
    log: bool = True
    smooth: bool = True


class TrainingCurves(QWidget):
    """Draws a `SeriesStore`, a plot for each of the groups that have curves.

    Args:
        groups: In the order of the plots; a curve that none takes is not shown.
        place, label: Of curves, see `CurvePlot`.
    """

    def __init__(
        self, groups: Sequence[CurveGroup], parent: QWidget | None = None, *,
        place: Callable[[str], int] | None = None, label: Callable[[str], str] | None = None,
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self._groups = tuple(groups)
        self._curve_place, self._curve_label = place, label
        self._plots: dict[str, CurvePlot] = {}
        self._store = SeriesStore()
        self._marked: float | None = None
        self._follows = True
        # Several plots tell of one change, and a wheel of many: drawn once they have settled.
        self._due = QTimer(self)
        self._due.setSingleShot(True)
        self._due.timeout.connect(self._draw)
        self._build()
        self.setSmoothing(0.9)
        self.refresh()

    # --- what is shown

    def setGroups(self, groups: Sequence[CurveGroup]) -> None:
        """Have other plots for the same curves."""
        self._groups = tuple(groups)
        self.setStore(self._store)

    def setStore(self, store: SeriesStore) -> None:
        """Draw the curves of another store, all iterations of it."""
        for plot in self._plots.values():
            plot.remove()
            plot.setParent(None)
            plot.deleteLater()
        self._plots = {}
        self._store, self._marked = store, None
        self._set_following(True)
        self.refresh()

    def refresh(self) -> None:
        """The store has grown."""
        for name in self._store:
            self._plot_of(name)
        self._stack.setCurrentIndex(1 if self._plots else 0)
        if self._follows:
            self._fit()
        self._draw()

    def plots(self) -> dict[str, CurvePlot]:
        """The plots there are, by the titles of their groups."""
        return dict(self._plots)

    def isEmpty(self) -> bool:
        return self._stack.currentIndex() == 0

    # --- controls

    def addControl(self, widget: QWidget) -> None:
        """Put something of the owner at the right end of the controls."""
        self._bar.addWidget(widget)

    def smoothing(self) -> float:
        """Weight of the past in the moving average, 0 (none) to 0.99."""
        return self.slider.value() / 100

    def setSmoothing(self, weight: float) -> None:
        self.slider.setValue(round(100 * weight))

    def setLogScale(self, log: bool) -> None:
        self.log.setChecked(log)

    def readout(self) -> str:
        """Which iteration the legends tell of."""
        return self._readout.text()

    def fit(self) -> None:
        """Show all iterations, also those to come."""
        self._set_following(True)
        self.refresh()

    def _build(self) -> None:
        em = self.fontMetrics().height()
        self.slider = QSlider(Qt.Orientation.Horizontal, self)
        self.slider.setRange(0, 99)
        self.slider.setMaximumWidth(9 * em)
        self.slider.setToolTip("Weight of the past in the moving average; raw values stay faint")
        self.slider.setAccessibleName("Smoothing")
        self.slider.valueChanged.connect(self._weight_changed)
        self._weight = QLabel(self)
        self._weight.setProperty("role", "muted")
        self._weight.setMinimumWidth(self.fontMetrics().horizontalAdvance("0.00"))
        self.log = QCheckBox("Log scale", self)
        self.log.setToolTip("Of losses and rates")
        self.log.toggled.connect(self._log_changed)
        self._readout = QLabel(self)
        self._readout.setProperty("role", "muted")
        self.fit_button = QPushButton("Show all", self)
        self.fit_button.setToolTip("All iterations (double click on a plot)")
        self.fit_button.clicked.connect(self.fit)
        self.fit_button.hide()
        self._bar = bar = QHBoxLayout()
        bar.setSpacing(em // 2)
        for widget in (QLabel("Smoothing", self), self.slider, self._weight, self.log):
            bar.addWidget(widget)
        bar.addStretch(1)
        bar.addWidget(self.fit_button)
        bar.addWidget(self._readout)
        empty = QLabel(EMPTY, self)
        empty.setProperty("role", "muted")
        empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        empty.setWordWrap(True)
        full = QWidget(self)
        self._grid = QGridLayout(full)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(em // 2)
        self._stack = QStackedLayout()
        self._stack.addWidget(empty)
        self._stack.addWidget(full)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(bar)
        column.addLayout(self._stack, 1)

    # --- plots

    def _plot_of(self, name: str) -> None:
        """Let a curve have its plot, made now if there is none."""
        group = next((group for group in self._groups if group.takes(name)), None)
        if group is None:
            return  # one that is not to be seen
        plot = self._plots.get(group.title)
        if plot is None:
            plot = self._make_plot(group)
        if name not in plot.names():
            plot.add(name)

    def _make_plot(self, group: CurveGroup) -> CurvePlot:
        plot = CurvePlot(
            group.title, takes_log=group.log, takes_smoothing=group.smooth,
            place=self._curve_place, label=self._curve_label,
        )  # fmt: skip
        plot.setLog(self.log.isChecked())
        plot.hovered.connect(self._hover)
        plot.left.connect(partial(self._hover, None))
        plot.fitRequested.connect(self.fit)
        plot.dragged.connect(lambda: self._set_following(False))
        plot.ranged.connect(self._show_range)
        if self._plots:
            plot.setInView(*next(iter(self._plots.values())).inView())
        self._plots[group.title] = plot
        self._place()
        return plot

    def _place(self) -> None:
        """In the order of the groups; the first has a row of its own where they are odd."""
        order = [g.title for g in self._groups if g.title in self._plots]
        wide = len(order) % COLUMNS
        for place, title in enumerate(order):
            plot = self._plots[title]
            self._grid.removeWidget(plot)
            if wide and place == 0:
                self._grid.addWidget(plot, 0, 0, 1, COLUMNS)
            else:
                row, column = divmod(place + wide, COLUMNS)
                self._grid.addWidget(plot, row, column)
        for column in range(COLUMNS):
            self._grid.setColumnStretch(column, 1)

    def _fit(self) -> None:
        span = self._store.span()
        if span is not None and self._plots:
            low, high = span[0], max(span[1], span[0] + 1)
            margin = MARGIN * (high - low)
            self._show_range(low - margin, high + margin)

    def _show_range(self, low: float, high: float) -> None:
        # Not pyqtgraph's links, which align plots by their places on screen, not by their numbers.
        for plot in self._plots.values():
            if plot.inView() != (low, high):
                plot.setInView(low, high)
        self._due.start()

    def _draw(self) -> None:
        self._due.stop()
        for plot in self._plots.values():
            plot.draw(self._store, self.smoothing())
        self._mark()

    def _mark(self) -> None:
        for plot in self._plots.values():
            plot.mark(self._marked, self._store)
        step = self._store.last() if self._marked is None else round(self._marked)
        self._readout.setText(f"Iteration {step:,}" if self._plots else "")

    def _hover(self, step: float | None) -> None:
        span = self._store.span()
        if step is not None and span is not None:
            step = min(max(step, span[0]), span[1])
        if step != self._marked:
            self._marked = step
            self._mark()

    def _set_following(self, follows: bool) -> None:
        self._follows = follows
        self.fit_button.setVisible(not follows)

    def _weight_changed(self, percent: int) -> None:
        self._weight.setText(f"{percent / 100:.2f}")
        self._draw()

    def _log_changed(self, log: bool) -> None:
        for plot in self._plots.values():
            plot.setLog(log)
        self._draw()
