"""Which process trains in a run."""

from __future__ import annotations

import os
import socket
from pathlib import Path

from engine.training.status import Status, write_status
from engine.training.writers import writing_process
from tests.helpers.training_runs import make_run


def test_the_process_that_trains_is_known_by_its_number(tmp_path: Path) -> None:
    run = make_run(tmp_path / "run", done=0)
    assert writing_process(run) is None
    here, me = socket.gethostname(), os.getpid()
    (run / f"events.out.tfevents.1000000000.{here}.{me}.0").touch()
    assert writing_process(run) is None, "this one began later: the number was given twice"
    (run / f"events.out.tfevents.2000000000.{here}.{me}.0").touch()
    assert writing_process(run) == me
    (run / "events.out.tfevents.2000000900.some.other-host.9.0").touch()
    assert writing_process(run) is None, "a number of another machine's process"
    write_status(run, Status(state="training"))
    assert writing_process(run) == me
    write_status(run, Status(state="finished"))
    assert writing_process(run) is None, "it lives on, and trains no more"
