"""What the table of runs shows of each: from its folder, and from a job of the window."""

from __future__ import annotations

from collections.abc import Mapping

from app.controllers.train.run import TrainingRun
from app.run_settings import method_title, task_title
from engine.training.listing import RunSummary
from widgets.panels.run_table.rows import RunItem

LOOKS: Mapping[str, tuple[str, str, str]] = {
    "queued": ("Waiting", "mdi6.clock-outline", "muted"),
    "running": ("Training here", "mdi6.progress-clock", "accent"),
    "preparing": ("Preparing", "mdi6.lan-connect", "accent"),
    "training": ("Training", "mdi6.lan-connect", "accent"),
    "paused": ("Paused", "mdi6.pause-circle-outline", "warning"),
    "finished": ("Finished", "mdi6.check-circle-outline", "ok"),
    "ended early": ("Ended early", "mdi6.check-circle-outline", "ok"),
    "stopped": ("Stopped", "mdi6.stop-circle-outline", "muted"),
    "diverged": ("Diverged", "mdi6.chart-bell-curve-cumulative", "danger"),
    "failed": ("Failed", "mdi6.alert-circle-outline", "danger"),
    "unreadable": ("Unreadable", "mdi6.file-alert-outline", "danger"),
}
"""State -> text, icon and tone."""
OURS = ("queued", "running", "paused")


def item_of(run: RunSummary, ours: TrainingRun | None = None) -> RunItem:
    """A row of the table.

    Args:
        ours: The same run, where a job of the window trains or trained it.
    """
    state: str = run.standing
    done, told = run.done, run.problem or run.told
    if ours is not None and ours.isOurs():
        state = ours.state()
        if not ours.isPreparing():
            done = max(done, ours.progress().done)
    elif ours is not None and state == "stopped" and ours.state() == "failed":
        state = "failed"
        told = ours.row.message if ours.row is not None else ""
    text, name, tone = LOOKS[state]
    best, live = run.best, run.is_live or state in OURS
    return RunItem(
        str(run.path), run.path.name, text, name, tone, live, method_title(run), task_title(run),
        done, run.total, None if best is None else best.value,
        "" if best is None else best.name, run.data, run.started, run.took, run.size, run.notes,
        told,
    )  # fmt: skip


def waiting_item(ours: TrainingRun) -> RunItem:
    """A row of a run that waits or prepares itself, and has no folder yet."""
    text, name, tone = LOOKS[ours.state()]
    return RunItem(str(ours.folder), ours.title, text, name, tone, live=True)
