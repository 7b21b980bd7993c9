"""Commands to a training, through its folder."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from engine.errors import InputError, Stopped
from engine.steps import ImagesStep, NoteStep, Step, TrainStep, WaitStep
from engine.training.checkpoint import load_checkpoint
from engine.training.commands import FOLDER, Command, rate_command, send, wait_for, waiting
from engine.training.fit import FitSettings, fit
from engine.training.previews import preview_iterations
from engine.training.rates import read_rates, write_rates
from engine.training.runs import read_metrics
from engine.training.status import Status, read_status
from tests.engine.training.driving import finish, folder_of, state_of
from tests.helpers.tiny_training import Toy
from tests.helpers.torch_rules import cpu_context

SETTINGS = FitSettings(
    iterations=12, batch=4, lr=1e-2, seed=3, ema_decay=0.9, save_every=5, poly=0.9
)


class Shown(Toy):
    """Has pictures, and epochs of five iterations."""

    def preview(self, model: torch.nn.Module) -> Mapping[str, np.ndarray]:
        return {"Noise": np.zeros((4, 4), np.float32)}

    def epoch_end(self, iteration: int, batch: int) -> int:
        return -(-iteration // 5) * 5


def train(
    path: Path, at: Mapping[int, Callable[[], object]], stage: Toy | None = None,
    settings: FitSettings = SETTINGS,
) -> list[Step]:  # fmt: skip
    """Train, doing things after iterations; waits end after three looks by a `resume`."""
    steps: list[Step] = []
    try:
        for step in fit(stage or Shown(), settings, cpu_context(), folder_of(path)):
            steps.append(step)
            if isinstance(step, TrainStep) and step.iteration in at:
                at[step.iteration]()
            if [type(s) for s in steps[-3:]] == [WaitStep] * 3:
                send(path, Command(do="resume"))
    except Stopped:
        steps.append(NoteStep("stopped"))
    return steps


def iterations(steps: list[Step]) -> list[int]:
    return [s.iteration for s in steps if isinstance(s, TrainStep)]


def status_of(path: Path) -> Status:
    found = read_status(path)
    assert found is not None
    return found


def test_it_waits_where_it_is_paused_and_comes_to_the_same(tmp_path: Path) -> None:
    whole, paused = tmp_path / "whole", tmp_path / "paused"
    train(whole, {})
    seen: list[Status] = []

    def look() -> None:
        send(paused, Command(do="pause"))

    training = fit(Shown(), SETTINGS, cpu_context(), folder_of(paused))
    for step in training:
        if isinstance(step, TrainStep) and step.iteration == 4:
            look()
        if isinstance(step, WaitStep) and not seen:
            seen.append(status_of(paused))
            send(paused, Command(do="resume"))
    assert (seen[0].state, seen[0].iteration) == ("paused", 4)
    assert seen[0].is_alive
    assert status_of(paused).state == "finished"
    assert [a.done for a in status_of(paused).answers] == [True, True]
    assert not waiting(paused)
    one, other = state_of(whole), state_of(paused)
    assert all(torch.equal(value, other[name]) for name, value in one.items())


def test_saving_sampling_and_stopping(tmp_path: Path) -> None:
    steps = train(
        tmp_path,
        {
            2: lambda: send(tmp_path, Command(do="save")),
            3: lambda: send(tmp_path, Command(do="sample")),
            7: lambda: send(tmp_path, Command(do="stop")),
        },
    )
    assert iterations(steps) == list(range(1, 8))
    assert [s.caption for s in steps if isinstance(s, ImagesStep)] == ["Iteration 3"]
    assert preview_iterations(tmp_path) == (3,)
    latest = load_checkpoint(tmp_path / "checkpoints" / "latest.safetensors")
    assert latest.card.training["iterations_done"] == 2
    assert int(state_of(tmp_path)["counters.iteration"]) == 7
    status = status_of(tmp_path)
    assert (status.state, status.iteration) == ("stopped", 7)
    assert [a.text.split(" at ")[0].split(" of ")[0] for a in status.answers] == [
        "Saved", "Pictures", "Stopped",
    ]  # fmt: skip


def test_it_stops_after_its_epoch(tmp_path: Path) -> None:
    ask = {6: lambda: send(tmp_path, Command(do="stop-after-epoch"))}
    assert iterations(train(tmp_path, ask))[-1] == 10
    assert (
        status_of(tmp_path).answers[0].text == "Stops after iteration 10, the last of this epoch."
    )


def test_without_epochs_it_stops_where_it_is_saved_next(tmp_path: Path) -> None:
    ask = {1: lambda: send(tmp_path, Command(do="stop-after-epoch"))}
    assert iterations(train(tmp_path, ask, Toy()))[-1] == 5
    assert "it has no epochs" in status_of(tmp_path).answers[0].text


def test_a_changed_rate_holds_at_once_and_in_what_is_continued(tmp_path: Path) -> None:
    whole, killed = tmp_path / "whole", tmp_path / "killed"

    def copy() -> None:
        shutil.copytree(whole, killed, dirs_exist_ok=True)

    train(whole, {6: lambda: send(whole, rate_command(0.003)), 9: copy})
    rates = [value for _, name, value in read_metrics(whole) if name == "lr"]
    assert rates[5] == SETTINGS.rate(5)
    assert rates[6] == 0.003, "to the last bit"
    assert rates[9] == pytest.approx(0.003 * SETTINGS.rate(9) / SETTINGS.rate(6))
    # Killed after the change, it has a state from before it.
    assert int(state_of(killed)["counters.iteration"]) == 5
    finish(fit(Shown(), SETTINGS, cpu_context(), folder_of(killed)))
    one, other = state_of(whole), state_of(killed)
    assert all(torch.equal(value, other[name]) for name, value in one.items())
    assert read_metrics(whole) == read_metrics(killed)


def test_another_rate_to_begin_with_makes_changes_void(tmp_path: Path) -> None:
    train(tmp_path, {2: lambda: send(tmp_path, rate_command(0.5))})
    assert read_rates(tmp_path, SETTINGS.lr).changes
    assert not read_rates(tmp_path, 1e-3).changes


def test_a_change_that_led_astray_is_not_come_to_again(tmp_path: Path) -> None:
    stage = Shown()
    stage.nan_from = 9
    with pytest.raises(Exception, match="no longer a number"):
        train(tmp_path, {7: lambda: send(tmp_path, rate_command(9.0))}, stage)
    assert read_rates(tmp_path, SETTINGS.lr).changes
    # What is changed while nobody trains holds from the state on.
    lower = read_rates(tmp_path, SETTINGS.lr).changed(5, 0.001)
    write_rates(tmp_path, lower)
    train(tmp_path, {})
    rates = {i: value for i, name, value in read_metrics(tmp_path) if name == "lr"}
    assert rates[6] == 0.001
    assert rates[8] < 0.001


@pytest.mark.parametrize(
    "content",
    [b"", b"[]", b'{"do": "format"}', b'{"do": "rate", "lr": 1e999}', b'{"do": "rate", "lr": -1}',
     b'{"do": "stop", "call": "os.remove"}', b"\xff\xfe", b'{"do": "stop"' + b" " * 9000 + b"}"],
)  # fmt: skip
def test_what_is_no_command_is_told_and_removed(content: bytes, tmp_path: Path) -> None:
    def put() -> None:
        (tmp_path / FOLDER).mkdir()
        (tmp_path / FOLDER / "0-odd.json").write_bytes(content)

    settings = replace(SETTINGS, iterations=3)
    assert iterations(train(tmp_path, {1: put}, settings=settings)) == [1, 2, 3]
    answers = status_of(tmp_path).answers
    assert [(a.id, a.done) for a in answers] == [("0-odd", False)]
    assert not waiting(tmp_path)


def test_what_was_asked_while_nobody_trained_is_not_done(tmp_path: Path) -> None:
    sent = send(tmp_path, Command(do="stop"))
    assert iterations(train(tmp_path, {}))[-1] == 12
    answer = wait_for(tmp_path, sent, 0)
    assert answer is not None
    assert not answer.done
    assert wait_for(tmp_path, "never sent", 60) is None, "the run has ended"


@pytest.mark.parametrize("lr", [0.0, -1.0, float("nan"), float("inf"), 11.0])
def test_rates_that_none_can_be(lr: float) -> None:
    with pytest.raises(InputError, match="learning rate"):
        rate_command(lr)
