"""What users of the simulator hold and call: one line each, equality by value, tables, figures; windows in seconds."""

import copy
import pickle
from dataclasses import replace

import matplotlib.pyplot as plt
import numpy as np
import pytest

import rate2spike as r2s
from rate2spike.errors import InputError
from rate2spike.matlab_compat.model_file import load_model, save_model
from rate2spike.readable import LONGEST_LINE
from rate2spike.spiking.scoring.network_options import NetworkOptions, searched_options
from rate2spike.spiking.search.options import SearchOptions
from rate2spike.spiking.simulator import manipulations, params
from rate2spike.spiking.simulator.many_trials import run_trials
from rate2spike.spiking.simulator.network import SpikingNetwork
from rate2spike.spiking.simulator.params import AdLIFParams, LIFParams, QIFParams, neuron_params
from rate2spike.spiking.simulator.stimulation import Stimulation

from helpers import small_model

U = np.ones((1, 41))


@pytest.fixture(scope="module")
def network():
    return SpikingNetwork.from_model(small_model(), 20)


@pytest.fixture(scope="module")
def record(network):
    return network.run(U, seed=1)


def test_what_is_held_can_be_read(network, record):
    assert repr(network) == (
        "SpikingNetwork(n_units=12, neuron='lif', scaling_factor=20, dt_s=5e-05, n_inputs=1, n_outputs=1)"
    )
    assert "n_silent=4" in repr(manipulations.lesion(network, "I"))
    for word in ("n_units=12", "duration_s=0.2", "recorded=('output', 'events')", "mean_rate_hz=", "seed=1"):
        assert word in repr(record)
    assert repr(LIFParams()) == "LIFParams()" and repr(AdLIFParams(tau_a_s=0.2)) == "AdLIFParams(tau_a_s=0.2)"
    assert repr(LIFParams(t_ref_s=np.full(3, 0.001))) == "LIFParams(t_ref_s=array(3,))"
    many = run_trials([network], np.ones((1, 11, 2)), seed=1)
    assert "n_trials=2, n_factors=1, n_units=12, duration_s=0.05" in repr(many)
    long = Stimulation("exc", 0, 5, units=tuple(range(1000)))
    assert "units=1000 values" in repr(long) and "continuous" not in repr(long)
    for one in (network, record, many, long, LIFParams(t_ref_s=np.full(500, 0.001))):
        assert len(repr(one)) <= LONGEST_LINE and "\n" not in repr(one) and "<table>" in one._repr_html_()
        assert pickle.loads(pickle.dumps(one)) == one == copy.deepcopy(one) and one != 5
        assert set(one.to_dict()) >= set(one.summary())


def test_equal_is_what_simulates_the_same(network, record):
    assert network.run(U, seed=1) == record != network.run(U, seed=2)
    assert network != manipulations.remove_self_connections(network)
    assert network == SpikingNetwork.from_model(small_model(), 20) != SpikingNetwork.from_model(small_model(), 21)


def test_constants_of_neurons_are_equal_and_hashed_by_value():
    per_unit = [LIFParams(t_ref_s=np.full(3, 0.001)) for _ in range(2)]
    assert per_unit[0] == per_unit[1] != LIFParams() and len({*per_unit, LIFParams(), LIFParams(tau_m_s=0.01)}) == 2
    assert LIFParams(v_peak_mv=30.0, bias_mv=0.0) != QIFParams()


def test_a_record_is_a_table_of_spikes(network, record):
    pytest.importorskip("pandas")
    table = record.to_dataframe()
    assert list(table.columns) == ["unit", "time_s", "type"] and len(table) == record.n_spikes
    np.testing.assert_array_equal(table[table.unit == 3].time_s, record.spike_times_s(3))
    assert set(table[table.unit == 1].type) == {"inhibitory"}
    with pytest.raises(InputError, match="holds no spikes"):
        network.run(U, seed=1, record="output").to_dataframe()


def test_a_record_draws_what_it_holds(network, record):
    raster, output = record.plot().axes
    assert [label.get_text() for label in raster.get_yticklabels()] == ["excitatory\n(n = 8)", "inhibitory\n(n = 4)"]
    dots = [line for line in raster.lines if line.get_marker() == "."]
    assert sum(line.get_xdata().size for line in dots) == record.n_spikes
    rows = np.concatenate([line.get_ydata() for line in dots])
    assert rows.min() == 0.5 and rows.max() == 11.5, "units are rows from 0 on"
    assert dots[0].get_color() != dots[1].get_color()
    np.testing.assert_array_equal(output.lines[0].get_ydata(), record.output[0])
    assert output.get_xlabel() == "time (s)" and output.get_ylabel() == "output"
    assert len(network.run(U, seed=1, record="spikes").plot().axes) == 1
    with pytest.raises(InputError, match="neither spikes nor an output"):
        network.run(U, seed=1, record=()).plot()
    figure, axes = plt.subplots()
    try:
        assert record.plot(ax=axes) is figure and len(figure.axes) == 2
    finally:
        plt.close(figure)


