"""Where a set of pairs lives: a folder of PNGs, an .npz or an .h5 file."""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from engine.data.atomic import atomic_path, disk_error, write_atomic
from engine.data.images import read_image
from engine.data.pairset_manifest import (
    REWRITE_HINT,
    Manifest,
    PairEntry,
    PairSet,
    array_sha256,
    parse_manifest,
    verify,
)
from engine.data.png import SYNTHETIC_METADATA, write_png
from engine.errors import InputError

MANIFEST_NAME = "manifest.json"
MAX_SET_BYTES = 8 * 2**30

Image = NDArray[np.float32]
Mask = NDArray[np.uint8]


class Store(Protocol):
    """One form of a set on disk."""

    def load(self) -> PairSet | None:
        """What is there, verified; None when there is nothing yet."""

    def add(
        self, name: str, image: Image, mask: Mask, details: Mapping[str, Any], manifest: Manifest
    ) -> Manifest:
        """Takes a pair in and returns the manifest with it."""

    def close(self, manifest: Manifest) -> None:
        """Writes what is not yet on disk."""


class FolderStore:
    """images/NAME.png, masks/NAME.png and manifest.json, which lists only whole pairs."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def load(self) -> PairSet | None:
        if not (self._folder / MANIFEST_NAME).exists():
            return None
        manifest = parse_manifest(self._folder, self._read(MANIFEST_NAME))
        images, masks = [], []
        for pair in manifest.pairs:
            for path, expected in ((pair.image, pair.image_sha256), (pair.mask, pair.mask_sha256)):
                found = hashlib.sha256(self._read(path)).hexdigest()
                verify(self._folder, path, found, expected)
            images.append(read_image(self._folder / pair.image).unit())
            masks.append((read_image(self._folder / pair.mask).array > 0).astype(np.uint8))
        names = tuple(pair.name for pair in manifest.pairs)
        return PairSet(names, tuple(images), tuple(masks), manifest)

    def add(
        self, name: str, image: Image, mask: Mask, details: Mapping[str, Any], manifest: Manifest
    ) -> Manifest:
        entry = PairEntry(
            name=name,
            image_sha256="",
            mask_sha256="",
            height=image.shape[0],
            width=image.shape[1],
            details=dict(details),
        )
        told = {"Provenance": json.dumps({**manifest.provenance, **details}, ensure_ascii=False)}
        image_path, mask_path = self._folder / entry.image, self._folder / entry.mask
        for path in (image_path, mask_path):
            self._make_folder(path.parent)
        write_png(image_path, image, SYNTHETIC_METADATA | told)
        write_png(mask_path, mask.astype(bool), told)
        hashes = {
            "image_sha256": hashlib.sha256(image_path.read_bytes()).hexdigest(),
            "mask_sha256": hashlib.sha256(mask_path.read_bytes()).hexdigest(),
        }
        pairs = (*manifest.pairs, entry.model_copy(update=hashes))
        manifest = manifest.model_copy(update={"pairs": pairs})
        write_atomic(self._folder / MANIFEST_NAME, manifest.to_json().encode())
        return manifest

    def close(self, manifest: Manifest) -> None:
        self._make_folder(self._folder)
        write_atomic(self._folder / MANIFEST_NAME, manifest.to_json().encode())

    def _make_folder(self, folder: Path) -> None:
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise disk_error(folder, error) from error

    def _read(self, name: str) -> bytes:
        try:
            return (self._folder / name).read_bytes()
        except OSError as error:
            raise InputError(
                f"{self._folder / name} cannot be read: {error.strerror}.", REWRITE_HINT
            ) from error


class ArrayStore:
    """Images (N, H, W) float32, masks (N, H, W) uint8 and the manifest in one file.

    Such a file can only be written whole. It is rewritten each time the set has doubled, and at
    the end: a killed writer loses at most half, and the total written stays below three sets.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._images: list[Image] = []
        self._masks: list[Mask] = []

    def load(self) -> PairSet | None:
        if not self._path.exists():
            return None
        reader = _read_npz if self._path.suffix.lower() == ".npz" else _read_h5
        images, masks, text = reader(self._path)
        manifest = parse_manifest(self._path, text)
        _check_arrays(self._path, images, masks, manifest)
        self._images, self._masks = list(images), list(masks)
        names = tuple(pair.name for pair in manifest.pairs)
        return PairSet(names, tuple(images), tuple(masks), manifest)

    def add(
        self, name: str, image: Image, mask: Mask, details: Mapping[str, Any], manifest: Manifest
    ) -> Manifest:
        if self._images and image.shape != self._images[0].shape:
            raise InputError(
                f"{self._path}: {name} is {image.shape}, the others {self._images[0].shape}.",
                "Use one size, or write a folder of PNGs.",
            )
        entry = PairEntry(
            name=name,
            image_sha256=array_sha256(image),
            mask_sha256=array_sha256(mask),
            height=image.shape[0],
            width=image.shape[1],
            details=dict(details),
        )
        self._images.append(image)
        self._masks.append(mask)
        manifest = manifest.model_copy(update={"pairs": (*manifest.pairs, entry)})
        count = len(self._images)
        if count & (count - 1) == 0:
            self.close(manifest)
        return manifest

    def close(self, manifest: Manifest) -> None:
        images = _stack(self._images, np.float32)
        masks = _stack(self._masks, np.uint8)
        writer = _write_npz if self._path.suffix.lower() == ".npz" else _write_h5
        with atomic_path(self._path) as beside:
            writer(beside, images, masks, manifest.to_json())


