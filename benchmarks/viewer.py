"""The volume viewer against napari, both on one display and in one run.

python -m benchmarks viewer

    REVERIE_NAPARI_PYTHON   An interpreter that has napari and PyQt6; without it this one, if it
                            has napari; else there are figures of this program alone.
    REVERIE_BENCH_VOLUME    A NIfTI file to open instead of a made one of the same size.

napari needs OpenGL and so a display. Where there is none, Xvfb gives one, and both programs are
drawn by the processor. Each measurement has a process of its own; napari's and ours alternate.

Both are whole windows with panels and status line. With a graphics card napari draws faster than
here.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nibabel
import numpy as np

from benchmarks.rows import Row
from benchmarks.viewer_cases import BRUSHES, STROKES, noise

ROOT = Path(__file__).parents[1]
BRATS = (155, 240, 240)
CUBES = (256, 512)
FRAME_MS = 1000 / 60
SCREEN = "1600x1000x24"

Found = Mapping[str, Any]


@dataclass(frozen=True)
class Pair:
    """What both programs say to one question; `other` is None without napari."""

    own: Found
    other: Found | None

    def row(self, name: str, keys: Sequence[str], unit: str, at_most: float | None = None) -> Row:
        """One figure, found under nested keys, with the ratio to napari's."""
        value = _at(self.own, keys)
        if self.other is None:
            return Row(name, value, unit)
        baseline = _at(self.other, keys)
        return Row(name, value, unit, baseline, value / baseline, at_most=at_most)


def measure_viewer() -> list[Row]:
    """All rows of the table."""
    with tempfile.TemporaryDirectory() as folder, _display() as environment:
        paths = _volumes(Path(folder))
        napari = _napari_python(environment)
        environment["XDG_CONFIG_HOME"] = str(Path(folder, "config"))

        def ask(*question: str) -> Pair:
            other = None if napari is None else _ask(napari, "viewer_napari", question, environment)
            return Pair(_ask(sys.executable, "viewer_own", question, environment), other)

        rows = _opening(ask("open", *map(str, paths)), paths)
        rows += _scrolling(ask("scroll", *map(str, CUBES)))
        rows += _painting(ask("brush"))
        return rows + _remembering(ask("memory"))


def _opening(pair: Pair, paths: Sequence[Path]) -> list[Row]:
    rows = []
    for path in paths:
        ending = "".join(path.suffixes[-2:]) if path.suffix == ".gz" else path.suffix
        size = " x ".join(map(str, nibabel.load(path).shape))
        rows += [
            pair.row(f"first slice of {ending}, {size}", [path.name], "ms", 0.5),
            Row(f"nibabel alone reads {ending}", _nibabel_ms(path), "ms"),
        ]
    return rows


def _scrolling(pair: Pair) -> list[Row]:
    rows = []
    for size in CUBES:
        name = f"scroll {size}^3, three views (napari: one)"
        rows.append(pair.row(f"{name}, median", [str(size), "median"], "ms", 1.0))
        rows.append(_within(pair, f"{name}, 99 %", [str(size), "p99"], FRAME_MS))
    return rows


def _painting(pair: Pair) -> list[Row]:
    rows = []
    for case in BRUSHES:
        for key, name in (("median", "median"), ("p99", "99 %")):
            rows.append(pair.row(f"brush move, {case.name}, {name}", [case.name, key], "ms", 1.0))
        _same_work(pair, [case.name, "voxels"])
    return rows


def _remembering(pair: Pair) -> list[Row]:
    _same_work(pair, ["voxels"])
    after = f"after {STROKES} strokes on 512^3"
    return [
        pair.row(f"process grown {after}", ["rss"], "MiB", 1.0),
        pair.row(f"undo steps {after}", ["history"], "MiB", 1.0),
    ]


def _within(pair: Pair, name: str, keys: Sequence[str], limit: float) -> Row:
    """A figure with a limit of its own; napari's stands beside it."""
    baseline = None if pair.other is None else _at(pair.other, keys)
    return Row(name, _at(pair.own, keys), "ms", baseline, at_most=limit)


