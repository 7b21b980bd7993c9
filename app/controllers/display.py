"""What the image, the timeline and the contact sheet show of a run and of its result."""

from __future__ import annotations

import numpy as np
from PyQt6.QtCore import QObject

from app.controllers.recording import Recording
from app.session import Session
from app.workspaces.synthesize import SynthesizeView
from engine.events import JobPreview
from engine.results import SynthesisResult
from widgets.timeline.frame import Frame

BADGE = "SYNTHETIC"


class Display(QObject):
    """Two recordings at most: the one on show, and the one that is being made.

    A run that the user asked for is followed step by step; one that follows the drawing replaces
    what is on show when it is complete, so that the picture never falls back to noise.
    """

    def __init__(self, session: Session, view: SynthesizeView, parent: QObject) -> None:
        super().__init__(parent)
        self._session = session
        self._view = view
        self._shown: Recording | None = None
        self._coming: Recording | None = None
        self._followed = False
        self._pixel: tuple[int, int] | None = None
        self._mask: np.ndarray | None = None
        self._outlined: np.ndarray | None = None
        view.timeline.currentChanged.connect(self._step_changed)
        view.header.shownChanged.connect(lambda _: self._paint())
        view.header.outlineChanged.connect(self._outline_changed)
        view.header.resetRequested.connect(view.image.resetWindowLevel)
        view.image.pixelClicked.connect(self._trace_pixel)
        view.sheet.selected.connect(session.select)
        view.sheet.activated.connect(lambda _: view.tabs.setCurrentWidget(view.steps))
        session.selectedChanged.connect(lambda _: self._show_selected())
        session.staleChanged.connect(view.image.setStale)

    def recording(self) -> Recording | None:
        """The run whose frames are in the timeline."""
        return self._coming if self._followed else self._shown

    def isFollowing(self) -> bool:
        """Whether a run is shown that has not ended."""
        return self._followed

    def begin(self, recording: Recording) -> None:
        """A run has started."""
        self._coming = recording
        self._followed = not recording.job.live or self._session.result is None
        if self._followed:
            self._session.select(0)
            self._view.timeline.clear()
            self._view.tabs.setTabText(1, "Variants")
            self._view.sheet.clear()
            self._forget_pixel()

    def preview(self, event: JobPreview) -> None:
        """A step of the run that has begun."""
        run = self._coming
        if run is None:
            return
        places = run.add(event)
        if not self._followed:
            return
        self._show_in_sheet(run, places)
        if self._session.selected in places:
            if event.key:
                self._view.timeline.addFrame(run.latest[self._session.selected])
            self._paint()

    def finish(self, result: SynthesisResult) -> None:
        """The run has made its images."""
        followed, self._followed = self._followed, False
        self._shown, self._coming = self._coming, None
        place = self._session.selected if followed else 0
        self._session.set_result(result)
        captions = [f"seed {seed}" for seed in result.seeds]
        self._view.sheet.setImages(list(result.images), captions)
        count = len(result.images)
        self._view.tabs.setTabText(1, f"Variants ({count})" if count > 1 else "Variants")
        self._session.select(min(place, count - 1))
        self._view.sheet.setCurrent(self._session.selected)
        self._show_selected()

    def abandon(self, recording: Recording) -> None:
        """A run has ended without a result; show again what there was."""
        if recording is not self._coming:
            return
        followed, self._followed = self._followed, False
        self._coming = None
        if followed:
            result = self._session.result
            images = [] if result is None else list(result.images)
            captions = [] if result is None else [f"seed {seed}" for seed in result.seeds]
            self._view.sheet.setImages(images, captions)
            self._session.select(0)
            self._show_selected()

    # --- what is seen

    def _show_selected(self) -> None:
        """The frames and the image of the variant that is looked at."""
        run = self.recording()
        timeline = self._view.timeline
        timeline.clear()
        for frame in run.frames.get(self._session.selected, ()) if run is not None else ():
            timeline.addFrame(frame)
        self._paint()
        self._show_trace()

    def _show_in_sheet(self, run: Recording, places: list[int]) -> None:
        count = int(run.job.params.model_dump()["variants"])
        sheet = self._view.sheet
        if count == 1:
            return
        if sheet.count() != count:
            blank = np.zeros_like(run.mask, dtype=np.uint8)
            seed = int(run.job.params.model_dump()["seed"])
            sheet.setImages([blank] * count, [f"seed {seed + i}" for i in range(count)])
            sheet.setCurrent(self._session.selected)
            self._view.tabs.setTabText(1, f"Variants ({count})")
        for place in places:
            state = run.latest[place].x0_hat
            if state is not None:
                sheet.setImage(place, _unit(state))

    def _step_changed(self, place: int) -> None:
        self._paint()
        if self._view.hasTrace():
            self._view.trace().setCurrent(place)

    def _paint(self) -> None:
        frame = self._frame()
        result = self._session.result
        if frame is not None:
            shown = self._view.header.shown()
            name = "x0_hat" if shown == "x0_hat" else "x_t"
            state = frame.x0_hat if name == "x0_hat" else frame.x_t
            assert state is not None, "recordings keep both states"
            run = self.recording()
            assert run is not None, "frames belong to a recording"
            info = f"{name}   {frame.caption()}   step {frame.index} of {frame.total}"
            self._put(_unit(state), run.mask, info)
        elif result is not None:
            height, width = result.mask.shape
            seed = result.seeds[self._session.selected]
            info = f"seed {seed}   {width} × {height}"
            self._put(result.images[self._session.selected], result.mask, info)
        else:
            self._mask = self._outlined = None
            self._view.image.setImage(None)
            self._view.image.setOutline(None)
            self._view.image.setBadge("")

    def _frame(self) -> Frame | None:
        """The step to show; None for the finished image."""
        run, timeline = self.recording(), self._view.timeline
        if run is None:
            return None
        if timeline.isFollowing():
            if self._followed:
                return run.latest.get(self._session.selected)
            if self._view.header.shown() == "result":
                return None
        return timeline.currentFrame()

    def _put(self, image: np.ndarray, mask: np.ndarray, info: str) -> None:
        view = self._view.image
        view.setImage(image, (0.0, 1.0))
        self._mask = mask
        self._draw_outline()
        view.setInfo(info)
        view.setBadge(BADGE)

    def _outline_changed(self, opacity: float) -> None:
        self._view.image.setOutlineOpacity(opacity)
        self._draw_outline()

    def _draw_outline(self) -> None:
        # A contour takes some milliseconds, and most of the time nobody looks at it.
        if self._mask is not self._outlined and self._view.image.outlineOpacity() > 0:
            self._outlined = self._mask
            self._view.image.setOutline(self._mask)

    # --- one pixel through time

    def _trace_pixel(self, x: int, y: int) -> None:
        if self.recording() is None:
            return
        self._pixel = (x, y)
        self._view.image.setMarker(x, y)
        self._view.tabs.setCurrentWidget(self._view.steps)
        self._show_trace()

    def _show_trace(self) -> None:
        run = self.recording()
        if self._pixel is None or run is None:
            return
        x, y = self._pixel
        frames = run.frames.get(self._session.selected, [])
        if y >= run.mask.shape[0] or x >= run.mask.shape[1]:
            self._forget_pixel()
            return
        trace = self._view.trace()
        trace.setPixel(x, y)
        trace.setSeries(
            [frame.t for frame in frames],
            [float(frame.x_t[y, x]) for frame in frames if frame.x_t is not None],
            [float(frame.x0_hat[y, x]) for frame in frames if frame.x0_hat is not None],
        )
        trace.setCurrent(self._view.timeline.current())

    def _forget_pixel(self) -> None:
        self._pixel = None
        self._view.image.clearMarker()
        if self._view.hasTrace():
            self._view.trace().clear()


def _unit(state: np.ndarray) -> np.ndarray:
    """From the network's [-1, 1] to [0, 1]; noise reaches beyond on both sides."""
    return (state + np.float32(1)) * np.float32(0.5)
