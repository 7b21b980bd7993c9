"""Numbers and names in sentences for people."""

from __future__ import annotations

from collections.abc import Sequence

SHOWN = 5


def listed(items: Sequence[object], shown: int = SHOWN) -> str:
    """The first few, and how many more there are."""
    more = f" and {len(items) - shown} more" if len(items) > shown else ""
    return ", ".join(str(item) for item in items[:shown]) + more


def counted(count: int, what: str) -> str:
    """For example "1 image", "3,000 images"."""
    return f"{count:,} {what}" if count == 1 else f"{count:,} {what}s"
