"""NIfTI-1, NIfTI-2 and Analyze 7.5 volumes, in their stored type, with nibabel's headers."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from nibabel.nifti1 import Nifti1Header, Nifti1PairHeader
from nibabel.nifti2 import Nifti2Header, Nifti2PairHeader
from nibabel.spatialimages import HeaderDataError
from nibabel.spm99analyze import Spm99AnalyzeHeader
from nibabel.wrapstruct import WrapStructError
from numpy.typing import NDArray

from engine.data.volumes.affines import is_usable, usable_spacing
from engine.data.volumes.limits import Watch, damaged, decoding, first_bytes, short
from engine.data.volumes.stored import Packing, read_stored, unpacked
from engine.data.volumes.volume import Affine, Channels, Geometry, Kind, Source, Volume
from engine.errors import InputError

SIZES = {n: (n.to_bytes(4, "little"), n.to_bytes(4, "big")) for n in (348, 540)}
MAX_HEADER_BYTES = 2**24
MAX_EXTENSION_BYTES = 2**20
MAGICS = (b"n+1\0", b"ni1\0", b"n+2\0", b"ni2\0")
LABEL_INTENT = 1002
UNIT_MM = {1: ("metres", 1e3), 3: ("micrometres", 1e-3)}
GUESS = (
    "The file does not say how its axes lie in the patient: left is assumed to be where its first "
    "axis ends, so left and right may be swapped."
)


def is_nifti(first: bytes) -> bool:
    """Whether a file that begins so (348 bytes or more) is a NIfTI or Analyze header."""
    return (
        first[344:348] in MAGICS or first[4:8] in MAGICS or first[:4] in (*SIZES[348], *SIZES[540])
    )


@dataclass(frozen=True, eq=False)
class _Files:
    header: Path
    values: Path
    packing: Packing

    @property
    def pair(self) -> bool:
        return self.header != self.values

    @property
    def several(self) -> tuple[Path, ...]:
        return (self.header, self.values) if self.pair else ()


def read_nifti(path: Path, kind: Kind | None = None, watch: Watch | None = None) -> Volume:
    """Reads .nii, .hdr with .img, or either with .gz.

    Plain files of more than `stored.MAPPED_FROM_BYTES` are memory-mapped; others are read once.
    The sform places the voxels if the file has one, else the qform; without either nibabel's
    guess is taken, with a warning.

    Args:
        path: Either file of a pair.
        kind: None: labels where the header's intent says so, else an image.
        watch: Told how far it is.

    Raises:
        InputError: No NIfTI, damaged, larger than the file or memory, complex values or bits.
    """
    files = _files(path)
    with decoding(files.header):
        header = _read_header(files)
        offset = _offset(files, header)
        shape, dtype, colours = _layout(files.header, header)
        stored = read_stored(
            files.values,
            shape,
            dtype,
            offset=offset,
            packing=files.packing,
            watch=watch,
        )
        array, channels, notes = _channels(stored, colours, header)
        affine, warnings = _affine(header)
        affine, told = _in_mm(header, affine)
        slope, intercept = (1.0, 0.0) if colours else _scale(header)
        geometry = Geometry(array.shape[1:], affine)
    return Volume(
        array,
        geometry,
        kind or _kind(header, dtype),
        channels,
        slope,
        intercept,
        Source(path, "nifti", files=files.several, header=header),
        _window(header),
        notes=notes + told,
        warnings=warnings,
    )  # fmt: skip


def _files(path: Path) -> _Files:
    name = path.name
    zipped = name.lower().endswith(".gz")
    stem = Path(name[:-3] if zipped else name)
    if stem.suffix.lower() not in (".img", ".hdr"):
        first = first_bytes(path, 2)
        return _Files(path, path, "gzip" if first == b"\x1f\x8b" else "")
    found = {}
    for ending in (".hdr", ".img"):
        tail = ending if stem.suffix.islower() else ending.upper()
        beside = [path.with_name(stem.stem + tail + end) for end in ("", ".gz")]
        there = [p for p in beside if p.is_file()]
        if not there:
            raise InputError(
                f"{path} is half of a pair: {beside[0].name} is missing.",
                "Put both files, .hdr and .img, into one folder.",
            )
        found[ending] = path if path in there else there[0]
    packing: Packing = "gzip" if first_bytes(found[".img"], 2) == b"\x1f\x8b" else ""
    return _Files(found[".hdr"], found[".img"], packing)


def _read_header(files: _Files) -> Any:
    path = files.header
    packing: Packing = "gzip" if first_bytes(path, 2) == b"\x1f\x8b" else ""
    with open(path, "rb") as raw:
        stream = unpacked(raw, packing) if packing else raw
        start = stream.read(540)
        kind = _header_class(path, start, files.pair)
        length = kind.sizeof_hdr
        if len(start) < length:
            raise damaged(path, f"it ends after {len(start)} bytes of its header")
        try:
            header = kind.from_fileobj(io.BytesIO(start[:length] + bytes(4)), check=False)
            if not issubclass(kind, Nifti1Header) or files.pair:
                return header
            end = _offset(files, header)
            if length + 4 < end <= MAX_EXTENSION_BYTES:
                content = start + stream.read(max(0, end - len(start)))
                return _with_extensions(kind, header, content[:end])
        except (HeaderDataError, WrapStructError) as error:
            raise damaged(path, short(error)) from error
    return header


def _header_class(path: Path, start: bytes, pair: bool) -> Any:
    size = start[:4]
    if size in SIZES[540] or start[4:8] in MAGICS[2:]:
        return Nifti2PairHeader if pair else Nifti2Header
    if start[344:348] in MAGICS[:2]:
        return Nifti1PairHeader if pair else Nifti1Header
    if size in SIZES[348] and pair:
        return Spm99AnalyzeHeader
    raise InputError(f"{path} is no NIfTI file.", "Give a .nii, .nii.gz or .hdr with .img.")


def _with_extensions(kind: Any, header: Any, content: bytes) -> Any:
    """The header with its extensions, for a writer to keep; without where they are damaged."""
    try:
        return kind.from_fileobj(io.BytesIO(content), check=False)
    except (HeaderDataError, WrapStructError, ValueError, LookupError, EOFError):
        return header


def _offset(files: _Files, header: Any) -> int:
    offset = int(header.get_data_offset())
    least = 0 if files.pair else header.sizeof_hdr
    if not least <= offset <= MAX_HEADER_BYTES:
        raise damaged(files.header, f"its values are said to begin at byte {offset}")
    return offset


def _layout(path: Path, header: Any) -> tuple[tuple[int, ...], np.dtype[Any], int]:
    """The array's shape in the file in C order, its type, and how many colours a voxel has."""
    try:
        dims, dtype = tuple(int(n) for n in header.get_data_shape()), header.get_data_dtype()
    except HeaderDataError as error:
        raise damaged(path, short(error)) from error
    if not 1 <= len(dims) <= 7 or min(dims) < 1:
        raise damaged(path, f"its size is {' x '.join(map(str, dims)) or 'missing'}")
    if any(n != 1 for n in dims[5:]):
        raise InputError(
            f"{path} has {len(dims)} axes: {' x '.join(map(str, dims))}.",
            "Export space, time and components only.",
        )
    i, j, k, times, parts = (*dims, 1, 1, 1, 1)[:5]
    if dtype.names:
        if dtype.names[:3] != ("R", "G", "B") or times * parts != 1:
            raise InputError(
                f"{path} holds {times * parts} images in colour.", "Export one image in colour."
            )
        return (k, j, i, len(dtype.names)), np.dtype(np.uint8), len(dtype.names)
    if dtype.kind not in "iuf" or dtype.itemsize > 8:
        raise InputError(
            f"{path} holds values of type {header.get_value_label('datatype')}.",
            "Export whole or real numbers, for example the magnitude.",
        )
    return (parts * times, k, j, i), dtype, 0


