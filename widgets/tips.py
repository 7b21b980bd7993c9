"""Tool tips of controls: what it is, the key that does the same, and how it is used.

The key may change while the control lives; whoever knows the keys gives them with `give_key`.
"""

from __future__ import annotations

from PyQt6.QtWidgets import QWidget

_LABEL, _HINT, _KEY = "tipLabel", "tipHint", "tipKey"


def give_tip(widget: QWidget, label: str, hint: str = "", key: str | None = None) -> None:
    """Say what a control is, and how it is used; without a key the one it has is kept."""
    widget.setProperty(_LABEL, label)
    widget.setProperty(_HINT, hint)
    if key is not None:
        widget.setProperty(_KEY, key)
    _write(widget)


def give_key(widget: QWidget, key: str) -> None:
    """Show another key, as the platform writes it, or none ("")."""
    if widget.property(_LABEL) is None:
        widget.setProperty(_LABEL, widget.toolTip() or widget.accessibleName())
    widget.setProperty(_KEY, key)
    _write(widget)


def _write(widget: QWidget) -> None:
    label, hint, key = (str(widget.property(name) or "") for name in (_LABEL, _HINT, _KEY))
    first = f"{label}  ({key})" if key else label
    widget.setToolTip(f"{first}\n{hint}" if hint else first)
