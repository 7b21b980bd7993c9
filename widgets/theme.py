"""Colour tokens of the dark and the light theme, and how they reach Qt.

A theme is plain data. `apply_theme` gives it to the application; a widget that paints by itself
asks `theme_of(self)` inside its paint event, so a change of theme needs no bookkeeping. Sizes in
the style sheet are in `em`, hence follow the platform's font and scale.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, fields
from importlib.resources import files

from PyQt6.QtCore import QObject
from PyQt6.QtGui import QColor, QFontMetrics, QPalette
from PyQt6.QtWidgets import QApplication, QWidget

_PROPERTY = "reverieTheme"


@dataclass(frozen=True, slots=True)
class Theme:
    """Colours as `#rrggbb`.

    Every text tone (`text`, `muted`, `accent`, `danger`, `warning`, `ok`, `synthetic`) keeps a
    contrast of at least 4.5 : 1 (WCAG 2.1 AA) on `bg`, `surface` and `raised`, and `on_accent`
    keeps it on `accent`.
    """

    name: str
    is_dark: bool
    bg: str  # window
    surface: str  # panels, lists, text fields
    raised: str  # buttons, menus, tool tips
    hover: str
    border: str
    text: str
    muted: str
    accent: str
    on_accent: str
    accent_soft: str  # background of a checked button or selected row; carries `text`
    danger: str
    warning: str
    ok: str
    synthetic: str  # the mark of synthetic output
    canvas: str  # behind images, in both themes close to black so that grey values read alike
    trace_x_t: str
    trace_x0: str


DARK = Theme(
    name="dark",
    is_dark=True,
    bg="#15171c",
    surface="#1c1f26",
    raised="#262a33",
    hover="#30353f",
    border="#3a404c",
    text="#e4e7ec",
    muted="#9ca5b4",
    accent="#62a8f5",
    on_accent="#0b1524",
    accent_soft="#23405f",
    danger="#ff7f7a",
    warning="#eab354",
    ok="#63cb92",
    synthetic="#c79bf2",
    canvas="#0c0d10",
    trace_x_t="#e9a15b",
    trace_x0="#5cc6d8",
)

LIGHT = Theme(
    name="light",
    is_dark=False,
    bg="#eff1f4",
    surface="#ffffff",
    raised="#f7f8fa",
    hover="#e3e7ed",
    border="#c3cad4",
    text="#1a1e26",
    muted="#566071",
    accent="#1a5fc0",
    on_accent="#ffffff",
    accent_soft="#d3e4fb",
    danger="#b3231c",
    warning="#855300",
    ok="#176e3e",
    synthetic="#7a3cb2",
    canvas="#1d1f24",
    trace_x_t="#a85700",
    trace_x0="#006e82",
)

THEMES: tuple[Theme, ...] = (DARK, LIGHT)


def theme_named(name: str) -> Theme:
    """The theme called `name` ('dark' or 'light').

    Raises:
        ValueError: there is no such theme.
    """
    for theme in THEMES:
        if theme.name == name:
            return theme
    raise ValueError(f"no theme is called {name!r}; there are {[t.name for t in THEMES]}")


def contrast(first: str, second: str) -> float:
    """WCAG 2.1 contrast ratio of two colours, 1 (equal) to 21 (black on white)."""
    high, low = sorted((_luminance(first), _luminance(second)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def _luminance(colour: str) -> float:
    def linear(channel: float) -> float:
        return channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4

    c = QColor(colour)
    return 0.2126 * linear(c.redF()) + 0.7152 * linear(c.greenF()) + 0.0722 * linear(c.blueF())


def palette_of(theme: Theme) -> QPalette:
    """The theme as a QPalette, for Fusion and for everything that the style sheet leaves alone."""
    role = QPalette.ColorRole
    palette = QPalette()
    for which, colour in (
        (role.Window, theme.bg),
        (role.WindowText, theme.text),
        (role.Base, theme.surface),
        (role.AlternateBase, theme.raised),
        (role.Text, theme.text),
        (role.PlaceholderText, theme.muted),
        (role.Button, theme.raised),
        (role.ButtonText, theme.text),
        (role.BrightText, theme.danger),
        (role.ToolTipBase, theme.raised),
        (role.ToolTipText, theme.text),
        (role.Highlight, theme.accent),
        (role.HighlightedText, theme.on_accent),
        (role.Accent, theme.accent),
        (role.Link, theme.accent),
        (role.LinkVisited, theme.synthetic),
        (role.Light, theme.hover),
        (role.Midlight, theme.hover),
        (role.Mid, theme.border),
        (role.Dark, theme.border),
        (role.Shadow, theme.canvas),
    ):
        palette.setColor(which, QColor(colour))
    faint = blend(theme.text, theme.bg, 0.55)
    for which in (role.WindowText, role.Text, role.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, which, faint)
    palette.setColor(QPalette.ColorGroup.Disabled, role.Highlight, QColor(theme.border))
    return palette


def blend(first: str, second: str, share: float) -> QColor:
    """`first` and `second` mixed linearly in sRGB; `share` in [0, 1] is the part of `second`."""
    a, b = QColor(first), QColor(second)
    return QColor.fromRgbF(
        *(
            (1 - share) * x + share * y
            for x, y in zip(a.getRgbF()[:3], b.getRgbF()[:3], strict=True)
        )
    )


def style_sheet(theme: Theme) -> str:
    """The application's style sheet: the template with `@token` replaced by the theme's colours.

    The size of icons, which Qt does not take in `em`, is worked out from the application's font;
    so is that of radio buttons, which are round only where each length is a whole number of pixels.

    Raises:
        KeyError: the template names a token that the theme does not have.
    """
    folder = files("resources").joinpath("styles")
    tokens = {f.name: str(getattr(theme, f.name)) for f in fields(theme)}
    tokens["disabled"] = blend(theme.text, theme.bg, 0.55).name()
    em = QFontMetrics(QApplication.font()).height()
    tokens["icon"] = str(round(1.1 * em))
    radius, ring = round(0.5 * em), round(0.27 * em)
    lengths = {"radio": 2 * radius - 2, "radius": radius, "ring": ring, "dot": 2 * (radius - ring)}
    tokens.update({name: str(length) for name, length in lengths.items()})
    tokens["assets"] = str(folder).replace("\\", "/")
    template = folder.joinpath("reverie.qss").read_text(encoding="utf-8")
    return re.sub(r"@\{?(\w+)\}?", lambda match: tokens[match[1]], template)


def apply_theme(app: QApplication, name: str) -> Theme:
    """Give the application the theme `name` and return it.

    Widgets that paint by themselves are told through the usual palette and style change events.

    Raises:
        ValueError: there is no such theme.
    """
    theme = theme_named(name)
    sheet = style_sheet(theme)
    if app.property(_PROPERTY) == theme and app.styleSheet() == sheet:
        return theme  # to style all widgets anew takes a while
    app.setProperty(_PROPERTY, theme)
    app.setStyle("Fusion")
    app.setPalette(palette_of(theme))
    app.setStyleSheet(sheet)
    return theme


def theme_of(widget: QWidget | None = None) -> Theme:
    """The theme that `widget` (or the application) shows; dark until one was applied."""
    holder: QObject | None = widget
    while holder is not None:
        own = holder.property(_PROPERTY)
        if isinstance(own, Theme):
            return own
        holder = holder.parent()
    app = QApplication.instance()
    applied = None if app is None else app.property(_PROPERTY)
    return applied if isinstance(applied, Theme) else DARK
