"""DiffRect's networks, its latent diffusion and its losses against the published ones."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
import torch.nn.functional as F

from engine.diffusion.timesteps import respace
from engine.methods.diffrect.importer import convert
from engine.methods.diffrect.losses import (
    adaptive_weight,
    complementary_loss,
    dice_distance,
    dice_loss,
    pseudo_labels,
)
from engine.methods.diffrect.networks import open_segmenter, rectifier_of
from engine.methods.diffrect.palette import encode, palette
from engine.methods.diffrect.rectifying import LatentProcess, latent_noise, sampled
from engine.training.checkpoint import load_checkpoint, load_into, save_checkpoint
from tests.golden.case import GoldenCase
from tests.helpers.torch_rules import cpu_context

SEGMENTER, RECTIFIER, LOSSES = "diffrect_segmenter", "diffrect_rectifier", "diffrect_losses"


@torch.no_grad()
def segmenter(case: GoldenCase, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Logits, through the importer and a checkpoint, as users bring it."""
    config = case.config
    tensors, card = convert(case.published_weights(folder), case.name)
    assert card.config["inputs"] == config["in_channels"]
    assert card.config["classes"] == config["num_classes"]
    assert card.config["widths"] == config["feature_channels"]
    save_checkpoint(folder / "segmenter.safetensors", tensors, card)
    loaded = open_segmenter(load_checkpoint(folder / "segmenter.safetensors"), cpu_context())
    case.compare("logits", loaded.model(case.tensor("image")))


@torch.no_grad()
def rectifier(case: GoldenCase, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The schedules, the pass of training, and two steps of DDIM on the bottleneck."""
    config = case.config
    tensors, card = convert(case.published_weights(folder), case.name)
    assert card.config["inputs"] + 3 == config["in_channels"]
    assert card.config["classes"] == config["num_classes"]
    assert card.config["widths"] == config["feature_channels"]
    assert card.config["latent_widths"] == config["latent_channels"]
    assert (config["latent_method"], config["schedule"]) == ("replace", "cosine")
    model = rectifier_of(card.config, case.name)
    load_into(model, tensors, case.name)
    model.eval()
    process = LatentProcess(config["timesteps"], config["sample_timesteps"])
    schedule, visited = process.schedule(), process.visited()
    case.compare("betas_full", schedule.betas)
    case.compare("betas_sample", respace(schedule, visited).betas)
    case.compare("sample_timestep_map", torch.tensor(visited[::-1]))
    colours = torch.from_numpy(palette(config["num_classes"]))
    published = [config["palette"][str(k)] for k in range(config["num_classes"])]
    assert torch.equal(colours, torch.tensor(published) / 255)
    coarse, fine = (encode(case.tensor(key), colours) for key in ("coarse", "fine"))
    noised = latent_noise(schedule, case.tensor("latent_t"), case.tensor("latent_noise"))
    found = model(case.tensor("image"), coarse, fine, case.tensor("t"), noised)
    case.compare("latent_loss", F.mse_loss(found.clean, found.start))
    case.compare("logits_train", found.logits)
    case.compare(
        "logits_sample", sampled(model, found.encoded, process, case.tensor("sampling_noise"))
    )


@torch.no_grad()
def losses(case: GoldenCase, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pseudo-labels, and every loss that is not one of torch's own."""
    config = case.config
    weak, strong = case.tensor("weak"), case.tensor("strong")
    labels = case.tensor("labels").long()
    found, weight = complementary_loss(weak, strong)
    case.compare("complementary_loss", found)
    case.compare("adaptive_weight", weight)
    assert torch.equal(weight, adaptive_weight(strong))
    case.compare("pseudo_labels", pseudo_labels(weak, config["confidence_threshold"]))
    case.compare("dice_loss_soft", dice_loss(weak, labels))
    distance = dice_distance(case.tensor("coarse"), labels, config["num_classes"])
    case.compare("dice_distance_labels", distance)
