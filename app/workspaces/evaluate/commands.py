"""What the commands of the Evaluate workspace are called and what they do."""

from __future__ import annotations

from functools import partial

from app.actions import Actions, Slot
from app.key_tips import KeyTips
from app.workspaces.evaluate.space import EvaluateSpace

KEY = "evaluate"
FILE, RUN = "&File", "&Run"


def add_commands(actions: Actions, space: EvaluateSpace) -> None:
    """Add them to the window's, for the time that this workspace is shown."""
    rows: tuple[tuple[str, str, str, Slot, tuple[str, ...]], ...] = (
        (FILE, "evaluate.open", "&Open evaluation…", space.askOpen, ("Ctrl+O",)),
        (FILE, "evaluate.html", "Export &report…", partial(space.export, "html"), ("Ctrl+S",)),
        (FILE, "evaluate.pdf", "Export report as &PDF…", partial(space.export, "pdf"), ()),
        (FILE, "evaluate.csv", "Export &table…", partial(space.export, "csv"), ()),
        (FILE, "evaluate.json", "Export all &figures…", partial(space.export, "json"), ()),
        (FILE, "evaluate.close", "&Close evaluation", space.leave, ("Ctrl+W",)),
        (RUN, "evaluate.run", "&Evaluate", space.running.run, ("Ctrl+Return", "Ctrl+Enter")),
    )
    for menu, name, text, slot, keys in rows:
        actions.add(menu, name, text, slot, keys, space=KEY)
    view = space.view
    controls = {"evaluate.open": (view.start.open_file,), "evaluate.run": (view.setup.run,)}
    KeyTips(actions.keymap, controls, space)

    def follow() -> None:
        shown = space.current()
        actions.enable(("evaluate.csv", "evaluate.json", "evaluate.close"), shown is not None)
        actions.enable(
            ("evaluate.html", "evaluate.pdf"), shown is not None and shown.kind != "copies"
        )

    space.changed.connect(follow)
    follow()
