"""A cell as a tree of compartments, step by step: synapses, tree, gates; several simulations side by side, in lanes.

Steps are those of NEURON's fixed step: currents of the states at t, one linear system for all voltages at t + dt (implicit
Euler), and the exact exponential step of gates, calcium and synapses with these voltages. What depends on the voltage alone
is in tables. Voltages in mV, conductances in µS, currents in nA, times in ms. The lane is the last axis of all states: the
compiler handles lanes together. Without fastmath a lane has the same bits however many there are.
"""

from typing import NamedTuple

import numpy as np

from rate2spike.spiking.kernels.compiled import compiled

N_GATES = 8  # of an active node besides Ih's: NaTs2_t m h, SKv3_1 m, Im m, Ca_HVA m h, Ca_LVAst m h
N_INITIATION_GATES = 8  # NaTa_t m h, Nap_Et2 m h, K_Tst m h, K_Pst m h
N_STATES = 6  # of a segment's synapses: rise and decay of AMPA, NMDA, GABA_A
CA_BITS = 8  # of the mantissa of a calcium concentration decide where it stands in its table
CA_LOWEST = 2.0**-18  # mM, of the table
_CA_SHIFT = 52 - CA_BITS
_CA_MASK = 2**_CA_SHIFT - 1
_CA_FRACTION = 1.0 / 2.0**_CA_SHIFT
_CA_FIRST = int(np.array([CA_LOWEST]).view(np.int64)[0]) >> _CA_SHIFT


class Tree(NamedTuple):
    """The n nodes, parents first; joints of sections have no membrane."""

    parent: np.ndarray  # (n,) int32; of the root -1
    g_axial: np.ndarray  # (n,) to the parent
    diagonal: np.ndarray  # (n,) capacitance / dt + leak + all axial conductances
    c_over_dt: np.ndarray  # (n,)
    leak_current: np.ndarray  # (n,) leak conductance times its reversal potential
    joints: np.ndarray  # int32 nodes without membrane


class Tables(NamedTuple):
    """Over the voltage, linear in between: rows from v_min_mv on, per_mv of them per mV. A gate x becomes decay x + drive."""

    v_min_mv: float
    per_mv: float
    block: np.ndarray  # (rows, 4): share of NMDA channels that is open, its slope; decay and drive of Ih
    active: np.ndarray  # (rows, 20): decays, then drives of N_GATES; then those of `block`
    initiation: np.ndarray  # (rows, 16): decays, then drives of N_INITIATION_GATES
    calcium: np.ndarray  # (rows, 2) over the concentration: E_Ca, steady state of SK_E2


class Channels(NamedTuple):
    """Peak conductances and constants. Nodes are int32 indices."""

    passive: np.ndarray  # (p,) nodes with Ih or with no channels at all
    passive_ih: np.ndarray  # (p,)
    active: np.ndarray  # (a,) nodes
    g_active: np.ndarray  # (a, 7): Ih, NaTs2_t, SKv3_1, Im, Ca_HVA, Ca_LVAst, SK_E2
    ca_per_na: np.ndarray  # (a,) steady rise of the calcium concentration (mM) per nA that flows in
    ca_decay: np.ndarray  # (a,) factor per step
    initiation: np.ndarray  # (i,) places in `active` whose nodes have the channels of spike initiation, too
    g_initiation: np.ndarray  # (i, 4): NaTa_t, Nap_Et2, K_Tst, K_Pst
    reversals_mv: np.ndarray  # (3,): sodium, potassium, Ih
    ca_rest_mm: float
    sk_decay: float  # factor per step


class Synapses(NamedTuple):
    """An excitatory and an inhibitory synapse at each of s nodes."""

    node: np.ndarray  # (s,) int32
    peak: np.ndarray  # (3,) of AMPA, NMDA, GABA_A, per unit weight
    jump: np.ndarray  # (3,) of both states per unit weight
    decay: np.ndarray  # (6,) factors per step: rise and decay of AMPA, NMDA, GABA_A
    e_inhibitory_mv: float


