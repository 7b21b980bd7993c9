"""What a process takes of the machine."""

from __future__ import annotations

import os

import psutil
import pytest

from engine.training import load
from engine.training.load import GpuLoad, LoadMeter, read_gpus


def test_this_process_takes_memory_and_time() -> None:
    meter = LoadMeter(os.getpid())
    first = meter.read()
    assert first is not None
    assert sum(i * i for i in range(2_000_000)) > 0
    second = meter.read()
    assert second is not None
    assert 0 < second.cpu <= 1
    assert 10e6 < second.memory < second.machine == psutil.virtual_memory().total


def test_a_process_that_is_gone_takes_nothing() -> None:
    unused = max(psutil.pids()) + 100_000
    assert LoadMeter(unused).read() is None


def test_what_the_driver_of_nvidia_writes() -> None:
    text = "12345, 143771, 87\n[N/A], [N/A], [N/A]\n4, 8192, [Not Supported]\nnonsense\n"
    assert read_gpus(text) == (
        GpuLoad(12345 * 2**20, 143771 * 2**20, 0.87), GpuLoad(4 * 2**20, 8192 * 2**20, None),
    )  # fmt: skip


def test_a_driver_that_does_not_answer_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(load, "_program", lambda: "/no/such/nvidia-smi")
    assert load.gpus() == ()
