"""How a command is cut where a marketplace takes no more of it in one request."""

from collections.abc import Mapping


def cut_in_parts(quantities: Mapping[str, int], lines: int, pieces: int | None = None) -> list[dict[str, int]]:
    """Line -> quantity, in the same order, in parts of at most so many lines and pieces (None: any number)."""
    most = pieces or sum(quantities.values())
    parts: list[dict[str, int]] = []
    room = 0  # for pieces, in the last part
    for ref, left in quantities.items():
        while left:
            if not room or len(parts[-1]) == lines:
                parts.append({})
                room = most
            parts[-1][ref] = taken = min(left, room)
            left, room = left - taken, room - taken
    return parts
