"""A report as one HTML file that needs no other."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from html import escape

from engine.scoring.boxes import box_plot
from engine.scoring.document import Cell, Figure, Heading, Key, Part, Plot, Table, Text

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


def page(title: str, parts: Sequence[Part]) -> str:
    """A whole page."""
    return "\n".join([
        "<!doctype html><html lang='en'><head><meta charset='utf-8'>",
        f"<title>{escape(title)}</title><style>{STYLE}</style></head><body>",
        f"<h1>{escape(title)}</h1>", *map(_html, parts), "</body></html>",
    ])  # fmt: skip


def _html(part: Part) -> str:
    match part:
        case Heading(text):
            return f"<h2>{escape(text)}</h2>"
        case Text(text):
            return f"<p>{escape(text)}</p>"
        case Table():
            return _table(part)
        case Plot():
            return box_plot(part)
        case Key(entries):
            return f"<p>{''.join(_entry(name, colour) for name, colour in entries)}</p>"
        case Figure():
            return _figure(part)


def _entry(name: str, colour: tuple[int, int, int]) -> str:
    return f"<span class='key' style='background:rgb{colour}'></span>{escape(name)}"


def _figure(figure: Figure) -> str:
    image = base64.b64encode(figure.png).decode()
    lines = escape(figure.told).replace("\n", "<br>")
    return (
        f"<figure><img alt='' src='data:image/png;base64,{image}'><figcaption>"
        f"<b>{escape(figure.name)}</b>{lines}</figcaption></figure>"
    )


def _table(table: Table) -> str:
    """It scrolls sideways."""
    head = "".join(f"<th>{escape(text)}</th>" for text in table.head)
    lines = "".join(f"<tr>{''.join(map(_cell, line))}</tr>" for line in table.lines)
    style = " class='rows'" if table.long else ""
    return f"<div class='wide'><table{style}><tr>{head}</tr>{lines}</table></div>"


def _cell(cell: Cell) -> str:
    kinds = " ".join(kind for kind, on in (("v", cell.number), ("bad", cell.bad)) if on)
    below = f"<br><span class='i'>{escape(cell.below)}</span>" if cell.below else ""
    style = f" class='{kinds}'" if kinds else ""
    return f"<td{style}>{escape(cell.text)}{below}</td>"
