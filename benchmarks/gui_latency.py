"""How long the window's event loop is held up while the engine computes on all cores.

Run as `python -m benchmarks.gui_latency`.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Generator
from typing import TYPE_CHECKING, Any

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np
from PyQt6.QtCore import QEventLoop, Qt, QTimer
from PyQt6.QtWidgets import QApplication

from app.bridge import Bridge
from engine.device import DeviceSettings
from engine.jobs import Job
from engine.parameters import Parameters
from engine.steps import DenoiseStep, Step
from engine.worker import Engine
from widgets.theme import apply_theme
from widgets.viewer.image_view import ImageView

if TYPE_CHECKING:
    from engine.device import Context

INTERVAL_MS = 16
STEPS = 1000


def measure_gaps(seconds: float = 5) -> dict[str, float]:
    """Gaps of a 16 ms timer of a window that shows previews, in ms.

    The engine's thread imports torch (`start_*`), then computes convolutions on all cores and
    sends previews of 256 x 256 pixels.

    Returns:
        start_max, start_p99, start_s: From the engine's start until it is ready.
        idle_p99: With a started engine that has nothing to do.
        p50, p99, max: While it computes.
        previews: How many were shown in that time.
        steps_per_s: How fast the computation goes with the window there.
    """
    app = QApplication.instance() or QApplication([])
    assert isinstance(app, QApplication)
    apply_theme(app, "dark")
    window = ImageView()
    window.resize(900, 700)
    window.show()
    bridge = Bridge()
    bridge.previewed.connect(lambda event: window.setImage(event.x_t[0], (-1, 1)))
    shown: list[int] = []
    bridge.previewed.connect(lambda event: shown.append(event.index))
    before = sys.getswitchinterval()
    sys.setswitchinterval(before / 2)  # as the program does at start-up
    _gaps(lambda: None, 0.5)
    engine = Engine(_compute, bridge.post, DeviceSettings("cpu"))
    try:
        start = _gaps_until(bridge.ready, engine.start)
        idle = _gaps(lambda: None, 1)
        busy = _gaps(lambda: engine.submit(Job("bench", "convolve", Parameters())), seconds)
    finally:
        engine.shutdown()
        bridge.close()
        window.close()
        sys.setswitchinterval(before)
    return {
        "start_max": float(start.max()),
        "start_p99": float(np.percentile(start, 99)),
        "start_s": float(start.sum()) / 1000,
        "idle_p99": float(np.percentile(idle, 99)),
        "p50": float(np.percentile(busy, 50)),
        "p99": float(np.percentile(busy, 99)),
        "max": float(busy.max()),
        "previews": float(len(shown)),
        "steps_per_s": (max(shown, default=-1) + 1) / seconds,
    }


def _compute(job: Job, context: Context) -> Generator[Step, None, None]:
    """Reverse steps of one 256 x 256 image by a stack of convolutions, without meaning."""
    import torch
    from torch import nn

    torch.manual_seed(0)
    layers: list[nn.Module] = [nn.Conv2d(1, 16, 3, padding=1)]
    for _ in range(2):
        layers += [nn.GroupNorm(8, 16), nn.SiLU(), nn.Conv2d(16, 16, 3, padding=1)]
    network = nn.Sequential(*layers, nn.Conv2d(16, 1, 3, padding=1))
    x_t = torch.randn(1, 1, 256, 256)
    for i in range(STEPS):
        with torch.inference_mode():
            x0_hat = network(x_t).tanh()
            x_t = 0.9 * x_t + 0.1 * x0_hat
        yield DenoiseStep(i, STEPS, STEPS - 1 - i, x_t, x0_hat)


def _gaps(begin: Callable[[], Any], seconds: float) -> np.ndarray:
    """Milliseconds between the timer's ticks for so many seconds from `begin` on."""
    loop = QEventLoop()
    QTimer.singleShot(round(seconds * 1000), loop.quit)
    return _watched(loop, begin)


def _gaps_until(signal: Any, begin: Callable[[], Any]) -> np.ndarray:
    """The same until a signal comes."""
    loop = QEventLoop()
    signal.connect(loop.quit)
    return _watched(loop, begin)


def _watched(loop: QEventLoop, begin: Callable[[], Any]) -> np.ndarray:
    ticks: list[float] = []
    timer = QTimer()
    timer.setTimerType(Qt.TimerType.PreciseTimer)
    timer.timeout.connect(lambda: ticks.append(time.perf_counter()))
    timer.start(INTERVAL_MS)
    QTimer.singleShot(0, begin)
    ticks.append(time.perf_counter())
    loop.exec()
    ticks.append(time.perf_counter())
    timer.stop()
    return np.diff(ticks) * 1000


if __name__ == "__main__":
    print(json.dumps({k: round(v, 2) for k, v in measure_gaps().items()}, indent=2))
