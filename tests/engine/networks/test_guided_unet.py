from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import Tensor, nn
from torch.testing import assert_close

from engine.networks.guided_blocks import AttentionPool, enlarged
from engine.networks.guided_names import classifier_tensors, read_encoder, unet_tensors
from engine.networks.guided_unet import GuidedConfig, GuidedUNet
from engine.networks.ncsnpp import channels_last
from engine.networks.noisy_classifier import ClassifierConfig, make_classifier

TINY = GuidedConfig(
    width=8, multipliers=(1, 2), blocks=1, attention=(2,), heads=2, classes=3, outputs=2
)
CONFIGS = {
    "label and variance": TINY,
    "no label, noise alone": replace(TINY, classes=0, outputs=1, heads=0, head_channels=4),
    "stacked input, added embedding": replace(TINY, inputs=3, scale_shift=False, blocks=2),
    "blocks resample": replace(TINY, block_resampling=True, multipliers=(1, 2, 3), blocks=2),
    "attention everywhere": replace(TINY, attention=(1, 2, 4), multipliers=(2, 1, 2)),
}
CLASSIFIER = ClassifierConfig(
    classes=3, image_size=16, width=8, multipliers=(1, 2), blocks=1, attention=(2,), head_channels=4
)


def stirred(model: nn.Module) -> nn.Module:
    """A network whose branches all contribute."""
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.1 * torch.randn(parameter.shape, generator=generator))
    return model.eval()


def unet(config: GuidedConfig) -> GuidedUNet:
    model = stirred(GuidedUNet(config))
    assert isinstance(model, GuidedUNet)
    return model


def inputs(config: GuidedConfig, batch: int = 2) -> tuple[Tensor, Tensor, Tensor | None]:
    generator = torch.Generator().manual_seed(1)
    x = torch.randn(batch, config.inputs, 16, 16, generator=generator)
    labels = torch.arange(batch) % config.classes if config.classes else None
    return x, torch.arange(batch) * 300, labels


@pytest.mark.parametrize("name", CONFIGS)
@torch.no_grad()
def test_shapes_and_channels_last(name: str) -> None:
    model = unet(CONFIGS[name])
    x, t, labels = inputs(model.config)
    expected = model(x, t, labels)
    assert expected.shape == (2, model.config.outputs, 16, 16)
    channels_last(model)
    assert_close(model(x, t, labels), expected, atol=1e-5, rtol=1e-4)


@torch.no_grad()
def test_what_lies_between_two_labels_can_be_asked_for() -> None:
    model = unet(TINY)
    x, t, _ = inputs(TINY)
    one, other = (model.label_vectors(torch.full((2,), label)) for label in (1, 0))
    assert_close(model(x, t, one), model(x, t, torch.ones(2, dtype=torch.long)))
    near = model(x, t, torch.lerp(other, one, 0.999))
    assert not torch.equal(near, model(x, t, one))
    assert_close(near, model(x, t, one), atol=1e-2, rtol=0)
    assert (model(x, t, one) - model(x, t, other)).abs().max() > 1e-2


