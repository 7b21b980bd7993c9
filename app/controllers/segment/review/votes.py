"""The votes on one slice in the dock: pictures to compare, one of them outlined in the view."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PyQt6.QtCore import QObject, QTimer
from PyQt6.QtGui import QColor

from app.background import Background
from app.controllers.segment.findings import Finding, Findings
from app.controllers.segment.review.across import view_across
from app.controllers.segment.review.pictures import coloured, part_of, slice_picture
from app.errors import Teller
from app.study import Study
from app.workspaces.segment.view import SegmentView
from engine.results import SegmentationResult
from widgets.viewer.volume.cut import Cut
from widgets.viewer.volume.planes import Plane
from widgets.viewer.volume.slice_outline import SliceOutline

if TYPE_CHECKING:
    from widgets.viewer.volume.layers import Grid

THICKNESS = 2.2
SETTLE_MS = 200  # after the last change of the colours


@dataclass(frozen=True, eq=False)
class Shown:
    """What lies in the sheet.

    Attributes:
        finding: Whose votes.
        labels: (1 + N, h, w), the majority and the votes, as the array has its axes.
        axis, index: The slice of (D, H, W) that they are about.
    """

    finding: Finding
    labels: NDArray[np.uint8]
    axis: int
    index: int


class Votes(QObject):
    """Follows the current finding."""

    def __init__(
        self, study: Study, view: SegmentView, findings: Findings, computing: Background,
        teller: Teller, parent: QObject,
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self._study, self._view, self._findings = study, view, findings
        self._computing, self._teller = computing, teller
        self._panel = view.dock.votes
        self._shown: Shown | None = None
        self._outline = SliceOutline((), THICKNESS)
        view.volume.addOverlay(self._outline, below=True)
        self._clock = QTimer(self)
        self._clock.setSingleShot(True)
        self._clock.setInterval(SETTLE_MS)
        self._clock.timeout.connect(self._recolour)
        findings.changed.connect(self._follow)
        study.table.changed.connect(self._clock.start)
        panel = self._panel
        panel.sheet.selected.connect(lambda _: self._draw())
        panel.sheet.activated.connect(lambda _: self.go())
        panel.outline.toggled.connect(lambda _: self._draw())
        panel.go.clicked.connect(self.go)
        self._follow()

    def go(self) -> None:
        """Look at the slice that the votes are about."""
        shown, image = self._shown, self._study.image()
        view = None if shown is None else view_across(self._view.volume, shown.axis)
        if shown is None or image is None or view is None:
            return
        volume = self._view.volume
        if view not in volume.shownViews():
            volume.setViewLayout(volume.viewLayout(), view.name())
        voxel = list(image.grid.voxel(volume.crosshair()))
        voxel[shown.axis] = shown.index
        volume.setCrosshair(image.grid.world((voxel[0], voxel[1], voxel[2])))
        view.setFocus()

    # --- following

    def _follow(self) -> None:
        finding = self._findings.current()
        self._shown = None
        self._draw()
        self._panel.sheet.clear()
        self._panel.where.setText("")
        for button in (self._panel.go, self._panel.outline):
            button.setEnabled(False)
        if finding is not None and isinstance(finding.result, SegmentationResult):
            from engine.data.labels.cutoff import majority

            result = finding.result
            here = majority(np.take(result.probability, result.shown, 1 + result.axis))
            labels = np.concatenate([here[None], result.votes])
            if len(result.votes):
                self._make(Shown(finding, labels, result.axis, result.shown))

    def _recolour(self) -> None:
        if self._shown is not None:
            self._make(self._shown)

    def _make(self, shown: Shown) -> None:
        """Draw the pictures in the background."""
        image, view = self._study.image(), view_across(self._view.volume, shown.axis)
        plane = None if view is None else view.plane()
        if image is None or plane is None:
            return
        cut = Cut(plane, image.grid, shown.index, self._study.stack.time())
        under, colours = slice_picture(image, cut), self._colours(shown.finding)

        def work() -> tuple[list[Any], list[str]]:
            from engine.metrics.agreement import agreement

            seen = np.stack([plane.seen(labels) for labels in shown.labels])
            rows, columns = part_of(seen)
            cells = [
                coloured(under[rows, columns], labels[rows, columns], colours) for labels in seen
            ]
            return cells, captions(agreement(shown.labels[1:], shown.labels[0]))

        def done(made: tuple[list[Any], list[str]]) -> None:
            if self._findings.current() is shown.finding:
                self._put(shown, plane, *made)

        self._computing.run("Drawing the votes", work, done, self._teller.failure)

    def _put(self, shown: Shown, plane: Plane, cells: list[Any], names: list[str]) -> None:
        panel = self._panel
        kept = panel.sheet.current() if shown is self._shown else -1
        self._shown = shown
        panel.sheet.setPixelAspect(plane.pixel_mm[0] / plane.pixel_mm[1])
        panel.sheet.setImages(cells, names)
        panel.sheet.setCurrent(kept)
        for button in (panel.go, panel.outline):
            button.setEnabled(True)
        count = len(shown.labels) - 1
        panel.where.setText(
            f"{count} vote{'s' if count != 1 else ''} on {plane.name.value} slice "
            f"{shown.index + 1} of {plane.count}, with how far each agrees (Dice) with the majority"
        )
        self._draw()

    def _colours(self, finding: Finding) -> NDArray[np.uint8]:
        """By class (n, 3)."""
        table = self._study.table
        found = np.zeros((256, 3), np.uint8)
        for value, label in finding.values.items():
            found[value] = table.colour(label)
        return found

    # --- the outline

    def _draw(self) -> None:
        shown, place = self._shown, self._panel.sheet.current()
        image = self._study.image()
        wanted = self._panel.outline.isChecked() and place >= 0
        if shown is None or image is None or not wanted:
            self._outline.hide()
        else:
            self._outline.setColours(
                [QColor(*c) for c in self._colours(shown.finding)[1:].tolist()]
            )
            self._show(shown, shown.labels[place], image.grid)
        self._view.volume.updateSlices()

    def _show(self, shown: Shown, labels: NDArray[np.uint8], grid: Grid) -> None:
        def source(plane: Plane, index: int) -> NDArray[Any] | None:
            here = plane.axis == shown.axis and index == shown.index
            return plane.seen(labels) if here else None

        self._outline.show(source, grid)


def captions(agreed: tuple[float, ...]) -> list[str]:
    """What stands under the majority and each vote."""
    votes = [f"vote {n} · {100 * share:.0f} %" for n, share in enumerate(agreed, start=1)]
    return ["majority", *votes]
