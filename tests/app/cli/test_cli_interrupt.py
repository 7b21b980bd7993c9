"""Ctrl+C ends a run with code 130 and leaves no half-written file; a training goes on after it and
after being asked to end, with the numbers of one that never stopped. What a power cut leaves is
looked at in `tests/engine/training/test_killing.py`."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from app.cli import main
from app.cli_interrupt import Interrupts
from tests.helpers.cdal_models import disc_folders

ROOT = Path(__file__).parents[3]
posix = pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")


def _hear_interrupts() -> None:
    """A suite that a shell started in the background would hand down deafness to SIGINT."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


def interrupted(arguments: list[str], event: str, number: signal.Signals) -> tuple[int, str, str]:
    """Run a command with --json, send it a signal at the first such event; code, output, errors."""
    with subprocess.Popen(
        [sys.executable, "main.py", *arguments, "--threads", "1", "--json"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=_hear_interrupts,
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if json.loads(line)["event"] == event:
                break
        process.send_signal(number)
        rest, errors = process.communicate(timeout=60)
    return process.returncode, rest, errors


@posix
def test_an_interrupted_synthesis_leaves_nothing(
    tmp_path: Path, mask_file: Path, tiny_checkpoint: Path
) -> None:
    command = [
        "synthesize", "--mask", str(mask_file), "--checkpoint", str(tiny_checkpoint),
        "--output", str(tmp_path / "out.png"), "--timeline", str(tmp_path / "steps"),
        "--steps", "20", "--variants", "64", "--sampler", "ddpm",
    ]  # fmt: skip
    code, rest, errors = interrupted(command, "progress", signal.SIGINT)
    assert code == 130, errors
    assert json.loads(rest.splitlines()[-1])["event"] == "cancelled"
    assert "Traceback" not in errors
    assert [path.name for path in tmp_path.iterdir()] == ["mask.png"]


@posix
def test_a_training_outlives_ctrl_c_and_being_asked_to_end(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = disc_folders(tmp_path / "data")
    start = [
        "train", "--method", "cdal", "--stage", "train", "--images", str(data), "--preset", "fast",
        "--size", "16", "--multipliers", "1, 2", "--width", "8", "--encoder-layers", "1",
        "--iterations", "12", "--batch", "2", "--preview-every", "0", "--save-every", "2",
    ]  # fmt: skip
    run, whole = tmp_path / "run", tmp_path / "whole"
    goes_on = ["train", "--resume", "--output", str(run)]
    code, rest, errors = interrupted([*start, "--output", str(run)], "losses", signal.SIGINT)
    assert code == 130, errors
    told = json.loads(rest.splitlines()[-1])
    assert told["event"] == "cancelled"
    assert told["kept"] == f"The run is kept: `reverie train --resume --output {run}` continues it."
    assert "Ctrl+C again" in errors
    assert "Traceback" not in errors
    assert (run / "checkpoints" / "latest.state").exists()
    code, rest, errors = interrupted(goes_on, "losses", signal.SIGTERM)
    assert (code, json.loads(rest.splitlines()[-1])["event"]) == (130, "cancelled")
    assert "as was asked" in errors
    assert main([*goes_on, "--threads", "1"]) == 0
    assert "Continuing at iteration" in capsys.readouterr().err
    assert main([*start, "--output", str(whole), "--threads", "1"]) == 0
    for name in ("checkpoints/final.safetensors", "checkpoints/latest.state"):
        once, again = load_file(whole / name), load_file(run / name)
        assert once.keys() == again.keys()
        assert all(torch.equal(once[key], again[key]) for key in once)
    assert (run / "metrics.csv").read_bytes() == (whole / "metrics.csv").read_bytes()


@posix
def test_the_second_ctrl_c_does_not_wait(capfd: pytest.CaptureFixture[str]) -> None:
    before = signal.getsignal(signal.SIGINT)
    try:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        with Interrupts() as interrupts:
            assert interrupts.proceed()
            os.kill(os.getpid(), signal.SIGINT)
            assert not interrupts.proceed()
            with pytest.raises(KeyboardInterrupt):
                os.kill(os.getpid(), signal.SIGINT)
        assert "Ctrl+C again stops at once" in capfd.readouterr().err
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    finally:
        signal.signal(signal.SIGINT, before)


@posix
def test_who_must_not_hear_ctrl_c_does_not() -> None:
    before = signal.getsignal(signal.SIGINT)
    try:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        with Interrupts() as interrupts:
            os.kill(os.getpid(), signal.SIGINT)
            assert interrupts.proceed()
    finally:
        signal.signal(signal.SIGINT, before)
