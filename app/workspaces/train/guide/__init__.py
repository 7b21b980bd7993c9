"""A new training, question by question."""
