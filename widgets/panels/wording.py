"""Rates and times as people say them."""

from __future__ import annotations

import math


def duration(seconds: float) -> str:
    """`seconds` (not negative) in its two largest units: '14 s', '2 min 05 s', '1 h 12 min'."""
    whole = math.ceil(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    minutes = round(whole / 60)
    if minutes < 24 * 60:
        return f"{minutes // 60} h {minutes % 60:02d} min"
    hours = round(minutes / 60)
    return f"{hours // 24} d {hours % 24} h"


def rate(steps_per_second: float, step: str = "steps") -> str:
    """'12.3 steps/s', or '4.0 s/step' where a step takes longer than a second.

    Args:
        step: What is counted: "steps", or a short word such as "it".
    """
    if steps_per_second >= 100:
        return f"{steps_per_second:.0f} {step}/s"
    if steps_per_second >= 1:
        return f"{steps_per_second:.1f} {step}/s"
    return f"{1 / steps_per_second:.1f} s/{step.removesuffix('s')}"


def file_size(count: int) -> str:
    """Bytes in the unit that leaves at most four digits: '740 B', '4.9 MB', '28 MB', '1.2 GB'."""
    size = float(count)
    for unit in ("B", "kB", "MB"):
        if size < 999.5:
            return f"{size:.0f} {unit}" if unit == "B" or size >= 9.95 else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} GB"
