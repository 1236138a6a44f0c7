"""A spiking network in the terms of io/nir_export.py."""

import numpy as np

from rate2spike.errors import InputError
from rate2spike.io.nir_export import NIRNetwork
from rate2spike.matlab_compat.model_file import STEP_S
from rate2spike.spiking.network import SpikingNetwork
from rate2spike.spiking.simulate_reference import V_START_SPAN_MV


def nir_network(network: SpikingNetwork) -> NIRNetwork:
    """The arrays that NIR's graph of the network holds. Raises InputError for neurons that NIR has no equation for."""
    params, n = network.params, network.n_units
    if params.kind != "lif":
        raise InputError(f"NIR has no equation for {params.kind} neurons: only lif neurons can be exported")
    bias_mv = params.per_unit("bias_mv", n)
    threshold_mv = params.per_unit("v_peak_mv", n)
    if network.silent is not None:
        threshold_mv[network.silent] = np.inf  # never fires
    return NIRNetwork(
        w=network.w, w_in=network.w_in, w_out=network.readout, tau_d_s=network.tau_d_s,
        tau_r_s=params.per_unit("tau_r_s", n), tau_m_s=params.per_unit("tau_m_s", n),
        v_leak_mv=bias_mv if network.unit_bias is None else bias_mv + network.unit_bias, v_threshold_mv=threshold_mv,
        v_reset_mv=params.per_unit("v_reset_mv", n), t_ref_s=params.per_unit("t_ref_s", n),
        noise_sd_mv=params.noise_per_step_mv(n, network.dt_s), unit_types=network.types, dt_s=network.dt_s,
        input_step_s=STEP_S * network.downsample, start_span_mv=V_START_SPAN_MV, scaling_factor=network.scaling_factor,
    )  # fmt: skip