class Events(NamedTuple):
    """Input of all lanes, each sorted by step."""

    first: np.ndarray  # (lanes + 1,) where a lane's events begin
    step: np.ndarray  # int32
    synapse: np.ndarray  # int32: below s excitatory
    weight: np.ndarray  # float32


class CellState(NamedTuple):
    """What goes on from step to step."""

    v: np.ndarray  # (n, lanes)
    g: np.ndarray  # (n, lanes) conductance of channels, scratch of a step
    j: np.ndarray  # (n, lanes) the current that they give, beside -g v
    block: np.ndarray  # (n, lanes)
    block_slope: np.ndarray  # (n, lanes)
    passive_ih: np.ndarray  # (p, lanes)
    active_ih: np.ndarray  # (a, lanes)
    gates: np.ndarray  # (a, lanes, N_GATES)
    initiation: np.ndarray  # (i, lanes, N_INITIATION_GATES)
    sk: np.ndarray  # (a, lanes)
    ca_mm: np.ndarray  # (a, lanes)
    ca_bits: np.ndarray  # the same memory as int64
    i_ca: np.ndarray  # (a, lanes)
    synapses: np.ndarray  # (N_STATES, s, lanes)
    next_event: np.ndarray  # (lanes,) int64


def calcium_grid(highest_mm: float) -> np.ndarray:
    """Concentrations (mM) of the rows of `Tables.calcium`."""
    last = int(np.array([highest_mm]).view(np.int64)[0]) >> _CA_SHIFT
    return (np.arange(_CA_FIRST, last + 2) << _CA_SHIFT).view(np.float64)


@compiled()
def run_steps(
    first_step, n_steps, tree, tables, channels, synapses, events, current_na, root, state, v_root, v_all, every
):
    """n_steps from first_step on.

    Before each, the voltage of the node root goes to v_root (n_steps, lanes), and before those that are multiples of `every`
    all voltages go to v_all (rows, n, lanes). current_na (n_steps, lanes) flows into that node.
    """
    row = 0
    for step in range(n_steps):
        _deliver(first_step + step, synapses, events, state)
        for lane in range(state.v.shape[1]):
            v_root[step, lane] = state.v[root, lane]
        if (first_step + step) % every == 0:
            v_all[row] = state.v
            row += 1
        for lane in range(state.v.shape[1]):
            state.j[root, lane] += current_na[step, lane]
        _synaptic(synapses, state)
        _solve(tree, state)
        advance_channels(tables, channels, channels.ca_decay, state)


@compiled()
def advance_channels(tables, channels, ca_decay, state):
    """Gates and calcium of the voltages as they are; conductances and currents follow. ca_decay 1: calcium stays."""
    _passive(tables, channels, state)
    _active(tables, channels, ca_decay, state)
    _initiation(tables, channels, state)


@compiled()
def _deliver(step, synapses, events, state):
    n_places = synapses.node.size
    for lane in range(state.v.shape[1]):
        k = state.next_event[lane]
        while k < events.first[lane + 1] and events.step[k] <= step:
            place, weight = events.synapse[k], events.weight[k]
            if place < n_places:
                for kind in range(2):
                    state.synapses[2 * kind, place, lane] += weight * synapses.jump[kind]
                    state.synapses[2 * kind + 1, place, lane] += weight * synapses.jump[kind]
            else:
                state.synapses[4, place - n_places, lane] += weight * synapses.jump[2]
                state.synapses[5, place - n_places, lane] += weight * synapses.jump[2]
            k += 1
        state.next_event[lane] = k


