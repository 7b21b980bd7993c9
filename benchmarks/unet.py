"""A plain U-Net beside a cDAL run: the same cases, patches, batch and seconds of training.

MONAI's U-Net of about as many parameters as the run's generator, Dice and cross-entropy, Adam along
half a cosine, averaged weights. What differs from cDAL is what is to be compared.

python -m benchmarks.unet train RUN --output DIR [--seconds S]
python -m benchmarks.unet evaluate RUN DIR --output FILE.json
python -m benchmarks.unet compare CDAL.json UNET.json
"""

from __future__ import annotations

import json
import math
import time
import tomllib
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, TypeVar

import numpy as np
import torch
import typer
from monai.losses.dice import DiceCELoss
from monai.networks.nets.unet import UNet
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from engine.data.segmentation.checking import CheckReport
from engine.data.segmentation.opening import open_cases
from engine.data.segmentation.splits import Role, Split, read_split
from engine.data.segmentation.store import CaseStore
from engine.data.volumes.volume import Volume
from engine.device import Context, DeviceSettings, open_context
from engine.methods.cdal.data import Recipe, TrainingData, label_channels, recipe
from engine.methods.cdal.evaluation import evaluate_cases
from engine.methods.cdal.inference import segment
from engine.methods.cdal.params import TrainParams
from engine.methods.cdal.stage import classes_of
from engine.methods.cdal.training import generator_config
from engine.metrics.bootstrap import Estimate, bootstrap_mean
from engine.metrics.table import METRICS
from engine.networks.ncsnpp import NCSNpp
from engine.results import SegmentationResult
from engine.steps import DenoiseStep, Step
from engine.training.ema import EMA

DEPTH = 4
RATE, LAST_RATE = 1e-3, 1e-5
WIDTHS = range(4, 129, 2)
Result = TypeVar("Result")
app = typer.Typer(add_completion=False, no_args_is_help=True, help=__doc__)


@dataclass(frozen=True, eq=False)
class Sampled:
    """A "vote": probabilities (1, B, L, H, W)."""

    samples: Tensor


@dataclass(frozen=True, eq=False)
class Setting:
    """What a cDAL run was trained with."""

    params: TrainParams
    report: CheckReport
    split: Split
    augmented: Recipe
    plain: Recipe

    @property
    def channels(self) -> int:
        """Maps of the network."""
        return label_channels(self.report.classes)


def open_setting(run: Path) -> Setting:
    """Parameters, cases and split of a run folder."""
    request = tomllib.loads((run / "run.toml").read_text())
    params = TrainParams(**request["parameters"])
    masks = request["inputs"].get("masks")
    report = _end(
        open_cases(
            Path(request["inputs"]["images"]),
            Path(masks) if masks else None,
            channel=params.channel,
            patient_pattern=params.patient_pattern,
        )
    )
    return Setting(
        params, report, read_split(run),
        recipe(params.kind, params.size, params.resize, augmented=params.augment),
        recipe(params.kind, params.size, params.resize, augmented=False),
    )  # fmt: skip


def make_unet(images: int, maps: int, like: int) -> UNet:
    """The U-Net whose parameters come nearest to `like` in number."""

    def build(width: int) -> UNet:
        channels = [width * 2**i for i in range(DEPTH)]
        return UNet(2, images, maps, channels, [2] * (DEPTH - 1), num_res_units=2)

    return build(min(WIDTHS, key=lambda width: abs(parameters(build(width)) - like)))


def parameters(model: nn.Module) -> int:
    """How many numbers are learned."""
    return sum(p.numel() for p in model.parameters())


def unet_of(setting: Setting) -> UNet:
    """The untrained U-Net that stands beside the run's generator."""
    config = generator_config(setting.params, setting.plain, setting.report.classes)
    like = parameters(NCSNpp(config))
    torch.manual_seed(setting.params.seed)
    return make_unet(config.image_channels, config.labels, like)


@app.command()
def train(
    run: Path, output: Annotated[Path, typer.Option()], seconds: float = 0.0, threads: int = 1
) -> None:
    """Train for as many seconds of this process's CPU time as are given."""
    torch.set_num_threads(threads)
    setting = open_setting(run)
    params = setting.params
    cases = setting.split.of(setting.report.accept(remap=params.renumber), "train")
    store = CaseStore(cases, setting.plain.preparation, setting.report.remap)
    data = TrainingData(store, setting.augmented, setting.report.classes)
    model = unet_of(setting)
    one = setting.channels == 1
    loss_of = DiceCELoss(sigmoid=one, softmax=not one, to_onehot_y=not one)
    optimizer = torch.optim.Adam(model.parameters(), RATE)
    average = EMA(model, params.ema_decay) if params.ema_decay else None
    started, iteration, spent = time.process_time(), 0, 0.0
    while spent < seconds:
        for group in optimizer.param_groups:
            share = (1 + math.cos(math.pi * spent / seconds)) / 2
            group["lr"] = LAST_RATE + (RATE - LAST_RATE) * share
        images, maps = data.batch(np.random.default_rng([params.seed, iteration]), params.batch)
        truth = classes_of(maps)[:, None]
        loss: Tensor = loss_of(model(images), truth.float() if one else truth)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if average:
            average.update()
        iteration += 1
        spent = time.process_time() - started
        if iteration % 100 == 0:
            typer.echo(f"{iteration}\t{spent:.0f} s\tloss {loss.item():.4f}")
    weights = dict(average.weights) if average else model.state_dict()
    output.mkdir(parents=True, exist_ok=True)
    save_file({k: v.contiguous() for k, v in weights.items()}, output / "unet.safetensors")
    told = {"iterations": iteration, "seconds": spent, "parameters": parameters(model)}
    (output / "unet.json").write_text(json.dumps(told))
    typer.echo(json.dumps(told))