def _channels(
    stored: NDArray[Any], colours: int, header: Any
) -> tuple[NDArray[Any], Channels, tuple[str, ...]]:
    if colours:
        array = np.moveaxis(stored, -1, 0)[:3]
        return array, "rgb", ("transparency ignored",) if colours == 4 else ()
    if len(stored) == 1:
        return stored, "single", ()
    dims = (*(int(n) for n in header.get_data_shape()), 1, 1)
    if len(dims) < 7 or dims[4] == 1:
        return stored, "time", ()
    notes = () if dims[3] == 1 else (f"{dims[3]} times of {dims[4]} components, one after another",)
    return stored, "components", notes


def _affine(header: Any) -> tuple[Affine, tuple[str, ...]]:
    warnings: list[str] = []
    if isinstance(header, Nifti1Header):
        for name, code in (("sform", header["sform_code"]), ("qform", header["qform_code"])):
            if int(code) <= 0:
                continue
            try:
                found = header.get_sform() if name == "sform" else _qform(header)
            except (HeaderDataError, ValueError, np.linalg.LinAlgError):
                found = np.full((4, 4), np.nan)
            if is_usable(found):
                return np.asarray(found, np.float64), tuple(warnings)
            warnings.append(f"The {name} of the file is singular or not a number; it is not used.")
    spacing, told = usable_spacing([float(n) for n in header["pixdim"][1:4]])
    plain = header.copy()
    plain["pixdim"][1:4] = spacing
    affine = np.asarray(plain.get_base_affine(), np.float64)
    # Analyze has an origin of its own in voxels, which may be anything.
    if not is_usable(affine):
        affine = np.diag([-spacing[0], spacing[1], spacing[2], 1.0])
    return affine, (*warnings, *told, GUESS)


