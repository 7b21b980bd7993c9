"""Numbers and names in sentences for people."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import ValidationError

SHOWN = 5


def listed(items: Sequence[object], shown: int = SHOWN) -> str:
    """The first few, and how many more there are."""
    more = f" and {len(items) - shown} more" if len(items) > shown else ""
    return ", ".join(str(item) for item in items[:shown]) + more


def sentence(phrase: str) -> str:
    """A phrase, such as a note on an image, as a sentence of its own."""
    return f"{phrase[:1].upper()}{phrase[1:]}."


def first_fault(error: ValidationError, whole: str = "") -> str:
    """Of the first value that cannot be, its place and what is wrong with it.

    Args:
        whole: What the place is called where all of it is wrong.
    """
    first = error.errors()[0]
    where = ".".join(map(str, first["loc"])) or whole
    return f"{where}: {first['msg']}" if where else first["msg"]


def counted(count: int, what: str) -> str:
    """For example "1 image", "3,000 images"."""
    return f"{count:,} {what}" if count == 1 else f"{count:,} {what}s"
