"""The control of a 'path' field."""

from __future__ import annotations

from pathlib import Path

from PyQt6.QtGui import QDragEnterEvent, QDropEvent
from PyQt6.QtWidgets import QFileDialog, QHBoxLayout, QLineEdit, QMenu, QToolButton, QWidget

from widgets.dropped import dropped_paths
from widgets.forms.controls.base import Control
from widgets.forms.spec import FieldSpec
from widgets.icons import icon


class PathControl(Control):
    """A file or a folder: typed, browsed for, or dropped. `value()` is a Path, or None."""

    def __init__(self, spec: FieldSpec, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._spec = spec
        self._line = QLineEdit(self)
        texts = {"folder": "Folder", "any": "File or folder"}
        self._line.setPlaceholderText(texts.get(spec.path_mode, "File"))
        # The line edit would take a dropped file as the text "file:///...".
        self._line.setAcceptDrops(False)
        self._line.textEdited.connect(self.changed)
        browse = QToolButton(self)
        browse.setIcon(icon("mdi6.folder-open-outline"))
        browse.setToolTip("Browse")
        browse.setAccessibleName(f"Browse for {spec.label}")
        if spec.path_mode == "any":
            menu = QMenu(browse)
            menu.addAction("File…", lambda: self._browse("open"))
            menu.addAction("Folder…", lambda: self._browse("folder"))
            browse.setMenu(menu)
            browse.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        else:
            browse.clicked.connect(lambda: self._browse(spec.path_mode))
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self._line, 1)
        row.addWidget(browse)
        self.setAcceptDrops(True)
        self.setFocusProxy(self._line)
        self.setValue(spec.default)

    def value(self) -> Path | None:
        text = self._line.text().strip()
        return Path(text).expanduser() if text else None

    def setValue(self, value: Path | str | None) -> None:
        self._line.setText("" if value is None else str(value))

    def editor(self) -> QWidget:
        return self._line

    def dragEnterEvent(self, event: QDragEnterEvent | None) -> None:
        if event is not None and dropped_paths(event):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent | None) -> None:
        paths = dropped_paths(event)
        if event is not None and paths:
            self._chosen(str(paths[0]))
            event.acceptProposedAction()

    def _browse(self, mode: str) -> None:
        start, what = self._line.text(), self._spec.path_filter
        if mode == "folder":
            self._chosen(QFileDialog.getExistingDirectory(self, self._spec.label, start))
        elif mode == "save":
            self._chosen(QFileDialog.getSaveFileName(self, self._spec.label, start, what)[0])
        else:
            self._chosen(QFileDialog.getOpenFileName(self, self._spec.label, start, what)[0])

    def _chosen(self, path: str) -> None:
        if path and path != self._line.text():
            self._line.setText(path)
            self.changed.emit()
