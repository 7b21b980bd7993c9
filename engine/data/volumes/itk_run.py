"""Runs ITK's filters so that they can be watched and cancelled."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.data.volumes.limits import Watch
from engine.failures import Caught

if TYPE_CHECKING:
    import SimpleITK as sitk


def executed(process: Any, *images: sitk.Image, watch: Watch | None = None) -> sitk.Image:
    """What a SimpleITK filter makes of images.

    Args:
        process: With all settings; it is not to be used by others meanwhile.
        images: Its inputs.
        watch: Told the share done, 0 to 1; what it raises ends the filter and is passed on.
    """
    if watch is None:
        return process.Execute(*images)
    import SimpleITK as sitk

    caught = Caught(BaseException)

    def look() -> None:
        # An exception must not pass through ITK.
        if caught.error is None:
            with caught:
                watch(process.GetProgress())
        if caught.error is not None:
            process.Abort()

    process.AddCommand(sitk.sitkProgressEvent, look)
    try:
        result = process.Execute(*images)
    except RuntimeError:
        if caught.error is None:
            raise
    finally:
        process.RemoveAllCommands()
    if caught.error is not None:
        raise caught.error
    return result
