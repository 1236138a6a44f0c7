"""What a user must be told about the end of a λ search: the network does not convert, or the best lies at the grid's edge."""

import numpy as np
from numpy.typing import ArrayLike

from rate2spike.spiking.scoring.result import GOOD_ACCURACY, wilson_interval

_GUESSING = 0.5  # with two answers, as nearly all tasks have
_MORE_STEPS = 3  # by which a suggested grid is longer


def remarks_on(
    factors: ArrayLike,
    accuracies: ArrayLike,
    best_factor: float,
    n_trials: ArrayLike | None,
    diagnose: str,
    tune: str = "",
) -> tuple[str, ...]:
    """Lines of warning, the gravest first; none if all is well.

    factors, accuracies, n_trials: one per scaling factor tried; n_trials None: not known (files of other programs).
    diagnose: what the user types to learn why a network does not convert; tune: to mend it, '' where that is not possible.
    """
    order = np.argsort(np.asarray(factors, float))
    ordered, scores = np.asarray(factors, float)[order], np.asarray(accuracies, float)[order]
    counts = None if n_trials is None else np.asarray(n_trials, int)[order]
    best = int(np.flatnonzero(ordered == best_factor)[0])
    poor = _poor(scores[best], None if counts is None else int(counts[best]))
    edge = _edge(ordered, scores, counts, best)
    mend = f", `{tune}` may mend it" if tune else ""
    return ((f"{poor}: `{diagnose}` says why{mend}",) if poor else ()) + ((edge,) if edge else ())


def _poor(accuracy: float, n_trials: int | None) -> str:
    if accuracy >= GOOD_ACCURACY:
        return ""
    surely = accuracy if n_trials is None else wilson_interval(round(accuracy * n_trials), n_trials)[0]
    if surely <= _GUESSING:
        return (
            f"the spiking network fails: accuracy {accuracy:.3f} at the best scaling factor is not surely above guessing "
            f"({_GUESSING:g} with two answers)"
        )
    return (
        f"the network does not convert: accuracy {accuracy:.3f} at the best scaling factor is below {GOOD_ACCURACY:g}"
    )


def _edge(factors: np.ndarray, accuracies: np.ndarray, n_trials: np.ndarray | None, best: int) -> str:
    """Nothing if no factor beyond can be better, or if another one is as good: then it does not rise towards the edge."""
    last = factors.size - 1
    as_good = accuracies >= accuracies[best]
    if n_trials is not None:
        as_good &= n_trials >= n_trials[best]  # few trials, as the adaptive strategy gives some, prove little
    if last == 0 or best not in (0, last) or accuracies[best] >= 1 or as_good.sum() > 1:
        return ""
    kind, direction = ("smallest", "smaller") if best == 0 else ("largest", "larger")
    return (
        f"the best scaling factor, {factors[best]:g}, is the {kind} tried: try {direction} ones too, such as "
        f"{_longer(factors, best)}"
    )


def _longer(factors: np.ndarray, best: int) -> str:
    """A range, start:step:stop, that goes on beyond the edge."""
    if best > 0:
        step = factors[-1] - factors[-2]
        return f"{factors[0]:g}:{step:g}:{factors[-1] + _MORE_STEPS * step:g}"
    start, step = factors[0], factors[1] - factors[0]
    if start <= step:
        return f"{start / 5:g}:{start / 5:g}:{start:g}"
    n_more = min(_MORE_STEPS, int(np.ceil(start / step)) - 1)
    return f"{start - n_more * step:g}:{step:g}:{factors[-1]:g}"
