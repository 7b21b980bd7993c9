"""Predictions of any program against references: scores, comparisons and reports."""
