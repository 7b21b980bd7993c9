"""What a result is like: how it was made, and how it goes together with its source."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PyQt6.QtCore import QObject

from app.controllers.translate.runs import Landed, plane_of
from app.controllers.translate.showing import Showing
from app.controllers.translate.steps import Steps
from app.study import Study
from app.workspaces.translate.view import TranslateView
from app.workspaces.translate.views import STEPS
from widgets.viewer.volume.cut import Cut

if TYPE_CHECKING:
    from engine.results import TranslationResult

Picture = NDArray[np.float32]

ONE_SLICE = "One slice is a preview; Translate makes the whole image"


class Telling(QObject):
    """Fills the tab about the result, and the joint histogram."""

    def __init__(
        self, study: Study, view: TranslateView, steps: Steps, showing: Showing, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._study, self._view, self._steps, self._showing = study, view, steps, showing
        self._pair: tuple[Picture, Picture] | None = None
        showing.resultChanged.connect(self._tell)
        showing.modeChanged.connect(self._count)
        showing.resultChanged.connect(self._count)
        steps.changed.connect(self._count)
        for name, each in ((n, view.views.view(n)) for n in view.views.stacks):
            each.pointerMoved.connect(lambda at, name=name: self._point(name, at))
            each.indexChanged.connect(lambda _: self._count_result())
        self._tell()

    # --- about the result

    def _tell(self) -> None:
        landed, panel = self._showing.landed(), self._view.dock.result
        panel.setRows(() if landed is None else rows_of(landed))
        if landed is None or landed.index is None:
            panel.setUsable(landed is not None)
        else:
            panel.setUsable(False, ONE_SLICE)

    # --- the joint histogram

    def _count_result(self) -> None:
        if self._view.views.mode() != STEPS:
            self._count()

    def _count(self) -> None:
        steps = self._view.views.mode() == STEPS
        self._pair = self._of_steps() if steps else self._of_result()
        joint = self._view.dock.joint
        joint.setTitles("Source", "Estimate x0_hat" if steps else "Result")
        joint.setMark(None)
        if self._pair is None:
            joint.setPair(None, None)
            return
        source, made = self._pair
        body = source > 0  # what is black in the source is background, and would be most of it
        joint.setPair(source[body], made[body])

    def _of_steps(self) -> tuple[Picture, Picture] | None:
        film, state = self._steps.film(), self._steps.seen()
        if film is None or film.guide is None or state is None or state.frame.x0_hat is None:
            return None
        return film.guide, state.frame.x0_hat

    def _of_result(self) -> tuple[Picture, Picture] | None:
        """The slice in view, in the shares of black to white that the network saw."""
        landed, image = self._showing.landed(), self._study.image()
        view = self._view.views.currentView()
        plane, grid = view.plane(), view.grid()
        if landed is None or image is None or plane is None or grid is None:
            return None
        if landed.index is not None and (
            plane.axis != plane_of(landed.volume, landed.plane).axis or view.index() != landed.index
        ):
            return None
        seen = Cut(plane, grid, view.index(), self._channel(landed))
        source = _grey(seen.stored(image)) * np.float32(image.slope) + np.float32(image.intercept)
        made = plane.slice(landed.result.image, view.index())
        told = landed.result.provenance["intensity"]
        return _share(source, told["low"], told["high"]), _share(made, *landed.result.window)

    @staticmethod
    def _channel(landed: Landed) -> int:
        return int(landed.result.provenance["parameters"]["channel"])

    def _point(self, name: str, voxel: tuple[int, int, int] | None) -> None:
        """Ring the values under the pointer."""
        joint, pair = self._view.dock.joint, self._pair
        view = self._view.views.view(name)
        grid, film = view.grid(), self._steps.film()
        if voxel is None or pair is None or grid is None:
            joint.setMark(None)
            return
        if self._view.views.mode() == STEPS:
            assert film is not None, "steps belong to a run"
            assert film.grid is not None, "and lie somewhere"
            slice_, row, column = (round(p) for p in film.grid.voxel(grid.world(voxel)))
            inside = slice_ == 0
        else:
            plane = view.plane()
            assert plane is not None, "there is a voxel"
            x, y, _ = plane.point(voxel)
            row, column, inside = int(y), int(x), True
        height, width = pair[0].shape
        if inside and 0 <= row < height and 0 <= column < width:
            joint.setMark((float(pair[0][row, column]), float(pair[1][row, column])))
        else:
            joint.setMark(None)


def rows_of(landed: Landed) -> list[tuple[str, str]]:
    """(What, how) of a result, in the order of what matters."""
    result = landed.result
    told = result.provenance
    intensity, parameters = told["intensity"], told["parameters"]
    low, high = intensity["written"]
    rows = [
        ("Synthetic", "made by a diffusion model; not measured, not for diagnosis"),
        ("Source", landed.volume.source.name),
        ("Checkpoint", " · ".join(dict.fromkeys((landed.title, told["checkpoint"]["name"])))),
        ("Slices", _slices(result, landed)),
        ("Steps", _run(told, parameters)),
        ("Black and white", f"{intensity['low']:.4g} and {intensity['high']:.4g} of the source"),
        ("Rule", str(intensity["rule"])),
        ("Values", f"{low:.4g} to {high:.4g}"),
        ("Seed", str(parameters["seed"])),
    ]
    rows += [("Note", note) for note in result.notes]
    if landed.file is not None:
        rows.append(("Kept in", str(landed.file)))
    return rows


def _slices(result: TranslationResult, landed: Landed) -> str:
    told = result.provenance["slices"]
    height, width = told["pixels"]
    count = f"{told['translated']} of {told['of']}"
    return f"{count}, {landed.plane.value}, seen in {width} × {height} px"


def _run(told: Mapping[str, Any], parameters: Mapping[str, Any]) -> str:
    run = told["run"]
    sampler = "DDIM" if parameters["sampler"] == "ddim" else "DDPM"
    guided = "by local mutual information" if parameters["guidance"] != "none" else "by nothing"
    more = [
        f"{parameters[name]} {name}" for name in ("repetitions", "samples") if parameters[name] > 1
    ]
    first = f"{run['network calls']} of {sampler} from noise level {run['noise level']}"
    return ", ".join([first, f"guided {guided}", *more])


def _grey(values: NDArray[Any]) -> Picture:
    """Colours as the network sees them."""
    if values.ndim == 3:
        from engine.data.segmentation.preparation import LUMA

        return np.asarray(values @ LUMA, np.float32)
    return np.asarray(values, np.float32)


def _share(values: Picture, low: float, high: float) -> Picture:
    return np.clip((values - low) / max(high - low, 1e-12), 0, 1, dtype=np.float32)
