"""Whether OpenGL can be used here, found out without risk."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from widgets.viewer.scene.gl import GlRenderer


class GlError(RuntimeError):
    """OpenGL cannot be used; the message says why, in plain words."""


def open_renderer(software: bool = False) -> tuple[GlRenderer | None, str]:
    """A renderer, or None and why there is none. Qt's OpenGL is loaded only here."""
    if software:
        return None, "Drawn without OpenGL: switched off in the settings"
    try:
        from widgets.viewer.scene.gl import GlRenderer

        return GlRenderer(), ""
    except ImportError:
        return None, "Drawn without OpenGL: its library is not installed"
    except GlError as problem:
        return None, f"Drawn without OpenGL: {problem}"
