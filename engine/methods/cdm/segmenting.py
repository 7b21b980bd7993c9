"""Segmenting as a job: an image in, labels and heat maps on its voxels out."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace
from pathlib import Path

from engine import provenance
from engine.data.volumes.given import given_region, given_volume, input_record
from engine.device import Context
from engine.errors import CheckpointError
from engine.jobs import Job
from engine.methods.cdm.inference import segment as segment_volume
from engine.methods.cdm.looking import Networks, check_networks, look, needs
from engine.methods.cdm.networks import class_names, load_classifier, load_diffusion
from engine.methods.cdm.outputs import write_saliency
from engine.methods.cdm.use_params import EvidenceName, SampleParams, SegmentParams
from engine.results import SaliencyResult
from engine.steps import Step


def segment(job: Job, context: Context) -> Generator[Step, None, SaliencyResult]:
    """Segment an image or a volume; files are written where `output` is given.

    Inputs: image and region as in `engine.data.volumes.given`; output, heat: paths.

    Raises:
        InputError: an image or parameter that cannot be used.
        CheckpointError: a checkpoint that cannot be used.
        DiskError: the files cannot be written.
    """
    params = job.params
    assert isinstance(params, SegmentParams)
    volume = given_volume(job)
    region = given_region(job, volume)
    networks = load_networks(params, (params.evidence,), context)
    check_networks(networks, params.evidence, params)
    seen = yield from look(
        volume, networks, context, given=None if params.label < 0 else params.label,
        region=region, channel=params.channel,
    )  # fmt: skip
    found = yield from segment_volume(
        volume, seen, networks, params.evidence, params, context, region
    )
    main = networks.main
    record = provenance.of_job(
        job, device=context.device.type, precision="float32", threads=context.threads,
        checkpoint=main.identity.told(),
    )  # fmt: skip
    if networks.classifier is not None:
        record["classifier"] = networks.classifier.identity.told()
    # What is told of a made image does not hold for labels of a real one.
    record |= {"synthetic": False, "source": volume.source.name, "region": region.text()}
    if file := input_record(job, volume):
        record["inputs"]["input"] = file
    record.pop("digital_source_type")
    result = replace(found, names=class_names(main.card, main.classes), provenance=record)
    output, heat = job.inputs.get("output"), job.inputs.get("heat")
    if isinstance(output, Path):
        write_saliency(result, volume, output, heat if isinstance(heat, Path) else None)
    return result


def load_networks(
    params: SampleParams, evidences: tuple[EvidenceName, ...], context: Context
) -> Networks:
    """What the parameters name and the evidence needs.

    Raises:
        CheckpointError: missing, damaged, or of another method or role.
    """
    diffusion = any(needs(evidence)[0] for evidence in evidences)
    if not diffusion and not params.classifier:
        raise CheckpointError(
            "Grad-CAM needs a classifier.",
            "Train one (reverie train --method cdm --stage train-classifier) and choose it.",
        )
    return Networks(
        load_diffusion(params.checkpoint, context) if diffusion else None,
        load_classifier(params.classifier, context) if params.classifier else None,
    )
