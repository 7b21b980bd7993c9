"""Mutated bytes of valid files: a reader succeeds or raises InputError, nothing else."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.data.array_pickle import read_array_dict
from engine.data.images import read_image, read_mask
from engine.errors import InputError
from tests.engine.data.samples import all_samples, sample_pickle, write

SAMPLES = all_samples()

mutations = st.lists(
    st.tuples(
        st.floats(0, 1, exclude_max=True),
        st.sampled_from(["set", "flip", "delete", "insert", "cut", "repeat"]),
        st.binary(min_size=1, max_size=8),
    ),
    min_size=1,
    max_size=6,
)


def mutate(content: bytes, changes: list[tuple[float, str, bytes]]) -> bytes:
    data = bytearray(content)
    for place, kind, extra in changes:
        at = int(place * len(data))
        if kind == "set":
            data[at : at + len(extra)] = extra
        elif kind == "flip" and at < len(data):
            data[at] ^= 1 << (extra[0] % 8)
        elif kind == "delete":
            del data[at : at + len(extra)]
        elif kind == "insert":
            data[at:at] = extra
        elif kind == "cut":
            del data[max(at, 1) :]
        else:
            data[at:at] = data[at : at + 40]
    return bytes(data)


def refusal(reader: Callable[[Path], object], path: Path) -> InputError | None:
    """The error that the user would see; any other exception fails the test."""
    try:
        reader(path)
    except InputError as error:
        return error
    return None


@pytest.mark.parametrize("name", SAMPLES)
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(changes=mutations, whole_header=st.booleans())
def test_mutated_images(
    name: str, changes: list[tuple[float, str, bytes]], whole_header: bool
) -> None:
    content = SAMPLES[name]
    kept = min(60, len(content) // 2) if whole_header else 0
    with tempfile.TemporaryDirectory() as folder:
        path = write(Path(folder), name, content[:kept] + mutate(content[kept:], changes))
        told = refusal(read_image, path) or refusal(read_mask, path)
        if told:
            assert str(path) in told.message
            assert told.hint
        else:
            assert np.isfinite(read_image(path).array).all()
            assert set(np.unique(read_mask(path).mask)) <= {0, 1}


@settings(max_examples=250, deadline=None)
@given(changes=mutations)
def test_mutated_pickles(changes: list[tuple[float, str, bytes]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = write(Path(folder), "a.pkl", mutate(sample_pickle(), changes))
        told = refusal(read_array_dict, path)
        if told:
            assert str(path) in told.message
        else:
            items = [a for arrays in read_array_dict(path).values() for a in arrays]
            assert all(isinstance(item, np.ndarray) for item in items)
