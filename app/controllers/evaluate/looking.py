"""From a line of the table to the case in the viewer, read in the background."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from PyQt6.QtCore import QObject

from app.background import Background, Work
from app.study import MAP_COLOURS, grid_of, opening_look
from app.workspaces.evaluate.case_panel import CasePanel
from engine.failures import Failure
from engine.scoring.errors import KINDS
from widgets.viewer.volume.layers import Layer, LayerKind, Look

if TYPE_CHECKING:
    from pathlib import Path

    from app.controllers.evaluate.pages import Key, Shown
    from engine.scoring.looking import ImageLook, LabelLook
    from engine.scoring.pairing import ScoredCase

ERRORS_OPACITY = 0.6
NO_FILES = (
    "Where the files of this case lie is not told, so that its errors cannot be shown. An "
    "evaluation of a checkpoint that segments keeps them where “Keep labels” is on; of other "
    "results, compare their folder with the references."
)


class Looking(QObject):
    """Shows the case of a line; the newest wish wins."""

    def __init__(self, panel: CasePanel, background: Background, parent: QObject) -> None:
        super().__init__(parent)
        self._panel, self._background = panel, background
        self._shown: Shown | None = None
        self._key: Key | None = None
        self._work: Work | None = None
        self._seen: str | None = None  # the case whose images are shown
        panel.labelChosen.connect(self._label_chosen)

    def setShown(self, shown: Shown) -> None:
        """Another evaluation; none of its cases is shown."""
        self._call_off()
        self._shown, self._key, self._seen = shown, None, None

    def show(self, place: int) -> None:
        """Show the case of a line."""
        if self._shown is not None:
            key = self._shown.keys[place]
            self._look(key, key.label)

    # --- inside

    def _label_chosen(self, label: int | None) -> None:
        if self._key is not None:
            self._look(self._key, label)

    def _case(self) -> ScoredCase | None:
        source: Any = self._shown.source if self._shown is not None else None
        if self._key is None or not hasattr(source, "files"):
            return None
        found: ScoredCase | None = source.files(self._key.case)
        return found

    def _look(self, key: Key, label: int | None) -> None:
        self._call_off()
        self._key = key
        shown = self._shown
        assert shown is not None, "there are lines to choose"
        source: Any = shown.source
        if shown.kind == "copies":
            self._read(key, self._reads_copy(source, key), self._show_copy(source, key))
            return
        case = self._case()
        if case is None:
            self._panel.clear(NO_FILES)
            return

        def read() -> Any:
            from engine.scoring import looking

            if shown.kind == "labels":
                return looking.look_at_labels(case, label, other=key.other)
            return looking.look_at_images(case, source.params, key.way)

        def show(found: Any) -> None:
            if shown.kind == "labels":
                self._show_errors(case, key, label, found)
            else:
                self._show_images(key, found)

        self._read(key, read, show)

    def _reads_copy(self, source: Any, key: Key) -> Callable[[], Any]:
        def read() -> Any:
            from engine.scoring.looking import look_at_copy

            return look_at_copy(source.nearest[key.place])

        return read

    def _show_copy(self, source: Any, key: Key) -> Callable[[Any], None]:
        one = source.nearest[key.place]
        title = f"{one.slice} and {one.training}: correlation {one.correlation:.3f}"
        return lambda found: self._panel.showCopy(title, found[0], found[1], mirrored=found[2])

    def _read(self, key: Key, read: Callable[[], Any], show: Callable[[Any], None]) -> None:
        def done(found: Any) -> None:
            self._work = None
            show(found)

        def failed(failure: Failure) -> None:
            self._work = None
            self._panel.clear(f"{failure.message} {failure.hint}")

        if self._panel.isEmpty():
            self._panel.clear(f"Reading {key.case}…")
        self._work = self._background.run(f"Reading {key.case}", read, done, failed)

    def _call_off(self) -> None:
        if self._work is not None:
            self._work.cancel()
            self._work = None

    def _show_errors(self, case: ScoredCase, key: Key, label: int | None, found: LabelLook) -> None:
        shown = self._shown
        assert shown is not None, "it was asked for"
        grid = grid_of(found.geometry)
        layers = []
        note = ""
        if found.image is not None:
            volume = found.image
            image = Layer(
                _name(case.image), volume.array, grid, slope=volume.slope,
                intercept=volume.intercept, channels=volume.channels, look=opening_look(volume),
            )  # fmt: skip
            image.unit = volume.unit
            layers.append(image)
        else:
            note = "Give the images, too, to see what lies below"
        errors = Layer(
            "Errors", found.kinds[np.newaxis], grid, LayerKind.LABELS,
            look=Look(opacity=ERRORS_OPACITY, smooth=False),
        )  # fmt: skip
        errors.setPalette({number: (*kind.colour, 255) for number, kind in KINDS.items()})
        layers.append(errors)
        self._panel.setLabels(shown.names, label)
        name = shown.names.get(label, "") if label is not None else "all labels"
        whose = f" ({shown.series[key.other]})" if len(shown.series) > 1 else ""
        counts = dict(found.counts)
        if label is not None:
            counts = {n: c for n, c in counts.items() if n in (1, 2, 3)}
        self._panel.showErrors(
            f"{key.case}: {name}{whose}", note, layers, grid.world(found.place), counts,
            flat=found.geometry.shape[0] == 1,
        )  # fmt: skip

    def _show_images(self, key: Key, found: ImageLook) -> None:
        grid = grid_of(found.geometry)
        layers = []
        for name, values in found.images.items():
            difference = name == "difference"
            look = Look()
            if difference:
                look = Look(high=float(values.max()) or 1.0, lut=MAP_COLOURS)
            layers.append(Layer(name, values[np.newaxis], grid, look=look))
        told = ", ".join(found.images)
        # Ways of one case are compared in one place.
        stays = key.case == self._seen and not self._panel.isEmpty()
        place = None if stays else grid.world(found.place)
        self._panel.showImages(f"{key.case}: {told}, from the left", "", layers, place)
        self._seen = key.case


def _name(path: Path | None) -> str:
    return "" if path is None else path.name
