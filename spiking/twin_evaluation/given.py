"""Spikes, scores and voltages as users give them: checked, and as arrays."""

from typing import Any

import numpy as np

from rate2spike.checks import as_array, shown
from rate2spike.errors import InputError


def numbers(values: Any, name: str) -> np.ndarray:
    """An array of finite numbers, of any shape and at least one. Raises InputError naming the argument."""
    array = as_array(values, name)
    if array.dtype.kind not in "biuf" or not array.size:
        raise InputError(f"{{{name}}} must be an array of numbers, got {shown(values)}", name)
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        raise InputError(f"{{{name}}} has {np.count_nonzero(~np.isfinite(array))} values that are not finite", name)
    return array


def binary(values: Any, name: str) -> np.ndarray:
    """An array of bool. Raises InputError for numbers other than 0 and 1."""
    array = numbers(values, name)
    if array.dtype.kind != "b" and not ((array == 0) | (array == 1)).all():
        wrong = array[(array != 0) & (array != 1)].flat[0]
        raise InputError(f"{{{name}}} must hold 0 and 1 alone, got {shown(wrong)}", name)
    return array.astype(bool, copy=False)


def same_shape(first: np.ndarray, second: np.ndarray, first_name: str, second_name: str) -> None:
    """Raise InputError unless both arrays have one shape."""
    if first.shape != second.shape:
        raise InputError(
            f"{{{second_name}}} must have the shape of {first_name}, {first.shape}, got {second.shape}", second_name
        )


def spikes_and_scores(spikes: Any, scores: Any) -> tuple[np.ndarray, np.ndarray]:
    """Both as arrays of one shape, spikes as bool. Raises InputError."""
    spikes, scores = binary(spikes, "spikes"), numbers(scores, "scores")
    same_shape(spikes, scores, "spikes", "scores")
    return spikes, scores


def check_probabilities(scores: np.ndarray) -> None:
    """Raise InputError for scores below 0 or above 1."""
    low, high = scores.min(), scores.max()
    if low < 0 or high > 1:
        raise InputError(f"{{scores}} must be probabilities, from 0 to 1, got {low:g} to {high:g}", "scores")


def check_both_kinds(n_spikes: int, n_bins: int, what_for: str = "AUC is") -> None:
    """Raise InputError if there are no spikes, or nothing else: what is asked for (`AUC is`) is undefined."""
    if not 0 < n_spikes < n_bins:
        what = "no spikes" if n_spikes == 0 else "only spikes"
        raise InputError(f"{what_for} undefined: there are {what} among the {n_bins} ms of {{spikes}}", "spikes")


def simulations(values: np.ndarray, name: str) -> np.ndarray:
    """The array as (n_simulations, T); one trace is one simulation. Raises InputError for more axes."""
    if values.ndim not in (1, 2):
        raise InputError(f"{{{name}}} must be (n_simulations, T), got an array {values.shape}", name)
    return np.atleast_2d(values)
