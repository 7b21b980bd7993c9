"""What a run takes of the machine and how fast it goes, sampled while somebody looks."""

from __future__ import annotations

import os
from pathlib import Path

from PyQt6.QtCore import QObject, QTimer

from app.background import Background, Work
from app.controllers.train.requests import Trainer
from app.controllers.train.run import TrainingRun
from app.workspaces.train.run_view import TRAINS, RunView
from engine.failures import Failure
from engine.parameters import describe
from engine.training.load import Load, LoadMeter
from engine.training.writers import writing_process
from widgets.panels.load import Reading
from widgets.panels.wording import duration, file_size, rate

EVERY_MS = 1000
BATCH = "batch"
COUNTED = ("crops", "images", "pairs", "slices")


class LoadWatch(QObject):
    """Fills the meters of a view while its run trains and it is in sight.

    Args:
        background: Samples there.
    """

    def __init__(self, view: RunView, background: Background, parent: QObject) -> None:
        super().__init__(parent)
        self._view, self._background = view, background
        self._meter: tuple[Path, bool, LoadMeter] | None = None
        self._work: Work | None = None
        self._clock = QTimer(self)
        self._clock.setInterval(EVERY_MS)
        self._clock.timeout.connect(self._look)
        view.watched.connect(self._follow)
        view.shown.connect(self._follow)

    def _follow(self) -> None:
        """Begin or end by what is seen."""
        run = self._view.run()
        if run is None or run.state() not in TRAINS or run.state() == "queued":
            self._clock.stop()
            self._meter = None
            self._view.load.clear()
        elif not self._view.isVisible():
            self._clock.stop()
        elif not self._clock.isActive():
            self._clock.start()
            self._look()

    def _look(self) -> None:
        run = self._view.run()
        if run is None or self._work is not None:
            return
        folder, ours, known = run.folder, run.isOurs(), self._meter

        def look() -> tuple[LoadMeter | None, Load | None]:
            meter = known[2] if known is not None and known[:2] == (folder, ours) else None
            if meter is None:
                pid = os.getpid() if ours else writing_process(folder)
                meter = None if pid is None else LoadMeter(pid)
            return meter, None if meter is None else meter.read()

        def done(found: tuple[LoadMeter | None, Load | None]) -> None:
            self._work = None
            meter, load = found
            # A process that has ended makes room for the next one that trains there.
            self._meter = None if meter is None or load is None else (folder, ours, meter)
            now = self._view.run()
            if now is run and self._clock.isActive():
                self._view.load.take(readings(run, self._view.trainer(), load))

        def failed(failure: Failure) -> None:
            self._work = None

        self._work = self._background.run("Measuring the load", look, done, failed)


def readings(run: TrainingRun, trainer: Trainer | None, load: Load | None) -> list[Reading]:
    """What the meters show.

    Args:
        load: Of the process; None where it cannot be seen from here.
    """
    found = []
    if load is not None:
        whose = "The program with its window" if run.isOurs() else "The process that trains"
        machine = file_size(load.machine)
        found += [
            Reading("CPU", f"{100 * load.cpu:.0f} %", load.cpu, f"{whose}, of all cores"),
            Reading("Memory", file_size(load.memory), load.memory / load.machine,
                    f"{whose}, of {machine}"),
        ]  # fmt: skip
        for number, gpu in enumerate(load.gpus):
            name = "GPU" if len(load.gpus) == 1 else f"GPU {number}"
            if gpu.busy is not None:
                found.append(Reading(name, f"{100 * gpu.busy:.0f} %", gpu.busy, "By all programs"))
            text = f"{file_size(gpu.used)} of {file_size(gpu.total)}"
            found.append(Reading(f"{name} memory", text, gpu.used / gpu.total, "Of all programs"))
    progress = run.progress()
    if progress.rate and not run.isPreparing():
        per_step, what = counted(run, trainer)
        speed = [rate(progress.rate, "it")]
        if per_step:
            speed.append(rate(progress.rate * per_step, what))
        found.append(Reading("Speed", "  ·  ".join(speed), tip=f"Iterations, and {what}"))
        if progress.remaining_s is not None:
            found.append(Reading("Left", duration(progress.remaining_s)))
    return found


def counted(run: TrainingRun, trainer: Trainer | None) -> tuple[int, str]:
    """How many of what an iteration learns from, as the help of the batch calls them."""
    size = run.facts.parameters.get(BATCH) if run.facts is not None else None
    if trainer is None or not isinstance(size, int):
        return 0, ""
    help_ = next((i.help for i in describe(trainer.task.params) if i.name == BATCH), "")
    first = help_.split(" ")[0].lower()
    return size, first if first in COUNTED else "samples"
