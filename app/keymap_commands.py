"""The viewer's commands with their keys, and what the pointer does: for keys and cheat sheet."""

from __future__ import annotations

from collections.abc import Mapping

from app.keymap import Command, Context, Keys

TOOLS, BRUSH, LABELS, SHOW, MOVE = "Tools", "Brush", "Labels", "Display", "Slices and views"
DOUBT = "Doubtful places"
DRAW = "Mask"
COMPARE = "Source and result"


def _viewer(
    group: str, *rows: tuple[str, str, Keys], repeats: bool = False, space: str = "segment"
) -> tuple[Command, ...]:
    context: Context = "viewer"
    return tuple(
        Command(name, title, group, context, keys, repeats, space) for name, title, keys in rows
    )


VIEWER_COMMANDS: tuple[Command, ...] = (
    *_viewer(
        TOOLS,
        ("tool.brush", "Brush", ("B",)),
        ("tool.eraser", "Eraser", ("E",)),
        ("tool.picker", "Pick label", ("L",)),
        ("tool.fill", "Fill", ("F",)),
        ("tool.polygon", "Polygon", ("3",)),
        ("tool.lasso", "Lasso", ("P",)),
        ("tool.adaptive", "Edge brush", ("Q",)),
        ("tool.line", "Straight stroke", ("U",)),
        ("tool.vessel", "Vessel stroke", ("V",)),
        ("tool.navigate", "Navigate, place crosshair", ("H",)),
        ("tool.window", "Window and level", ("C",)),
        ("tool.ruler", "Ruler", ("K",)),
        ("tool.angle", "Angle", ("Shift+K",)),
        ("tool.region", "Ellipse", ("G",)),
        ("tool.rectangle", "Rectangle", ("Shift+G",)),
        ("tool.roi", "Region to run on", ("Shift+C",)),
    ),
    *_viewer(
        BRUSH,
        ("brush.smaller", "Smaller brush", ("[", "-")),
        ("brush.larger", "Larger brush", ("]", "+", "=")),
        repeats=True,
    ),
    *_viewer(
        BRUSH,
        ("brush.ball", "Paint in 2D or 3D", ("T",)),
        ("brush.square", "Round or square brush", ("Shift+B",)),
        ("brush.range", "Paint within an intensity range", ("I",)),
        ("brush.protect", "Protect other labels", ("Shift+P",)),
    ),
    *_viewer(
        LABELS,
        ("label.new", "New label", ("M",)),
        ("label.swap", "Swap label with background", ("X",)),
    ),
    *_viewer(
        LABELS,
        ("label.previous", "Previous label", (",",)),
        ("label.next", "Next label", (".",)),
        repeats=True,
    ),
    *_viewer(
        SHOW,
        ("mask.toggle", "Mask on and off", ("S",)),
        ("mask.outline", "Mask filled or outlined", ("O",)),
        ("overlays.toggle", "Overlays on and off", ("W",)),
        ("layer.toggle", "Active layer on and off", ("Shift+V",)),
        ("layer.previous", "Layer below", ("Ctrl+Down",)),
        ("layer.next", "Layer above", ("Ctrl+Up",)),
        ("contrast.auto", "Automatic contrast", ("Ctrl+J",)),
        ("contrast.reset", "Reset contrast", ("Ctrl+Shift+J",)),
        ("contrast.invert", "Invert grey values", ("Shift+I",)),
        ("crosshair.toggle", "Crosshair on and off", ("Shift+X",)),
        ("smooth.toggle", "Smooth or nearest", ("N",)),
        ("side.toggle", "Radiological or neurological", ("Shift+R",)),
    ),
    *_viewer(
        SHOW,
        ("mask.fainter", "Fainter mask", ("A",)),
        ("mask.stronger", "Stronger mask", ("D",)),
        ("overlays.fainter", "Fainter overlays", ()),
        ("overlays.stronger", "Stronger overlays", ()),
        repeats=True,
    ),
    *_viewer(
        MOVE,
        ("slice.previous", "Previous slice", ("PgUp", "Left")),
        ("slice.next", "Next slice", ("PgDown", "Right")),
        ("time.previous", "Previous point in time", ("Alt+Left",)),
        ("time.next", "Next point in time", ("Alt+Right",)),
        repeats=True,
    ),
    *_viewer(
        MOVE,
        ("slice.first", "First slice", ("Home",)),
        ("slice.last", "Last slice", ("End",)),
        ("view.reset", "Reset zoom and position", ("R",)),
        ("view.maximise", "Maximise view", ("Shift+Space",)),
    ),
    *_viewer(
        DOUBT,
        ("doubt.next", "Next doubtful place", ("J",)),
        ("doubt.previous", "Doubtful place before", ("Shift+J",)),
        repeats=True,
    ),
    *_viewer(
        DOUBT,
        ("doubt.done", "Tick off and go on", ("Alt+J",)),
        ("doubt.slice", "Most doubtful slice", ("Shift+U",)),
        ("doubt.outline", "Outline where votes disagree", ("Shift+O",)),
    ),
)

MASK_COMMANDS: tuple[Command, ...] = (
    *_viewer(
        DRAW,
        ("draw.brush", "Brush", ("B",)),
        ("draw.eraser", "Eraser", ("E",)),
        ("draw.vessel", "Vessel", ("V",)),
        ("draw.line", "Line", ("U",)),
        ("draw.polygon", "Polygon", ("3",)),
        ("draw.fill", "Fill", ("F",)),
        ("draw.navigate", "Navigate", ("H",)),
        ("draw.swap", "Swap brush and eraser", ("X",)),
        ("draw.toggle", "Mask on and off", ("S",)),
        space="synthesize",
    ),
    *_viewer(
        DRAW,
        ("draw.smaller", "Smaller tool", ("[", "-")),
        ("draw.larger", "Larger tool", ("]", "+", "=")),
        ("draw.fainter", "Fainter mask", ("A",)),
        ("draw.stronger", "Stronger mask", ("D",)),
        repeats=True,
        space="synthesize",
    ),
)
"""Of the canvas on which a mask is drawn to synthesize an image of."""