@compiled()
def _synaptic(synapses, state):
    """Reversal potential of excitation is 0. The NMDA current is linear in V around the V of now, block included."""
    states, lanes = state.synapses, state.v.shape[1]
    ampa, nmda, gaba = synapses.peak
    e_inhibitory = synapses.e_inhibitory_mv
    for s in range(synapses.node.size):
        node = synapses.node[s]
        for lane in range(lanes):
            g_ampa = ampa * (states[1, s, lane] - states[0, s, lane])
            g_nmda = nmda * (states[3, s, lane] - states[2, s, lane])
            g_gaba = gaba * (states[5, s, lane] - states[4, s, lane])
            v = state.v[node, lane]
            slope = g_nmda * state.block_slope[node, lane] * v
            state.g[node, lane] += g_ampa + g_nmda * state.block[node, lane] + g_gaba + slope
            state.j[node, lane] += g_gaba * e_inhibitory + slope * v
        for k in range(N_STATES):
            decay = synapses.decay[k]
            for lane in range(lanes):
                states[k, s, lane] *= decay


@compiled()
def _solve(tree, state):
    """Voltages after a step: elimination from the tips to the root, and back (Hines 1984)."""
    v, g, j, lanes = state.v, state.g, state.j, state.v.shape[1]
    n_nodes = tree.parent.size
    for node in range(n_nodes - 1, 0, -1):
        parent, axial = tree.parent[node], tree.g_axial[node]
        diagonal, c_over_dt, leak = tree.diagonal[node], tree.c_over_dt[node], tree.leak_current[node]
        for lane in range(lanes):
            inverse = 1.0 / (g[node, lane] + diagonal)
            current = j[node, lane] + c_over_dt * v[node, lane] + leak
            share = axial * inverse
            g[parent, lane] -= share * axial
            j[parent, lane] += share * current
            g[node, lane] = share
            j[node, lane] = current * inverse
    for lane in range(lanes):
        current = j[0, lane] + tree.c_over_dt[0] * v[0, lane] + tree.leak_current[0]
        v[0, lane] = current / (g[0, lane] + tree.diagonal[0])
    for node in range(1, n_nodes):
        parent = tree.parent[node]
        for lane in range(lanes):
            v[node, lane] = j[node, lane] + g[node, lane] * v[parent, lane]
    for k in range(tree.joints.size):  # those of nodes with a membrane are set anew by its channels
        for lane in range(lanes):
            g[tree.joints[k], lane] = 0.0
            j[tree.joints[k], lane] = 0.0


@compiled()
def _place(v_mv, tables):
    """Row of the tables below a voltage, and how far it is from there to the next."""
    x = (v_mv - tables.v_min_mv) * tables.per_mv
    x = min(max(x, 0.0), tables.block.shape[0] - 1.001)
    row = int(x)
    return row, x - row


@compiled()
def _passive(tables, channels, state):
    table, e_h = tables.block, channels.reversals_mv[2]
    for p in range(channels.passive.size):
        node, peak = channels.passive[p], channels.passive_ih[p]
        for lane in range(state.v.shape[1]):
            k, f = _place(state.v[node, lane], tables)
            state.block[node, lane] = table[k, 0] + f * (table[k + 1, 0] - table[k, 0])
            state.block_slope[node, lane] = table[k, 1] + f * (table[k + 1, 1] - table[k, 1])
            decay = table[k, 2] + f * (table[k + 1, 2] - table[k, 2])
            drive = table[k, 3] + f * (table[k + 1, 3] - table[k, 3])
            gate = state.passive_ih[p, lane] * decay + drive
            state.passive_ih[p, lane] = gate
            state.g[node, lane] = peak * gate
            state.j[node, lane] = peak * gate * e_h


