"""Surfaces drawn with OpenGL 2.1, outside of any window, as pictures.

Drawn this way the main window never becomes an OpenGL window, which costs software drivers and
remote screens much, and a driver that fails takes nothing with it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PyQt6.QtCore import QSize
from PyQt6.QtGui import QImage, QMatrix4x4, QOffscreenSurface, QOpenGLContext, QVector3D
from PyQt6.QtOpenGL import (
    QOpenGLBuffer,
    QOpenGLFramebufferObject,
    QOpenGLFramebufferObjectFormat,
    QOpenGLFunctions_2_1,
    QOpenGLShader,
    QOpenGLShaderProgram,
    QOpenGLVersionFunctionsFactory,
    QOpenGLVersionProfile,
)
from PyQt6.sip import voidptr

from widgets.viewer.scene.backend import GlError
from widgets.viewer.scene.camera import Camera
from widgets.viewer.scene.mesh import Mesh
from widgets.viewer.scene.raster import AMBIENT, DIFFUSE, SHINE, Colour

# Numbers of the OpenGL specification.
_TRIANGLES, _UNSIGNED_INT, _FLOAT = 0x0004, 0x1405, 0x1406
_DEPTH_TEST, _BLEND, _CULL_FACE = 0x0B71, 0x0BE2, 0x0B44
_LESS, _LEQUAL = 0x0201, 0x0203
_SRC_ALPHA, _ONE_MINUS_SRC_ALPHA = 0x0302, 0x0303
_COLOR_AND_DEPTH = 0x4000 | 0x0100
_DEEP = 10_000.0  # mm before and behind the view's centre that are drawn

_VERTEX = """
attribute vec3 position;
attribute vec3 normal;
uniform mat4 matrix;
uniform vec3 back;
varying float facing;
void main() {
    facing = abs(dot(normal, back));
    gl_Position = matrix * vec4(position, 1.0);
}
"""
_FRAGMENT = f"""
uniform vec3 colour;
uniform float opacity;
varying float facing;
void main() {{
    vec3 tone = colour * ({AMBIENT} + {DIFFUSE} * facing) + {SHINE} * pow(facing, 24.0);
    gl_FragColor = vec4(tone, opacity);
}}
"""


class GlRenderer:
    """Draws meshes into pictures. Lives in the GUI thread; `close` gives everything back."""

    def __init__(self) -> None:
        """Raises GlError when there is no usable OpenGL here."""
        self._context = QOpenGLContext()
        if not self._context.create():
            raise GlError("this screen offers no OpenGL")
        if self._context.isOpenGLES():
            raise GlError("this screen offers OpenGL ES only")
        self._surface = QOffscreenSurface()
        self._surface.setFormat(self._context.format())
        self._surface.create()
        if not self._surface.isValid() or not self._context.makeCurrent(self._surface):
            raise GlError("OpenGL is there but cannot be drawn with")
        profile = QOpenGLVersionProfile()
        profile.setVersion(2, 1)
        functions = QOpenGLVersionFunctionsFactory.get(profile, self._context)
        if not isinstance(functions, QOpenGLFunctions_2_1):
            raise GlError("OpenGL is older than 2.1")
        self._gl = functions
        self._program = QOpenGLShaderProgram()
        kinds = QOpenGLShader.ShaderTypeBit
        good = self._program.addShaderFromSourceCode(kinds.Vertex, _VERTEX)
        good = good and self._program.addShaderFromSourceCode(kinds.Fragment, _FRAGMENT)
        if not good or not self._program.link():
            raise GlError("the OpenGL driver does not take the shaders")
        self._buffers: dict[int, tuple[Mesh, QOpenGLBuffer, QOpenGLBuffer]] = {}
        self._target: QOpenGLFramebufferObject | None = None
        self._sizes = (0, 0, 0)

    def draw(
        self,
        meshes: Sequence[Mesh],
        camera: Camera,
        width: int,
        height: int,
        background: Colour,
        *,
        smooth: bool = True,
    ) -> QImage:
        """The scene as a picture, as `raster.draw` makes it, with smooth edges or quicker without.

        Raises GlError.
        """
        if not self._context.makeCurrent(self._surface):
            raise GlError("the OpenGL driver has gone away")
        target = self._sized(width, height, 4 if smooth else 0)
        gl = self._gl
        target.bind()
        gl.glViewport(0, 0, width, height)
        red, green, blue = (part / 255 for part in background)
        gl.glClearColor(red, green, blue, 1.0)
        gl.glEnable(_DEPTH_TEST)
        gl.glDisable(_CULL_FACE)
        gl.glDisable(_BLEND)
        gl.glDepthMask(True)
        gl.glClear(_COLOR_AND_DEPTH)
        self._program.bind()
        self._aim(camera, width / height)
        shown = [mesh for mesh in meshes if mesh.drawn]
        for mesh in shown:
            if mesh.opacity >= 1:
                self._mesh(mesh)
        back = camera.matrix[2].astype(np.float32)
        clear = [mesh for mesh in shown if mesh.opacity < 1]
        for mesh in sorted(clear, key=lambda mesh: float((mesh.vertices @ back).mean())):
            self._translucent(mesh)
        self._program.release()
        target.release()
        picture = target.toImage()
        self._context.doneCurrent()
        return picture.convertToFormat(QImage.Format.Format_RGB32)

    def keep(self, meshes: Sequence[Mesh]) -> None:
        """Forget the buffers of all other meshes."""
        wanted = {id(mesh) for mesh in meshes}
        self._context.makeCurrent(self._surface)
        for key in [key for key in self._buffers if key not in wanted]:
            _, vertices, faces = self._buffers.pop(key)
            vertices.destroy()
            faces.destroy()
        self._context.doneCurrent()

    def close(self) -> None:
        """Give everything back to the driver."""
        self.keep(())
        self._context.makeCurrent(self._surface)
        self._target = None
        self._program.removeAllShaders()
        self._context.doneCurrent()
        self._surface.destroy()

    def _sized(self, width: int, height: int, samples: int) -> QOpenGLFramebufferObject:
        sized = (width, height, samples)
        if self._target is None or self._sizes != sized:
            self._sizes = sized
            form = QOpenGLFramebufferObjectFormat()
            form.setAttachment(QOpenGLFramebufferObject.Attachment.CombinedDepthStencil)
            form.setSamples(samples)
            self._target = QOpenGLFramebufferObject(QSize(width, height), form)
        if not self._target.isValid():
            raise GlError("the OpenGL driver cannot draw a picture of this size")
        return self._target

    def _aim(self, camera: Camera, aspect: float) -> None:
        half = camera.height / 2
        rows = np.eye(4)
        rows[:3, :3] = camera.matrix
        rows[:3, 3] = -camera.matrix @ np.asarray(camera.centre)
        deep = max(_DEEP, camera.height)
        scale = np.diag([1 / (half * aspect), 1 / half, -1 / deep, 1.0])
        self._program.setUniformValue("matrix", QMatrix4x4((scale @ rows).reshape(-1).tolist()))
        self._program.setUniformValue("back", QVector3D(*camera.matrix[2].tolist()))

    def _translucent(self, mesh: Mesh) -> None:
        gl = self._gl
        # First depth only, so that of the surface just the nearest part is laid over the rest.
        gl.glColorMask(False, False, False, False)
        self._mesh(mesh)
        gl.glColorMask(True, True, True, True)
        gl.glEnable(_BLEND)
        gl.glBlendFunc(_SRC_ALPHA, _ONE_MINUS_SRC_ALPHA)
        gl.glDepthFunc(_LEQUAL)
        self._mesh(mesh)
        gl.glDepthFunc(_LESS)
        gl.glDisable(_BLEND)

    def _mesh(self, mesh: Mesh) -> None:
        _, vertices, faces = self._buffers.get(id(mesh)) or self._upload(mesh)
        program = self._program
        program.setUniformValue("colour", QVector3D(*(part / 255 for part in mesh.colour)))
        program.setUniformValue("opacity", float(mesh.opacity))
        vertices.bind()
        faces.bind()
        for place, name in enumerate(("position", "normal")):
            program.enableAttributeArray(name)
            program.setAttributeBuffer(name, _FLOAT, 12 * place, 3, 24)
        self._gl.glDrawElements(_TRIANGLES, 3 * len(mesh.faces), _UNSIGNED_INT, None)
        vertices.release()
        faces.release()

    def _upload(self, mesh: Mesh) -> tuple[Mesh, QOpenGLBuffer, QOpenGLBuffer]:
        whole = mesh.finished()
        assert whole.normals is not None, "finished meshes have normals"
        rows = np.hstack([whole.vertices, whole.normals]).astype(np.float32).tobytes()
        corners = np.ascontiguousarray(whole.faces, np.uint32).tobytes()
        made = []
        kinds = QOpenGLBuffer.Type
        for kind, data in ((kinds.VertexBuffer, rows), (kinds.IndexBuffer, corners)):
            buffer = QOpenGLBuffer(kind)
            buffer.create()
            buffer.bind()
            buffer.allocate(voidptr(data), len(data))
            buffer.release()
            made.append(buffer)
        # The mesh is kept too, so that no other one can get its id.
        self._buffers[id(mesh)] = (mesh, made[0], made[1])
        return self._buffers[id(mesh)]
