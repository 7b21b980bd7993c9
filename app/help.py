"""The cheat sheet of keys, and what the program says about itself."""

from __future__ import annotations

from PyQt6.QtCore import QSize, Qt
from PyQt6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QLabel,
    QLineEdit,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from app.actions import Actions
from app.keymap import native
from app.keymap_commands import POINTER
from app.shortcuts_parts import Card, Columns, Row
from engine.failures import versions
from engine.methods import METHODS

Sections = list[tuple[str, list[Row]]]


class Shortcuts(QDialog):
    """All keys of the workspace on one page, to be searched; follows changes of the keys."""

    def __init__(self, actions: Actions, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle("Keyboard and pointer")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._actions = actions
        self.search = QLineEdit(self)
        self.search.setPlaceholderText("Search keys and commands")
        self.search.setAccessibleName("Search")
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(self._fill)
        self.columns = Columns()
        self._none = QLabel("Nothing found. Try another word, or a key such as Ctrl+Z.", self)
        self._none.setProperty("role", "muted")
        self._none.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._scroll = QScrollArea(self)
        self._scroll.setWidget(self.columns)
        self._scroll.setWidgetResizable(True)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        buttons = QDialogButtonBox(self)
        close = buttons.addButton(QDialogButtonBox.StandardButton.Close)
        assert close is not None, "the box makes the button"
        # Enter belongs to the search.
        close.setAutoDefault(False)
        buttons.rejected.connect(self.reject)
        self.change = QPushButton("Change keys…", self)
        self.change.setAutoDefault(False)
        self.change.clicked.connect(self._edit)
        buttons.addButton(self.change, QDialogButtonBox.ButtonRole.ActionRole)
        column = QVBoxLayout(self)
        pad = self.fontMetrics().height()
        column.setContentsMargins(pad, pad, pad, pad)
        column.addWidget(self.search)
        column.addWidget(self._scroll, 1)
        column.addWidget(self._none, 1)
        column.addWidget(buttons)
        self.resize(self.sizeHint())
        actions.keymap.changed.connect(self._fill)
        self._fill()

    def sizeHint(self) -> QSize:
        """Most of the window that it lies over."""
        parent = self.parentWidget()
        assert parent is not None, "the sheet is made with a parent"
        em = self.fontMetrics().height()
        wanted, room = QSize(68 * em, 48 * em), parent.window()
        assert room is not None
        return wanted.boundedTo(QSize(round(room.width() * 0.94), round(room.height() * 0.94)))

    def texts(self) -> list[str]:
        """What is listed at the moment."""
        return [row.what for card in self.columns.cards() for row in card.rows]

    def _fill(self) -> None:
        words = self.search.text()
        cards = []
        for title, rows in sections(self._actions):
            # A heading that fits brings all of its rows.
            whole = Row((), title).matches(words)
            found = rows if whole else [row for row in rows if row.matches(words)]
            if found:
                cards.append(Card(title, found))
        self.columns.setCards(cards)
        self._scroll.setVisible(bool(cards))
        self._none.setVisible(not cards)

    def _edit(self) -> None:
        from app.shortcuts_dialog import ShortcutsDialog

        ShortcutsDialog(self._actions, self).open()


class About(QDialog):
    """Name, licence, methods, versions."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle("About Reverie")
        papers = "".join(f"<li>{m.title}: {m.summary} <i>{m.paper}</i></li>" for m in METHODS)
        text = QLabel(
            "<h3>Reverie</h3><p>A desktop studio for diffusion on medical images. Free software "
            "under the GPL, version 3 or later. Its images are synthetic: not for diagnosis.</p>"
            f"<p>Methods:</p><ul>{papers}</ul><p>{versions()}</p>",
            self,
        )
        text.setWordWrap(True)
        text.setMinimumWidth(30 * self.fontMetrics().height())
        text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close, self)
        buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        pad = self.fontMetrics().height()
        column.setContentsMargins(pad, pad, pad, pad)
        column.addWidget(text)
        column.addSpacing(pad // 2)
        column.addWidget(buttons)


def sections(actions: Actions) -> Sections:
    """Headings with their rows, of the workspace shown: commands with keys, then the pointer."""
    found: dict[str, list[Row]] = {}
    for command in actions.here():
        keys = native(actions.keymap.keys(command.name))
        if keys:
            found.setdefault(command.group, []).append(Row(keys, command.title))
    for title, rows in POINTER.get(actions.space(), ()):
        found[title] = [Row(tuple(keys.split(", ")), what) for keys, what in rows]
    return list(found.items())
