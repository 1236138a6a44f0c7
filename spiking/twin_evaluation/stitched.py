"""Predictions over a whole simulation from a network that sees windows: cut, predicted, stitched."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from rate2spike.calls import public
from rate2spike.checks import as_array, function_or_none, shown, whole_number
from rate2spike.errors import InputError

WINDOW_MS = 400  # of the published networks
_MOST_OVERLAP = 250  # as published; a longer history takes more

Predicted = Any  # an array (n_windows, window_ms, ...), or a dict, tuple or list of such


@public()
def overlap_ms(history_ms: int, window_ms: int = WINDOW_MS) -> int:
    """How much of a window lies within the one before: what the network says there lacks history, and is left out.

    At least the history and a bin, at least 150 ms (or the window less 50 ms), at most 250 ms, as published. A history that
    needs more has what it needs, so that what is stitched is always what one long pass would give.

    Parameters
    ----------
    history_ms : int
        T, how much of the past the network sees, the present bin included.
    window_ms : int, default 400
        Length of a window.

    Returns
    -------
    int
        Milliseconds.

    Raises
    ------
    InputError
        If a window is not longer than the overlap.

    Examples
    --------
    >>> from rate2spike.spiking.twin_evaluation.stitched import overlap_ms
    >>> [overlap_ms(history_ms) for history_ms in (100, 153, 239)]
    [150, 154, 240]
    """
    history = whole_number(history_ms, "{history_ms}", "history_ms")
    window = whole_number(window_ms, "{window_ms}", "window_ms")
    overlap = min(max(history + 1, min(150, window - 50)), max(_MOST_OVERLAP, history - 1))
    return _shorter_than(window, overlap)


@public()
def stitched_prediction(
    predict: Callable[[np.ndarray], Predicted],
    x: np.ndarray,
    history_ms: int,
    window_ms: int = WINDOW_MS,
    overlap: int | None = None,
) -> Predicted:
    """What a causal network says over a whole simulation, from windows of it.

    The first window is used whole, each later one from its overlap on; the last is filled up with zeros. With enough overlap
    this is what one pass over the whole simulation gives. A network whose memory has no end needs that pass instead.

    Parameters
    ----------
    predict : function
        Gives for windows (n_windows, window_ms, n_inputs) an array (n_windows, window_ms, ...), or a dict, tuple or list of
        such, one per output. It is called once per simulation.
    x : (T, n_inputs) or (n_simulations, T, n_inputs) array
        Input, per ms, in any dtype.
    history_ms : int
        T of the network: how much of the past it sees, the present bin included.
    window_ms : int, default 400
        Length of a window.
    overlap : int, or None, default None
        Leading milliseconds of a later window that are left out; None: `overlap_ms(history_ms, window_ms)`.

    Returns
    -------
    array (T, ...) or (n_simulations, T, ...), or a dict, tuple or list of such
        As predict gives it.

    Raises
    ------
    InputError
        If a window is not longer than the overlap, x has other axes, or predict gives other shapes.

    Examples
    --------
    >>> import numpy as np
    >>> from rate2spike.spiking.twin_evaluation.stitched import stitched_prediction
    >>> x = np.arange(2000).reshape(1000, 2)
    >>> found = stitched_prediction(lambda windows: windows.sum(2), x, history_ms=1)
    >>> found.shape, np.array_equal(found, x.sum(1))
    ((1000,), True)
    """
    if function_or_none(predict, "predict") is None:
        raise InputError("{predict} must be a function, got None", "predict")
    x = as_array(x, "x")
    if x.ndim not in (2, 3) or not x.size:
        raise InputError(f"{{x}} must be (T, n_inputs) or (n_simulations, T, n_inputs), got {shown(x.shape)}", "x")
    window = whole_number(window_ms, "{window_ms}", "window_ms")
    overlap = (
        overlap_ms(history_ms, window) if overlap is None else whole_number(overlap, "{overlap}", "overlap", least=0)
    )
    _shorter_than(window, overlap)
    if x.ndim == 2:
        return _of_one(predict, x, window, overlap)
    return _joined([_of_one(predict, one, window, overlap) for one in x])


def n_windows(duration_ms: int, window_ms: int, overlap: int) -> int:
    """How many windows a simulation is cut into, as published: the last may lie beyond the end in part or in whole."""
    return max(1, 2 + (duration_ms - window_ms) // (window_ms - overlap))


def _shorter_than(window_ms: int, overlap: int) -> int:
    if overlap >= window_ms:
        raise InputError(f"{{window_ms}} must be above the overlap, {overlap} ms, got {window_ms}", "window_ms")
    return overlap


def _of_one(predict: Callable[[np.ndarray], Predicted], x: np.ndarray, window: int, overlap: int) -> Predicted:
    starts = np.arange(n_windows(len(x), window, overlap)) * (window - overlap)
    padded = np.pad(x, ((0, max(0, starts[-1] + window - len(x))), (0, 0)))
    windows = np.stack([padded[start : start + window] for start in starts])
    return _each(lambda one: _stitch(np.asarray(one), windows.shape[:2], overlap, len(x)), predict(windows))


def _stitch(predicted: np.ndarray, expected: tuple[int, ...], overlap: int, duration_ms: int) -> np.ndarray:
    if predicted.shape[:2] != expected:
        raise InputError(
            f"{{predict}} must give (n_windows, window_ms, ...), {expected}, got {predicted.shape}", "predict"
        )
    later = predicted[1:, overlap:]
    return np.concatenate([predicted[0], later.reshape(-1, *later.shape[2:])])[:duration_ms]


def _each(function: Callable[..., Any], *given: Predicted) -> Predicted:
    """The function of each output, however outputs are given."""
    if isinstance(given[0], Mapping):
        return {name: function(*(one[name] for one in given)) for name in given[0]}
    if isinstance(given[0], tuple | list):
        return type(given[0])(function(*parts) for parts in zip(*given, strict=True))
    return function(*given)


def _joined(found: list[Predicted]) -> Predicted:
    return _each(lambda *parts: np.stack(parts), *found)
