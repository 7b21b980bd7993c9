"""Themes: readable, complete, and seen by widgets when they change."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from PyQt6.QtCore import QEvent
from PyQt6.QtGui import QFont, QIcon, QPalette
from PyQt6.QtWidgets import QApplication, QRadioButton, QWidget
from pytestqt.qtbot import QtBot

from widgets.icons import icon
from widgets.theme import (
    DARK,
    LIGHT,
    THEMES,
    Theme,
    apply_theme,
    contrast,
    style_sheet,
    theme_of,
)

TONES = ("text", "muted", "accent", "danger", "warning", "ok", "synthetic")


@pytest.fixture(autouse=True)
def _restore(qapp: QApplication) -> Iterator[None]:
    before = (qapp.palette(), qapp.styleSheet(), qapp.property("reverieTheme"))
    yield
    qapp.setPalette(before[0])
    qapp.setStyleSheet(before[1])
    qapp.setProperty("reverieTheme", before[2])


def test_contrast_of_black_on_white_is_21() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21.0)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("theme", THEMES, ids=lambda t: t.name)
@pytest.mark.parametrize("tone", TONES)
@pytest.mark.parametrize("ground", ["bg", "surface", "raised"])
def test_text_tones_meet_wcag_aa(theme: Theme, tone: str, ground: str) -> None:
    assert contrast(getattr(theme, tone), getattr(theme, ground)) >= 4.5


@pytest.mark.parametrize("theme", THEMES, ids=lambda t: t.name)
def test_text_on_coloured_grounds_and_traces_can_be_read(theme: Theme) -> None:
    assert contrast(theme.on_accent, theme.accent) >= 4.5
    assert contrast(theme.text, theme.accent_soft) >= 4.5
    assert contrast(theme.text, theme.hover) >= 4.5
    # Graphics need 3 : 1 (WCAG 1.4.11).
    assert contrast(theme.trace_x_t, theme.surface) >= 3
    assert contrast(theme.trace_x0, theme.surface) >= 3


@pytest.mark.parametrize("points", [8, 10, 11, 13])
@pytest.mark.parametrize("checked", [False, True])
def test_radio_buttons_are_round_at_all_sizes_of_text(
    qapp: QApplication, qtbot: QtBot, points: int, checked: bool
) -> None:
    before = qapp.font()
    font = QFont(before)
    font.setPointSize(points)
    qapp.setFont(font)
    try:
        apply_theme(qapp, "light")
        holder = QWidget()
        qtbot.addWidget(holder)
        button = QRadioButton(holder)
        button.setChecked(checked)
        holder.resize(80, 40)
        picture = holder.grab().toImage()
    finally:
        qapp.setFont(before)
    ground = picture.pixelColor(picture.width() - 1, picture.height() - 1).lightness()
    marks = [
        (x, y) for x in range(picture.width()) for y in range(picture.height())
        if picture.pixelColor(x, y).lightness() < ground - 30
    ]  # fmt: skip
    low, high = np.min(marks, 0), np.max(marks, 0)
    centre, radius = (low + high) / 2, (high - low).max() / 2
    assert high[0] - low[0] == high[1] - low[1]
    assert np.hypot(*(np.array(marks) - centre).T).max() <= radius + 0.9


@pytest.mark.parametrize("theme", THEMES, ids=lambda t: t.name)
def test_style_sheet_has_no_token_left_and_no_fixed_font_size(theme: Theme) -> None:
    sheet = style_sheet(theme)
    assert "@" not in sheet
    assert "font-size" not in sheet
    assert theme.accent in sheet


def test_apply_theme_reaches_widgets(qapp: QApplication, qtbot: QtBot) -> None:
    class Listening(QWidget):
        def __init__(self) -> None:
            super().__init__()
            self.told: list[str] = []

        def changeEvent(self, event: QEvent | None) -> None:
            assert event is not None
            if event.type() == QEvent.Type.PaletteChange:
                self.told.append(theme_of(self).name)
            super().changeEvent(event)

    widget = Listening()
    qtbot.addWidget(widget)
    widget.show()
    assert apply_theme(qapp, "light") is LIGHT
    assert theme_of(widget) is LIGHT
    assert qapp.palette().color(QPalette.ColorRole.Window).name() == LIGHT.bg
    apply_theme(qapp, "dark")
    assert theme_of(widget) is DARK
    assert widget.told[-1] == "dark"


def test_unknown_theme_is_refused(qapp: QApplication) -> None:
    with pytest.raises(ValueError, match="sepia"):
        apply_theme(qapp, "sepia")


def test_icon_follows_the_theme_and_stays_when_fixed(qapp: QApplication) -> None:
    following = icon("mdi6.square")
    fixed = icon("square", DARK, "danger")

    def centre(picture: QIcon) -> str:
        return picture.pixmap(32, 32).toImage().pixelColor(16, 16).name()

    apply_theme(qapp, "dark")
    assert centre(following) == DARK.text
    apply_theme(qapp, "light")
    assert centre(following) == LIGHT.text
    assert centre(fixed) == DARK.danger


def test_unknown_icon_or_tone_is_refused(qapp: QApplication) -> None:
    with pytest.raises(KeyError):
        icon("mdi6.no-such-icon")
    with pytest.raises(AttributeError):
        icon("mdi6.play", None, "no_such_tone")
