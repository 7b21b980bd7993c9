"""Which methods segment, with which checkpoints, and what a checkpoint says that it finds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from engine import library
from engine.errors import CheckpointError
from engine.library import Entry
from engine.method import Method, Task
from engine.methods import METHODS
from engine.parameters import ParameterInfo, describe
from engine.training.checkpoint import Card, read_card
from widgets.paint.labels.table import LARGEST, Colour, default_colour
from widgets.viewer.volume.planes import PlaneName

WORKSPACE, CHECKPOINT = "segment", "checkpoint"
PLANES = tuple(name.value for name in PlaneName)


@dataclass(frozen=True, eq=False)
class Segmenter:
    """A method with its task that turns an image into labels."""

    method: Method
    task: Task

    def roles(self) -> dict[str, str]:
        """Parameter -> role of the checkpoints that it takes; `CHECKPOINT` has the task's own.

        Others, such as a classifier beside a diffusion model, are named after their role.
        """
        named = [info.name for info in describe(self.task.params) if _is_open(info)]
        return {name: self.task.role if name == CHECKPOINT else name for name in named}

    def entries(self, role: str) -> list[Entry]:
        """The checkpoints of the library with that role; each has a name of its own.

        Bundled ones keep their names, as `library.find` has it; those that are hidden by them are
        named by their path.
        """
        found: dict[str, Entry] = {}
        for entry in library.entries(self.method.id, role):
            hidden = entry.name in found
            kept = replace(entry, name=str(entry.path)) if hidden else entry
            found[kept.name] = kept
        return list(found.values())

    def parameter(self, card: Card) -> str:
        """The parameter that takes such a checkpoint; "" where none does."""
        if card.method != self.method.id:
            return ""
        return next((name for name, role in self.roles().items() if role == card.role), "")


@dataclass(frozen=True)
class Structure:
    """One class that a checkpoint finds: its number, name and colour."""

    value: int
    name: str
    colour: Colour


@dataclass(frozen=True)
class Findable:
    """What a checkpoint says of itself.

    Attributes:
        structures: Its classes without the background; empty where the card names none.
        channels: 1 or 3 that the network sees; 0 where the card does not say.
        slices: Whether it takes slices one by one.
        plane: Which plane of the patient these lie in; "" for those along the array's first axis.
        facts: What it takes, what it was trained on and how good it is, each a phrase.
        detail: The card's own sentences, each a line.
        levels: T, its noise levels; 0 where the card does not say.
    """

    structures: tuple[Structure, ...]
    channels: int
    slices: bool
    facts: tuple[str, ...]
    detail: tuple[str, ...] = ()
    levels: int = 0
    plane: str = ""


def segmenters(
    methods: Sequence[Method] = METHODS, workspace: str = WORKSPACE
) -> tuple[Segmenter, ...]:
    """Those that there are, in the order of the methods.

    Args:
        workspace: Another one's: tasks that make something else of an image.
    """
    return tuple(
        Segmenter(method, task)
        for method in methods
        for task in method.tasks
        if task.workspace == workspace and not task.folder_of
    )


@dataclass(frozen=True, eq=False)
class Opened:
    """A checkpoint's file, and which parameter of which method takes it."""

    segmenter: Segmenter
    parameter: str
    entry: Entry


def opened(path: Path, among: Sequence[Segmenter], verb: str = "segments") -> Opened:
    """A checkpoint's file, and what it is for.

    Args:
        verb: What those methods do.

    Raises:
        CheckpointError: it cannot be read, or no method here segments with it.
    """
    card = read_card(path)
    for segmenter in among:
        if parameter := segmenter.parameter(card):
            entry = library.entry_of(path, bundled=library.is_bundled(path))
            return Opened(segmenter, parameter, replace(entry, name=library.name_of(path)))
    known = ", ".join(f"{s.method.id} {role}" for s in among for role in s.roles().values())
    raise CheckpointError(
        f"{path.name} is a {card.role} of {card.method}, which {verb} nothing.",
        f"Choose a checkpoint that does: {known}.",
    )


def partner(entry: Entry, others: Sequence[Entry]) -> str:
    """The name of the only one of others that sees images as a checkpoint does, such as the
    classifier that was trained on the same slices; "" where there is none or several."""
    seen = entry.card.preprocessing
    alike = [other.name for other in others if seen and other.card.preprocessing == seen]
    return alike[0] if len(alike) == 1 else ""


def findable(card: Card) -> Findable:
    """What a card says, as far as it can be understood; a card may say anything."""
    seen = card.preprocessing
    channels, levels = seen.get("channels"), card.process.get("timesteps")
    plane = seen.get("plane", "")
    plane = plane if plane in PLANES else ""
    facts = _takes(seen), _votes(seen), _trained_on(card), _figure(card.figures)
    return Findable(
        _structures(card.labels),
        channels if channels in (1, 3) else 0,
        bool(plane) or seen.get("dims") == 2,
        tuple(fact for fact in facts if fact),
        tuple(line for line in (card.summary, *_names(card), card.licence) if line),
        levels if type(levels) is int and levels > 1 else 0,
        plane,
    )


def step_name(method: Method, card: Card) -> str:
    """What a result of a checkpoint is called in the history: "cDAL, hippocampus"."""
    title = card.title.strip()
    return title if title.startswith(method.title) else f"{method.title}, {title}"


def _is_open(info: ParameterInfo) -> bool:
    """Whether the choices of a parameter are checkpoints, which only the program knows."""
    return info.kind == "choice" and not info.choices


def _structures(labels: Mapping[str, Mapping[str, str]]) -> tuple[Structure, ...]:
    found = []
    for key, told in labels.items():
        value = int(key) if key.isdecimal() else 0
        if 0 < value <= LARGEST:
            name = told.get("name") or f"Label {value}"
            found.append(Structure(value, name, _colour(told.get("color", ""), value)))
    return tuple(sorted(found, key=lambda structure: structure.value))


def _colour(text: str, value: int) -> Colour:
    digits = text.removeprefix("#")
    try:
        red, green, blue = bytes.fromhex(digits)
    except ValueError:
        return default_colour(value)
    return red, green, blue


def _votes(seen: Mapping[str, Any]) -> str:
    """How many votes there are where the user does not say."""
    votes = seen.get("votes")
    known = isinstance(votes, int) and not isinstance(votes, bool) and votes > 0
    return f"{votes} vote{'s' if votes != 1 else ''} by default" if known else ""


def _takes(seen: Mapping[str, Any]) -> str:
    kinds = {1: "grey", 3: "colour"}
    shapes = {2: "images, slice by slice", 3: "volumes"}
    kind, shape = kinds.get(seen.get("channels", 0)), shapes.get(seen.get("dims", 0))
    if kind is None or shape is None:
        return ""
    turned = seen.get("orientation")
    return f"takes {kind} {shape}" + (f" turned to {turned}" if turned else "")


def _trained_on(card: Card) -> str:
    cases = sum(data["cases"] for data in card.data if type(data.get("cases")) is int)
    # Behind a colon stands how the set was used.
    names = [name.split(":")[0] for name in _names(card)]
    if not cases and not names:
        return ""
    told = f"{cases} case{'s' if cases != 1 else ''}" if cases else ""
    return "trained on " + " of ".join(part for part in (told, ", ".join(names)) if part)


def _names(card: Card) -> list[str]:
    return [str(data["name"]) for data in card.data if data.get("name")]


def _figure(figures: Mapping[str, Any]) -> str:
    for name, value in figures.items():
        if isinstance(value, int | float) and not isinstance(value, bool):
            return f"{name} {value:.3g}"
    return ""
