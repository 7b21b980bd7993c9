"""All benchmarks, each in a process of its own, as one table.

python -m benchmarks [NAME ...]     NAME: synthesis, gui, canvas, startup, viewer, cdal, cdm,
                                   diffrect, midiffusion, killing
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from benchmarks.rows import Row, table

CHILD = "REVERIE_BENCHMARK_CHILD"


def synthesis() -> list[Row]:
    """A step and an image of the published network, against its uncached form."""
    from benchmarks.synthesis import measure_synthesis

    steps = 12
    found = measure_synthesis(steps)
    uncached = found["uncached step (s)"]
    baseline = found["image, 300 uncached steps (s)"]
    rows = [
        Row(
            "one step, 256 x 256, float32", found["cached step (s)"], "s", uncached,
            found["cached step, times faster"], at_least=8,
        ),
        Row(
            "its largest difference / value", found["largest difference / largest value"], "",
            at_most=1e-5,
        ),
        Row("the mask's share, once an image", found["mask, once (s)"], "s"),
        Row(
            f"image, {steps} steps, float32", found[f"image, {steps} steps (s)"], "s", baseline,
            found["image, times faster"], at_least=150,
        ),
    ]  # fmt: skip
    if "image in bfloat16, times faster" in found:
        rows += [
            Row(
                f"image, {steps} steps, bfloat16", found[f"image in bfloat16, {steps} steps (s)"],
                "s", baseline, found["image in bfloat16, times faster"], at_least=150,
            ),
            Row(
                "bfloat16 against float32", found["bfloat16 against float32 (dB)"], "dB",
                at_least=45,
            ),
        ]  # fmt: skip
    return rows


def gui() -> list[Row]:
    """How long the event loop is held up."""
    from benchmarks.gui_latency import INTERVAL_MS, measure_gaps

    found = measure_gaps()
    return [
        Row("timer gap while computing, median", found["p50"], "ms", INTERVAL_MS),
        Row("timer gap while computing, 99 %", found["p99"], "ms", INTERVAL_MS, at_most=25),
        Row("largest timer gap at start-up", found["start_max"], "ms", INTERVAL_MS, at_most=250),
    ]


def canvas() -> list[Row]:
    """A brush move on a large mask, event to repaint."""
    from benchmarks.canvas import measure_brush

    found = measure_brush()
    return [
        Row("brush move, 2048 x 2048, median", found["median_ms"], "ms", at_most=4),
        Row("brush move, 2048 x 2048, 99 %", found["p99_ms"], "ms", at_most=16),
    ]


def startup() -> list[Row]:
    """Until the window takes strokes, against an empty window."""
    from benchmarks.startup import measure_startup

    found = measure_startup()
    return [
        Row(
            "window usable", found["reverie_s"], "s", found["bare_s"], found["ratio"],
            at_most=1.6,
        )
    ]  # fmt: skip


def viewer() -> list[Row]:
    """Volumes opened, scrolled and painted, against napari where it is installed."""
    from benchmarks.viewer import measure_viewer

    return measure_viewer()


def cdal() -> list[Row]:
    """Votes and a training step of the published network, against their straightforward form."""
    from benchmarks.cdal import measure_cdal

    return measure_cdal()


def cdm() -> list[Row]:
    """A ten-step map, both ways in one call, against one call at a time."""
    from benchmarks.cdm import measure_cdm

    return measure_cdm()


def diffrect() -> list[Row]:
    """An iteration of all three steps, against palettes through PIL and repeated passes."""
    from benchmarks.diffrect import measure_diffrect

    return measure_diffrect()


def midiffusion() -> list[Row]:
    """Local mutual information and a translation, against all pairs of windows and all steps."""
    from benchmarks.midiffusion import measure_midiffusion

    return measure_midiffusion()


def killing() -> list[Row]:
    """What is lost of a training that is killed fifty times."""
    from benchmarks.killing import measure_killing

    return measure_killing()


BENCHMARKS: Mapping[str, Callable[[], list[Row]]] = {
    "synthesis": synthesis, "gui": gui, "canvas": canvas, "startup": startup,
    "viewer": viewer, "cdal": cdal, "cdm": cdm, "diffrect": diffrect,
    "midiffusion": midiffusion, "killing": killing,
}  # fmt: skip


def main(names: Sequence[str]) -> int:
    """Print the table; returns 1 if a target is missed, 2 for a name that is none."""
    if unknown := [name for name in names if name not in BENCHMARKS]:
        print(f"No benchmark {', '.join(unknown)}; there are: {', '.join(BENCHMARKS)}.")
        return 2
    if CHILD in os.environ:
        print(json.dumps([asdict(row) for row in BENCHMARKS[names[0]]()]))
        return 0
    rows: list[Row] = []
    for name in names or BENCHMARKS:
        print(f"measuring: {name}", file=sys.stderr, flush=True)
        rows += _in_child(name)
    print(table(rows))
    return int(any(row.reaches() is False for row in rows))


def _in_child(name: str) -> list[Row]:
    """What one benchmark measures in a fresh process; it tells faults on standard error."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", name], env={**os.environ, CHILD: "1"},
        cwd=Path(__file__).parents[1], stdout=subprocess.PIPE, text=True, check=True,
    )  # fmt: skip
    return [Row(**values) for values in json.loads(done.stdout.splitlines()[-1])]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
