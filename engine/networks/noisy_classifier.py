"""Classifiers of noisy images, which diffusion can be guided by (arXiv 2105.05233, section 4).

Both answer in two steps, features and then logits, so that the features can be looked at
(Grad-CAM).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Literal

import torch.nn.functional as F
from monai.networks.nets.resnet import resnet50
from torch import Tensor, nn

from engine.networks.guided_blocks import AttentionPool, norm, silu
from engine.networks.guided_unet import GuidedConfig, GuidedEncoder

ClassifierKind = Literal["encoder", "resnet50"]


@dataclass(frozen=True)
class ClassifierConfig:
    """The network's size.

    Attributes:
        kind: The U-Net's way down with attention pooling, or ResNet-50, which is not told the time.
        classes: Labels it tells apart.
        image_size: Side of the images; attention pooling takes no other.
        inputs, width, multipliers, blocks, attention, head_channels, scale_shift,
            block_resampling, dropout: Of the encoder, see `GuidedConfig`.
    """

    kind: ClassifierKind = "encoder"
    classes: int = 2
    image_size: int = 128
    inputs: int = 1
    width: int = 128
    multipliers: tuple[int, ...] = (1, 1, 2, 3, 4)
    blocks: int = 2
    attention: tuple[int, ...] = (4, 8, 16)
    head_channels: int = 64
    scale_shift: bool = True
    block_resampling: bool = True
    dropout: float = 0.0

    @property
    def divisor(self) -> int:
        """Sides of images must be multiples of it."""
        return 2 ** (len(self.multipliers) - 1) if self.kind == "encoder" else 1

    def encoder(self) -> GuidedConfig:
        """As the encoder takes it."""
        return GuidedConfig(
            inputs=self.inputs, width=self.width, multipliers=self.multipliers, blocks=self.blocks,
            attention=self.attention, heads=0, head_channels=self.head_channels,
            scale_shift=self.scale_shift, block_resampling=self.block_resampling, classes=0,
            dropout=self.dropout,
        )  # fmt: skip


class NoisyClassifier(nn.Module, ABC):
    """(x_t, t) -> logits; what both kinds have in common."""

    config: ClassifierConfig

    @abstractmethod
    def features(self, x: Tensor, t: Tensor) -> Tensor:
        """The last feature maps: (B, inputs, H, W), timesteps (B,) -> (B, C, h, w)."""

    @abstractmethod
    def logits(self, features: Tensor) -> Tensor:
        """(B, C, h, w) -> (B, classes)."""

    def forward(self, x: Tensor, t: Tensor) -> Tensor:
        """x (B, inputs, H, W), timesteps t (B,) -> (B, classes)."""
        return self.logits(self.features(x, t))


class EncoderClassifier(NoisyClassifier):
    """The way down of the U-Net with attention pooling."""

    def __init__(self, config: ClassifierConfig) -> None:
        super().__init__()
        self.config = config
        self.encoder = GuidedEncoder(config.encoder())
        channels = self.encoder.channels
        self.norm = norm(channels)
        heads = max(1, channels // config.head_channels)
        side = config.image_size // config.divisor
        self.pool = AttentionPool(side, channels, heads, config.classes)

    def features(self, x: Tensor, t: Tensor) -> Tensor:
        h, _ = self.encoder.encode(x, F.silu(self.encoder.embed(t)))
        return silu(self.norm(h))

    def logits(self, features: Tensor) -> Tensor:
        return self.pool(features)


class ResNetClassifier(NoisyClassifier):
    """ResNet-50 (He et al. 2016) of MONAI, with the published stem of stride 2."""

    def __init__(self, config: ClassifierConfig) -> None:
        super().__init__()
        self.config = config
        self.net = resnet50(
            spatial_dims=2, n_input_channels=config.inputs, num_classes=config.classes,
            conv1_t_stride=2, bias_downsample=False,
        )  # fmt: skip

    def features(self, x: Tensor, t: Tensor) -> Tensor:
        net = self.net
        h = net.maxpool(net.act(net.bn1(net.conv1(x))))
        return net.layer4(net.layer3(net.layer2(net.layer1(h))))

    def logits(self, features: Tensor) -> Tensor:
        return self.net.fc(self.net.avgpool(features).flatten(1))


def make_classifier(config: ClassifierConfig) -> NoisyClassifier:
    """An untrained classifier."""
    return EncoderClassifier(config) if config.kind == "encoder" else ResNetClassifier(config)
