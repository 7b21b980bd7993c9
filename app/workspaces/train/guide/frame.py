"""The frame around the questions: where one is, one page, and the way back and on."""

from __future__ import annotations

from collections.abc import Sequence

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from widgets.icons import icon
from widgets.tab_order import follow_layout

WIDEST_EM = 52


class GuideFrame(QWidget):
    """Pages in order. `wentTo` tells the place of the page that came into sight."""

    wentTo = pyqtSignal(int)
    left = pyqtSignal()

    def __init__(self, pages: Sequence[tuple[str, QWidget]], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        em = self.fontMetrics().height()
        self._names = [name for name, _ in pages]
        self._ready = [False] * len(pages)
        self._missing = [""] * len(pages)
        self._steps = QLabel(self)
        self._steps.setTextFormat(Qt.TextFormat.RichText)
        self._steps.setAccessibleName("Where you are")
        self.close_button = QPushButton(icon("mdi6.close"), "Leave", self)
        self.close_button.setToolTip("Back to the start page; answers are kept  (Esc)")
        self.close_button.clicked.connect(self.left)
        head = QHBoxLayout()
        head.addWidget(self._steps, 1)
        head.addWidget(self.close_button)
        self._stack = QStackedWidget(self)
        for _, page in pages:
            self._stack.addWidget(_scrolled(page, em))
        self.back = QPushButton(icon("mdi6.arrow-left"), "Back", self)
        self.back.setToolTip("The question before  (Alt+Left)")
        self.back.setShortcut("Alt+Left")
        self.back.clicked.connect(lambda: self.goTo(self.place() - 1))
        self.next = QPushButton(icon("mdi6.arrow-right", tone="on_accent"), "Next", self)
        self.next.setProperty("primary", True)
        self.next.setLayoutDirection(Qt.LayoutDirection.RightToLeft)  # the arrow comes last
        self.next.setShortcut("Alt+Right")
        self.next.setToolTip("The next question  (Alt+Right)")
        self.next.clicked.connect(lambda: self.goTo(self.place() + 1))
        self._why = QLabel(self)
        self._why.setProperty("role", "muted")
        self._why.setWordWrap(True)
        self._why.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        foot = QHBoxLayout()
        foot.addWidget(self.back)
        foot.addWidget(self._why, 1)
        foot.addWidget(self.next)
        column = QVBoxLayout(self)
        column.setContentsMargins(em, em, em, em)
        column.setSpacing(round(0.7 * em))
        column.addLayout(head)
        column.addWidget(self._stack, 1)
        column.addLayout(foot)
        follow_layout(self)
        self._follow()

    def place(self) -> int:
        """Which page is in sight."""
        return self._stack.currentIndex()

    def setReady(self, place: int, ready: bool, why: str = "") -> None:
        """Whether a page's question is answered, and if not, what is missing."""
        self._ready[place], self._missing[place] = ready, "" if ready else why
        self._follow()

    def goTo(self, place: int) -> None:
        """Bring a page into sight, where those before it are answered."""
        if not 0 <= place < len(self._names) or not all(self._ready[:place]):
            return
        self._stack.setCurrentIndex(place)
        self._follow()
        self.wentTo.emit(place)

    def _follow(self) -> None:
        here, last = self.place(), len(self._names) - 1
        self.back.setEnabled(here > 0)
        self.next.setEnabled(here < last and self._ready[here])
        self.next.setVisible(here < last)
        self._why.setText(self._missing[here])
        words = [
            f"<b>{i + 1} {name}</b>" if i == here else f"{i + 1} {name}"
            for i, name in enumerate(self._names)
        ]
        self._steps.setText("&nbsp; › &nbsp;".join(words))


def _scrolled(page: QWidget, em: int) -> QScrollArea:
    """A page in the middle, as wide as can be read."""
    holder = QWidget()
    row = QHBoxLayout(holder)
    row.setContentsMargins(0, 0, em // 2, 0)
    row.addStretch(1)
    row.addWidget(page, 100)
    row.addStretch(1)
    page.setMaximumWidth(WIDEST_EM * em)
    area = QScrollArea()
    area.setWidgetResizable(True)
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.setWidget(holder)
    return area


def heading(text: str, parent: QWidget) -> QLabel:
    """The question of a page."""
    label = QLabel(text, parent)
    font = label.font()
    font.setPointSizeF(1.3 * font.pointSizeF())
    label.setFont(font)
    label.setWordWrap(True)
    return label


def muted(text: str, parent: QWidget) -> QLabel:
    """Words beside a question."""
    label = QLabel(text, parent)
    label.setProperty("role", "muted")
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(True)
    return label
