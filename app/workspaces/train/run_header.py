"""The head of a run: what it is, how far, and what can be done with it."""

from __future__ import annotations

from PyQt6.QtCore import QEvent, QSize, Qt
from PyQt6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from app.controllers.train.requests import Trainer
from app.controllers.train.run import RunState, TrainingRun
from app.model_uses import use_of
from app.workspaces.train.run_controls import RunControls
from widgets.elided_label import ElidedLabel
from widgets.forms.number_box import NumberBox, NumberRange
from widgets.icons import icon
from widgets.panels.volume.parts import tool_button
from widgets.panels.wording import duration, rate

LOOKS: dict[RunState, tuple[str, str, str]] = {
    "queued": ("Waiting", "mdi6.clock-outline", "muted"),
    "running": ("Training", "mdi6.progress-clock", "accent"),
    "paused": ("Paused", "mdi6.pause-circle-outline", "warning"),
    "done": ("Finished", "mdi6.check-circle-outline", "ok"),
    "early": ("Ended early: nothing got better", "mdi6.check-circle-outline", "ok"),
    "diverged": ("Diverged", "mdi6.chart-bell-curve-cumulative", "danger"),
    "failed": ("Failed", "mdi6.alert-circle-outline", "danger"),
    "cancelled": ("Stopped", "mdi6.stop-circle-outline", "muted"),
    "elsewhere": ("Training in another process", "mdi6.lan-connect", "accent"),
    "stopped": ("Stopped", "mdi6.stop-circle-outline", "muted"),
}
MOST_ITERATIONS = 10_000_000
OF_ITS_OWN = "Training in a process of its own"
ENDED: tuple[RunState, ...] = ("cancelled", "stopped", "failed", "diverged", "early")


