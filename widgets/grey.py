"""Arrays as Qt images."""

from __future__ import annotations

import numpy as np
from PyQt6.QtCore import QSize, Qt
from PyQt6.QtGui import QImage


def grey_image(array: np.ndarray, low: float, high: float) -> QImage:
    """A QImage (8-bit grey, owning its memory) of `array`.

    Args:
        array: (H, W), uint8 as it is, or floating point with [low, high] shown as black to
            white; what lies outside is clipped and NaN is black.
        low, high: value range of floating-point arrays, low < high.

    Raises:
        ValueError: the array is not two-dimensional or empty, or the range is.
    """
    if array.ndim != 2 or array.size == 0:
        raise ValueError(f"a grey image has the shape (H, W), this array has {array.shape}")
    if array.dtype == np.uint8:
        grey = array
    else:
        if not low < high:
            raise ValueError(f"the value range {low} to {high} is empty")
        scaled = (array.astype(np.float32) - low) * (255.0 / (high - low))
        grey = np.clip(np.nan_to_num(scaled, nan=0.0), 0, 255).astype(np.uint8)
    grey = np.ascontiguousarray(grey)
    height, width = grey.shape
    # .copy(): the image must outlive the array whose memory it would otherwise share.
    return QImage(grey.tobytes(), width, height, width, QImage.Format.Format_Grayscale8).copy()


def colour_image(array: np.ndarray) -> QImage:
    """A QImage (8-bit RGB, owning its memory) of `array`, (H, W, 3) uint8.

    Raises:
        ValueError: the array is something else, or empty.
    """
    if array.ndim != 3 or array.shape[2] != 3 or array.dtype != np.uint8 or array.size == 0:
        raise ValueError(f"a colour image is (H, W, 3) uint8, not {array.shape} {array.dtype}")
    height, width, _ = array.shape
    data = np.ascontiguousarray(array).tobytes()
    return QImage(data, width, height, 3 * width, QImage.Format.Format_RGB888).copy()


def fitted(image: QImage, size: QSize, ratio: float) -> QImage:
    """`image` resampled to `size` logical pixels of a screen with this device pixel ratio."""
    scaled = image.scaled(
        size * ratio,
        Qt.AspectRatioMode.IgnoreAspectRatio,
        Qt.TransformationMode.SmoothTransformation,
    )
    scaled.setDevicePixelRatio(ratio)
    return scaled
