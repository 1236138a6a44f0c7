"""Which recordings are for training, which for validation."""

import numpy as np

from rate2spike.errors import InputError
from rate2spike.seeding import Role, generator

TRAINING_SHARE = 0.8


def split_recordings(labels: np.ndarray, subjects: np.ndarray, by: str, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Indices of the recordings for training and for validation, disjoint: 80 and 20 % of the recordings, or of the subjects.

    by 'subject': nobody is in both, so validation tells how new people are understood. Raises InputError.
    """
    rng = generator(seed, Role.EVENTS, 0)
    if by == "recording":
        order = rng.permutation(len(labels))
        n_training = int(np.floor(TRAINING_SHARE * len(labels)))
        return np.sort(order[:n_training]), np.sort(order[n_training:])
    people = rng.permutation(np.unique(subjects))
    if people.size < 2:
        raise InputError("{split_by} subject needs recordings of two people at least; these are of one", "split_by")
    n_validation = max(round((1 - TRAINING_SHARE) * people.size), 1)
    is_validation = np.isin(subjects, people[:n_validation])
    return np.flatnonzero(~is_validation), np.flatnonzero(is_validation)


def by_class(labels: np.ndarray, indices: np.ndarray, n_classes: int, split: str) -> list[np.ndarray]:
    """Indices of the recordings of every class. Raises InputError for a class without any."""
    groups = [indices[labels[indices] == k] for k in range(n_classes)]
    empty = [k for k, group in enumerate(groups) if not group.size]
    if empty:
        raise InputError(
            f"no recording of class {empty[0]} for {split}, and any of {n_classes} classes may be asked for: more "
            "recordings are needed, or another {seed} for the split",
            "seed",
        )
    return groups
