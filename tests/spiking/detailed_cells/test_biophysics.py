"""Densities: the published numbers per region, and the rules along the apical tree."""

import numpy as np
import pytest

from rate2spike.errors import InputError
from rate2spike.spiking.detailed_cells.biophysics import (
    CHANNEL_NAMES,
    ball_and_stick_membranes,
    compartment_values,
    ih_density,
    l5_membranes,
)
from rate2spike.spiking.detailed_cells.morphology import ball_and_stick_morphology, l5_morphology

CELL = l5_morphology()
KIND = np.array([CELL.sections[k].kind for k in CELL.section_of_compartment])


@pytest.fixture(scope="module")
def values():
    return compartment_values(CELL, l5_membranes())


def test_29_segments_are_hot(values):
    calcium = values.density_s_cm2["Ca_LVAst"][KIND == "apical"]
    assert (calcium == 0.2271264).sum() == 29 and (calcium == round(0.002271264, 10)).sum() == 377 - 29


def test_ih_grows_along_the_apical_tree(values):
    ih = values.density_s_cm2["Ih"]
    apical = ih[KIND == "apical"]
    assert apical.min() == pytest.approx(1.2625e-4, abs=5e-8) and apical.max() == pytest.approx(2.1024e-3, abs=1e-7)
    assert set(ih[KIND == "basal"]) == {5e-5} and set(ih[KIND == "soma"]) == {7.5e-5}
    # the first section has three segments, the last of which is given the value at its distal end
    places = np.array([1 / 6, 1 / 2, 1]) * 46.1
    np.testing.assert_allclose(apical[:3], ih_density(places, 1300.5), atol=6e-11)


def test_ih_stays_as_it_is_beyond_two_thirds():
    assert ih_density(0.0, 1300.53) == pytest.approx(1e-4 * (2.0870 - 0.8696))
    assert ih_density(846.0, 1300.53) == ih_density(1300.0, 1300.53) == pytest.approx(2.1024e-3, abs=1e-7)


def test_regions_have_the_published_membranes(values):
    of = {kind: {name: set(v[kind == KIND]) for name, v in values.density_s_cm2.items()} for kind in set(KIND)}
    assert of["axon"]["NaTa_t"] == {3.89618} and of["soma"]["NaTs2_t"] == {0.998912}
    assert of["apical"]["Ca_HVA"] == {0.000701} and of["apical"]["Im"] == {0.00099}
    assert [name for name in CHANNEL_NAMES if of["basal"][name] != {0.0}] == ["Ih"]
    assert [name for name in CHANNEL_NAMES if of["axon"][name] == {0.0}] == ["NaTs2_t"]
    for kind, cm, leak in (("axon", 1, 3e-5), ("soma", 1, 3e-5), ("apical", 2, 6e-5), ("basal", 2, 6e-5)):
        assert set(values.cm_uf_cm2[kind == KIND]) == {cm} and set(values.g_pas_s_cm2[kind == KIND]) == {leak}
    assert set(values.ra_ohm_cm) == {100} and set(values.e_pas_mv) == {-90}
    assert (
        np.isnan(values.calcium_gamma[KIND == "basal"]).all()
        and not np.isnan(values.calcium_gamma[KIND != "basal"]).any()
    )


def test_switches_of_the_pyramidal_cell(values):
    changed = compartment_values(CELL, l5_membranes(sk_factor=0.1, ih_shift_mv=-3))
    np.testing.assert_allclose(changed.density_s_cm2["SK_E2"], 0.1 * values.density_s_cm2["SK_E2"], atol=1e-10)
    np.testing.assert_array_equal(changed.density_s_cm2["Ih"], values.density_s_cm2["Ih"])
    assert set(changed.ih_shift_mv[KIND == "axon"]) == {0} and set(changed.ih_shift_mv[KIND != "axon"]) == {-3}
    passive = compartment_values(CELL, l5_membranes(active_dendrites=False))
    dendritic = CELL.is_dendrite
    assert not any(v[dendritic].any() for v in passive.density_s_cm2.values())
    assert passive.density_s_cm2["SK_E2"][0] == 0.09965 and np.isnan(passive.calcium_gamma[dendritic]).all()


def test_the_ball_has_all_channels_and_the_stick_none():
    values = compartment_values(ball_and_stick_morphology(8), ball_and_stick_membranes(sk_factor=1, density_factor=2))
    soma = {name: v[0] for name, v in values.density_s_cm2.items()}
    assert all(soma[name] > 0 for name in CHANNEL_NAMES)
    assert soma["K_Pst"] == 2 * 0.188851 and soma["SKv3_1"] == 2 * 0.338029 and soma["SK_E2"] == 2 * 0.09965
    assert not any(v[1:].any() for v in values.density_s_cm2.values())
    assert set(values.ra_ohm_cm) == {150} and values.g_pas_s_cm2[1] == 5e-5 and set(values.e_pas_mv) == {-85}
    assert ball_and_stick_membranes()["soma"].density_s_cm2["SK_E2"] == 0


def test_what_is_refused_is_one_line():
    for call, message in (
        (lambda: l5_membranes(sk_factor=-1), "sk_factor must be a number from 0"),
        (lambda: l5_membranes(active_dendrites=1), "active_dendrites must be true or false"),
        (lambda: ball_and_stick_membranes(density_factor="2"), "density_factor must be"),
        (lambda: compartment_values(CELL, ball_and_stick_membranes()), "sections of kind apical have no membrane"),
    ):
        with pytest.raises(InputError, match=message) as caught:
            call()
        assert "\n" not in str(caught.value)
