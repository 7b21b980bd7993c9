"""A report as a PDF: pages of A4 across, with text that can be searched, and plots of lines."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from xml.sax.saxutils import escape

from reportlab.graphics.shapes import Circle, Drawing, Line, Rect, String
from reportlab.lib.colors import Color, HexColor, black, white
from reportlab.lib.enums import TA_LEFT, TA_RIGHT
from reportlab.lib.pagesizes import A4, landscape
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFError, TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import (
    BaseDocTemplate,
    CondPageBreak,
    Flowable,
    Frame,
    Image,
    KeepTogether,
    PageTemplate,
    Paragraph,
    Spacer,
    TableStyle,
)
from reportlab.platypus import (
    Table as Sheet,
)

from engine.provenance import versions
from engine.scoring.document import (
    Box,
    Cell,
    Colour,
    Figure,
    Heading,
    Key,
    Part,
    Plot,
    Table,
    Text,
    shortened,
)

PLAIN, BOLD = "Plain", "Bold"
FONTS = (("Vera", "VeraBd"), ("DejaVuSans", "DejaVuSans-Bold"), ("arial", "arialbd"))
"""Files of both, of which the first come with the library and know Latin letters; the others are
found on most systems, and are for names in Greek, Cyrillic and more."""
PAGE = landscape(A4)
MARGIN = 15 * mm
WIDTH = PAGE[0] - 2 * MARGIN
MUTED, LINE, WRONG = HexColor(0x666666), HexColor(0xCCCCCC), HexColor(0xB24700)
BOX, DOT = Color(0, 0.447, 0.698, 0.4), Color(0.835, 0.369, 0, 0.7)
BODY = ParagraphStyle("body", fontName=PLAIN, fontSize=9, leading=13, spaceAfter=4)
TITLE = ParagraphStyle("title", BODY, fontName=BOLD, fontSize=16, leading=20, spaceAfter=8)
CHAPTER = ParagraphStyle("chapter", BODY, fontName=BOLD, fontSize=11, leading=15, spaceBefore=12)
CAPTION = ParagraphStyle("caption", BODY, fontSize=7.5, leading=10, spaceAfter=0)
SIZE, SMALL, LEAST = 8.0, 7.0, 5.0
"""Of the text in tables, in points: usual, long ones, and the least where many columns have to
find room."""
PAD = 4.0
IN_A_ROW, GAP = 4, 4 * mm
ROW, AXIS = 22.0, 480.0
LONGEST = 60
"""Characters of a text in a table; case names may be whole paths."""


def pdf(title: str, parts: Sequence[Part]) -> bytes:
    """A whole file."""
    _choose_fonts({*title, *(letter for part in parts for letter in _letters(part))})
    stream = io.BytesIO()
    frame = Frame(MARGIN, MARGIN, WIDTH, PAGE[1] - 2 * MARGIN, 0, 0, 0, 0)
    document = BaseDocTemplate(
        stream, pagesize=PAGE, title=title, creator=f"Reverie {versions()['reverie']}",
        author="", subject="Evaluation",
    )  # fmt: skip

    def foot(canvas: Canvas, _: BaseDocTemplate) -> None:
        canvas.setFont(PLAIN, 7.5)
        canvas.setFillColor(MUTED)
        canvas.drawString(MARGIN, MARGIN / 2, shortened(title, 120))
        canvas.drawRightString(PAGE[0] - MARGIN, MARGIN / 2, f"{canvas.getPageNumber()}")

    document.addPageTemplates(PageTemplate(frames=[frame], onPage=foot))
    document.build([Paragraph(escape(title), TITLE), *_flowables(parts)])
    return stream.getvalue()


def _choose_fonts(letters: set[str]) -> None:
    """Those that lack the fewest of the letters, the first of them where it is the same."""
    found = []
    for files in FONTS:
        try:
            fonts = [TTFont(n, f"{f}.ttf") for n, f in zip((PLAIN, BOLD), files, strict=True)]
        except TTFError:
            continue  # not on this system
        found.append((sum(ord(x) not in fonts[0].face.charToGlyph for x in letters), fonts))
    for font in min(found, key=lambda pair: pair[0])[1]:
        pdfmetrics.registerFont(font)
    pdfmetrics.registerFontFamily(PLAIN, PLAIN, BOLD, PLAIN, BOLD)


def _letters(part: Part) -> str:
    """All that it says."""
    match part:
        case Heading(text) | Text(text):
            return text
        case Table():
            cells = (cell.text + cell.below for line in part.lines for cell in line)
            return "".join((*part.head, *cells))
        case Plot():
            return "".join((part.title, *(box.name for box in part.boxes)))
        case Key(entries):
            return "".join(name for name, _ in entries)
        case Figure():
            return part.name + part.told.replace("\n", "")


def _flowables(parts: Sequence[Part]) -> Iterator[Flowable]:
    for is_figure, group in groupby(parts, key=lambda part: isinstance(part, Figure)):
        if is_figure:
            yield _figures([part for part in group if isinstance(part, Figure)])
            continue
        for part in group:
            yield from _flowable(part)


def _flowable(part: Part) -> Iterator[Flowable]:
    match part:
        case Heading(text):
            # Never the last line of a page.
            yield CondPageBreak(40 * mm)
            yield Paragraph(escape(text), CHAPTER)
        case Text(text):
            yield Paragraph(escape(text), BODY)
        case Table():
            yield _sheet(part)
        case Plot():
            yield KeepTogether([_drawing(part), Spacer(1, 3 * mm)])
        case Key(entries):
            yield _key(entries)
        case Figure():
            yield _figures([part])


# --- tables


def _sheet(table: Table) -> Flowable:
    """As wide as its texts, or in smaller letters where they do not fit a page."""
    head = [shortened(text, LONGEST) for text in table.head]
    lines = [[shortened(cell.text, LONGEST) for cell in line] for line in table.lines]
    size = SMALL if table.long else SIZE
    widths = [
        max(_width(text, size) for text in (head[place], *_column(table, lines, place)))
        for place in range(len(head))
    ]
    room = WIDTH - 2 * PAD * len(widths)
    if sum(widths) > room:
        smaller = max(LEAST, size * room / sum(widths))
        widths = [width * smaller / size for width in widths]
        size = smaller
    style = TableStyle([
        ("FONT", (0, 0), (-1, -1), PLAIN, size, 1.3 * size),
        ("FONT", (0, 0), (-1, 0), BOLD, size, 1.3 * size),
        ("LEFTPADDING", (0, 0), (-1, -1), PAD), ("RIGHTPADDING", (0, 0), (-1, -1), PAD),
        ("TOPPADDING", (0, 0), (-1, -1), 2), ("BOTTOMPADDING", (0, 0), (-1, -1), 2),
        ("VALIGN", (0, 0), (-1, -1), "TOP"), ("LINEBELOW", (0, 0), (-1, -1), 0.4, LINE),
    ])  # fmt: skip
    rows: list[list[str | Paragraph]] = [list(head)]
    for row, line in enumerate(table.lines, 1):
        rows.append([
            _two_lines(cell, size) if cell.below else text
            for cell, text in zip(line, lines[row - 1], strict=True)
        ])  # fmt: skip
        for column, cell in enumerate(line):
            if cell.bad and cell.text:
                style.add("TEXTCOLOR", (column, row), (column, row), WRONG)
    for column, cell in enumerate(table.lines[0] if table.lines else ()):
        if cell.number:
            style.add("ALIGN", (column, 0), (column, -1), "RIGHT")
    return Sheet(
        rows, colWidths=[width + 2 * PAD for width in widths], repeatRows=1, hAlign="LEFT",
        style=style,
    )  # fmt: skip


def _column(table: Table, lines: Sequence[Sequence[str]], place: int) -> Iterator[str]:
    """All texts of a column, also those of second lines."""
    for line, texts in zip(table.lines, lines, strict=True):
        yield texts[place]
        yield line[place].below


def _two_lines(cell: Cell, size: float) -> Paragraph:
    style = ParagraphStyle("cell", BODY, fontSize=size, leading=1.3 * size, spaceAfter=0)
    style.alignment = TA_RIGHT if cell.number else TA_LEFT
    below = f"<font size='{0.9 * size:.1f}' color='#666666'>{escape(cell.below)}</font>"
    return Paragraph(f"{escape(cell.text)}<br/>{below}", style)


def _width(text: str, size: float) -> float:
    """As wide as in bold."""
    return float(pdfmetrics.stringWidth(text, BOLD, size))


# --- pictures and plots


def _figures(figures: Sequence[Figure]) -> Flowable:
    """Rows of pictures with their captions; a row is on one page."""
    side = (WIDTH - (IN_A_ROW - 1) * GAP) / IN_A_ROW
    cells = [[_picture(figure, side), Spacer(1, 3), _caption(figure)] for figure in figures]
    cells += [[]] * (-len(cells) % IN_A_ROW)
    rows = [cells[place : place + IN_A_ROW] for place in range(0, len(cells), IN_A_ROW)]
    style = TableStyle([
        ("VALIGN", (0, 0), (-1, -1), "TOP"), ("LEFTPADDING", (0, 0), (-1, -1), 0),
        ("RIGHTPADDING", (0, 0), (-1, -1), GAP), ("TOPPADDING", (0, 0), (-1, -1), 2),
        ("BOTTOMPADDING", (0, 0), (-1, -1), GAP),
    ])  # fmt: skip
    return Sheet(rows, colWidths=[side + GAP] * IN_A_ROW, hAlign="LEFT", style=style)


def _picture(figure: Figure, side: float) -> Image:
    picture = Image(io.BytesIO(figure.png), hAlign="LEFT")
    scale = side / max(picture.imageWidth, picture.imageHeight)
    picture.drawWidth, picture.drawHeight = (
        n * scale for n in (picture.imageWidth, picture.imageHeight)
    )
    return picture


def _caption(figure: Figure) -> Paragraph:
    told = escape(figure.told).replace("\n", "<br/>")
    return Paragraph(f"<b>{escape(figure.name)}</b>{told}", CAPTION)


def _key(entries: Sequence[tuple[str, Colour]]) -> Drawing:
    drawing, left = Drawing(WIDTH, 1.8 * SIZE, hAlign="LEFT"), 0.0
    for name, colour in entries:
        square = Rect(left, 3, SIZE, SIZE, fillColor=Color(*(c / 255 for c in colour)))
        square.strokeColor = None
        drawing.add(square)
        drawing.add(String(left + 1.5 * SIZE, 4, name, fontName=PLAIN, fontSize=SIZE))
        left += 3.5 * SIZE + pdfmetrics.stringWidth(name, PLAIN, SIZE)
    return drawing


def _drawing(plot: Plot) -> Drawing:
    height = 16 + ROW * len(plot.boxes) + 16
    names = [shortened(box.name) for box in plot.boxes]
    left = 10 + max(pdfmetrics.stringWidth(name, PLAIN, SIZE) for name in names)
    drawing = Drawing(left + AXIS + 20, height, hAlign="LEFT")

    def x(value: float) -> float:
        return left + AXIS * plot.along(value)

    drawing.add(String(left, height - 9, plot.title, fontName=BOLD, fontSize=SIZE))
    for tick in plot.ticks:
        drawing.add(Line(x(tick), 14, x(tick), height - 16, strokeColor=LINE, strokeWidth=0.4))
        drawing.add(
            String(x(tick), 4, f"{tick:.3g}", fontName=PLAIN, fontSize=7, textAnchor="middle")
        )
    for index, (name, box) in enumerate(zip(names, plot.boxes, strict=True)):
        y = height - 16 - ROW * (index + 0.5)
        drawing.add(String(left - 8, y - 3, name, fontName=PLAIN, fontSize=SIZE, textAnchor="end"))
        _draw(drawing, box, y, x)
    return drawing


def _draw(drawing: Drawing, box: Box, y: float, x: Callable[[float], float]) -> None:
    low, first, median, last, high = map(x, box.five())
    drawing.add(Line(low, y, high, y, strokeColor=black, strokeWidth=0.6))
    drawing.add(Rect(first, y - 6, max(0.5, last - first), 12, fillColor=white, strokeColor=None))
    drawing.add(
        Rect(first, y - 6, max(0.5, last - first), 12, fillColor=BOX, strokeColor=black,
             strokeWidth=0.6)
    )  # fmt: skip
    drawing.add(Line(median, y - 6, median, y + 6, strokeColor=black, strokeWidth=1.4))
    for value, aside, _ in box.dots():
        drawing.add(Circle(x(value), y - 0.7 * aside, 1.6, fillColor=DOT, strokeColor=None))
