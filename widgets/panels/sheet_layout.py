"""Where the cells of a contact sheet go."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SheetLayout:
    """A grid of equal cells: `columns` of them side by side, images `width` x `height` pixels."""

    columns: int
    rows: int
    width: int
    height: int

    def corner(self, place: int, room: tuple[int, int], gap: int, caption: int) -> tuple[int, int]:
        """Left and top of an image; the grid stands in the middle of what it does not need."""
        row, column = divmod(place, self.columns)
        wide, tall = self.width + gap, self.height + caption + gap
        left = max(0, room[0] - gap - self.columns * wide) // 2
        top = max(0, room[1] - gap - self.rows * tall) // 2
        return left + gap + column * wide, top + gap + row * tall


def best_layout(
    count: int, room: tuple[int, int], aspect: float, gap: int, caption: int, smallest: int
) -> SheetLayout:
    """The grid with the largest images that needs no scrolling.

    Args:
        count: number of images, at least 1.
        room: (width, height) of the view in pixels.
        aspect: width over height of an image.
        gap: pixels around every cell.
        caption: height of the caption under an image in pixels.
        smallest: an image is never narrower than this; where that does not fit, the sheet
            scrolls down with as many columns as the width takes.
    """
    best = SheetLayout(1, count, 0, 0)
    for columns in range(1, count + 1):
        rows = -(-count // columns)
        wide = (room[0] - gap) // columns - gap
        tall = (room[1] - gap) // rows - gap - caption
        width = min(wide, int(tall * aspect))
        if width > best.width:
            best = SheetLayout(columns, rows, width, max(1, round(width / aspect)))
    if best.width >= smallest:
        return best
    columns = max(1, min(count, (room[0] - gap) // (smallest + gap)))
    width = max(smallest, (room[0] - gap) // columns - gap) if columns < count else smallest
    return SheetLayout(columns, -(-count // columns), width, max(1, round(width / aspect)))
