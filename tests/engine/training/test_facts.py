from __future__ import annotations

import multiprocessing
import os
from pathlib import Path

import pytest
import torch

from engine.errors import InputError
from engine.training.facts import holds_run, is_held, look_at
from engine.training.runs import RunFolder
from tests.helpers.tiny_training import CARD

REQUEST = {"method": "x", "task": "train", "parameters": {"iterations": 9}, "inputs": {}}


def new_run(path: Path) -> RunFolder:
    return RunFolder(path, CARD.model_copy(deep=True))


def test_a_run_from_its_start_to_its_end(tmp_path: Path) -> None:
    run = new_run(tmp_path)
    assert not holds_run(tmp_path)
    with pytest.raises(InputError, match="no training run"):
        look_at(tmp_path)
    run.write_request(REQUEST)
    facts = look_at(tmp_path)
    assert (facts.method, facts.task, facts.iterations, facts.saved) == ("x", "train", 9, 0)
    assert (facts.best, facts.final, facts.weights) == (None, None, None)
    weights = {"w": torch.zeros(2)}
    run.save_weights("best", weights, 3, {"score": 0.5})
    run.save_state({**weights, "counters.iteration": torch.tensor(4)}, 4)
    facts = look_at(tmp_path / "checkpoints")
    assert facts.path == tmp_path
    assert facts.saved == 4
    assert facts.best is not None
    assert facts.best.figures == {"score": 0.5}
    assert facts.weights == tmp_path / "checkpoints" / "best.safetensors"
    assert facts.written > 0
    run.save_weights("final", weights, 9, {})
    assert look_at(tmp_path).weights == tmp_path / "checkpoints" / "final.safetensors"


def test_a_run_file_of_other_things_and_damaged_weights(tmp_path: Path) -> None:
    (tmp_path / "checkpoints").mkdir()
    (tmp_path / "checkpoints" / "final.safetensors").write_bytes(b"half")
    (tmp_path / "run.toml").write_text("method = 3\nparameters = 'none'\n")
    facts = look_at(tmp_path)
    assert (facts.method, facts.task, facts.iterations, facts.final) == ("3", "", 0, None)
    (tmp_path / "run.toml").write_text("= no")
    with pytest.raises(InputError, match=r"run\.toml"):
        look_at(tmp_path)


def test_one_process_at_a_time_trains_in_a_folder(tmp_path: Path) -> None:
    assert not is_held(tmp_path)
    assert list(tmp_path.iterdir()) == [], "to look leaves nothing"
    first, second = new_run(tmp_path), new_run(tmp_path)
    first.hold()
    assert is_held(tmp_path)
    with pytest.raises(InputError, match="Another process trains"):
        second.hold()
    first.close()
    assert not is_held(tmp_path)
    second.hold()
    second.close()


def _hold_and_die(path: Path) -> None:
    new_run(path).hold()
    os._exit(9)


def test_a_process_that_died_holds_nothing(tmp_path: Path) -> None:
    process = multiprocessing.get_context("spawn").Process(target=_hold_and_die, args=(tmp_path,))
    process.start()
    process.join()
    assert process.exitcode == 9
    assert (tmp_path / "run.lock").exists()
    assert not is_held(tmp_path)
