"""What a training takes of the machine: processor, memory, memory of the GPUs. Loads no torch."""

from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import psutil

ASKED = "memory.used,memory.total,utilization.gpu"
PATIENCE_S = 3.0
_MIB = 2**20


@dataclass(frozen=True)
class GpuLoad:
    """A GPU as it is, whoever uses it.

    Attributes:
        used, total: Memory in bytes.
        busy: Share of the last moment in which it computed, in [0, 1]; None where not known.
    """

    used: int
    total: int
    busy: float | None


@dataclass(frozen=True)
class Load:
    """A process at one moment.

    Attributes:
        cpu: Share of all cores since the look before, in [0, 1].
        memory: Resident bytes.
        machine: Bytes of the machine.
        gpus: NVIDIA's, as far as their driver tells; empty without any.
    """

    cpu: float
    memory: int
    machine: int
    gpus: tuple[GpuLoad, ...] = ()


class LoadMeter:
    """Looks at one process again and again.

    Args:
        pid: Its number on this machine.
    """

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._process: psutil.Process | None = None
        self._cores = psutil.cpu_count() or 1

    def read(self) -> Load | None:
        """What it takes now; None where it has ended, or may not be looked at. The first look has
        nothing to compare with, so its share of the processor is 0."""
        try:
            if self._process is None:
                self._process = psutil.Process(self.pid)
            share = self._process.cpu_percent() / 100 / self._cores
            memory = int(self._process.memory_info().rss)
        except psutil.Error:
            return None
        return Load(min(1.0, share), memory, int(psutil.virtual_memory().total), gpus())


def gpus() -> tuple[GpuLoad, ...]:
    """What NVIDIA's driver says of each GPU; its own program is asked, as that of another process
    is seen by no library without a context on the GPU."""
    program = _program()
    if program is None:
        return ()
    quiet: dict[str, Any] = {}
    if sys.platform == "win32":
        quiet["creationflags"] = subprocess.CREATE_NO_WINDOW
    try:
        said = subprocess.run(
            [program, f"--query-gpu={ASKED}", "--format=csv,noheader,nounits"],
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=PATIENCE_S,
            check=True, **quiet,
        )  # fmt: skip
    except (OSError, subprocess.SubprocessError):
        return ()  # a driver that does not answer
    return read_gpus(said.stdout)


def read_gpus(text: str) -> tuple[GpuLoad, ...]:
    """From lines of MiB, MiB and percent; a GPU that does not tell its memory is left out."""
    found = []
    for line in text.splitlines():
        numbers = [_number(part) for part in line.split(",")]
        if len(numbers) == 3 and numbers[0] is not None and numbers[1]:
            busy = None if numbers[2] is None else min(1.0, numbers[2] / 100)
            found.append(GpuLoad(round(numbers[0] * _MIB), round(numbers[1] * _MIB), busy))
    return tuple(found)


@lru_cache(maxsize=1)
def _program() -> str | None:
    return shutil.which("nvidia-smi")


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None  # "[N/A]", "[Not Supported]"
