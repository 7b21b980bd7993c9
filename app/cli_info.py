"""`reverie info`: versions, devices, checkpoints, formats."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from app.cli_checkpoint import show_checkpoints
from app.cli_files import IMAGE_SUFFIXES, SET_SUFFIXES
from engine import library
from engine.device import DeviceName, DeviceSettings, open_context
from engine.errors import InputError
from engine.methods import METHODS
from engine.provenance import versions
from engine.training.header import sha256_of

DEVICES: tuple[DeviceName, ...] = ("cpu", "cuda", "mps")


def collect(*, devices: bool) -> dict[str, Any]:
    """What there is, as JSON values.

    Args:
        devices: Ask torch what it can compute on, which takes seconds.
    """
    from engine.data.image_formats import SUPPORTED
    from engine.data.volumes.read import SUPPORTED as VOLUMES
    from engine.data.volumes.write import LABEL_ENDINGS

    found: dict[str, Any] = {
        "versions": versions(),
        "methods": [
            {"id": m.id, "title": m.title, "paper": m.paper, "tasks": [t.name for t in m.tasks]}
            for m in METHODS
        ],
        "checkpoints": [
            {
                "name": entry.name,
                "title": entry.card.title,
                "method": entry.card.method,
                "role": entry.card.role,
                "bundled": entry.bundled,
                "path": str(entry.path),
                "bytes": entry.path.stat().st_size,
                "sha256": sha256_of(entry.path),
                "figures": entry.card.figures,
                "data": entry.card.data,
                "licence": entry.card.licence,
                "labels": [told.get("name", "") for told in entry.card.labels.values()],
            }
            for entry in library.entries()
        ],
        "own_checkpoints": str(library.user_folder()),
        "formats": {
            "read": SUPPORTED.split(", "),
            "write": [*IMAGE_SUFFIXES, *SET_SUFFIXES, "folder of PNG pairs"],
            "read volumes": [*VOLUMES, "DICOM series", "folder of slices"],
            "write labels": list(LABEL_ENDINGS),
        },
    }
    if devices:
        found["devices"] = {name: _device(name) for name in DEVICES}
    return found


def show(names: Sequence[str], *, as_json: bool, devices: bool) -> None:
    """Print it, for programs or for people.

    Args:
        names: Of checkpoints; these alone are shown where there are any.

    Raises:
        CheckpointError: there is none of that name, or it cannot be read.
    """
    if names:
        show_checkpoints(names, as_json=as_json)
        return
    found = collect(devices=devices)
    if as_json:
        print(json.dumps(found, indent=1))
        return
    print("\n".join(_lines(found)))


def _device(name: DeviceName) -> dict[str, Any]:
    try:
        context = open_context(DeviceSettings(name))
    except InputError as error:
        return {"available": False, "reason": error.message}
    return {"available": True, "precision": context.precision, "threads": context.threads}


def _lines(found: dict[str, Any]) -> list[str]:
    lines = [", ".join(f"{name} {version}" for name, version in found["versions"].items()), ""]
    lines.append("Methods")
    lines += [f"  {m['id']:<12} {m['title']} ({m['paper']})" for m in found["methods"]]
    if "devices" in found:
        lines += ["", "Devices"]
        lines += [
            f"  {name:<12} "
            + (
                f"computes in {device['precision']}, {device['threads']} threads"
                if device["available"]
                else "not available"
            )
            for name, device in found["devices"].items()
        ]
    lines += ["", "Checkpoints"]
    lines += [
        f"  {c['name']:<20} {c['method']} {c['role']}, {c['bytes'] / 1e6:.1f} MB, "
        f"sha256 {c['sha256'][:12]}, {'bundled' if c['bundled'] else c['path']}"
        + (f"; {', '.join(c['labels'])}" if c["labels"] else "")
        for c in found["checkpoints"]
    ] or ["  none"]
    formats = found["formats"]
    return [
        *lines,
        f"  (your own go to {found['own_checkpoints']}; `reverie info NAME` tells all of one)",
        "",
        "Formats",
        *(f"  {what:<13} {', '.join(formats[what])}" for what in formats),
    ]
