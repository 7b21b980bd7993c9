"""The 3D view: surfaces of the labels and projections of the image, computed aside."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from PyQt6.QtCore import QObject, QTimer

from app.background import Background, Work
from app.errors import Teller
from app.study import Study
from app.workspaces.segment.view import SegmentView
from widgets.viewer.volume.arrangement import ViewLayout

if TYPE_CHECKING:
    from widgets.viewer.scene.mesh import Mesh
    from widgets.viewer.scene.scene_view import SceneView

SETTLE_MS = 600
MAX_FACES = 120_000  # of each label


class SceneController(QObject):
    """Makes surfaces anew a moment after the labels changed, while the 3D view is seen."""

    def __init__(
        self, study: Study, view: SegmentView, computing: Background, teller: Teller,
        parent: QObject,
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self._study, self._view, self._computing, self._teller = study, view, computing, teller
        self._scene: SceneView | None = None
        self._meshes: dict[int, Mesh] = {}
        self._work: Work | None = None
        self._stale, self._projected = True, False
        self._clock = QTimer(self)
        self._clock.setSingleShot(True)
        self._clock.setInterval(SETTLE_MS)
        self._clock.timeout.connect(self._make)
        study.model.historyChanged.connect(self._outdated)
        study.table.changed.connect(self._recolour)
        study.opened.connect(self._opened)
        view.volume.layoutChanged.connect(lambda _: self._seen())
        view.volume.crosshairMoved.connect(self._point)
        self._seen()

    def scene(self) -> SceneView | None:
        """The 3D view, once it was shown."""
        return self._scene

    def close(self) -> None:
        """Let go of what the 3D view holds."""
        self._clock.stop()
        if self._scene is not None:
            self._scene.close()

    # --- when

    def _isSeen(self) -> bool:
        return self._view.volume.viewLayout() in (ViewLayout.GRID, ViewLayout.MAIN)

    def _seen(self) -> None:
        """Made when it is first needed: its libraries take a moment to load."""
        if not self._isSeen() or self._study.volume is None:
            return
        if self._scene is None:
            from widgets.viewer.scene.scene_view import SceneView

            self._scene = SceneView()
            self._scene.modeChanged.connect(lambda _: self._project())
            self._view.volume.setScene(self._scene)
        if self._stale:
            self._clock.start()
        self._project()

    def _outdated(self) -> None:
        self._stale = True
        if self._scene is not None and self._isSeen():
            self._clock.start()

    def _opened(self) -> None:
        self._meshes, self._stale, self._projected = {}, True, False
        if self._scene is not None:
            self._scene.setMeshes(())
            self._scene.setVolume(None)
        self._seen()

    # --- surfaces

    def _make(self) -> None:
        study = self._study
        image = study.volume
        if image is None or self._scene is None:
            return
        if self._work is not None:
            self._work.cancel()
        self._stale = False
        snapshot = study.model.snapshot()
        values = study.model.used()

        def work(watch: Callable[[float], None]) -> dict[int, Any]:
            from engine.data.labels.mesh import surface
            from engine.data.labels.subject import stage

            made, labels = {}, snapshot.take()
            for number, value in enumerate(values):
                told = stage(watch, number, len(values))
                made[value] = surface(labels, value, image.affine, max_faces=MAX_FACES, watch=told)
            return made

        begun = self._computing.watched(
            "Making surfaces", work, lambda made: self._take(image, made), self._teller.failure
        )
        self._work = begun
        begun.ended.connect(lambda: self._ended(begun))

    def _ended(self, work: Work) -> None:
        if work is self._work:
            # Cancelled by the user: made again when the 3D view is next shown.
            self._work, self._stale = None, self._stale or work.isCancelled()

    def _take(self, image: object, made: dict[int, Any]) -> None:
        from widgets.viewer.scene.mesh import Mesh

        if self._study.volume is image:
            self._meshes = {v: Mesh(m.vertices, m.faces, m.normals) for v, m in made.items()}
            self._recolour()

    def _recolour(self) -> None:
        if self._scene is None:
            return
        table = self._study.table
        shown = []
        for value, mesh in self._meshes.items():
            label = table.label(value)
            visible, opacity = (True, 1.0) if label is None else (label.visible, label.opacity)
            shown.append(
                replace(
                    mesh, colour=table.colour(value), visible=visible, opacity=opacity,
                    name=table.name(value),
                )
            )  # fmt: skip
        self._scene.setMeshes(shown)

    # --- projection

    def _project(self) -> None:
        """Prepare the projection when it is looked at for the first time."""
        from widgets.viewer.scene.scene_view import SceneMode

        layer, scene = self._study.image(), self._scene
        if layer is None or scene is None or self._projected:
            return
        if scene.mode() is not SceneMode.PROJECTION:
            return
        self._projected = True
        array, affine = layer.array[0], layer.grid.affine
        window = (
            (layer.look.low - layer.intercept) / layer.slope,
            (layer.look.high - layer.intercept) / layer.slope,
        )

        def work() -> Any:
            from widgets.viewer.scene.mip import prepare

            return prepare(array, affine, min(window), max(window))

        def done(made: Any) -> None:
            if self._study.image() is layer:
                scene.setVolume(made)

        self._computing.run("Preparing the projection", work, done, self._teller.failure)

    def _point(self, world: tuple[float, float, float]) -> None:
        if self._scene is not None:
            self._scene.setCrosshair(world)
