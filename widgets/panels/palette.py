"""The command palette: every action of the window, found by typing."""

from __future__ import annotations

from collections.abc import Sequence

from PyQt6 import sip
from PyQt6.QtCore import QEvent, QObject, QSize, Qt
from PyQt6.QtGui import QAction, QFocusEvent, QKeyEvent, QKeySequence
from PyQt6.QtWidgets import (
    QApplication,
    QFrame,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QVBoxLayout,
    QWidget,
)

from widgets.elided_label import ElidedLabel
from widgets.panels.fuzzy import fuzzy_score

_MOVES = {
    Qt.Key.Key_Up: -1,
    Qt.Key.Key_Down: 1,
    Qt.Key.Key_PageUp: -8,
    Qt.Key.Key_PageDown: 8,
}


def action_text(action: QAction) -> str:
    """The action's text without mnemonics and the ellipsis of a dialogue."""
    return action.text().replace("&&", "\0").replace("&", "").replace("\0", "&").rstrip("….")


class CommandPalette(QFrame):
    """Lies over its parent. Typing filters, Enter or a click triggers, Esc leaves.

    It is a child and no window of its own, so that it needs no grab and opens in no wrong place.
    It goes when the focus goes, and gives the focus back to where it was.

    Actions that are invisible, separators or without a text are left out; those that are
    disabled come last and cannot be triggered.
    """

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setProperty("role", "popup")
        self._actions: list[QAction] = []
        self._line = QLineEdit(self)
        self._line.setPlaceholderText("Type a command")
        self._line.setAccessibleName("Command")
        self._line.textChanged.connect(self._filter)
        self._line.installEventFilter(self)
        self._list = QListWidget(self)
        self._list.setFrameShape(QFrame.Shape.NoFrame)
        self._list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._list.itemClicked.connect(lambda _: self._trigger())
        self._none = QLabel("No command matches", self)
        self._none.setProperty("role", "muted")
        column = QVBoxLayout(self)
        pad = self.fontMetrics().height() // 2
        column.setContentsMargins(pad, pad, pad, pad)
        column.addWidget(self._line)
        column.addWidget(self._none)
        column.addWidget(self._list)
        self._before: QWidget | None = None
        self._tallest_list = 0
        self.hide()

    def setActions(self, actions: Sequence[QAction]) -> None:
        """The actions to choose from, read anew each time the palette opens."""
        self._actions = list(actions)

    def popup(self) -> None:
        """Open at the top of the parent, with all commands."""
        parent = self.parentWidget()
        assert parent is not None, "the palette is made with a parent"
        if not self.isVisible():
            self._before = QApplication.focusWidget()
        em = self.fontMetrics().height()
        width = max(12 * em, min(36 * em, parent.width() - 2 * em))
        self._tallest_list = max(6 * em, min(24 * em, parent.height() - 8 * em))
        self.setFixedWidth(width)
        self.move((parent.width() - width) // 2, 2 * em)
        self._line.clear()
        self._filter("")
        self.show()
        self.raise_()
        self._line.setFocus(Qt.FocusReason.PopupFocusReason)

    def leave(self) -> None:
        """Close, and give the focus back."""
        if self.isVisible():
            before, self._before = self._before, None
            # Other windows and rows of lists come and go.
            if before is not None and not sip.isdeleted(before):
                before.setFocus(Qt.FocusReason.PopupFocusReason)
            self.hide()

    def texts(self) -> list[str]:
        """What is listed at the moment, best match first."""
        items = (self._list.item(place) for place in range(self._list.count()))
        return [str(item.data(Qt.ItemDataRole.AccessibleTextRole)) for item in items if item]

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            key = Qt.Key(event.key())
            if key in _MOVES:
                last = self._list.count() - 1
                target = self._list.currentRow() + _MOVES[key]
                self._list.setCurrentRow(max(0, min(last, target)))
                return True
            if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self._trigger()
                return True
            if key == Qt.Key.Key_Escape:
                self.leave()
                return True
        if isinstance(event, QFocusEvent) and event.lostFocus():
            # Neither the line edit's own context menu nor another window takes the palette away.
            stay = (Qt.FocusReason.PopupFocusReason, Qt.FocusReason.ActiveWindowFocusReason)
            if event.reason() not in stay:
                self.hide()
        return super().eventFilter(watched, event)

    def _filter(self, query: str) -> None:
        matches: list[tuple[bool, float, int, QAction]] = []
        for place, action in enumerate(a for a in self._actions if a.isVisible()):
            text = action_text(action)
            if not text or action.isSeparator() or not action.isVisible():
                continue
            score = fuzzy_score(query, text) if query.strip() else 0.0
            if score is not None:
                matches.append((not action.isEnabled(), -score, place, action))
        self._list.clear()
        for _, _, _, action in sorted(matches, key=lambda match: match[:3]):
            self._add(action)
        self._list.setCurrentRow(0)
        self._list.setVisible(bool(matches))
        self._none.setVisible(not matches)
        rows = self._list.sizeHintForRow(0) * len(matches)
        self._list.setFixedHeight(max(1, min(self._tallest_list, rows)))
        self.adjustSize()

    def _add(self, action: QAction) -> None:
        item = QListWidgetItem(self._list)
        item.setData(Qt.ItemDataRole.UserRole, action)
        item.setData(Qt.ItemDataRole.AccessibleTextRole, action_text(action))
        row = QWidget(self._list)
        row.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        row.setEnabled(action.isEnabled())
        line = QHBoxLayout(row)
        pad = self.fontMetrics().height() // 3
        line.setContentsMargins(pad, pad, pad, pad)
        line.addWidget(ElidedLabel(action_text(action), row), 1)
        keys = action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
        shortcut = QLabel(keys, row)
        shortcut.setProperty("role", "muted")
        line.addWidget(shortcut)
        item.setSizeHint(QSize(0, row.sizeHint().height()))
        self._list.setItemWidget(item, row)

    def _trigger(self) -> None:
        item = self._list.currentItem()
        action = None if item is None else item.data(Qt.ItemDataRole.UserRole)
        if isinstance(action, QAction) and action.isEnabled():
            # First away, so that what the action opens does not lie under a popup.
            self.leave()
            action.trigger()
