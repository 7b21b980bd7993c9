"""The published pickle format, and what must never happen when one is opened."""

from __future__ import annotations

import os
import pickle
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from engine.data.array_pickle import read_array_dict, write_array_dict
from engine.errors import DiskError, InputError
from tests.engine.data.samples import sample_pickle, write

RNG = np.random.default_rng(0)
ARRAYS = [
    RNG.random((20, 24), dtype=np.float32),
    np.asfortranarray(RNG.random((20, 24))),
    RNG.integers(0, 255, (16, 18, 3), dtype=np.uint8)[::2].transpose(1, 0, 2),
    np.arange(5, dtype=">i2"),
    np.zeros((0, 3), bool),
    np.float64(3.5),
]


@pytest.mark.parametrize("protocol", range(6))
def test_every_protocol_and_memory_order(protocol: int, tmp_path: Path) -> None:
    content = pickle.dumps({"a_im": ARRAYS, "a_gt": np.ones((3, 16, 17))}, protocol)
    found = read_array_dict(write(tmp_path, "a.pkl", content))
    for array, expected in zip(found["a_im"], ARRAYS, strict=True):
        np.testing.assert_array_equal(array, expected)
        assert array.dtype == expected.dtype.newbyteorder("=")
    assert [item.shape for item in found["a_gt"]] == [(16, 17)] * 3


def test_both_generations_of_numpy(tmp_path: Path) -> None:
    new = pickle.dumps({"a_im": ARRAYS[:1]}, 2)
    old = new.replace(b"numpy._core.multiarray", b"numpy.core.multiarray")
    assert old != new
    for content in (old, new):
        found = read_array_dict(write(tmp_path, "a.pkl", content))
        np.testing.assert_array_equal(found["a_im"][0], ARRAYS[0])


def test_written_and_read_back(tmp_path: Path) -> None:
    path = tmp_path / "a.pkl"
    write_array_dict(path, {"x_im": ARRAYS[:2], "x_gt": [np.eye(16, dtype=np.uint8)]})
    found = read_array_dict(path)
    np.testing.assert_array_equal(found["x_im"][1], ARRAYS[1])
    assert list(tmp_path.iterdir()) == [path]
    with pytest.raises(ValueError, match="objects"):
        write_array_dict(path, {"x": [np.array([{}], object)]})
    with pytest.raises(DiskError):
        write_array_dict(tmp_path / "no" / "a.pkl", {})


class Runs:
    """Pickles to a call."""

    def __init__(self, call: Callable[..., object], *arguments: object) -> None:
        self.reduced = (call, arguments)

    def __reduce__(self) -> tuple[Callable[..., object], tuple[object, ...]]:
        return self.reduced


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize(
    ("call", "name"), [(os.system, "system"), (eval, "eval"), (getattr, "getattr")]
)
def test_code_is_named_and_never_run(
    call: Callable[..., object], name: str, protocol: int, tmp_path: Path
) -> None:
    trace = tmp_path / "trace"
    payload = Runs(call, f"touch {trace}")
    for hidden in (payload, [payload], {"a_im": [ARRAYS[0], payload]}, {"a_im": payload}):
        path = write(tmp_path, "evil.pkl", pickle.dumps(hidden, protocol))
        with pytest.raises(InputError, match="Nothing in it was run") as caught:
            read_array_dict(path)
        assert name in caught.value.message
        assert str(path) in caught.value.message
        assert not trace.exists()