@compiled()
def _active(tables, channels, ca_decay, state):
    table, lanes = tables.active, state.v.shape[1]
    e_na, e_k, e_h = channels.reversals_mv
    for a in range(channels.active.size):
        node = channels.active[a]
        for lane in range(lanes):
            k, f = _place(state.v[node, lane], tables)
            for q in range(state.gates.shape[2]):
                decay = table[k, q] + f * (table[k + 1, q] - table[k, q])
                drive = table[k, N_GATES + q] + f * (table[k + 1, N_GATES + q] - table[k, N_GATES + q])
                state.gates[a, lane, q] = state.gates[a, lane, q] * decay + drive
            q = 2 * N_GATES
            state.block[node, lane] = table[k, q] + f * (table[k + 1, q] - table[k, q])
            state.block_slope[node, lane] = table[k, q + 1] + f * (table[k + 1, q + 1] - table[k, q + 1])
            decay = table[k, q + 2] + f * (table[k + 1, q + 2] - table[k, q + 2])
            drive = table[k, q + 3] + f * (table[k + 1, q + 3] - table[k, q + 3])
            state.active_ih[a, lane] = state.active_ih[a, lane] * decay + drive
        for lane in range(lanes):
            steady = channels.ca_rest_mm - channels.ca_per_na[a] * state.i_ca[a, lane]
            state.ca_mm[a, lane] = steady + (state.ca_mm[a, lane] - steady) * ca_decay[a]
        g_h, g_na, g_kv, g_m, g_hva, g_lva, g_sk = channels.g_active[a]
        for lane in range(lanes):
            e_ca, sk_steady = _of_calcium(state.ca_bits[a, lane], tables.calcium)
            sk = sk_steady + (state.sk[a, lane] - sk_steady) * channels.sk_decay
            state.sk[a, lane] = sk
            m, m_hva, m_lva = state.gates[a, lane, 0], state.gates[a, lane, 4], state.gates[a, lane, 6]
            sodium = g_na * m * m * m * state.gates[a, lane, 1]
            potassium = g_kv * state.gates[a, lane, 2] + g_m * state.gates[a, lane, 3] + g_sk * sk
            calcium = g_hva * m_hva * m_hva * state.gates[a, lane, 5]
            calcium += g_lva * m_lva * m_lva * state.gates[a, lane, 7]
            ih = g_h * state.active_ih[a, lane]
            state.i_ca[a, lane] = calcium * (state.v[node, lane] - e_ca)
            state.g[node, lane] = sodium + potassium + calcium + ih
            state.j[node, lane] = sodium * e_na + potassium * e_k + calcium * e_ca + ih * e_h


@compiled()
def _of_calcium(bits, table):
    """E_Ca and the steady state of SK_E2. The first bits of a floating-point number are the place on a logarithmic axis."""
    k = min(max((bits >> _CA_SHIFT) - _CA_FIRST, 0), table.shape[0] - 2)
    f = (bits & _CA_MASK) * _CA_FRACTION
    return table[k, 0] + f * (table[k + 1, 0] - table[k, 0]), table[k, 1] + f * (table[k + 1, 1] - table[k, 1])


@compiled()
def _initiation(tables, channels, state):
    table, gates = tables.initiation, state.initiation
    e_na, e_k, _ = channels.reversals_mv
    for i in range(channels.initiation.size):
        node = channels.active[channels.initiation[i]]
        g_nat, g_nap = channels.g_initiation[i, 0], channels.g_initiation[i, 1]
        g_kt, g_kp = channels.g_initiation[i, 2], channels.g_initiation[i, 3]
        for lane in range(state.v.shape[1]):
            k, f = _place(state.v[node, lane], tables)
            for q in range(gates.shape[2]):
                decay = table[k, q] + f * (table[k + 1, q] - table[k, q])
                at = N_INITIATION_GATES + q
                drive = table[k, at] + f * (table[k + 1, at] - table[k, at])
                gates[i, lane, q] = gates[i, lane, q] * decay + drive
            m_nat, m_nap, m_kt, m_kp = gates[i, lane, 0], gates[i, lane, 2], gates[i, lane, 4], gates[i, lane, 6]
            sodium = (
                g_nat * m_nat * m_nat * m_nat * gates[i, lane, 1] + g_nap * m_nap * m_nap * m_nap * gates[i, lane, 3]
            )
            potassium = g_kt * m_kt * m_kt * m_kt * m_kt * gates[i, lane, 5] + g_kp * m_kp * m_kp * gates[i, lane, 7]
            state.g[node, lane] += sodium + potassium
            state.j[node, lane] += sodium * e_na + potassium * e_k
