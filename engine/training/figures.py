"""What validation tells of several structures, and which figure of it tells the best weights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from engine.errors import InputError

DICE, LOWEST = "validation Dice", "lowest"


def dice_figures(mean: float, each: Mapping[str, float]) -> dict[str, float]:
    """Figures as they are logged: the mean first; of several structures, the lowest and each too.

    Args:
        each: Structure -> Dice, 0 to 1.
    """
    if len(each) < 2:
        return {DICE: mean}
    named = {f"{DICE}, {name}": value for name, value in each.items()}
    return {DICE: mean, f"{DICE}, {LOWEST}": min(each.values()), **named}


def best_dice(asked: str, structures: Sequence[str]) -> str:
    """The figure that tells the best weights; "" the mean, which is the usual one.

    Args:
        asked: "", "lowest", or the name of a structure, in capitals or not.
        structures: Names of those that are learned.

    Raises:
        InputError: none of them is called so.
    """
    wanted = asked.strip().casefold()
    if not wanted or (len(structures) == 1 and wanted == structures[0].casefold()):
        return ""
    names = (LOWEST, *structures) if len(structures) > 1 else ()
    for name in names:
        if name.casefold() == wanted:
            return f"{DICE}, {name}"
    raise InputError(
        f"There is no structure {asked.strip()} to tell the best weights by.",
        f"Choose one of {', '.join(names)}, or none for the mean of all."
        if names
        else "There is but one: choose none.",
    )
