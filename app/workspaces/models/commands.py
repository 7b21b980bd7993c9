"""What the commands of the Models workspace are called and what they do."""

from __future__ import annotations

from app.actions import Actions, Slot
from app.key_tips import KeyTips
from app.model_uses import use_of
from app.workspaces.models.space import ModelsSpace

KEY = "models"
FILE, EDIT, RUN = "&File", "&Edit", "&Run"
OF_ONE = ("models.export", "models.folder", "models.path", "models.hash")


def add_commands(actions: Actions, space: ModelsSpace) -> None:
    """Add them to the window's, for the time that this workspace is shown."""
    keeping = space.keeping
    rows: tuple[tuple[str, str, str, Slot, tuple[str, ...]], ...] = (
        (FILE, "models.import", "&Import published weights…", space.importing.open, ("Ctrl+O",)),
        (FILE, "models.export", "&Export model…", space.export, ("Ctrl+Shift+E",)),
        (FILE, "models.folder", "Show &folder of the model", keeping.showFolder, ()),
        (FILE, "models.trash", "Move model to &trash…", keeping.trash, ("Delete",)),
        (EDIT, "models.search", "&Search models", space.search, ("Ctrl+F",)),
        (EDIT, "models.edit", "&Edit title and notes…", keeping.edit, ("F2",)),
        (EDIT, "models.path", "Copy &path", keeping.copyPath, ()),
        (EDIT, "models.hash", "Copy S&HA-256", keeping.copyHash, ()),
        (RUN, "models.use", "&Use the model", space.use, ()),
    )
    for menu, name, text, slot, keys in rows:
        actions.add(menu, name, text, slot, keys, space=KEY)
    detail = space.view.detail
    controls = {
        "models.import": (space.view.bring,), "models.edit": (detail.edit,),
        "models.export": (detail.export,), "models.use": (detail.use,),
    }  # fmt: skip
    KeyTips(actions.keymap, controls, space)

    def follow() -> None:
        entry = space.library.entry()
        actions.enable(OF_ONE, entry is not None)
        own = entry is not None and not entry.bundled
        actions.enable(("models.edit", "models.trash"), own)
        usable = entry is not None and bool(use_of(entry.card).workspace)
        actions.enable(("models.use",), usable)

    space.changed.connect(follow)
    follow()
