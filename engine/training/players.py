"""Whose turn it is in an iteration of training, with which optimizer, and the step itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

import torch
from accelerate import Accelerator
from torch import Tensor, nn

from engine.device import Context
from engine.training.rates import Rates
from engine.training.stage import Adversarial, Batch, FitSettings, TakingTurns, Trainable
from engine.training.state import TrainingState

Prepared = tuple[nn.Module, torch.optim.Optimizer]
"""A network and its optimizer as accelerate wraps them."""


@dataclass(eq=False)
class Player:
    """A network in training as the loop sees it: wrapped by accelerate, with its loss."""

    model: nn.Module
    optimizer: torch.optim.Optimizer
    loss: Callable[[nn.Module, Batch], Mapping[str, Tensor]]
    minimised: str


def players(
    trainable: Trainable,
    own: Prepared,
    critic: Prepared | None,
    iteration: int,
) -> list[Player]:
    """Who takes a step in the 1-based iteration, in this order."""
    if critic is not None and isinstance(trainable, TakingTurns):
        of = {"model": own, "critic": critic}
        return [
            Player(*of[turn.network], turn.loss, turn.minimised)
            for turn in trainable.turns_of(iteration)
        ]
    found = [Player(*own, trainable.loss, "loss")]
    if critic is not None and isinstance(trainable, Adversarial):
        judge = partial(trainable.critic_loss, iteration=iteration)
        found.insert(0, Player(*critic, judge, "critic"))
    return found


def optimizer_of(
    model: nn.Module, settings: FitSettings, rate: float, decay: float
) -> torch.optim.Optimizer:
    """Of a network, as the settings ask for it."""
    weights = model.parameters()
    if settings.optimizer == "sgd":
        # In one pass over weights, gradients and momenta: they are larger than any cache.
        return torch.optim.SGD(weights, rate, settings.momentum, weight_decay=decay, fused=True)
    if settings.optimizer == "rmsprop":
        return torch.optim.RMSprop(weights, rate, weight_decay=decay, momentum=settings.momentum)
    # Without decay AdamW is Adam.
    return torch.optim.AdamW(weights, rate, settings.betas, weight_decay=decay)


def set_rates(
    settings: FitSettings, state: TrainingState, iteration: int, changed: Rates | None = None
) -> dict[str, float]:
    """Give the optimizers their rates of a 0-based iteration.

    Args:
        changed: On the way; the critic's rate is changed in the same proportion.
    """
    to, of = changed.factor(iteration, settings.rate) if changed else (1.0, 1.0)
    # In this order, so that a changed rate is met to the last bit.
    rates = {"lr": to * (settings.rate(iteration) / of)}
    for group in state.optimizer.param_groups:
        group["lr"] = rates["lr"]
    if state.rival:
        rates["critic lr"] = to * (settings.critic_rate(iteration) / of)
        for group in state.rival[1].param_groups:
            group["lr"] = rates["critic lr"]
    return rates


def update(
    player: Player, batch: Batch, settings: FitSettings, context: Context, accelerator: Accelerator
) -> dict[str, float]:
    """One optimizer step; in parts where the device cannot hold the batch."""
    size = len(batch[0])
    micro = context.limit(size)
    totals: dict[str, float] = {}
    for start in range(0, size, micro):
        part = tuple(p[start : start + micro].to(accelerator.device) for p in batch)
        with context.autocast():
            losses = player.loss(player.model, part)
        share = len(part[0]) / size
        accelerator.backward(losses[player.minimised] * share)
        for name, value in losses.items():
            totals[name] = totals.get(name, 0.0) + value.item() * share
    if settings.clip_norm:
        accelerator.clip_grad_norm_(player.model.parameters(), settings.clip_norm)
    player.optimizer.step()
    player.optimizer.zero_grad()
    return totals
