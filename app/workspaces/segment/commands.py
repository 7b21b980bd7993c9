"""What the commands of the Segment workspace are called and what they do."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PyQt6.QtGui import QAction
from PyQt6.QtWidgets import QWidget

from app.actions import Actions
from app.controllers.segment.landing import TAKE_LEFT
from app.key_tips import KeyTips
from app.recent import RecentFiles
from app.recent_menu import RecentMenu
from app.workspaces.segment import review_commands
from app.workspaces.segment.space import SegmentSpace
from app.workspaces.segment.view import REGION_TOOL
from widgets.paint.labels.tools import INFO, ToolName
from widgets.viewer.volume.arrangement import ViewLayout
from widgets.viewer.volume.window import CT_PRESETS

KEY = "segment"
FILE, EDIT, VIEW, LABELS, RUN = "&File", "&Edit", "&View", "&Labels", "&Run"
Slot = Callable[[], object]
LAYOUTS = (
    (ViewLayout.ONE, "&One view", "Alt+1"),
    (ViewLayout.MAIN, "One &large, three small", "Alt+2"),
    (ViewLayout.GRID, "Three planes and &3D", "Alt+3"),
    (ViewLayout.COMPARE, "Images side by &side", "Alt+4"),
)
SECTIONS = ("shape", "image", "slices", "numbers")


def add_commands(actions: Actions, space: SegmentSpace, recent: RecentFiles) -> None:
    """Add them to the window's, for the time that this workspace is shown."""
    _file(actions, space, recent)
    _edit(actions, space)
    _view(actions, space)
    _labels(actions, space)
    _run(actions, space)
    _viewer_keys(actions, space)
    review_commands.add_review_commands(actions, space)
    KeyTips(actions.keymap, _controls(space), space)


def _controls(space: SegmentSpace) -> dict[str, tuple[QWidget, ...]]:
    """What is clicked for a command, to say its key."""
    view = space.view
    tools, header = view.tools, view.header
    return {
        **{f"tool.{name.value}": (tools.button(name),) for name in ToolName},
        "tool.window": (tools.otherButton("window"),),
        "tool.ruler": (tools.otherButton("ruler"),),
        "tool.angle": (tools.otherButton("angle"),),
        "tool.region": (tools.otherButton("ellipse"),),
        "tool.rectangle": (tools.otherButton("rectangle"),),
        "labels.undo": (tools.undo_button,),
        "labels.redo": (tools.redo_button,),
        "slice.copy_back": (tools.copy_back_button,),
        "slice.copy_on": (tools.copy_on_button,),
        "slice.clear": (tools.clear_button,),
        "brush.larger": (tools.size_box,),
        "brush.ball": (tools.volume_button,),
        "brush.square": (tools.square_button,),
        "brush.range": (tools.limit_button,),
        "brush.protect": (tools.over_box,),
        "crosshair.toggle": (header.button("crosshair"),),
        "smooth.toggle": (header.button("smooth"),),
        "side.toggle": (header.button("radiological"),),
        **{f"layout.{layout.value}": (header.button(layout.value),) for layout, _, _ in LAYOUTS},
        "tool.roi": (tools.otherButton(REGION_TOOL), view.method.where.draw),
        "segment.run": (view.method.run,),
        "cancel": (view.method.cancel,),
        **review_commands.controls(space),
        "volume.picture": (header.shot,),
        "volume.open": (view.start.open_file,),
        "volume.folder": (view.start.open_folder,),
        "label.new": (view.labels.add_button,),
        "contrast.auto": (view.contrast.auto,),
    }


def _file(actions: Actions, space: SegmentSpace, recent: RecentFiles) -> None:
    asking, exporting = space.asking, space.exporting
    rows: tuple[tuple[str, str, Slot, tuple[str, ...]], ...] = (
        ("volume.open", "&Open image…", asking.askOpen, ("Ctrl+O",)),
        ("volume.folder", "Open DICOM &folder…", asking.askFolder, ("Ctrl+Shift+D",)),
        ("volume.phantom", "Open a &phantom", lambda: space.files.openPhantom(), ()),
        (
            "volume.phantom_lesion",
            "Open a phantom &with a lesion",
            partial(space.files.openPhantom, "FLAIR"),
            (),
        ),
        ("volume.labels", "Open &labels…", asking.askLabels, ("Ctrl+Shift+O",)),
    )
    _add(actions, FILE, rows)
    menu = RecentMenu(recent)
    menu.chosen.connect(space.openRecent)
    actions.addMenu(FILE, "Open &recent", KEY, menu)
    actions.separate(FILE)
    rows = (
        ("volume.save", "&Save labels", asking.save, ("Ctrl+S",)),
        ("volume.save_as", "Save labels &as…", asking.askSave, ("Ctrl+Shift+S",)),
        ("volume.session", "Save s&ession…", asking.askSession, ()),
        ("volume.table_in", "Import label table…", exporting.askImportTable, ()),
        ("volume.table_out", "Export label table…", exporting.askExportTable, ()),
        ("volume.statistics", "Export label s&tatistics…", exporting.askStatistics, ()),
        ("volume.surface", "Export s&urface of label…", exporting.askSurface, ()),
        ("volume.picture", "Save &picture…", exporting.askPicture, ()),
        ("volume.scroll", "Save animated s&croll…", exporting.askScroll, ()),
    )
    _add(actions, FILE, rows)
    actions.separate(FILE)
    close: Slot = partial(asking.whenSafe, space.study.close)
    _add(actions, FILE, (("volume.close", "&Close image", close, ("Ctrl+W",)),))


