"""A choice among a few things, each with a picture, a name and a line about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PyQt6.QtCore import QSize, Qt, pyqtSignal
from PyQt6.QtGui import QIcon, QPixmap
from PyQt6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QVBoxLayout,
    QWidget,
)

from widgets.grey import grey_image
from widgets.icons import icon

THUMBNAIL_EM = 5
ID = Qt.ItemDataRole.UserRole


@dataclass(frozen=True, eq=False)
class Choice:
    """One of the things to choose from.

    Attributes:
        id: What `chosen` tells.
        title, detail: Two lines of text.
        picture: uint8 grey (H, W), or the name of an icon.
    """

    id: str
    title: str
    detail: str = ""
    picture: NDArray[np.uint8] | str = "mdi6.file-outline"


class ChoiceDialog(QDialog):
    """Lists choices; a double click, Enter or the button takes one. Not modal by itself."""

    chosen = pyqtSignal(str)

    def __init__(
        self, title: str, question: str, choices: Sequence[Choice], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        em = self.fontMetrics().height()
        text = QLabel(question, self)
        text.setTextFormat(Qt.TextFormat.PlainText)
        text.setWordWrap(True)
        self.list = QListWidget(self)
        self.list.setAccessibleName(title)
        self.list.setIconSize(QSize(THUMBNAIL_EM * em, THUMBNAIL_EM * em))
        self.list.setSpacing(em // 5)
        self.list.setWordWrap(True)
        for choice in choices:
            item = QListWidgetItem(
                self._picture(choice), f"{choice.title}\n{choice.detail}".rstrip()
            )
            item.setData(ID, choice.id)
            self.list.addItem(item)
        self.list.setCurrentRow(0)
        self.list.itemActivated.connect(lambda _: self.accept())
        buttons = QDialogButtonBox(
            QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel, self
        )
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.setContentsMargins(em, em, em, em)
        column.setSpacing(em // 2)
        column.addWidget(text)
        column.addWidget(self.list, 1)
        column.addWidget(buttons)
        rows = min(max(len(choices), 2), 5)
        self.resize(42 * em, round((rows * (THUMBNAIL_EM + 0.8) + 7) * em))
        self.list.setFocus()

    def accept(self) -> None:
        item = self.list.currentItem()
        super().accept()
        if item is not None:
            self.chosen.emit(str(item.data(ID)))

    def _picture(self, choice: Choice) -> QIcon:
        if isinstance(choice.picture, str):
            return icon(choice.picture)
        return QIcon(QPixmap.fromImage(grey_image(choice.picture, 0, 255)))
