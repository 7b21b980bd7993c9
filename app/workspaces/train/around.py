"""What the window lends to the Train workspace."""

from __future__ import annotations

from dataclasses import dataclass

from app.bridge import Bridge
from app.controllers.jobs import JobsController
from app.errors import Teller
from app.session import Session
from app.settings import Settings
from engine.worker import EngineLike


@dataclass(frozen=True)
class Surroundings:
    """What all workspaces share."""

    settings: Settings
    teller: Teller
    engine: EngineLike
    bridge: Bridge
    session: Session
    jobs: JobsController
