"""What the rate network would do: its noise-free outputs in NumPy, the measure that a spiking network is held against."""

import numpy as np

from rate2spike.dendritic_input import DendriticInput
from rate2spike.machine.blas_threads import one_blas_thread
from rate2spike.rate.config import CEILING
from rate2spike.trained_model import STEP_S, TrainedModel


@one_blas_thread()
def rate_trajectory(model: TrainedModel, u: np.ndarray, *, initial: bool = False) -> tuple[np.ndarray, np.ndarray]:
    """Outputs (K, n_outputs, T) and rates (K, N, T) of K trials without noise; u (K, n_inputs, T), steps of 5 ms.

    x_t = (1 - α) x_{t-1} + α (W r_{t-1} + w_in u_{t-1} + bias), r = φ(x), o = w_out r + b_out (Kim et al. 2019, eq. 2);
    with dendrites as in `dendritic_rollout`. Of a tuned model, the weights that were trained.
    """
    model, kind = model.untuned(), np.float32
    w, w_in = model.effective_w(initial=initial).astype(kind), model.w_in.T.astype(kind)
    alpha = (STEP_S / model.tau_s(initial=initial)).astype(kind)
    bias = 0 if model.unit_bias is None else model.unit_bias[:, 0].astype(kind)
    drive = u.transpose(2, 0, 1).astype(kind) @ w_in + bias  # (T, K, N)
    activation = model.activation or "sigmoid"
    if model.dendrites is None:
        rates = _rates_of_points(w.T, alpha, drive, activation)
    else:
        rates = _rates_with_dendrites(w, model.dendrites, alpha, drive, activation)
    b_out = 0 if model.b_out is None else np.ravel(model.b_out).astype(kind)
    outputs = rates @ model.w_out.T.astype(kind) + b_out
    return outputs.transpose(1, 2, 0), rates.transpose(1, 2, 0)


def _rates_of_points(w: np.ndarray, alpha: np.ndarray, drive: np.ndarray, activation: str) -> np.ndarray:
    """(T, K, N); w [source, target]."""
    x = np.zeros(drive.shape[1:], drive.dtype)
    rates = np.empty_like(drive)
    for t in range(len(drive)):
        if t:
            x = (1 - alpha) * x + alpha * (rates[t - 1] @ w + drive[t - 1])
        rates[t] = activate(x, activation)
    return rates


def _rates_with_dendrites(
    w: np.ndarray, dendrites: DendriticInput, alpha: np.ndarray, drive: np.ndarray, activation: str
) -> np.ndarray:
    """(T, K, N); w [target, source]."""
    weights = dendrites.by_compartment(w).transpose(2, 1, 0)  # [source, compartment, target]
    n_units, *of_compartments = weights.shape
    weights = weights.reshape(n_units, -1)
    s = np.zeros(drive.shape[1:], drive.dtype)
    v = np.zeros((len(s), *of_compartments), drive.dtype)
    rates = np.empty_like(drive)
    for t in range(len(drive)):
        if t:
            v = (1 - alpha) * v + alpha * (rates[t - 1] @ weights).reshape(v.shape)
            s = (1 - alpha) * s + alpha * drive[t - 1]
        rates[t] = activate(s + dendrites.current(v).sum(1), activation)
    return rates


def activate(x: np.ndarray, activation: str) -> np.ndarray:
    """Firing rate φ(x). Raises ValueError for an unknown activation."""
    if activation == "sigmoid":
        return 0.5 + 0.5 * np.tanh(0.5 * x)  # does not overflow
    if activation in ("clipped_relu", "relu"):
        return np.clip(x, 0, CEILING)
    if activation == "softplus":
        return np.minimum(np.logaddexp(0, x), CEILING)
    raise ValueError(f"unknown activation {activation!r}")
