"""Procedural, seeded, anatomically plausible images that belong to nobody."""

from engine.data.phantoms.geometry import Landmark, Segment, Stroke, VesselTree
from engine.data.phantoms.growth import TreeParams
from engine.data.phantoms.render import (
    PHANTOM_METADATA,
    render_angiography,
    render_fundus,
    render_octa,
)
from engine.data.phantoms.vessels import grow_from_mask, grow_vessel_tree

__all__ = [
    "PHANTOM_METADATA",
    "Landmark",
    "Segment",
    "Stroke",
    "TreeParams",
    "VesselTree",
    "grow_from_mask",
    "grow_vessel_tree",
    "render_angiography",
    "render_fundus",
    "render_octa",
]
