"""Windows that are found from values, and tables of colours."""

from __future__ import annotations

import numpy as np
import pytest

from widgets.viewer.volume.luts import NAMES, lut, luts
from widgets.viewer.volume.window import CT_PRESETS, SAMPLES, auto_window, dragged, sample


def test_the_tails_are_left_out() -> None:
    values = np.arange(10_000.0)
    assert auto_window(values.reshape(1, 10, 10, 100)) == pytest.approx((10, 9989), abs=1)
    low, high = auto_window(values.reshape(1, 10, 10, 100), 2.0, -5.0)
    assert (low, high) == pytest.approx((15, 19973), abs=2)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([np.nan, np.nan], (0.0, 1.0)),
        ([3.0, 3.0], (3.0, 4.0)),
        ([np.nan, np.inf, 1.0, 2.0], (1.0, 2.0)),
        ([-np.inf, -4.0, 4.0], (-4.0, 4.0)),
    ],
)
def test_odd_values_are_borne(values: list[float], expected: tuple[float, float]) -> None:
    assert auto_window(np.array(values).reshape(1, 1, 1, -1)) == pytest.approx(expected, abs=0.02)


def test_a_few_bright_voxels_decide_where_all_else_is_background() -> None:
    array = np.zeros((1, 20, 50, 50), np.uint8)
    array[0, 10, 10, 10] = 200
    assert auto_window(array) == (0.0, 200.0)


def test_only_a_sample_of_a_large_volume_is_read() -> None:
    large = np.broadcast_to(np.arange(300, dtype=np.int16)[:, None, None], (1, 300, 900, 900))
    values = sample(large)
    assert len(values) < 2 * SAMPLES
    assert (values.min(), values.max()) == (0, 299)


def test_a_drag_widens_and_darkens_in_proportion() -> None:
    assert dragged(0, 100, 200, 0) == pytest.approx((-50, 150))
    assert dragged(0, 100, -200, 0) == pytest.approx((25, 75))
    assert dragged(0, 100, 0, 100) == pytest.approx((50, 150))
    low, high = dragged(0, 100, -1e5, 0)
    assert low < high


def test_presets_are_those_of_radiology() -> None:
    found = {preset.name: (preset.window, preset.level) for preset in CT_PRESETS}
    assert found["Lung"] == (1400, -500)
    assert CT_PRESETS[0].ends == (-100, 900)


@pytest.mark.parametrize("name", NAMES)
def test_tables_run_from_dark_to_bright_and_back(name: str) -> None:
    table = lut(name)
    assert table.shape == (256, 3)
    assert table.dtype == np.uint8
    assert np.array_equal(lut(name, invert=True), table[::-1])
    if name != "diverging":
        brightness = table @ np.array([0.299, 0.587, 0.114])
        assert (np.diff(brightness) > -2.0).all()
        assert brightness[-1] > brightness[0] + 60


@pytest.mark.parametrize("name", ["viridis", "magma"])
def test_published_tables_are_kept_to(name: str) -> None:
    from pyqtgraph import colormap

    published = colormap.get(name).getLookupTable(nPts=256)
    assert np.abs(published.astype(int) - lut(name)).max() <= 4


def test_an_unknown_table_is_told() -> None:
    with pytest.raises(KeyError):
        lut("rainbow")
    assert set(luts()) == set(NAMES)
