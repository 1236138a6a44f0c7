"""Functions that the published package offers beside its layers."""

from typing import Any

from rate2spike.calls import public
from rate2spike.checks import POSITIVE, number, shown
from rate2spike.errors import InputError
from rate2spike.machine.keras_on_tensorflow import keras, tf


@public()
def diff_mask_mult_sum(x1: Any, x2: Any, mask: Any, factor: Any) -> tf.Tensor:
    """Sums of scaled differences: y_j = Σ_i mask_ij factor_ij (x1_i - x2_j).

    Parameters
    ----------
    x1 : array (..., n1)
        What is summed over.
    x2 : array (..., n2)
        What is subtracted.
    mask : array (n1, n2)
        Which differences count.
    factor : float or array that broadcasts to (n1, n2)
        Their factors.

    Returns
    -------
    tensor (..., n2)
        In the dtype of x1.

    Raises
    ------
    InputError
        For shapes that do not fit.

    Examples
    --------
    >>> import rate2spike as r2s
    >>> r2s.dendrites.diff_mask_mult_sum([[1.0, 2.0]], [[0.5]], [[1], [1]], 2.0).numpy().tolist()
    [[4.0]]
    """
    x1 = _floating(x1, "x1")
    others = {"x2": x2, "mask": mask, "factor": factor}
    x2, mask, factor = (tf.cast(_floating(one, name, x1.dtype), x1.dtype) for name, one in others.items())
    if x1.shape.rank == 0 or x2.shape.rank == 0 or tuple(mask.shape) != (x1.shape[-1], x2.shape[-1]):
        raise InputError(
            f"{{mask}} must be (n1, n2) for {{x1}} (..., n1) and {{x2}} (..., n2), got the shapes {tuple(mask.shape)}, "
            f"{tuple(x1.shape)} and {tuple(x2.shape)}",
            *("mask", "x1", "x2"),
        )
    try:
        weights = tf.broadcast_to(factor, mask.shape) * mask
    except (ValueError, tf.errors.InvalidArgumentError):
        raise InputError(
            f"{{factor}} must broadcast to the shape {tuple(mask.shape)} of {{mask}}, got {tuple(factor.shape)}",
            *("factor", "mask"),
        ) from None
    return tf.tensordot(x1, weights, 1) - x2 * tf.reduce_sum(weights, 0)


@public()
def unfold_forward_fold(x_seq: Any, module: Any) -> tf.Tensor:
    """Apply layers without states to all steps of a sequence at once.

    Parameters
    ----------
    x_seq : array (T, B, ...)
        The sequence, time first.
    module : function of a tensor (N, ...), or a list of them
        Layers or functions; a list is applied in order.

    Returns
    -------
    tensor (T, B, ...)
        Their output for every step.

    Raises
    ------
    InputError
        For a sequence of fewer than two axes, and for what is no function.

    Examples
    --------
    >>> import numpy as np, tensorflow as tf, rate2spike as r2s
    >>> r2s.dendrites.unfold_forward_fold(np.ones((5, 2, 3)), [tf.exp, lambda x: x[:, :2]]).shape
    TensorShape([5, 2, 2])
    """
    x = _tensor(x_seq, "x_seq")
    if x.shape.rank is not None and x.shape.rank < 2:
        raise InputError(f"{{x_seq}} must be a sequence (T, B, ...), got the shape {tuple(x.shape)}", "x_seq")
    modules = module if isinstance(module, list | tuple) else [module]
    for one in modules:
        if not callable(one):
            raise InputError(f"{{module}} must be a function, or several, got {shown(one)}", "module")
    n_steps, n_batch = (tf.shape(x)[k] if x.shape[k] is None else x.shape[k] for k in range(2))
    y = tf.reshape(x, tf.concat([[n_steps * n_batch], tf.shape(x)[2:]], 0))
    for one in modules:
        y = one(y)
    return tf.ensure_shape(
        tf.reshape(y, tf.concat([[n_steps, n_batch], tf.shape(y)[1:]], 0)), [*x.shape[:2], *y.shape[1:]]
    )


@public()
def gaussian(x: Any, mean: float, var: float) -> tf.Tensor:
    """Density of the normal distribution, exp(-(x - mean)² / (2 var)) / sqrt(2π var).

    Parameters
    ----------
    x : array of any shape
        Where.
    mean : float
        Mean.
    var : float
        Variance, positive.

    Returns
    -------
    tensor in the shape of x

    Raises
    ------
    InputError
        For a mean or variance that cannot be used.

    Examples
    --------
    >>> import rate2spike as r2s
    >>> round(float(r2s.dendrites.gaussian(0.5, 0.5, 0.25)), 6)
    0.797885
    """
    mean, var = number(mean, "{mean}", "mean"), number(var, "{var}", "var", POSITIVE)
    x = _floating(x)
    return tf.exp(-tf.square(x - mean) / (2 * var)) / (2 * 3.141592653589793 * var) ** 0.5


def _tensor(x: Any, name: str, of_numbers: tf.DType | None = None) -> tf.Tensor:
    """A tensor, of Python's numbers in a dtype. Raises InputError for what is no array of numbers."""
    try:
        tensor = tf.convert_to_tensor(x, dtype_hint=of_numbers)
    except (ValueError, TypeError):
        tensor = tf.constant("")
    if tensor.dtype == tf.string:
        raise InputError(f"{{{name}}} must be an array of numbers, got {shown(x)}", name)
    return tensor


def _floating(x: Any, name: str = "x", of_numbers: tf.DType | None = None) -> tf.Tensor:
    """A tensor in its own precision, Python's numbers in another. Raises InputError for what is no array of numbers."""
    tensor = _tensor(x, name, of_numbers)
    return tensor if tensor.dtype.is_floating else tf.cast(tensor, keras.config.floatx())
