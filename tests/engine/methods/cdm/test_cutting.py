from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from skimage.filters import threshold_otsu

from engine.errors import InputError
from engine.methods.cdm.cutting import cut, heat_of, range_of, recut
from engine.methods.cdm.use_params import CutParams
from engine.results import SaliencyResult, Squares

SIDE = 12
SHAPE = (4, SIDE, SIDE)


@dataclass(frozen=True)
class Plain:
    """Squares that are the image's slices."""

    shape: tuple[int, int, int] = SHAPE
    across: tuple[int, bool] = (0, False)

    def back(self, maps: np.ndarray, slices: np.ndarray) -> np.ndarray:
        found = np.zeros((len(maps), *self.shape), np.float32)
        found[:, slices] = maps
        return found


def spots(*places: tuple[int, int, int]) -> np.ndarray:
    """A square (S, S) of faint noise with bright boxes: row, column, side."""
    found = 0.048 * (np.random.default_rng(0).random((SIDE, SIDE)) > 0.5)
    for row, column, side in places:
        found[row : row + side, column : column + side] = 1.0
    return found.astype(np.float32)


def squares(
    planes: list[np.ndarray], classes: list[int] | None = None, slices: list[int] | None = None,
    images: np.ndarray | None = None,
) -> Squares:  # fmt: skip
    """Each plane is the evidence of three equal steps."""
    maps = np.stack(planes)[:, None].repeat(3, axis=1) / 3
    count = len(planes)
    return Squares(
        np.zeros((count, SIDE, SIDE), np.float32) if images is None else images, maps,
        np.array(slices or range(count)), np.array(classes or [1] * count), Plain(),
        np.full((SHAPE[0], 2), np.nan, np.float32), np.zeros((0, 2, SIDE, SIDE), np.float32),
    )  # fmt: skip


def labels_of(found: Squares, classes: int = 2, **params: Any) -> np.ndarray:
    region = ((0, 0, 0), SHAPE)
    return cut(found, SHAPE, classes, region, CutParams.parse(params))[0]


def test_a_slice_is_stretched_and_cut_by_otsu() -> None:
    plane = spots((3, 4, 4)) * 7 - 2
    heat, thresholds = heat_of(squares([plane]).maps, CutParams())
    assert heat.min() == 0
    assert heat.max() == pytest.approx(1)
    assert thresholds[0] == pytest.approx(threshold_otsu(heat[0]))
    labels = labels_of(squares([plane]))
    assert labels[0, 3:7, 4:8].all()
    assert labels.sum() == 16


def test_the_largest_part_of_a_slice_or_of_the_volume_or_all() -> None:
    planes = [spots((1, 1, 4), (8, 8, 2)), spots((7, 7, 3))]
    found = squares(planes)
    assert [int(labels_of(found, keep="all")[i].sum()) for i in (0, 1)] == [20, 9]
    assert [int(labels_of(found, keep="slice")[i].sum()) for i in (0, 1)] == [16, 9]
    # In 3D the part of 2 x 2 belongs to that of 3 x 3 in the next slice, but is smaller still.
    assert [int(labels_of(found, keep="volume")[i].sum()) for i in (0, 1)] == [16, 0]
    apart = squares(planes, slices=[0, 3])
    assert int(labels_of(apart, keep="volume")[3].sum()) == 0


def test_slices_together_or_each_by_itself() -> None:
    planes = [spots((3, 3, 4)), 0.04 * spots((5, 5, 3))]
    assert labels_of(squares(planes), scope="slice")[1].any()
    assert not labels_of(squares(planes), scope="volume")[1].any()
    _, thresholds = heat_of(squares(planes).maps, CutParams(scope="volume"))
    assert thresholds[0] == thresholds[1]


