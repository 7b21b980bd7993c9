"""What the Models workspace shows: which checkpoints there are, which of them are asked for, and
what is said of the one that is chosen."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Literal, get_args

from PyQt6.QtCore import QObject, Qt, pyqtSignal
from PyQt6.QtGui import QImage, QImageReader

from app.background import Background
from app.errors import Teller
from app.model_uses import ORIGINS, method_title, use_of
from app.workspaces.models.rows import key_of, row_of
from app.workspaces.models.view import ModelsView
from engine.library import Entry, Origin
from engine.library.choosing import Order, Wanted, choose, compare
from engine.library.fitting import ImageFacts, misfits
from engine.training.header import sha256_of, weights_sha256

PICTURE_SIDE = 320
MOST_PIXELS = 64 * 1024**2
OpenImage = Callable[[], ImageFacts | None]


class Library(QObject):
    """Follows the view's filters and its choice.

    Args:
        image: The open image, asked for whenever a checkpoint is shown.
    """

    chosen = pyqtSignal()  # another one is shown, or none

    def __init__(
        self, view: ModelsView, image: OpenImage, background: Background, teller: Teller,
        parent: QObject,
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self._view, self._image, self._teller = view, image, teller
        self._background = background
        self._entries: dict[str, Entry] = {}
        self._pictures: dict[str, QImage] = {}
        self._hashes: dict[tuple[str, float, int], tuple[str, str]] = {}
        view.filters.changed.connect(self._filter)
        view.list.chosenChanged.connect(self._show)

    # --- what there is

    def setEntries(self, entries: Sequence[Entry], pictures: Mapping[str, QImage]) -> None:
        """Another look at what there is; what is chosen stays chosen."""
        self._entries = {key_of(entry): entry for entry in entries}
        self._pictures = dict(pictures)
        cards = [entry.card for entry in entries]
        methods = {card.method: method_title(card.method) for card in cards}
        roles = {card.role: card.role.capitalize() for card in cards}
        origins: dict[str, str] = {entry.origin: ORIGINS[entry.origin] for entry in entries}
        self._view.filters.setChoices(
            *(
                sorted(named.items(), key=lambda pair: pair[1])
                for named in (methods, roles, origins)
            )
        )
        self._filter()

    def entry(self) -> Entry | None:
        """The one that is shown."""
        keys = self._view.list.chosen()
        return self._entries.get(keys[0]) if len(keys) == 1 else None

    def hash(self, entry: Entry) -> str:
        """Of its file, "" while it is worked out."""
        return self._hashes.get(_stamp(entry), ("", ""))[0]

    def choose(self, path: Path) -> None:
        """Show the checkpoint of a file, also where the filters leave it out."""
        key = str(path)
        if key in self._entries and key not in [row.key for row in self._view.list.rows()]:
            self._view.filters.clear()
        self._view.list.choose([key])

    def lookAtImage(self) -> None:
        """The open image may be another one."""
        entry = self.entry()
        if entry is not None:
            self._show_fit(entry)

    # --- inside

    def _filter(self) -> None:
        view = self._view
        asked = view.filters.filters()
        wanted = Wanted(
            asked.text, asked.method, asked.role, _origin(asked.origin), _order(asked.order)
        )
        found = choose(list(self._entries.values()), wanted)
        rows = [row_of(entry, self._pictures.get(key_of(entry))) for entry in found]
        view.showRows(rows, len(self._entries), view.list.chosen())

    def _show(self) -> None:
        found = [self._entries[key] for key in self._view.list.chosen() if key in self._entries]
        if not found:
            self._view.showNothing(narrow=bool(self._entries))
        elif len(found) == 1:
            (entry,) = found
            self._view.showEntry(entry, self._pictures.get(key_of(entry)))
            self._show_fit(entry)
            self._show_hashes(entry)
        else:
            titles = [entry.card.title.strip() or entry.name for entry in found]
            self._view.showComparison(titles, compare(found))
        self.chosen.emit()

    def _show_fit(self, entry: Entry) -> None:
        image = self._image() if use_of(entry.card).image else None
        if image is None:
            self._view.detail.showFit("", ())
        else:
            self._view.detail.showFit(image.name, misfits(entry.card, image))

    def _show_hashes(self, entry: Entry) -> None:
        stamp = _stamp(entry)
        known = self._hashes.get(stamp)
        if known is not None:
            self._view.detail.showHashes(*known)
            return

        def done(found: tuple[str, str]) -> None:
            self._hashes[stamp] = found
            if self._view.detail.entry() is entry:
                self._view.detail.showHashes(*found)

        def work() -> tuple[str, str]:
            weights = weights_sha256(entry.path)  # says so where the file is gone
            return sha256_of(entry.path), weights

        self._background.run(f"Hashing {entry.name}", work, done, self._teller.failure)


def pictures_of(entries: Sequence[Entry]) -> dict[str, QImage]:
    """Key -> picture of those that have one, small; for a thread of its own."""
    found = {}
    for entry in entries:
        if entry.picture is not None:
            reader = QImageReader(str(entry.picture))
            size = reader.size()
            if not size.isValid() or size.width() * size.height() > MOST_PIXELS:
                continue
            side = Qt.AspectRatioMode.KeepAspectRatio
            reader.setScaledSize(size.scaled(PICTURE_SIDE, PICTURE_SIDE, side))
            picture = reader.read()
            if not picture.isNull():
                found[key_of(entry)] = picture
    return found


def _stamp(entry: Entry) -> tuple[str, float, int]:
    return str(entry.path), entry.written, entry.bytes


def _order(asked: str) -> Order:
    orders: tuple[Order, ...] = get_args(Order)
    for order in orders:
        if order == asked:
            return order
    return orders[0]


def _origin(asked: str) -> Origin | Literal[""]:
    origins: tuple[Origin, ...] = get_args(Origin)
    for origin in origins:
        if origin == asked:
            return origin
    return ""