def test_several_outputs_are_told_apart(network, record):
    two = replace(record, output=np.vstack([record.output, record.output / 2]), inhibitory=None, unit_types=None)
    raster, output = two.plot().axes
    assert [text.get_text() for text in output.get_legend().get_texts()] == ["output 1", "output 2"]
    assert len({line.get_linestyle() for line in output.lines}) == 2
    assert [label.get_text() for label in raster.get_yticklabels()] == ["all\n(n = 12)"]


@pytest.mark.parametrize("precision", ["float32", "float64"])
@pytest.mark.parametrize("dt_s", [5e-5, 1e-4])
def test_a_window_in_seconds_is_that_in_steps(dt_s, precision):
    network = SpikingNetwork.from_model(small_model(), 20, dt_s=dt_s)
    first, end = round(0.05 / dt_s), round(0.15 / dt_s)
    in_steps, in_s = (
        Stimulation("exc", cell_type="excitatory", amplitude_mv=5.0, **window)
        for window in ({"first_step": first, "end_step": end}, {"start_s": 0.05, "end_s": 0.15})
    )
    runs = [network.run(U, seed=1, stimulation=one, precision=precision) for one in (in_steps, in_s)]
    assert runs[0] == runs[1] != network.run(U, seed=1, precision=precision)
    assert in_s.in_steps(dt_s) == in_steps and hash(in_s) != hash(in_steps) and in_s != in_steps


@pytest.mark.parametrize(
    ("window", "message"),
    [
        ({}, "needs a window: start_s and end_s, in seconds, or first_step and end_step"),
        ({"first_step": 5}, "needs a window: .* got first_step=5, end_step=None"),
        ({"start_s": 0.1}, "0 <= start_s < end_s, got start_s=0.1, end_s=None"),
        ({"start_s": 0.2, "end_s": 0.1}, "0 <= start_s < end_s, got start_s=0.2, end_s=0.1"),
        ({"start_s": "a", "end_s": 0.1}, "0 <= start_s < end_s"),
        ({"start_s": 0.1, "end_s": np.inf}, "0 <= start_s < end_s"),
        ({"start_s": 0.1, "end_s": 0.2, "first_step": 5}, "not both"),
        ({"start_s": 0.1, "end_s": 0.10001}, "from 0.1 to 0.10001 s is shorter than a step of 0.05 ms"),
        ({"start_s": 5.0, "end_s": 6.0}, "has no effect: the trial ends after 4000 steps"),
        ({"first_step": "a", "end_step": "b"}, "given in whole steps"),
    ],
)
def test_windows_that_say_nothing_are_refused(network, window, message):
    with pytest.raises(InputError, match=message):
        network.run(U, seed=1, stimulation=Stimulation("exc", units=(1,), **window))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda n: n.run("x"), r"u must be an array \(1, columns\) of numbers, got 'x'"),
        (lambda n: n.run(None), "u must have 1 row"),
        (lambda n: n.run(r2s.tasks.get("go-nogo").draw(1)), "; a trial's input is trial.stimulus"),
        (lambda n: n.run(U, seed=1).spike_times_s(), "spike_times_s: unit is missing"),
        (lambda n: n.run(), "run: u is missing"),
        (lambda n: n.run(U, 5), "run: only u can be given without a name"),
        (lambda n: n.run(U, record="spike"), "cannot record spike: .*; did you mean spikes?"),
        (lambda n: n.run(U, record=5), "record must name what to record"),
        (lambda n: n.run(U, seed="a"), "seed must be a whole number"),
        (lambda n: n.run(U, stride="a"), "stride must be a whole number from 1 to the 4000 steps simulated, got 'a'"),
        (lambda n: n.run(U, to=5), "to must be a path, got 5"),
        (lambda n: n.run(U, stimulation="exc"), "stimulation must be a Stimulation, or a list of them, got 'exc'"),
        (lambda n: n.run(U, draws=5), "draws must be InjectedDraws, got 5"),
        (lambda n: n.run_trials(5, 6), "run_trials takes a list of inputs, and one of keys"),
        (lambda n: n.run_trials([], []), "inputs must be trials of one length"),
        (lambda n: n.run_trials([U, U[:, :20]], [1, 2]), "inputs must be trials of one length"),
        (lambda n: n.run_trials([U], [1, 2]), "one key per trial: 1 trials, 2 keys"),
        (lambda n: n.run_trials([U], [-1]), "a key must be a whole number from 0, got -1"),
        (lambda n: run_trials([n, 5], np.ones((1, 5, 1))), "networks must be a SpikingNetwork, or a list of them"),
        (lambda n: SpikingNetwork.from_model(5, 25), "model must be a TrainedModel or the path of a model file, got 5"),
        (lambda n: SpikingNetwork.from_model(small_model(), "a"), "scaling factor must be a positive number, got 'a'"),
        (
            lambda n: SpikingNetwork.from_model(small_model(), 25, params="qif"),
            "params must be constants of neurons .*'qif'",
        ),
        (lambda n: SpikingNetwork.from_model(small_model(), 25, dt_s="a"), "step must be a number of seconds, got 'a'"),
        (lambda n: SpikingNetwork.from_model(small_model(), 25, neuron="qif"), "from_model: unknown setting 'neuron'"),
        (
            lambda n: SpikingNetwork(small_model(), 25),
            "SpikingNetwork.from_model.model, scaling_factor. makes a network",
        ),
        (lambda n: SpikingNetwork.from_model(), "from_model: model is missing; it takes model, scaling_factor"),
        (lambda n: r2s.SpikeRecord.load(5), "path must be a path, got 5"),
        (lambda n: n.run(U, seed=1).save(5), "path must be a path, got 5"),
        (lambda n: LIFParams(bias=5), "LIFParams: unknown setting 'bias'; did you mean bias_mv?"),
        (lambda n: neuron_params("lif", tau_m=5), "lif neurons have no 'tau_m': .*; did you mean tau_m_s?"),
        (
            lambda n: Stimulation("exc", 1, 2, (1,), amplitude=5),
            "Stimulation: unknown setting 'amplitude'; did you mean",
        ),
        (lambda n: Stimulation("exc", 1, 2, cell_type=5), "cell_type must be the name of a type of units, got 5"),
        (lambda n: r2s.read_nir(5), "path must be a path, got 5"),
        (lambda n: r2s.read_nir("x.nir", dt=1e-4), "read_nir: unknown setting 'dt'"),
    ],
)
def test_wrong_calls_are_one_line(network, call, message):
    with pytest.raises(InputError, match=message) as caught:
        call(network)
    assert "\n" not in str(caught.value)


