"""CDM's networks and both of its saliency maps against the published implementation's."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor

from engine.diffusion.learned import reverse_step
from engine.diffusion.noise import FixedNoise
from engine.diffusion.process import q_sample
from engine.methods.cdm.importer import convert
from engine.methods.cdm.networks import (
    LoadedClassifier,
    LoadedDiffusion,
    open_classifier,
    open_diffusion,
)
from engine.methods.cdm.saliency import Evidence, Sampling, cdm
from engine.methods.cdm.use_params import ImportParams
from engine.training.checkpoint import load_checkpoint, save_checkpoint
from tests.golden.case import GoldenCase
from tests.helpers.torch_rules import cpu_context

UNET, CLASSIFIER = "cdm_unet", "cdm_classifier"


@torch.no_grad()
def classifier(case: GoldenCase, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Logits of noisy images."""
    loaded = imported_classifier(case, folder)
    case.compare("logits", loaded.logits(case.tensor("x"), case.tensor("t")))


@torch.no_grad()
def unet(case: GoldenCase, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Noise and variance, the reverse step, CDM and CG-CDM."""
    loaded = imported_unet(case, folder)
    x, t = case.tensor("x"), case.tensor("t")
    output = loaded.model(x, t, case.tensor("y"))
    case.compare("out", output)
    case.compare("betas", loaded.schedule.betas)
    found = reverse_step(loaded.schedule, output, x, t)
    case.compare("pred_xstart", found.x0)
    case.compare("mean", found.mean)
    case.compare("log_variance", found.log_variance)
    image, noise = case.tensor("image"), case.tensor("noise")
    told = case.info["cdm"]
    level = torch.tensor([told["Q"]])
    case.compare("x_noised", q_sample(loaded.schedule, image, level, noise))
    guide = imported_classifier(classifier_beside(case), folder)
    for prefix, steering in (("cdm", None), ("cgcdm", guide)):
        steps = cdm(
            loaded, image, torch.tensor([1]), FixedNoise([noise]), level=told["Q"],
            rounds=told["R"], tau=told["tau"], classifier=steering,
            scale=told["classifier_scale"],
        )  # fmt: skip
        evidence, last = finished(steps)
        case.compare(f"{prefix}_positive", last[:1])
        case.compare(f"{prefix}_blended", last[1:])
        total = evidence.maps.sum(dim=0)[:, None] * (1 - told["tau"])
        case.compare(f"{prefix}_saliency_sum", total)


def finished(steps: Sampling) -> tuple[Evidence, Tensor]:
    """The evidence, and the last state of both ways."""
    last = torch.empty(0)
    while True:
        try:
            last = next(steps).x_t
        except StopIteration as end:
            return end.value, last


def classifier_beside(case: GoldenCase) -> GoldenCase:
    """The one that guides: of the same folder, and of the same suffix where there is one."""
    suffix = case.name.removeprefix(UNET)
    names = [f"{CLASSIFIER}{suffix}.json", f"{CLASSIFIER}.json"]
    return GoldenCase.read(next(f for n in names if (f := case.folder / n).exists()))


def imported_unet(case: GoldenCase, folder: Path) -> LoadedDiffusion:
    """Through the importer and a checkpoint, as users bring it."""
    config = case.config
    params = ImportParams(
        image_size=config["image_size"], timesteps=case.info["diffusion"]["steps"],
        heads=config["num_heads"],
    )  # fmt: skip
    tensors, card = convert(case.published_weights(folder), case.name, params)
    published = {
        "inputs": config["in_channels"], "outputs": config["out_channels"],
        "width": config["model_channels"], "multipliers": config["channel_mult"],
        "blocks": config["num_res_blocks"], "attention": config["attention_downsample"],
        "heads": config["num_heads"], "scale_shift": config["use_scale_shift_norm"],
        "block_resampling": config["resblock_updown"], "classes": config["num_classes"],
    }  # fmt: skip
    assert {k: card.config[k] for k in published} == published, "misread from the names"
    save_checkpoint(folder / "unet.safetensors", tensors, card)
    return open_diffusion(load_checkpoint(folder / "unet.safetensors"), cpu_context())


def imported_classifier(case: GoldenCase, folder: Path) -> LoadedClassifier:
    """Through the importer and a checkpoint, as users bring it."""
    config = case.config
    channels = config["model_channels"] * config["channel_mult"][-1]
    params = ImportParams(
        image_size=config["image_size"], heads=channels // config["num_head_channels"]
    )
    tensors, card = convert(case.published_weights(folder), case.name, params)
    assert card.config["head_channels"] == config["num_head_channels"]
    assert card.config["image_size"] == config["image_size"]
    save_checkpoint(folder / "classifier.safetensors", tensors, card)
    return open_classifier(load_checkpoint(folder / "classifier.safetensors"), cpu_context())