def _qform(header: Any) -> Affine:
    """The qform, with spacings that nibabel would refuse made positive before."""
    if not (np.asarray(header["pixdim"][1:4]) > 0).all():
        return np.full((4, 4), np.nan)
    return np.asarray(header.get_qform(), np.float64)


def _in_mm(header: Any, affine: Affine) -> tuple[Affine, tuple[str, ...]]:
    """The affine in mm; the header is made to say the same, for a writer to keep."""
    if not isinstance(header, Nifti1Header):
        return affine, ()
    code = int(header["xyzt_units"])
    if code & 7 not in UNIT_MM:
        return affine, ()
    unit, factor = UNIT_MM[code & 7]
    scaled = affine.copy()
    scaled[:3] *= factor
    if not is_usable(scaled):
        return affine, (f"said to be in {unit}, which cannot be; millimetres assumed",)
    codes = int(header["sform_code"]), int(header["qform_code"])
    header["xyzt_units"] = code & ~7 | 2
    header.set_sform(scaled, codes[0])
    header.set_qform(scaled, codes[1], strip_shears=True)
    return scaled, (f"stored in {unit}, turned into millimetres",)


def _scale(header: Any) -> tuple[float, float]:
    try:
        slope, intercept = header.get_slope_inter()
    except HeaderDataError:
        return 1.0, 0.0
    return (1.0 if slope is None else float(slope)), (
        0.0 if intercept is None else float(intercept)
    )


def _window(header: Any) -> tuple[float, float] | None:
    low, high = float(header["cal_min"]), float(header["cal_max"])
    return (low, high) if np.isfinite([low, high]).all() and high > low else None


def _kind(header: Any, dtype: np.dtype[Any]) -> Kind:
    if not isinstance(header, Nifti1Header) or dtype.kind == "f":
        return "image"
    return "labels" if int(header["intent_code"]) == LABEL_INTENT else "image"
