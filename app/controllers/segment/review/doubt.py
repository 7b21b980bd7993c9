"""Doubtful places: found in the background, gone through one by one, outlined on the slices."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray
from PyQt6.QtCore import QObject, pyqtSignal
from PyQt6.QtGui import QColor
from PyQt6.QtWidgets import QFileDialog

from app.background import Background, Work
from app.controllers.segment.findings import Findings
from app.errors import Teller
from app.study import Study
from app.workspaces.segment.view import SegmentView
from engine.results import SegmentationResult
from widgets.panels.volume.doubt_panel import DoubtLine
from widgets.panels.volume.place import voxel_text
from widgets.panels.volume.values import plain
from widgets.viewer.volume.planes import Plane
from widgets.viewer.volume.slice_outline import SliceOutline

if TYPE_CHECKING:
    from engine.data.labels.doubt import DoubtRegion

LINE = QColor("#ffffff")
UNIT = "variance"


class Doubt(QObject):
    """Follows the current finding, and the limit that the user sets."""

    told = pyqtSignal(str)  # for the status bar

    def __init__(
        self, study: Study, view: SegmentView, findings: Findings, computing: Background,
        background: Background, teller: Teller, parent: QObject,
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self._study, self._view, self._findings = study, view, findings
        self._computing, self._background, self._teller = computing, background, teller
        self._panel = view.dock.doubt
        self._regions: tuple[DoubtRegion, ...] = ()
        self._seen: set[tuple[int, int, int]] = set()  # peaks that were ticked off
        self._row = -1
        self._chosen = False  # the limit, by the user
        self._work: Work | None = None
        self._outline = SliceOutline([LINE])
        view.volume.addOverlay(self._outline, below=True)
        panel = self._panel
        panel.jumpRequested.connect(self.goTo)
        panel.seenChanged.connect(self._tick)
        panel.leastChanged.connect(self._choose)
        panel.previous_button.clicked.connect(lambda: self.step(-1))
        panel.next_button.clicked.connect(lambda: self.step(1))
        panel.done_button.clicked.connect(self.done)
        panel.slice_button.clicked.connect(self.goToSlice)
        panel.outline_button.toggled.connect(lambda _: self._draw())
        panel.save_button.clicked.connect(self.askSave)
        findings.changed.connect(self._follow)
        study.table.changed.connect(self._rename)
        self._follow()

    # --- what the user asks

    def goTo(self, row: int) -> None:
        """Look at the peak of a region."""
        image = self._study.image()
        if image is None or not 0 <= row < len(self._regions):
            return
        self._row = row
        region = self._regions[row]
        self._panel.setCurrent(row)
        self._view.volume.setCrosshair(image.grid.world(region.peak))
        line = self._panel.lines()[row]
        about = f"{line.structure}, " if line.structure else ""
        self.told.emit(
            f"Doubtful place {row + 1} of {len(self._regions)}: {about}"
            f"{' '.join(voxel_text(region.peak).split())}, summed variance {plain(line.total, 3)}"
        )

    def step(self, way: int) -> None:
        """Go to the next region that was not ticked off, or to the one before."""
        rows = range(self._row + 1, len(self._regions))
        if way < 0:
            rows = range(min(self._row, len(self._regions)) - 1, -1, -1)
        for row in rows:
            if self._regions[row].peak not in self._seen:
                self.goTo(row)
                return
        self.told.emit(self._why_not(way))

    def done(self) -> None:
        """Tick off the region that is looked at, and go on to the next."""
        if 0 <= self._row < len(self._regions):
            self._seen.add(self._regions[self._row].peak)
            self._panel.setSeen(self._row, True)
        self.step(1)

    def goToSlice(self) -> None:
        """Show the slice of the view in use that has the most variance, at its highest place."""
        result, image = self._result(), self._study.image()
        view = self._view.volume.currentView()
        plane = view.plane()
        if result is None or image is None or plane is None:
            self.told.emit(self._why_not(1))
            return
        variance, axis = result.variance, plane.axis

        def work() -> tuple[int, int, int] | None:
            from engine.data.labels.doubt import most_doubtful_voxel

            return most_doubtful_voxel(variance, axis)

        def found(voxel: tuple[int, int, int] | None) -> None:
            if self._result() is not result:
                return
            if voxel is None:
                self.told.emit("Nothing is uncertain: all votes agree everywhere")
                return
            self._view.volume.setCrosshair(image.grid.world(voxel))
            name = view.name().value
            self.told.emit(f"Most doubtful {name} slice: {voxel[axis] + 1} of {plane.count}")

        self._computing.run("Looking for doubt", work, found, self._teller.failure)

    def toggleOutline(self) -> None:
        """Outline where votes disagree, or not."""
        if self._panel.outline_button.isEnabled():
            self._panel.outline_button.toggle()

    def askSave(self) -> None:
        """Let the user choose where the table goes."""
        start = f"{self._study.name() or 'image'}_doubt.csv"
        path, _ = QFileDialog.getSaveFileName(self._view, "Save the table", start, "CSV (*.csv)")
        if path:
            self.save(Path(path))

    def save(self, path: Path) -> None:
        """Write the regions as the command line does."""
        finding = self._findings.current()
        if finding is None:
            return
        regions, geometry = self._regions, finding.volume.geometry
        names = {label.value: label.name for label in self._study.table.labels()}

        def write() -> None:
            from engine.data.labels.doubt import table, write_csv

            write_csv(path, table(regions, geometry, names))

        self._background.run(
            f"Writing {path.name}", write, lambda _: self.told.emit(f"Saved {path}"),
            self._teller.failure,
        )  # fmt: skip

    # --- following

    def _result(self) -> SegmentationResult | None:
        finding = self._findings.current()
        result = None if finding is None else finding.result
        return result if isinstance(result, SegmentationResult) else None

    def _follow(self) -> None:
        finding = self._findings.current()
        self._seen.clear()
        self._forget()
        self._panel.clear()
        if finding is not None and finding.uncertainty is not None:
            finding.uncertainty.unit = UNIT
        if self._result() is not None:
            self._look()
        self._draw()

    def _forget(self) -> None:
        if self._work is not None:
            self._work.cancel()
            self._work = None
        self._regions, self._row = (), -1
        self._view.dock.setDoubtCount(0)

    def _look(self) -> None:
        """Find the regions in the background."""
        finding, result = self._findings.current(), self._result()
        if finding is None or result is None:
            return
        self._forget()
        self._draw()
        chosen = self._panel.least.value() if self._chosen else None
        numbers = finding.numbers()

        def work(watch: Any) -> tuple[float, tuple[DoubtRegion, ...]]:
            from engine.data.labels.doubt import doubtful_regions, telling_least

            least = telling_least(result.variance) if chosen is None else chosen
            labels = numbers[result.labels]
            return least, doubtful_regions(result.variance, labels, least, watch=watch)

        def done(found: tuple[float, tuple[DoubtRegion, ...]]) -> None:
            if self._findings.current() is finding:
                self._work = None
                if chosen is None:
                    self._panel.setLeast(found[0])
                self._show(found[1])
                self._draw()

        self._work = self._computing.watched(
            "Looking for doubtful places", work, done, self._teller.failure
        )

    def _choose(self, _: float) -> None:
        self._chosen = True
        self._look()

    def _show(self, regions: Sequence[DoubtRegion]) -> None:
        self._regions = tuple(regions)
        image = self._study.volume
        assert image is not None, "a finding belongs to an open image"
        table, mm3 = self._study.table, image.geometry.voxel_ml * 1000.0
        lines = [
            DoubtLine(
                region.peak, table.name(region.label) if region.label else "",
                table.colour(region.label) if region.label else None,
                region.voxels * mm3, region.total, region.highest,
            )
            for region in self._regions
        ]  # fmt: skip
        self._panel.setLines(lines, [region.peak in self._seen for region in self._regions])
        self._view.dock.setDoubtCount(len(lines))

    def _rename(self) -> None:
        """Labels have other names or colours."""
        if self._regions:
            row = self._row
            self._show(self._regions)
            self._panel.setCurrent(row)

    def _tick(self, row: int, seen: bool) -> None:
        peak = self._regions[row].peak
        if seen:
            self._seen.add(peak)
        else:
            self._seen.discard(peak)

    def _why_not(self, way: int) -> str:
        if self._result() is None:
            return "There is no result with votes to doubt: run a method first"
        if self._work is not None:
            return "The doubtful places are still being looked for"
        if not self._regions:
            return f"No variance above {plain(self._panel.least.value(), 3)}"
        if all(region.peak in self._seen for region in self._regions):
            return "All doubtful places are ticked off"
        return "That was the last doubtful place" if way > 0 else "That was the first one"

    # --- outlines

    def _draw(self) -> None:
        result, image = self._result(), self._study.image()
        if result is None or image is None or not self._panel.outline_button.isChecked():
            self._outline.hide()
        else:
            variance, least = result.variance, self._panel.least.value()

            def source(plane: Plane, index: int) -> NDArray[Any]:
                return plane.slice(variance, index) > least

            self._outline.show(source, image.grid)
        self._view.volume.updateSlices()
