"""Segmenting a folder as a job: the task of a single image, once for each of its images."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from pathlib import Path
from typing import Any

from engine import provenance
from engine.data.segmentation.folder import output_folders, segment_each
from engine.data.segmentation.folder_table import FolderResult
from engine.data.segmentation.unlabelled import FoundImage, find_images
from engine.device import Context
from engine.failures import with_less_memory
from engine.jobs import InputValue, Job
from engine.methods.diffrect.folder_params import SegmentFolderParams
from engine.methods.diffrect.networks import METHOD, load_segmenter
from engine.methods.diffrect.params import SegmentParams
from engine.methods.diffrect.segmenting import MAPS, segment
from engine.results import SegmentationResult
from engine.steps import Step

TASK = "segment"


def segment_folder(job: Job, context: Context) -> Generator[Step, None, FolderResult]:
    """Inputs: input, a folder; output, a folder for labels and the table; probability, entropy:
    folders for these maps, where they are wanted.

    Raises:
        InputError: no images, or no folder.
        CheckpointError: a checkpoint that cannot be used.
        DiskError: nothing can be written any more.
    """
    params = job.params
    assert isinstance(params, SegmentFolderParams)
    loaded = load_segmenter(params.checkpoint, context)
    folders = output_folders(job, MAPS)
    found = find_images(job.path("input"), channel=params.channel, outputs=tuple(folders.values()))

    def params_of(image: FoundImage) -> SegmentParams:
        own = {name: getattr(params, name) for name in SegmentParams.model_fields}
        return SegmentParams(**{**own, "channel": image.channel})

    def one(
        image: FoundImage, targets: Mapping[str, Path]
    ) -> Generator[Step, None, SegmentationResult]:
        inputs: dict[str, InputValue] = {"input": image.path, **targets}
        if image.part:
            inputs["part"] = image.part
        single = Job(METHOD, TASK, params_of(image), inputs, image.name)
        return with_less_memory(lambda given: segment(single, given), context, image.name)

    checkpoint = loaded.identity.told()

    def made_by(image: FoundImage) -> Mapping[str, Any]:
        return {
            "method": METHOD, "task": TASK, "checkpoint": checkpoint,
            "parameters": params_of(image).model_dump(),
        }  # fmt: skip

    record = provenance.of_job(
        job, device=context.device.type, precision=context.precision, threads=context.threads,
        checkpoint=checkpoint,
    )  # fmt: skip
    record |= {"synthetic": False, "images": str(job.path("input"))}
    record.pop("digital_source_type")
    return (yield from segment_each(found, folders, params, one, made_by, record))
