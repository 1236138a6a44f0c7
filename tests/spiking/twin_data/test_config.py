"""Data sets of a study: cells and inputs by name, sets that have nothing in common, and what is refused."""

import numpy as np
import pytest

from rate2spike.errors import InputError
from rate2spike.spiking.twin_data.config import SETS, SimulationConfig, simulate_sets


@pytest.mark.parametrize(
    ("cell", "n_synapses", "dt_ms"),
    [("integrate_and_fire", 100, None), ("NMDA_cable", 16, 0.025), ("L5PC_AMPA_SK", 1278, 0.1)],
)
def test_a_name_decides_cell_input_and_step(cell, n_synapses, dt_ms):
    config = SimulationConfig(cell=cell, duration_ms=300)
    made, given = config.made_cell(), config.made_input()
    assert made.n_synapses == n_synapses and config.run_options().get("dt_ms") == dt_ms
    events = given.draw(made, config.seed_of("train"), 0).events
    assert (events.n_synapses, events.duration_ms) == (n_synapses, 300)


def test_the_sk_variant_has_a_tenth_of_the_channel():
    weak, full = (SimulationConfig(cell=f"L5PC_{name}").made_cell() for name in ("AMPA_SK", "AMPA"))
    for name, density in full.membrane.density_s_cm2.items():
        factor = 0.1 if name == "SK_E2" else 1.0
        np.testing.assert_allclose(weak.membrane.density_s_cm2[name], factor * density, atol=1e-10)


def test_sets_differ_and_grow(tmp_path):
    config = SimulationConfig(cell="integrate_and_fire", duration_ms=500, n_train=3, n_valid=2, n_test=1)
    found = simulate_sets(config, tmp_path, n_threads=1)
    assert [found[name].n_simulations for name in SETS] == [3, 2, 1]
    first = {name: found[name][0].events for name in SETS}
    assert first["train"] != first["valid"] != first["test"] != first["train"]
    more = SimulationConfig(cell="integrate_and_fire", duration_ms=500, n_train=4, n_valid=0, n_test=0)
    grown = simulate_sets(more, tmp_path, n_threads=2)
    assert set(grown) == {"train"} and grown["train"].n_simulations == 4
    assert grown["train"][0].events == first["train"]


def test_a_layer_5_cell_and_its_dendrites(tmp_path):
    config = SimulationConfig(duration_ms=40, n_train=2, n_valid=0, n_test=0, with_dendrites=True)
    (simulation, _) = simulate_sets(config, tmp_path)["train"]
    assert simulation.recording.v_dendrites_mv.shape == (639, 40)


def test_the_published_defect_at_0_changes_what_the_cell_does_but_not_the_stored_input(tmp_path):
    def first(**settings):
        config = SimulationConfig(duration_ms=60, n_train=1, n_valid=0, n_test=0, **settings)
        return simulate_sets(config, tmp_path / str(len(settings)))["train"]

    sound, published = first(), first(legacy_t0_bug=True)
    assert (sound[0].events.time_ms == 0).any() and published[0].events == sound[0].events
    assert published[0].recording != sound[0].recording
    assert published.configuration["run"] == sound.configuration["run"] | {"legacy_t0_bug": True}


def test_a_record_in_one_line_and_in_toml():
    config = SimulationConfig(cell="AMPA_point", n_train=10)
    assert repr(config) == "SimulationConfig(cell='AMPA_point', n_train=10)"
    assert SimulationConfig(**config.sections()["simulate"]) == config


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"cell": "L5PC"}, "unknown cell 'L5PC'"),
        ({"cell": "integrate_and_fire", "dt_ms": 0.1}, "cell integrate_and_fire has steps of a millisecond"),
        ({"cell": "integrate_and_fire", "with_dendrites": True}, "no dendrites: leave with_dendrites out"),
        ({"cell": "AMPA_point", "legacy_t0_bug": True}, "legacy_t0_bug is of the published layer 5 cells, L5PC_NMDA"),
        ({"n_train": -1}, "number of training simulations must be a whole number from 0"),
        ({"dt_ms": 0}, "time step must be"),
    ],
)
def test_what_cannot_be_used_is_one_line(settings, message):
    with pytest.raises(InputError, match=message) as caught:
        SimulationConfig(**settings)
    assert "\n" not in str(caught.value)


def test_nothing_to_simulate_is_one_line(tmp_path):
    with pytest.raises(InputError, match="n_train, n_valid and n_test are 0"):
        simulate_sets(SimulationConfig(n_train=0, n_valid=0, n_test=0), tmp_path)
