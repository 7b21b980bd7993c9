from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from engine.errors import CheckpointError
from engine.jobs import Job
from engine.methods.diffrect.importer import convert, import_weights
from engine.methods.diffrect.networks import load_segmenter, rectifier_of
from engine.methods.diffrect.params import ImportParams
from engine.networks.level_unet import SegmenterConfig, SegmenterUNet
from engine.training.checkpoint import load_checkpoint, load_into
from tests.golden.case import GoldenCase
from tests.golden.weights import weights_of
from tests.helpers.adaptdiff_models import run
from tests.helpers.torch_rules import cpu_context

GOLDEN = Path(__file__).parents[3] / "golden"


def published(name: str) -> dict[str, Tensor]:
    return weights_of(GoldenCase.read(GOLDEN / f"{name}.json").info["state_dict"], "test")


def imported(folder: Path, content: Any, **params: Any) -> Path:
    weights, output = folder / "unet_best_model.pth", folder / "out.safetensors"
    torch.save(content, weights)
    made = ImportParams.parse(params)
    job = Job("diffrect", "import", made, {"weights": weights, "output": output})
    result, _ = run(import_weights(job, cpu_context()))
    assert result.path == output
    return output


@pytest.mark.parametrize("wrapped", ["bare", "state_dict", "module"])
def test_a_segmenter(tmp_path: Path, wrapped: str) -> None:
    weights = published("diffrect_segmenter")
    content: dict[str, Any] = dict(weights)
    if wrapped == "module":
        content = {f"module.{name}": value for name, value in weights.items()}
    elif wrapped == "state_dict":
        content = {"iteration": 30_000, "state_dict": dict(weights)}
    path = imported(tmp_path, content, data="acdc", image_size=64)
    card = load_checkpoint(path).expect("diffrect", "segmenter").card
    assert card.title == "unet_best_model"
    assert card.preprocessing["side"] == 64
    loaded = load_segmenter(str(path), cpu_context())
    names = {1: "right ventricle", 2: "myocardium", 3: "left ventricle"}
    named = loaded.classes == 4
    assert loaded.names[1] == (names[1] if named else "label 1")
    first = weights["encoder.in_conv.conv_conv.0.weight"]
    assert torch.equal(loaded.model.state_dict()["encoder.blocks.0.conv_in.weight"], first)


def test_a_rectifier(tmp_path: Path) -> None:
    path = imported(tmp_path, published("diffrect_rectifier"), title="R")
    found = load_checkpoint(path).expect("diffrect", "rectifier")
    assert found.card.title == "R"
    assert found.card.process["timesteps"] == 10
    model = rectifier_of(found.card.config, "R")
    load_into(model, found.tensors, "R")
    with pytest.raises(CheckpointError, match="not a segmenter"):
        load_segmenter(str(path), cpu_context())


def test_a_segmenter_that_grows_by_transposed_convolutions() -> None:
    ours = SegmenterUNet(SegmenterConfig(3, 2, (2, 4, 8), (0.05, 0.1, 0.2), transposed=True))
    published_names = {_published(name): value for name, value in ours.state_dict().items()}
    tensors, card = convert(published_names, "x.pth")
    assert tensors.keys() == ours.state_dict().keys()
    assert card.config["transposed"] is True
    assert (card.config["inputs"], card.config["classes"]) == (3, 2)


def _published(name: str) -> str:
    """The way back: one of our names as the release has it."""
    layers = {"conv_in": "0", "norm_in": "1", "conv_out": "4", "norm_out": "5"}
    side, *rest = name.split(".")
    if rest[0] == "head":
        return f"{side}.out_conv.{rest[1]}"
    level = int(rest[1])
    if side == "decoder":
        up = f"decoder.up{level + 1}"
        if rest[2] == "shrink":
            return f"{up}.up.{rest[3]}"
        return f"{up}.conv.conv_conv.{layers[rest[3]]}.{rest[4]}"
    place = f"down{level}.maxpool_conv.1" if level else "in_conv"
    return f"encoder.{place}.conv_conv.{layers[rest[2]]}.{rest[3]}"


def test_missing_parameters_are_listed(tmp_path: Path) -> None:
    weights = published("diffrect_segmenter")
    del weights["decoder.out_conv.bias"]
    weights["surplus"] = torch.zeros(1)
    with pytest.raises(CheckpointError) as caught:
        imported(tmp_path, weights)
    for part in ("unet_best_model.pth", "missing (decoder.head.bias", "unexpected (surplus"):
        assert part in caught.value.message
    assert not (tmp_path / "out.safetensors").exists()


@pytest.mark.parametrize(
    "weights",
    [
        {"conv1.weight": torch.zeros(2)},
        {"encoder.in_conv.conv_conv.0.weight": torch.zeros(4, 1, 3, 3)},
        {"encoder.in_conv.conv_conv.0.weight": torch.tensor(0.0)},
        {"embedder.in_conv.conv0.0.weight": torch.tensor(0.0)},
    ],
)
def test_other_files_are_refused(tmp_path: Path, weights: dict[str, Tensor]) -> None:
    with pytest.raises(CheckpointError, match=r"unet_best_model\.pth") as caught:
        imported(tmp_path, weights)
    assert caught.value.hint


class _Bomb:
    """Unpickled, it would leave a folder."""

    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self) -> Any:
        return os.mkdir, (str(self.target),)


def test_opening_a_file_runs_nothing_in_it(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="holds more than weights"):
        imported(tmp_path, {"state_dict": _Bomb(tmp_path / "boom")})
    assert not (tmp_path / "boom").exists()
