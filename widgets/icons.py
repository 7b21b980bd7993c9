"""Icons from the Material Design font that ships with qtawesome, drawn in theme colours.

Only the font and its name table are read. Importing the `qtawesome` module brings qtpy, which
rewrites PyQt6's enums and takes longer than opening the window does.
"""

from __future__ import annotations

import json
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

from PyQt6.QtCore import QPoint, QRect, QSize, Qt
from PyQt6.QtGui import QFont, QFontDatabase, QIcon, QIconEngine, QPainter, QPixmap
from PyQt6.QtWidgets import QWidget

from widgets.theme import Theme, blend, theme_of

_TOOL_EM = 1.35
_GLYPH_SHARE = 0.9  # of the icon's side; the font's own bearing makes the rest


def _font_folder() -> Path:
    spec = find_spec("qtawesome")
    if spec is None or spec.origin is None:
        raise FileNotFoundError("qtawesome is not installed, so there is no icon font")
    return Path(spec.origin).parent / "fonts"


@lru_cache(maxsize=1)
def _glyphs() -> dict[str, str]:
    (table,) = _font_folder().glob("materialdesignicons6-webfont-charmap-*.json")
    codes: dict[str, str] = json.loads(table.read_text(encoding="utf-8"))
    return {name: chr(int(code, 16)) for name, code in codes.items()}


@lru_cache(maxsize=1)
def _family() -> str:
    (path,) = (p for p in _font_folder().glob("materialdesignicons6-webfont-*.ttf"))
    families = QFontDatabase.applicationFontFamilies(QFontDatabase.addApplicationFont(str(path)))
    if not families:
        raise FileNotFoundError(f"Qt cannot read the icon font {path}")
    return families[0]


class _GlyphEngine(QIconEngine):
    """Draws one glyph in the colours of the theme that holds at the time of painting."""

    def __init__(self, glyph: str, theme: Theme | None, tone: str) -> None:
        super().__init__()
        self._glyph = glyph
        self._theme = theme
        self._tone = tone

    def clone(self) -> QIconEngine:
        return _GlyphEngine(self._glyph, self._theme, self._tone)

    def paint(
        self, painter: QPainter | None, rect: QRect, mode: QIcon.Mode, state: QIcon.State
    ) -> None:
        if painter is None:
            return
        theme = self._theme or theme_of()
        font = QFont(_family())
        font.setPixelSize(max(1, round(_GLYPH_SHARE * min(rect.width(), rect.height()))))
        disabled = mode == QIcon.Mode.Disabled
        # What is made for the accent's ground cannot be seen on that of a disabled button.
        tone = "muted" if disabled and self._tone == "on_accent" else self._tone
        pen = blend(str(getattr(theme, tone)), theme.bg, 0.6 if disabled else 0.0)
        painter.save()
        painter.setFont(font)
        painter.setPen(pen)
        painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, self._glyph)
        painter.restore()

    def pixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QPixmap:
        pixmap = QPixmap(size)
        if size.isEmpty():
            return pixmap  # a button may be squeezed while a layout finds its size
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        self.paint(painter, QRect(QPoint(0, 0), size), mode, state)
        painter.end()
        return pixmap


def icon(name: str, theme: Theme | None = None, tone: str = "text") -> QIcon:
    """An icon of the Material Design set, for example `icon("mdi6.play")`.

    Args:
        name: as qtawesome writes it, with or without the prefix `mdi6.`.
        theme: fixes the colours; None follows the application's theme, also when it changes.
        tone: the theme's token to draw in ('text', 'muted', 'accent', 'danger', ...).

    Raises:
        KeyError: the set has no icon of this name.
        AttributeError: the theme has no such token.
    """
    glyph = _glyphs()[name.removeprefix("mdi6.")]
    getattr(theme or theme_of(), tone)
    return QIcon(_GlyphEngine(glyph, theme, tone))


def tool_size(button: QWidget) -> QSize:
    """How large icons of tools are: it goes with the font."""
    side = round(_TOOL_EM * button.fontMetrics().height())
    return QSize(side, side)