TRANSLATE_COMMANDS: tuple[Command, ...] = (
    *_viewer(
        COMPARE,
        ("translate.back", "Handle towards the source", ("A",)),
        ("translate.on", "Handle towards the result", ("D",)),
        repeats=True,
        space="translate",
    ),
    *_viewer(
        COMPARE,
        ("translate.toggle", "Result on and off", ("W",)),
        ("translate.crosshair", "Crosshair on and off", ("Shift+X",)),
        ("translate.smooth", "Smooth or nearest", ("N",)),
        ("translate.side", "Radiological or neurological", ("Shift+R",)),
        space="translate",
    ),
    *_viewer(
        MOVE,
        ("translate.slice_previous", "Previous slice", ("PgUp", "Left")),
        ("translate.slice_next", "Next slice", ("PgDown", "Right")),
        ("translate.step_previous", "Previous step of the run", (",",)),
        ("translate.step_next", "Next step of the run", (".",)),
        repeats=True,
        space="translate",
    ),
    *_viewer(
        MOVE,
        ("translate.slice_first", "First slice", ("Home",)),
        ("translate.slice_last", "Last slice", ("End",)),
        ("translate.reset", "Reset zoom and position", ("R",)),
        ("translate.maximise", "Maximise view", ("Shift+Space",)),
        space="translate",
    ),
)
"""Of the views in which source and result are compared."""

Sections = tuple[tuple[str, tuple[tuple[str, str], ...]], ...]
POINTER_VIEWER: Sections = (
    (
        "Pointer in a slice",
        (
            ("Wheel", "Other slice, also while painting"),
            ("Ctrl+wheel", "Zoom"),
            ("Middle-drag, Space+drag", "Pan"),
            ("Click with Navigate", "Place the crosshair"),
            ("Shift+move", "Crosshair follows the pointer"),
            ("Double-click with Navigate", "Maximise the view"),
            ("Drag with Window and level", "Window (across) and level (up, down)"),
            ("Ctrl+double-click", "Reset window and level"),
            ("Drag with Region to run on", "Frame it; drag its sides or its inside in any view"),
        ),
    ),
    (
        "Pointer while painting",
        (
            ("Drag", "Paint the active label"),
            ("Right-drag", "Erase the active label"),
            ("Shift+wheel, Alt+move", "Brush size"),
            ("Right-click with Polygon", "Take the last corner back"),
            ("Enter, double-click with Polygon", "Close it"),
            ("Esc", "Abandon the stroke"),
        ),
    ),
    (
        "Panel below the views",
        (
            ("Drag on the histogram", "Threshold of the probability; Esc while dragging gives up"),
            ("Left, Right on the histogram", "Threshold by 0.01; with Shift 0.1, with Ctrl 0.001"),
            ("Click on a vote", "Outline it in the view"),
            ("Double-click, Enter on a vote", "Go to its slice"),
            ("Click, Enter on a doubtful place", "Go there"),
            ("Space on a doubtful place", "Tick it off"),
        ),
    ),
)
"""Heading, then (what is done with the pointer or a key that cannot be changed, what it does)."""

POINTER_SYNTHESIZE: Sections = (
    (
        "Pointer on the mask",
        (
            ("Drag", "Draw"),
            ("Right-drag", "Erase with any tool"),
            ("Shift+wheel", "Tool width"),
            ("Wheel, Ctrl+wheel", "Zoom"),
            ("Middle-drag, Space+drag", "Pan"),
            ("R", "Fit"),
            ("Esc", "Abandon the stroke"),
        ),
    ),
    (
        "Image and timeline",
        (
            ("Drag on the image", "Window (across) and level (up, down)"),
            ("Click on the image", "Follow a pixel through time"),
            ("Left, Right, Home, End", "Step through the timeline"),
            ("Space on the timeline", "Play"),
            ("A, S, R on a variant", "Recall its parameters, its seed, all but its seed"),
        ),
    ),
)
"""As `POINTER_VIEWER`, for the other workspace."""

POINTER_TRANSLATE: Sections = (
    (
        "Pointer in a slice",
        (
            ("Wheel", "Other slice"),
            ("Ctrl+wheel", "Zoom, in all views"),
            ("Middle-drag, Space+drag", "Pan, in all views"),
            ("Click", "Place the crosshair, in all views"),
            ("Right-drag", "Window (across) and level (up, down)"),
            ("Ctrl+double-click", "Reset window and level"),
            ("Drag on the curtain's edge", "More of the source, or of the result"),
            ("Double-click", "Maximise the view"),
        ),
    ),
    (
        "Panel below the views",
        (
            ("Left, Right, Home, End", "Step through the run"),
            ("Space on the steps", "Play"),
            ("Move over the joint histogram", "Values and how many pixels have them"),
        ),
    ),
)
"""As `POINTER_VIEWER`, where one modality becomes another."""

POINTER: Mapping[str, Sections] = {
    "segment": POINTER_VIEWER,
    "synthesize": POINTER_SYNTHESIZE,
    "translate": POINTER_TRANSLATE,
}
"""By workspace."""