def _same_work(pair: Pair, keys: Sequence[str]) -> None:
    """Raises RuntimeError when the strokes of both did not label about the same voxels."""
    own = _at(pair.own, keys)
    other = own if pair.other is None else _at(pair.other, keys)
    if not own or abs(own - other) > 0.15 * own:
        raise RuntimeError(f"{keys[0]}: {own:.0f} voxels were painted, by napari {other:.0f}")


def _at(found: Found, keys: Sequence[str]) -> float:
    value: Any = found
    for key in keys:
        value = value[key]
    return float(value)


# --- files, interpreters and the display


def _volumes(folder: Path) -> list[Path]:
    """The files to open: the user's, or a made one, compressed and plain."""
    if given := os.environ.get("REVERIE_BENCH_VOLUME"):
        return [Path(given).absolute()]
    image = nibabel.Nifti1Image(noise(BRATS).T, np.diag([-1.0, -1.0, 1.0, 1.0]))
    paths = [folder / "volume.nii.gz", folder / "volume.nii"]
    for path in paths:
        nibabel.save(image, path)
    return paths


def _nibabel_ms(path: Path, rounds: int = 5) -> float:
    """What reading alone takes: the least that opening can take with nibabel."""
    spent = []
    for _ in range(rounds):
        start = time.perf_counter()
        np.array(nibabel.load(path).dataobj)
        spent.append(time.perf_counter() - start)
    return 1e3 * float(np.median(spent))


def _napari_python(environment: Mapping[str, str]) -> str | None:
    """The interpreter that has napari; None, with a word, when there is none or no display."""
    python = os.environ.get("REVERIE_NAPARI_PYTHON", sys.executable)
    found = subprocess.run(
        [python, "-c", "import importlib.util as u, sys; sys.exit(not u.find_spec('napari'))"],
        check=False,
    )
    if found.returncode:
        _say(
            "napari is not installed here: pip install '.[bench]', or name an interpreter that\n"
            "has it in REVERIE_NAPARI_PYTHON. These are the figures of this program alone."
        )
        return None
    if environment["QT_QPA_PLATFORM"] == "offscreen":
        _say("napari needs a display, and neither one nor Xvfb is there: it is left out.")
        return None
    return python


@contextmanager
def _display() -> Iterator[dict[str, str]]:
    """The environment of both programs: the user's display, else Xvfb's, else none."""
    environment = {**os.environ, "QT_API": "pyqt6"}
    if sys.platform != "linux":
        environment.pop("QT_QPA_PLATFORM", None)
        yield environment
    elif "DISPLAY" in environment:
        yield {**environment, "QT_QPA_PLATFORM": "xcb"}
    elif shutil.which("Xvfb") is None:
        yield {**environment, "QT_QPA_PLATFORM": "offscreen"}
    else:
        read, write = os.pipe()
        server = subprocess.Popen(
            ["Xvfb", "-displayfd", str(write), "-screen", "0", SCREEN, "-nolisten", "tcp"],
            pass_fds=(write,), stderr=subprocess.DEVNULL,
        )  # fmt: skip
        os.close(write)
        try:
            with os.fdopen(read) as told:
                number = told.readline().strip()
            yield {**environment, "QT_QPA_PLATFORM": "xcb", "DISPLAY": f":{number}"}
        finally:
            server.terminate()
            server.wait()


def _ask(
    python: str, module: str, question: Sequence[str], environment: Mapping[str, str]
) -> Found:
    """What a program measured in a process of its own."""
    done = subprocess.run(
        [python, "-m", f"benchmarks.{module}", *question], env=environment, cwd=ROOT,
        stdout=subprocess.PIPE, text=True, check=True,
    )  # fmt: skip
    found: Found = json.loads(done.stdout.splitlines()[-1])
    _say(f"{question[0]}: {found['about']}")
    return found


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