def test_a_threshold_of_ones_own_and_fewer_steps() -> None:
    grow = np.zeros((1, 3, SIDE, SIDE), np.float32)
    grow[0, 0, 2:4, 2:4] = 1.0
    grow[0, 1, 4:8, 2:4] = 1.0
    grow[0, 2] = 5.0 * spots((9, 9, 2))
    found = squares([spots()])
    found = Squares(**{**vars(found), "maps": grow})
    sizes = [int(labels_of(found, steps=n, threshold=0.5, keep="all").sum()) for n in (1, 2, 3, 0)]
    assert sizes[:2] == [4, 12]
    assert sizes[2] == sizes[3] == 4, "the last step outshines the others"
    assert labels_of(found, threshold=0.1, keep="all").sum() > sizes[3]
    assert labels_of(found, steps=99, threshold=0.5, keep="all").sum() == 4


def test_what_grows_darker_counts_where_either_way_does() -> None:
    plane = -spots((3, 4, 4))
    assert labels_of(squares([plane]))[0, 4, 5] == 0
    absolute = labels_of(squares([plane]), magnitude="absolute")
    assert absolute[0, 3:7, 4:8].all()
    assert absolute.sum() == 16


def test_what_grows_darker_does_not_lower_the_threshold_where_brighter_counts_alone() -> None:
    plane = spots((3, 4, 4)) - 3 * spots((0, 0, 3), (8, 0, 4), (9, 6, 3))
    assert labels_of(squares([plane]), keep="all").sum() > 80, "all that does not grow darker"
    brighter = labels_of(squares([plane]), magnitude="brighter", keep="all")
    assert brighter[0, 3:7, 4:8].all()
    assert brighter.sum() == 16
    assert not labels_of(squares([-np.abs(plane)]), magnitude="brighter").any()


def test_smoothing_takes_single_pixels_away() -> None:
    plane = spots((3, 4, 4))
    plane[10, 1] = 1.0
    rough, smooth = (labels_of(squares([plane]), keep="all", smooth=s) for s in (0.0, 1.0))
    assert rough[0, 10, 1]
    assert not smooth[0, 10, 1]
    assert smooth[0, 4:6, 5:7].all()


def test_a_flat_map_marks_nothing() -> None:
    labels = labels_of(squares([np.full((SIDE, SIDE), 3.0, np.float32)]))
    assert not labels.any()


def test_without_slices_everything_is_empty() -> None:
    empty = squares([spots()])
    empty = Squares(**{**vars(empty), "maps": empty.maps[:0], "slices": empty.slices[:0],
                       "classes": empty.classes[:0], "images": empty.images[:0]})  # fmt: skip
    labels, heat, thresholds = cut(empty, SHAPE, 3, ((0, 0, 0), SHAPE), CutParams())
    assert not labels.any()
    assert heat.shape == (2, *SHAPE)
    assert len(thresholds) == 0


def test_of_two_findings_the_clearer_one_counts() -> None:
    one, other = spots((2, 2, 6)), spots((5, 5, 5))
    other[5:8, 5:8] = 0.7
    found = squares([one, other], classes=[1, 2], slices=[1, 1])
    labels, heat, _ = cut(found, SHAPE, 3, ((0, 0, 0), SHAPE), CutParams(keep="all"))
    assert (labels[1, 2:8, 2:8] == 1).all()
    assert (labels[1, 8:10, 8:10] == 2).all()
    assert heat.shape == (2, *SHAPE)
    assert heat[0, 1, 3, 3] == pytest.approx(1)
    assert not labels[0].any()


def test_outside_of_the_region_there_is_nothing() -> None:
    labels, heat, _ = cut(
        squares([spots((2, 2, 6))]), SHAPE, 2, ((0, 0, 0), (1, 5, 12)), CutParams()
    )
    assert labels[0, :5].any()
    assert not labels[0, 5:].any()
    assert not heat[0, 0, 5:].any()


def test_edges_follow_the_image() -> None:
    """The heat is blurred; the image says where the object ends."""
    image = np.full((SIDE, SIDE), -0.5, np.float32)
    image[3:9, 3:9] = 0.5
    rows, columns = np.indices((SIDE, SIDE))
    blurred = np.exp(-((rows - 5.5) ** 2 + (columns - 5.5) ** 2) / 16).astype(np.float32)
    found = squares([blurred], images=image[None])
    plain = labels_of(found, threshold=0.6)[0].astype(bool)
    refined = labels_of(found, threshold=0.6, refine=True)[0].astype(bool)
    wanted = image > 0

    def dice(mask: np.ndarray) -> float:
        return float(2 * (mask & wanted).sum() / (mask.sum() + wanted.sum()))

    assert dice(refined) > dice(plain) + 0.1
    assert dice(refined) > 0.95


