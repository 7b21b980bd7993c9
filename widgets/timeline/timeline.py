"""The denoising timeline: a filmstrip of key steps with playback and export."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence

from PyQt6.QtCore import Qt, QTimer, pyqtSignal
from PyQt6.QtGui import QHideEvent, QImage
from PyQt6.QtWidgets import QVBoxLayout, QWidget

from widgets.grey import grey_image
from widgets.timeline.film import Column
from widgets.timeline.frame import Frame
from widgets.timeline.strip import Strip
from widgets.timeline.transport import Transport

ROWS: tuple[str, ...] = ("x_t", "x0_hat")
_FRAMES_PER_SECOND = 10
# A thumbnail is never painted larger than this on the screens that there are.
_KEPT_SIDE = 384


class Timeline(QWidget):
    """Key steps of one reverse process, x_t over x0_hat.

    Frames may be added while the process runs. As long as the view follows (the user has not
    gone back), the newest frame is the current one. `currentChanged` carries the position in
    `frames()`, -1 when there is none; `exportRequested` one of 'strip', 'gif', 'frames'.
    """

    currentChanged = pyqtSignal(int)
    exportRequested = pyqtSignal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._frames: list[Frame] = []
        self._rows: tuple[str, ...] = ROWS
        self._range = (-1.0, 1.0)
        self._current = -1
        self._speed = 1.0
        self._clock = QTimer(self)
        self._clock.timeout.connect(self._tick)
        self._strip = Strip(self)
        self._strip.setRows(self._rows)
        self._strip.setEmptyText("The denoising steps appear here")
        self._strip.setAccessibleName("Denoising steps")
        self._strip.picked.connect(self._pick)
        self._strip.playToggled.connect(self.togglePlaying)
        self._bar = Transport(self)
        self._bar.playToggled.connect(self.togglePlaying)
        self._bar.speedPicked.connect(self.setSpeed)
        self._bar.followToggled.connect(self._follow_toggled)
        self._bar.exportRequested.connect(self.exportRequested)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(self._bar)
        column.addWidget(self._strip, 1)
        self._refresh()

    # Frames

    def clear(self) -> None:
        """Forget all frames, stop playing, and follow again."""
        self.stop()
        self._frames.clear()
        self._strip.setColumns(())
        self._bar.setFollows(True)
        self._go(-1)

    def addFrame(self, frame: Frame) -> None:
        """Show a step; one with the same index in the same run takes an earlier one's place.

        Raises:
            ValueError: an array of the frame is not (H, W).
        """
        column = self._column(frame)
        position = bisect_left([f.place for f in self._frames], frame.place)
        replace = position < len(self._frames) and self._frames[position].place == frame.place
        if replace:
            self._frames[position] = frame
        else:
            self._frames.insert(position, frame)
        self._strip.put(position, column, replace)
        if self.isFollowing():
            self._go(len(self._frames) - 1, force=replace)
        elif not replace and position <= self._current:
            self._go(self._current + 1, force=True)
        else:
            self._refresh()

    def frames(self) -> tuple[Frame, ...]:
        """All frames in the order of their runs and indices, with the arrays as they were given."""
        return tuple(self._frames)

    def current(self) -> int:
        """Position of the current frame in `frames()`; -1 when there is none."""
        return self._current

    def currentFrame(self) -> Frame | None:
        return self._frames[self._current] if self._current >= 0 else None

    def setCurrent(self, position: int) -> None:
        """Go to a frame.

        Raises:
            IndexError: there is no such position.
        """
        if not 0 <= position < len(self._frames):
            raise IndexError(f"there is no frame {position} among {len(self._frames)}")
        self._go(position)

    def setValueRange(self, low: float, high: float) -> None:
        """Values of floating-point frames shown as black and as white; (-1, 1) at first."""
        self._range = (low, high)
        self._rebuild()

    def setRows(self, rows: Sequence[str]) -> None:
        """Which pictures of the frames to show, from the top: 'x_t', 'x0_hat', or their ways.

        Raises:
            ValueError: none.
        """
        if not rows:
            raise ValueError("a filmstrip has rows")
        self._rows = tuple(rows)
        self._strip.setRows(self._rows)
        self._rebuild()

    def setSmallest(self, thumb: int) -> None:
        """How high thumbnails are at least, in logical pixels."""
        self._strip.setSmallest(thumb)

    # Playback

    def isPlaying(self) -> bool:
        return self._clock.isActive()

    def play(self) -> None:
        """Play from the current frame, or from the first when the last is shown."""
        if len(self._frames) < 2:
            return
        self._bar.setFollows(False)
        if self._current >= len(self._frames) - 1:
            self._go(0)
        self._clock.start(round(1000 / (_FRAMES_PER_SECOND * self._speed)))
        self._refresh()

    def stop(self) -> None:
        self._clock.stop()
        self._refresh()

    def togglePlaying(self) -> None:
        if self.isPlaying():
            self.stop()
        else:
            self.play()

    def setSpeed(self, speed: float) -> None:
        """Speed of the playback, as a factor."""
        self._speed = speed
        self._bar.setSpeed(speed)
        if self.isPlaying():
            self._clock.setInterval(round(1000 / (_FRAMES_PER_SECOND * speed)))

    def isFollowing(self) -> bool:
        return self._bar.follows()

    def setFollowing(self, following: bool) -> None:
        """Whether a new frame becomes the current one."""
        self._bar.setFollows(following)

    def hideEvent(self, event: QHideEvent | None) -> None:
        self.stop()
        super().hideEvent(event)

    # Inside

    def _column(self, frame: Frame) -> Column:
        arrays = frame.pictures()
        images: list[QImage | None] = []
        for row in self._rows:
            array = arrays.get(row)
            images.append(None if array is None else _thumbnail(grey_image(array, *self._range)))
        return Column(frame.caption(), tuple(images))

    def _rebuild(self) -> None:
        self._strip.setColumns([self._column(frame) for frame in self._frames])

    def _pick(self, position: int) -> None:
        self.stop()
        self._bar.setFollows(position == len(self._frames) - 1, silent=True)
        self._go(position)

    def _follow_toggled(self, following: bool) -> None:
        if following and self._frames:
            self.stop()
            self._go(len(self._frames) - 1)

    def _tick(self) -> None:
        if self._current < len(self._frames) - 1:
            self._go(self._current + 1)
        elif self._bar.repeats():
            self._go(0)
        else:
            self.stop()

    def _go(self, position: int, force: bool = False) -> None:
        moved = position != self._current
        self._current = position
        if moved or force:
            self._strip.setCurrent(position)
            self.currentChanged.emit(position)
        self._refresh()

    def _refresh(self) -> None:
        frame = self.currentFrame()
        where = "" if frame is None else f"Step {frame.index} of {frame.total}   {frame.caption()}"
        self._bar.showState(self.isPlaying(), len(self._frames), where)


def _thumbnail(image: QImage) -> QImage:
    if max(image.width(), image.height()) <= _KEPT_SIDE:
        return image
    return image.scaled(
        _KEPT_SIDE,
        _KEPT_SIDE,
        Qt.AspectRatioMode.KeepAspectRatio,
        Qt.TransformationMode.SmoothTransformation,
    )