@app.command()
def evaluate(
    run: Path,
    folder: Path,
    output: Annotated[Path, typer.Option()],
    part: Role = "test",
    views: int = 0,
) -> None:
    """Score a trained U-Net on a part of the run's split, as cDAL is scored.

    With `--views 5` it sees each image in so many ways, as five turned votes of cDAL do.
    """
    setting = open_setting(run)
    cases = setting.split.of(setting.report.accept(remap=setting.params.renumber), part)
    model = unet_of(setting)
    model.load_state_dict(load_file(folder / "unet.safetensors"))
    context = open_context(DeviceSettings(device="cpu", precision="float32"))
    segmenter = segmenter_of(model.eval(), setting, context, views)
    names = setting.report.names
    found = _end(evaluate_cases(cases, segmenter, names, setting.report.remap))
    told = json.loads((folder / "unet.json").read_text())
    found.write(output, {"unet": told, "part": part, "views": views})
    typer.echo(found.summary())


@app.command()
def compare(cdal: Path, unet: Path) -> None:
    """Two reports on the same cases: each one's means, and the difference in pairs of cases."""
    ours, theirs = (json.loads(path.read_text()) for path in (cdal, unet))
    for told in (ours, theirs):
        for name, scores in [*_classes(told), ("mean of classes", told["mean of classes"])]:
            figures = ", ".join(f"{m} {_short(scores[m])}" for m in METRICS)
            typer.echo(f"{'cDAL' if told is ours else 'U-Net'}\t{name}\t{figures}")
    for metric in METRICS:
        found = difference(ours["rows"], theirs["rows"], metric)
        typer.echo(
            f"cDAL - U-Net\t{metric}\t{found.mean:+.4f} ({found.low:+.4f} to {found.high:+.4f})"
        )


def difference(
    ours: Sequence[Mapping[str, Any]], theirs: Sequence[Mapping[str, Any]], metric: str
) -> Estimate:
    """How much more the first has on the same cases, mean of classes, patients drawn as a whole.

    Raises:
        ValueError: The cases differ.
    """
    means = [
        {
            case: float(np.mean([row[metric] for row in rows if row["case"] == case]))
            for case in {row["case"] for row in rows}
        }
        for rows in (ours, theirs)
    ]
    if set(means[0]) != set(means[1]):
        raise ValueError("reports on other cases")
    patients = {row["case"]: str(row["patient"]) for row in ours}
    cases = sorted(means[0])
    values = [means[0][case] - means[1][case] for case in cases]
    return bootstrap_mean(values, [patients[case] for case in cases])


def _classes(told: Mapping[str, Any]) -> list[tuple[str, Mapping[str, Any]]]:
    return [(str(c["name"]), c) for c in told["classes"].values()]


def _short(told: Mapping[str, Any]) -> str:
    low, high = told["interval"]
    return f"{told['mean']:.3f} ({low:.3f} to {high:.3f})"


def segmenter_of(
    model: nn.Module, setting: Setting, context: Context, views: int = 0
) -> Callable[[Volume], Generator[Step, None, SegmentationResult]]:
    """The network as `evaluate_cases` takes one, in the same windows as cDAL.

    Args:
        views: Turned and mirrored ways to see an image that are averaged; 0 as it lies.
    """

    def draw(images: Tensor, votes: int, seed: int) -> Generator[DenoiseStep, None, Sampled]:
        yield from ()
        with torch.inference_mode():
            logits: Tensor = model(images)
            shares = logits.sigmoid() if setting.channels == 1 else logits.softmax(dim=1)
        # It says the same every time it is asked.
        return Sampled(shares[None].expand(votes, -1, -1, -1, -1))

    def run(volume: Volume) -> Generator[Step, None, SegmentationResult]:
        return segment(
            volume, setting.plain, setting.channels, draw, context,
            votes=views or 1, turn=views > 0,
        )  # fmt: skip

    return run


def _end(steps: Generator[Step, None, Result]) -> Result:
    """What a generator returns."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            result: Result = end.value
            return result


if __name__ == "__main__":
    app()