@torch.no_grad()
def test_images_of_a_batch_are_apart() -> None:
    model = unet(TINY)
    x, t, labels = inputs(TINY, 3)
    assert labels is not None
    whole = model(x, t, labels)
    alone = torch.cat([model(x[i : i + 1], t[i : i + 1], labels[i : i + 1]) for i in range(3)])
    assert_close(whole, alone, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
@pytest.mark.parametrize("learning", [False, True])
def test_enlarging_is_the_convolution_of_repeated_pixels(
    layout: torch.memory_format, learning: bool
) -> None:
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(2, 5, 6, 4, generator=generator).contiguous(memory_format=layout)
    weight = torch.randn(3, 5, 3, 3, generator=generator).requires_grad_()
    bias = torch.randn(3, generator=generator)
    repeated = nn.functional.interpolate(x, scale_factor=2.0, mode="nearest")
    expected = nn.functional.conv2d(repeated, weight, bias, padding=1)
    with torch.set_grad_enabled(learning):
        found = enlarged(x, weight, bias)
    assert_close(found, expected, atol=1e-5, rtol=1e-4)
    if learning:
        one, other = (torch.autograd.grad((y**2).sum(), weight)[0] for y in (found, expected))
        assert_close(one, other, atol=1e-3, rtol=1e-4)
    else:
        assert found.is_contiguous(memory_format=layout)


def test_an_untrained_network_says_nothing_yet() -> None:
    x, t, labels = inputs(TINY)
    assert not GuidedUNet(TINY)(x, t, labels).any()


def test_every_parameter_is_trained() -> None:
    model = unet(TINY).train()
    x, t, labels = inputs(TINY, 4)
    model(x, t, labels).square().sum().backward()
    assert all(p.grad is not None and p.grad.any() for p in model.parameters())


@pytest.mark.parametrize("name", CONFIGS)
def test_names_tell_the_configuration(name: str) -> None:
    config = CONFIGS[name]
    model = GuidedUNet(config)
    theirs = published_unet(model)
    assert "input_blocks.0.0.weight" in theirs
    assert "middle_block.1.proj_out.bias" in theirs
    read = read_encoder(theirs, len(config.multipliers))
    for part, value in vars(read).items():
        assert value == getattr(config, part), part
    back = unet_tensors(theirs, model)
    own = model.state_dict()
    assert back.keys() == own.keys()
    assert all(torch.equal(back[name], own[name]) for name in own)


def published_unet(model: GuidedUNet) -> dict[str, Tensor]:
    """The way back: our parameters under the published names."""
    names = {name: name for name in model.state_dict()}
    probe = {name: torch.zeros(()) for name in names}
    found = {}
    for theirs in all_published_names():
        ours = next(iter(unet_tensors({theirs: probe.get(theirs, torch.zeros(()))}, model)))
        if ours in names:
            value = model.state_dict()[ours]
            found[theirs] = value[..., None] if is_convolution(theirs) else value
    return found


def is_convolution(name: str) -> bool:
    return name.endswith(("qkv.weight", "proj_out.weight"))


def all_published_names() -> list[str]:
    residual = ["in_layers.0", "in_layers.2", "emb_layers.1", "out_layers.0", "out_layers.3"]
    parts = [*residual, "skip_connection", "norm", "qkv", "proj_out", "op", "conv"]
    stems = ["time_embed.0", "time_embed.2", "input_blocks.0.0", "out.0", "out.2", "label_emb"]
    stems += [f"middle_block.{i}.{part}" for i in range(3) for part in parts]
    for side in ("input_blocks", "output_blocks"):
        stems += [f"{side}.{n}.{i}.{part}" for n in range(12) for i in range(3) for part in parts]
    return [f"{stem}.{kind}" for stem in stems for kind in ("weight", "bias")]


def test_names_of_something_else() -> None:
    with pytest.raises(LookupError):
        read_encoder({"conv1.weight": torch.zeros(1, 1, 3, 3)})
    odd = {"input_blocks.0.0.weight": torch.zeros(8, 1, 3, 3)}
    for i, outputs in enumerate((8, 16, 8, 24), 1):
        odd[f"input_blocks.{i}.0.in_layers.2.weight"] = torch.zeros(outputs, 8, 3, 3)
    with pytest.raises(ValueError, match="levels"):
        read_encoder(odd)


@pytest.mark.parametrize("kind", ["encoder", "resnet50"])
def test_classifiers(kind: str) -> None:
    model = stirred(make_classifier(replace(CLASSIFIER, kind=kind)))
    x = torch.randn(2, 1, 16, 16, generator=torch.Generator().manual_seed(0))
    t = torch.tensor([0, 900])
    with torch.no_grad():
        logits = model(x, t)
        assert logits.shape == (2, 3)
        assert_close(model(x[1:], t[1:]), logits[1:], atol=1e-5, rtol=1e-4)
        told = model(x, torch.zeros_like(t))
    assert torch.equal(told, logits) == (kind == "resnet50"), "only the encoder knows the time"


def test_names_of_a_classifier() -> None:
    model = make_classifier(CLASSIFIER)
    theirs = {
        "out.0.weight": torch.ones(16), "out.2.positional_embedding": torch.ones(16, 65),
        "out.2.qkv_proj.weight": torch.ones(48, 16, 1), "input_blocks.0.0.bias": torch.ones(8),
    }  # fmt: skip
    ours = classifier_tensors(theirs, model.encoder)
    shapes = {name: tuple(value.shape) for name, value in ours.items()}
    assert shapes == {
        "norm.weight": (16,), "pool.positions": (16, 65), "pool.qkv.weight": (48, 16),
        "encoder.stem.bias": (8,),
    }  # fmt: skip
    own = model.state_dict()
    assert all(own[name].shape == shape for name, shape in shapes.items())


@torch.no_grad()
def test_pooling_is_what_attention_gives_the_mean_pixel() -> None:
    pool = stirred(AttentionPool(3, 8, 2, 4))
    assert isinstance(pool, AttentionPool)
    x = torch.randn(2, 8, 3, 3, generator=torch.Generator().manual_seed(0))
    tokens = torch.cat([x.flatten(2).mean(2, keepdim=True), x.flatten(2)], 2) + pool.positions
    whole = nn.MultiheadAttention(8, 2, batch_first=True)
    whole.in_proj_weight.copy_(pool.qkv.weight)
    whole.in_proj_bias.copy_(pool.qkv.bias)
    whole.out_proj.weight.copy_(torch.eye(8))
    whole.out_proj.bias.zero_()
    heard, _ = whole(*[tokens.transpose(1, 2)] * 3)
    assert_close(pool(x), pool.project(heard[:, 0]), atol=1e-5, rtol=1e-4)
