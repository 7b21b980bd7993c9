"""What is told to a log while labels are painted; none of it takes time."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from numpy.typing import NDArray
from PyQt6.QtCore import QMetaObject, QObject

from app.label_record import records_of
from app.volume_log import REDO, UNDO, base_record, step_record, table_record
from app.volume_log_file import LogFile
from widgets.paint.labels.model import LabelModel
from widgets.paint.labels.snapshot import Snapshot
from widgets.paint.labels.step import Step
from widgets.paint.labels.table import Label, LabelTable

Make = Callable[[], bytes]


class VolumeLog:
    """The log of one label volume; every call returns at once.

    `follow` is enough for all but `LabelModel.reset`, after which `base` has to be called.
    """

    def __init__(self, file: LogFile, write: Callable[[LogFile, Make | None], None]) -> None:
        self._file, self._write = file, write
        self._connections: list[QMetaObject.Connection] = []

    def path(self) -> Path:
        return self._file.path

    def follow(self, model: LabelModel, table: LabelTable) -> None:
        """Write down what happens to the labels and to their table."""
        # Functions of their own, so that the log lives as long as it follows.
        self._connections += [
            model.stepAdded.connect(lambda step: self.step(step)),
            model.travelled.connect(lambda step, forward: self.travelled(step, forward)),
            table.changed.connect(lambda: self.table(table.labels())),
        ]

    def step(self, step: Step) -> None:
        """A step was done."""
        self._write(self._file, lambda: step_record(step))

    def travelled(self, step: Step, forward: bool) -> None:
        """A step was undone, or done again."""
        self._write(self._file, lambda: step_record(step, REDO if forward else UNDO))

    def table(self, labels: Iterable[Label]) -> None:
        """The table changed."""
        rows = records_of(labels)
        self._write(self._file, lambda: table_record(rows))

    def base(
        self,
        labels: NDArray[Any] | Snapshot,
        strokes: int = 1,
        *,
        own: bool = False,
        origin: str | None = None,
        first: bool = False,
    ) -> None:
        """Labels (D, H, W) of the header's shape were put in place of all before.

        Args:
            strokes: Steps that they count for; with none, nothing is recovered from them alone.
            labels: An array, or what a model holds at this moment.
            own: As in `VolumeJournal.open`.
            origin: The file that they are in, or were begun from; None: as before.
            first: The log begins with them, so that empty ones need not be written.
        """
        given = labels if own or isinstance(labels, Snapshot) else labels.copy()

        def make() -> bytes:
            kept = given.take() if isinstance(given, Snapshot) else given
            return b"" if first and not kept.any() else base_record(kept, strokes, origin)

        self._write(self._file, make)

    def close(self) -> None:
        """The labels are closed, saved or not wanted: the log goes."""
        for connection in self._connections:
            QObject.disconnect(connection)
        self._connections.clear()
        self._write(self._file, None)
