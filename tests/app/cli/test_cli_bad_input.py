"""Bad input ends with code 2, a reason and a remedy, and leaves nothing behind."""

from __future__ import annotations

import json
import pickle
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from app.cli import main


def _synthesize(mask: Path, checkpoint: Path | str, output: Path, *more: str) -> int:
    return main(
        ["synthesize", "--mask", str(mask), "--checkpoint", str(checkpoint), "--steps", "2",
         "--threads", "1", "--output", str(output), *more]
    )  # fmt: skip


def _bad_masks(folder: Path) -> dict[str, Path]:
    whole = folder / "whole.png"
    Image.fromarray(np.eye(64, dtype=np.uint8) * 255).save(whole)
    files = {
        name: folder / file
        for name, file in {
            "missing": "missing.png", "text": "text.png", "truncated": "cut.png",
            "one pixel": "one.png", "huge": "huge.png", "nan": "nan.npy",
        }.items()
    }  # fmt: skip
    files["text"].write_text("not an image")
    files["truncated"].write_bytes(whole.read_bytes()[:60])
    Image.new("L", (1, 1), 255).save(files["one pixel"])
    Image.new("1", (10000, 10000)).save(files["huge"])
    np.save(files["nan"], np.full((32, 32), np.nan))
    whole.unlink()
    return files


