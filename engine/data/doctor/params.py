"""How a set is looked at: what is asked of the user. Loads no library that reads images."""

from __future__ import annotations

from engine.parameters import Parameters, parameter


class ExamineParams(Parameters):
    """How a set is looked at."""

    channel: int = parameter(
        0, "Channel", "Which of several that an image has.", ge=0, le=63, advanced=True
    )
    patient_pattern: str = parameter(
        "", "Patient pattern", "Regular expression whose first group names the patient; a guess "
        "by usual names where empty.", advanced=True,
    )  # fmt: skip
