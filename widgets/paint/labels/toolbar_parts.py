"""The small controls that the label toolbar is made of."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum

from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QComboBox, QDoubleSpinBox, QHBoxLayout, QLabel, QToolButton, QWidget

from widgets.icons import icon, tool_size
from widgets.tips import give_tip

_VALUE_LIMIT = 1e9


def tool_button(glyph: str, label: str, hint: str = "", *, checkable: bool = False) -> QToolButton:
    """A flat button with an icon, named for screen readers, its hint in the tip."""
    button = QToolButton()
    button.setIcon(icon(glyph))
    button.setIconSize(tool_size(button))
    button.setAutoRaise(True)
    button.setCheckable(checkable)
    give_tip(button, label, hint)
    button.setAccessibleName(label)
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    return button


def size_box(name: str, hint: str = "") -> QDoubleSpinBox:
    """A field for a size; its unit, decimals and range are set later."""
    box = QDoubleSpinBox()
    box.setAccessibleName(name)
    give_tip(box, name, hint)
    box.setKeyboardTracking(False)
    box.setFixedWidth(box.fontMetrics().horizontalAdvance("400.0") + 44)
    return box


class ValueBox(QDoubleSpinBox):
    """A field for values of any image: as many digits as the value needs."""

    def __init__(self, name: str, least: float = -_VALUE_LIMIT) -> None:
        super().__init__()
        self.setAccessibleName(name)
        self.setToolTip(name)
        self.setKeyboardTracking(False)
        self.setDecimals(6)
        self.setRange(least, _VALUE_LIMIT)
        self.setStepType(QDoubleSpinBox.StepType.AdaptiveDecimalStepType)
        self.setFixedWidth(self.fontMetrics().horizontalAdvance("± -0000.000") + 34)

    def textFromValue(self, v: float) -> str:
        return f"{v:.6g}"


def choice(name: str, options: Mapping[str, Enum]) -> QComboBox:
    """A list of options; each item's data is the option's value."""
    box = QComboBox()
    box.setAccessibleName(name)
    box.setToolTip(name)
    for text, option in options.items():
        box.addItem(text, option.value)
    return box


def muted(text: str) -> QLabel:
    """A caption."""
    label = QLabel(text)
    label.setProperty("role", "muted")
    return label


def together(*widgets: QWidget, gap: int = 6) -> QWidget:
    """Widgets side by side that stay together when the toolbar wraps."""
    group = QWidget()
    row = QHBoxLayout(group)
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(gap)
    for widget in widgets:
        row.addWidget(widget)
    return group
