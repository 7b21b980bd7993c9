"""cDAL's networks and its sampling run against the published implementation's."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from engine.diffusion.noise import FixedNoise
from engine.diffusion.schedules import noise_levels
from engine.methods.cdal.importer import convert
from engine.methods.cdal.networks import Process, generator_of
from engine.methods.cdal.sampling import reverse
from engine.networks.ncsnpp import channels_last
from engine.networks.time_discriminator import DiscriminatorConfig, TimeDiscriminator
from engine.training.checkpoint import load_into
from tests.golden.case import GoldenCase


@torch.no_grad()
def generator(case: GoldenCase, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """x0, the schedule's coefficients, and a whole sampling run."""
    config = case.config
    process = {"timesteps": config["num_timesteps"], "beta_min": config["beta_min"],
               "beta_max": config["beta_max"]}  # fmt: skip
    tensors, card = convert(
        case.published_weights(folder), case.name, process, config["image_size"]
    )
    published = {
        "image_size": config["image_size"], "labels": config["num_channels"],
        "image_channels": config["cond_channels"], "width": config["num_channels_dae"],
        "multipliers": config["ch_mult"], "blocks": config["num_res_blocks"],
        "attention": config["attn_resolutions"], "encoder_layers": config["cond_enc_layers"],
        "encoder_blocks": config["cond_enc_num_res_blocks"], "latent": config["nz"],
        "style": config["z_emb_dim"], "mapping_layers": config["n_mlp"],
    }  # fmt: skip
    assert card.config == published, "misread from the names"
    model = generator_of(card.config, case.name)
    load_into(model, tensors, case.name)
    model.eval()
    schedule = Process.model_validate(process).make()
    for key, values in (
        ("betas", schedule.betas),
        ("posterior_mean_coef1", schedule.posterior_mean_x0),
        ("posterior_mean_coef2", schedule.posterior_mean_xt),
        ("posterior_log_variance_clipped", schedule.posterior_log_variance),
        ("forward_a", noise_levels(schedule)[0]),
        ("forward_sigma", noise_levels(schedule)[1]),
    ):
        case.compare(key, values)
    for way in ("as loaded", "channels last"):
        if way == "channels last":
            channels_last(model)
        features = model.encode(case.tensor("y"))
        x, t, z = (case.tensor(key) for key in ("x", "t", "z"))
        case.compare("out", model(x, t, z, features), way)
        latents, draws = case.tensor("latent"), case.tensor("noise")
        # In the order that the run asks: a latent, then the step's noise, but none at the last.
        asked = [part for pair in zip(latents, draws, strict=True) for part in pair][:-1]
        steps = list(reverse(model, schedule, features, case.tensor("x_init"), FixedNoise(asked)))
        case.compare("trajectory", torch.stack([step.x_t for step in steps]), way)


@torch.no_grad()
def discriminator(case: GoldenCase, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Scores, the mean of every feature map, and the attention map."""
    tensors, card = convert(case.published_weights(folder), case.name)
    config = case.config
    read = (2 * card.config["labels"], card.config["width"], card.config["time"])
    assert read == (config["in_channels"], config["ngf"], config["t_emb_dim"])
    model = TimeDiscriminator(DiscriminatorConfig(**card.config))
    load_into(model, tensors, case.name)
    model.eval()
    pair = case.tensor("x_t"), case.tensor("t"), case.tensor("x_tp1")
    case.compare("score", model(*pair))
    case.compare("attention", model.attention(*pair, config["attn_scale"]))
    maps = model.features(*pair)
    assert sum(key.startswith("feature_") for key in case.arrays) == len(maps)
    for i, features in enumerate(maps):
        case.compare(f"feature_{i}_mean", features.mean(dim=1))
