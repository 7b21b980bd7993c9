"""The status bar: what the engine does, what is under the pointer, how much memory is in use."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PyQt6.QtCore import QRect, QTimer
from PyQt6.QtWidgets import QLabel, QSizePolicy, QStatusBar, QWidget

from app.background import Background, Work
from app.session import Session
from app.workspaces.synthesize import SynthesizeView
from widgets.elided_label import ElidedLabel
from widgets.panels.progress import ProgressLine
from widgets.panels.volume.place import voxel_text, world_text

if TYPE_CHECKING:
    from app.controllers.segment.figures import Figures, Probed

MEMORY_EVERY_MS = 2000
PATIENCE_MS = 300


class StatusBar(QStatusBar):
    """Texts that follow session and view."""

    def __init__(self, session: Session, view: SynthesizeView, parent: QWidget) -> None:
        super().__init__(parent)
        self._session, self._view = session, view
        self.setSizeGripEnabled(False)
        # The longest of texts must not widen the window.
        self._probe = ElidedLabel("", self)
        self._probe.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Preferred)
        self._memory = QLabel(self)
        self._engine = QLabel(self)
        for label in (self._probe, self._memory, self._engine):
            label.setProperty("role", "muted")
            label.setContentsMargins(0, 0, self.fontMetrics().height(), 0)
            self.addPermanentWidget(label)
        self._works: list[Work] = []
        self.progress = ProgressLine(self)
        self.progress.cancelled.connect(self._cancel)
        self.insertPermanentWidget(0, self.progress)
        session.engineChanged.connect(self._show_engine)
        view.canvas.hovered.connect(self._probe_mask)
        view.image.hovered.connect(self._probe_image)
        view.canvas.left.connect(self._probe.clear)
        view.image.left.connect(self._probe.clear)
        view.canvas.statusChanged.connect(lambda text: self.showMessage(text, 4000))
        self._clock = QTimer(self)
        self._clock.timeout.connect(self._show_memory)
        self._show_engine()

    def watch(self, background: Background) -> None:
        """Show what works in the background."""
        background.begun.connect(self._begin)

    def follow(self, figures: Figures) -> None:
        """Show what is under the pointer in the Segment workspace."""
        figures.probed.connect(self._probe_volume)

    def engineText(self) -> str:
        return self._engine.text()

    def probeText(self) -> str:
        return self._probe.text()

    def _show_engine(self) -> None:
        state = self._session.engine
        if state.ready and not self._clock.isActive():
            # Not before: loading another C library waits for the engine thread's, which is large.
            self._show_memory()
            self._clock.start(MEMORY_EVERY_MS)
        self._engine.setText(state.text)
        self._engine.setProperty("role", "error" if state.failed else "muted")
        style = self._engine.style()
        if style is not None:
            style.polish(self._engine)

    def _begin(self, work: Work) -> None:
        self._works.append(work)
        work.progressed.connect(lambda _: self._show_works())
        work.ended.connect(lambda: self._end(work))
        # Work of a moment would only flicker.
        QTimer.singleShot(PATIENCE_MS, self._show_works)

    def _end(self, work: Work) -> None:
        self._works.remove(work)
        self._show_works()

    def _show_works(self) -> None:
        if not self._works:
            self.progress.clear()
        elif self._works[0].age() * 1000 >= PATIENCE_MS:
            first = self._works[0]
            self.progress.showWork(first.what, first.share(), len(self._works) - 1)

    def _cancel(self) -> None:
        if self._works:
            self._works[0].cancel()

    def _probe_volume(self, place: Probed | None) -> None:
        if place is None:
            self._probe.clear()
            return
        world, voxel, lines, oriented = place
        values = "   ".join(f"{line.layer} {line.text()}" for line in lines)
        self._probe.setText(f"{world_text(world, oriented)}   {voxel_text(voxel)}   {values}")

    def _probe_mask(self, x: int, y: int) -> None:
        inside = self._view.canvas.model.peek(QRect(x, y, 1, 1)).any()
        value = "vessel" if inside else "background"
        self._probe.setText(f"x {x}  y {y} (from 0)   {value}")

    def _probe_image(self, x: int, y: int) -> None:
        image = self._view.image.image()
        if image is not None:
            value = float(np.asarray(image)[y, x])
            self._probe.setText(f"x {x}  y {y} (from 0)   {value:.3f}")

    def _show_memory(self) -> None:
        import psutil

        used = psutil.Process().memory_info().rss
        self._memory.setText(f"{used / 2**20:.0f} MB" if used < 2**30 else f"{used / 2**30:.1f} GB")