def _edit(actions: Actions, space: SegmentSpace) -> None:
    editor, model = space.study.editor, space.study.model
    _add(
        actions, EDIT,
        (
            ("labels.undo", "&Undo", editor.undo, ("Ctrl+Z",)),
            ("labels.redo", "&Redo", editor.redo, ("Ctrl+Shift+Z", "Ctrl+Y")),
        ),
    )  # fmt: skip
    actions.separate(EDIT)
    _add(
        actions, EDIT,
        (
            ("slice.copy_on", "Copy labels to &next slice", partial(space.showing.copySlice, 1),
             ("Ctrl+Shift+Right",)),
            ("slice.copy_back", "Copy labels to &previous slice",
             partial(space.showing.copySlice, -1), ("Ctrl+Shift+Left",)),
            ("slice.clear", "&Clear this slice", space.showing.clearSlice,
             ("Ctrl+Shift+Backspace",)),
        ),
    )  # fmt: skip

    def follow() -> None:
        names, place = model.names(), model.position()
        for name, can, what in (
            # Undo also takes back a corner of the polygon that is being drawn.
            ("labels.undo", model.canUndo() or editor.busy(), names[place - 1] if place else ""),
            ("labels.redo", model.canRedo(), names[place] if place < len(names) else ""),
        ):
            verb = name.split(".")[1].capitalize()
            actions[name].setEnabled(can)
            actions[name].setText(f"{verb} {what}".rstrip())

    model.historyChanged.connect(follow)
    editor.borderChanged.connect(follow)
    follow()


def _view(actions: Actions, space: SegmentSpace) -> None:
    volume = space.view.volume
    for layout, text, key in LAYOUTS:
        slot: Slot = partial(volume.setViewLayout, layout)
        _add(actions, VIEW, ((f"layout.{layout.value}", text, slot, (key,)),))
    actions.separate(VIEW)
    presets = actions.addMenu(VIEW, "&CT windows", KEY)
    for preset in CT_PRESETS:
        action = QAction(f"{preset.name}\t{preset.window:g} / {preset.level:g}", presets)
        action.triggered.connect(lambda _, ends=preset.ends: space.showing.setWindow(*ends))
        presets.addAction(action)
    actions.separate(VIEW)
    names = ("method", "labels", "history", "measurements", "layers", "contrast", "probe")
    panels = [(name.capitalize(), getattr(space.view, name)) for name in names]
    tabs = space.view.dock.tabs
    panels += [(tabs.tabText(place), tabs.widget(place)) for place in range(tabs.count())]
    shown = actions.addMenu(VIEW, "Show &panel", KEY)
    for title, panel in panels:
        action = QAction(title, shown)
        action.triggered.connect(lambda _, panel=panel: space.view.showPanel(panel))
        shown.addAction(action)
    review_commands.add_dock_command(actions, space)
    _add(actions, VIEW, (("segment.layout", "Reset panel sizes", space.view.resetLayout, ()),))
    actions.separate(VIEW)


def _labels(actions: Actions, space: SegmentSpace) -> None:
    from engine.data.labels.operations import OPERATIONS

    for section in SECTIONS:
        for what in OPERATIONS:
            if what.section == section:
                slot: Slot = partial(space.asking.askOperation, what)
                _add(actions, LABELS, ((f"labels.{what.name}", f"{what.title}…", slot, ()),))
        if section != SECTIONS[-1]:
            actions.separate(LABELS)


def _run(actions: Actions, space: SegmentSpace) -> None:
    first: Slot = partial(space.running.run, first=True)
    _add(
        actions, RUN,
        (
            ("segment.run", "&Segment", lambda: space.running.run(), ("Ctrl+Return", "Ctrl+Enter")),
            ("segment.run_first", "Segment &first", first,
             ("Ctrl+Shift+Return", "Ctrl+Shift+Enter")),
            ("segment.take", TAKE_LEFT, space.landing.takeLeft, ()),
            ("segment.browse", "Open a &checkpoint…", space.choosing.browse, ()),
            ("segment.folder", "Segment a f&older…", space.foldering.ask, ()),
        ),
    )  # fmt: skip
    space.landing.leftChanged.connect(actions["segment.take"].setEnabled)
    actions["segment.take"].setEnabled(False)


