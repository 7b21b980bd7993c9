"""cDAL on the command line with checkpoints, weights and data that cannot be used."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from app.cli import main
from tests.engine.data.segmentation.sets import folder_set
from tests.helpers.cdal_models import disc_folders, save_generator


class _Bomb:
    """Unpickled, it would leave a folder."""

    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self) -> Any:
        return os.mkdir, (str(self.target),)


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        ("truncated", "cannot be read"),
        ("other method", "a diffusion of adaptdiff, not a generator of cdal"),
        ("other role", "a discriminator of cdal, not a generator"),
        ("published", "go through import"),
        ("folder", "is a folder"),
        ("no numbers", "weights that are no numbers"),
    ],
)
def test_a_checkpoint_that_segments_nothing_is_named(
    kind: str, told: str, tmp_path: Path, tiny_checkpoint: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    import torch

    from engine.training.checkpoint import load_checkpoint, save_checkpoint

    images = disc_folders(tmp_path, count=1) / "images"
    path = save_generator(tmp_path / "good.safetensors")
    whole = load_checkpoint(path)
    if kind == "truncated":
        path.write_bytes(path.read_bytes()[:-1000])
    elif kind == "other method":
        path = tiny_checkpoint
    elif kind == "other role":
        card = whole.card.model_copy(update={"role": "discriminator"})
        save_checkpoint(path, whole.tensors, card)
    elif kind == "published":
        path = tmp_path / "lung.pth"
        torch.save(dict(whole.tensors), path)
    elif kind == "folder":
        path = tmp_path
    else:
        lost = {name: value * float("nan") for name, value in whole.tensors.items()}
        save_checkpoint(path, lost, whole.card)
    out = tmp_path / "out.png"
    command = ["segment", "--method", "cdal", "--input", str(images / "case_0.png")]
    command += ["--output", str(out), "--checkpoint", str(path), "--threads", "1"]
    assert main(command) == 2
    errors = capsys.readouterr().err
    assert told in errors
    assert path.name in errors
    assert not out.exists()


@pytest.mark.parametrize("kind", ["code", "foreign", "picture", "ending"])
def test_weights_that_cannot_be_imported_run_nothing_and_say_why(
    kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    import torch

    weights, out = tmp_path / "weights.pth", tmp_path / "out.safetensors"
    content = {"a": _Bomb(tmp_path / "boom")} if kind == "code" else {"a.weight": torch.ones(2)}
    torch.save(content, weights)
    if kind == "picture":
        Image.new("L", (8, 8)).save(weights, "png")
    elif kind == "ending":
        out = tmp_path / "out.pth"
    told = {
        "code": "asks for", "foreign": "is no cDAL network: its parameters begin with a.weight",
        "picture": "is no .pt or .pth file", "ending": "no ending for a checkpoint",
    }  # fmt: skip
    command = ["import", "--method", "cdal", "--weights", str(weights), "--output", str(out)]
    assert main(command) == 2
    assert told[kind] in capsys.readouterr().err
    assert not (tmp_path / "boom").exists()
    assert not out.exists()


def train(images: Path, output: Path, *more: str) -> list[str]:
    return [
        "train", "--method", "cdal", "--stage", "train", "--images", str(images), "--output",
        str(output), "--preset", "fast", "--size", "16", "--multipliers", "1, 2", "--width", "8",
        "--encoder-layers", "1", "--iterations", "1", "--batch", "2", "--validation", "0",
        "--threads", "1", *more,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        ("nothing", "holds no images"),
        ("one case", "1 usable case, at least 2 are needed"),
        ("labels", "--renumber"),
        ("no masks", "No image of"),
        ("a file for the run", "cannot be made"),
    ],
)
def test_sets_that_cannot_be_trained_on(
    kind: str, told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    images, run = tmp_path / "set", tmp_path / "run"
    if kind == "nothing":
        images.mkdir()
    else:
        folder_set(images, ["a"] if kind == "one case" else ["a", "b", "c"], white=7)
    if kind == "no masks":
        for path in (images / "masks").iterdir():
            path.rename(path.with_name(f"other{path.name}"))
    more = ["--renumber"] if kind == "a file for the run" else []
    if more:
        run.touch()
    assert main(train(images, run, *more)) == 2
    errors = capsys.readouterr().err
    assert told in errors
    assert "Traceback" not in errors
    assert not (run / "checkpoints").exists()


def test_bad_cases_among_good_ones_are_told_and_left_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = folder_set(tmp_path / "set", ["a", "b", "c", "d", "e", "f"])
    (root / "images" / "a.png").write_bytes((root / "images" / "a.png").read_bytes()[:70])
    (root / "masks" / "b.png").unlink()
    Image.fromarray(np.zeros((5, 6), np.uint8)).save(root / "masks" / "c.png")
    assert main(train(root, tmp_path / "run")) == 0
    errors = capsys.readouterr().err
    for told in ("a.png is damaged", "1 image has no mask: b.png", "6 x 5 x 1 voxels"):
        assert told in errors
    split = json.loads((tmp_path / "run" / "split.json").read_text(encoding="utf-8"))
    assert sorted(split["patients"]) == ["d", "e", "f"]
    split["test"] = split["train"][:1]
    split["patients"] = {}
    (tmp_path / "run" / "split.json").write_text(json.dumps(split), encoding="utf-8")
    assert main(["train", "--resume", "--output", str(tmp_path / "run"), "--iterations", "2"]) == 2
    assert "are in two parts" in capsys.readouterr().err
