"""`reverie demo`: from nothing to a synthetic image, with every step left as a file."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from app.cli_report import Reporter
from app.cli_run import device_settings, run_job
from app.saving import save_mask
from app.timeline_files import frames_of, strip_picture, write_gif
from engine.data.atomic import atomic_path, make_folder
from engine.data.png import write_png
from engine.data.synthetic import save_image, save_set, steps_metadata
from engine.jobs import Job
from engine.methods import method

SIDE = 304
FILES = {
    "mask.png": "a vessel tree that the program grew, no patient's",
    "image.png": "the synthetic image of that mask; its text chunks say how it was made",
    "timeline.png": "how it came out of noise: the state x_t over the image x0_hat it aims at",
    "timeline.gif": "the same, moving",
    "pair.npz": "image and mask as a set with a manifest, that a segmenter can be trained on",
}


def demo(folder: Path, options: Mapping[str, Any], reporter: Reporter) -> None:
    """Grow a mask, make an image of it, and leave mask, image, timeline and pair in a folder.

    Raises:
        InputError: the checkpoint or a number cannot be used.
        DiskError: the folder cannot be written.
    """
    begun = time.monotonic()
    adaptdiff, settings = method("adaptdiff"), device_settings(options)
    seed, size = options.get("seed") or 0, options.get("size") or SIDE
    grow, synthesize = adaptdiff.task("grow"), adaptdiff.task("synthesize")
    values = {n: options[n] for n in ("checkpoint", "steps") if options.get(n) is not None}
    params = synthesize.params.parse({**values, "seed": seed})
    grow_params = grow.params.parse({"seed": seed})
    make_folder(folder)
    empty = {"mask": np.zeros((size, size), np.uint8)}
    job = Job("adaptdiff", "grow", grow_params, empty, grow.title)
    grown = run_job(job, settings, reporter)
    save_mask(folder / "mask.png", grown.mask, grown=True)
    job = Job("adaptdiff", "synthesize", params, {"mask": grown.mask}, synthesize.title)
    made = run_job(job, settings, reporter)
    frames, source = frames_of(reporter.previews), steps_metadata(made, 0)
    save_image(folder / "image.png", made)
    write_png(folder / "timeline.png", strip_picture(frames), source)
    write_gif(folder / "timeline.gif", frames)
    with atomic_path(folder / "pair.npz") as beside:
        beside.unlink()  # a set is made new or continued, and an empty file is neither
        save_set(beside, made)
    about = {folder / name: what for name, what in FILES.items()}
    summary = f"A mask of {size} x {size} and its image, seed {seed}."
    reporter.finished(summary, list(about), time.monotonic() - begun, about=about)
