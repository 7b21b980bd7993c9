"""Ctrl+C ends a run with code 130 and leaves no half-written file."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]


def _hear_interrupts() -> None:
    """A suite that a shell started in the background would hand down deafness to SIGINT."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
def test_an_interrupted_synthesis_leaves_nothing(
    tmp_path: Path, mask_file: Path, tiny_checkpoint: Path
) -> None:
    command = [
        sys.executable, "main.py", "synthesize", "--mask", str(mask_file),
        "--checkpoint", str(tiny_checkpoint), "--output", str(tmp_path / "out.png"),
        "--timeline", str(tmp_path / "steps"), "--steps", "20", "--variants", "64",
        "--sampler", "ddpm", "--threads", "1", "--json",
    ]  # fmt: skip
    with subprocess.Popen(
        command,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=_hear_interrupts,
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if json.loads(line)["event"] == "progress":
                break
        process.send_signal(signal.SIGINT)
        rest, errors = process.communicate(timeout=60)
    assert process.returncode == 130, errors
    assert json.loads(rest.splitlines()[-1])["event"] == "cancelled"
    assert "Traceback" not in errors
    assert [path.name for path in tmp_path.iterdir()] == ["mask.png"]
