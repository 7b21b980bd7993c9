"""Whether a training survives being killed: kill -9 at random moments, continued every time.

After every kill all files of the run are read, and no more than the last interval may be gone. In
the end the run must be the one that was never interrupted, to the last bit.

python -m benchmarks killing
"""

from __future__ import annotations

import multiprocessing
import random
import re
import time
from collections.abc import Callable, Iterator
from ctypes import c_long
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import torch

from benchmarks.rows import Row
from engine.training.checkpoint import load_checkpoint, load_tensors
from engine.training.facts import look_at
from engine.training.previews import preview_iterations, read_previews
from engine.training.runs import read_metrics
from engine.training.status import read_status

KILLS = 50
LOADED_LATE = (
    "torch._dynamo", "torch.utils.tensorboard", "engine.methods.cdal.training", "numpy.random",
)  # fmt: skip
"""What a training loads only when it begins, which takes seconds."""
PARTIAL = re.compile(r"\..*\.[0-9a-f]{12}(\..*)?")
"""What a file is called while it is written; nobody takes it for one that is there."""

Train = Callable[[Path, c_long], None]


@dataclass
class Tally:
    """What was seen.

    Attributes:
        kills: Processes that were killed while they worked.
        in_writing: Kills that left a partial file beside.
        most_lost: Iterations that had to be made again after a kill.
        files: That were read after kills.
        runs: That were trained to their end, and compared.
    """

    kills: int = 0
    in_writing: int = 0
    most_lost: int = 0
    files: int = 0
    runs: int = 0


def kill_often(
    train: Train, folder: Path, kills: int, interval: int, seed: int = 0, life_s: float = 0.0
) -> Tally:
    """Train again and again, killed at random moments, and check what is left.

    Args:
        train: Trains in a folder that may hold a run, and tells the iterations that it has done.
            It is called in processes of its own, so it must be importable.
        kills: How often.
        interval: Iterations between two saved states.
        life_s: Longest life of a process before it is killed; half an unbroken run where 0.

    Raises:
        AssertionError: something was lost; says what.
    """
    # A server that has loaded all it needs and has no threads: what it forks begins at once.
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([train.__module__, __name__, *LOADED_LATE])
    rng, tally = random.Random(seed), Tally()

    # Without a lock: a process that is killed would never give it back.
    reached = context.RawValue(c_long, 0)

    def begin(run: Path) -> multiprocessing.process.BaseProcess:
        reached.value = 0
        process = context.Process(target=train, args=(run, reached))
        process.start()
        return process

    whole = folder / "whole"
    _finish(begin(whole))  # the first one waits for the server
    started = time.monotonic()
    _finish(begin(folder / "again"))
    life_s = life_s or (time.monotonic() - started) / 2
    compare(whole, folder / "again")
    while tally.kills < kills:
        run = folder / f"killed-{tally.runs}"
        while tally.kills < kills:
            process = begin(run)
            process.join(rng.uniform(0.0, life_s))
            if not process.is_alive():
                assert process.exitcode == 0, f"{run} ended by {process.exitcode}"
                break
            process.kill()
            process.join()
            tally.kills += 1
            _check_after(run, reached.value, interval, tally)
        else:
            _finish(begin(run))
        compare(whole, run)
        assert not any(partial_files(run)), "partial files outlived the run's end"
        tally.runs += 1
    return tally


def read_all(run: Path) -> int:
    """Read every file of a run; returns how many there were.

    Raises:
        AssertionError: one cannot be read, or is not known.
    """
    if not run.exists():
        return 0
    files = [p for p in run.rglob("*") if p.is_file() and not PARTIAL.fullmatch(p.name)]
    for file in files:
        _read(file, run)
    return len(files)


def partial_files(run: Path) -> Iterator[Path]:
    """What was being written when a process was killed."""
    return (path for path in run.rglob(".*") if PARTIAL.fullmatch(path.name))


def compare(one: Path, other: Path) -> None:
    """Two runs are the same to the last bit.

    Raises:
        AssertionError: they are not; says in what.
    """
    for name in ("latest.state", "best.safetensors", "final.safetensors"):
        first, second = one / "checkpoints" / name, other / "checkpoints" / name
        assert first.exists() == second.exists(), name
        if first.exists():
            a, b = load_tensors(first), load_tensors(second)
            assert a.keys() == b.keys(), name
            for key, value in a.items():
                assert torch.equal(value, b[key]), f"{name}: {key} differs"
    assert (one / "metrics.csv").read_bytes() == (other / "metrics.csv").read_bytes()
    assert preview_iterations(one) == preview_iterations(other)
    for iteration in preview_iterations(one):
        pictures, others = read_previews(one, iteration), read_previews(other, iteration)
        assert all(np.array_equal(p, others[title]) for title, p in pictures.items())


def measure_killing() -> list[Row]:
    """Fifty kills of a small cDAL training, with previews, an average and a critic."""
    from benchmarks.killing_cdal import INTERVAL, ITERATIONS, prepare, train

    with TemporaryDirectory() as folder:
        prepare(Path(folder))
        tally = kill_often(train, Path(folder), KILLS, INTERVAL)
    return [
        Row("kills -9", tally.kills, "", at_least=KILLS),
        Row("of which left a partial file beside", tally.in_writing, ""),
        Row("files read after kills, all whole", tally.files, ""),
        Row(
            f"most iterations lost, of {ITERATIONS}, saved every {INTERVAL}", tally.most_lost, "",
            at_most=INTERVAL - 1,
        ),
        Row("runs that ended equal to an unbroken one", tally.runs, "", at_least=1),
    ]  # fmt: skip


def _finish(process: multiprocessing.process.BaseProcess) -> None:
    process.join()
    assert process.exitcode == 0, f"the training ended by {process.exitcode}"


def _check_after(run: Path, reached: int, interval: int, tally: Tally) -> None:
    tally.files += read_all(run)
    tally.in_writing += any(partial_files(run))
    state = run / "checkpoints" / "latest.state"
    saved = int(load_tensors(state)["counters.iteration"]) if state.exists() else 0
    # A process that was killed before its first iteration has told none.
    assert saved >= reached // interval * interval, f"{reached} done, {saved} saved"
    tally.most_lost = max(tally.most_lost, reached - saved)


def _read(file: Path, run: Path) -> None:
    match file.name:
        case "metrics.csv":
            rows = read_metrics(run)
            assert all(np.isfinite(value) for _, _, value in rows)
        case "status.json":
            assert read_status(run) is not None
        case "run.toml":
            assert look_at(run).method
        case "latest.state":
            assert load_tensors(file)
        case name if name.endswith(".safetensors"):
            assert load_checkpoint(file).tensors
        case name if file.parent.name == "previews":
            assert read_previews(run, int(name.split("_")[0]))
        case name if name.startswith("events.out.tfevents."):
            from tensorboard.backend.event_processing.event_file_loader import EventFileLoader

            # A last record that is cut off is left out, as TensorBoard does.
            assert all(event.wall_time > 0 for event in EventFileLoader(str(file)).Load())
        case "split.json":
            assert look_at(run).split is not None
        case name:
            assert name == "run.lock", f"{file} is not known"
