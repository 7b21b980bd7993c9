"""Segmenting as a job: an image in, labels, probability and entropy on its voxels out."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace
from pathlib import Path

from engine import provenance
from engine.data.segmentation.figures import figures_of
from engine.data.volumes.dicom_seg import Maker
from engine.data.volumes.given import given_region, given_volume, input_record
from engine.data.volumes.region import Region
from engine.data.volumes.targets import check_targets
from engine.data.volumes.volume import Volume
from engine.data.volumes.write import MAP_ENDINGS, write_labels, write_map
from engine.device import Context
from engine.jobs import Job
from engine.methods.diffrect.inference import segment as segment_volume
from engine.methods.diffrect.networks import load_segmenter
from engine.methods.diffrect.params import SegmentParams
from engine.methods.diffrect.structures import table_of
from engine.results import SegmentationResult
from engine.steps import Step

MAPS = ("probability", "entropy")


def segment(job: Job, context: Context) -> Generator[Step, None, SegmentationResult]:
    """Segment an image or a volume; files are written where `output` is given.

    Inputs: image and region as in `engine.data.volumes.given`; output, probability, entropy:
    paths.

    Raises:
        InputError: an image or parameter that cannot be used.
        CheckpointError: a checkpoint that cannot be used.
        DiskError: the files cannot be written.
    """
    params = job.params
    assert isinstance(params, SegmentParams)
    volume = given_volume(job)
    region = given_region(job, volume)
    output, maps = _targets(job)
    check_targets(output, maps, volume)
    loaded = load_segmenter(params.checkpoint, context)
    found = yield from segment_volume(
        volume, loaded.recipe, loaded.model, context,
        region=region, channel=params.channel, threshold=params.threshold,
    )  # fmt: skip
    record = provenance.of_job(
        job, device=context.device.type, precision=context.precision, threads=context.threads,
        checkpoint=loaded.identity.told(),
    )  # fmt: skip
    # What is told of a made image does not hold for labels of a real one.
    record |= {
        "synthetic": False, "source": volume.source.name, "region": region.text(),
        "partial": region != Region.whole(volume.geometry.shape),
        "figures": figures_of(found.labels, loaded.names, volume.geometry, found.entropy),
    }  # fmt: skip
    if file := input_record(job, volume):
        record["inputs"]["input"] = file
    record.pop("digital_source_type")
    result = replace(found, names=loaded.names, provenance=record)
    if output is not None:
        _write(result, volume, output, maps)
    return result


def _targets(job: Job) -> tuple[Path | None, dict[str, Path]]:
    """Where labels and maps are to go; without labels nothing is written."""
    output = job.inputs.get("output")
    if not isinstance(output, Path):
        return None, {}
    return output, {name: path for name in MAPS if isinstance(path := job.inputs.get(name), Path)}


def _write(
    result: SegmentationResult, volume: Volume, labels: Path, wanted: dict[str, Path]
) -> None:
    """What is asked for; of several structures the probability of each one as well."""
    maps = {}
    if "probability" in wanted:
        maps[wanted["probability"]] = "probability", result.foreground
        if len(result.probability) > 2:
            for number, each in enumerate(result.probability[1:], 1):
                maps[_numbered(wanted["probability"], number)] = f"probability_{number}", each
    if "entropy" in wanted:
        maps[wanted["entropy"]] = "entropy", result.entropy
    maker = Maker("AUTOMATIC", "DiffRect", provenance.versions()["reverie"])
    table = table_of(result.names)
    told = {**result.provenance, "holds": "output"}
    write_labels(labels, result.labels, volume, table, told, maker)
    for path, (name, values) in maps.items():
        write_map(path, values, volume, {**told, "holds": name})


def _numbered(path: Path, number: int) -> Path:
    ending = next((e for e in MAP_ENDINGS if path.name.lower().endswith(e)), path.suffix)
    stem = path.name[: len(path.name) - len(ending)]
    return path.with_name(f"{stem}_{number}{path.name[len(stem) :]}")
