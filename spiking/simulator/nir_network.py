"""A spiking network in the terms of io/exports/nir_export.py, and back."""

import os

import numpy as np

from rate2spike.calls import public
from rate2spike.checks import is_number, shown
from rate2spike.checks import path as checked_path
from rate2spike.errors import InputError
from rate2spike.io.exports.nir_export import NIRNetwork
from rate2spike.io.exports.nir_import import read_nir_network
from rate2spike.plausible import not_typed_here
from rate2spike.spiking.kernels.records import V_START_SPAN_MV
from rate2spike.spiking.simulator.network import SpikingNetwork
from rate2spike.spiking.simulator.params import LIFParams
from rate2spike.trained_model import STEP_S

_PER_UNIT = (
    "tau_d_s",
    "tau_r_s",
    "tau_m_s",
    "v_leak_mv",
    "v_threshold_mv",
    "v_reset_mv",
    "t_ref_s",
    "noise_sd_mv",
    "unit_types",
)


def nir_network(network: SpikingNetwork) -> NIRNetwork:
    """The arrays that NIR's graph of the network holds. Raises InputError for neurons that NIR has no equation for."""
    params, n = network.params, network.n_units
    if network.dendrites is not None:
        raise InputError(
            f"NIR has no equation for {network.dendrites.kind} dendrites: only networks without dendrites can be exported"
        )
    if params.kind != "lif":
        raise InputError(f"NIR has no equation for {params.kind} neurons: only lif neurons can be exported")
    bias_mv = params.per_unit("bias_mv", n)
    threshold_mv = params.per_unit("v_peak_mv", n)
    if network.silent is not None:
        threshold_mv[network.silent] = np.inf  # never fires
    return NIRNetwork(
        w=network.w,
        w_in=network.w_in,
        w_out=network.readout,
        tau_d_s=network.tau_d_s,
        tau_r_s=params.per_unit("tau_r_s", n),
        tau_m_s=params.per_unit("tau_m_s", n),
        v_leak_mv=bias_mv if network.unit_bias is None else bias_mv + network.unit_bias,
        v_threshold_mv=threshold_mv,
        v_reset_mv=params.per_unit("v_reset_mv", n),
        t_ref_s=params.per_unit("t_ref_s", n),
        noise_sd_mv=params.noise_per_step_mv(n, network.dt_s),
        unit_types=network.types,
        dt_s=network.dt_s,
        input_step_s=STEP_S * network.downsample,
        start_span_mv=V_START_SPAN_MV,
        scaling_factor=network.scaling_factor,
        input_tau_s=network.input_tau_s,
    )


@public()
def read_nir(path: str | os.PathLike, dt_s: float | None = None) -> SpikingNetwork:
    """The network of a .nir file: a graph that `export` wrote, or one of LIF or CubaLIF neurons by another program.

    Its weights count as already scaled: the scaling factor is 1. Warns, in one line, of what differs from the graph.

    Parameters
    ----------
    path : path
        The file.
    dt_s : float, default None
        Step of another program's graph, s; None is what its metadata say, else 0.1 ms. Our graphs hold their own.

    Returns
    -------
    SpikingNetwork

    Raises
    ------
    InputError
        For a file that is no such graph, and where the package nir is not installed (extra `nir`).

    Examples
    --------
    >>> import rate2spike as r2s
    >>> quiet = r2s.LIFParams(t_ref_s=0, noise_sd_mv=0)  # NIR has no place for either
    >>> network = r2s.SpikingNetwork.from_model("go_nogo.mat", 25, params=quiet)
    >>> r2s.exports.write_nir(network, "go_nogo.nir")
    >>> r2s.read_nir("go_nogo.nir").n_units
    200
    """
    checked_path(path, "path")
    if dt_s is not None and not is_number(dt_s):
        raise InputError(f"the step must be a number of seconds, got {shown(dt_s)}", "dt_s")
    if dt_s is not None and not 0 < dt_s <= STEP_S:
        raise InputError(f"the step must be above 0 and at most {STEP_S * 1e3:g} ms, got {dt_s * 1e3:g} ms", "dt_s")
    return _spiking_network(read_nir_network(path, dt_s, STEP_S), path)


def _spiking_network(read: NIRNetwork, path: str | os.PathLike) -> SpikingNetwork:
    _check(read, path)
    silent = np.isinf(read.v_threshold_mv)
    downsample, steps_per_column = read.input_step_s / STEP_S, read.input_step_s / read.dt_s
    if min(downsample, steps_per_column) < 0.5 or any(abs(n - round(n)) > 1e-6 for n in (downsample, steps_per_column)):
        raise InputError(
            f"{path}: steps of {read.dt_s * 1e3:g} ms do not divide an input column's {read.input_step_s * 1e3:g} ms"
        )
    try:
        with not_typed_here():
            params = LIFParams(
                tau_m_s=_common(read.tau_m_s),
                t_ref_s=_common(read.t_ref_s),
                tau_r_s=_common(read.tau_r_s),
                v_reset_mv=_common(read.v_reset_mv),
                bias_mv=_common(read.v_leak_mv),
                noise_sd_mv=_common(read.noise_sd_mv),
                v_peak_mv=_common(np.where(silent, LIFParams.v_peak_mv, read.v_threshold_mv)),
            )
    except InputError as error:
        raise InputError(f"{path}: {error}") from None
    types = read.unit_types
    return SpikingNetwork(
        w=read.w,
        w_in=read.w_in,
        w_out=read.w_out,
        tau_d_s=read.tau_d_s,
        tau_d_initial_s=read.tau_d_s,
        inhibitory=np.logical_and((read.w <= 0).all(0), read.w.any(0)),
        som=np.char.startswith(types, "SOM"),
        scaling_factor=1.0,
        unit_types=types,
        downsample=round(downsample),
        steps_per_column=round(steps_per_column),
        params=params,
        silent=silent if silent.any() else None,
        input_tau_s=read.input_tau_s,
    )


def _check(read: NIRNetwork, path: str | os.PathLike) -> None:
    n = len(read.w)
    per_unit = [getattr(read, name) for name in _PER_UNIT]
    if (
        read.w.shape != (n, n)
        or len(read.w_in) != n
        or read.w_out.shape[1:] != (n,)
        or {a.shape for a in per_unit} != {(n,)}
    ):
        raise InputError(f"{path}: its arrays do not fit together, or do not fit its {n} units")
    if not read.w_in.size:
        raise InputError(f"{path}: it has no input")
    for name in ("w", "w_in", "w_out", "tau_d_s"):
        if not np.isfinite(getattr(read, name)).all():
            raise InputError(f"{path}: {name} would hold NaN or infinite values")
    if not (read.tau_d_s > 0).all() or not read.dt_s > 0:
        raise InputError(f"{path}: time constants and the step must be above 0")


def _common(values: np.ndarray) -> float | np.ndarray:
    """One number where all units have the same."""
    return float(values[0]) if (values == values[0]).all() else values
