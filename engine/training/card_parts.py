"""The parts of a card that describe a network, checked; the file may come from anybody."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from engine.errors import CheckpointError
from engine.wording import first_fault

Part = TypeVar("Part", bound=BaseModel)


def part_of(kind: type[Part], values: Mapping[str, Any], name: str, method: str) -> Part:
    """A part of a card as its model has it; what the model does not know is left out.

    Args:
        values: Such as `Card.config`.
        name, method: Of the file and of the method, for messages.

    Raises:
        CheckpointError: something is missing or cannot be.
    """
    try:
        return kind.model_validate(dict(values))
    except ValidationError as error:
        raise unfit(name, method, first_fault(error)) from error


def unfit(name: str, method: str, reason: str) -> CheckpointError:
    """What to tell of a card that makes no network.

    Args:
        reason: Half a sentence or a whole one.
    """
    return CheckpointError(
        f"The card of {name} describes no {method} network: {reason.rstrip('.')}.",
        "Import the weights again.",
    )
