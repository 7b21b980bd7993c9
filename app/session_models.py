"""What a session of the volume viewer and editor consists of, as plain values."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, Literal

from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, JsonValue

from app.label_record import LabelRecord, Rows
from app.session_paths import FileRef
from widgets.viewer.volume.layers import Blend, Look

VERSION = 1
Point = tuple[float, float, float]


class _Saved(BaseModel):
    # Infinite thresholds and windows have to come back as they were.
    model_config = ConfigDict(ser_json_inf_nan="constants", arbitrary_types_allowed=True)


class ImageState(_Saved):
    """An open image or map.

    Attributes:
        name: Of its layer.
        file: Where its values are.
        kind: As `widgets.viewer.volume.layers.LayerKind`, but for labels.
    """

    name: str
    file: FileRef
    kind: Literal["image", "map"] = "image"


class MaskState(_Saved):
    """A label volume.

    Attributes:
        name: Of its layer.
        shape: (D, H, W).
        affine: (4, 4), voxel (i, j, k) to RAS+ mm.
        file: Where it was opened from or saved to, if anywhere.
        labels: (D, H, W) uint8 or uint16 with edits that are not in `file`, else None.
        member: Where the session file keeps `labels`; set by `save_session`.
        table: The label table.
        active: The active label.
    """

    name: str
    shape: tuple[int, int, int]
    affine: Rows
    file: FileRef | None = None
    labels: NDArray[Any] | None = Field(default=None, exclude=True)
    member: str = ""
    table: tuple[LabelRecord, ...] = ()
    active: int = Field(default=1, ge=0)


class LookState(_Saved):
    """As `widgets.viewer.volume.layers.Look`."""

    low: float = 0.0
    high: float = 1.0
    lut: str = "grey"
    invert: bool = False
    opacity: float = Field(default=1.0, ge=0.0, le=1.0)
    blend: str = "over"
    visible: bool = True
    outlined: bool = False
    smooth: bool = True
    threshold: float | None = None
    threshold_high: float | None = None

    @staticmethod
    def of(look: Look) -> LookState:
        return LookState.model_validate({**asdict(look), "blend": look.blend.value})

    def look(self) -> Look:
        """How it was; a blend that only a later version knows is the plain one."""
        blends = {blend.value: blend for blend in Blend}
        return Look(**{**self.model_dump(), "blend": blends.get(self.blend, Blend.OVER)})


class LayerState(_Saved):
    """One layer: the image or mask at `place` of the session's list, and how it looks."""

    kind: Literal["image", "mask"]
    place: int = Field(ge=0)
    look: LookState = LookState()


class MeasurementState(_Saved):
    """A ruler, an angle or a region.

    Attributes:
        kind: For example "ruler".
        points: In RAS+ mm.
        name: As the user called it.
        values: What else it needs to be shown again.
    """

    kind: str
    points: tuple[Point, ...]
    name: str = ""
    values: dict[str, JsonValue] = {}


class SessionState(_Saved):
    """All that a session brings back; undo is not part of it.

    Attributes:
        version: Of this format.
        program: What wrote it.
        images, masks: What was open.
        layers: From the lowest to the highest.
        active_layer: Place in `layers`, or None.
        layout: Name of the layout, with what it needs besides in `layout_values`.
        crosshair: In RAS+ mm.
        time: Point in time on show.
        radiological: Whether the patient's right is shown at the left.
        measurements: See `MeasurementState`.
        tool: Name of the tool in hand.
        tools: Settings of the tools by name.
    """

    version: int = VERSION
    program: str = ""
    images: tuple[ImageState, ...] = ()
    masks: tuple[MaskState, ...] = ()
    layers: tuple[LayerState, ...] = ()
    active_layer: int | None = None
    layout: str = ""
    layout_values: dict[str, JsonValue] = {}
    crosshair: Point | None = None
    time: int = Field(default=0, ge=0)
    radiological: bool = True
    measurements: tuple[MeasurementState, ...] = ()
    tool: str = ""
    tools: dict[str, JsonValue] = {}

    def files(self) -> tuple[FileRef, ...]:
        """The files that are needed to open it."""
        needed = [image.file for image in self.images]
        needed += [m.file for m in self.masks if m.file is not None and not m.member]
        return tuple(needed)
