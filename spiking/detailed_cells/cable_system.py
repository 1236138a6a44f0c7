"""From membranes and receptors to what the kernel needs at one time step: tables, channels, synapses, states at the start."""

import numpy as np

from rate2spike.spiking.detailed_cells import channels as kinetics
from rate2spike.spiking.detailed_cells.biophysics import CompartmentValues
from rate2spike.spiking.detailed_cells.cable import US_PER_S_CM2_UM2, Cable
from rate2spike.spiking.detailed_cells.gate_tables import ACTIVE, INITIATION, steady_states, tables
from rate2spike.spiking.detailed_cells.lane_runs import Start
from rate2spike.spiking.detailed_cells.synapses import Receptor, magnesium_block
from rate2spike.spiking.kernels import cable as kernel

_MA_CM2_PER_NA_UM2 = 100.0


def tables_of(excitatory: tuple[Receptor, ...], ih_shift_mv: float, dt_ms: float) -> kernel.Tables:
    """Tables with the block of the receptor that has one."""
    block_per_mv = next((one.block_per_mv for one in excitatory if one.block_per_mv is not None), None)

    def block(v_mv: np.ndarray) -> np.ndarray:
        return np.ones_like(v_mv) if block_per_mv is None else magnesium_block(v_mv, block_per_mv)

    return tables(dt_ms, block, ih_shift_mv)


def start_of(v_mv: float, ih_shift_mv: float) -> Start:
    """Gates at rest at a voltage; calcium as NEURON begins with it."""
    return Start(
        v_mv=v_mv,
        ih=float(steady_states(("Ih",), v_mv, ih_shift_mv)[0]),
        active_gates=steady_states(ACTIVE, v_mv),
        initiation_gates=steady_states(INITIATION, v_mv),
        sk=float(steady_states(("SK_E2",), kinetics.CALCIUM_START_MM)[0]),
        ca_mm=kinetics.CALCIUM_START_MM,
    )


def channels_of(cable: Cable, values: CompartmentValues, dt_ms: float) -> kernel.Channels:
    """Channels of all compartments. One with any voltage-gated channel but Ih counts as active."""
    of, nodes = values.density_s_cm2, cable.node_of_compartment
    peak_us = {name: US_PER_S_CM2_UM2 * density * cable.area_um2[nodes] for name, density in of.items()}
    is_initiation = np.any([of[name] > 0 for name in INITIATION], axis=0)
    is_active = np.any([of[name] > 0 for name in (*ACTIVE, "SK_E2")], axis=0) | is_initiation
    gamma, decay_ms = values.calcium_gamma[is_active], values.calcium_decay_ms[is_active]
    has_pool = np.isfinite(gamma)
    inflow = 1e4 * gamma * _MA_CM2_PER_NA_UM2 / cable.area_um2[nodes][is_active]
    rise_per_na = inflow / (2 * kinetics.FARADAY_C_PER_MOL * kinetics.SHELL_UM) * decay_ms
    return kernel.Channels(
        passive=nodes[~is_active],
        passive_ih=peak_us["Ih"][~is_active],
        active=nodes[is_active],
        g_active=np.column_stack([peak_us[name][is_active] for name in ("Ih", *ACTIVE, "SK_E2")]),
        ca_per_na=np.where(has_pool, rise_per_na, 0.0),
        ca_decay=np.where(has_pool, np.exp(-dt_ms / np.where(has_pool, decay_ms, 1.0)), 1.0),
        initiation=np.flatnonzero(is_initiation[is_active]),
        g_initiation=np.column_stack([peak_us[name][is_initiation] for name in INITIATION]),
        reversals_mv=np.array([kinetics.REVERSAL_MV[ion] for ion in ("na", "k", "h")]),
        ca_rest_mm=kinetics.CALCIUM_REST_MM,
        sk_decay=float(np.exp(-dt_ms / 1.0)),
    )


def synapses_of(
    nodes: np.ndarray, excitatory: tuple[Receptor, ...], inhibitory: Receptor, dt_ms: float
) -> kernel.Synapses:
    """A receptor that is not there has no conductance."""
    ampa = next(one for one in excitatory if one.block_per_mv is None)
    nmda = next((one for one in excitatory if one.block_per_mv is not None), None)
    three = (ampa, nmda or ampa, inhibitory)
    peak_us = [ampa.gmax_us, nmda.gmax_us if nmda else 0.0, inhibitory.gmax_us]
    taus_ms = np.array([tau for one in three for tau in (one.tau_rise_ms, one.tau_decay_ms)])
    return kernel.Synapses(
        node=nodes,
        peak=np.array(peak_us),
        jump=np.array([one.peak_factor for one in three]),
        decay=np.exp(-dt_ms / taus_ms),
        e_inhibitory_mv=inhibitory.reversal_mv,
    )