@pytest.mark.parametrize("kind", ["missing", "text", "truncated", "one pixel", "huge", "nan"])
def test_a_mask_that_cannot_be_used_is_named(
    kind: str, tmp_path: Path, tiny_checkpoint: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    mask = _bad_masks(tmp_path)[kind]
    before = set(tmp_path.iterdir())
    assert _synthesize(mask, tiny_checkpoint, tmp_path / "out.png") == 2
    told = capsys.readouterr().err
    assert mask.name in told
    assert "Traceback" not in told
    assert len(told.strip().splitlines()) >= 2, "a reason and a remedy"
    assert set(tmp_path.iterdir()) == before


@pytest.mark.parametrize(
    ("pixels", "note"),
    [
        (np.zeros((48, 48), np.uint8), "empty"),
        (np.full((48, 48), 255, np.uint8), "every pixel"),
        (np.tile(np.arange(48, dtype=np.uint8) * 5, (48, 1)), "Otsu"),
        (
            np.dstack([np.eye(48, dtype=np.uint8) * 255] * 2 + [np.zeros((48, 48), np.uint8)]),
            "grey",
        ),
        (np.eye(48, dtype=np.uint16) * 65535, None),
    ],
    ids=["empty", "full", "grey", "rgb", "16-bit"],
)
def test_an_odd_mask_is_taken_and_what_was_done_is_told(
    pixels: np.ndarray,
    note: str | None,
    tmp_path: Path,
    tiny_checkpoint: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    mask = tmp_path / "mask.png"
    Image.fromarray(pixels).save(mask)
    assert _synthesize(mask, tiny_checkpoint, tmp_path / "out.png") == 0
    told = capsys.readouterr().err
    assert note is None or note in told
    assert (tmp_path / "out.png").exists()


class _Bomb:
    """Unpickled, it would leave a file."""

    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return (_touch, (str(self.target),))


def _touch(path: str) -> None:
    Path(path).touch()


@pytest.mark.parametrize("kind", ["missing", "truncated", "pickle", "other role", "foreign"])
def test_a_checkpoint_that_cannot_be_used_is_named(
    kind: str,
    tmp_path: Path,
    mask_file: Path,
    tiny_checkpoint: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    import torch

    from engine.training.checkpoint import load_checkpoint, save_checkpoint

    path = tmp_path / "bad.safetensors"
    whole = load_checkpoint(tiny_checkpoint)
    if kind == "truncated":
        path.write_bytes(tiny_checkpoint.read_bytes()[:-100])
    elif kind == "pickle":
        path.write_bytes(pickle.dumps(_Bomb(tmp_path / "boom")))
    elif kind == "other role":
        card = whole.card.model_copy(update={"role": "segmenter"})
        save_checkpoint(path, whole.tensors, card)
    elif kind == "foreign":
        tensors = dict(list(whole.tensors.items())[1:]) | {"foreign": torch.zeros(1)}
        save_checkpoint(path, tensors, whole.card)
    assert _synthesize(mask_file, path, tmp_path / "out.png") == 2
    assert "bad.safetensors" in capsys.readouterr().err
    assert not (tmp_path / "out.png").exists()
    assert not (tmp_path / "boom").exists()


@pytest.mark.parametrize(
    "more",
    [
        ["--seed", "-1"],
        ["--seed", "3000000000"],
        ["--steps", "0"],
        ["--steps", "21"],
        ["--variants", "65"],
        ["--sampler", "euler"],
        ["--eta", "nan"],
        ["--device", "tpu"],
        ["--preset", "none"],
        ["--match-histogram"],
        ["--no-such-option"],
    ],
    ids=" ".join,
)
def test_a_value_out_of_range_is_refused(
    more: list[str], tmp_path: Path, mask_file: Path, tiny_checkpoint: Path
) -> None:
    assert _synthesize(mask_file, tiny_checkpoint, tmp_path / "out.png", *more) == 2
    assert not (tmp_path / "out.png").exists()


@pytest.mark.parametrize("name", ["no folder/out.png", "out.xyz", "mask.png/out.png", "full"])
def test_an_output_that_cannot_be_written_is_told_before_the_work(
    name: str,
    tmp_path: Path,
    mask_file: Path,
    tiny_checkpoint: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "notes.txt").write_text("mine")
    assert _synthesize(mask_file, tiny_checkpoint, tmp_path / name, "--json") == 2
    captured = capsys.readouterr()
    lines = [json.loads(line) for line in captured.out.splitlines()]
    assert [line["event"] for line in lines] == ["failed"]
    assert lines[0]["user_error"]
    assert lines[0]["hint"]
    assert Path(name).name in captured.err


def test_a_full_disk_is_told_and_leaves_nothing(
    tmp_path: Path,
    mask_file: Path,
    tiny_checkpoint: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    import errno
    import os

    def full(fd: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    assert _synthesize(mask_file, tiny_checkpoint, tmp_path / "out.png") == 2
    assert "disk is full" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["mask.png"]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("method = ", "TOML"),
        ('method = "adaptdiff"\ntask = "grow"', "grow"),
        ('colour = "red"', "colour"),
        ("parameters = 3", "parameters"),
        ("[inputs]\nmask = 3", "mask"),
        ('[inputs]\nimages = "x"', "images"),
        ('[parameters]\nsteps = "many"', "steps"),
        ("[parameters]\nstep = 3", "step"),
    ],
)
def test_a_run_file_that_cannot_be_used_says_where(
    content: str, told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = tmp_path / "run.toml"
    run.write_text(content)
    output = str(tmp_path / "out.png")
    assert main(["synthesize", str(run), "--output", output]) == 2
    assert told in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    [
        ["train"],
        [
            "train",
            "--stage",
            "fine-tune",
            "--pairs",
            "none",
            "--output",
            "run",
            "--schedule",
            "jsd",
        ],
        ["train", "--stage", "train-diffusion", "--pairs", "none", "--output", "run"],
        ["train", "--stage", "train-segmenter", "--images", "none", "--output", "run"],
        ["train", "--resume", "--stage", "fine-tune", "--pairs", "none", "--output", "run"],
        ["train", "--resume", "--output", "none"],
        ["evaluate", "--images", "none", "--masks", "none", "--output", "report.json"],
        ["import", "--method", "adaptdiff", "--weights", "none.pt", "--output", "x.safetensors"],
        ["synthesize", "--mask", "none.png"],
        ["nonsense"],
    ],
    ids=" ".join,
)
def test_a_request_that_makes_no_sense_ends_with_2_and_no_file(
    arguments: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(arguments) == 2
    assert capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_pickled_data_with_code_in_it_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = tmp_path / "data.pickle"
    data.write_bytes(pickle.dumps({"a_im": _Bomb(tmp_path / "boom")}))
    output = str(tmp_path / "run")
    code = main(["train", "--stage", "train-segmenter", "--images", str(data), "--output", output])
    assert code == 2
    assert "data.pickle" in capsys.readouterr().err
    assert not (tmp_path / "boom").exists()


def test_a_fault_of_the_program_ends_with_1_and_its_traceback_is_asked_for(
    tmp_path: Path,
    mask_file: Path,
    tiny_checkpoint: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    from app import cli_files

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("a hole in the program")

    monkeypatch.setattr(cli_files, "save_result", broken)
    assert _synthesize(mask_file, tiny_checkpoint, tmp_path / "out.png") == 1
    told = capsys.readouterr().err
    assert "a hole in the program" in told
    assert "Traceback" not in told
    assert _synthesize(mask_file, tiny_checkpoint, tmp_path / "out.png", "--debug") == 1
    assert "Traceback" in capsys.readouterr().err
