"""A layout that puts its items in rows, like words."""

from __future__ import annotations

from PyQt6.QtCore import QPoint, QRect, QSize, Qt
from PyQt6.QtWidgets import QLayout, QLayoutItem, QSizePolicy, QWidget


class FlowLayout(QLayout):
    """Rows as wide as the parent allows; each row is as high as its highest item."""

    def __init__(
        self,
        parent: QWidget | None = None,
        gap: int = 10,
        row_gap: int = 4,
        *,
        centred: bool = False,
    ) -> None:
        super().__init__(parent)
        self._centred = centred
        self._right = False
        self._items: list[QLayoutItem] = []
        self._gap = gap
        self._row_gap = row_gap

    def setLastRight(self, right: bool) -> None:
        """Whether the last item lies at the right end of its row."""
        self._right = right

    def addItem(self, item: QLayoutItem | None) -> None:
        if item is not None:
            self._items.append(item)

    def count(self) -> int:
        return len(self._items)

    def itemAt(self, index: int) -> QLayoutItem | None:
        return self._items[index] if 0 <= index < len(self._items) else None

    def takeAt(self, index: int) -> QLayoutItem | None:
        return self._items.pop(index) if 0 <= index < len(self._items) else None

    def expandingDirections(self) -> Qt.Orientation:
        return Qt.Orientation(0)

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        return self._arrange(QRect(0, 0, width, 0), move=False)

    def setGeometry(self, rect: QRect) -> None:
        super().setGeometry(rect)
        self._arrange(rect, move=True)

    def sizeHint(self) -> QSize:
        return self.minimumSize()

    def minimumSize(self) -> QSize:
        size = QSize()
        for item in self._items:
            size = size.expandedTo(item.minimumSize())
        margins = self.contentsMargins()
        return size + QSize(margins.left() + margins.right(), margins.top() + margins.bottom())

    def lineWidth(self) -> int:
        """What everything needs side by side."""
        margins = self.contentsMargins()
        widths = [item.sizeHint().width() for item in self._items if not item.isEmpty()]
        gaps = self._gap * max(len(widths) - 1, 0)
        return margins.left() + sum(widths) + gaps + margins.right()

    def _arrange(self, rect: QRect, move: bool) -> int:
        """Place the items in `rect`; returns the height that they need."""
        margins = self.contentsMargins()
        inside = rect.marginsRemoved(margins)
        y = inside.top()
        for index, row in enumerate(self._rows(inside.width())):
            height = max(item.sizeHint().height() for item in row)
            y += self._row_gap if index else 0
            x = inside.left()
            if self._centred:
                used = sum(item.sizeHint().width() for item in row) + self._gap * (len(row) - 1)
                x += max(inside.width() - used, 0) // 2
            for item in row:
                size = item.sizeHint()
                if self._right and item is self._items[-1]:
                    x = max(x, inside.left() + inside.width() - size.width())
                if move:
                    top = y + (height - size.height()) // 2
                    item.setGeometry(QRect(QPoint(x, top), size))
                x += size.width() + self._gap
            y += height
        return y - rect.top() + margins.bottom()

    def _rows(self, width: int) -> list[list[QLayoutItem]]:
        rows: list[list[QLayoutItem]] = []
        used = 0
        for item in (item for item in self._items if not item.isEmpty()):
            needed = item.sizeHint().width()
            if rows and used + self._gap + needed <= width:
                rows[-1].append(item)
                used += self._gap + needed
            else:
                rows.append([item])
                used = needed
        return rows


class FlowRow(QWidget):
    """Widgets in a line, or in rows where there is no room for the line."""

    def __init__(
        self, gap: int = 10, parent: QWidget | None = None, *, centred: bool = False
    ) -> None:
        super().__init__(parent)
        self._flow = FlowLayout(self, gap, centred=centred)
        self._flow.setContentsMargins(0, 0, 0, 0)
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def add(self, widget: QWidget, *, right: bool = False) -> None:
        """Put a widget at the end, or at the right end of the last row."""
        self._flow.addWidget(widget)
        self._flow.setLastRight(right)

    def sizeHint(self) -> QSize:
        width = self._flow.lineWidth()
        return QSize(width, self._flow.heightForWidth(width))
