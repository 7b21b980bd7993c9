"""Telling on a terminal, or as JSON lines, how a job goes."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from tqdm import tqdm

from engine.data.doctor.findings import Finding
from engine.events import Event, JobLosses, JobNote, JobPreview, JobProgress
from engine.failures import Failure
from engine.jobs import Job
from widgets.panels.wording import duration

LONGEST = 100
LOGGED_EVERY_S = 30.0


class Reporter:
    """Tells of one job: JSON lines on standard output, or a progress bar on standard error.

    Args:
        as_json: JSON lines. The bar and the notes for people are left out then.
        muted: Nothing but failures: another process tells the same.
        log: Lines with the time in place of the bar, for a file that is read later.
    """

    def __init__(self, *, as_json: bool, log: bool = False, muted: bool = False) -> None:
        self.previews: list[JobPreview] = []
        self._as_json, self._log, self._muted = as_json, log, muted
        self._logged_at = 0.0
        self._bar: tqdm[None] | None = None
        self._losses = ""

    def started(self, job: Job) -> None:
        """The job begins; everything that is needed to repeat it."""
        self._line(
            "started",
            method=job.method,
            task=job.task,
            title=job.title,
            parameters=job.params.model_dump(),
        )

    def event(self, event: Event) -> None:
        """One event of the engine; key frames are kept for the timeline."""
        match event:
            case JobProgress():
                self._progress(event)
            case JobNote(message=message):
                self.note(message)
            case JobLosses(rows=rows):
                self._line("losses", rows=[{"iteration": i, **values} for i, values in rows])
                self._losses = ", ".join(f"{n} {v:.4g}" for n, v in rows[-1][1].items())
            case JobPreview(key=True, offset=0):
                self.previews.append(event)

    def note(self, message: str) -> None:
        """A sentence for the user."""
        self._line("note", message=message)
        self._say(message)

    def finished(
        self,
        summary: str,
        files: Sequence[Path],
        seconds: float,
        figures: Mapping[str, Any] | None = None,
        about: Mapping[Path, str] | None = None,
    ) -> None:
        """The result is written.

        Args:
            about: What some of the files are, for people.
        """
        self.close()
        self._line(
            "finished",
            summary=summary,
            files=[str(f) for f in files],
            seconds=round(seconds, 3),
            figures=dict(figures or {}),
        )
        if self._as_json or self._muted:
            return
        print(f"{summary} ({seconds:.1f} s)")
        for name, value in (figures or {}).items():
            # Tables and long texts are for programs; the file has them, too.
            if not isinstance(value, dict | list | tuple) and len(str(value)) <= LONGEST:
                print(f"  {name}: {f'{value:.4g}' if isinstance(value, float) else value}")
        for file in files:
            print(f"  {file}" + (f": {about[file]}" if about and file in about else ""))

    def found(self, finding: Finding) -> None:
        """Something that is wrong with a set."""
        self.close()
        self._line(
            "finding",
            severity=finding.severity,
            check=finding.check,
            cases=list(finding.cases),
            files=[str(file) for file in finding.files],
            message=finding.message,
            remedy=finding.remedy,
            fix=finding.fix,
        )
        if not self._as_json:
            mended = f" (--fix {finding.fix})" if finding.fix else ""
            print(f"{finding.severity}: {finding.message} {finding.remedy}{mended}")

    def suggested(self, method: str, fit: float, why: str, command: str = "") -> None:
        """A method that could be trained, or why it cannot."""
        self._line("suggestion", method=method, fit=fit, why=why, command=command)
        if not self._as_json:
            print(f"{method}: {why}" if fit else f"{method} does not fit: {why}")
            if command:
                print(f"  {command}")

    def left_out(self, name: str, problem: str, remedy: str) -> None:
        """One of several things was not done; the others were."""
        self._line("left out", name=name, message=problem, hint=remedy)
        self._say(f"{name}: {problem} {remedy}".rstrip())

    def failed(self, failure: Failure, *, debug: bool, event: str = "failed") -> None:
        """The job ended by an error, which JSON lines call `event`."""
        self.close()
        self._line(
            event,
            message=failure.message,
            hint=failure.hint,
            user_error=failure.user_error,
            report=failure.report,
        )
        show_failure(failure, debug=debug)

    def detached(self, pid: int, folder: Path, log: Path) -> None:
        """The job goes on as a process of its own."""
        self._line("detached", pid=pid, folder=str(folder), log=str(log))
        if not self._as_json:
            print(f"The training goes on as process {pid}; what it says is in {log}.")
            print(f"  reverie run {folder} --status | --pause | --save | --lr X | --stop ...")

    def cancelled(self, kept: str = "") -> None:
        """The user interrupted it.

        Args:
            kept: What there is of it all the same, and how to go on.
        """
        self.close()
        self._line("cancelled", kept=kept)
        print(f"Interrupted; nothing half-written is left. {kept}".rstrip(), file=sys.stderr)

    def close(self) -> None:
        """Take the progress bar off."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None

    def _progress(self, event: JobProgress) -> None:
        self._line(
            "progress",
            done=event.done,
            total=event.total,
            rate=round(event.rate, 3),
            remaining_s=None if event.remaining_s is None else round(event.remaining_s, 1),
            message=event.message,
        )
        if self._log and time.monotonic() - self._logged_at >= LOGGED_EVERY_S:
            self._logged_at = time.monotonic()
            self._say(_logged(event, self._losses))
        if self._as_json or self._muted or not sys.stderr.isatty():
            return
        if self._bar is None:
            self._bar = tqdm(file=sys.stderr, leave=False, dynamic_ncols=True)
        self._bar.total = event.total or None
        self._bar.n = event.done
        self._bar.set_postfix_str(event.message or self._losses, refresh=False)
        self._bar.refresh()

    def _line(self, event: str, **values: Any) -> None:
        if self._as_json and not self._muted:
            print(json.dumps({"event": event, **values}, default=_plain), flush=True)

    def _say(self, message: str) -> None:
        if self._log:
            message = f"{datetime.now():%Y-%m-%d %H:%M:%S}  {message}"
        if not self._as_json and not self._muted:
            tqdm.write(message, file=sys.stderr)


def show_failure(failure: Failure, *, debug: bool) -> None:
    """Message and remedy on standard error; a traceback only of a fault, and only if asked for."""
    print(f"reverie: {failure.message}", file=sys.stderr)
    if failure.hint:
        print(failure.hint, file=sys.stderr)
    if failure.report:
        print(failure.report, file=sys.stderr)
    if not failure.user_error:
        print(failure.detail if debug else "--debug shows the details.", file=sys.stderr)


def _logged(event: JobProgress, losses: str) -> str:
    parts = [f"{event.done} of {event.total}" if event.total else f"{event.done}"]
    if event.rate:
        parts.append(f"{event.rate:.3g}/s")
    if event.remaining_s is not None:
        parts.append(f"{duration(event.remaining_s)} left")
    return ", ".join(part for part in (*parts, event.message or losses) if part)


def _plain(value: Any) -> Any:
    """numpy scalars and paths as JSON has them."""
    return value.item() if hasattr(value, "item") else str(value)
