"""Commands that look through what a method found, and the panel that shows it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PyQt6.QtWidgets import QWidget

from app.actions import Actions
from app.workspaces.segment.space import SegmentSpace

KEY, GO, VIEW = "segment", "&Go", "&View"
DOCK_KEYS = ("F8",)
Slot = Callable[[], object]


def add_review_commands(actions: Actions, space: SegmentSpace) -> None:
    """Add them; keys of viewer commands are the keymap's."""
    doubt = space.reviewing.doubt
    actions.separate(GO)
    rows: tuple[tuple[str, str, str, Slot], ...] = (
        (GO, "doubt.next", "Next doubtful place", partial(doubt.step, 1)),
        (GO, "doubt.previous", "Doubtful place before", partial(doubt.step, -1)),
        (GO, "doubt.done", "Tick off and go on", doubt.done),
        (GO, "doubt.slice", "Most doubtful slice", doubt.goToSlice),
        (GO, "votes.go", "Slice of the votes", space.reviewing.votes.go),
        (VIEW, "doubt.outline", "Outline where votes disagree", doubt.toggleOutline),
    )
    for menu, name, text, slot in rows:
        actions.add(menu, name, text, slot, context="viewer", space=KEY)


def add_dock_command(actions: Actions, space: SegmentSpace) -> None:
    """Show and hide the panel below the views."""
    toggle = space.view.toggleDock
    actions.add(VIEW, "segment.dock", "Panel &below the views", toggle, DOCK_KEYS, space=KEY)


def controls(space: SegmentSpace) -> dict[str, tuple[QWidget, ...]]:
    """What is clicked for a command, to say its key."""
    dock = space.view.dock
    panel = dock.doubt
    return {
        "doubt.next": (panel.next_button,),
        "doubt.previous": (panel.previous_button,),
        "doubt.done": (panel.done_button,),
        "doubt.slice": (panel.slice_button,),
        "doubt.outline": (panel.outline_button,),
        "votes.go": (dock.votes.go,),
        "segment.dock": (dock.hide_button, space.view.header.dock),
    }
