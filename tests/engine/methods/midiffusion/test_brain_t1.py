"""The bundled model shows a head that nobody has, in contrasts that it never saw, as T1."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from engine.data.phantoms.brain import Contrast, make_brain
from engine.library import find
from engine.methods import midiffusion
from engine.methods.midiffusion.frames import frame_volume
from engine.methods.midiffusion.networks import load_translator
from engine.methods.midiffusion.sampling import translate_slices, way_of
from engine.methods.midiffusion.use_params import SampleParams
from engine.metrics.images import structural_similarity
from engine.training.checkpoint import read_card
from tests.helpers.adaptdiff_models import run
from tests.helpers.torch_rules import cpu_context

SEED = 7
SIDE = 96
SLICES = slice(52, 64, 4)


def _middle(slices: np.ndarray) -> np.ndarray:
    """Squares as the network learnt."""
    top, left = ((side - SIDE) // 2 for side in slices.shape[1:])
    return np.asarray(slices[:, top : top + SIDE, left : left + SIDE], np.float32)


@pytest.mark.parametrize("contrast", ["T2", "PD"])
def test_it_is_nearer_to_t1_than_the_source(contrast: Contrast) -> None:
    loaded = load_translator("brain-t1", cpu_context())
    brain = make_brain(seed=SEED, lesion=None)
    source, truth = (
        _middle(frame_volume(brain.image(kind, seed=SEED), loaded.framing).slices[SLICES])
        for kind in (contrast, "T1")
    )
    preset = midiffusion.METHOD.task("translate").preset(read_card(find("brain-t1")).preset)
    values = {name: preset[name] for name in ("sampler", "steps", "eta")}
    params = SampleParams.parse({**values, "samples": 3})
    way = way_of(loaded, params)
    image = torch.from_numpy(source.copy())[:, None]
    translated, _ = run(translate_slices(loaded, image, way, params, torch.device("cpu")))
    body = truth > 0.05
    before = structural_similarity(source, truth, body)
    after = structural_similarity(translated.image[:, 0].numpy(), truth, body)
    assert after > before + 0.05