def test_a_path_is_a_model(tmp_path):
    save_model(small_model(), tmp_path / "m.mat")
    of_path = SpikingNetwork.from_model(tmp_path / "m.mat", 20)
    assert of_path == SpikingNetwork.from_model(str(tmp_path / "m.mat"), 20)
    assert of_path == SpikingNetwork.from_model(load_model(tmp_path / "m.mat"), 20)


def test_the_old_name_of_the_adaptive_neuron_works_with_a_warning():
    until = "the old name works until version"
    with pytest.warns(FutureWarning, match=f"ALIFParams is now called AdLIFParams; {until}"):
        assert r2s.ALIFParams is AdLIFParams
    with pytest.warns(FutureWarning, match="ALIFParams is now called AdLIFParams"):
        assert params.ALIFParams is AdLIFParams
    with pytest.warns(FutureWarning, match="neuron 'alif' is now called 'adlif'"):
        assert neuron_params("alif") == AdLIFParams()
    with pytest.warns(FutureWarning, match="neuron 'alif' is now called 'adlif'"):
        assert SearchOptions(neuron="alif").neuron == "adlif"
    with pytest.raises(InputError, match="unknown neuron 'hh': choose from lif, qif, adlif, eif"):
        NetworkOptions(neuron="hh")


def test_files_with_the_old_name_are_read_without_a_word(network, tmp_path):
    """Warnings are errors in tests."""
    old = '{"kind": "alif", "tau_a_s": 0.2}'
    searched = '{"neuron": "alif", "accuracies": [1.0]}'
    model = small_model(settings={"neuron": old, "search_network": searched}, scaling_accuracies=np.array([1.0]))
    assert SpikingNetwork.from_model(replace(model, settings={"neuron": old}), 20).params == AdLIFParams(tau_a_s=0.2)
    assert searched_options(model).neuron == "adlif"
    replace(network.run(U, seed=1), neuron="alif").save(tmp_path / "old.h5")
    assert r2s.SpikeRecord.load(tmp_path / "old.h5").neuron == "adlif"
