"""Questions to the user: which file, which part, what to do with it. All dialogs of Segment."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PyQt6.QtCore import QObject
from PyQt6.QtWidgets import QFileDialog, QMessageBox

from app.controllers.segment.files import Opened, StudyFiles
from app.controllers.segment.operations import OperationsController, form_values, label_choices
from app.controllers.segment.sessions import SessionController
from app.file_questions import ask_part
from app.label_files import ending_of
from app.session_file import ENDING
from app.study import Study
from app.workspaces.segment.view import SegmentView
from widgets.panels.choice_dialog import Choice, ChoiceDialog

if TYPE_CHECKING:
    from engine.data.labels.operations import Operation
    from engine.data.volumes.choices import Part
    from engine.data.volumes.masks import LabelsRead
    from engine.parameters import Parameters

IMAGES = (
    "Images (*.nii *.nii.gz *.hdr *.img *.dcm *.nrrd *.nhdr *.mha *.mhd *.h5 *.hdf5 *.npy *.npz "
    "*.png *.tif *.tiff *.jpg *.jpeg *.bmp *.gif *.reverie);;All files (*)"
)
LABELS = (
    "NIfTI (*.nii.gz *.nii);;Slicer segmentation (*.seg.nrrd);;NRRD (*.nrrd);;MetaImage (*.mha);;"
    "DICOM segmentation (*.dcm);;HDF5 (*.h5);;NumPy (*.npz *.npy);;TIFF (*.tif);;PNG (*.png)"
)
REPLACE, LAYER, MAP, AS_LABELS = "replace", "layer", "map", "labels"


class Asking(QObject):
    """Asks, and hands the answers on. Dialogs block nothing but what they are about."""

    def __init__(
        self, study: Study, view: SegmentView, files: StudyFiles, sessions: SessionController,
        operations: OperationsController, parent: QObject,
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self._study, self._view, self._files = study, view, files
        self._sessions, self._operations = sessions, operations
        files.partsFound.connect(self._ask_part)
        files.secondRead.connect(self._ask_use)
        files.mismatched.connect(self._ask_resample)
        sessions.loaded.connect(lambda loaded: self.whenSafe(lambda: sessions.show(loaded)))
        view.layers.addRequested.connect(self.askOpen)
        view.layers.removeRequested.connect(study.remove)

    # --- opening

    def askOpen(self) -> None:
        """Let the user choose an image or a session."""
        path, _ = QFileDialog.getOpenFileName(self._view, "Open image", self._folder(), IMAGES)
        if path.lower().endswith(ENDING):
            self._sessions.open(Path(path))
        elif path:
            self._files.open(Path(path))

    def askFolder(self) -> None:
        """Let the user choose a folder of DICOM files or of slices."""
        path = QFileDialog.getExistingDirectory(
            self._view, "Open a DICOM folder or a folder of slices", self._folder()
        )
        if path:
            self._files.open(Path(path))

    def askLabels(self) -> None:
        """Let the user choose a mask."""
        path, _ = QFileDialog.getOpenFileName(self._view, "Open labels", self._folder(), IMAGES)
        if path:
            self._files.openLabels(Path(path))

    def _ask_part(self, path: Path, parts: Sequence[Part]) -> None:
        ask_part(self._view, path, parts, lambda part: self._files.readPart(path, part))

    def _ask_use(self, opened: Opened) -> None:
        """Another image is open: what is this one for?"""
        image = self._study.volume
        assert image is not None, "else nobody asks"
        same = opened.volume.geometry.matches(image.geometry)
        grid = "Same grid." if same else "Another grid: shown where it lies in the patient."
        choices = [
            Choice(LAYER, "Lay it over the image", grid, "mdi6.layers-plus"),
            Choice(
                MAP, "Show it as a map",
                f"A probability or an uncertainty: coloured, clear below a threshold. {grid}",
                "mdi6.gradient-horizontal",
            ),
            Choice(
                AS_LABELS, "Use it as labels", "They replace the painted ones; this can be undone.",
                "mdi6.label-multiple-outline",
            ),
            Choice(
                REPLACE, "Open it alone", f"Closes {self._study.name()} and its labels.",
                "mdi6.image-outline",
            ),
        ]  # fmt: skip
        if not (opened.like_labels or opened.volume.kind == "labels"):
            choices.append(choices.pop(2))
        else:
            choices.insert(0, choices.pop(2))
        dialog = ChoiceDialog(
            opened.path.name, f"What do you want to do with {opened.path.name}?", choices,
            self._view,
        )  # fmt: skip
        dialog.chosen.connect(lambda use: self._use(opened, use))
        dialog.open()

    def _use(self, opened: Opened, use: str) -> None:
        if use in (LAYER, MAP):
            self._files.lay(opened, as_map=use == MAP)
        elif use == AS_LABELS:
            self._files.openLabels(opened.path)
        else:
            self.whenSafe(lambda: self._files.take(opened))

    def _ask_resample(self, path: Path, found: LabelsRead) -> None:
        from engine.data.volumes.resample import describe_resampling

        image = self._study.volume
        assert image is not None, "labels are compared with an image"
        told = describe_resampling(found.geometry, image.geometry, labels=True)
        box = QMessageBox(self._view)
        box.setIcon(QMessageBox.Icon.Question)
        box.setWindowTitle("Labels of another grid")
        box.setText(f"{path.name} lies on another grid than the image.")
        box.setInformativeText("\n".join((*found.differences, "", told)))
        resample = box.addButton("Resample", QMessageBox.ButtonRole.AcceptRole)
        box.addButton(QMessageBox.StandardButton.Cancel)
        box.buttonClicked.connect(
            lambda button: self._files.resample(path, found) if button is resample else None
        )
        _open(box)

    # --- saving

    def save(self, done: Callable[[], None] | None = None) -> None:
        """Save the labels where they came from; asks where that is not known or has changed."""
        file = self._study.label_file
        if file is None or not ending_of(file.path):
            self.askSave(done)
        elif self._files.changedUnderneath():
            self._ask_overwrite(file.path, done)
        else:
            self._files.saveLabels(file.path, done)

    def askSave(self, done: Callable[[], None] | None = None) -> None:
        """Let the user choose where the labels go."""
        if self._study.volume is None:
            return
        path, chosen = QFileDialog.getSaveFileName(
            self._view, "Save labels", str(self._proposed()), LABELS
        )
        if not path:
            return
        target = Path(path)
        if not ending_of(target):
            # Dialogs of some systems do not tell which kind was chosen.
            kind = chosen if "*" in chosen else LABELS
            target = Path(path + kind.split("*", 1)[1].split(" ")[0].rstrip(")"))
        self._files.saveLabels(target, done)

    def _ask_overwrite(self, path: Path, done: Callable[[], None] | None) -> None:
        box = QMessageBox(self._view)
        box.setIcon(QMessageBox.Icon.Warning)
        box.setWindowTitle("The file has changed")
        box.setText(f"{path.name} was changed by another program since it was read.")
        box.setInformativeText("Saving replaces what was written there.")
        over = box.addButton("Replace it", QMessageBox.ButtonRole.DestructiveRole)
        other = box.addButton("Save elsewhere…", QMessageBox.ButtonRole.AcceptRole)
        box.addButton(QMessageBox.StandardButton.Cancel)

        def answered(button: object) -> None:
            if button is over:
                self._files.saveLabels(path, done)
            elif button is other:
                self.askSave(done)

        box.buttonClicked.connect(answered)
        _open(box)

    def whenSafe(self, then: Callable[[], None]) -> None:
        """Go on at once if the labels are saved; else ask whether to save them first."""
        study = self._study
        # Nothing was ever painted or read; erasing labels that are in a file is work, too.
        blank = not study.model.used() and study.label_file is None
        if study.isSaved() or blank:
            then()
            return
        box = QMessageBox(self._view)
        box.setIcon(QMessageBox.Icon.Question)
        box.setWindowTitle("Unsaved labels")
        box.setText(f"The labels of {self._study.name()} are not saved.")
        save = box.addButton(QMessageBox.StandardButton.Save)
        discard = box.addButton(QMessageBox.StandardButton.Discard)
        box.addButton(QMessageBox.StandardButton.Cancel)

        def answered(button: object) -> None:
            if button is save:
                self.save(then)
            elif button is discard:
                then()

        box.buttonClicked.connect(answered)
        _open(box)

    def askSession(self) -> None:
        """Let the user choose where the session goes."""
        if self._study.volume is None:
            return
        start = str(Path(self._folder()) / f"{self._study.name()}{ENDING}")
        path, _ = QFileDialog.getSaveFileName(
            self._view, "Save session", start, f"Sessions (*{ENDING})"
        )
        if path:
            self._sessions.save(Path(path if path.endswith(ENDING) else path + ENDING))

    # --- operations

    def askOperation(self, what: Operation) -> None:
        """Show the dialog of an operation on labels."""
        if self._study.volume is None:
            return
        from app.workspaces.segment.operation_dialog import OperationDialog

        view = self._view.volume.currentView()
        plane = view.plane()
        axis = 0 if plane is None else plane.axis
        values = form_values(self._study, what, self._voxel(), axis)
        choices = {**label_choices(self._study, what), **self._plane_choices(what)}
        dialog = OperationDialog(what, values, choices, self._view)

        def apply(chosen: Operation, params: Parameters) -> None:
            work = self._operations.run(chosen, params)
            if work is not None:
                dialog.begin()
                work.ended.connect(dialog.end)

        dialog.applied.connect(apply)
        self._operations.done.connect(dialog.takeOutcome)
        dialog.show()

    # --- helpers

    def _plane_choices(self, what: Operation) -> dict[str, list[tuple[str, str]]]:
        """The names of planes instead of the array's axes, for those who look at a patient."""
        volume = self._study.volume
        if volume is None or not volume.geometry.oriented or "axis" not in what.params.model_fields:
            return {}
        planes = [(name, view.plane()) for name, view in self._view.volume.views().items()]
        return {"axis": [("dhw"[p.axis], n.value.capitalize()) for n, p in planes if p is not None]}

    def _voxel(self) -> tuple[int, int, int]:
        """The voxel that all views look at."""
        layer = self._study.image()
        if layer is None:
            return 0, 0, 0
        places = layer.grid.voxel(self._view.volume.crosshair())
        kept = [min(max(round(p), 0), n - 1) for p, n in zip(places, layer.grid.shape, strict=True)]
        return kept[0], kept[1], kept[2]

    def _folder(self) -> str:
        volume = self._study.volume
        path = None if volume is None else volume.source.path
        return str(Path.home() if path is None else path.parent)

    def _proposed(self) -> Path:
        volume = self._study.volume
        dicom = volume is not None and volume.source.format == "dicom"
        ending = ".dcm" if dicom else ".nii.gz"
        return Path(self._folder()) / f"{self._study.name()}_labels{ending}"


def _open(box: QMessageBox) -> None:
    """Without blocking, and gone when it is answered."""
    box.finished.connect(box.deleteLater)
    box.open()
