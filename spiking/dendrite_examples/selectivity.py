"""How selective neurons are for the classes of what they are shown."""

import numpy as np


def class_means(responses: np.ndarray, labels: np.ndarray, n_classes: int) -> np.ndarray:
    """(n_units, n_classes) mean responses to the stimuli of each class; responses (n_stimuli, n_units), labels (n_stimuli,).

    A class without stimuli has mean 0.
    """
    sums = np.zeros((n_classes, responses.shape[1]))
    np.add.at(sums, labels, responses)
    counts = np.bincount(labels, minlength=n_classes)
    return (sums / np.maximum(counts, 1)[:, None]).T


def selectivity(means: np.ndarray) -> np.ndarray:
    """Index of each unit, (n_units,), from its mean responses to n classes (n_units, n_classes), which are not negative.

    S = (1 - (Σ r/n)² / Σ (r²/n)) / (1 - 1/n): 0 if all classes excite a unit alike, 1 if one of them alone does (Vinje &
    Gallant, Science 287, 2000, from the sparseness of Rolls & Tovee, J. Neurophysiol. 73, 1995). A silent unit has 0.
    """
    n_classes = means.shape[1]
    squares = (means**2).mean(1)
    breadth = np.divide(means.mean(1) ** 2, squares, out=np.ones_like(squares), where=squares > 0)
    return (1 - breadth) / (1 - 1 / n_classes)


def preferred_share(responses: np.ndarray, labels: np.ndarray, means: np.ndarray) -> float:
    """Share of stimuli whose class is that of the units that answer most: decoding without any training.

    A unit speaks for the class that it prefers in `means` (n_units, n_classes), which must be of other stimuli. The answer is
    the class whose units respond most in the mean. Chance is one over the number of classes.
    """
    preferred = means.argmax(1)
    votes = class_means(responses.T, preferred, means.shape[1])  # (n_stimuli, n_classes)
    return float((votes.argmax(1) == labels).mean())
