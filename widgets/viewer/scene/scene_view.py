"""The 3D view: surfaces of labels or a maximum-intensity projection, turned by the mouse."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Executor
from enum import Enum
from functools import partial
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PyQt6.QtCore import QEvent, QPointF, QSize, Qt, QTimer, pyqtSignal
from PyQt6.QtGui import (
    QColor,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QShowEvent,
    QWheelEvent,
)
from PyQt6.QtWidgets import QSizePolicy, QWidget

from widgets.theme import theme_of
from widgets.viewer.scene import mip, raster
from widgets.viewer.scene.backend import GlError, open_renderer
from widgets.viewer.scene.bar import SceneBar
from widgets.viewer.scene.camera import LETTERS, Camera
from widgets.viewer.scene.guides import paint_axes, paint_crosshair, paint_text
from widgets.viewer.scene.mesh import Mesh, bounds
from widgets.viewer.scene.mip import MipVolume
from widgets.viewer.scene.worker import Drawer

if TYPE_CHECKING:
    from widgets.viewer.scene.gl import GlRenderer

_REST_MS = 180  # after the last move, until all details are drawn
_COARSE_FACES = 40_000  # of all surfaces together, while they turn
_SLOW_S = 0.03  # for a picture, from which on OpenGL gets fewer faces too while they turn
_MOST_PIXELS = 1200  # along an axis without OpenGL
_MIP_PIXELS = (150, 420)  # of the projection's height, while it turns and at rest
_KEYS = {getattr(Qt.Key, f"Key_{letter}"): letter for letter in LETTERS}


class SceneMode(Enum):
    """What the 3D view shows."""

    SURFACES = "surfaces"
    PROJECTION = "projection"


class SceneView(QWidget):
    """Left drag turns, middle drag moves, the wheel zooms, A P L R S I look from a side.

    Without OpenGL surfaces are drawn by the processor, beside the GUI thread, and `reason` says
    why. Nothing is set up until the view is first shown.
    """

    cameraChanged = pyqtSignal(object)  # Camera
    modeChanged = pyqtSignal(object)  # SceneMode

    def __init__(
        self,
        parent: QWidget | None = None,
        *,
        software: bool = False,
        executor: Executor | None = None,
    ) -> None:
        """software: never try OpenGL. executor: draws, in place of a thread of the view's own."""
        super().__init__(parent)
        self._software = software
        self._gl: GlRenderer | None = None
        self._ready = False
        self._reason = ""
        self._meshes: list[Mesh] = []
        self._coarse: list[Mesh] | None = None
        self._volume: MipVolume | None = None
        self._mode = SceneMode.SURFACES
        self._camera = Camera()
        self._placed = False
        self._crosshair: tuple[float, float, float] | None = None
        self._picture: QImage | None = None
        self._stale = True
        self._last: QPointF | None = None
        self._drawer = Drawer(executor, self)
        self._drawer.drawn.connect(self._take)
        self._drawer.failed.connect(self._fail)
        self._thinner = Drawer(executor, self)
        self._thinner.drawn.connect(self._take_thinned)
        self._thinner.failed.connect(self._fail)
        self._slow = False  # OpenGL, with all details
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(_REST_MS)
        self._rest.timeout.connect(self._refresh)
        self.bar = SceneBar(self)
        self.bar.stood.connect(self.lookFrom)
        self.bar.resetRequested.connect(self.resetView)
        self.bar.projected.connect(self._project)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName("3D view")
        self.setMinimumSize(120, 100)

    # --- what is shown

    def setMeshes(self, meshes: Sequence[Mesh]) -> None:
        """Show these surfaces; the first time the view fits itself around them."""
        self._meshes, self._coarse, self._slow = list(meshes), None, False
        if sum(len(mesh.faces) for mesh in self._meshes) > _COARSE_FACES:
            self._thinner.request(partial(_thinned, tuple(self._meshes)))
        if self._gl is not None:
            self._gl.keep(self._meshes)
        self._place()
        self._refresh()

    def setVolume(self, volume: MipVolume | None) -> None:
        """The volume that is projected, from `mip.prepare`."""
        self._volume = volume
        self._place()
        self._refresh()

    def mode(self) -> SceneMode:
        return self._mode

    def setMode(self, mode: SceneMode) -> None:
        """Show surfaces or the projection."""
        if mode is not self._mode:
            self._mode = mode
            self.bar.showProjection(mode is SceneMode.PROJECTION)
            self._picture = None
            self._place()
            self._refresh()
            self.modeChanged.emit(mode)

    def setCrosshair(self, world: tuple[float, float, float] | None) -> None:
        """Mark a place, RAS+ mm, or none."""
        self._crosshair = world
        self.update()

    def camera(self) -> Camera:
        return self._camera

    def setCamera(self, camera: Camera) -> None:
        """Look from elsewhere."""
        self._placed = True
        self._look(camera)

    def lookFrom(self, letter: str) -> None:
        """Look from A, P, L, R, S or I."""
        self._look(self._camera.standing(letter))

    def resetView(self) -> None:
        """Look from the front at everything."""
        self._placed = False
        self._camera = Camera()
        self._place()
        self._look(self._camera)

    def backend(self) -> str:
        """ "opengl", "software", or empty before the view was first shown."""
        if not self._ready:
            return ""
        return "software" if self._gl is None else "opengl"

    def reason(self) -> str:
        """Why there is no OpenGL, or no picture; empty when all is well."""
        return self._reason

    def isBusy(self) -> bool:
        """Whether a picture is being drawn, or details wait to be."""
        return self._drawer.isBusy() or self._thinner.isBusy() or self._rest.isActive()

    def picture(self) -> QImage | None:
        """What was drawn last, without letters and marks; None while there is nothing."""
        return self._picture

    def close(self) -> bool:
        """End the drawing thread and give OpenGL back; nothing is drawn any more."""
        self._rest.stop()
        self._drawer.close()
        self._thinner.close()
        if self._gl is not None:
            self._gl.close()
            self._gl = None
        return super().close()

    # --- pointer and keys

    def mousePressEvent(self, event: QMouseEvent | None) -> None:
        if event is not None:
            self._last = event.position()

    def mouseMoveEvent(self, event: QMouseEvent | None) -> None:
        if event is None or self._last is None:
            return
        by = event.position() - self._last
        self._last = event.position()
        if event.buttons() & Qt.MouseButton.LeftButton:
            self._look(self._camera.turned(by.x(), by.y()))
        elif event.buttons() & Qt.MouseButton.MiddleButton:
            self._look(self._camera.moved(by.x(), by.y(), self.height()))

    def mouseReleaseEvent(self, event: QMouseEvent | None) -> None:
        self._last = None

    def wheelEvent(self, event: QWheelEvent | None) -> None:
        if event is not None:
            self._look(self._camera.zoomed(1.15 ** (event.angleDelta().y() / 120)))
            event.accept()

    def event(self, event: QEvent | None) -> bool:
        # The letters mean sides here, whatever they mean to the window.
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.ShortcutOverride:
            plain = event.modifiers() == Qt.KeyboardModifier.NoModifier
            if plain and event.key() in _KEYS:
                event.accept()
                return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        if event is None:
            return
        turns = {
            Qt.Key.Key_Left: (-10, 0), Qt.Key.Key_Right: (10, 0),
            Qt.Key.Key_Up: (0, -10), Qt.Key.Key_Down: (0, 10),
        }  # fmt: skip
        key = Qt.Key(event.key())
        if key in _KEYS and event.modifiers() == Qt.KeyboardModifier.NoModifier:
            self.lookFrom(_KEYS[key])
        elif key in turns:
            self._look(self._camera.turned(*turns[key]))
        elif key in (Qt.Key.Key_Plus, Qt.Key.Key_Minus):
            self._look(self._camera.zoomed(1.15 if key == Qt.Key.Key_Plus else 1 / 1.15))
        else:
            super().keyPressEvent(event)

    # --- drawing

    def showEvent(self, event: QShowEvent | None) -> None:
        super().showEvent(event)
        if not self._ready:
            self._ready = True
            self._gl, reason = open_renderer(self._software)
            self._tell(reason)
        self._stale = True

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        super().resizeEvent(event)
        self.bar.setGeometry(0, 0, self.width(), self.bar.sizeHint().height())
        self._refresh()

    def changeEvent(self, event: QEvent | None) -> None:
        super().changeEvent(event)
        if event is not None and event.type() == QEvent.Type.PaletteChange:
            self._refresh()

    def paintEvent(self, event: QPaintEvent | None) -> None:
        if self._stale:
            self._draw()
        painter = QPainter(self)
        theme = theme_of(self)
        painter.fillRect(self.rect(), QColor(theme.canvas))
        if self._picture is not None:
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            painter.drawImage(self.rect(), self._picture)
        if self._crosshair is not None and not self._missing():
            paint_crosshair(painter, self._camera, self._crosshair, self.size())
        paint_axes(painter, self._camera, self.size())
        paint_text(painter, self.size(), self._missing(), self._reason.split(":")[0])
        painter.end()

    def _missing(self) -> str:
        """What to say when there is nothing to see."""
        if self._mode is SceneMode.PROJECTION:
            return "" if self._volume is not None else "No image to project yet"
        return "" if any(mesh.drawn for mesh in self._meshes) else "No label surfaces yet"

    def _place(self) -> None:
        """Fit the view around what there is, the first time that there is something."""
        box: tuple[NDArray[Any], NDArray[Any]] | None = bounds(self._meshes)
        if self._volume is not None and (box is None or self._mode is SceneMode.PROJECTION):
            box = self._volume.corners()
        if box is not None and not self._placed:
            self._placed = True
            self._camera = self._camera.fitted(*box)

    def _look(self, camera: Camera) -> None:
        self._camera = camera
        self._rest.start()
        self._stale = True
        self.update()
        self.cameraChanged.emit(camera)

    def _refresh(self) -> None:
        self._stale = True
        self.update()

    def _draw(self) -> None:
        self._stale = False
        if self._missing():
            self._picture = None
        elif self._mode is SceneMode.PROJECTION:
            height = _MIP_PIXELS[not self._rest.isActive()]
            width = max(round(height * self.width() / max(self.height(), 1)), 1)
            assert self._volume is not None, "something is there to project"
            self._drawer.request(partial(mip.project, self._volume, self._camera, width, height))
        elif self._gl is None or not self._draw_gl():
            self._draw_software()

    def _draw_gl(self) -> bool:
        assert self._gl is not None, "OpenGL was found"
        size = self.size() * self.devicePixelRatioF()
        thin = self._coarse if self._slow and self._rest.isActive() else None
        begun = perf_counter()
        try:
            self._picture = self._gl.draw(
                self._meshes if thin is None else thin, self._camera, size.width(), size.height(),
                self._background(), smooth=thin is None,
            )  # fmt: skip
        except GlError as problem:
            self._gl = None
            self._tell(f"Drawn without OpenGL: {problem}")
            return False
        if thin is None:
            self._slow = perf_counter() - begun > _SLOW_S
        return True

    def _draw_software(self) -> None:
        meshes, size = self._meshes, self.size()
        if self._rest.isActive():
            meshes, size = self._coarse or meshes, size / 1.5
        size = size.boundedTo(QSize(_MOST_PIXELS, _MOST_PIXELS)).expandedTo(QSize(1, 1))
        self._drawer.request(
            partial(
                raster.draw, tuple(meshes), self._camera, size.width(), size.height(),
                self._background(),
            )
        )  # fmt: skip

    def _background(self) -> tuple[int, int, int]:
        colour = QColor(theme_of(self).canvas)
        return colour.red(), colour.green(), colour.blue()

    def _take(self, pixels: NDArray[np.uint8]) -> None:
        if self._missing() or (pixels.ndim == 2) != (self._mode is SceneMode.PROJECTION):
            return  # drawn before something else was to be shown
        height, width = pixels.shape[:2]
        grey = pixels.ndim == 2
        form = QImage.Format.Format_Grayscale8 if grey else QImage.Format.Format_RGB888
        row = width if grey else 3 * width
        self._picture = QImage(pixels.tobytes(), width, height, row, form).copy()
        self.update()

    def _take_thinned(self, thinned: tuple[tuple[Mesh, ...], list[Mesh]]) -> None:
        of, coarse = thinned
        if list(of) == self._meshes:
            self._coarse = coarse
            if self._gl is not None:
                self._gl.keep([*self._meshes, *coarse])

    def _tell(self, reason: str) -> None:
        """Its first words are on the picture, all of it is in the tool tip."""
        self._reason = reason
        self.setToolTip(reason)

    def _fail(self, reason: str) -> None:
        self._tell(reason)
        self.update()

    def _project(self, on: bool) -> None:
        self.setMode(SceneMode.PROJECTION if on else SceneMode.SURFACES)


def _thinned(meshes: tuple[Mesh, ...]) -> tuple[tuple[Mesh, ...], list[Mesh]]:
    """Meshes with their copies of few faces."""
    total = sum(len(mesh.faces) for mesh in meshes)
    return meshes, [mesh.coarse(_COARSE_FACES * len(mesh.faces) // total) for mesh in meshes]
