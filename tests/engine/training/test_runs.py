from __future__ import annotations

from pathlib import Path

import pytest
import torch

from engine.errors import DiskError, InputError
from engine.training.runs import RunFolder, read_metrics, read_request
from tests.engine.training.test_checkpoint import files_limited_to
from tests.helpers.tiny_training import CARD


def new_run(path: Path) -> RunFolder:
    return RunFolder(path, CARD.model_copy(deep=True))


def test_request_round_trip(tmp_path: Path) -> None:
    run = new_run(tmp_path / "deep" / "run")
    request = {"method": "x", "parameters": {"lr": 1e-3, "none": None, "list": [1, 2]}}
    run.write_request(request)
    expected = {"method": "x", "parameters": {"lr": 1e-3, "list": [1, 2]}}
    assert read_request(run.path) == read_request(run.path / "run.toml") == expected


def test_request_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"absent\.toml"):
        read_request(tmp_path / "absent.toml")
    for content in (b"a = = 1", b"\xff\xfe"):
        (tmp_path / "bad.toml").write_bytes(content)
        with pytest.raises(InputError, match=r"bad\.toml.*TOML"):
            read_request(tmp_path / "bad.toml")


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(DiskError, match="run folder"):
        new_run(tmp_path / "file")
    with pytest.raises(DiskError, match="run folder"):
        new_run(tmp_path / "file" / "below")


@pytest.mark.parametrize("cut", ["12,lo", "12,loss", "12,loss,", "12,loss,0.25", '12,"lo', "\x00"])
def test_a_line_that_was_cut_off_is_left_out(tmp_path: Path, cut: str) -> None:
    text = "iteration,name,value\n11,loss,0.5\nnonsense\n11,lr,0.001\n"
    (tmp_path / "metrics.csv").write_text(text + cut, encoding="utf-8")
    assert read_metrics(tmp_path) == [(11, "loss", 0.5), (11, "lr", 0.001)]


def test_no_metrics_yet(tmp_path: Path) -> None:
    assert read_metrics(tmp_path) == []
    (tmp_path / "metrics.csv").touch()
    assert read_metrics(tmp_path) == []


def test_metrics_reach_the_disk_with_the_state(tmp_path: Path) -> None:
    run = new_run(tmp_path)
    run.log(1, {"loss": 0.1 + 0.2})
    assert read_metrics(tmp_path) == []
    run.save_state({"counters.iteration": torch.tensor(1)}, 1)
    assert read_metrics(tmp_path) == [(1, "loss", 0.1 + 0.2)]
    run.log(2, {"loss": 0.5})
    run.close()
    assert [row[0] for row in read_metrics(tmp_path)] == [1, 2]
    again = new_run(tmp_path)
    assert again.load_state() is not None
    assert [row[0] for row in read_metrics(tmp_path)] == [1]


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_disk_that_fills_is_told_and_leaves_no_thread(tmp_path: Path) -> None:
    run = new_run(tmp_path)
    run.log(1, {"loss": 0.5})
    run.log(2, {f"a long name of a value {i}": 0.5 for i in range(30)})
    with files_limited_to(500), pytest.raises(DiskError, match=r"metrics\.csv|cannot be written"):
        run.close()
