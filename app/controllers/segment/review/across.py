"""The view whose slices cut an axis of the image's array."""

from __future__ import annotations

from widgets.viewer.volume.slice_view import SliceView
from widgets.viewer.volume.volume_view import VolumeView


def view_across(volume: VolumeView, axis: int) -> SliceView | None:
    """None while nothing is open."""
    for view in volume.views().values():
        plane = view.plane()
        if plane is not None and plane.axis == axis:
            return view
    return None
