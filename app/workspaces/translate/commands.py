"""What the commands of the Translate workspace are called and what they do."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PyQt6.QtGui import QAction
from PyQt6.QtWidgets import QWidget

from app.actions import Actions
from app.key_tips import KeyTips
from app.recent import RecentFiles
from app.recent_menu import RecentMenu
from app.workspaces.translate.header import MODES
from app.workspaces.translate.space import TranslateSpace
from widgets.viewer.volume.planes import PlaneName

KEY = "translate"
FILE, VIEW, GO, RUN = "&File", "&View", "&Go", "&Run"
Slot = Callable[[], object]
Rows = tuple[tuple[str, str, Slot, tuple[str, ...]], ...]


def add_commands(actions: Actions, space: TranslateSpace, recent: RecentFiles) -> None:
    """Add them to the window's, for the time that this workspace is shown."""
    _file(actions, space, recent)
    _view(actions, space)
    _run(actions, space)
    _viewer_keys(actions, space)
    KeyTips(actions.keymap, _controls(space), space)
    _follow(actions, space)


def _controls(space: TranslateSpace) -> dict[str, tuple[QWidget, ...]]:
    """What is clicked for a command, to say its key."""
    view = space.view
    header, panel, result = view.header, view.panel, view.dock.result
    return {
        **{f"translate.mode.{mode}": (header.button(mode),) for mode, *_ in MODES},
        **{f"translate.plane.{name.value}": (header.button(name),) for name in PlaneName},
        "translate.crosshair": (header.button("crosshair"),),
        "translate.smooth": (header.button("smooth"),),
        "translate.side": (header.button("radiological"),),
        "translate.dock": (header.dock,),
        "translate.run": (panel.run,),
        "translate.preview": (panel.preview,),
        "cancel": (panel.cancel,),
        "translate.save": (result.save,),
        "translate.segment": (result.segment,),
        "translate.open": (view.start.open_file,),
        "translate.folder": (view.start.open_folder,),
    }


def _file(actions: Actions, space: TranslateSpace, recent: RecentFiles) -> None:
    asking = space.asking
    _add(actions, FILE, (
        ("translate.open", "&Open image…", asking.askOpen, ("Ctrl+O",)),
        ("translate.folder", "Open DICOM &folder…", asking.askFolder, ("Ctrl+Shift+D",)),
        ("translate.phantom", "Open a &phantom", space.files.openPhantom, ()),
    ))  # fmt: skip
    menu = RecentMenu(recent)
    menu.chosen.connect(space.openRecent)
    actions.addMenu(FILE, "Open &recent", KEY, menu)
    actions.separate(FILE)
    _add(actions, FILE, (
        ("translate.save", "&Save result…", asking.askSave, ("Ctrl+S",)),
        ("translate.save_information", "Save &mutual information…",
         partial(asking.askSaveMap, "information"), ()),
        ("translate.save_spread", "Save s&pread over samples…",
         partial(asking.askSaveMap, "spread"), ()),
    ))  # fmt: skip
    export = actions.addMenu(FILE, "&Export steps", KEY)
    for kind, text in (("strip", "PNG strip…"), ("gif", "Animated GIF…"), ("frames", "Frames…")):
        action = QAction(text, export)
        action.triggered.connect(lambda _, kind=kind: space.steps.askExport(kind))
        export.addAction(action)
    actions.separate(FILE)
    _add(actions, FILE, (("translate.close", "&Close image", space.study.close, ("Ctrl+W",)),))


def _view(actions: Actions, space: TranslateSpace) -> None:
    showing, view = space.showing, space.view
    for place, (mode, _, name, _) in enumerate(MODES, start=1):
        slot: Slot = partial(showing.setMode, mode)
        _add(actions, VIEW, ((f"translate.mode.{mode}", name, slot, (f"Alt+{place}",)),))
    actions.separate(VIEW)
    for plane in PlaneName:
        title = f"{plane.value.capitalize()} slices"
        slot = partial(showing.setPlane, plane)
        _add(actions, VIEW, ((f"translate.plane.{plane.value}", title, slot, ()),))
    actions.separate(VIEW)
    shown = actions.addMenu(VIEW, "Show &panel", KEY)
    tabs = view.dock.tabs
    for title, panel in ((tabs.tabText(place), tabs.widget(place)) for place in range(3)):
        action = QAction(title, shown)
        action.triggered.connect(lambda _, panel=panel: view.showDock(panel))
        shown.addAction(action)
    _add(actions, VIEW, (
        ("translate.dock", "Panel below the views", view.toggleDock, ("Ctrl+B",)),
        ("translate.layout", "Reset panel sizes", view.resetLayout, ()),
    ))  # fmt: skip
    actions.separate(VIEW)


def _run(actions: Actions, space: TranslateSpace) -> None:
    running = space.running
    first: Slot = partial(running.run, first=True)
    _add(actions, RUN, (
        ("translate.preview", "&Preview slice", running.preview, ("Alt+Return", "Alt+Enter")),
        ("translate.run", "&Translate", lambda: running.run(), ("Ctrl+Return", "Ctrl+Enter")),
        ("translate.run_first", "Translate &first", first,
         ("Ctrl+Shift+Return", "Ctrl+Shift+Enter")),
        ("translate.segment", "&Segment the result…", space.segment, ()),
        ("translate.browse", "Open a &checkpoint…", space.choosing.browse, ()),
    ))  # fmt: skip


def _viewer_keys(actions: Actions, space: TranslateSpace) -> None:
    """Commands whose keys belong to the views."""
    showing, views = space.showing, space.view.views
    rows: tuple[tuple[str, str, str, Slot], ...] = (
        (VIEW, "back", "Handle towards the source", partial(showing.stepHandle, -1)),
        (VIEW, "on", "Handle towards the result", partial(showing.stepHandle, 1)),
        (VIEW, "toggle", "Result on and off", showing.toggleResult),
        (VIEW, "crosshair", "Crosshair on and off", showing.toggleCrosshair),
        (VIEW, "smooth", "Smooth or nearest", showing.toggleSmooth),
        (VIEW, "side", "Radiological or neurological", showing.toggleSide),
        (GO, "slice_previous", "Previous slice", partial(showing.stepSlice, -1)),
        (GO, "slice_next", "Next slice", partial(showing.stepSlice, 1)),
        (GO, "slice_first", "First slice", partial(showing.goToEnd, False)),
        (GO, "slice_last", "Last slice", partial(showing.goToEnd, True)),
        (GO, "step_previous", "Previous step of the run", partial(showing.stepFrame, -1)),
        (GO, "step_next", "Next step of the run", partial(showing.stepFrame, 1)),
        (GO, "reset", "Reset zoom and position", views.resetViews),
        (GO, "maximise", "Maximise view", views.toggleMaximised),
    )
    for menu, name, text, slot in rows:
        actions.add(menu, f"{KEY}.{name}", text, slot, context="viewer", space=KEY)


def _follow(actions: Actions, space: TranslateSpace) -> None:
    """What can be done with the present result."""

    def follow() -> None:
        landed = space.showing.landed()
        whole = landed is not None and landed.index is None
        names = ("save", "save_information", "save_spread", "segment")
        actions.enable(tuple(f"{KEY}.{name}" for name in names), whole)
        modes = tuple(f"{KEY}.mode.{mode}" for mode, *_ in MODES[1:])
        actions.enable(modes, landed is not None)

    space.showing.resultChanged.connect(follow)
    follow()


def _add(actions: Actions, menu: str, rows: Rows) -> None:
    for name, text, slot, keys in rows:
        actions.add(menu, name, text, slot, keys, space=KEY)
