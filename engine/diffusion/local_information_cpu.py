"""Local mutual information on a CPU, compiled: no pair of windows is ever written to memory.

A kernel depends on one of a few hundred whole numbers, so there is a table of them. The nine
windows of a target hold mirrored pixels, so their joint densities share most of their sums: with
s_i the kernels of the source's pixels and t_j those of the target's,

    a corner   (s_0 + s_2 + s_6 + s_8) t_4 + (s_1 + s_7) t_x + (s_3 + s_5) t_y + s_4 t_xy
    an edge    three sums of two s_i, three s_i, and six t_j
    the centre all nine pairs

A source's kernels are narrow, so only the rows of the density that they reach are visited. Each
value x is weighed as x log2 x at once, and a density's sum follows from the sums of the kernels.
"""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import torch
from numba import njit
from numpy.typing import NDArray
from torch import Tensor

from engine.diffusion.local_information_plain import EPS, WHITE, seen_from

FAINT = 1e-7
"""Kernels below it do not widen the rows that are visited."""
NOTHING = 1e-20
"""Kernels below it count as 0, so levels further outside than they reach are alike."""
LANES = 8
"""Floats that are computed with at once: tables are padded to multiples of them."""
BLACK, BRIGHTEST = 0, 255
f32 = np.float32
# log2(1 + f) = f + f (C1 + C2 f + ...) for f in [0, 1], to 1e-6; from Chebyshev's points.
C1, C2, C3, C4, C5, C6, C7 = (
    f32(c)
    for c in (
        0.44269298, -0.72114409, 0.47749636, -0.3383772, 0.21394321, -0.09462681, 0.02001665,
    )
)  # fmt: skip
STEPS, BIAS = f32(2.0**-23), f32(127.0)
BITS = f32(1.0 / math.log(2.0))
NINE = f32(math.log2(9.0))