@pytest.mark.parametrize("plane", [spots(), np.zeros((SIDE, SIDE), np.float32)])
def test_where_nothing_is_in_doubt_refining_changes_nothing(plane: np.ndarray) -> None:
    binary = (plane > 0.5).astype(np.float32)
    found = squares([binary])
    assert (labels_of(found, refine=True) == labels_of(found)).all()


def test_recutting_needs_no_network_and_tells_what_was_done() -> None:
    found = squares([spots((1, 1, 4), (8, 8, 2))])
    region = ((0, 0, 0), SHAPE)
    labels, heat, thresholds = cut(found, SHAPE, 2, region, CutParams())
    result = SaliencyResult(
        labels, heat, thresholds, found, region, {0: "normal", 1: "spot"},
        {"parameters": {"keep": "slice", "tau": 0.95}},
    )  # fmt: skip
    again = recut(result, CutParams(keep="all", threshold=0.9))
    assert again.labels.sum() == 20
    assert again.thresholds.tolist() == [pytest.approx(0.9)]
    assert again.provenance["parameters"]["keep"] == "all"
    assert again.provenance["parameters"]["tau"] == 0.95
    assert result.provenance["parameters"]["keep"] == "slice", "the first result stays as it was"
    assert (recut(result, CutParams()).labels == labels).all()
    assert list(again.layers) == ["Heat map"]


def test_what_is_cut_together_and_where_otsu_would_cut_it() -> None:
    found = squares([spots((3, 4, 4)), 0.04 * spots((5, 5, 3))])
    for scope, count in (("slice", 1), ("volume", 2)):
        params = CutParams.parse({"scope": scope, "threshold": 0.9})
        one = range_of(found, 1, params)
        assert one.heat.shape == (count, SIDE, SIDE)
        assert one.heat.max() == pytest.approx(1)
        _, automatic = heat_of(found.maps, CutParams.parse({"scope": scope}))
        assert one.otsu == pytest.approx(automatic[1]), "whichever threshold is set"


def test_steps_that_are_kept_together() -> None:
    grow = np.zeros((1, 3, SIDE, SIDE), np.float32)
    for step, row in enumerate((2, 5, 8)):
        grow[0, step, row : row + 2, 2:4] = 1.0
    found = Squares(**{**vars(squares([spots()])), "maps": grow, "each": 4})
    assert [found.used(n) for n in (0, 1, 4, 5, 8, 9, 99)] == [3, 1, 1, 2, 2, 3, 3]
    sizes = [int(labels_of(found, steps=n, threshold=0.5, keep="all").sum()) for n in (4, 8, 12)]
    assert sizes == [4, 8, 12]


@pytest.mark.parametrize("backwards", [False, True])
def test_an_entry_is_found_by_its_place_in_the_image(backwards: bool) -> None:
    found = squares([spots(), spots(), spots()], classes=[1, 1, 2], slices=[1, 3, 3])
    found = Squares(**{**vars(found), "grid": Plain(across=(0, backwards))})
    entries = [[found.entry(i, 4, label) for i in range(4)] for label in (1, 2)]
    if backwards:
        entries = [row[::-1] for row in entries]
    assert entries == [[-1, 0, -1, 1], [-1, -1, -1, 2]]
    assert [found.index(found.index(n, 4), 4) for n in range(4)] == [0, 1, 2, 3]


@pytest.mark.parametrize("values", [{"threshold": 1.5}, {"scope": "patient"}, {"beta": 0}])
def test_values_that_cannot_be_used(values: dict[str, Any]) -> None:
    with pytest.raises(InputError, match=next(iter(values))):
        CutParams.parse(values)
