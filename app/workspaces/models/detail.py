"""The card of one checkpoint: what it is, whether it fits the open image, what to do with it."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from PyQt6.QtCore import QSize, Qt
from PyQt6.QtGui import QAction, QImage, QPainter, QPaintEvent
from PyQt6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QMenu,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app.model_uses import ORIGINS, Use, method_title, use_of
from app.workspaces.models.rows import about_html, colours_of
from engine.library import Entry
from widgets.icons import icon
from widgets.panels.models.model_list import paint_picture
from widgets.tips import give_tip

PICTURE_EM = 8.5


class ModelDetail(QWidget):
    """Buttons and actions are connected by whoever acts.

    Attributes:
        use: Opens the workspace that the checkpoint is for.
        edit, export: For title and notes; to other formats.
        more: Its menu has the actions `folder`, `copy_path`, `copy_hash`, `trash`.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._entry: Entry | None = None
        self._hashes: tuple[str, str] | None = None
        self._workspace = ""
        em = self.fontMetrics().height()
        self._picture = _Picture(self)
        self._title = _label(self, "heading")
        font = self._title.font()
        font.setPointSizeF(1.3 * font.pointSizeF())
        self._title.setFont(font)
        self._kind = _label(self, "muted")
        self._summary = _label(self)
        self._finds = _label(self)
        self._finds.setTextFormat(Qt.TextFormat.RichText)
        self._notes = _label(self)
        self._fit = _label(self)
        self.use = QPushButton(self)
        self.use.setProperty("primary", True)
        self.edit = QPushButton(icon("mdi6.pencil-outline"), "Edit…", self)
        give_tip(self.edit, "Change title and notes", "The weights stay as they are")
        self.export = QPushButton(icon("mdi6.export"), "Export…", self)
        give_tip(self.export, "To safetensors, ONNX or PyTorch's exported programs")
        self.more = QToolButton(self)
        self.more.setIcon(icon("mdi6.dots-horizontal"))
        self.more.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.more.setAccessibleName("More")
        give_tip(self.more, "More", "Folder, path, hash, delete")
        menu = QMenu(self.more)
        self.folder = QAction(icon("mdi6.folder-open-outline"), "Show folder", menu)
        self.copy_path = QAction(icon("mdi6.content-copy"), "Copy path", menu)
        self.copy_hash = QAction(icon("mdi6.pound"), "Copy SHA-256", menu)
        self.trash = QAction(icon("mdi6.trash-can-outline"), "Move to trash…", menu)
        menu.addActions((self.folder, self.copy_path, self.copy_hash, self.trash))
        menu.insertSeparator(self.trash)
        self.more.setMenu(menu)
        self._about = _label(self)
        self._about.setTextFormat(Qt.TextFormat.RichText)
        self._about.setAlignment(Qt.AlignmentFlag.AlignTop)
        self._build(em)

    def showEntry(self, entry: Entry, picture: QImage | None) -> None:
        """Show a checkpoint; hashes and fit come later."""
        self._entry, self._hashes = entry, None
        card, use = entry.card, use_of(entry.card)
        method = method_title(card.method)
        self._picture.show_(picture, use.glyph, method)
        self._title.setText(card.title.strip() or entry.name)
        self._kind.setText(f"{method} {card.role} · {ORIGINS[entry.origin]}")
        self._tell(self._summary, card.summary)
        chips = [
            f"<span style='color:{colour}'>■</span>&nbsp;{escape(name)}"
            for colour, name in colours_of(entry)
        ]
        self._tell(self._finds, " &nbsp; ".join(chips))
        self._tell(self._notes, f"Notes: {card.notes}" if card.notes else "")
        own = "" if not entry.bundled else "It came with the program and stays as it is"
        self.edit.setEnabled(not entry.bundled)
        give_tip(self.edit, "Change title and notes", own or "The weights stay as they are")
        self.trash.setEnabled(not entry.bundled)
        self._show_use(use)
        self.showFit("", ())
        self._write()

    def entry(self) -> Entry | None:
        """What is shown."""
        return self._entry

    def showHashes(self, file: str, weights: str) -> None:
        """Of the checkpoint that is shown."""
        self._hashes = file, weights
        self._write()

    def hashes(self) -> tuple[str, str] | None:
        """Of file and weights, when they are known."""
        return self._hashes

    def showFit(self, image: str, reasons: Sequence[str]) -> None:
        """Say whether it fits the open image.

        Args:
            image: Its name; "" while none is open.
            reasons: Why not, a sentence each.
        """
        self.use.setText("Try on the open image" if image else f"Use in {self._workspace}")
        if not image:
            self._tell(self._fit, "")
            return
        if not reasons:
            self._fit.setProperty("role", "ok")
            self._tell(self._fit, f"Fits the open image, {image}, as far as its card tells.")
        else:
            self._fit.setProperty("role", "warning")
            told = "\n".join(f"• {reason}" for reason in reasons)
            self._tell(self._fit, f"May do badly on the open image:\n{told}")
        style = self._fit.style()
        if style is not None:
            style.polish(self._fit)

    def fit(self) -> str:
        """What is said of the open image."""
        return self._fit.text() if self._fit.isVisibleTo(self) else ""

    def text(self) -> str:
        """All that is shown, for tests and for screen readers."""
        labels = (self._title, self._kind, self._summary, self._finds, self._notes, self._about)
        return "\n".join(label.text() for label in labels)

    def _show_use(self, use: Use) -> None:
        self.use.setVisible(bool(use.workspace))
        self.use.setIcon(icon(use.glyph, tone="on_accent"))
        self._workspace = use.title
        give_tip(self.use, f"Open {use.title} with this checkpoint chosen")
        self._tell(self._why, use.why)

    def _write(self) -> None:
        if self._entry is not None:
            self._about.setText(about_html(self._entry, self._hashes))

    def _tell(self, label: QLabel, text: str) -> None:
        label.setText(text)
        label.setVisible(bool(text))

    def _build(self, em: int) -> None:
        self._why = _label(self, "muted")
        words = QVBoxLayout()
        words.setSpacing(em // 3)
        for label in (self._title, self._kind, self._summary, self._finds):
            words.addWidget(label)
        words.addStretch(1)
        head = QHBoxLayout()
        head.setSpacing(em)
        head.addWidget(self._picture, 0, Qt.AlignmentFlag.AlignTop)
        head.addLayout(words, 1)
        buttons = QHBoxLayout()
        for button in (self.use, self.edit, self.export, self.more):
            buttons.addWidget(button)
        buttons.addStretch(1)
        inner = QWidget(self)
        column = QVBoxLayout(inner)
        column.setContentsMargins(em, em, em, em)
        column.setSpacing(round(0.6 * em))
        column.addLayout(head)
        column.addLayout(buttons)
        for label in (self._why, self._fit, self._notes, self._about):
            column.addWidget(label)
        column.addStretch(1)
        area = QScrollArea(self)
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setWidget(inner)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(area)


class _Picture(QWidget):
    """The picture of a checkpoint, or its sign."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        side = round(PICTURE_EM * self.fontMetrics().height())
        self._size = QSize(side, side)
        self._picture: QImage | None = None
        self._glyph, self._sign = "mdi6.cube-outline", ""
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def show_(self, picture: QImage | None, glyph: str, sign: str) -> None:
        self._picture, self._glyph, self._sign = picture, glyph, sign
        told = "It has no picture"
        if picture is not None:
            told = picture.text("Description") or "A picture that was kept with it"
        self.setToolTip(told)
        self.update()

    def sizeHint(self) -> QSize:
        return self._size

    def paintEvent(self, event: QPaintEvent | None) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        paint_picture(painter, self.rect(), self._picture, self._glyph, self._sign)
        painter.end()


def _label(parent: QWidget, role: str = "") -> QLabel:
    label = QLabel(parent)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(True)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    if role:
        label.setProperty("role", role)
    return label
