"""Directed cycles of three compartments or more. Two compartments that are connected both ways are none."""

import numpy as np

Edge = tuple[int, int]


def find_cycle(adjacency: np.ndarray) -> list[int]:
    """The compartments of a cycle in their order, or nothing. adjacency: 1 at [source, target]."""
    edges = {(int(source), int(target)) for source, target in np.argwhere(adjacency) if source != target}
    left = _without_dead_ends(edges)
    if not left:
        return []
    before, here = min(left)
    walk = [before]
    while here not in walk:
        walk.append(here)
        before, here = here, min(target for source, target in left if source == here and target != before)
    return walk[walk.index(here) :]


def _without_dead_ends(edges: set[Edge]) -> set[Edge]:
    """The connections from which one can go on for ever without turning back. Such a walk meets itself: in a cycle."""
    left = set(edges)
    while True:
        leaving: dict[int, set[int]] = {}
        for source, target in left:
            leaving.setdefault(source, set()).add(target)
        on = {(source, target) for source, target in left if leaving.get(target, set()) - {source}}
        if on == left:
            return left
        left = on
