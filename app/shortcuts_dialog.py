"""Where keys are changed: all commands in a list, presets, import and export."""

from __future__ import annotations

from pathlib import Path

from PyQt6.QtCore import QSize, Qt
from PyQt6.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QLineEdit,
    QPushButton,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from app.actions import Actions
from app.keymap import Command, native
from app.keymap_file import export_keys, import_keys
from app.shortcuts_recorder import Recorder
from engine.errors import EngineError
from widgets.panels.message import MessageBar

_NAME = Qt.ItemDataRole.UserRole
_SPACES = {"segment": "Segment", "synthesize": "Synthesize", "": "Everywhere"}
_FILTER = "Keys (*.json);;All files (*)"


class ShortcutsDialog(QDialog):
    """Changes take effect at once."""

    def __init__(self, actions: Actions, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle("Change keys")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._actions, self._keymap = actions, actions.keymap
        self.preset = QComboBox(self)
        self.preset.setAccessibleName("Preset")
        self.preset.addItems(self._keymap.presets())
        self.preset.textActivated.connect(self._keymap.setPreset)
        self.search = QLineEdit(self)
        self.search.setPlaceholderText("Search commands and keys")
        self.search.setAccessibleName("Search")
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(self._filter)
        self.tree = QTreeWidget(self)
        self.tree.setHeaderLabels(["Command", "Keys", "Works"])
        self.tree.setRootIsDecorated(False)
        self.tree.setAccessibleName("Commands")
        self.tree.currentItemChanged.connect(lambda item, _: self._chosen(item))
        self.message = MessageBar(self)
        self.recorder = Recorder(self._keymap, self)
        self.tree.itemActivated.connect(lambda *_: self.recorder.record(adding=False))
        self.reset_all = QPushButton("Reset all", self)
        self._items: dict[str, QTreeWidgetItem] = {}
        self._build()
        self._arrange()
        self._keymap.changed.connect(self._show)
        self._show()
        self.resize(self.sizeHint())

    def sizeHint(self) -> QSize:
        """Most of the window that it lies over."""
        parent = self.parentWidget()
        window = None if parent is None else parent.window()
        em = self.fontMetrics().height()
        wanted = QSize(46 * em, 42 * em)
        if window is None:
            return wanted
        room = QSize(round(window.width() * 0.94), round(window.height() * 0.94))
        return wanted.boundedTo(room)

    def select(self, name: str) -> None:
        """Go to a command."""
        self.tree.setCurrentItem(self._items[name])

    def importKeys(self, path: Path) -> None:
        """Take over the keys of a file."""
        try:
            bad = import_keys(path, self._keymap)
        except EngineError as error:
            self.message.showMessage("error", error.message, error.hint)
            return
        if bad:
            names = ", ".join(bad)
            self.message.showMessage("warning", f"Keys that cannot be read: {names}.")
        else:
            self.message.dismiss()

    def exportKeys(self, path: Path) -> None:
        """Write the keys to a file."""
        try:
            export_keys(path, self._keymap)
        except EngineError as error:
            self.message.showMessage("error", error.message, error.hint)

    def _build(self) -> None:
        groups: dict[str, QTreeWidgetItem] = {}
        for command in self._actions.available():
            group = groups.get(command.group)
            if group is None:
                group = groups[command.group] = QTreeWidgetItem(self.tree, [command.group])
                group.setFlags(Qt.ItemFlag.ItemIsEnabled)
                group.setFirstColumnSpanned(True)
                group.setSizeHint(0, QSize(0, round(1.8 * self.fontMetrics().height())))
                font = group.font(0)
                font.setBold(True)
                group.setFont(0, font)
            item = QTreeWidgetItem(group, [command.title, "", _where(command)])
            item.setData(0, _NAME, command.name)
            item.setSizeHint(0, QSize(0, round(1.5 * self.fontMetrics().height())))
            self._items[command.name] = item
        self.tree.expandAll()
        self.tree.setItemsExpandable(False)

    def _arrange(self) -> None:
        header = self.tree.header()
        assert header is not None, "a tree has a header"
        header.setStretchLastSection(False)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(2, QHeaderView.ResizeMode.ResizeToContents)
        top = QHBoxLayout()
        label = QLabel("&Keys as in", self)
        label.setBuddy(self.preset)
        top.addWidget(label)
        top.addWidget(self.preset)
        top.addStretch(1)
        imported, exported = QPushButton("Import…", self), QPushButton("Export…", self)
        imported.clicked.connect(self._ask_import)
        exported.clicked.connect(self._ask_export)
        self.reset_all.clicked.connect(self._keymap.resetAll)
        for button in (imported, exported, self.reset_all):
            button.setAutoDefault(False)
            top.addWidget(button)
        buttons = QDialogButtonBox(self)
        close = buttons.addButton(QDialogButtonBox.StandardButton.Close)
        assert close is not None, "the box makes the button"
        close.setAutoDefault(False)
        buttons.rejected.connect(self.reject)
        pad = self.fontMetrics().height()
        column = QVBoxLayout(self)
        column.setContentsMargins(pad, pad, pad, pad)
        column.addLayout(top)
        for widget in (self.message, self.search):
            column.addWidget(widget)
        column.addWidget(self.tree, 1)
        column.addWidget(self.recorder)
        column.addWidget(buttons)
        self.search.setFocus()

    def _show(self) -> None:
        self.preset.setCurrentText(self._keymap.preset())
        changed = False
        for name, item in self._items.items():
            own = self._keymap.isChanged(name)
            changed |= own
            item.setText(1, ", ".join(native(self._keymap.keys(name))))
            font = item.font(1)
            font.setBold(own)
            item.setFont(1, font)
            item.setToolTip(1, "Changed by you" if own else "")
        self.reset_all.setEnabled(changed)
        self._filter()

    def _filter(self) -> None:
        words = self.search.text().lower().split()
        for item in self._items.values():
            text = f"{item.text(0)} {item.text(1)}".lower()
            item.setHidden(not all(word in text for word in words))
        for place in range(self.tree.topLevelItemCount()):
            group = self.tree.topLevelItem(place)
            if group is not None:
                children = [group.child(row) for row in range(group.childCount())]
                group.setHidden(all(child is None or child.isHidden() for child in children))

    def _chosen(self, item: QTreeWidgetItem | None) -> None:
        self.recorder.setCommand("" if item is None else item.data(0, _NAME) or "")

    def _ask_import(self) -> None:
        path, _ = QFileDialog.getOpenFileName(self, "Import keys", "", _FILTER)
        if path:
            self.importKeys(Path(path))

    def _ask_export(self) -> None:
        path, _ = QFileDialog.getSaveFileName(self, "Export keys", "reverie-keys.json", _FILTER)
        if path:
            self.exportKeys(Path(path))


def _where(command: Command) -> str:
    """Where the keys of a command work."""
    space = _SPACES.get(command.space, command.space.capitalize())
    return f"{space}, on the image" if command.context == "viewer" else space
