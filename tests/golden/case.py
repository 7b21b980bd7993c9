"""One golden file: arrays, configuration, and the comparison at the agreed tolerance."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from engine.training.foreign import read_foreign_weights
from tests.golden.weights import weights_of

TOLERANCE = 1e-4


@dataclass(eq=False)
class GoldenCase:
    """NAME.json and NAME.npz; remembers which arrays were read or compared."""

    name: str
    info: Mapping[str, Any]
    arrays: Mapping[str, np.ndarray]
    folder: Path = Path()
    used: set[str] = field(default_factory=set)

    @classmethod
    def read(cls, json_file: Path) -> GoldenCase:
        info = json.loads(json_file.read_text(encoding="utf-8"))
        with np.load(json_file.with_suffix(".npz"), allow_pickle=False) as stored:
            arrays = {key: stored[key] for key in stored.files}
        return cls(json_file.stem, info, arrays, json_file.parent)

    @property
    def config(self) -> Mapping[str, Any]:
        return self.info.get("config", {})

    def __contains__(self, key: str) -> bool:
        return key in self.arrays

    def tensor(self, key: str) -> Tensor:
        """An input array."""
        self.used.add(key)
        return torch.from_numpy(self.arrays[key])

    def published_weights(self, folder: Path) -> dict[str, Tensor]:
        """The weights as users bring them: through a .pt file and the reader of foreign files."""
        file = folder / f"{self.name}.pt"
        torch.save(weights_of(self.info["state_dict"], self.info.get("salt", "")), file)
        return read_foreign_weights(file)

    def error(self, key: str, ours: Tensor, part: Any = ...) -> float:
        """max |ours - golden| in units of max(1, max |golden|); of a part of the golden array."""
        self.used.add(key)
        golden = self.arrays[key][part].astype(np.float64)
        mine = ours.detach().double().numpy()
        assert mine.shape == golden.shape, f"{key}: shape {mine.shape}, golden {golden.shape}"
        return float(np.abs(mine - golden).max() / max(1.0, np.abs(golden).max()))

    def compare(self, key: str, ours: Tensor, what: str = "", part: Any = ...) -> None:
        error = self.error(key, ours, part)
        assert error <= TOLERANCE, f"{self.name}: {key} {what} is off by {error:.2e}"
