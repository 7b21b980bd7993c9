"""The pictures of the bundled checkpoints, made anew: what a checkpoint makes of a phantom, or,
where phantoms are too plain for it, a phantom with what it is for. No patient is in them.

    python -m app.model_pictures FOLDER [NAME ...]
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from app.phantom_file import FLAIR_SEED
from app.segmenters import findable
from engine import library, methods
from engine.data.atomic import atomic_path
from engine.data.phantoms import PHANTOM_METADATA, grow_vessel_tree, render_fundus, render_octa
from engine.data.phantoms.brain import Tissue, make_brain
from engine.data.phantoms.lesion_heads import SPREAD
from engine.data.phantoms.scenes import make_chest, make_heart, make_nuclei
from engine.data.volumes.volume import Volume
from engine.data.volumes.write import write_image
from engine.device import Context, DeviceSettings, open_context
from engine.jobs import InputValue, Job
from engine.library import PICTURE, Entry
from engine.provenance import SYNTHETIC_SOURCE
from engine.worker import run_inline

SIDE = 192  # twice that of the card, for fine screens
PALETTE = 96
OPACITY = 0.5
VESSEL = (255, 0, 0)
FOUND = "What it finds in a phantom"
GROWN = "What it makes of a mask of vessels that were grown by formulas"
MEANT = "What it is for, marked in a phantom"
TOLD = "A slice of a phantom that shows what it looks for"
TURNED = "A phantom's T2 on the left, and on the right what it makes of that"
FRAME = 2

Pixels = NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class Picture:
    """Pixels (H, W, 3), what they show, and whether a model made them."""

    pixels: Pixels
    about: str
    synthetic: bool = False


def main(arguments: Sequence[str]) -> None:
    """Write the picture of each bundled checkpoint, or of those that are named, into a folder."""
    folder, names = Path(arguments[0]), arguments[1:]
    context = open_context(DeviceSettings("cpu", "float32"))
    for entry in library.entries():
        if entry.bundled and (not names or entry.name in names):
            path = write(MAKERS[entry.name](entry, context), folder / f"{entry.name}{PICTURE}")
            print(f"{path}: {path.stat().st_size:,} bytes")


def write(picture: Picture, path: Path) -> Path:
    """As a small PNG that says what it is."""
    info = PngInfo()
    told = {**PHANTOM_METADATA, "Software": "Reverie", "Description": picture.about}
    if picture.synthetic:
        told["DigitalSourceType"] = SYNTHETIC_SOURCE
    for key, text in told.items():
        info.add_text(key, text)
    image = Image.fromarray(picture.pixels).resize((SIDE, SIDE), Image.Resampling.LANCZOS)
    small = image.quantize(PALETTE, dither=Image.Dither.NONE)
    with atomic_path(path) as beside:
        small.save(beside, format="PNG", pnginfo=info, optimize=True)
    return path


def tinted(image: NDArray[Any], labels: NDArray[Any], colours: Mapping[int, Any]) -> Pixels:
    """An image (H, W) or (H, W, 3) in [0, 1] under labels (H, W)."""
    shown = image if image.ndim == 3 else np.repeat(image[..., None], 3, axis=2)
    pixels = 255 * shown.clip(0, 1)
    for value, colour in colours.items():
        inside = labels == value
        pixels[inside] = (1 - OPACITY) * pixels[inside] + OPACITY * np.array(colour)
    return np.rint(pixels).astype(np.uint8)


def _colours(entry: Entry) -> dict[int, tuple[int, int, int]]:
    return {found.value: found.colour for found in findable(entry.card).structures}


def _segmented(
    make: Callable[[], tuple[NDArray[Any], NDArray[np.uint8]]], **params: Any
) -> Callable[[Entry, Context], Picture]:
    """What a segmenter finds in a phantom that is given to it as a file."""

    def maker(entry: Entry, context: Context) -> Picture:
        image, _ = make()
        with tempfile.TemporaryDirectory(prefix="reverie-") as folder:
            file = Path(folder) / "phantom.png"
            Image.fromarray(np.rint(255 * image).astype(np.uint8)).save(file)
            found = _run(entry, "segment", {"input": file}, params, context)
        return Picture(tinted(image, found.labels[0], _colours(entry)), FOUND)

    return maker


def _vessels(entry: Entry, context: Context) -> Picture:
    """What a segmenter of AdaptDiff finds in a phantom; they have no place in the window."""
    from engine.methods.adaptdiff.networks import load_segmenter
    from engine.methods.adaptdiff.segmentation import segment
    from engine.methods.adaptdiff.vessels import to_network

    fundus = entry.card.preprocessing["kind"] == "fundus"
    tree = grow_vessel_tree(2 * SIDE, 2 * SIDE, 3, field="fundus" if fundus else "macula")
    image = render_fundus(tree, 3) if fundus else render_octa(tree, 3)
    model, _ = load_segmenter(entry.name, context)
    labels = segment(model, to_network(image, "fundus" if fundus else "grey"))
    return Picture(tinted(image, labels, {1: VESSEL}), FOUND)


def _synthesized(entry: Entry, context: Context) -> Picture:
    mask = grow_vessel_tree(SIDE, SIDE, 5, field="macula").mask()
    params = {"seed": 1, "sampler": "dpm++", "steps": 20}
    made = _run(entry, "synthesize", {"mask": mask}, params, context)
    return Picture(tinted(made.images[0], mask, {}), GROWN, True)


def _marked(plane: str, *, framed: bool = False) -> Callable[[Entry, Context], Picture]:
    """The hippocampus of a brain phantom, where that is what a model was trained for.

    Args:
        framed: The slice has a frame, for what says of whole slices what they show.
    """

    def maker(entry: Entry, context: Context) -> Picture:
        del context  # nothing is computed with it
        brain = make_brain((96, 128, 104), seed=2, lesion=None)
        labels, grey = brain.labels(), brain.image("T1", seed=2).array[0] / 800
        one = labels == 1
        middle = [int(np.median(place)) for place in np.nonzero(one)]
        front = np.arange(one.shape[1])[:, None] >= middle[1]
        parts = np.where(one, np.where(front, 1, 2) if len(_colours(entry)) > 1 else 1, 0)
        cut = (slice(None), slice(None), middle[2]) if plane == "sagittal" else (middle[0],)
        image, inside = grey[cut][::-1, ::-1], parts[cut][::-1, ::-1]
        rows, columns = (int(np.median(place)) for place in np.nonzero(inside))
        reach = 26
        rows, columns = (
            min(max(at, reach), size - reach)
            for at, size in zip((rows, columns), image.shape, strict=True)
        )
        window = (slice(rows - reach, rows + reach), slice(columns - reach, columns + reach))
        shown, marked = image[window], inside[window]
        if framed:
            marked = np.pad(
                np.zeros_like(marked)[FRAME:-FRAME, FRAME:-FRAME], FRAME, constant_values=1
            )
        return Picture(tinted(shown, marked, _colours(entry)), TOLD if framed else MEANT)

    return maker


def _lesion(entry: Entry, context: Context) -> Picture:
    """What is found in a head that was not learnt from, near the middle of its lesion; or, by what
    says of whole slices what they show, that slice in a frame."""
    brain = make_brain(seed=FLAIR_SEED, lesion=SPREAD)
    image, marked = brain.image("FLAIR", seed=FLAIR_SEED), brain.tissues == Tissue.LESION
    place = int(marked.sum(axis=(1, 2)).argmax())
    if entry.card.role == "classifier":
        shown = np.zeros(marked.shape[1:], np.uint8)
        shown[:] = 1
        shown[FRAME:-FRAME, FRAME:-FRAME] = 0
    else:
        params, more = {"label": 1, "seed": 1}, {"region": f":,:,{place}"}
        shown = _run_on(entry, "segment", image, params, context, more).labels[place]
    grey = image.array[0, place] / 1000
    missing = grey.shape[0] - grey.shape[1]
    sides = ((0, 0), (missing // 2, missing - missing // 2))
    square, inside = (np.pad(plane, sides)[::-1, ::-1] for plane in (grey, shown))
    about = TOLD if entry.card.role == "classifier" else FOUND
    return Picture(tinted(square, inside, _colours(entry)), about)


def _translated(entry: Entry, context: Context) -> Picture:
    """One half of a slice as it is, the other half as what is made of it."""
    volume, number = make_brain((96, 152, 128), lesion=None).image("T2"), 58
    params = {"slices": str(number), "values": "unit"}
    made = _run_on(entry, "translate", volume, params, context)
    before, after = volume.array[0, number] / 1000, made.image[number]
    middle = before.shape[1] // 2
    halves = np.hstack([before[:, :middle], after[:, middle:]])
    return Picture(tinted(halves, 0 * before, {}), TURNED, True)


def _run_on(
    entry: Entry, task: str, volume: Volume, params: Mapping[str, Any], context: Context,
    more: Mapping[str, InputValue] = MappingProxyType({}),
) -> Any:  # fmt: skip
    """With the preset that the checkpoint was measured with, on a volume as a file."""
    preset = methods.method(entry.card.method).task(task).preset(entry.card.preset)
    with tempfile.TemporaryDirectory(prefix="reverie-") as folder:
        file = Path(folder) / "phantom.nii.gz"
        write_image(file, volume)
        return _run(entry, task, {"input": file, **more}, {**preset, **params}, context)


def _run(
    entry: Entry, task: str, inputs: Mapping[str, InputValue], params: Mapping[str, Any],
    context: Context,
) -> Any:  # fmt: skip
    found = methods.method(entry.card.method).task(task)
    values = found.params.parse({"checkpoint": entry.name, **params})
    job = Job(entry.card.method, task, values, inputs)
    return run_inline(methods.run, job, context, lambda event: None)


MAKERS: Mapping[str, Callable[[Entry, Context], Picture]] = {
    "brain-t1": _translated,
    "fundus-segmenter": _vessels,
    "heart": _segmented(make_heart),
    "hippocampus": _marked("axial"),
    "lungs": _segmented(make_chest, seed=1, votes=8),
    "nuclei": _segmented(make_nuclei, seed=1, votes=1),
    "octa": _synthesized,
    "phantom-lesion": _lesion,
    "phantom-lesion-classifier": _lesion,
    "octa-segmenter": _vessels,
    "weak-hippocampus": _marked("sagittal"),
    "weak-hippocampus-classifier": _marked("sagittal", framed=True),
}
"""Name of a bundled checkpoint -> its picture."""


if __name__ == "__main__":
    main(sys.argv[1:])