ATTACKS = {
    "nested in an array of objects": pickle.dumps({"a": np.array([Runs(eval, "1")], object)}),
    "plain objects": pickle.dumps({"a": [np.array([{}, 3], object)]}),
    "structured": pickle.dumps({"a": [np.zeros(3, "i4,f4")]}),
    "text": pickle.dumps({"a": [np.array(["x", "y"])]}),
    "dates": pickle.dumps({"a": [np.array(["2020-01-01"], "M8[D]")]}),
    "not a dictionary": pickle.dumps([ARRAYS[0]]),
    "empty dictionary": pickle.dumps({}),
    "numbers as keys": pickle.dumps({1: [ARRAYS[0]]}),
    "lists of numbers": pickle.dumps({"a": [1, 2, 3]}),
    "ragged nesting": pickle.dumps({"a": [[ARRAYS[0]]]}),
    "persistent id": b"\x80\x04\x8c\x01xQ.",
    "text persistent id": b"Pabc\n.",
    "extension": b"\x80\x02\x82\x01.",
    "old instance": b"(S'echo'\nios\nsystem\n.",
    "memo index": b"\x80\x02]r\xff\xff\xff\x7f.",
    "text memo index": b"]p2147483000\n.",
    "huge string": b"\x80\x04\x8d\xff\xff\xff\xff\xff\xff\xff\x7f.",
    "huge frame": b"\x80\x04\x95\xff\xff\xff\xff\xff\xff\xff\x7f.",
    "dotted global": b"\x80\x04\x8c\x05numpy\x8c\x0dndarray.dumps\x93.",
    "global by memo": b"\x80\x04\x8c\x02os\x94\x8c\x06system\x94h\x00h\x01\x93\x8c\x01x\x85R.",
    "global as value": b"\x80\x02}X\x01\x00\x00\x00acnumpy\nndarray\ns.",
    "ndarray called": b"\x80\x02cnumpy\nndarray\nK\x01\x85R.",
    "attribute set on ndarray": b"\x80\x02cnumpy\nndarray\nN}X\x01\x00\x00\x00xK\x01s\x86b.",
    "attribute set on function": b"\x80\x02c_codecs\nencode\nN}X\x01\x00\x00\x00xK\x01s\x86b.",
    "deep nesting": b"\x80\x04" + b"]" * 200_000 + b"a" * 199_999 + b".",
    "empty": b"",
    "text file": b"hello, this is no pickle\n",
}


@pytest.mark.parametrize("name", ATTACKS)
def test_attacks_and_other_structures_are_refused(name: str, tmp_path: Path) -> None:
    path = write(tmp_path, "a.pkl", ATTACKS[name])
    with pytest.raises(InputError) as caught:
        read_array_dict(path)
    assert str(path) in caught.value.message
    assert caught.value.hint


def test_every_truncation_is_told(tmp_path: Path) -> None:
    content = sample_pickle()
    for length in range(0, len(content) - 1, 7):
        with pytest.raises(InputError):
            read_array_dict(write(tmp_path, "a.pkl", content[:length]))


def test_declared_size_is_checked_before_memory_is_taken(tmp_path: Path) -> None:
    array = np.zeros((7, 9), np.float32)
    content = pickle.dumps({"a": array}, 2).replace(b"K\x07K\t", b"K\xffK\xff")
    tracemalloc.start()
    with pytest.raises(InputError, match="shape"):
        read_array_dict(write(tmp_path, "a.pkl", content))
    assert tracemalloc.get_traced_memory()[1] < 5 * 2**20
    tracemalloc.stop()


def test_bytes_shared_by_many_arrays_do_not_fill_memory(tmp_path: Path) -> None:
    blob = bytes(2**20)
    state = (1, (2**20,), np.dtype("u1"), False, blob)

    class Shared:
        def __reduce__(self) -> tuple[object, ...]:
            return ARRAYS[0].__reduce__()[0], (np.ndarray, (0,), b"b"), state

    path = write(tmp_path, "a.pkl", pickle.dumps({"a": [Shared() for _ in range(50)]}, 4))
    assert path.stat().st_size < 2 * 2**20
    with pytest.raises(InputError, match="larger than the file"):
        read_array_dict(path)


def test_missing_and_folder(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="does not exist"):
        read_array_dict(tmp_path / "none.pkl")
    with pytest.raises(InputError, match="folder"):
        read_array_dict(tmp_path)
