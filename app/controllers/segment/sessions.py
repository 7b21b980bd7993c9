"""Sessions: what is open and how it is shown, to one file and back."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import asdict
from enum import Enum
from pathlib import Path
from typing import Any, Literal

from pydantic import TypeAdapter, ValidationError
from PyQt6.QtCore import QObject, pyqtSignal

from app.background import Background
from app.controllers.segment.loading import Loaded, load
from app.controllers.segment.measuring import Measuring
from app.errors import Teller
from app.label_record import records_of, rows_of
from app.session_models import (
    ImageState,
    LayerState,
    LookState,
    MaskState,
    SessionState,
)
from app.session_paths import FileRef, file_ref
from app.study import Study
from app.workspaces.segment.view import SegmentView
from engine.failures import versions
from widgets.paint.labels.settings import PaintSettings
from widgets.paint.labels.tools import ToolName
from widgets.viewer.volume.layers import Layer, LayerKind, Look


class SessionController(QObject):
    """Saves and opens sessions, in the background."""

    saved = pyqtSignal(Path)
    opened = pyqtSignal(Path)
    loaded = pyqtSignal(object)  # Loaded: whoever keeps unsaved labels from being lost calls `show`

    def __init__(
        self, study: Study, view: SegmentView, measuring: Measuring, background: Background,
        teller: Teller, parent: QObject,
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self._study, self._view, self._measuring = study, view, measuring
        self._background, self._teller = background, teller
        self._written: set[Path] = set()

    # --- saving

    def isWritten(self, path: Path) -> bool:
        """Whether the last session saved there is whole; also told while the window closes."""
        return path in self._written

    def save(self, path: Path, *, quietly: bool = False) -> None:
        """Write what is open now; with `quietly` nobody is told but of failures."""
        if self._study.volume is None:
            return
        state, files, label_file = self._captured()
        # Labels that are in their file are read from there.
        embedded = not self._study.isSaved() or self._study.label_file is None
        labels = self._study.model.snapshot() if embedded else None
        self._written.discard(path)

        def write() -> Path:
            from app.session_file import save_session

            images = tuple(
                image.model_copy(update={"file": _reference(place, path, part)})
                for image, (place, part) in zip(state.images, files, strict=True)
            )
            held = None if labels is None else labels.take()
            masks = tuple(mask.model_copy(update={"labels": held}) for mask in state.masks)
            if label_file is not None:
                reference = _reference(label_file, path)
                masks = tuple(mask.model_copy(update={"file": reference}) for mask in masks)
            changes = {"images": images, "masks": masks}
            path.parent.mkdir(parents=True, exist_ok=True)
            save_session(path, state.model_copy(update=changes))
            self._written.add(path)
            return path

        self._background.run(
            f"Saving the session {path.name}", write,
            lambda done: None if quietly else self.saved.emit(done), self._teller.failure,
        )  # fmt: skip

    def _captured(self) -> tuple[SessionState, list[tuple[Path, str]], Path | None]:
        """What is open, the files that it came from, and the file of the labels."""
        study, view = self._study, self._view
        images: list[ImageState] = []
        files: list[tuple[Path, str]] = []
        layers: list[LayerState] = []
        mask, active = self._mask(), None
        for layer in study.stack:
            look = LookState.of(layer.look)
            volume = study.volumeOf(layer)
            if layer is study.labels():
                layers.append(LayerState(kind="mask", place=0, look=look))
            elif volume is not None and volume.source.path is not None:
                kind: Literal["image", "map"] = "map" if layer.kind is LayerKind.MAP else "image"
                blank = FileRef(path=str(volume.source.path))
                images.append(ImageState(name=layer.name, file=blank, kind=kind))
                files.append((volume.source.path, volume.source.part))
                layers.append(LayerState(kind="image", place=len(images) - 1, look=look))
            else:
                continue  # an image of no file cannot be found again
            if layer is study.stack.active():
                active = len(layers) - 1
        state = SessionState(
            program=versions().split(",")[0], images=tuple(images), masks=(mask,),
            layers=tuple(layers), active_layer=active,
            crosshair=view.volume.crosshair(), time=study.stack.time(),
            layout=view.volume.viewLayout().value,
            layout_values=view.volume.layoutState(), radiological=view.volume.isRadiological(),
            measurements=self._measuring.states(), tool=study.editor.tool().value,
            tools=_plain(asdict(study.editor.settings)),
        )  # fmt: skip
        file = study.label_file
        return state, files, None if file is None else file.path

    def _mask(self) -> MaskState:
        study = self._study
        layer = study.labels()
        assert layer is not None, "there is a label layer while an image is open"
        return MaskState(
            name=layer.name, shape=study.model.shape, affine=rows_of(layer.grid.affine),
            table=records_of(study.table.labels()), active=study.table.active(),
        )  # fmt: skip

    # --- opening

    def open(self, path: Path) -> None:
        """Read a session, to be shown in place of what is open; tells `loaded`."""

        def read(watch: Any) -> Loaded:
            return load(path, watch)

        self._background.watched(
            f"Opening {path.name}", read, self.loaded.emit, self._teller.failure
        )

    def show(self, loaded: Loaded) -> None:
        """Show a session in place of what is open, which is let go."""
        study, state = self._study, loaded.state
        first, *others = [place for place, v in enumerate(loaded.volumes) if v is not None]
        looks = {(layer.kind, layer.place): layer.look.look() for layer in state.layers}
        made: dict[int, Layer] = {}
        base = loaded.volumes[first]
        assert base is not None, "only those that were read are counted"
        study.open(base, looks.get(("image", first)))
        reference = study.image()
        assert reference is not None, "it was opened just now"
        made[first] = reference
        for place in others:
            volume = loaded.volumes[place]
            assert volume is not None, "only those that were read are counted"
            as_map = state.images[place].kind == "map"
            made[place] = study.add(volume, looks.get(("image", place)), as_map=as_map)
        for place, layer in made.items():
            layer.setName(state.images[place].name)
        for mask in state.masks:
            study.table.reset(record.label() for record in mask.table)
            study.table.setActive(mask.active if study.table.label(mask.active) else 0)
        self._show_labels(loaded, looks.get(("mask", 0)))
        self._show_active(state, made)
        self._show_views(state)
        if loaded.told:
            self._teller.say("warning", " ".join(loaded.told))
        self.opened.emit(loaded.path)

    def _show_active(self, state: SessionState, made: dict[int, Layer]) -> None:
        if state.active_layer is None or state.active_layer >= len(state.layers):
            return
        layer = state.layers[state.active_layer]
        here = self._study.labels() if layer.kind == "mask" else made.get(layer.place)
        if here is not None:
            self._study.stack.setActive(here)

    def _show_views(self, state: SessionState) -> None:
        volume = self._view.volume
        volume.setRadiological(state.radiological)
        # What another version wrote may not fit; the present layout stays then.
        with suppress(ValueError, KeyError, TypeError):
            volume.restoreLayout(state.layout_values)
        if state.crosshair is not None:
            volume.setCrosshair(state.crosshair)
        self._study.stack.setTime(state.time)
        self._measuring.restore(state.measurements)
        # The same goes for settings of tools.
        with suppress(ValidationError):
            settings = TypeAdapter(PaintSettings).validate_python(state.tools)
            self._study.editor.change(**vars(settings))
        with suppress(ValueError):
            self._study.editor.setTool(ToolName(state.tool))

    def _show_labels(self, loaded: Loaded, look: Look | None) -> None:
        study = self._study
        layer = study.labels()
        if layer is not None and look is not None:
            layer.setLook(look)
        if loaded.labels is None or loaded.labels.labels.shape != study.model.shape:
            return
        embedded = any(mask.labels is not None for mask in loaded.state.masks)
        if embedded:
            study.restore(loaded.labels, loaded.label_file)
        else:
            study.load(loaded.labels, loaded.label_file)


def _reference(file: Path, session: Path, part: str = "") -> FileRef:
    """A file as the session remembers it; one that is gone meanwhile by its name alone."""
    try:
        return file_ref(file, session, part)
    except OSError:
        return FileRef(path=str(file), part=part)


def _plain(values: dict[str, Any]) -> dict[str, Any]:
    """Enumerations as their values, for JSON."""
    return {n: v.value if isinstance(v, Enum) else v for n, v in values.items()}