def _viewer_keys(actions: Actions, space: SegmentSpace) -> None:
    """Commands whose keys belong to the views; their menus are Tools and Display."""
    showing, study, figures = space.showing, space.study, space.figures
    editor, display, table = study.editor, study.display, study.table
    tools = "&Tools"
    rows: list[tuple[str, str, str, Slot]] = [
        (tools, f"tool.{name.value}", INFO[name].label, partial(showing.setTool, name.value))
        for name in ToolName
    ]
    rows.append((tools, "tool.window", "Window and level", partial(showing.setTool, "window")))
    rows.append((tools, "tool.roi", "Region to run on", space.placing.draw))
    rows += [
        (tools, f"tool.{name}", kind.capitalize(), partial(space.measuring.start, kind))
        for name, kind in (
            ("ruler", "ruler"),
            ("angle", "angle"),
            ("region", "ellipse"),
            ("rectangle", "rectangle"),
        )
    ]
    rows += [
        (tools, "brush.smaller", "Smaller brush", partial(editor.stepSize, -1)),
        (tools, "brush.larger", "Larger brush", partial(editor.stepSize, 1)),
        (tools, "brush.ball", "Paint in 2D or 3D", partial(showing.toggleSetting, "volume")),
        (tools, "brush.square", "Round or square", partial(showing.toggleSetting, "square")),
        (tools, "brush.range", "Within a range of values",
         partial(showing.toggleSetting, "limited")),
        (tools, "brush.protect", "Protect other labels", showing.toggleProtect),
        (LABELS, "label.new", "New label", editor.newLabel),
        (LABELS, "label.swap", "Swap with background", editor.swapBackground),
        (LABELS, "label.previous", "Previous label", table.previous),
        (LABELS, "label.next", "Next label", table.next),
        (VIEW, "mask.toggle", "Labels on and off", display.toggleLabels),
        (VIEW, "mask.outline", "Labels filled or outlined", showing.toggleOutline),
        (VIEW, "mask.fainter", "Fainter labels", partial(display.stepOpacity, -1)),
        (VIEW, "mask.stronger", "Stronger labels", partial(display.stepOpacity, 1)),
        (VIEW, "overlays.toggle", "Overlays on and off", display.toggleOverlays),
        (VIEW, "overlays.fainter", "Fainter overlays", partial(showing.stepOverlays, -1)),
        (VIEW, "overlays.stronger", "Stronger overlays", partial(showing.stepOverlays, 1)),
        (VIEW, "layer.toggle", "Active layer on and off", showing.toggleActive),
        (VIEW, "layer.previous", "Layer below", partial(showing.stepLayer, -1)),
        (VIEW, "layer.next", "Layer above", partial(showing.stepLayer, 1)),
        (VIEW, "contrast.auto", "Automatic contrast", figures.autoContrast),
        (VIEW, "contrast.reset", "Reset contrast", showing.resetContrast),
        (VIEW, "contrast.invert", "Invert grey values", showing.invert),
        (VIEW, "crosshair.toggle", "Crosshair on and off", showing.toggleCrosshair),
        (VIEW, "smooth.toggle", "Smooth or nearest", showing.toggleSmooth),
        (VIEW, "side.toggle", "Radiological or neurological", showing.toggleSide),
        ("&Go", "slice.previous", "Previous slice", partial(showing.step, -1)),
        ("&Go", "slice.next", "Next slice", partial(showing.step, 1)),
        ("&Go", "slice.first", "First slice", partial(showing.goToEnd, False)),
        ("&Go", "slice.last", "Last slice", partial(showing.goToEnd, True)),
        ("&Go", "time.previous", "Previous point in time", partial(showing.stepTime, -1)),
        ("&Go", "time.next", "Next point in time", partial(showing.stepTime, 1)),
        ("&Go", "view.reset", "Reset zoom and position", space.view.volume.resetViews),
        ("&Go", "view.maximise", "Maximise view", space.view.volume.toggleMaximised),
    ]  # fmt: skip
    for menu, name, text, slot in rows:
        actions.add(menu, name, text, slot, context="viewer", space=KEY)


def _add(
    actions: Actions, menu: str, rows: tuple[tuple[str, str, Slot, tuple[str, ...]], ...]
) -> None:
    for name, text, slot, keys in rows:
        actions.add(menu, name, text, slot, keys, space=KEY)
