"""Patients in columns, to be dragged from one to another."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial

from PyQt6.QtCore import QPoint, Qt, pyqtSignal
from PyQt6.QtWidgets import QHBoxLayout, QLabel, QMenu, QVBoxLayout, QWidget

from widgets.elided_label import ElidedLabel
from widgets.panels.patients.card import PatientCard, Structure
from widgets.panels.patients.column import Column, PatientColumn, in_order

KEYS = (
    "Drag patients from one column to another, or press the letter of the column. Ctrl+← and "
    "Ctrl+→ move them by one, Shift and Ctrl with a click select several."
)


class PatientBoard(QWidget):
    """A column for each part; `changed` tells that somebody was moved, `refused` why not.

    Args:
        columns: From left to right.
        count: What a column says of those in it.
    """

    changed = pyqtSignal()
    refused = pyqtSignal(str)

    def __init__(
        self, columns: Sequence[Column], count: Callable[[Sequence[PatientCard]], str],
        parent: QWidget | None = None,
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self._cards: tuple[PatientCard, ...] = ()
        self._place: dict[str, str] = {}
        self._structures: dict[int, Structure] = {}
        self._count = count
        self._lists = {column.key: PatientColumn(column, self) for column in columns}
        self._counts = {key: ElidedLabel("", self) for key in self._lists}
        self._ghost = QLabel(self)
        self._ghost.setProperty("role", "popup")
        self._ghost.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._ghost.hide()
        self._arrange()
        for found in self._lists.values():
            self._connect(found)

    def setPatients(
        self,
        cards: Sequence[PatientCard],
        place: Mapping[str, str],
        structures: Iterable[Structure],
    ) -> None:
        """Show these.

        Args:
            cards: In the order that they keep in every column.
            place: Name -> key of a column.
            structures: All that labels may be of.
        """
        self._cards = tuple(cards)
        self._place = {card.name: place[card.name] for card in cards}
        self._structures = {structure.value: structure for structure in structures}
        self._show()

    def places(self) -> dict[str, str]:
        """Name -> key of the column, in the order of the patients."""
        return dict(self._place)

    def column(self, key: str) -> PatientColumn:
        """The list of a column."""
        return self._lists[key]

    def moveTo(self, names: Sequence[str], key: str) -> None:
        """Bring patients into a column; those that it does not take stay, and `refused` tells."""
        column = self._lists[key].column
        moved: list[str] = []
        kept: list[str] = []
        for card in in_order(self._cards, names):
            if self._place[card.name] != key:
                (moved if card.has_labels or not column.needs_labels else kept).append(card.name)
        if kept:
            who = kept[0] if len(kept) == 1 else f"{len(kept)} of the patients"
            has, it = ("has", "it") if len(kept) == 1 else ("have", "they")
            self.refused.emit(f"{who} {has} no label: {it} can be unlabelled only.")
        if moved:
            self._place.update(dict.fromkeys(moved, key))
            self._show()
            self._lists[key].select(moved)
            self.changed.emit()

    def callOff(self) -> bool:
        """Give up the drag under way; False where there is none."""
        return any(found.callOff() for found in self._lists.values())

    # --- inside

    def _show(self) -> None:
        for key, found in self._lists.items():
            cards = in_order(self._cards, (n for n, k in self._place.items() if k == key))
            found.setCards(cards, self._structures)
            self._counts[key].setText(self._count(cards))

    def _connect(self, found: PatientColumn) -> None:
        found.dragged.connect(partial(self._dragged, found))
        found.dropped.connect(partial(self._dropped, found))
        found.called_off.connect(self._end_drag)
        found.stepped.connect(partial(self._stepped, found))
        found.sent.connect(partial(self._sent, found))
        found.asked.connect(partial(self._menu, found))

    def _dragged(self, source: PatientColumn, at: QPoint) -> None:
        names = source.chosen()
        self._ghost.setText(names[0] if len(names) == 1 else f"{len(names)} patients")
        self._ghost.adjustSize()
        em = self.fontMetrics().height()
        self._ghost.move(self.mapFromGlobal(at) + QPoint(em // 2, em // 2))
        self._ghost.show()
        self._ghost.raise_()
        target = self._at(at)
        for found in self._lists.values():
            over = found is target and found is not source
            found.setTarget(("takes" if self._takes(found, names) else "refuses") if over else "")

    def _dropped(self, source: PatientColumn, at: QPoint) -> None:
        self._end_drag()
        target = self._at(at)
        if target is not None and target is not source:
            self.moveTo(source.chosen(), target.column.key)

    def _end_drag(self) -> None:
        self._ghost.hide()
        for found in self._lists.values():
            found.setTarget("")

    def _takes(self, found: PatientColumn, names: Sequence[str]) -> bool:
        cards = in_order(self._cards, names)
        return not found.column.needs_labels or any(card.has_labels for card in cards)

    def _at(self, at: QPoint) -> PatientColumn | None:
        inside = (f for f in self._lists.values() if f.rect().contains(f.mapFromGlobal(at)))
        return next(inside, None)

    def _stepped(self, source: PatientColumn, step: int, with_them: bool) -> None:
        lists = list(self._lists.values())
        place = lists.index(source) + step
        if not 0 <= place < len(lists):
            return
        if with_them:
            self.moveTo(source.chosen(), lists[place].column.key)
        else:
            lists[place].setFocus(Qt.FocusReason.OtherFocusReason)

    def _sent(self, source: PatientColumn, letter: str) -> None:
        for found in self._lists.values():
            if found.column.letter == letter:
                self.moveTo(source.chosen(), found.column.key)

    def _menu(self, source: PatientColumn, at: QPoint) -> None:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for key, found in self._lists.items():
            if found is source:
                continue
            column = found.column
            action = menu.addAction(f"To {column.title.lower()}\t{column.letter}")
            assert action is not None, "a menu makes actions"
            action.setEnabled(self._takes(found, source.chosen()))
            action.triggered.connect(lambda _, key=key: self.moveTo(source.chosen(), key))
        menu.popup(at)

    def _arrange(self) -> None:
        em = self.fontMetrics().height()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(em // 2)
        for key, found in self._lists.items():
            column = found.column
            title = ElidedLabel(f"{column.title}  ({column.letter})", self)
            title.setProperty("role", "heading")
            about = f"{column.title}: {column.about}"
            title.setToolTip(about)
            title.setAccessibleDescription(column.about)
            count = self._counts[key]
            count.setProperty("role", "muted")
            stack = QVBoxLayout()
            stack.setSpacing(em // 4)
            stack.addWidget(title)
            stack.addWidget(count)
            stack.addWidget(found, 1)
            row.addLayout(stack, 1)
