"""Several processes share a batch and come to what one process comes to."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from torch.testing import assert_close

from engine.training.checkpoint import load_tensors
from engine.training.fit import fit
from engine.training.runs import RunFolder, read_metrics
from tests.helpers.tiny_training import CARD, Toy
from tests.helpers.torch_rules import cpu_context
from tests.helpers.train_toy import SETTINGS

ROOT = Path(__file__).parents[3]


def launch(rank: int, port: int, folder: Path) -> subprocess.Popen[str]:
    """One of two processes, with the environment that `accelerate launch` gives it."""
    environment = {
        **os.environ, "RANK": str(rank), "LOCAL_RANK": str(rank), "WORLD_SIZE": "2",
        "LOCAL_WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port),
    }  # fmt: skip
    return subprocess.Popen(
        [sys.executable, "-m", "tests.helpers.train_toy", str(folder)],
        cwd=ROOT, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip


@pytest.mark.skipif(not torch.distributed.is_gloo_available(), reason="torch has no gloo here")
def test_two_processes_train_as_one(tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    two = [launch(rank, port, tmp_path / "two") for rank in (0, 1)]
    try:
        for process in two:
            output, _ = process.communicate(timeout=400)
            assert process.returncode == 0, output
    finally:
        for process in two:
            process.kill()
    for _ in fit(Toy(), SETTINGS, cpu_context(), RunFolder(tmp_path / "one", CARD)):
        pass
    one, both = (
        load_tensors(tmp_path / n / "checkpoints" / "latest.state") for n in ("one", "two")
    )
    assert_close(both, one, atol=1e-6, rtol=1e-5)
    rows, both_rows = read_metrics(tmp_path / "one"), read_metrics(tmp_path / "two")
    assert [r[:2] for r in both_rows] == [r[:2] for r in rows]
    losses, both_losses = ([v for _, n, v in r if n == "loss"] for r in (rows, both_rows))
    assert both_losses == pytest.approx(losses, abs=1e-6)
