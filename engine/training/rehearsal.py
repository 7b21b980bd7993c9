"""What a training takes, found by a few iterations of its own code.

The first ones take parts of the batch, so that a batch that is far too large is noticed before it
fills the machine: memory grows by a line with what goes through the network at once. Those that are
timed draw the same samples over and over: a training reads each image once and keeps it, which in
a few iterations would count as if it were read in all of them.
"""

from __future__ import annotations

import ctypes
import os
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import TracebackType

import psutil
import torch

from engine.device import Context
from engine.failures import Caught, drop_frames, is_out_of_memory
from engine.results import Measures
from engine.steps import ProgressStep, Step
from engine.training.stage import FitSettings

MEASURED = 3
"""Iterations of the whole batch."""
LONGEST_S = 60.0
"""After so many seconds no further iteration is measured."""
LOOK_EVERY_S = 0.01
ROOM = 0.9
"""Of the free memory: the rest is left to others."""
_LIMITS = (
    ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory.current"),
    ("/sys/fs/cgroup/memory/memory.limit_in_bytes", "/sys/fs/cgroup/memory/memory.usage_in_bytes"),
)


@dataclass(frozen=True)
class Acts:
    """What the training loop lends.

    Attributes:
        iterate: One iteration, counted from 0, in parts as large as the context allows.
        validate: All validation; whether there is any.
        save: Weights and state.
        show: The pictures; whether there are any.
    """

    iterate: Callable[[int, Context], None]
    validate: Callable[[], bool]
    save: Callable[[], None]
    show: Callable[[], bool]


@dataclass
class _Found:
    """What is known so far.

    Attributes:
        peaks: Largest part of the batch -> bytes above what was taken before the training.
        seconds: Of iterations of the whole batch, or what those of a part tell of it.
    """

    peaks: dict[int, int] = field(default_factory=dict)
    seconds: list[float] = field(default_factory=list)

    def line(self) -> tuple[float, float]:
        """Bytes at a batch of 0, and more for each sample."""
        sizes = sorted(self.peaks)
        if len(sizes) < 2:
            size = sizes[0]
            return 0.0, self.peaks[size] / size
        low, high = sizes[0], sizes[-1]
        each = max(0.0, (self.peaks[high] - self.peaks[low]) / (high - low))
        return self.peaks[high] - each * high, each

    def at(self, size: int) -> int:
        """Bytes of a batch, measured or by the line."""
        base, each = self.line()
        return self.peaks.get(size, int(base + each * size))


