"""Speaking to a run from the command line, and letting one outlive its terminal."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from app.cli import main
from app.detaching import MARK, announced, is_apart, is_long, launch, refuse_taken, start_outside
from engine.errors import Diverged, InputError, Stopped
from engine.jobs import Job
from engine.methods.cdal.params import TrainParams
from engine.training.facts import RunFacts, look_at
from engine.training.fit import FitSettings, fit
from engine.training.rates import read_rates
from engine.training.runs import RunFolder
from engine.training.status import Status, read_status, write_status
from tests.helpers.cdal_models import TINY_TRAINING, disc_folders
from tests.helpers.tiny_training import CARD, Toy
from tests.helpers.torch_rules import cpu_context
from tests.helpers.training_runs import make_run

SETTINGS = FitSettings(iterations=10**6, batch=2, lr=1e-3, seed=0)


@pytest.fixture
def live(tmp_path: Path) -> Iterator[Path]:
    """A toy that is trained in a thread, for as long as a test likes."""
    path = tmp_path / "run"
    run = RunFolder(path, CARD.model_copy(deep=True))
    request = {"method": "cdal", "task": "train", "parameters": {"iterations": 10**6}}
    run.write_request(request)
    begun = threading.Event()
    given_up = threading.Event()

    def train() -> None:
        steps = fit(Toy(), SETTINGS, cpu_context(), run)
        try:
            for _ in steps:
                begun.set()
                if given_up.is_set():
                    break
        except Stopped:
            pass
        finally:
            steps.close()

    thread = threading.Thread(target=train)
    thread.start()
    assert begun.wait(60)
    yield path
    given_up.set()
    thread.join(60)
    assert not thread.is_alive()


Told = Callable[..., dict[str, Any]]


@pytest.fixture
def told(capsys: pytest.CaptureFixture[str]) -> Told:
    """`run` with --json; the last line that it prints."""

    def ask(folder: Path, *flags: str, code: int = 0) -> dict[str, Any]:
        assert main(["run", str(folder), *flags, "--json"]) == code
        lines = capsys.readouterr().out.splitlines()
        return json.loads(lines[-1]) if lines else {}

    return ask


def test_a_run_is_spoken_to(live: Path, told: Told) -> None:
    status = told(live)
    assert (status["state"], status["alive"], status["pid"]) == ("training", True, os.getpid())
    assert "Paused at iteration" in told(live, "--pause")["message"]
    assert told(live)["state"] == "paused"
    assert "Saved at iteration" in told(live, "--save")["message"]
    rate = told(live, "--lr", "0.0005")["message"]
    assert rate.startswith("The learning rate is 0.0005 from iteration")
    assert told(live, "--sample", code=2)["message"] == "This method shows no pictures."
    assert "Goes on" in told(live, "--resume")["message"]
    assert "Stopped at iteration" in told(live, "--stop")["message"]
    deadline = time.monotonic() + 60
    while look_at(live).held and time.monotonic() < deadline:
        time.sleep(0.02)
    status = told(live)
    assert (status["state"], status["alive"]) == ("stopped", False)
    assert status["saved"] == status["iteration"] > 0
    assert status["figures"]["lr"] == 0.0005


def test_nobody_hears_in_a_run_that_stands(
    tmp_path: Path, told: Told, capsys: pytest.CaptureFixture[str]
) -> None:
    run = make_run(tmp_path / "run")
    assert main(["run", str(run), "--pause"]) == 2
    assert "Nobody trains" in capsys.readouterr().err
    message = told(run, "--lr", "0.00001")["message"]
    assert message == "The learning rate is 1e-05 once the run goes on, after iteration 20."
    base = look_at(run).parameters["lr_generator"]
    assert [c.after for c in read_rates(run, base).changes] == [20]
    assert main(["run", str(run), "--lr", "0"]) == 2
    assert main(["run", str(run)]) == 0
    out = capsys.readouterr().out
    assert "run: stopped, iteration 20 of 40" in out
    assert "can be continued from iteration 20" in out
    assert main(["run", str(tmp_path)]) == 2


def test_no_answer_is_told_and_nothing_stays(tmp_path: Path, told: Told) -> None:
    run = make_run(tmp_path / "run")
    write_status(run, Status(state="training", host="another machine"))
    assert told(run, "--pause", "--wait", "0", code=1)["event"] == "failed"
    assert not list((run / "commands").iterdir())


def test_what_is_long() -> None:
    assert is_long(20_000)
    assert not is_long(500)
    assert is_long(500, seconds=3600), "an estimate knows better"
    assert not is_long(20_000, seconds=60)


def job_in(folder: Path) -> Job:
    return Job("cdal", "train", TrainParams.parse(TINY_TRAINING), {"output": folder})


def ended(folder: Path, error: BaseException, before: Callable[[], object]) -> RunFacts:
    """What a job leaves that ends by an error, having done something before."""

    def run() -> None:
        with announced(job_in(folder)):
            before()
            raise error

    with pytest.raises(type(error)):
        run()
    return look_at(folder)


def test_a_process_tells_how_it_ended_before_it_trained(tmp_path: Path) -> None:
    seen: list[RunFacts] = []
    refused = InputError("No images.", "Add some.")
    facts = ended(tmp_path, refused, lambda: seen.append(look_at(tmp_path)))
    now = seen[0]
    assert (now.standing, now.method, now.iterations) == ("preparing", "cdal", 4)
    assert facts.standing == "failed"
    assert facts.status is not None
    assert (facts.status.message, facts.status.hint) == ("No images.", "Add some.")
    assert ended(tmp_path, KeyboardInterrupt(), lambda: None).standing == "stopped"


def test_a_training_that_told_its_end_is_not_told_over(tmp_path: Path) -> None:
    diverged = Status(state="diverged", method="cdal", message="Far away.")
    facts = ended(tmp_path, Diverged("Far away."), lambda: write_status(tmp_path, diverged))
    assert facts.status is not None
    assert facts.status.state == "diverged"


def test_a_run_outlives_who_started_it(tmp_path: Path, told: Told) -> None:
    """Through the command line in a process of its own, as the window does it."""
    data, run = disc_folders(tmp_path / "data"), tmp_path / "run"
    words = [
        "train", "--method", "cdal", "--stage", "train", "--images", str(data), "--size", "16",
        "--preset", "fast", "--multipliers", "1, 2", "--width", "8", "--encoder-layers", "1",
        "--iterations", "100000", "--batch", "2", "--preview-every", "0", "--threads", "1",
        "--output", str(run),
    ]  # fmt: skip
    start_outside(words, run)
    status = read_status(run)
    assert status is not None
    process = psutil.Process(status.pid)
    try:
        assert status.is_alive
        assert status.detached
        assert os.getpid() not in {p.pid for p in process.parents()}
        assert os.getsid(status.pid) != os.getsid(0)
        with pytest.raises(InputError, match="Another process trains"):
            start_outside(words, run)
        deadline = time.monotonic() + 120
        while told(run)["iteration"] < 1:
            assert time.monotonic() < deadline, (run / "run.log").read_text()
            time.sleep(0.2)
        assert "Stopped at iteration" in told(run, "--stop")["message"]
        process.wait(60)
    finally:
        if process.is_running():
            process.kill()
    facts = look_at(run)
    assert facts.standing == "stopped"
    assert facts.saved >= 1
    assert facts.status is not None
    assert facts.status.detached
    log = (run / "run.log").read_text()
    assert "Stopped at iteration" in log
    assert "train --resume --output" in log


def test_what_cannot_begin_says_why(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="ended before it began") as caught:
        launch(["train", "--nonsense"], tmp_path)
    assert "nonsense" in caught.value.message


def test_others_are_not_trained_over(tmp_path: Path) -> None:
    refuse_taken(tmp_path)
    run = RunFolder(tmp_path, CARD)
    run.hold()
    with pytest.raises(InputError, match="Another process trains"):
        refuse_taken(tmp_path)
    run.close()


def test_the_mark_is_for_one_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(MARK, "1")
    assert is_apart()
    assert not is_apart()


def test_a_training_that_diverges_ends_with_a_code_of_its_own(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = disc_folders(tmp_path / "data")
    train = [
        "train", "--method", "cdal", "--stage", "train", "--images", str(data), "--size", "16",
        "--preset", "fast", "--multipliers", "1, 2", "--width", "8", "--encoder-layers", "1",
        "--batch", "2", "--preview-every", "0", "--threads", "1", "--save-every", "1", "--json",
        "--output", str(tmp_path / "run"),
    ]  # fmt: skip
    assert main([*train, "--iterations", "1"]) == 0
    capsys.readouterr()
    main(["run", str(tmp_path / "run"), "--lr", "10"])
    state = tmp_path / "run" / "checkpoints" / "latest.state"
    kept = state.read_bytes()
    (tmp_path / "run" / "checkpoints" / "final.safetensors").unlink()
    code = main([*train, "--iterations", "60", "--save-every", "60", "--resume"])
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines() if line[0] == "{"]
    assert (code, lines[-1]["event"]) == (3, "diverged"), lines[-1]
    assert "kept as it was at iteration 1" in lines[-1]["message"]
    assert "learning rate" in lines[-1]["hint"]
    assert state.read_bytes() == kept
    # Asked for another rate, it goes on.
    assert main([*train, "--iterations", "3", "--resume", "--lr-generator", "1e-5"]) == 0
