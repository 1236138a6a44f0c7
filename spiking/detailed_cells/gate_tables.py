"""Tables over the voltage and the calcium concentration, from which the kernel reads what channels do in a step."""

from collections.abc import Sequence

import numpy as np

from rate2spike.spiking.detailed_cells.channels import Channel, Curve, Gate, calcium_reversal_mv, channels
from rate2spike.spiking.kernels.cable import Tables, calcium_grid

V_MIN_MV, V_MAX_MV, PER_MV = -150.0, 110.0, 10
HIGHEST_CALCIUM_MM = 30.0
ACTIVE = ("NaTs2_t", "SKv3_1", "Im", "Ca_HVA", "Ca_LVAst")  # in the order of the kernel's gates
INITIATION = ("NaTa_t", "Nap_Et2", "K_Tst", "K_Pst")


def tables(dt_ms: float, block: Curve, ih_shift_mv: float = 0.0) -> Tables:
    """For steps of dt_ms. block: function of the voltage, the share of NMDA channels that magnesium leaves open."""
    v_mv = np.round(np.arange(V_MIN_MV, V_MAX_MV + 0.5 / PER_MV, 1 / PER_MV), 6)
    of = {channel.name: channel for channel in channels(ih_shift_mv)}
    ih = _decays_and_drives(of["Ih"].gates, v_mv, dt_ms)
    small = 1e-3
    slope = (block(v_mv + small) - block(v_mv - small)) / (2 * small)
    for_all = np.column_stack([block(v_mv), slope, ih])
    active = _decays_and_drives(_gates(of, ACTIVE), v_mv, dt_ms)
    calcium_mm = calcium_grid(HIGHEST_CALCIUM_MM)
    of_calcium = np.column_stack([calcium_reversal_mv(calcium_mm), of["SK_E2"].gates[0].inf(calcium_mm)])
    return Tables(
        V_MIN_MV,
        float(PER_MV),
        for_all,
        np.column_stack([active, for_all]),
        _decays_and_drives(_gates(of, INITIATION), v_mv, dt_ms),
        of_calcium,
    )


def steady_states(names: Sequence[str], v_mv: float, ih_shift_mv: float = 0.0) -> np.ndarray:
    """Gates of these channels at rest at a voltage."""
    of = {channel.name: channel for channel in channels(ih_shift_mv)}
    return np.array([float(gate.inf(np.array(v_mv))) for gate in _gates(of, names)])


def _gates(of: dict[str, Channel], names: Sequence[str]) -> list[Gate]:
    return [gate for name in names for gate in of[name].gates]


def _decays_and_drives(gates: Sequence[Gate], v_mv: np.ndarray, dt_ms: float) -> np.ndarray:
    """(rows, 2 gates): the step of a gate x is decay x + drive, exact at a constant voltage."""
    decays = [np.exp(-dt_ms / gate.tau_ms(v_mv)) for gate in gates]
    drives = [gate.inf(v_mv) * (1 - decay) for gate, decay in zip(gates, decays, strict=True)]
    return np.column_stack([*decays, *drives])
