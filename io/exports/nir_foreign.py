"""Graphs of NIR that other programs write, as one network of leaky integrate-and-fire units.

Any number of LIF and CubaLIF nodes become the units of one network, in the graph's order. As simulators do, a spike counts
as 1 during one step of dt_s, and linear equations are integrated by forward Euler: tau' is such that exp(-dt / tau') is
1 - dt / tau. What arrives at a CubaLIF node passes its synapse, the inputs too. LIF units that spikes reach without any
synapse get one that lasts one step. Voltages have no unit in these graphs: they are mapped so that units reset to -65 mV
and fire at -40 mV, as ours do.
"""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from rate2spike.errors import InputError
from rate2spike.io.exports.nir_export import NIRNetwork
from rate2spike.io.exports.nir_signals import CONSTANT, FILTERS, NEURONS, FlatGraph, Signal, flat
from rate2spike.machine.blas_threads import one_blas_thread
from rate2spike.plausible import warn_caller

if TYPE_CHECKING:
    import nir

V_RESET_MV, V_PEAK_MV = -65.0, -40.0
ONE_STEP = 50  # a synapse this many times faster than a step is over after one


@dataclass(eq=False)
class _Parts:
    """The network as it is put together; N units."""

    w: np.ndarray  # (N, N)
    w_in: np.ndarray  # (N, n_inputs)
    constant: np.ndarray  # (N,)
    tau_d_s: np.ndarray  # (N,) of the synapses that spikes pass; NaN: not known yet
    tau_r_s: np.ndarray
    input_tau_s: np.ndarray  # (N,) of those that inputs pass; 0: none
    slots: dict[str, slice]  # where the units of a neuron node and the columns of an input node are
    dt_s: float
    notes: list[str] = field(default_factory=list)


@one_blas_thread()
def foreign_network(graph: "nir.NIRGraph", dt_s: float, input_step_s: float) -> NIRNetwork:
    """The network of a graph, for steps of dt_s. Warns, in one line, of what differs. Raises InputError."""
    one = flat(graph)
    names, inputs = one.of_kind(*NEURONS), one.of_kind("Input")
    if not names:
        raise InputError(
            f"it has no LIF or CubaLIF node, but {', '.join(sorted({one.kind(name) for name in one.nodes}))}"
        )
    slots = _slots(one, names) | _slots(one, inputs)
    n, n_inputs = (sum(one.size(name) for name in some) for some in (names, inputs))
    parts = _Parts(
        w=np.zeros((n, n)),
        w_in=np.zeros((n, n_inputs)),
        constant=np.zeros(n),
        tau_d_s=np.full(n, np.nan),
        tau_r_s=np.full(n, np.nan),
        input_tau_s=np.full(n, np.nan),
        slots=slots,
        dt_s=dt_s,
    )
    for name in names:
        _connect(one, name, parts)
    parts.input_tau_s = np.nan_to_num(parts.input_tau_s)
    w_out = _readout(one, parts)
    unknown = np.isnan(parts.tau_d_s)
    parts.tau_d_s[unknown], parts.tau_r_s[unknown] = dt_s / ONE_STEP, 0.0
    if parts.notes:
        warn_caller("; ".join(dict.fromkeys(parts.notes)))
    return _in_mv(one, names, parts, w_out, input_step_s)


def _slots(one: FlatGraph, names: list[str]) -> dict[str, slice]:
    ends = np.cumsum([one.size(name) for name in names]).tolist()
    return {name: slice(end - one.size(name), end) for name, end in zip(names, ends, strict=True)}


def _connect(one: FlatGraph, name: str, parts: _Parts) -> None:
    """What arrives at a neuron node."""
    gain, own = one.constant(name, "r"), None
    if one.kind(name) == "CubaLIF":
        gain, own = gain * one.constant(name, "w_in"), one.constant(name, "tau_syn")
    units = parts.slots[name]
    parts.constant[units] += one.constant(name, "v_leak")
    for origin, weight in one.arriving(name).items():
        weight = gain[:, None] * weight
        if origin == CONSTANT:
            parts.constant[units] += weight[:, 0]
            if own is not None and weight.any():
                parts.notes.append("constant currents act from the start, and do not rise through a synapse")
        elif one.kind(origin) not in FILTERS:
            _add(one, parts, units, origin, weight, _Synapse(own, np.zeros(len(weight))))
        elif own is not None:
            raise InputError(
                f"node {name!r} has a synapse, and so has {origin!r} before it: units have one synapse here"
            )
        else:
            _through(one, parts, units, origin, weight)


