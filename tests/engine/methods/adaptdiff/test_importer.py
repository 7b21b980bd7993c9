from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from engine.errors import CheckpointError, DiskError
from engine.jobs import Job
from engine.methods.adaptdiff.importer import PUBLISHED_PROCESS, import_weights
from engine.methods.adaptdiff.networks import load_diffusion, load_segmenter
from engine.methods.adaptdiff.params import ImportParams
from engine.networks.residual_unet import ResidualUNet
from engine.networks.spade_unet import SpadeUNet
from engine.training.checkpoint import load_checkpoint
from tests.golden.case import GoldenCase
from tests.golden.weights import weights_of
from tests.helpers.adaptdiff_models import run
from tests.helpers.torch_rules import cpu_context

GOLDEN = Path(__file__).parents[3] / "golden"


def published(name: str) -> dict[str, Tensor]:
    """Weights under the names and of the shapes of the published release."""
    return weights_of(GoldenCase.read(GOLDEN / f"{name}.json").info["state_dict"], "test")


def imported(folder: Path, content: Any, title: str = "") -> Path:
    weights = folder / "diffusion.octa500.pt"
    torch.save(content, weights)
    output = folder / "out.safetensors"
    inputs = {"weights": weights, "output": output}
    job = Job("adaptdiff", "import", ImportParams.parse({"title": title}), inputs)
    result, _ = run(import_weights(job, cpu_context()))
    assert result.path == output
    return output


@pytest.mark.parametrize("wrapper", [None, "state_dict", "module."])
def test_diffusion(tmp_path: Path, wrapper: str | None) -> None:
    weights = published("adaptdiff_conditional_unet")
    content: Any = weights
    if wrapper == "module.":
        content = {f"module.{k}": v for k, v in weights.items()}
    elif wrapper:
        content = {wrapper: weights, "epoch": 20}
    path = imported(tmp_path, content)
    checkpoint = load_checkpoint(path).expect("adaptdiff", "diffusion")
    assert checkpoint.card.config == {"widths": [16, 32, 64, 128, 256]}
    assert checkpoint.card.process == PUBLISHED_PROCESS
    assert checkpoint.card.title == "diffusion.octa500"
    ours = SpadeUNet().state_dict()
    assert checkpoint.tensors.keys() == ours.keys()
    assert torch.equal(checkpoint.tensors["head.bias"], weights["final.bias"])
    assert load_diffusion(str(path), cpu_context()).schedule.num_timesteps == 300


def test_segmenter(tmp_path: Path) -> None:
    path = imported(tmp_path, published("adaptdiff_segmenter"), title="My segmenter")
    model, card = load_segmenter(str(path), cpu_context())
    assert card.title == "My segmenter"
    assert model.config == ResidualUNet().config
    assert not model.training


def test_missing_unexpected_and_misshapen_parameters_are_listed(tmp_path: Path) -> None:
    weights = published("adaptdiff_conditional_unet")
    del weights["final.bias"]
    weights["surplus"] = torch.zeros(1)
    weights["time_mlp.1.bias"] = torch.zeros(9)
    with pytest.raises(CheckpointError) as caught:
        imported(tmp_path, weights)
    for part in ("octa500.pt", "missing (head.bias", "unexpected (surplus", "time.1.bias"):
        assert part in caught.value.message
    assert not (tmp_path / "out.safetensors").exists()


@pytest.mark.parametrize(
    "weights",
    [
        {"encoder.weight": torch.zeros(2)},
        {"initial.weight": torch.zeros(16, 1, 3, 3)},
        {"initial.weight": torch.tensor(0.0)},
        {"initial.weight": torch.zeros(0, 1, 3, 3)},
        {"encoder.0.align.weight": torch.zeros(8, 1, 1, 1)},
        {"encoder.0.align.weight": torch.zeros(8)},
    ],
)
def test_other_networks_are_refused(tmp_path: Path, weights: dict[str, Tensor]) -> None:
    with pytest.raises(CheckpointError, match=r"octa500\.pt") as caught:
        imported(tmp_path, weights)
    assert caught.value.hint


def test_output_folder_is_missing(tmp_path: Path) -> None:
    torch.save(published("adaptdiff_segmenter"), tmp_path / "rUNet.pt")
    inputs = {"weights": tmp_path / "rUNet.pt", "output": tmp_path / "no" / "x.safetensors"}
    with pytest.raises(DiskError, match="folder does not exist"):
        run(import_weights(Job("adaptdiff", "import", ImportParams(), inputs), cpu_context()))
