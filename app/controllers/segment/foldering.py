"""The folder dialog's fields -> a job; its events -> the list; a click -> the open image."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PyQt6.QtCore import QObject

from app import forms
from app.background import Background
from app.bridge import Bridge
from app.controllers.segment.asking import Asking
from app.controllers.segment.choosing import Choosing
from app.controllers.segment.files import Opened, StudyFiles, Watch
from app.errors import Teller
from app.segmenters import CHECKPOINT, segmenters
from app.session import Session
from app.settings import Settings
from app.study import opening_look
from app.workspaces.segment.folder_dialog import INPUT, OUTPUT, FolderDialog, folder_segmenters
from app.workspaces.segment.view import SegmentView
from engine.errors import InputError
from engine.events import JobFinished
from engine.failures import Failure
from engine.jobs import Job
from engine.worker import EngineLike
from widgets.panels.case_list import CaseLine
from widgets.panels.job_row import FINISHED

if TYPE_CHECKING:
    from engine.data.segmentation.folder_table import FolderResult, Outcome

KEPT = "folder"
MAPS_SHOWN = ("uncertainty", "probability", "entropy", "heat")


class Foldering(QObject):
    """Runs a method on a folder, one job at a time, and opens what came of it."""

    def __init__(
        self, engine: EngineLike, bridge: Bridge, session: Session, view: SegmentView,
        choosing: Choosing, asking: Asking, files: StudyFiles, settings: Settings,
        background: Background, teller: Teller, parent: QObject,
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self._engine, self._session, self._view = engine, session, view
        self._choosing, self._asking, self._files = choosing, asking, files
        self._settings, self._background, self._teller = settings, background, teller
        self._dialog: FolderDialog | None = None
        self._job_id = 0
        self._cases: tuple[Outcome, ...] = ()
        self._listed: Path | None = None
        self._done = 0
        session.jobChanged.connect(self._job_changed)
        bridge.finished.connect(self._finished)

    def ask(self) -> None:
        """Show the dialog: as it was left, with the checkpoint that is chosen in the panel."""
        if self._dialog is None:
            self._dialog = self._make()
        dialog = self._dialog
        if not self._busy():
            self._follow_panel(dialog)
        dialog.show()
        dialog.activateWindow()

    def adopt(self, old: int, new: int) -> None:
        """A job runs again under a new id, perhaps ours."""
        if old and old == self._job_id:
            self._job_id, self._done = new, 0

    def dialog(self) -> FolderDialog | None:
        """The dialog, once it was asked for."""
        return self._dialog

    # --- the dialog

    def _make(self) -> FolderDialog:
        dialog = FolderDialog(folder_segmenters(segmenters()), self._view)
        kept = self._settings.segment.get(KEPT)
        if isinstance(kept, dict):
            dialog.setValues(kept)
        dialog.run.clicked.connect(self._run)
        dialog.cancel.clicked.connect(lambda: self._engine.cancel(self._job_id))
        dialog.list.chosen.connect(self._open)
        dialog.edited.connect(lambda name: self._list() if name == OUTPUT else None)
        self._list()
        return dialog

    def _follow_panel(self, dialog: FolderDialog) -> None:
        """Begin with the method, checkpoint and values of the panel."""
        panel = self._view.method
        folders = folder_segmenters(segmenters())
        ids = [found.single.method.id for found in folders]
        if panel.current().method.id in ids:
            before = dialog.values()
            dialog.showMethod(ids.index(panel.current().method.id), {**before, **panel.values()})
            entry = self._choosing.entry()
            if entry is not None and dialog.parameters()[CHECKPOINT] != entry.name:
                dialog.addCheckpoint(entry.name, entry.card.title)

    # --- running

    def _run(self) -> None:
        dialog = self._dialog
        assert dialog is not None, "its button was clicked"
        if wrong := next(iter(dialog.form.errors().values()), ""):
            dialog.setStatus(wrong)
            return
        source, target = dialog.folder(INPUT), dialog.folder(OUTPUT)
        if source is None or target is None:
            dialog.setStatus("Choose the folder of the images and one for the labels.")
            dialog.form.control(INPUT if source is None else OUTPUT).setFocus()
            return
        segmenter = dialog.current()
        try:
            params = forms.parse(segmenter.task.params, dialog.parameters())
        except InputError as error:
            dialog.setStatus(str(error))
            return
        inputs: dict[str, Any] = {INPUT: source, OUTPUT: target}
        inputs.update((name, target) for name in dialog.maps())
        title = f"{segmenter.single.method.title}: folder {source.name}"
        job = Job(segmenter.single.method.id, segmenter.task.name, params, inputs, title)
        self._settings.segment = {**self._settings.segment, KEPT: dialog.values()}
        self._done = 0
        self._show(())
        self._listed = target
        self._job_id = self._engine.submit(job)
        dialog.run.setEnabled(False)

    def _busy(self) -> bool:
        row = self._session.jobs.get(self._job_id)
        return row is not None and row.state not in FINISHED

    def _job_changed(self, job_id: int) -> None:
        dialog, row = self._dialog, self._session.jobs.get(job_id)
        if dialog is None or row is None or job_id != self._job_id:
            return
        dialog.showJob(row)
        dialog.run.setEnabled(not self._busy())
        if row.state == "failed":
            dialog.setStatus(f"{row.message} {row.hint}".strip())
        if row.done != self._done or row.state in FINISHED:
            self._done = row.done
            self._list()

    def _finished(self, event: JobFinished) -> None:
        if event.job_id == self._job_id and self._dialog is not None:
            result: FolderResult = event.result
            self._show(result.cases)
            self._dialog.setStatus(result.summary)

    # --- what came of it

    def _list(self) -> None:
        """Look in the background which results the folder has."""
        folder = self._listed
        if not self._busy():
            folder = None if self._dialog is None else self._dialog.folder(OUTPUT)
        if folder is None:
            self._show(())
        else:
            self._look(folder)

    def _look(self, folder: Path) -> None:

        def read() -> FolderResult | None:
            from engine.data.segmentation.folder_table import TABLE, read_result

            return read_result(folder) if (folder / TABLE).is_file() else None

        def show(found: FolderResult | None) -> None:
            if self._dialog is not None:
                self._show(found.cases if found is not None else ())

        self._background.run(f"Results in {folder.name}", read, show, self._unreadable)

    def _unreadable(self, failure: Failure) -> None:
        if self._dialog is not None:
            self._dialog.setStatus(failure.message)

    def _show(self, cases: tuple[Outcome, ...]) -> None:
        if self._dialog is not None:
            self._cases = cases
            self._dialog.list.setCases([_line(case) for case in cases])

    def _open(self, place: int) -> None:
        case = self._cases[place]
        maps = [case.files[name] for name in MAPS_SHOWN if name in case.files][:1]
        labels = case.files.get("output")
        self._asking.whenSafe(lambda: self._read(case, labels, maps))

    def _read(self, case: Outcome, labels: Path | None, maps: Sequence[Path]) -> None:
        """Open the image alone, with its labels and its map."""

        def opened(path: Path, part: str = "", watch: Watch | None = None) -> Opened:
            from engine.data.volumes.read import read_volume

            volume = read_volume(path, part=part, watch=watch)
            return Opened(path, volume, opening_look(volume), like_labels=False)

        def read(watch: Watch) -> tuple[Opened, list[Opened]]:
            image = opened(case.image, case.part, watch)
            return image, [opened(path) for path in maps]

        def show(read: tuple[Opened, list[Opened]]) -> None:
            image, layers = read
            self._files.take(image)
            for layer in layers:
                self._files.lay(layer, as_map=True)
            if labels is not None:
                self._files.openLabels(labels)

        self._background.watched(f"Opening {case.name}", read, show, self._teller.failure)


def _line(case: Outcome) -> CaseLine:
    if case.state == "failed":
        told = case.problem.replace(str(case.image), case.image.name)
        return CaseLine(case.name, "failed", told, f"{case.problem}\n{case.remedy}")
    sizes = []
    for structure in case.figures.get("structures", {}).values():
        ml = structure["mm3"]
        size = f"{structure['voxels']:,} px" if ml is None else f"{ml / 1000:.3g} ml"
        sizes.append(f"{structure['name']} {size}")
    told = ", ".join(sizes) or case.problem or "labels"
    before = "Kept from before. " if case.state == "kept" else ""
    return CaseLine(case.name, case.state, told, f"{before}{case.image}\n{told}")
