"""A spiking network that came from elsewhere, as a model file that every command takes."""

import json

import numpy as np

from rate2spike.errors import InputError
from rate2spike.spiking.simulator.network import SpikingNetwork
from rate2spike.spiking.simulator.params import LIFParams
from rate2spike.trained_model import STEP_S, TrainedModel

NEVER_MV = 1e9  # the threshold of units that never fire


def model_of(network: SpikingNetwork, **settings: str | float) -> TrainedModel:
    """The model whose `SpikingNetwork.from_model` computes what the network does, to the bit. N units.

    Its weights are the network's own, so that its scaling factor is 1; there is nothing of a training in it. The historic
    variables taus and taus_gaus give the time constants to rounding; these, the neurons' constants and the step themselves
    are in r2s_tau_d_s, r2s_neuron, r2s_dt_s. settings: further ones. Raises InputError for other neurons than LIF.
    """
    n, params = network.n_units, network.params
    if not isinstance(params, LIFParams):
        raise InputError(f"only networks of lif neurons become model files, got {params.kind}")
    w, w_in, w_out = _in_one_class(network.w, network.w_in, network.readout)
    signs = np.where(network.inhibitory, -1, 1).astype(w.dtype)
    obeys_dale = bool((w * signs >= 0).all())
    limits, logit = _logit(network.tau_d_s)
    names = sorted(set(network.types.tolist()))
    stored: dict[str, object] = {
        "apply_dale": obeys_dale,
        "tau_d_s": network.tau_d_s.astype(np.float64)[:, None],
        "dt_s": network.dt_s,
        "neuron": json.dumps(_neuron(network)),
    }
    if network.input_tau_s is not None:
        stored["input_tau_s"] = network.input_tau_s.astype(np.float64)[:, None]
    return TrainedModel(
        w_rec=np.abs(w) if obeys_dale else w,
        w_rec_initial=np.abs(w) if obeys_dale else w,
        w_in=w_in,
        w_out=w_out,
        tau_logit=logit.astype(w.dtype),
        tau_logit_initial=logit.astype(w.dtype),
        tau_limits_steps=limits,
        sign_matrix=np.diag(signs if obeys_dale else np.ones_like(signs)),
        connection_mask=np.ones_like(w),
        inhibitory=network.inhibitory if obeys_dale else np.zeros(n, bool),
        excitatory=~network.inhibitory if obeys_dale else np.ones(n, bool),
        n_units=n,
        n_som=0,
        b_out=0.0,
        scaling_factor=1.0,
        unit_bias=None if network.unit_bias is None else network.unit_bias.astype(np.float64)[:, None],
        dendrites=network.dendrites,
        cell_type_names=tuple(name.replace(",", " ") for name in names),
        cell_type=np.array([names.index(name) for name in network.types]),
        settings=stored | settings,
    )


def _in_one_class(*arrays: np.ndarray) -> list[np.ndarray]:
    """float32, as trained networks are, if it holds all of them to the bit; else float64."""
    wide = [array.astype(np.float64) for array in arrays]
    with np.errstate(over="ignore"):
        narrow = [array.astype(np.float32) for array in wide]
    return narrow if all((a == b).all() for a, b in zip(narrow, wide, strict=True)) else wide


def _neuron(network: SpikingNetwork) -> dict:
    params, n = network.params, network.n_units
    settings = params.as_settings()
    if network.silent is not None:
        settings["v_peak_mv"] = np.where(network.silent, NEVER_MV, params.per_unit("v_peak_mv", n)).tolist()
    return settings


def _logit(tau_d_s: np.ndarray) -> tuple[tuple[float, float], np.ndarray]:
    """taus and taus_gaus (N, 1) of the historic file."""
    steps = tau_d_s.astype(np.float64) / STEP_S
    low, high = 0.5 * steps.min(), 1.5 * steps.max()
    share = (steps - low) / (high - low)
    return (float(low), float(high)), np.log(share / (1 - share))[:, None]