def rehearse(acts: Acts, settings: FitSettings, context: Context) -> Generator[Step, None, None]:
    """Measure; the result goes to the context's rehearsal."""
    assert context.rehearsal is not None
    meter = Meter(context)
    available = context.rehearsal.available or int(ROOM * meter.available())
    found = _Found()
    batch = settings.batch
    # The first iteration makes the optimizer's memory and reads data: it is taken twice.
    sizes = [max(1, batch // 4), *sorted({max(1, batch // 4), max(1, batch // 2)} - {batch})]
    total = len(sizes) + MEASURED + 2
    begun = time.monotonic()
    done = 0
    tried = 0
    for number, size in enumerate([*sizes, *[batch] * MEASURED]):
        whole = size == batch
        if whole and number >= len(sizes) and found.peaks and found.at(batch) > available:
            break
        if time.monotonic() - begun > LONGEST_S and (found.seconds or number >= len(sizes)):
            break
        yield ProgressStep(done, total, f"Trying {size} of {batch} samples at once")
        started = time.monotonic()
        with meter.watching(), Caught(Exception) as caught:
            acts.iterate(min(number, len(sizes)), replace(context, max_batch=size))
        if caught.error is not None:
            if size < batch and isinstance(caught.error, ValueError):
                continue  # a part that is too small to normalise; a larger one tells as much
            if not is_out_of_memory(caught.error):
                raise caught.error
            drop_frames(caught.error)
            found.peaks[size] = max(meter.peak, available + 1)
            break
        took = time.monotonic() - started
        tried = max(tried, size)
        found.peaks[size] = max(found.peaks.get(size, 0), meter.peak)
        if number > 0 and (whole or number == len(sizes) - 1):
            found.seconds = [*found.seconds, took] if number >= len(sizes) else [took]
        done += 1
    # What does not fit in the smallest part would run out of memory in validating, too.
    extra = (yield from _extra(acts, settings, done, total)) if tried else 0.0
    if not found.seconds:
        found.seconds = [time.monotonic() - begun]
    measured = found.seconds[1:] if len(found.seconds) > MEASURED else found.seconds
    context.rehearsal.found = Measures(
        settings.iterations, batch, sorted(measured)[len(measured) // 2], extra,
        found.at(batch), available, tried, found.line(), context.device.type,
    )  # fmt: skip


def _extra(
    acts: Acts, settings: FitSettings, done: int, total: int
) -> Generator[Step, None, float]:
    """Seconds of all validations, saves and previews of the whole training."""
    extra = 0.0
    yield ProgressStep(done, total, "Validating once")
    started = time.monotonic()
    validates = acts.validate()
    validations = times(settings.validate_every, settings.iterations) if validates else 0
    extra += validations * (time.monotonic() - started)
    yield ProgressStep(total - 1, total, "Saving once")
    started = time.monotonic()
    acts.save()
    extra += times(settings.save_every, settings.iterations) * (time.monotonic() - started)
    started = time.monotonic()
    if acts.show():
        extra += times(settings.preview_every, settings.iterations) * (time.monotonic() - started)
    yield ProgressStep(total, total, "Done")
    return extra


def times(every: int, iterations: int) -> int:
    """How often something happens that is done every so many iterations, and at the end."""
    if not every:
        return 1
    return iterations // every + bool(iterations % every)


class Meter:
    """The most memory that was taken while something ran, beyond what was taken before."""

    def __init__(self, context: Context) -> None:
        self._cuda = context.device.type == "cuda"
        self._device = context.device
        if not self._cuda:
            _give_back()
        self._process = psutil.Process()
        self._before = self._now()
        self.peak = 0

    def available(self) -> int:
        """Bytes that are free now."""
        if self._cuda:
            free, _ = torch.cuda.mem_get_info(self._device)
            held = torch.cuda.memory_reserved(self._device)
            return int(free + held - torch.cuda.memory_allocated(self._device))
        free = int(psutil.virtual_memory().available)
        return min([free, *(limit for limit in map(_left, _LIMITS) if limit is not None)])

    @contextmanager
    def watching(self) -> Generator[None, None, None]:
        """While the block runs, `peak` is kept."""
        self.peak = max(0, self._now() - self._before)
        if self._cuda:
            torch.cuda.reset_peak_memory_stats(self._device)
            yield
            torch.cuda.synchronize(self._device)
            self.peak = max(0, torch.cuda.max_memory_allocated(self._device) - self._before)
            return
        if _forget_peak():
            yield
            self.peak = max(self.peak, _peak() - self._before)
            return
        with _Looking(self):
            yield

    def look(self) -> None:
        """Take what is held now into account."""
        self.peak = max(self.peak, self._now() - self._before)

    def _now(self) -> int:
        if self._cuda:
            return int(torch.cuda.memory_allocated(self._device))
        return int(self._process.memory_info().rss)


def _give_back() -> None:
    """Let the C library give freed memory back to the system: what is only used again would not
    be seen to be taken. GNU's library alone keeps and gives back."""
    library = ctypes.CDLL(None) if os.name == "posix" else None
    if library is not None and hasattr(library, "malloc_trim"):
        library.malloc_trim(0)


def _forget_peak() -> bool:
    """Let the system's record of the process's largest size begin anew; Linux alone can."""
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        return False
    return True


def _peak() -> int:
    """That record in bytes."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(1024 * int(line.split()[1]) for line in lines if line.startswith("VmHWM:"))


class _Looking:
    """A thread that looks at the meter, where the system keeps no record that can be reset."""

    def __init__(self, meter: Meter) -> None:
        self._meter = meter
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._look, name="memory", daemon=True)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._end.set()
        self._thread.join()
        self._meter.look()

    def _look(self) -> None:
        while not self._end.wait(LOOK_EVERY_S):
            self._meter.look()


def _left(files: tuple[str, str]) -> int | None:
    """What a container leaves to its programs; None where it sets no limit."""
    limit, used = (Path(file) for file in files)
    try:
        return max(0, int(limit.read_text()) - int(used.read_text()))
    except (OSError, ValueError):
        return None  # no such file, or "max"
