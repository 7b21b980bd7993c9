"""Where and how precisely the networks run. torch is imported when asked, not before."""

from __future__ import annotations

import ctypes
import importlib.util
import os
import sys
import threading
from collections.abc import Callable, Hashable
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from engine.errors import InputError

if TYPE_CHECKING:
    import torch

DeviceName = Literal["auto", "cpu", "cuda", "mps"]
KEPT_NETWORKS = 4
NICENESS = 5
Precision = Literal["auto", "float32", "bfloat16"]


@dataclass(frozen=True)
class DeviceSettings:
    """What the user asks for.

    Attributes:
        device: "auto" takes cuda, then mps, then the CPU.
        precision: Of inference. "auto" is bfloat16 where the hardware computes in it, else float32.
        threads: CPU threads of one operation; 0 takes all cores.
    """

    device: DeviceName = "auto"
    precision: Precision = "auto"
    threads: int = 0


@dataclass
class BatchRecord:
    """The last batch size that a task took: what to halve when memory runs out; 0 before any."""

    size: int = 0


@dataclass
class Rehearsal:
    """The wish for a few iterations of a training in place of all, and what they took.

    Attributes:
        available: Bytes that a training may take; 0 asks the device.
        found: Written by the training loop: an `engine.results.Measures`.
    """

    available: int = 0
    found: Any = None


@dataclass(frozen=True)
class Context:
    """What a running task may use.

    Attributes:
        device: Where networks and batches live.
        dtype: Type that inference computes in.
        threads: CPU threads of one operation.
        max_batch: Largest batch that one network call may take; 0 leaves it to the task.
        loaded: Networks kept between jobs, by what identifies them; the newest last.
        taken: Written by `limit`. Only a task that asks `limit` for its batch size can be
            retried with a smaller one.
        rehearsal: Where training is only tried, see `Rehearsal`.
    """

    device: torch.device
    dtype: torch.dtype
    threads: int
    max_batch: int = 0
    loaded: dict[Hashable, Any] = field(default_factory=dict, repr=False, compare=False)
    taken: BatchRecord = field(default_factory=BatchRecord, repr=False, compare=False)
    rehearsal: Rehearsal | None = field(default=None, repr=False, compare=False)

    def keep(self, key: Hashable, load: Callable[[], Any]) -> Any:
        """What `load` made for this key before, else what it makes now; keeps the newest few."""
        value = self.loaded.pop(key) if key in self.loaded else load()
        self.loaded[key] = value
        while len(self.loaded) > KEPT_NETWORKS:
            self.loaded.pop(next(iter(self.loaded)))
        return value

    @property
    def precision(self) -> str:
        return str(self.dtype).removeprefix("torch.")

    def limit(self, wanted: int) -> int:
        """The batch size to use where a task would like `wanted`."""
        self.taken.size = min(wanted, self.max_batch) if self.max_batch else wanted
        return self.taken.size

    def with_half_batch(self, wanted: int) -> Context:
        """The same with at most half of the batch that was too large."""
        return replace(self, max_batch=max(1, self.limit(wanted) // 2), taken=BatchRecord())

    def autocast(self) -> AbstractContextManager[object]:
        """Mixed precision for training: on CUDA, and on CPUs that compute in bfloat16."""
        import torch

        if self.device.type == "cuda" or (
            self.device.type == "cpu" and self.dtype is torch.bfloat16
        ):
            return torch.autocast(self.device.type, torch.bfloat16)
        return nullcontext()


def open_context(settings: DeviceSettings) -> Context:
    """Choose device, type and threads; sets torch's thread count.

    Raises:
        InputError: a device was asked for that this machine does not have.
    """
    _load_libraries()
    import torch

    device = choose_device(settings.device)
    threads = settings.threads or os.cpu_count() or 1
    torch.set_num_threads(threads)
    return Context(device, choose_dtype(device, settings.precision), threads)


def _load_libraries() -> None:
    """Load torch's largest library without holding Python's lock.

    `import torch` holds it for the 0.3 s that this takes, and every other thread, the window's
    too, stands still. A failure is left for the import to tell. Windows needs none of this.
    """
    # Threads that wait for each other spin; where other programs want the cores too, they spin
    # those away, and where none does, sleeping at once makes small layers take twice as long. So
    # they spin for some microseconds. GNU's OpenMP reads this once, and others do not.
    if "OMP_WAIT_POLICY" not in os.environ:
        os.environ.setdefault("GOMP_SPINCOUNT", "5000")
    spec = importlib.util.find_spec("torch")
    if os.name != "posix" or spec is None or spec.origin is None:
        return
    name = "libtorch_cpu.dylib" if sys.platform == "darwin" else "libtorch_cpu.so"
    library = Path(spec.origin).parent / "lib" / name
    # The C function itself, because a call through ctypes lets go of the lock, and loading a
    # library the way of ctypes does not.
    dlopen = ctypes.CDLL(None).dlopen
    dlopen.restype, dlopen.argtypes = ctypes.c_void_p, (ctypes.c_char_p, ctypes.c_int)
    dlopen(os.fsencode(library), os.RTLD_NOW | os.RTLD_LOCAL)


def choose_device(wanted: DeviceName) -> torch.device:
    """The device of that name, "auto" for the fastest there is.

    Raises:
        InputError: this machine does not have it.
    """
    import torch

    present = {
        "cpu": True,
        "cuda": torch.cuda.is_available(),
        "mps": torch.backends.mps.is_available(),
    }
    if wanted == "auto":
        return torch.device(next(name for name in ("cuda", "mps", "cpu") if present[name]))
    if not present[wanted]:
        raise InputError(
            f"This machine has no {wanted} device that torch can use.",
            "Choose 'auto' or 'cpu'.",
        )
    return torch.device(wanted)


def choose_dtype(device: torch.device, precision: Precision) -> torch.dtype:
    """The type that inference computes in; see `DeviceSettings`."""
    import torch

    if precision == "float32":
        return torch.float32
    if precision == "bfloat16":
        return torch.bfloat16
    return torch.bfloat16 if computes_in_bfloat16(device) else torch.float32


def computes_in_bfloat16(device: torch.device) -> bool:
    """Whether bfloat16 is computed by the hardware; emulated, it is 20 times slower."""
    import torch

    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    return device.type == "cpu" and bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())


def give_way() -> None:
    """Lower the calling thread's priority, so that the window's thread gets a core when it asks.

    Threads that this one starts inherit it, torch's among them. Linux only: elsewhere a priority
    belongs to the whole process.
    """
    if sys.platform == "linux":
        thread = threading.get_native_id()
        with suppress(OSError):
            now = os.getpriority(os.PRIO_PROCESS, thread)
            os.setpriority(os.PRIO_PROCESS, thread, now + NICENESS)


def warm_up(context: Context) -> None:
    """Make the libraries below torch load and start their threads, before the first job waits."""
    import torch

    with torch.inference_mode():
        image = torch.zeros(1, 8, 32, 32, device=context.device, dtype=context.dtype)
        weight = torch.zeros(8, 8, 3, 3, device=context.device, dtype=context.dtype)
        torch.nn.functional.conv2d(image, weight, padding=1).sum().item()


def free_memory() -> None:
    """Give back what the allocator holds, after an out-of-memory error or at a job's end."""
    import gc

    import torch

    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
    elif torch.backends.mps.is_available():
        torch.mps.empty_cache()
