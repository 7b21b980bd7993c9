"""Colours of curves that people with any colour vision can tell apart."""

from __future__ import annotations

from PyQt6.QtCore import Qt

from widgets.theme import Theme

# Okabe and Ito 2008, "Color universal design", without black and without the darker blue.
_ON_DARK = ("#56b4e9", "#e69f00", "#009e73", "#cc79a7", "#f0e442", "#d55e00")
# The same hues are too bright for a white ground; these differ in lightness as well.
_ON_LIGHT = ("#2e86c1", "#cc6677", "#006548", "#8a6d00", "#5b2a86", "#1a1e26")
_LINES = (Qt.PenStyle.SolidLine, Qt.PenStyle.DashLine, Qt.PenStyle.DotLine)

COUNT = len(_ON_DARK)
"""Curves that have a colour of their own; after them colours come again, with broken lines."""


def curve_colour(theme: Theme, place: int) -> str:
    """The colour of a plot's curve number `place`, from 0."""
    colours = _ON_DARK if theme.is_dark else _ON_LIGHT
    return colours[place % COUNT]


def curve_line(place: int) -> Qt.PenStyle:
    """How its line is drawn."""
    return _LINES[place // COUNT % len(_LINES)]
