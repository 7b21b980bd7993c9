"""Translating all images of a folder as a job that can be interrupted and done again."""

from __future__ import annotations

import json
from collections.abc import Generator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from engine.data.atomic import disk_error, write_atomic
from engine.data.gathering import find_images
from engine.data.volumes.given import file_record
from engine.data.volumes.read import read_volume
from engine.device import Context
from engine.errors import InputError
from engine.jobs import Job
from engine.methods.midiffusion.inference import Translation, translate_volume
from engine.methods.midiffusion.networks import load_translator
from engine.methods.midiffusion.outputs import ending_for, write_translation
from engine.methods.midiffusion.sampling import way_of
from engine.methods.midiffusion.translating import result_of
from engine.methods.midiffusion.use_params import MANIFEST, TranslateSetParams
from engine.provenance import same_making
from engine.results import FileResult
from engine.steps import DenoiseStep, ImagesStep, NoteStep, ProgressStep, Step
from engine.wording import counted


def translate_set(job: Job, context: Context) -> Generator[Step, None, FileResult]:
    """Translate every image of a folder. Inputs: input (folder), output (folder).

    The output holds a list of what was made and how. What it names is left as it is, so a job
    that was interrupted can be done again. An image that cannot be translated stops no other; the
    list tells why.

    Raises:
        InputError: no images, none that can be used, or translations made in another way.
        CheckpointError: a checkpoint that cannot be used.
        DiskError: the files cannot be written.
    """
    params = job.params
    assert isinstance(params, TranslateSetParams)
    loaded = load_translator(params.checkpoint, context)
    way_of(loaded, params)
    images = find_images(job.path("input"), params.pattern)
    folder = job.path("output")
    # Which images are wanted may change: more of a folder are added to those that are there.
    how = params.model_dump(exclude={"checkpoint", "pattern"})
    made = _Made.open(folder, {"checkpoint": loaded.identity.told(), "parameters": how})
    before = sum(made.has(image.name) for image in images)
    if before:
        yield NoteStep(f"{before} of {len(images)} images were translated before; they stay.")
    for index, image in enumerate(images):
        now = ProgressStep(index, len(images), image.name)
        yield now
        if made.has(image.name):
            continue
        try:
            volume = read_volume(image.path, kind="image")
            steps = translate_volume(volume, loaded, params, context)
            found = yield from _briefly(steps, now)
        except InputError as error:
            made.fail(image.name, f"{error.message} {error.hint}".strip())
            yield NoteStep(f"{image.name} is left out: {made.failed[image.name]}")
            continue
        result = result_of(job, context, volume, loaded, found)
        result.provenance["inputs"]["input"] = file_record(image.path, volume)
        file = f"{image.name.replace('/', '__')}{ending_for(image.path, volume)}"
        write_translation(folder / file, result, volume)
        made.add(image.name, file)
        low, high = result.window
        middle = (result.image[len(result.image) // 2] - low) / (high - low)
        yield ImagesStep({image.name: np.asarray(middle, np.float32)}, image.name)
    yield ProgressStep(len(images), len(images), "Done")
    failed = {i.name: why for i in images if (why := made.failed.get(i.name))}
    if len(failed) == len(images):
        first = next(iter(failed.values()))
        raise InputError(
            f"None of {counted(len(images), 'image')} can be translated: {first}",
            f"{folder / MANIFEST} tells why of each.",
        )
    told = f", {before} of them before" if before else ""
    told += f", {len(failed)} left out" if failed else ""
    return FileResult(
        folder / MANIFEST,
        f"{counted(len(images) - len(failed), 'image')} translated{told}; they lie in {folder}.",
        {"images": len(images) - len(failed), "files": made.files, "failed": failed},
    )


def _briefly(
    steps: Generator[Step, None, Translation], now: ProgressStep
) -> Generator[Step, None, Translation]:
    """The result; of the steps of one image, its denoising and what is to be said."""
    try:
        while True:
            step = next(steps)
            yield step if isinstance(step, DenoiseStep | NoteStep) else now
    except StopIteration as end:
        found: Translation = end.value
        return found
    finally:
        steps.close()


@dataclass
class _Made:
    """What a folder of translations holds: source -> file, how they were made, and the sources
    that could not be translated, with why."""

    folder: Path
    how: dict[str, Any]
    files: dict[str, str] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)

    @classmethod
    def open(cls, folder: Path, how: dict[str, Any]) -> _Made:
        """A new folder, or one that was made in the same way.

        Raises:
            InputError: it was made in another way, or holds something else.
            DiskError: it cannot be made.
        """
        try:
            folder.mkdir(parents=True, exist_ok=True)
            others = any(folder.iterdir())
        except OSError as error:
            raise disk_error(folder, error) from error
        file = folder / MANIFEST
        if not file.is_file():
            if others:
                raise InputError(f"{folder} holds other files.", "Choose an empty folder.")
            return cls(folder, how)
        try:
            told = json.loads(file.read_text(encoding="utf-8"))
            found = cls(folder, dict(told["made"]), dict(told["files"]))
        except (OSError, ValueError, LookupError, TypeError) as error:
            raise InputError(
                f"{file} cannot be read: {error}.", "Choose another folder."
            ) from error
        if not same_making(found.how, how):
            raise InputError(
                f"{folder} holds translations by another checkpoint or with other parameters.",
                "Choose another folder.",
            )
        return found

    def has(self, name: str) -> bool:
        """Whether an image's translation is there."""
        return name in self.files and (self.folder / self.files[name]).is_file()

    def add(self, name: str, file: str) -> None:
        """Keep that an image was translated.

        Raises:
            DiskError: the disk refuses.
        """
        self.files[name] = file
        self.failed.pop(name, None)
        self._write()

    def fail(self, name: str, why: str) -> None:
        """Keep that an image could not be translated.

        Raises:
            DiskError: the disk refuses.
        """
        self.failed[name] = why
        self._write()

    def _write(self) -> None:
        content = {"made": self.how, "files": self.files, "failed": self.failed}
        write_atomic(
            self.folder / MANIFEST, json.dumps(content, indent=1, ensure_ascii=False).encode()
        )
