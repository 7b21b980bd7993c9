"""Reverie: arguments to the window or to the command line."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from app.arguments import window_request


def main(argv: Sequence[str] | None = None) -> int:
    """Open the window or run a command; returns the exit code."""
    arguments = sys.argv[1:] if argv is None else argv
    try:
        request = window_request(arguments)
        if request is None:
            from app.cli import main as command_line

            return command_line(arguments)
        from app.bootstrap import run_window
        from app.settings import settings_path

        if request.reset:
            settings_path().unlink(missing_ok=True)
        return run_window(request.paths)
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
