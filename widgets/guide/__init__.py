"""Questions one after the other: what their pages are made of."""
