"""How well a typed text matches a command."""

from __future__ import annotations


def fuzzy_score(query: str, text: str) -> float | None:
    """Score of `text` for `query`; higher is better, None when it does not match.

    All letters of the query (without spaces, case ignored) must occur in the text in their
    order. Letters that start a word, that follow each other, or that begin the text count more;
    of two equal matches the shorter text wins.
    """
    wanted = query.casefold().replace(" ", "")
    folded = text.casefold()
    score, place = 0.0, -1
    for letter in wanted:
        found = _best_place(folded, letter, place)
        if found < 0:
            return None
        if found == place + 1:
            score += 3
        if found == 0 or not folded[found - 1].isalnum():
            score += 2
        place = found
    return score - 0.01 * len(text)


def _best_place(text: str, letter: str, after: int) -> int:
    """Next to the last match if possible, else at the start of a word, else anywhere."""
    if text[after + 1 : after + 2] == letter:
        return after + 1
    first = text.find(letter, after + 1)
    place = first
    while place >= 0:
        if place == 0 or not text[place - 1].isalnum():
            return place
        place = text.find(letter, place + 1)
    return first
