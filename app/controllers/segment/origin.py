"""What a file of labels says of the results that it was made from, and of work by hand."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.controllers.segment.expected import Expected


def origin_of(labels: NDArray[Any], expected: Expected) -> dict[str, Any] | None:
    """The record of labels (D, H, W), for `engine.reproducing`; None where no result is in them.

    For a thread.
    """
    from engine.data.volumes.write import smallest
    from engine.provenance import SCHEMA, content, versions

    if not expected.made:
        return None
    found = expected.labels()
    return {
        "schema": SCHEMA,
        "synthetic": False,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "versions": versions(),
        "method": "labels",
        "task": "save",
        "holds": "output",
        "parameters": {},
        "results": [
            {**made.record, "classes": {str(k): v for k, v in made.classes.items()}}
            for made in expected.made
        ],
        "recut": expected.recut,
        "before_editing": content(smallest(found)),
        "edited": {"voxels": int(np.count_nonzero(labels != found)), "of": int(labels.size)},
    }
