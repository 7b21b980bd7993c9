"""Kill -9 loses at most the last interval, and leaves no file that cannot be read."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from benchmarks.killing import kill_often, partial_files, read_all
from engine.training.runs import PARTIAL_S, RunFolder
from tests.engine.training.driving import folder_of
from tests.helpers.killed_toy import INTERVAL, train
from tests.helpers.tiny_training import CARD


@pytest.mark.skipif(os.name != "posix", reason="a server that forks")
def test_killed_at_random_moments_it_ends_as_it_would_have(tmp_path: Path) -> None:
    tally = kill_often(train, tmp_path, kills=4, interval=INTERVAL, seed=1)
    assert tally.kills == 4
    assert tally.most_lost < INTERVAL
    assert tally.runs >= 1
    assert tally.files > 0


def test_a_damaged_file_would_be_seen(tmp_path: Path) -> None:
    run = folder_of(tmp_path)
    run.save_state({}, 1)
    run.close()
    (tmp_path / "checkpoints" / "latest.state").write_bytes(b"cut off")
    with pytest.raises(Exception, match="cannot be read"):
        read_all(tmp_path)


def test_what_was_half_written_goes_when_the_run_is_held_again(tmp_path: Path) -> None:
    run = RunFolder(tmp_path, CARD)
    state = tmp_path / "checkpoints" / ".latest.state.0123456789ab.state"
    mine = tmp_path / "checkpoints" / ".my notes"
    status = tmp_path / ".status.json.0123456789ab.json"
    old = tmp_path / ".metrics.csv.0123456789ab.csv"
    for file in (state, mine, status, old):
        file.write_bytes(b"half")
    os.utime(old, (1.0, old.stat().st_mtime - 2 * PARTIAL_S))
    run.hold()
    run.close()
    # Others write into the folder itself too: only what is old is nobody's.
    assert set(partial_files(tmp_path)) == {status}
    assert mine.exists()
