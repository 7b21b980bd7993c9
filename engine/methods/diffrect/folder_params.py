"""Parameters of a job that segments a folder; loads no torch."""

from __future__ import annotations

from engine.data.segmentation.folder_params import FolderParams
from engine.methods.diffrect.params import SegmentParams


class SegmentFolderParams(FolderParams, SegmentParams):
    """Find the structures of all images of a folder, slice by slice."""
