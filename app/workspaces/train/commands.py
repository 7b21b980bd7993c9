"""What the commands of the Train workspace are called and what they do."""

from __future__ import annotations

from functools import partial

from app.actions import Actions, Slot
from app.key_tips import KeyTips
from app.workspaces.train.space import TrainSpace

KEY, USE = "train", "Use this"
FILE, VIEW, RUN = "&File", "&View", "&Run"


def add_commands(actions: Actions, space: TrainSpace) -> None:
    """Add them to the window's, for the time that this workspace is shown."""
    start: Slot = space.setting_up.start
    ask = space.control.ask
    rows: tuple[tuple[str, str, str, Slot, tuple[str, ...]], ...] = (
        (FILE, "train.guide", "&New run, guided…", space.openGuide, ("Ctrl+N",)),
        (FILE, "train.open", "&Open run folder…", space.askOpen, ("Ctrl+O",)),
        (FILE, "train.runs", "All &runs…", space.showRuns, ("Ctrl+L",)),
        (FILE, "train.folder", "Show run &folder", space.showFolder, ()),
        (FILE, "train.keep", "&Add to models", space.result.keep, ()),
        (FILE, "train.close", "&Close run", space.closeRun, ("Ctrl+W",)),
        (VIEW, "train.fit", "&All iterations", space.showAll, ("Ctrl+0",)),
        (VIEW, "train.compare", "&Compare with other runs…", space.compare, ()),
        (RUN, "train.start", "&Start training", start, ("Ctrl+Return", "Ctrl+Enter")),
        (RUN, "train.pause", "&Pause or go on", space.control.pause, ()),
        (RUN, "train.save", "Save state &now", partial(ask, "save"), ()),
        (RUN, "train.sample", "Sa&mple pictures now", partial(ask, "sample"), ()),
        (RUN, "train.epoch", "Stop after this &epoch", partial(ask, "stop-after-epoch"), ()),
        (RUN, "train.stop", "S&top training", space.control.stop, ()),
        (RUN, "train.continue", "C&ontinue run", space.goOn, ()),
        (RUN, "train.use", USE, space.result.use, ()),
    )
    for menu, name, text, slot, keys in rows:
        actions.add(menu, name, text, slot, keys, space=KEY)
    tells = actions.add(
        RUN, "train.tell", "&Tell when a training ends", space.ends.toggle, checkable=True,
        space=KEY,
    )  # fmt: skip
    tells.setChecked(space.ends.isOn())
    view = space.view
    controls = {
        "train.guide": (view.start.guided,),
        "train.open": (view.start.open_run,),
        "train.runs": (view.start.all_runs,),
        "train.start": (view.setup.start,),
    }
    KeyTips(actions.keymap, controls, space)

    def follow() -> None:
        run = space.run()
        facts = run.facts if run is not None else None
        for names, can in (
            (("train.folder", "train.close", "train.fit"), run is not None),
            (("train.compare",), facts is not None),
            (("train.keep",), facts is not None and facts.weights is not None),
            (("train.use",), bool(space.result.forWhat().workspace)),
            (("train.stop",), run is not None and (run.isOurs() or run.isLive())),
            (("train.pause", "train.save", "train.sample", "train.epoch"), space.control.canAsk()),
            (("train.continue",), space.canGoOn()),
        ):
            actions.enable(names, can)
        title = space.result.forWhat().title
        actions["train.use"].setText(f"{title} with this" if title else USE)

    space.changed.connect(follow)
    follow()
