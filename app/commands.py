"""What the window's commands are called, which keys they have, and what they do."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PyQt6.QtCore import QUrl
from PyQt6.QtGui import QAction, QDesktopServices
from PyQt6.QtWidgets import QWidget

from app.actions import Actions, Slot
from app.controllers.reproduce import ReproduceController
from app.errors import log_path
from app.key_tips import KeyTips
from app.keymap_keys import ViewerKeys
from engine.errors import DiskError
from widgets.paint.tools.base import INFO

if TYPE_CHECKING:
    from app.window import MainWindow

HERE = "synthesize"
WITH_RESULT = ("save_image", "save_pair", "save_set", "copy", "reset_window")


def make_actions(window: MainWindow) -> Actions:
    """All commands of the window, in the order of the menus."""
    actions = Actions(window)
    _file(actions, window)
    _edit(actions, window)
    _view(actions, window)
    _draw(actions, window)
    _run(actions, window)
    _help(actions, window)
    session = window.session
    actions.enable(WITH_RESULT, False)
    session.resultChanged.connect(lambda: actions.enable(WITH_RESULT, session.result is not None))
    return actions


def _file(actions: Actions, window: MainWindow) -> None:
    menu, files = "&File", window.files
    actions.add(menu, "open", "&Open mask…", files.ask_open, ("Ctrl+O",), space=HERE)
    recent = actions.addMenu(menu, "Open &recent", HERE)
    recent.aboutToShow.connect(lambda: window.fillRecent(recent))
    actions.separate(menu)
    actions.add(menu, "save_image", "&Save image…", files.ask_save_image, ("Ctrl+S",), space=HERE)
    actions.add(
        menu,
        "save_pair",
        "Save image and &mask…",
        files.ask_save_pair,
        ("Ctrl+Shift+S",),
        space=HERE,
    )
    actions.add(menu, "save_set", "Save all &variants as pairs…", files.ask_save_set, space=HERE)
    export = actions.addMenu(menu, "&Export timeline", HERE)
    for kind, text in (("strip", "PNG strip…"), ("gif", "Animated GIF…"), ("frames", "Frames…")):
        action = QAction(text, window)
        action.triggered.connect(lambda _, k=kind: files.ask_export(k))
        export.addAction(action)
    again = ReproduceController(
        window.engine, window.bridge, window.session, window.jobs, window.teller, window
    )
    actions.add(menu, "reproduce", "Re&produce…", lambda: again.ask(), last=True)
    preferences = partial(_ask_preferences, actions, window)
    actions.add(menu, "preferences", "Prefere&nces…", preferences, ("Ctrl+,",), last=True)
    actions.add(menu, "quit", "&Quit", window.close, ("Ctrl+Q",), last=True)


def _edit(actions: Actions, window: MainWindow) -> None:
    menu, canvas = "&Edit", window.view.canvas
    actions.add(menu, "undo", "&Undo", canvas.undo, ("Ctrl+Z",), space=HERE).setEnabled(False)
    actions.add(
        menu, "redo", "&Redo", canvas.redo, ("Ctrl+Shift+Z", "Ctrl+Y"), space=HERE
    ).setEnabled(False)
    actions.separate(menu)
    actions.add(menu, "grow", "&Grow a vessel tree", window.grow.grow, ("Ctrl+G",), space=HERE)
    actions.add(menu, "clear", "&Clear mask", canvas.clear, ("Ctrl+Shift+Backspace",), space=HERE)
    actions.add(menu, "invert", "&Invert mask", canvas.invert, ("Ctrl+I",), space=HERE)
    actions.separate(menu)
    actions.add(menu, "copy", "C&opy image", window.copyImage, ("Ctrl+Shift+C",), space=HERE)


def _view(actions: Actions, window: MainWindow) -> None:
    menu, view = "&View", window.view
    actions.add(menu, "fit", "&Fit mask and image", window.fitViews, ("Ctrl+0",), space=HERE)
    reset = view.image.resetWindowLevel
    actions.add(menu, "reset_window", "&Reset window and level", reset, ("Ctrl+J",), space=HERE)
    actions.separate(menu)
    actions.add(menu, "max_mask", "Maximise &mask", view.maximiseMask, ("F9",), space=HERE)
    actions.add(menu, "max_image", "Maximise &image", view.maximiseImage, ("F10",), space=HERE)
    panels = (("timeline", view.steps), ("variants", view.sheet), ("jobs", view.jobs))
    for place, (name, panel) in enumerate(panels, start=1):
        show = partial(view.tabs.setCurrentWidget, panel)
        actions.add(menu, name, f"Show {name}", show, (f"Alt+{place}",), space=HERE)
    actions.add(menu, "layout", "Reset &layout", view.resetLayout, space=HERE)
    for place, item in enumerate(window.rail.items(), start=1):
        go = partial(window.spaces.show, item.key)
        name, title = f"space.{item.key}", f"Go to {item.label}"
        actions.add(menu, name, title, go, (f"Ctrl+{place}",), last=True)
    theme = actions.add(
        menu, "theme", "&Light theme", window.toggleTheme, checkable=True, last=True
    )
    theme.setChecked(window.settings.theme == "light")
    palette = window.palette_.popup
    actions.add(menu, "palette", "Command &palette…", palette, ("Ctrl+Shift+P",), last=True)


def _draw(actions: Actions, window: MainWindow) -> None:
    """Commands whose keys belong to the canvas."""
    menu, canvas, view = "&Tools", window.view.canvas, window.view
    tools = [
        (f"draw.{tool.value}", info.label, partial(canvas.setTool, tool))
        for tool, info in INFO.items()
    ]
    rows: tuple[tuple[str, str, Slot], ...] = (
        *tools,
        ("draw.swap", "Swap brush and eraser", canvas.swapEraser),
        ("draw.smaller", "Smaller tool", partial(canvas.stepBrushSize, -1)),
        ("draw.larger", "Larger tool", partial(canvas.stepBrushSize, 1)),
        ("draw.toggle", "Mask on and off", canvas.toggleMask),
        ("draw.fainter", "Fainter mask", partial(canvas.stepOpacity, -1)),
        ("draw.stronger", "Stronger mask", partial(canvas.stepOpacity, 1)),
    )
    for name, text, slot in rows:
        actions.add(menu, name, text, slot, context="viewer", space=HERE)
    side = canvas.parentWidget()
    assert side is not None, "the canvas lies in the workspace"
    # Around the canvas, which has the first word on its keys during a stroke.
    ViewerKeys(side, actions.keymap, actions.slots(HERE))
    bar = view.tools
    controls: dict[str, tuple[QWidget, ...]] = {
        f"draw.{tool.value}": (bar.button(tool),) for tool in INFO
    }
    controls |= {
        "undo": (bar.undo_button,),
        "redo": (bar.redo_button,),
        "clear": (bar.clear_button,),
        "invert": (bar.invert_button,),
        "grow": (bar.grow_button,),
        "open": (bar.import_button,),
    }
    KeyTips(actions.keymap, controls, view)


def _run(actions: Actions, window: MainWindow) -> None:
    menu, synthesis = "&Run", window.synthesis
    run = ("Ctrl+Return", "Ctrl+Enter")
    first = ("Ctrl+Shift+Return", "Ctrl+Shift+Enter")
    actions.add(menu, "run", "&Synthesize", lambda: synthesis.run(), run, space=HERE)
    actions.add(
        menu, "run_first", "Synthesize &first", lambda: synthesis.run(first=True), first, space=HERE
    )
    live = window.view.inspector.live
    actions.separate(menu)
    actions.add(menu, "live", "&Live", live.toggle, ("Ctrl+L",), space=HERE)
    jobs = window.jobs
    actions.add(
        menu, "pause", "&Pause or resume queue", lambda: jobs.pause(not jobs.isPaused()), last=True
    )
    actions.add(menu, "cancel", "&Cancel", window.escape, ("Esc",), last=True)


def _ask_preferences(actions: Actions, window: MainWindow) -> None:
    from app import preferences

    def keep() -> None:
        try:
            window.saveSettings()
        except DiskError as error:
            window.teller.say("error", error.message, error.hint)

    dialog = preferences.ask(window.settings, window.session.engine.text, window)
    dialog.accepted.connect(keep)
    dialog.keysRequested.connect(partial(_change_keys, actions, window))


def _change_keys(actions: Actions, window: MainWindow) -> None:
    from app.shortcuts_dialog import ShortcutsDialog

    ShortcutsDialog(actions, window).open()


def _help(actions: Actions, window: MainWindow) -> None:
    def show_keys() -> None:
        from app.help import Shortcuts

        Shortcuts(actions, window).open()

    def show_about() -> None:
        from app.help import About

        About(window).open()

    menu = "&Help"
    actions.add(
        menu,
        "shortcuts",
        "&Keyboard and pointer",
        show_keys,
        ("?", "Shift+?", "F1"),
    )
    actions.add(menu, "keys", "&Change keys…", partial(_change_keys, actions, window))
    actions.add(
        menu, "log", "Open &log",
        lambda: QDesktopServices.openUrl(QUrl.fromLocalFile(str(log_path()))),
    )  # fmt: skip
    actions.separate(menu)
    actions.add(menu, "about", "&About Reverie", show_about)
