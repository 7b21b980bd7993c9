"""What was found, as one HTML file that needs no other: pictures are in it, text is escaped."""

from __future__ import annotations

import base64
from collections import Counter
from collections.abc import Sequence
from html import escape
from pathlib import Path

from engine.data.atomic import write_atomic
from engine.data.doctor.copying import Change
from engine.data.doctor.examining import Examination
from engine.data.doctor.findings import CHECKS, FIXES, Finding

SHOWN = 12
"""Files of a finding that are listed."""
PICTURES = 48
"""Cases that are shown at the end, evenly over all."""
_STYLE = """
:root { color-scheme: light dark; }
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 72rem; padding: 0 1rem; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.15rem; margin-top: 2rem; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: .5rem .6rem;
  border-bottom: 1px solid #8886; }
td img, figure img { width: 96px; height: 96px; object-fit: contain; background: #000;
  image-rendering: pixelated; }
.error { color: #c0392b; } .warning { color: #b9770e; } .note { color: #5d6d7e; }
.files { color: #777; font-size: .85em; word-break: break-all; }
figure { display: inline-block; width: 108px; margin: 0 .4rem .8rem 0; font-size: .75em;
  overflow-wrap: anywhere; vertical-align: top; }
"""


def write_report(path: Path, found: Examination, changes: Sequence[Change] = ()) -> None:
    """Write the report.

    Args:
        changes: What was mended in a copy.

    Raises:
        DiskError: The disk refuses.
    """
    write_atomic(path, report(found, changes).encode())


def report(found: Examination, changes: Sequence[Change] = ()) -> str:
    """The report's HTML."""
    title = f"Data set {found.source.name}"
    parts = [
        "<!doctype html><html lang='en'><head><meta charset='utf-8'>",
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head><body><h1>{escape(title)}</h1>",
        f"<p>{escape(found.summary())}</p>",
        _about(found),
        "<h2>Findings</h2>",
        _findings(found) if found.findings else "<p>All checks passed.</p>",
    ]
    if changes:
        parts += ["<h2>Corrected in a copy</h2>", _changes(changes)]
    parts += ["<h2>Checks</h2>", _checks(found), "<h2>Cases</h2>", _cases(found), "</body></html>"]
    return "\n".join(parts)


def _about(found: Examination) -> str:
    layout = found.layout
    rows = [("Folder", str(found.source)), ("Layout", layout.title), ("Told by", layout.why)]
    if found.masks is not None:
        rows.append(("Masks", str(found.masks)))
    if layout.names:
        rows.append(
            ("Labels", ", ".join(f"{v} {name}" for v, name in sorted(layout.names.items())))
        )
    rows += [("Note", note) for note in layout.notes]
    cells = "".join(f"<tr><th>{escape(a)}</th><td>{escape(b)}</td></tr>" for a, b in rows)
    return f"<table>{cells}</table>"


def _findings(found: Examination) -> str:
    rows = "".join(_finding(found, finding) for finding in found.findings)
    head = "<tr><th></th><th>Check</th><th>What</th><th>What to do</th></tr>"
    return f"<table>{head}{rows}</table>"


def _finding(found: Examination, finding: Finding) -> str:
    files = [str(file) for file in finding.files[:SHOWN]]
    if len(finding.files) > SHOWN:
        files.append(f"and {len(finding.files) - SHOWN} more")
    fix = f"<br><b>{escape(FIXES[finding.fix])}</b> ({finding.fix})" if finding.fix else ""
    return (
        f"<tr><td>{_image(found.picture(finding))}</td>"
        f"<td><span class='{finding.severity}'>{finding.severity}</span><br>"
        f"{escape(CHECKS[finding.check])}</td>"
        f"<td>{escape(finding.message)}<div class='files'>{'<br>'.join(map(escape, files))}</div>"
        f"</td><td>{escape(finding.remedy)}{fix}</td></tr>"
    )


def _changes(changes: Sequence[Change]) -> str:
    rows = "".join(
        f"<tr><td>{escape(change.file)}</td><td>{escape(FIXES[change.fix])}</td>"
        f"<td>{escape(change.told)}</td></tr>"
        for change in changes
    )
    return f"<table><tr><th>File</th><th>Correction</th><th>What</th></tr>{rows}</table>"


def _checks(found: Examination) -> str:
    """Every check, also those that found nothing."""
    counts = Counter(finding.check for finding in found.findings)
    rows = "".join(
        f"<tr><td>{escape(title)}</td><td>{counts[check] or 'nothing found'}</td></tr>"
        for check, title in CHECKS.items()
    )
    return f"<table>{rows}</table>"


def _cases(found: Examination) -> str:
    shown = [look for look in found.looks if look.picture]
    step = max(1, -(-len(shown) // PICTURES))
    return "".join(
        f"<figure>{_image(look.picture)}<figcaption>{escape(look.item.name)}</figcaption></figure>"
        for look in shown[::step]
    )


def _image(png: bytes) -> str:
    if not png:
        return ""
    return f"<img alt='' src='data:image/png;base64,{base64.b64encode(png).decode()}'>"