def _through(one: FlatGraph, parts: _Parts, units: slice, name: str, weight: np.ndarray) -> None:
    """What a filter node brings to units."""
    slow, fast, arriving, leak = _filter(one, name)
    synapse = _Synapse(_of_rows(name, weight, slow), _of_rows(name, weight, fast))
    parts.constant[units] += weight @ leak
    for origin, before in arriving.items():
        if origin == CONSTANT:
            parts.constant[units] += weight @ before[:, 0]
        elif one.kind(origin) in FILTERS:
            raise InputError(f"node {name!r} filters what {origin!r} has filtered: units have one synapse here")
        else:
            _add(one, parts, units, origin, weight @ before, synapse)


def _filter(one: FlatGraph, name: str) -> tuple[np.ndarray, np.ndarray, Signal, np.ndarray]:
    """Decay and rise of a filter node in s, what arrives at it times its gain, and its constant."""
    gain, leak = one.constant(name, "r"), one.constant(name, "v_leak")
    if one.kind(name) == "LI":
        slow, fast = one.constant(name, "tau"), np.zeros(one.size(name))
    else:
        slow, fast = one.constant(name, "tau_mem"), one.constant(name, "tau_syn")
        gain = gain * one.constant(name, "w_in")
    return slow, fast, {o: gain[:, None] * value for o, value in one.arriving(name).items()}, leak


def _of_rows(name: str, weight: np.ndarray, values: np.ndarray) -> np.ndarray:
    """(rows,) the value of the columns that a row takes from. Raises InputError if these differ."""
    used = weight != 0
    low, high = (np.where(used, values, fill).T for fill in (np.inf, -np.inf))
    low, high = low.min(0), high.max(0)
    if (high - low > 1e-9 * np.abs(high)).any():
        raise InputError(
            f"units get signals from node {name!r} with several time constants: they have one synapse here"
        )
    return np.where(used.any(1), high, values[0])


class _Synapse(NamedTuple):
    """Of the rows of a weight."""

    tau_s: np.ndarray | None  # None: there is none
    rise_s: np.ndarray


def _add(one: FlatGraph, parts: _Parts, units: slice, origin: str, weight: np.ndarray, synapse: _Synapse) -> None:
    """Connections (rows x size of the origin) whose signal a synapse filters."""
    (tau_s, rise_s), dt_s = synapse, parts.dt_s
    rows = (weight != 0).any(1)
    here = np.arange(units.start, units.stop)[rows]
    if one.kind(origin) == "Input":
        if rise_s[rows].any():
            raise InputError(f"input passes a double-exponential synapse on its way from node {origin!r}")
        tau = np.zeros(len(weight)) if tau_s is None else _euler(tau_s, dt_s)
        _agree(parts.input_tau_s, here, tau[rows], "inputs reach some units both with and without a synapse")
        parts.w_in[units, parts.slots[origin]] += weight
        return
    if tau_s is None:
        tau = area = np.full(len(weight), dt_s / ONE_STEP)
    else:  # pulses of 1 during dt, of area dt
        tau = np.where(rise_s > 0, tau_s, _euler(tau_s, dt_s))
        area = np.where(rise_s > 0, dt_s, tau * np.minimum(dt_s / tau_s, 1))
    text = "spikes reach some units through several synapses"
    _agree(parts.tau_d_s, here, tau[rows], text)
    _agree(parts.tau_r_s, here, rise_s[rows], text)
    parts.w[units, parts.slots[origin]] += weight * area[:, None]


def _euler(tau_s: np.ndarray, dt_s: float) -> np.ndarray:
    """tau' with exp(-dt / tau') = 1 - dt / tau; one step where tau is no longer than one."""
    if (tau_s <= 0).any():
        raise InputError(f"a time constant is {tau_s.min():g} s, it must be above 0")
    passed = np.minimum(dt_s / tau_s, 1 - np.exp(-float(ONE_STEP)))
    return -dt_s / np.log1p(-passed)


def _agree(known: np.ndarray, here: np.ndarray, values: np.ndarray, text: str) -> None:
    differs = ~np.isnan(known[here]) & (np.abs(known[here] - values) > 1e-9 * np.abs(values))
    if differs.any():
        raise InputError(f"{text}: units have one synapse here")
    known[here] = values


def _readout(one: FlatGraph, parts: _Parts) -> np.ndarray:
    """(n_outputs, N) weights of the rates, which each unit filters with its own tau_d."""
    rows = []
    for name in one.of_kind("Output"):
        row = np.zeros((one.size(name), len(parts.w)))
        for origin, weight in one.arriving(name).items():
            if origin == CONSTANT:
                parts.notes.append("the output's constant is left out")
            elif one.kind(origin) in FILTERS:
                _read_filtered(one, parts, row, origin, weight)
            else:
                _read_spikes(one, parts, row, origin, weight)
        rows.append(row)
    if not rows:
        raise InputError("it has no output")
    return np.vstack(rows)