class CompiledSource:
    """A source (B, 1, H, W) on the CPU and what the loop needs of it; see `SourceImage`."""

    def __init__(self, image: Tensor, bins: int, sigma: float, normalized: bool) -> None:
        self._table = _Table(bins, sigma)
        self._normalized = normalized
        self._levels = self._table.levels(image)

    def compare(self, target: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """The best displacement of each pixel against a target (B, 1, H, W).

        Returns:
            LMI (B, 1, H, W) float32, the displacement's number (B, 1, H, W) int64, and the
            second largest mutual information (B, 1, H, W).
        """
        batch, _, height, width = target.shape
        levels = self._table.levels(target)
        best, second = np.empty((2, batch, height, width), f32)
        place = np.empty((batch, height, width), np.int64)
        t = self._table

        def rows(image: int, start: int, stop: int) -> None:
            compare_rows(
                self._levels[image], levels[image], t.kernels, t.sums, t.weighed, t.reach,
                SEEN, self._normalized, start, stop,
                best[image], second[image], place[image],
            )  # fmt: skip

        threads = max(1, min(torch.get_num_threads(), batch * height))
        if threads == 1:
            for image in range(batch):
                rows(image, 0, height)
        else:
            # Parts small enough that none is waited for long: backgrounds are over in no time.
            step = max(1, height * batch // (4 * threads))
            parts = [
                (image, start, min(height, start + step))
                for image in range(batch)
                for start in range(0, height, step)
            ]
            with ThreadPoolExecutor(threads) as pool:
                list(pool.map(lambda part: rows(*part), parts))
        found = (torch.from_numpy(array)[:, None] for array in (best, place, second))
        similarity, number, runner_up = found
        return similarity, number, runner_up


class _Table:
    """Kernels by level.

    Attributes:
        low: The level that the first row is for.
        kernels: (levels, W) float32, W the bins padded with 0.
        sums: (levels,) of each row.
        weighed: (levels,) of x log2 x over each row.
        reach: (levels, 2) first bin and one past the last that is not faint.
    """

    def __init__(self, bins: int, sigma: float) -> None:
        half = 2.0 * sigma**2
        beyond = int(np.ceil(half * np.sqrt(-2.0 * np.log(NOTHING)))) + 1
        self.low, self.high = BLACK - beyond, BRIGHTEST + beyond
        levels = np.arange(self.low, self.high + 1)
        centres = torch.linspace(0.0, WHITE, bins).numpy()
        exact = np.exp(-0.5 * ((levels[:, None].astype(f32) - centres) / f32(half)) ** 2)
        # Products of what is fainter are below float32's normal numbers, which slow many CPUs down
        # tenfold and more.
        exact[exact < NOTHING] = 0.0
        self.kernels = np.zeros((len(levels), -(-bins // LANES) * LANES), f32)
        self.kernels[:, :bins] = exact
        wide = self.kernels.astype(np.float64)
        self.sums = wide.sum(axis=1).astype(f32)
        logs = np.log2(wide, out=np.zeros_like(wide), where=wide > 0)
        self.weighed = (wide * logs).sum(axis=1).astype(f32)
        self.reach = np.zeros((len(levels), 2), np.int64)
        inside = (levels >= BLACK) & (levels <= BRIGHTEST)
        seen = (self.kernels > FAINT) & inside[:, None]
        self.reach[:, 0] = np.where(inside, seen.argmax(axis=1), 0)
        last = self.kernels.shape[1] - seen[:, ::-1].argmax(axis=1)
        # Levels outside of the range are no source's; all rows are visited for them.
        self.reach[:, 1] = np.where(inside, last, self.kernels.shape[1])

    def levels(self, image: Tensor) -> NDArray[np.int32]:
        """(B, 1, H, W) -> rows of the table (B, H + 2, W + 2), with a border of black."""
        scaled = torch.nan_to_num(image.detach()[:, 0].float() * WHITE, nan=self.low)
        whole = scaled.clamp(self.low, self.high).to(torch.int32).numpy() - self.low
        padded: NDArray[np.int32] = np.pad(
            whole, ((0, 0), (1, 1), (1, 1)), constant_values=BLACK - self.low
        )
        return padded


SEEN: NDArray[np.int64] = np.array(
    [[seen_from(y, x) for x in (-1, 0, 1)] for y in (-1, 0, 1)], np.int64
)
"""(3, 3, 9, 9): the pixels of the nine windows in the first, inner and last rows and columns."""


@njit(fastmath=True, inline="always")
def _weigh(x: np.float32) -> np.float32:
    """x log2 x for x >= 0: exponent and mantissa from the bits, a polynomial for the latter."""
    bits = np.float32(x).view(np.int32)
    f = f32(bits & np.int32(0x7FFFFF)) * STEPS
    # The bits as a number are exponent plus f; the polynomial says by how much log2 exceeds f.
    more = ((((((C7 * f + C6) * f + C5) * f + C4) * f + C3) * f + C2) * f + C1) * f
    return x * ((f32(bits) * STEPS - BIAS) + more)


@njit(fastmath=True, inline="always")
def _entropy(weighed: np.float32, total: np.float32) -> np.float32:
    """Entropy of a density from the sums of x log2 x and of x over it, before it is divided."""
    scale = f32(1.0) / (total + f32(EPS))
    return -scale * (weighed + total * f32(math.log(scale)) * BITS)


@njit(fastmath=True, error_model="numpy")
def _inner(
    s: NDArray[np.int64], t: NDArray[np.int64], kernels: NDArray[np.float32],
    low: int, high: int, joint: NDArray[np.float32], other: NDArray[np.float32],
) -> None:  # fmt: skip
    """Sums of x log2 x over the joint densities of an inner pixel and over the target's own."""
    t0, t1, t2 = kernels[t[0]], kernels[t[1]], kernels[t[2]]
    t3, t4, t5 = kernels[t[3]], kernels[t[4]], kernels[t[5]]
    t6, t7, t8 = kernels[t[6]], kernels[t[7]], kernels[t[8]]
    e0 = e1 = e2 = e3 = e4 = e5 = e6 = e7 = e8 = f32(0.0)
    s0 = s1 = s2 = s3 = s4 = s5 = s6 = s7 = s8 = f32(1.0 / 9.0)
    # The row before the first has equal weights: it is the target's own density.
    for a in range(low - 1, high):
        if a >= low:
            s0, s1, s2 = kernels[s[0], a], kernels[s[1], a], kernels[s[2], a]
            s3, s4, s5 = kernels[s[3], a], kernels[s[4], a], kernels[s[5], a]
            s6, s7, s8 = kernels[s[6], a], kernels[s[7], a], kernels[s[8], a]
        rows, columns, corners = s1 + s7, s3 + s5, s0 + s2 + s6 + s8
        top, bottom, left, right = s0 + s2, s6 + s8, s0 + s6, s2 + s8
        for b in range(kernels.shape[1]):
            centre, above, below = corners * t4[b], columns * t1[b], columns * t7[b]
            before, behind = centre + rows * t3[b], centre + rows * t5[b]
            e0 += _weigh(before + above + s4 * t0[b])
            e2 += _weigh(behind + above + s4 * t2[b])
            e6 += _weigh(before + below + s4 * t6[b])
            e8 += _weigh(behind + below + s4 * t8[b])
        for b in range(kernels.shape[1]):
            middle = left * t3[b] + rows * t4[b] + right * t5[b]
            e1 += _weigh(middle + s3 * t0[b] + s4 * t1[b] + s5 * t2[b])
            e7 += _weigh(middle + s3 * t6[b] + s4 * t7[b] + s5 * t8[b])
            e4 += _weigh(
                s0 * t0[b] + s1 * t1[b] + s2 * t2[b] + s3 * t3[b] + s4 * t4[b] + s5 * t5[b]
                + s6 * t6[b] + s7 * t7[b] + s8 * t8[b]
            )  # fmt: skip
        for b in range(kernels.shape[1]):
            middle = top * t1[b] + columns * t4[b] + bottom * t7[b]
            e3 += _weigh(middle + s1 * t0[b] + s4 * t3[b] + s7 * t6[b])
            e5 += _weigh(middle + s1 * t2[b] + s4 * t5[b] + s7 * t8[b])
        if a < low:
            other[0], other[1], other[2] = e0, e1, e2
            other[3], other[4], other[5] = e3, e4, e5
            other[6], other[7], other[8] = e6, e7, e8
            e0 = e1 = e2 = e3 = e4 = e5 = e6 = e7 = e8 = f32(0.0)
    joint[0], joint[1], joint[2] = e0, e1, e2
    joint[3], joint[4], joint[5] = e3, e4, e5
    joint[6], joint[7], joint[8] = e6, e7, e8


@njit(fastmath=True, error_model="numpy")
def _outer(
    s: NDArray[np.int64], t: NDArray[np.int64], seen: NDArray[np.int64],
    kernels: NDArray[np.float32], low: int, high: int,
    joint: NDArray[np.float32], other: NDArray[np.float32],
) -> None:  # fmt: skip
    """The same of a pixel at the image's edge, whose windows are mirrored otherwise."""
    line = np.empty(kernels.shape[1], f32)
    for d in range(9):
        total = f32(0.0)
        for a in range(low - 1, high):
            line[:] = f32(0.0)
            for i in range(9):
                weight = kernels[s[i], a] if a >= low else f32(1.0 / 9.0)
                added = kernels[t[seen[d, i]]]
                for b in range(len(line)):
                    line[b] += weight * added[b]
            for b in range(len(line)):
                total += _weigh(line[b])
            if a < low:
                other[d], total = total, f32(0.0)
        joint[d] = total


@njit(fastmath=True, error_model="numpy")
def _own_entropy(s: NDArray[np.int64], kernels: NDArray[np.float32]) -> np.float32:
    """Of the source's window."""
    weighed = total = f32(0.0)
    for b in range(kernels.shape[1]):
        mean = f32(0.0)
        for i in range(9):
            mean += kernels[s[i], b]
        mean *= f32(1.0 / 9.0)
        total += mean
        weighed += _weigh(mean)
    return _entropy(weighed, total)


@njit(nogil=True, cache=True, fastmath=True, error_model="numpy")
def compare_rows(
    source: NDArray[np.int32], target: NDArray[np.int32], kernels: NDArray[np.float32],
    sums: NDArray[np.float32], weighed: NDArray[np.float32], reach: NDArray[np.int64],
    places: NDArray[np.int64], normalized: bool, start: int, stop: int,
    best: NDArray[np.float32], second: NDArray[np.float32], number: NDArray[np.int64],
) -> None:  # fmt: skip
    """Fills rows `start` to `stop` of best, second and number, each (H, W)."""
    height, width = best.shape
    s, t = np.empty(9, np.int64), np.empty(9, np.int64)
    joint, other = np.empty(9, f32), np.empty(9, f32)
    for y in range(start, stop):
        row = 0 if y == 0 else 2 if y == height - 1 else 1
        for x in range(width):
            column = 0 if x == 0 else 2 if x == width - 1 else 1
            seen = places[row, column]
            low, high, flat = kernels.shape[1], 0, True
            for i in range(9):
                s[i], t[i] = source[y + i // 3, x + i % 3], target[y + i // 3, x + i % 3]
                low, high = min(low, reach[s[i], 0]), max(high, reach[s[i], 1])
                flat &= s[i] == s[0]
            if flat:
                high = low  # the joint density is known without its rows
            if row == 1 and column == 1:
                _inner(s, t, kernels, low, high, joint, other)
            else:
                _outer(s, t, seen, kernels, low, high, joint, other)
            own = _own_entropy(s, kernels)
            top, next_top, chosen = f32(-np.inf), f32(-np.inf), 0
            for d in range(9):
                total = mean = f32(0.0)
                for i in range(9):
                    reached = sums[t[seen[d, i]]]
                    total += sums[s[i]] * reached
                    mean += reached * f32(1.0 / 9.0)
                if flat:
                    # A product: nine times s by the mean of t.
                    joint[d] = f32(9.0) * (
                        NINE * sums[s[0]] * mean
                        + mean * weighed[s[0]] + sums[s[0]] * other[d]
                    )  # fmt: skip
                apart = _entropy(other[d], mean)
                found = own + apart - _entropy(joint[d], total)
                if normalized:
                    found = f32(2.0) * found / (own + apart)
                if found > top:
                    top, next_top, chosen = found, top, d
                elif found > next_top:
                    next_top = found
            best[y, x], second[y, x], number[y, x] = top, next_top, chosen
