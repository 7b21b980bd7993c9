"""Making an output again from what its record says, and comparing both. Loads no torch.

The record lies in the text chunks of a PNG, in NAME.json beside other files, or in a folder's
list. What it names is only read, and only where its hash proves that it is what was used; nothing
is written but where the user says.
"""

from __future__ import annotations

METHOD = "reproduce"
"""What such a job has in place of a method's identifier, and what its task is called."""

INPUTS = {
    "result": "an output, its record (NAME.json), or a folder of outputs",
    "input": "the image it was made of, where it is not found by its record",
    "template": "the template of its grey values, likewise",
    "keep": "where what is made again goes; nowhere by default",
}
"""Of the job, all paths; all but the first may be left out."""
