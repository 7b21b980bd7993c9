"""Everything that changes while a network is trained, to and from named tensors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

from engine.training.checkpoint import load_into
from engine.training.ema import EMA
from engine.training.health import Level
from engine.training.stage import Remembering


@dataclass(eq=False)
class TrainingState:
    """A network in training.

    Attributes:
        ema: Its average, where one is kept.
        iteration: Optimizer steps done.
        rival: A second network that plays against it, and its optimizer.
        best: Highest validation figure so far, a value that float32 can hold.
        stage: Whose memory is kept too, where it has one.
        waited: Validations since the best one.
        level: The size of the loss.
    """

    model: nn.Module
    optimizer: torch.optim.Optimizer
    ema: EMA | None
    iteration: int = 0
    best: float = -float("inf")
    rival: tuple[nn.Module, torch.optim.Optimizer] | None = None
    stage: Remembering | None = None
    waited: int = 0
    level: Level = field(default_factory=Level)

    @property
    def weights(self) -> Mapping[str, Tensor]:
        """What is kept as the result: the average, else the network's own."""
        return self.ema.weights if self.ema else self.model.state_dict()

    def is_finite(self) -> bool:
        """Whether all that would be kept are numbers: weights, averages, what optimizers know."""
        return all(
            bool(value.isfinite().all())
            for name, value in self.tensors().items()
            if not name.startswith("counters.")
        )

    def tensors(self) -> dict[str, Tensor]:
        """Everything that resuming needs, as named tensors: no pickles in a run."""
        tensors = _kept("", self.model, self.optimizer)
        if self.rival:
            tensors |= _kept("rival-", *self.rival)
        if self.stage:
            tensors |= {f"memory.{name}": value for name, value in self.stage.memory().items()}
        if self.ema:
            tensors |= {f"ema.{name}": value for name, value in self.ema.weights.items()}
            tensors["counters.ema"] = torch.tensor(self.ema.updates)
        tensors["counters.iteration"] = torch.tensor(self.iteration)
        tensors["counters.best"] = torch.tensor(self.best)
        tensors["counters.waited"] = torch.tensor(self.waited)
        tensors["counters.level"] = self.level.tensor()
        return tensors

    def restore(self, tensors: Mapping[str, Tensor]) -> None:
        """Take over what `tensors` gave.

        Raises:
            CheckpointError: it is of another network.
        """

        def part(prefix: str) -> dict[str, Tensor]:
            return {k.removeprefix(prefix): v for k, v in tensors.items() if k.startswith(prefix)}

        _restore(self.model, self.optimizer, part("model."), part("optimizer."))
        if self.rival:
            _restore(*self.rival, part("rival-model."), part("rival-optimizer."))
        memory = part("memory.")
        if self.stage and memory:
            self.stage.remember(memory)
        counters = part("counters.")
        if self.ema and "ema" in counters:
            self.ema.load_state_dict({"updates": int(counters["ema"]), "shadow": part("ema.")})
        elif self.ema:
            self.ema = EMA(self.model, self.ema.decay)  # averaging was off until now
        self.iteration = int(counters["iteration"])
        self.best = float(counters["best"])
        # States of earlier versions have neither.
        self.waited = int(counters.get("waited", 0))
        if "level" in counters:
            self.level.restore(counters["level"])


def _kept(prefix: str, model: nn.Module, optimizer: torch.optim.Optimizer) -> dict[str, Tensor]:
    tensors = {f"{prefix}model.{name}": value for name, value in model.state_dict().items()}
    for index, slots in optimizer.state_dict()["state"].items():
        for name, value in slots.items():
            tensors[f"{prefix}optimizer.{index}.{name}"] = torch.as_tensor(value)
    return tensors


def _restore(
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
    weights: Mapping[str, Tensor],
    memory: Mapping[str, Tensor],
) -> None:
    load_into(model, weights, "The state of the run")
    slots: dict[int, dict[str, Tensor]] = {}
    for key, value in memory.items():
        index, name = key.split(".", 1)
        slots.setdefault(int(index), {})[name] = value
    groups = optimizer.state_dict()["param_groups"]
    optimizer.load_state_dict({"state": slots, "param_groups": groups})
    for weight, memory_of in optimizer.state.items():
        for name, value in memory_of.items():
            if value.shape == weight.shape:
                # Laid out as the weights are: fused optimizers go through both side by side.
                memory_of[name] = torch.empty_like(weight).copy_(value)