class RunHeader(QWidget):
    """Shows a run; the buttons are connected by whoever acts.

    Attributes:
        back: To the start page.
        pause, stop: While somebody trains.
        controls: What else can be asked of it.
        go_on, until: To continue, up to so many iterations.
        use, keep, folder: What to do with the result.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = ("", "")
        self.back = tool_button("mdi6.arrow-left", "All runs", self)
        self._icon = QLabel(self)
        self._title = ElidedLabel("", self)
        self._title.setProperty("role", "heading")
        self.pause = QPushButton(self)
        self.stop = QPushButton(icon("mdi6.stop"), "Stop", self)
        self.stop.setToolTip("End after this iteration; the run can be continued later")
        self.go_on = QPushButton(icon("mdi6.play"), "Continue", self)
        self._until_text = QLabel("until iteration", self)
        self.until = NumberBox(NumberRange(True, 1, MOST_ITERATIONS, 1000), 1, self)
        self.until.setAccessibleName("Continue until iteration")
        self.until.valueEdited.connect(self._show_go_on)
        self.until.setFixedWidth(7 * self.fontMetrics().height())
        self.use = QPushButton(self)
        self.use.setProperty("primary", True)
        self.keep = tool_button("mdi6.cube-outline", "Add to models", self)
        self.folder = tool_button("mdi6.folder-outline", "Show folder", self)
        self._bar = QProgressBar(self)
        self._bar.setTextVisible(False)
        self._bar.setFixedHeight(max(4, self.fontMetrics().height() // 3))
        self._status = ElidedLabel("", self)
        self._status.setProperty("role", "muted")
        self._error = QLabel(self)
        self._error.setProperty("role", "error")
        self._error.setWordWrap(True)
        self._error.setTextFormat(Qt.TextFormat.PlainText)
        self._error.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.controls = RunControls(self)
        self._saved, self._can_go_on, self._why = 0, False, ""
        self._arrange()

    def show_run(self, run: TrainingRun, trainer: Trainer | None) -> None:
        """Show how a run is now.

        Args:
            trainer: What trains it; None where nothing here does.
        """
        state, about = run.state(), trainer.title if trainer is not None else ""
        self._title.setText(f"{run.title}  ·  {about}" if about else run.title)
        self._title.setToolTip(str(run.folder))
        self._show_look(state)
        self._show_progress(run, state, trainer is not None and not trainer.makes_run)
        self._show_buttons(run, state)
        card = run.facts.card if run.facts is not None else None
        use = None if card is None or trainer is None else use_of(card)
        self.use.setVisible(use is not None and bool(use.workspace))
        if use is not None and use.workspace:
            self.use.setText(f"{use.title} with this")
            self.use.setIcon(icon(use.glyph, tone="on_accent"))
        self.keep.setVisible(card is not None)
        self.controls.show_run(run, state, known=trainer is None or trainer.makes_run)
        text = run.trouble()
        self._error.setText(text)
        self._error.setVisible(bool(text))

    def take_total(self, iterations: int) -> None:
        """Propose to continue up to so many."""
        self.until.setValue(max(1, iterations))

    def canGoOn(self) -> bool:
        """Whether the run can be continued as far as is asked."""
        return not self.go_on.isHidden() and self.go_on.isEnabled()

    def status(self) -> str:
        return self._status.text()

    def error(self) -> str:
        return self._error.text()

    def changeEvent(self, event: QEvent | None) -> None:
        super().changeEvent(event)
        # The state's icon is a picture in the colours of its time, unlike a button's icon.
        if event is not None and event.type() == QEvent.Type.PaletteChange:
            self._show_icon()

    def _show_look(self, state: RunState) -> None:
        _, name, tone = LOOKS[state]
        if (name, tone) != self._look:
            self._look = name, tone
            self._show_icon()

    def _show_icon(self) -> None:
        name, tone = self._look
        if name:
            side = round(1.2 * self.fontMetrics().height())
            ratio = self.devicePixelRatioF()
            self._icon.setPixmap(icon(name, tone=tone).pixmap(QSize(side, side), ratio))

    def _show_progress(self, run: TrainingRun, state: RunState, plain: bool) -> None:
        """How far it is; `plain` where it makes no run, and counts something else."""
        progress = run.progress()
        parts = [LOOKS[state][0]]
        status = run.facts.status if run.facts is not None else None
        if state == "elsewhere" and status is not None and status.detached:
            parts = [OF_ITS_OWN]
        if plain and state == "done":
            parts.append(run.result)
        elif run.isPreparing() and state != "queued":
            if state in ("running", "elsewhere"):
                parts = ["Running" if plain else "Preparing"]
            if progress.total:
                parts.append(f"{progress.done} of {progress.total}")
            parts.append(run.row.message if run.row is not None else "")
        elif state != "queued" and progress.total:
            parts.append(f"iteration {progress.done:,} of {progress.total:,}")
        if state in ("running", "elsewhere") and not run.isPreparing():
            if progress.rate:
                parts.append(rate(progress.rate, "it"))
            if progress.remaining_s is not None:
                parts.append(f"{duration(max(0.0, progress.remaining_s))} left")
        if state in ENDED and run.facts and run.facts.saved:
            parts.append(f"saved at {run.facts.saved:,}")
        self._status.setText("  ·  ".join(part for part in parts if part))
        unknown = state == "running" and not progress.total
        self._bar.setRange(0, 0 if unknown else max(1, progress.total))
        self._bar.setValue(progress.done)
        self._colour_bar(state)

    def _colour_bar(self, state: RunState) -> None:
        shown = {
            "stopped": "cancelled",
            "elsewhere": "running",
            "diverged": "failed",
            "early": "done",
        }.get(state, state)
        if self._bar.property("state") == shown:
            return
        self._bar.setProperty("state", shown)
        style = self._bar.style()
        if style is not None:
            style.unpolish(self._bar)
            style.polish(self._bar)

    def _show_buttons(self, run: TrainingRun, state: RunState) -> None:
        ours = run.isOurs()
        live = run.isLive()
        self.pause.setVisible((ours and state != "queued") or (live and not run.isPreparing()))
        paused = state == "paused"
        self.pause.setText("Go on" if paused else "Pause")
        self.pause.setIcon(icon("mdi6.play" if paused else "mdi6.pause"))
        hold = "Hold it, and all jobs that wait" if ours else "Hold it between two iterations"
        self.pause.setToolTip("Let it train on" if paused else hold)
        self.stop.setVisible(ours or live)
        known = run.facts is not None and run.facts.iterations > 0
        for widget in (self.go_on, self._until_text, self.until):
            widget.setVisible(known and not ours and not live)
        self._can_go_on = known and not live and state != "elsewhere"
        self._why = "" if self._can_go_on else "Another process trains it"
        complete = run.facts is not None and run.facts.final is not None
        self._saved = run.facts.saved if run.facts is not None and complete else 0
        self._show_go_on()

    def _show_go_on(self) -> None:
        more = self.until.value() > self._saved
        self.go_on.setEnabled(self._can_go_on and more)
        why = self._why or ("" if more else "Give a higher number of iterations to train on")
        self.go_on.setToolTip(why or "From the last state on, as `reverie train --resume` does")

    def _arrange(self) -> None:
        em = self.fontMetrics().height()
        head = QHBoxLayout()
        head.setSpacing(em // 2)
        head.addWidget(self.back)
        head.addWidget(self._icon)
        head.addWidget(self._title, 1)
        right: tuple[QWidget, ...] = (self.pause, self.stop, self.use, self.keep, self.folder)
        for widget in right:
            head.addWidget(widget)
        foot = QHBoxLayout()
        foot.setSpacing(em // 2)
        foot.addWidget(self._status, 1)
        for part in (self.go_on, self._until_text, self.until):
            foot.addWidget(part)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(em // 3)
        column.addLayout(head)
        column.addWidget(self._bar)
        column.addLayout(foot)
        column.addWidget(self.controls)
        column.addWidget(self._error)
