"""Parts of pages in one HTML file that needs no other."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from html import escape
from pathlib import Path

from engine.data.atomic import check_writable
from engine.errors import InputError
from engine.metrics.bootstrap import Estimate

STYLE = """
:root { color-scheme: light dark; }
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 76rem; padding: 0 1rem; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.15rem; margin-top: 2.2rem; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; } .rows { font-size: .85em; }
th, td { text-align: left; padding: .35rem .6rem; border-bottom: 1px solid #8886;
  white-space: nowrap; }
td.v, th:not(:first-child) { text-align: right; font-variant-numeric: tabular-nums; }
.i { color: #888; font-size: .85em; } .bad { color: #d55e00; }
figure { display: inline-block; width: 300px; margin: 0 .6rem 1.2rem 0; font-size: .85em;
  vertical-align: top; overflow-wrap: anywhere; }
figure img { background: #000; display: block; }
.key { display: inline-block; width: .9em; height: .9em; margin: 0 .35em 0 1em;
  vertical-align: -.1em; }
svg { display: block; margin: .6rem 0; max-width: 100%; font: 12px system-ui, sans-serif; }
svg text { fill: currentColor; } svg .n { text-anchor: end; } svg .a { text-anchor: middle; }
svg .t { font-weight: 600; } svg .g { stroke: #8884; } svg .w { stroke: currentColor; }
svg .b { fill: #0072b266; stroke: currentColor; } svg .m { stroke: currentColor; stroke-width: 2; }
svg .d { fill: #d55e00aa; }
"""


def check_report(path: Path) -> None:
    """Finds out before the work whether a report could be written.

    Raises:
        InputError: An ending other than .html.
        DiskError: Its folder is not there, or may not be written to.
    """
    if path.suffix.lower() not in (".html", ".htm"):
        raise InputError(f"{path} has no ending for a report.", "Use .html.")
    check_writable(path)


def page(title: str, parts: Sequence[str]) -> str:
    """A whole page; the parts are HTML."""
    return "\n".join([
        "<!doctype html><html lang='en'><head><meta charset='utf-8'>",
        f"<title>{escape(title)}</title><style>{STYLE}</style></head><body>",
        f"<h1>{escape(title)}</h1>", *parts, "</body></html>",
    ])  # fmt: skip


def figure(png: bytes, name: str, told: str) -> str:
    """A picture with its caption; both texts are plain."""
    image = base64.b64encode(png).decode()
    lines = escape(told).replace("\n", "<br>")
    return (
        f"<figure><img alt='' src='data:image/png;base64,{image}'><figcaption>"
        f"<b>{escape(name)}</b>{lines}</figcaption></figure>"
    )


def interval(found: Estimate, digits: int) -> str:
    """A cell with a mean and its interval."""
    return (
        f"<td class='v'>{found.mean:.{digits}f}<br><span class='i'>{found.low:.{digits}f} to "
        f"{found.high:.{digits}f}</span></td>"
    )


def wide(head: Sequence[str], lines: Sequence[str], kind: str = "") -> str:
    """A table that scrolls sideways; head is plain, lines are `<tr>`s."""
    cells = "".join(f"<th>{escape(text)}</th>" for text in head)
    style = f" class='{kind}'" if kind else ""
    return f"<div class='wide'><table{style}><tr>{cells}</tr>{''.join(lines)}</table></div>"
