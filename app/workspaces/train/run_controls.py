"""What can be asked of a run while it trains: save, sample, stop later, another learning rate."""

from __future__ import annotations

from PyQt6.QtCore import pyqtSignal
from PyQt6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QWidget

from app.controllers.train.run import RunState, TrainingRun
from engine.training.commands import HIGHEST_RATE
from widgets.forms.number_box import NumberBox, NumberRange
from widgets.icons import icon
from widgets.tips import give_tip

HEARS: tuple[RunState, ...] = ("running", "paused", "elsewhere")
RATE_OF = "lr"
SMALLEST_RATE = 1e-9


class RunControls(QWidget):
    """A row of buttons; `rateSet` carries the rate that was chosen.

    Attributes:
        save, sample, epoch: While somebody trains in the run.
        rate, set_rate: Also of a run that stands: it goes on with that.
    """

    rateSet = pyqtSignal(float)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.save = QPushButton(icon("mdi6.content-save-outline"), "Save now", self)
        give_tip(self.save, "Keep weights and state as they are after this iteration")
        self.sample = QPushButton(icon("mdi6.image-outline"), "Sample now", self)
        give_tip(self.sample, "Make pictures after this iteration")
        self.epoch = QPushButton(icon("mdi6.skip-next-outline"), "Stop after epoch", self)
        give_tip(self.epoch, "End it when all data have had their turn; its state is kept")
        self._label = QLabel("Learning rate", self)
        self.rate = NumberBox(NumberRange(False, SMALLEST_RATE, HIGHEST_RATE, 1e-4), 1e-4, self)
        self.rate.setAccessibleName("Learning rate")
        self.rate.setFixedWidth(9 * self.fontMetrics().height())
        self.rate.valueEdited.connect(self._edited)
        self.set_rate = QPushButton("Set", self)
        self.set_rate.clicked.connect(self._set)
        self._touched = False
        self._run: TrainingRun | None = None
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(self.fontMetrics().height() // 2)
        buttons = (self.save, self.sample, self.epoch)
        for widget in (*buttons, self._label, self.rate, self.set_rate):
            row.addWidget(widget)
        row.addStretch(1)

    def show_run(self, run: TrainingRun, state: RunState, *, known: bool) -> None:
        """Show what can be asked of a run now.

        Args:
            known: Whether it is a run at all, with iterations and a rate.
        """
        if run is not self._run:
            self._run, self._touched = run, False
        hears = state in HEARS and not run.isPreparing() and known
        for button in (self.save, self.sample, self.epoch):
            button.setVisible(hears)
        now = run.curves.latest(RATE_OF)
        for widget in (self._label, self.rate, self.set_rate):
            widget.setVisible(known and now is not None)
        self.setVisible(hears or (known and now is not None))
        when = "From the next iteration on" if hears else "From where the run goes on"
        give_tip(self.set_rate, f"{when}; its schedule goes on from it")
        if now is not None and not self._touched:
            # As many digits as the field can show: 2.84e-05 cut short would read as 2.84.
            self.rate.setValue(float(f"{now:.3g}"))
        self.set_rate.setEnabled(self._touched)

    def _edited(self) -> None:
        self._touched = True
        self.set_rate.setEnabled(True)

    def _set(self) -> None:
        self._touched = False
        self.set_rate.setEnabled(False)
        self.rateSet.emit(self.rate.value())
