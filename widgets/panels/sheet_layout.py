"""Where the cells of a contact sheet go."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SheetLayout:
    """A grid of equal cells: `columns` of them side by side, images `width` x `height` pixels.

    A cell is wider than its image where `cell` says so.
    """

    columns: int
    rows: int
    width: int
    height: int
    cell: int = 0

    @property
    def pitch(self) -> int:
        """Width of a cell."""
        return max(self.width, self.cell)

    def corner(self, place: int, room: tuple[int, int], gap: int, caption: int) -> tuple[int, int]:
        """Left and top of an image; the grid stands in the middle of what it does not need."""
        row, column = divmod(place, self.columns)
        wide, tall = self.pitch + gap, self.height + caption + gap
        left = max(0, room[0] - gap - self.columns * wide) // 2
        top = max(0, room[1] - gap - self.rows * tall) // 2
        return left + gap + column * wide, top + gap + row * tall


def best_layout(
    count: int,
    room: tuple[int, int],
    aspect: float,
    gap: int,
    caption: int,
    smallest: int,
    cell: int = 0,
) -> SheetLayout:
    """The grid with the largest images that needs no scrolling.

    Args:
        count: number of images, at least 1.
        room: (width, height) of the view in pixels.
        aspect: width over height of an image.
        gap: pixels around every cell.
        caption: height of the caption under an image in pixels.
        smallest: the longer side of an image is never shorter than this; where that does not
            fit, the sheet scrolls down with as many columns as the width takes.
        cell: least width of a cell in pixels, for its caption.
    """
    best = SheetLayout(1, count, 0, 0)
    for columns in range(1, count + 1):
        rows = -(-count // columns)
        wide = (room[0] - gap) // columns - gap
        tall = (room[1] - gap) // rows - gap - caption
        width = min(wide, int(tall * aspect))
        if width > best.width and wide >= cell:
            best = SheetLayout(columns, rows, width, max(1, round(width / aspect)), cell)
    if max(best.width, best.height) >= smallest and best.width > 0:
        return best
    least = max(1, round(smallest * min(1.0, aspect)))
    pitch = max(least, cell) + gap
    columns = max(1, min(count, (room[0] - gap) // pitch))
    filled = columns < count and not cell
    width = max(least, (room[0] - gap) // columns - gap) if filled else least
    return SheetLayout(columns, -(-count // columns), width, max(1, round(width / aspect)), cell)
