"""Rulers, angles and regions: taken in hand, listed with their numbers, saved in sessions."""

from __future__ import annotations

from collections.abc import Iterable

from PyQt6.QtCore import QObject, QTimer

from app.controllers.segment.showing import Showing
from app.session_models import MeasurementState
from app.study import Study
from app.workspaces.segment.view import SegmentView
from widgets.panels.volume.measurements_panel import MeasureLine
from widgets.viewer.volume.measure.figures import figures
from widgets.viewer.volume.measure.model import MeasureKind, Measurements
from widgets.viewer.volume.measure.overlay import MeasureOverlay
from widgets.viewer.volume.measure.tool import MeasureTool
from widgets.viewer.volume.planes import PlaneName

# Numbers of large regions are worked out a moment after the last change.
SETTLE_MS = 40


class Measuring(QObject):
    """Keeps measurements, panel and views together."""

    def __init__(self, study: Study, view: SegmentView, showing: Showing, parent: QObject) -> None:
        super().__init__(parent)
        self._study, self._view, self._showing = study, view, showing
        self.items = Measurements(self)
        view.volume.addOverlay(MeasureOverlay(self.items))
        self._clock = QTimer(self)
        self._clock.setSingleShot(True)
        self._clock.setInterval(SETTLE_MS)
        self._clock.timeout.connect(self._list)
        self.items.changed.connect(self._changed)
        self.items.selectedChanged.connect(lambda _: self._repaint())
        study.opened.connect(self.items.clear)
        study.stack.activeChanged.connect(self._clock.start)
        view.measurements.jumpRequested.connect(self._jump)
        view.measurements.deleteRequested.connect(self.items.remove)
        view.tools.otherChosen.connect(self._tool_clicked)

    def start(self, kind: str) -> None:
        """Take a ruler, an angle or a region (rectangle or ellipse) in hand."""
        self._showing.useTool(kind, MeasureTool(self.items, MeasureKind(kind)))
        self._view.showPanel(self._view.measurements)

    def _tool_clicked(self, name: str) -> None:
        if name in {kind.value for kind in MeasureKind}:
            self.start(name)

    # --- sessions

    def states(self) -> tuple[MeasurementState, ...]:
        """For a session."""
        return tuple(
            MeasurementState(
                kind=item.kind.value, points=item.points, name=item.name,
                values={"plane": item.plane.value},
            )
            for item in self.items.items()
        )  # fmt: skip

    def restore(self, states: Iterable[MeasurementState]) -> None:
        """From a session; those of a kind that is not known here are left out."""
        self.items.clear()
        kinds = {kind.value: kind for kind in MeasureKind}
        planes = {plane.value: plane for plane in PlaneName}
        for state in states:
            kind, plane = kinds.get(state.kind), planes.get(str(state.values.get("plane")))
            if kind is not None and plane is not None and len(state.points) == kind.points:
                self.items.add(kind, state.points, plane, state.name)

    # --- inside

    def _changed(self) -> None:
        self._repaint()
        self._clock.start()

    def _repaint(self) -> None:
        self._view.volume.updateSlices()

    def _list(self) -> None:
        lines = []
        for item in self.items.items():
            found = figures(item, self._study.stack)
            text = " · ".join(found.text.splitlines())
            lines.append(MeasureLine(item.key, item.kind.value, item.name, text, found.numbers))
        self._view.measurements.setMeasurements(lines)

    def _jump(self, key: int) -> None:
        self.items.select(key)
        self._view.volume.setCrosshair(self.items.get(key).points[0])