def _read_spikes(one: FlatGraph, parts: _Parts, row: np.ndarray, origin: str, weight: np.ndarray) -> None:
    """Spikes as they are: exact where a unit's filter lasts one step, else smoothed by it."""
    dt_s, units = parts.dt_s, _units_before_output(one, parts, origin)
    tau_d_s = parts.tau_d_s[units]
    tau_d_s[np.isnan(tau_d_s)] = dt_s / ONE_STEP
    parts.tau_d_s[units], parts.tau_r_s[units] = tau_d_s, np.nan_to_num(parts.tau_r_s[units])
    smoothed = tau_d_s > dt_s
    if smoothed.any():
        parts.notes.append("the output, spikes in the graph, is smoothed by the units' synaptic filter here")
    row[:, units] += weight * np.where(smoothed, dt_s, tau_d_s)


def _read_filtered(one: FlatGraph, parts: _Parts, row: np.ndarray, name: str, weight: np.ndarray) -> None:
    (slow, fast, arriving, leak), dt_s = _filter(one, name), parts.dt_s
    if leak.any():
        parts.notes.append("the output's constant is left out")
    for origin, inner in arriving.items():
        if origin == CONSTANT:
            parts.notes.append("the output's constant is left out")
            continue
        units = _units_before_output(one, parts, origin)
        tau_s, rise_s = _of_rows(name, inner.T, slow), _of_rows(name, inner.T, fast)
        tau = np.where(rise_s > 0, tau_s, _euler(tau_s, dt_s))
        unknown = np.isnan(parts.tau_d_s[units])
        tau_d_s, tau_r_s = np.where(unknown, tau, parts.tau_d_s[units]), np.where(unknown, rise_s, parts.tau_r_s[units])
        parts.tau_d_s[units], parts.tau_r_s[units] = tau_d_s, tau_r_s
        if not (np.allclose(tau_d_s, tau, 1e-9) and np.allclose(tau_r_s, rise_s, 1e-9)):
            parts.notes.append("the output is filtered with the units' synaptic time constants here, not with its own")
        area = np.where(rise_s > 0, dt_s, tau * np.minimum(dt_s / tau_s, 1))
        row[:, units] += weight @ inner * area


def _units_before_output(one: FlatGraph, parts: _Parts, origin: str) -> slice:
    if one.kind(origin) not in NEURONS:
        raise InputError(f"node {origin!r} reaches the output without a neuron between")
    return parts.slots[origin]


def _in_mv(one: FlatGraph, names: list[str], parts: _Parts, w_out: np.ndarray, input_step_s: float) -> NIRNetwork:
    """The network with every unit's voltages mapped on ours."""

    def each(cuba: str, lif: str) -> np.ndarray:
        return np.concatenate([one.constant(name, cuba if one.kind(name) == "CubaLIF" else lif) for name in names])

    reset, threshold, tau_m_s = each("v_reset", "v_reset"), each("v_threshold", "v_threshold"), each("tau_mem", "tau")
    if not (reset < threshold).all() or not np.isfinite(reset).all():
        raise InputError("v_reset must be below v_threshold in every unit")
    if not (tau_m_s > 0).all() or not np.isfinite(tau_m_s).all():
        raise InputError(f"membrane time constants must be above 0, got {tau_m_s.min():g} s")
    never = np.isinf(threshold)
    scale = (V_PEAK_MV - V_RESET_MV) / np.where(never, 1, threshold - reset)
    n = reset.size
    return NIRNetwork(
        w=parts.w * scale[:, None],
        w_in=parts.w_in * scale[:, None],
        w_out=w_out,
        tau_d_s=parts.tau_d_s,
        tau_r_s=parts.tau_r_s,
        tau_m_s=tau_m_s,
        v_leak_mv=V_RESET_MV + (parts.constant - reset) * scale,
        v_threshold_mv=np.where(never, np.inf, V_PEAK_MV),
        v_reset_mv=np.full(n, V_RESET_MV),
        t_ref_s=np.zeros(n),
        noise_sd_mv=np.zeros(n),
        unit_types=_types(parts.w),
        dt_s=parts.dt_s,
        input_step_s=input_step_s,
        start_span_mv=0.0,
        scaling_factor=1.0,
        input_tau_s=parts.input_tau_s if parts.input_tau_s.any() else None,
    )


def _types(w: np.ndarray) -> np.ndarray:
    """(N,) by the sign of what a unit sends, as far as it has one."""
    return np.where((w <= 0).all(0) & w.any(0), "inhibitory", np.where((w >= 0).all(0), "excitatory", "mixed"))
