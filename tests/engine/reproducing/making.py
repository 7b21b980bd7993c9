"""What tests of reproducing do again and again."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from engine import methods
from engine.data.png import write_png
from engine.jobs import InputValue, Job
from engine.reproducing import METHOD
from engine.reproducing.params import ReproduceParams
from engine.reproducing.report import Outcome, Reproduction
from engine.results import SynthesisResult
from tests.helpers.adaptdiff_models import run
from tests.helpers.cdal_models import disc
from tests.helpers.torch_rules import cpu_context

MASK = np.zeros((24, 40), np.uint8)
MASK[8:14] = 1


def done(method: str, task: str, inputs: Mapping[str, InputValue], **params: Any) -> Any:
    parsed = methods.method(method).task(task).params.parse(params)
    return run(methods.run(Job(method, task, parsed, inputs), cpu_context()))[0]


def again(result: Path, params: ReproduceParams | None = None, **inputs: Path) -> Reproduction:
    job = Job(METHOD, METHOD, params or ReproduceParams(), {"result": result, **inputs})
    made = run(methods.run(job, cpu_context()))[0]
    assert isinstance(made, Reproduction)
    return made


def only(found: Reproduction) -> Outcome:
    (outcome,) = found.outcomes
    return outcome


def picture(folder: Path, seed: int = 0) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "case.png"
    write_png(path, disc(np.random.default_rng(seed), (24, 24))[0], {})
    return path


def synthesized(model: Path, **params: Any) -> SynthesisResult:
    values = {"checkpoint": str(model), "steps": 2, "seed": 7, **params}
    result = done("adaptdiff", "synthesize", {"mask": MASK}, **values)
    assert isinstance(result, SynthesisResult)
    return result
