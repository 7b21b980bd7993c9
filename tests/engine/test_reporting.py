from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TypeVar

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from engine.events import Event, JobImages, JobLosses, JobNote, JobPreview, JobProgress
from engine.reporting import Pace, StepReporter, key_frames
from engine.steps import DenoiseStep, ImagesStep, NoteStep, ProgressStep, TrainStep
from tests.helpers.engine_jobs import Clock

E = TypeVar("E", bound=Event)


class Told:
    """A reporter, its clock and what it told."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.clock = Clock()
        self.reporter = StepReporter(7, self.events.append, self.clock)

    def of(self, kind: type[E]) -> list[E]:
        return [e for e in self.events if isinstance(e, kind)]


@pytest.fixture
def told() -> Iterator[Told]:
    told = Told()
    yield told
    assert all(e.job_id == 7 for e in told.of(JobProgress))


def denoise(
    index: int, total: int, level: float = 0.0, *, group: int = 0, groups: int = 1
) -> DenoiseStep:
    x = torch.full((2, 1, 4, 6), level)
    t = total - 1 - index
    return DenoiseStep(index, total, t, x, x + 1, group=group, groups=groups, offset=2 * group)


@given(st.integers(0, 400), st.integers(2, 30))
def test_key_frames_are_spread_evenly_from_the_first_to_the_last(total: int, count: int) -> None:
    frames = sorted(key_frames(total, count))
    assert len(frames) == min(total, count)
    if total:
        assert (frames[0], frames[-1]) == (0, total - 1)
    gaps = np.diff(frames)
    assert not len(gaps) or gaps.max() - gaps.min() <= 1


def test_previews_come_15_times_a_second_and_at_every_key_frame(told: Told) -> None:
    for i in range(300):
        told.clock.now += 0.01
        told.reporter.report(denoise(i, 300))
    shown = told.of(JobPreview)
    keys = [e.index for e in shown if e.key]
    assert keys == sorted(key_frames(300))
    between = [e.index for e in shown if not e.key]
    assert len(shown) <= 15 * 3 + 12
    assert len(between) > 20, "3 seconds of 15 a second, less what the key frames took"
    gaps = np.diff([e.index for e in shown])
    assert gaps.max() <= 7, "no longer than 1/15 s without a preview"


def test_of_several_runs_the_first_is_told_whole_and_of_the_others_what_came(told: Told) -> None:
    for run in range(3):
        for i in range(5):
            told.reporter.report(replace(denoise(i, 5), run=run, runs=3))
    keys = [(e.run, e.index) for e in told.of(JobPreview) if e.key]
    assert keys == [*((0, i) for i in range(5)), (1, 4), (2, 4)]
    assert all(e.runs == 3 for e in told.of(JobPreview))
    told.reporter.flush()
    assert (told.of(JobProgress)[-1].done, told.of(JobProgress)[-1].total) == (15, 15)


def test_a_tensor_that_is_not_shown_is_not_read(told: Told) -> None:
    class Unreadable(torch.Tensor):
        @classmethod
        def __torch_function__(cls, *args: object, **kwargs: object) -> None:
            raise AssertionError("read")

    told.reporter.report(denoise(0, 300))
    x = torch.zeros(1, 1, 2, 2).as_subclass(Unreadable)
    step = DenoiseStep(1, 300, 298, x, x)
    told.reporter.report(step)
    told.clock.now += 1
    with pytest.raises(AssertionError, match="read"):
        told.reporter.report(step)


def test_a_preview_is_a_copy_in_float32_with_where_it_belongs(told: Told) -> None:
    x = torch.rand(2, 3, 4, 6, dtype=torch.bfloat16, requires_grad=True)
    told.reporter.report(DenoiseStep(3, 4, 0, x, x * 2, offset=5, before=x * 4))
    (event,) = told.of(JobPreview)
    assert event.x_t.shape == (2, 4, 6)
    assert event.x_t.dtype == np.float32
    before = event.x_t.copy()
    with torch.no_grad():
        x.zero_()
    np.testing.assert_array_equal(event.x_t, before)
    np.testing.assert_array_equal(event.x0_hat, before * 2)
    np.testing.assert_array_equal(event.before, before * 4)
    assert (event.index, event.total, event.t, event.offset, event.key) == (3, 4, 0, 5, True)
    with pytest.raises(ValueError, match="read-only"):
        event.x_t[0, 0, 0] = 1


def test_float32_on_the_cpu_is_copied_too(told: Told) -> None:
    step = denoise(0, 4, level=0.5)
    told.reporter.report(step)
    step.x_t.zero_()
    assert told.of(JobPreview)[0].x_t.min() == 0.5


def test_a_volume_is_shown_by_its_middle_slice(told: Told) -> None:
    x = torch.arange(5.0).view(1, 1, 5, 1, 1).expand(1, 1, 5, 3, 3)
    told.reporter.report(DenoiseStep(0, 1, 0, x, x))
    np.testing.assert_array_equal(told.of(JobPreview)[0].x_t, np.full((1, 3, 3), 2.0))


@pytest.mark.parametrize("seconds", [0.001, 0.05, 0.7])
def test_no_loss_is_dropped_and_none_told_more_than_5_times_a_second(
    told: Told, seconds: float
) -> None:
    for i in range(100):
        told.clock.now += seconds
        told.reporter.report(TrainStep(i + 1, 100, {"loss": i / 7, "dice": 0.5}))
    told.reporter.flush()
    rows = [row for event in told.of(JobLosses) for row in event.rows]
    assert rows == [(i + 1, {"loss": i / 7, "dice": 0.5}) for i in range(100)]
    assert len(told.of(JobLosses)) <= 100 * seconds * 5 + 2


def test_losses_are_as_they_were_when_told(told: Told) -> None:
    losses = {"loss": 1.0}
    told.reporter.report(TrainStep(1, 3, losses))
    told.reporter.report(TrainStep(2, 3, losses))
    losses["loss"] = 9.0
    told.reporter.flush()
    assert [r for e in told.of(JobLosses) for r in e.rows] == [
        (1, {"loss": 1.0}),
        (2, {"loss": 1.0}),
    ]


def test_progress_comes_10_times_a_second_and_ends_complete(told: Told) -> None:
    for i in range(400):
        told.clock.now += 0.005
        told.reporter.report(denoise(i, 400))
    told.reporter.flush()
    told.reporter.flush()
    progress = told.of(JobProgress)
    assert len(progress) <= 2 * 10 + 2
    assert [e.done for e in progress] == sorted({e.done for e in progress})
    assert (progress[-1].done, progress[-1].total) == (400, 400)
    assert progress[0].rate == 0
    assert progress[0].remaining_s is None
    assert progress[-1].rate == pytest.approx(200)
    assert progress[5].remaining_s == pytest.approx((400 - progress[5].done) / 200)


def test_parts_of_a_job_count_as_one(told: Told) -> None:
    for group in range(3):
        for i in range(4):
            told.clock.now += 1
            told.reporter.report(denoise(i, 4, group=group, groups=3))
    assert [(e.done, e.total) for e in told.of(JobProgress)] == [(i, 12) for i in range(1, 13)]
    assert [e.offset for e in told.of(JobPreview)][::4] == [0, 2, 4]


def test_sampling_within_a_training_does_not_move_its_progress(told: Told) -> None:
    told.reporter.report(ProgressStep(0, 0, "Loading"))
    told.reporter.report(TrainStep(50, 100, {"loss": 1.0}))
    told.clock.now += 1
    told.reporter.report(denoise(0, 4))
    told.clock.now += 1
    told.reporter.report(TrainStep(51, 100, {"loss": 1.0}))
    told.reporter.flush()
    assert [(e.done, e.total) for e in told.of(JobProgress)] == [(0, 0), (50, 100), (51, 100)]
    assert len(told.of(JobPreview)) == 1


def test_a_new_message_of_unknown_length_is_told_at_once(told: Told) -> None:
    for message in ("Reading", "Reading", "Checking"):
        told.reporter.report(ProgressStep(0, 0, message))
    assert [e.message for e in told.of(JobProgress)] == ["Reading", "Checking"]


def test_images_and_notes_are_passed_on(told: Told) -> None:
    image = np.zeros((2, 2), np.float32)
    told.reporter.report(ImagesStep({"sample": image}, "after 100"))
    told.reporter.report(NoteStep("padded"))
    (images,), (note,) = told.of(JobImages), told.of(JobNote)
    assert images.images["sample"] is image
    assert (images.caption, note.message) == ("after 100", "padded")


def test_the_pace_shrugs_off_a_pause_and_follows_a_change() -> None:
    pace = Pace(window=20)
    now = 0.0
    assert pace.rate() == 0
    for i in range(20):
        now += 60 if i == 10 else 0.5
        pace.add(i, now)
    assert pace.rate() == pytest.approx(2)
    for i in range(20, 40):
        now += 0.1
        pace.add(i, now)
    assert pace.rate() == pytest.approx(10)
    pace.add(0, now)
    pace.add(4, now + 1)
    assert pace.rate() == pytest.approx(4), "counting back starts afresh; 4 steps in 1 s"


def test_the_pace_of_steps_that_take_no_time_is_unknown() -> None:
    pace = Pace()
    for i in range(3):
        pace.add(i, 1.0)
    assert pace.rate() == 0
