"""What can be done with a checkpoint, where, and how the window shows that it is for it."""

from __future__ import annotations

from dataclasses import dataclass

from app.segmenters import segmenters
from app.translators import WORKSPACE as TRANSLATE
from engine.library import Origin
from engine.methods import METHODS
from engine.training.checkpoint import Card

SEGMENT, SYNTHESIZE = "segment", "synthesize"
SYNTHESIZER = ("adaptdiff", "diffusion")
GLYPHS = {
    SEGMENT: "mdi6.vector-polygon", TRANSLATE: "mdi6.swap-horizontal",
    SYNTHESIZE: "mdi6.creation", "": "mdi6.cube-outline",
}  # fmt: skip
TITLES = {SEGMENT: "Segment", TRANSLATE: "Translate", SYNTHESIZE: "Synthesize"}
ORIGINS: dict[Origin, str] = {
    "bundled": "Bundled", "trained": "Trained", "imported": "Imported",
}  # fmt: skip
ELSEWHERE = {
    (
        "adaptdiff",
        "segmenter",
    ): "It makes pseudo-labels in Train, and `reverie evaluate` judges it.",
    ("cdal", "discriminator"): "It teaches a generator in training; on its own it makes nothing.",
    ("diffrect", "rectifier"): "It mends labels in training; on its own it makes nothing.",
}


@dataclass(frozen=True)
class Use:
    """Where a checkpoint is used.

    Attributes:
        workspace: Key of the workspace, "" where none takes it.
        image: Whether it is used on an open image.
        why: Without a workspace, what it is for.
    """

    workspace: str
    image: bool = False
    why: str = ""

    @property
    def glyph(self) -> str:
        return GLYPHS[self.workspace]

    @property
    def title(self) -> str:
        """Of the workspace."""
        return TITLES.get(self.workspace, "")


def use_of(card: Card) -> Use:
    """Where the window offers a checkpoint."""
    if (card.method, card.role) == SYNTHESIZER:
        return Use(SYNTHESIZE)
    for workspace in (SEGMENT, TRANSLATE):
        if any(one.parameter(card) for one in segmenters(workspace=workspace)):
            return Use(workspace, image=True)
    unknown = "Nothing in this version takes it."
    return Use("", why=ELSEWHERE.get((card.method, card.role), unknown))


def method_title(method: str) -> str:
    """How a method is called; its identifier where there is none of it here."""
    return next((known.title for known in METHODS if known.id == method), method)
