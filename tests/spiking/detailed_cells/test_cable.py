"""Trees of nodes: the matrix, one step against a dense solution, and a cable in closed form."""

import numpy as np
import pytest

from rate2spike.spiking.detailed_cells.biophysics import Membrane, compartment_values
from rate2spike.spiking.detailed_cells.cable import cable_of
from rate2spike.spiking.detailed_cells.morphology import ball_and_stick_morphology, l5_morphology
from rate2spike.spiking.kernels import cable as kernel

PASSIVE = Membrane(cm_uf_cm2=1.0, ra_ohm_cm=150.0, g_pas_s_cm2=5e-5, e_pas_mv=-80.0)
EVERYWHERE = dict.fromkeys(("soma", "axon", "basal", "apical", "dendrite"), PASSIVE)


def passive_cable(morphology):
    return cable_of(morphology, compartment_values(morphology, EVERYWHERE))


def state_of(v):
    empty = np.zeros((0, v.shape[1]))
    nothing = np.zeros((0, v.shape[1], 8))
    fields = dict.fromkeys(kernel.CellState._fields, empty) | {"v": v, "gates": nothing, "initiation": nothing}
    fields |= {name: np.zeros_like(v) for name in ("g", "j", "block", "block_slope")}
    return kernel.CellState(**fields)


@pytest.mark.parametrize("morphology", [l5_morphology(), ball_and_stick_morphology(5)])
def test_a_step_solves_the_system_of_all_nodes(morphology):
    cable = passive_cable(morphology)
    tree, n = cable.tree(0.1), cable.n_nodes
    rng = np.random.default_rng(1)
    state = state_of(rng.normal(-70, 5, (n, 3)))
    g, j = rng.uniform(0, 1e-3, (2, n, 3))
    state.g[:], state.j[:] = g, j
    g[cable.area_um2 == 0] = j[cable.area_um2 == 0] = state.g[cable.area_um2 == 0] = state.j[cable.area_um2 == 0] = 0
    before = state.v.copy()
    kernel._solve(tree, state)
    joints = cable.area_um2 == 0
    assert (state.g[joints] == 0).all() and (state.j[joints] == 0).all()
    for lane in range(3):
        matrix = np.diag(tree.diagonal + g[:, lane])
        for node in range(1, n):
            parent = tree.parent[node]
            matrix[node, parent] = matrix[parent, node] = -tree.g_axial[node]
        expected = np.linalg.solve(matrix, tree.c_over_dt * before[:, lane] + tree.leak_current + j[:, lane])
        np.testing.assert_allclose(state.v[:, lane], expected, rtol=1e-11)


def test_the_cell_has_all_compartments_and_joints_without_membrane():
    morphology = l5_morphology()
    cable = passive_cable(morphology)
    assert sorted(set(cable.node_of_compartment)) == sorted(np.flatnonzero(cable.area_um2))
    assert cable.node_of_compartment.size == morphology.n_compartments == 642
    assert (cable.parent[1:] < np.arange(1, cable.n_nodes)).all() and cable.parent[0] == -1
    np.testing.assert_allclose(cable.area_um2.sum(), sum(one.area_um2 for one in morphology.sections))
    assert (cable.g_axial_us[1:] > 0).all() and cable.g_axial_us[0] == 0


def test_rest_is_the_reversal_potential_and_a_sealed_cable_has_its_input_resistance():
    """A current into the soma of a ball and a fine stick: soma and sealed cable in parallel (Rall 1959)."""
    length_um, diameter_um = 1000.0, 2.0
    cable = passive_cable(ball_and_stick_morphology(400, length_um, diameter_um))
    tree, current_na = cable.tree(1e9), 0.05
    state = state_of(np.full((cable.n_nodes, 2), -80.0))
    state.j[0, 1] = current_na
    kernel._solve(tree, state)
    np.testing.assert_allclose(state.v[:, 0], -80.0)
    r_m, r_i = 1 / PASSIVE.g_pas_s_cm2, PASSIVE.ra_ohm_cm
    d_cm, l_cm = diameter_um * 1e-4, length_um * 1e-4
    lambda_cm = np.sqrt(r_m * d_cm / (4 * r_i))
    g_infinite = np.pi / 2 * d_cm**1.5 / np.sqrt(r_m * r_i)
    g_stick = g_infinite * np.tanh(l_cm / lambda_cm)
    r_soma_half = r_i * 12.5e-4 / (np.pi * (12.5e-4) ** 2)
    g_soma = np.pi * 25e-4**2 * PASSIVE.g_pas_s_cm2
    total_us = 1e6 * (g_soma + 1 / (1 / g_stick + r_soma_half))
    assert state.v[0, 1] + 80 == pytest.approx(current_na / total_us, rel=1e-4)
    along = (state.v[cable.node_of_compartment[1:], 1] + 80) / (state.v[cable.node_of_compartment[1], 1] + 80)
    x_cm = (np.arange(400) + 0.5) / 400 * l_cm
    expected = np.cosh((l_cm - x_cm) / lambda_cm)
    np.testing.assert_allclose(along, expected / expected[0], rtol=1e-3)
