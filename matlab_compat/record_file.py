"""One trial of a spiking network in the historic names, shapes and classes of MATLAB."""

import os
from collections.abc import Iterable
from typing import Any

import numpy as np

from rate2spike.errors import InputError
from rate2spike.io.records import RecordedTrial, events_of, known_names
from rate2spike.matlab_compat.matfile import loadmat

HISTORIC = {  # what the published simulator calls the fields of a trial and of a network
    "w": "W",
    "voltage_mv": "REC",
    "spikes": "spk",
    "rates": "rs",
    "firing_rate_hz": "all_fr",
    "output": "out",
    "dt_s": "dt",
    "duration_s": "T",
    "n_steps": "nt",
    "tau_d_s": "td",
    "tau_d_initial_s": "td0",
    "ipsc": "IPSCs",
    "n_units": "N",
    "inhibitory": "inh",
}
HISTORIC_NAMES = ("W", "REC", "spk", "rs", "all_fr", "out", "params")


def historic_variables(
    record: RecordedTrial, names: str | Iterable[str] = HISTORIC_NAMES, *, compact: bool = False
) -> dict[str, Any]:
    """{W, REC, spk, rs, all_fr, out, params} as MATLAB has them; quantities not recorded are left out.

    For a model stored in single precision W, out and params.w_out, .td, .td0 are single; all else is double. Where the
    model has one time constant for all units, td and td0 are that number, double. With `compact` spikes are uint8 and
    traces keep the precision of the simulation, for a receiver that converts them.
    """
    if record.stride != 1:
        raise InputError("the historic variables hold every step: save a record with a stride as .h5")
    traces = None if compact else np.float64
    is_single = record.w_out is not None and record.w_out.dtype == np.float32
    td, td0 = (_column(tau) for tau in (record.tau_d_s, record.tau_d_initial_s))
    if record.common_tau_s is not None:
        td = td0 = np.array([[record.common_tau_s]])
    params = {
        "dt": record.dt_s,
        "T": record.duration_s,
        "nt": record.n_steps,
        "w_out": record.w_out,
        "td": td,
        "td0": td0,
        "IPSCs": _cast(record.ipsc, traces),
    }
    values = {
        "W": record.w,
        "REC": _cast(record.voltage_mv, traces),
        "spk": _cast(record.spikes, np.uint8 if compact else np.float64),
        "rs": _cast(record.rates, traces),
        "all_fr": _column(record.firing_rate_hz),
        "out": _cast(record.output, np.float32 if is_single else np.float64),
        "params": {k: v for k, v in params.items() if v is not None},
    }
    return {name: values[name] for name in known_names(names, HISTORIC_NAMES) if values[name] is not None}


def read_historic(path: str | os.PathLike) -> dict[str, Any]:
    """The fields of a trial that `savemat` wrote of `historic_variables`, or the published simulator. Raises InputError."""
    variables = loadmat(path)
    try:
        params = variables["params"][0, 0]
        rates_hz = variables["all_fr"].ravel()
        td, td0 = (params[name].ravel() for name in ("td", "td0"))
        common_tau_s = None
        if td.size == 1 < rates_hz.size:
            common_tau_s = td.item()
            td, td0 = (np.full(rates_hz.size, tau.item()) for tau in (td, td0))
        return dict(
            firing_rate_hz=rates_hz,
            dt_s=params["dt"].item(),
            n_steps=int(params["nt"].item()),
            output=variables.get("out"),
            voltage_mv=variables.get("REC"),
            rates=variables.get("rs"),
            events=events_of(variables["spk"] > 0) if "spk" in variables else None,
            ipsc=params["IPSCs"] if "IPSCs" in params.dtype.names else None,
            w=variables.get("W"),
            w_out=params["w_out"],
            tau_d_s=td,
            tau_d_initial_s=td0,
            common_tau_s=common_tau_s,
        )
    except (KeyError, TypeError, IndexError, ValueError, AttributeError):
        raise InputError(f"{path} does not hold the output of a simulation (all_fr and params are needed)") from None


def _column(values: np.ndarray | None) -> np.ndarray | None:
    return None if values is None else values[:, None]


def _cast(values: np.ndarray | None, kind: type | None) -> np.ndarray | None:
    return values if values is None or kind is None else values.astype(kind)
