"""Names and colours of the structures that a segmenter finds."""

from __future__ import annotations

from collections.abc import Mapping

from engine.data.volumes.label_table import LabelEntry

COLOURS = (
    (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 0), (0, 255, 255), (255, 0, 255),
)  # fmt: skip


def table_of(names: Mapping[int, str]) -> tuple[LabelEntry, ...]:
    """Names with colours, without the background."""
    return tuple(
        LabelEntry(value, name, COLOURS[(value - 1) % len(COLOURS)])
        for value, name in names.items()
        if value
    )


def card_labels(names: Mapping[int, str]) -> dict[str, dict[str, str]]:
    """For `Card.labels`."""
    return {
        str(entry.value): {"name": entry.name, "color": f"#{bytes(entry.colour).hex().upper()}"}
        for entry in table_of(names)
    }