def _stack(arrays: Sequence[NDArray[Any]], dtype: type[np.generic]) -> NDArray[Any]:
    return np.stack(arrays) if arrays else np.zeros((0, 0, 0), dtype)


def _write_npz(path: Path, images: Image, masks: Mask, manifest: str) -> None:
    with open(path, "wb") as stream:
        np.savez(stream, images=images, masks=masks, manifest=np.array(manifest))


def _write_h5(path: Path, images: Image, masks: Mask, manifest: str) -> None:
    import h5py

    with h5py.File(path, "w") as file:
        file.create_dataset("images", data=images)
        file.create_dataset("masks", data=masks, compression="gzip")
        # A dataset, as an attribute may not pass 64 KiB.
        file.create_dataset("manifest", data=manifest)
        file.attrs["synthetic"] = True


def _read_npz(path: Path) -> tuple[Image, Mask, str]:
    try:
        with zipfile.ZipFile(path) as archive:
            _check_bytes(path, sum(item.file_size for item in archive.infolist()))
        with np.load(path, allow_pickle=False) as file:
            return file["images"], file["masks"], str(file["manifest"])
    except InputError:
        raise
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, RuntimeError) as error:
        raise _damaged(path, error) from error


def _read_h5(path: Path) -> tuple[Image, Mask, str]:
    import h5py

    try:
        with h5py.File(path, "r") as file:
            _check_bytes(path, file["images"].nbytes + file["masks"].nbytes)
            text = file["manifest"][()]
            return file["images"][()], file["masks"][()], text.decode()
    except InputError:
        raise
    except (OSError, ValueError, KeyError, AttributeError, TypeError, RuntimeError) as error:
        raise _damaged(path, error) from error


def _damaged(path: Path, error: Exception) -> InputError:
    return InputError(f"{path} is damaged or no set of pairs: {str(error)[:100]}.", REWRITE_HINT)


def _check_bytes(path: Path, size: int) -> None:
    if size > MAX_SET_BYTES:
        raise InputError(
            f"{path} holds {size / 2**30:.0f} GiB; at most {MAX_SET_BYTES // 2**30} are read.",
            "Write it as a folder, or split it.",
        )


def _check_arrays(path: Path, images: Image, masks: Mask, manifest: Manifest) -> None:
    fits = (
        images.dtype == np.float32
        and masks.dtype == np.uint8
        and images.ndim == 3
        and images.shape == masks.shape
        and len(images) == len(manifest.pairs)
    )
    if not fits:
        raise InputError(f"{path}: arrays and manifest do not fit together.", REWRITE_HINT)
    for image, mask, pair in zip(images, masks, manifest.pairs, strict=True):
        verify(path, f"image {pair.name}", array_sha256(image), pair.image_sha256)
        verify(path, f"mask {pair.name}", array_sha256(mask), pair.mask_sha256)
