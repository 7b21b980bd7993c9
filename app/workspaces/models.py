"""The Models workspace: which checkpoints there are, and what each says about itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from engine.library import Entry

EMPTY = (
    "No models yet. Import published weights:\n"
    "reverie import --method adaptdiff --weights FILE --output NAME.safetensors"
)


class ModelsView(QWidget):
    """A list, and the card of the selected checkpoint."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._entries: tuple[Entry, ...] = ()
        self._list = QListWidget(self)
        self._list.setFixedWidth(18 * self.fontMetrics().height())
        self._list.setSpacing(self.fontMetrics().height() // 5)
        self._list.currentRowChanged.connect(self._show)
        self._card = QLabel(self)
        self._card.setTextFormat(Qt.TextFormat.RichText)
        self._card.setWordWrap(True)
        self._card.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
        self._card.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        pad = self.fontMetrics().height()
        self._card.setContentsMargins(pad, pad, pad, pad)
        area = QScrollArea(self)
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setWidget(self._card)
        heading = QLabel("Models", self)
        heading.setProperty("role", "heading")
        left = QVBoxLayout()
        left.addWidget(heading)
        left.addWidget(self._list, 1)
        row = QHBoxLayout(self)
        row.setContentsMargins(pad // 2, pad // 2, pad // 2, pad // 2)
        row.addLayout(left)
        row.addWidget(area, 1)

    def setEntries(self, entries: Sequence[Entry]) -> None:
        """List these checkpoints."""
        self._entries = tuple(entries)
        self._list.clear()
        for entry in self._entries:
            item = QListWidgetItem(entry.card.title)
            item.setToolTip(str(entry.path))
            self._list.addItem(item)
        self._list.setCurrentRow(0)
        if not self._entries:
            self._card.setText(escape(EMPTY).replace("\n", "<br>"))

    def text(self) -> str:
        """The card as shown, rich text."""
        return self._card.text()

    def _show(self, row: int) -> None:
        if 0 <= row < len(self._entries):
            self._card.setText(card_html(self._entries[row]))


def card_html(entry: Entry) -> str:
    """Everything a checkpoint says about itself, as rich text."""
    card = entry.card
    origin = "Bundled with Reverie" if entry.bundled else "Your own"
    parts = [
        f"<h2>{escape(card.title)}</h2>",
        f"<p>{escape(card.summary)}</p>" if card.summary else "",
        f"<p>{origin} · {escape(card.method)} {escape(card.role)} · "
        f"{entry.path.stat().st_size / 1e6:.1f} MB<br><code>{escape(str(entry.path))}</code></p>",
        _section("Trained on", card.data),
        _section("Figures", card.figures),
        _section("Training", card.training),
        _section("Process", card.process),
        _section("Network", card.config),
        _section("Made with", card.versions),
        f"<p><b>Terms</b><br>{escape(card.licence)}</p>" if card.licence else "",
    ]
    return "".join(parts)


def _section(title: str, content: Mapping[str, Any] | Sequence[Mapping[str, Any]]) -> str:
    if not content:
        return ""
    groups = [content] if isinstance(content, Mapping) else content
    tables = "".join(
        "<table cellspacing='4'>"
        + "".join(
            f"<tr><td>{escape(str(key))}&nbsp;&nbsp;</td><td>{escape(_plain(value))}</td></tr>"
            for key, value in group.items()
        )
        + "</table>"
        for group in groups
    )
    return f"<p><b>{title}</b></p>{tables}"


def _plain(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {_plain(part)}" for key, part in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(_plain(part) for part in value)
    return f"{value:.4g}" if isinstance(value, float) else str(value)
