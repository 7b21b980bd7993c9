"""The steps of a run in the views and in the timeline, live and afterwards."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PyQt6.QtCore import QObject, pyqtSignal

from app import exports
from app.background import Background
from app.controllers.translate.film import Film, State
from app.controllers.translate.running import Running
from app.controllers.translate.runs import Run, plane_of
from app.errors import Teller
from app.file_questions import ask_steps_target
from app.step_frames import Picture, largest, span
from app.study import MAP_COLOURS, Study
from app.workspaces.translate.view import TranslateView
from app.workspaces.translate.views import OF_STEPS, TIES, X0_HAT, X_T
from engine.data.png import SYNTHETIC_METADATA
from engine.events import JobPreview
from widgets.viewer.volume.layers import Layer, LayerKind, Look
from widgets.viewer.volume.plane_pane import World

TITLES = {X_T: "x_t", X0_HAT: "x0_hat", TIES: "Mutual information"}
LMI = "LMI"


class Steps(QObject):
    """Fills the views of a run's states; the frame that the timeline shows is the one seen."""

    changed = pyqtSignal()  # another state is seen, or none

    def __init__(
        self, study: Study, view: TranslateView, running: Running, background: Background,
        teller: Teller, parent: QObject,
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self._study, self._view = study, view
        self._background, self._teller = background, teller
        self._film: Film | None = None
        self._live = False
        self._layers: dict[str, Layer] = {}
        self._seen: State | None = None
        timeline = view.dock.timeline
        timeline.currentChanged.connect(lambda _: self._show())
        timeline.exportRequested.connect(self.askExport)
        running.began.connect(self._begin)
        running.previewed.connect(self._preview)
        running.landed.connect(lambda _: self._end())
        running.ended.connect(lambda _: self._end())
        study.opened.connect(self._clear)

    def film(self) -> Film | None:
        """The run whose steps are seen."""
        return self._film

    def seen(self) -> State | None:
        """The step that is seen."""
        return self._seen

    def showPart(self) -> None:
        """Show of the source what the run sees of it."""
        grid = None if self._film is None else self._film.grid
        if grid is not None:
            _, h, w = grid.shape
            self._view.views.showPart(X_T, grid.world((0, h / 2, w / 2)))

    # --- following

    def _begin(self, run: Run) -> None:
        self._clear()
        self._film, self._live = Film(run), True
        view = self._view
        view.views.setPlane(run.plane)
        view.offerDock(view.dock.steps)
        self.changed.emit()

    def _preview(self, event: JobPreview) -> None:
        film = self._film
        if film is None or not self._live:
            return
        begins = event.run == event.index == 0
        if begins:
            self._view.dock.timeline.clear()
        added = film.add(event)
        if begins or not self._layers:
            self._lay(film)
        for state in added:
            self._view.dock.timeline.addFrame(state.frame)
        self._show()

    def _end(self) -> None:
        self._live = False
        self._show()

    def _clear(self) -> None:
        self._film, self._live, self._seen = None, False, None
        self._layers = {}
        for name in OF_STEPS:
            self._view.views.stacks[name].clear()
            self._view.views.setCaption(name, TITLES[name])
        self._view.dock.timeline.clear()
        self.changed.emit()

    # --- what is seen

    def _lay(self, film: Film) -> None:
        """Layers for the states, and all views at their slice."""
        if film.grid is None or film.latest is None:
            return
        views = self._view.views
        blank = np.zeros(film.grid.shape, np.float32)[np.newaxis]
        for name in OF_STEPS:
            views.stacks[name].clear()
            if name == TIES and film.latest.ties is None:
                views.view(TIES).setPlaceholder("This run is not guided by mutual information")
                self._layers.pop(TIES, None)
                continue
            of_ties = name == TIES
            look = Look(lut=MAP_COLOURS if of_ties else "grey", smooth=False)
            kind = LayerKind.MAP if of_ties else LayerKind.IMAGE
            layer = Layer(LMI if of_ties else TITLES[name], blank, film.grid, kind, look=look)
            layer.unit = film.run.unit if of_ties else ""
            self._layers[name] = layer
            views.stacks[name].add(layer)
        _, h, w = film.grid.shape
        middle = film.grid.world((0, h / 2, w / 2))
        views.setCrosshair(self._on_slice(film, middle))
        self.showPart()

    def _on_slice(self, film: Film, middle: World) -> World:
        """The crosshair, moved onto the slice that is translated."""
        source = self._view.views.currentView()
        grid = source.grid()
        if grid is None:
            return middle
        axis = plane_of(film.run.volume, film.run.plane).axis
        place = list(grid.voxel(source.crosshair()))
        place[axis] = grid.voxel(middle)[axis]
        return grid.world((place[0], place[1], place[2]))

    def _show(self) -> None:
        """The newest step while the timeline follows, else the one that is chosen there."""
        film, timeline = self._film, self._view.dock.timeline
        if film is None or not self._layers:
            return
        place = timeline.current()
        chosen = film.states[place] if 0 <= place < len(film.states) else film.latest
        state = film.latest if self._live and timeline.isFollowing() else chosen
        if state is None:
            return
        self._seen = state
        frame, views = state.frame, self._view.views
        pictures = {X_T: frame.x_t, X0_HAT: frame.x0_hat, TIES: state.ties}
        for name, layer in self._layers.items():
            picture = pictures[name]
            if picture is not None:
                layer.setArray(picture[np.newaxis, np.newaxis])
                low, high = self._ends(name, picture)
                layer.home = low, high
                layer.change(low=low, high=high)
            views.setCaption(name, TITLES[name])
        views.setCaption(X_T, f"x_t   {frame.caption()}")
        views.setCaption(X0_HAT, f"x0_hat   step {frame.index} of {frame.total}")
        self.changed.emit()

    @staticmethod
    def _ends(name: str, picture: Picture) -> tuple[float, float]:
        if name == X_T:
            return span(picture)
        return 0.0, (largest(picture) if name == TIES else 1.0)

    # --- files

    def askExport(self, kind: str) -> None:
        """Let the user choose where the steps go; `kind` is strip, gif or frames."""
        path = ask_steps_target(self._view, kind, self._study.name())
        if path is not None:
            self.export(kind, path)

    def export(self, kind: str, path: Path) -> None:
        """Write the key steps, marked as synthetic."""
        film = self._film
        if film is None or not film.states:
            return
        frames = [state.frame for state in film.states]
        facts = {**SYNTHETIC_METADATA, "job": film.run.job.title}
        self._background.run(
            f"Writing {path.name}",
            lambda: exports.save_states(kind, path, frames, (0.0, 1.0), facts),
            lambda written: self._teller.say("info", f"Saved {written}"),
            self._teller.failure,
        )
