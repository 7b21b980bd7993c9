"""Which plot a metric belongs to, by the names that the engine gives."""

from __future__ import annotations

LOSS, CRITIC, JUDGED, RATE = "Loss", "Discriminator", "Validation", "Learning rate"
RECTIFIER, PSEUDO = "Rectifier", "Pseudo-labels"
PLOTS = {
    "critic": CRITIC, "R1": CRITIC, "rectifier": RECTIFIER, "latent": RECTIFIER,
    "latent unlabelled": RECTIFIER, "rectification": RECTIFIER, "confident": PSEUDO,
    "label distance": PSEUDO, "noise explained": JUDGED, "label gain": JUDGED,
    "balanced accuracy": JUDGED, "balanced accuracy, noisy": JUDGED,
}  # fmt: skip


def plot_of(name: str) -> str:
    """The title of the plot that a metric belongs to."""
    if name == "lr" or name.endswith(" lr"):
        return RATE
    if name.startswith("validation"):
        return JUDGED
    return CRITIC if name.startswith("D ") else PLOTS.get(name, LOSS)
