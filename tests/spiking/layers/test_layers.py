"""Layers against closed forms, and what users rely on: any length, saved models, states, no autapses, clear errors."""

import json
import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf

import rate2spike as r2s
from rate2spike.spiking.context.config import ContextConfig
from rate2spike.spiking.context.f_i_curve import spike_counts
from rate2spike.spiking.context.model import build
from rate2spike.spiking.layers.choices import SURROGATES
from rate2spike.spiking.layers.initialization import fluctuation_normal
from rate2spike.spiking.layers.surrogates import surrogate

from helpers import golden_csnn

GOLDEN = golden_csnn()


def noise(*shape, p=0.3, seed=0):
    return (np.random.default_rng(seed).random(shape) < p).astype(np.float32)


def ones(*shape):
    return np.ones(shape, np.float32)


def made(layer, inputs, **values):
    """The layer with weights set by name: kernel, bias, recurrent of its only way in."""
    layer(inputs)
    for name, value in values.items():
        getattr(layer.cell.weights_in, name).assign(value)
    return layer


def test_leaky_readout_has_the_step_response_of_a_leaky_integrator():
    layer = made(r2s.LI(1, tau_ms=7.0, seed=0), ones(1, 50, 1), kernel=[[2.0]], bias=[1.0])
    t = np.arange(1, 51)
    np.testing.assert_allclose(layer(ones(1, 50, 1))[0, :, 0], 3 * (1 - np.exp(-t / 7)), rtol=1e-5)


def test_step_and_time_constant_matter_by_their_ratio_alone():
    x = noise(2, 30, 4)
    coarse = r2s.LIF(5, tau_ms=40.0, dt_ms=2.0, input_rate_hz=5.0, threshold=0.3, seed=3)
    fine = r2s.LIF(5, tau_ms=20.0, dt_ms=1.0, input_rate_hz=10.0, threshold=0.3, seed=3)
    np.testing.assert_array_equal(coarse(x), fine(x))


def test_lif_period_under_constant_drive():
    """Without reset error: v = i (1 - κ^n) crosses θ at the first n above ln(1 - θ/i) / ln κ; zero reset starts anew."""
    drive, threshold, tau = 1.5, 1.0, 20.0
    layer = made(
        r2s.LIF(1, tau_ms=tau, threshold=threshold, reset="zero", recurrent=False, use_bias=False, seed=0),
        ones(1, 200, 1),
        kernel=[[drive]],
    )
    steps = np.flatnonzero(layer(ones(1, 200, 1))[0, :, 0])
    assert set(np.diff(steps)) == {int(np.ceil(-tau * np.log(1 - threshold / drive)))}


@pytest.mark.parametrize("interaction", ["relu_mult", "tanh_mult", "add", "relu_add", "tanh_add"])
def test_clif_rests_at_what_the_interaction_says(interaction):
    """Steady state below threshold: v = F(s, a)."""
    s, a = 0.4, 0.7
    forms = {
        "relu_mult": s * a,
        "tanh_mult": s * (1 + np.tanh(a)),
        "add": s + a,
        "relu_add": s + a,
        "tanh_add": s + np.tanh(a),
    }
    layer = r2s.CLIF(1, interaction=interaction, threshold=10.0, seed=0)
    inputs = (ones(1, 400, 1), ones(1, 400, 1))
    layer(inputs)
    layer.cell.soma.kernel.assign([[s]])
    layer.cell.apical.kernel.assign([[a]])
    states = layer.states(inputs)
    assert states.a[-1, 0, 0] == pytest.approx(a, rel=1e-5)
    assert states.v[-1, 0, 0] == pytest.approx(forms[interaction], rel=1e-5)
    assert not states.z.any()


@pytest.mark.parametrize("kind", SURROGATES)
def test_surrogates_are_even_and_highest_at_threshold(kind):
    u = tf.constant(np.linspace(-2, 2, 41), tf.float32)
    values = surrogate(u, kind, 2.0).numpy()
    np.testing.assert_allclose(values, values[::-1], atol=1e-6)
    assert values.argmax() == 20 and (values >= 0).all()


def test_sigmoid_surrogate_is_the_slope_of_the_logistic_function():
    u = tf.Variable(np.linspace(-3, 3, 13), dtype=tf.float64)
    with tf.GradientTape() as tape:
        s = tf.sigmoid(5.0 * u)
    np.testing.assert_allclose(surrogate(u, "sigmoid", 5.0), tape.gradient(s, u), rtol=1e-9)


def test_apical_drive_multiplies_the_gain_or_shifts_it():
    """Multiplicative: spikes depend on the product of the drives, none from the apical one alone. Additive: they do."""
    soma, apical = (0.06, 0.12, 0.24, 0.48), (0.5, 1.0, 2.0)
    counts = spike_counts("relu_mult", soma, apical)
    for shift in (1, 2):
        np.testing.assert_array_equal(counts[0, shift:], counts[shift, : len(soma) - shift])
    for interaction, alone in (("relu_mult", 0), ("tanh_mult", 0), ("add", 493)):
        assert abs(spike_counts(interaction, [0.0], [2.0])[0, 0] - alone) <= 1
    rheobase = 0.05 / 0.5
    assert spike_counts("relu_mult", [0.99 * rheobase, 1.05 * rheobase], [0.5], n_steps=2000).tolist()[0][0] == 0
    assert spike_counts("relu_mult", [0.99 * rheobase, 1.05 * rheobase], [0.5], n_steps=2000)[0, 1] > 0
    assert not spike_counts("relu_mult", soma, [-0.5, 0.0]).any()


@pytest.mark.skipif("fi_curve" not in GOLDEN, reason="no such golden case")
def test_golden_f_i_family():
    case = GOLDEN["fi_curve"]
    for interaction, wanted in case["spikes"].items():
        found = spike_counts(
            interaction,
            case["soma_drive"],
            case["apical_drive"],
            n_steps=case["steps"],
            threshold=case["threshold"],
            tau_soma_ms=case["tau_soma"],
            tau_apical_ms=case["tau_apical"],
        )
        assert np.abs(found - wanted).max() <= 1


@pytest.mark.parametrize("n_steps", [1, 9, 10, 27])
@pytest.mark.parametrize("kind", ["LIF", "ALIF", "CLIF"])
def test_recomputing_and_any_length_change_nothing(kind, n_steps):
    """Outputs and gradients equal those of Keras' own loop over the cell."""
    options = {"seed": 2, "threshold": 0.1}
    inputs = (noise(3, n_steps, 6), noise(3, n_steps, 4, seed=1))
    found = []
    for recompute in (False, True):
        layer = getattr(r2s, kind)(8, recompute=recompute, **options)
        found.append(values_and_slopes(layer, inputs if kind == "CLIF" else np.concatenate(inputs, -1)))
    cell = layer.cell_class(8, **options, **({"n_context": 4} if kind == "CLIF" else {}))
    found.append(values_and_slopes(keras.layers.RNN(cell, return_sequences=True), np.concatenate(inputs, -1)))
    for other in found[1:]:
        np.testing.assert_array_equal(found[0][0], other[0])
        for mine, theirs in zip(found[0][1], other[1], strict=True):
            np.testing.assert_allclose(mine, theirs, rtol=1e-4, atol=1e-5)


def values_and_slopes(layer, inputs):
    layer(inputs)
    with tf.GradientTape() as tape:
        z = layer(inputs)
        loss = tf.reduce_sum(z * tf.cos(tf.cumsum(tf.ones_like(z), 1)))
    return z.numpy(), [slope.numpy() for slope in tape.gradient(loss, layer.trainable_variables)]


def test_no_unit_drives_itself_after_training():
    x, c = noise(8, 20, 5, p=0.5), noise(8, 20, 3, p=0.5)
    layer = r2s.CLIF(10, threshold=0.05, seed=1)
    inputs = [keras.Input((None, 5)), keras.Input((None, 3))]
    model = keras.Model(inputs, r2s.LI(1, seed=2)(layer(inputs)))
    model.compile(keras.optimizers.Adam(0.01), "mse")
    before = layer.cell.soma.recurrent.numpy()
    model.fit([x, c], ones(8, 20, 1), epochs=100, verbose=0)
    for way in (layer.cell.soma, layer.cell.apical):
        assert not np.diag(way.recurrent.numpy()).any()
    assert np.abs(layer.cell.soma.recurrent.numpy() - before).max() > 0.01


def test_initial_weights_have_the_documented_sd():
    rng = np.random.default_rng(0)
    tau = np.array([5.0, 50.0])
    weights = fluctuation_normal(rng, 100_000, 0.8, 20.0, tau)
    np.testing.assert_allclose(weights.std(0), np.sqrt(0.8 / (100_000 * 20 * tau * 1e-3 / 2)), rtol=0.02)


@pytest.mark.skipif("init_std" not in GOLDEN, reason="no such golden case")
@pytest.mark.parametrize("dataset", ["shd", "dvsgesture"])
def test_golden_initial_sd_and_parameter_counts(dataset):
    width = {"shd": 350, "dvsgesture": 512}[dataset]
    variants = {
        ("clif_short", "clif"): {},
        ("clif_long", ""): {"apical_tau": "long"},
        ("clif_short", "clif_no_apical_rec"): {"recurrent_apical": False},
        ("lsnn", "lsnn"): {"model_type": "lsnn"},
        ("lif_intended", "lif"): {"model_type": "lif"},
    }
    for (golden, counted), flags in variants.items():
        model = build(ContextConfig(dataset=dataset, n_units=200, **flags), width)
        cell, wanted = model.get_layer("hidden").cell, GOLDEN["init_std"][f"{dataset}_{golden}"]
        if "clif" in golden:
            apical = {"W_apical_norec": cell.apical.kernel}
            if cell.recurrent_apical:
                apical = {"W_apical": cell.apical.kernel, "R_apical": cell.apical.recurrent}
            found = {"W_soma": cell.soma.kernel, "R_soma": cell.soma.recurrent, **apical}
        else:
            found = {"W": cell.weights_in.kernel, "R": cell.weights_in.recurrent}
        for name, variable in found.items():
            values = variable.numpy()
            if name.startswith("R"):
                values = values[~np.eye(200, dtype=bool)]
            margin = 4 / np.sqrt(2 * values.size)
            assert values.std() == pytest.approx(wanted[name], rel=max(margin, 0.01)), (golden, name)
        readout = model.get_layer("readout").cell.weights_in.kernel.numpy()
        assert readout.std() == pytest.approx(GOLDEN["init_std"]["readout"]["W"], rel=4 / np.sqrt(400))
        if counted:
            n_trainable = sum(int(np.prod(v.shape)) for v in model.trainable_variables)
            assert n_trainable == GOLDEN["param_count"][dataset][counted]


@pytest.mark.parametrize("units", [1, 3])
def test_time_constants_drawn_from_a_range_stay_and_are_saved(units, tmp_path):
    inputs = keras.Input((None, 4))
    model = keras.Model(inputs, r2s.LI(units, tau_ms=(5.0, 50.0), seed=7)(inputs))
    tau = model.layers[1].cell.non_trainable_variables[0].numpy()
    assert tau.shape == (units,) and ((tau >= 5) & (tau <= 50)).all()
    model.save(tmp_path / "m.keras")
    loaded = r2s.load_network(tmp_path / "m.keras")
    np.testing.assert_array_equal(loaded.layers[1].cell.non_trainable_variables[0].numpy(), tau)
    np.testing.assert_array_equal(loaded(noise(2, 9, 4)), model(noise(2, 9, 4)))


def test_saved_network_predicts_the_same_in_another_process(tmp_path):
    inputs = [keras.Input((None, 5)), keras.Input((None, 3))]
    z = r2s.CLIF(12, tau_apical_ms=(20, 200), threshold=0.02, interaction="tanh_mult", seed=1)(inputs)
    z = r2s.ALIF(12, tau_ms=[float(tau) for tau in range(5, 17)], threshold=0.02, seed=2)(z)
    model = keras.Model(inputs, r2s.LI(1, seed=3)(r2s.LIF(12, threshold=0.02, seed=4)(z)))
    data = [noise(3, 40, 5), noise(3, 40, 3, seed=1)]
    wanted = model.predict(data, verbose=0)
    assert wanted.std() > 0
    model.save(tmp_path / "m.keras")
    np.savez(tmp_path / "data.npz", x=data[0], c=data[1])
    code = (
        "import sys, json, numpy as np, rate2spike as r2s\n"
        "d = np.load(sys.argv[2]); m = r2s.load_network(sys.argv[1])\n"
        "print(json.dumps(m.predict([d['x'], d['c']], verbose=0).tolist()))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, tmp_path / "m.keras", tmp_path / "data.npz"], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    np.testing.assert_array_equal(np.array(json.loads(done.stdout.splitlines()[-1]), np.float32), wanted)


def test_regulariser_of_a_layer_adds_what_its_function_says():
    z_layer = r2s.LIF(5, threshold=0.02, seed=1, activity_regularizer=r2s.SpikeRateRegularizer(0.05, 0.1))
    model = keras.Sequential([keras.Input((None, 4)), z_layer])
    x = noise(6, 30, 4, p=0.8)
    z = model(x).numpy()
    n = z.sum((1, 2))
    assert n.max() > 5 * 0.05 * 30
    wanted = 0.1 * np.mean(np.maximum(0, n - 5 * 0.05 * 30) ** 2 / 30)
    assert float(sum(model.losses)) == pytest.approx(wanted, rel=1e-5)


def test_states_of_all_layers_start_with_the_initial_ones():
    model = keras.Sequential([keras.Input((None, 4)), r2s.ALIF(5, seed=1), r2s.LI(2, seed=2)])
    states = r2s.record_states(model, noise(3, 12, 4))
    assert list(states) == [0, 1] and states[0]._fields == ("v", "b", "z") and states[1]._fields == ("v",)
    for record in states.values():
        for values in record:
            assert values.shape[:2] == (13, 3) and not values[0].any()
    np.testing.assert_allclose(states[1].v[1:].transpose(1, 0, 2), model(noise(3, 12, 4)), atol=1e-6)


def test_kinds_of_cells_draw_other_weights_from_one_seed():
    layers = [r2s.LIF(4, recurrent=False, seed=1), r2s.LI(4, seed=1)]
    for layer in layers:
        layer(noise(1, 3, 5))
    one, other = (layer.cell.weights_in.kernel.numpy().ravel() for layer in layers)
    assert abs(np.corrcoef(one, other)[0, 1]) < 0.9


def test_initial_sd_follows_each_units_time_constant():
    layer = r2s.CLIF(300, tau_apical_ms=(20, 200), rate_apical_hz=20.0, seed=1)
    layer((noise(1, 2, 4), noise(1, 2, 2000, seed=1)))
    cell = layer.cell
    tau = next(v for v in cell.non_trainable_variables if v.name == "tau_apical_ms").numpy()
    wanted = np.sqrt(0.8 / (2000 * 20 * tau * 1e-3 / 2))
    np.testing.assert_allclose(cell.apical.kernel.numpy().std(0) / wanted, 1, atol=0.09)


def test_five_lines_in_a_notebook():
    model = keras.Sequential([r2s.LIF(20, threshold=0.2, seed=1), r2s.LI(1, seed=2)])
    model.compile("adam", "mse")
    losses = model.fit(noise(16, 30, 6), ones(16, 30, 1), epochs=5, verbose=0).history["loss"]
    assert losses[-1] < losses[0]


def test_a_time_or_rate_in_another_unit_is_warned_of():
    for make, message in (
        (lambda: r2s.LIF(10, tau_ms=0.02), "tau_ms is 0.02 ms; plausible is 1 to 10000 ms"),
        (lambda: r2s.LI(2, tau_ms=[20.0, 0.02]), "tau_ms is 0.02 ms for 1 of 2"),
        (lambda: r2s.CLIF(10, tau_apical_ms=(0.02, 0.2)), "tau_apical_ms is 0.02 ms"),
        (lambda: r2s.ALIF(10, tau_adaptation_ms=0.2), "tau_adaptation_ms is 0.2 ms"),
        (lambda: r2s.LIF(10, dt_ms=0.001), "dt_ms is 0.001 ms; plausible is 0.01 to 100 ms"),
        (lambda: r2s.LIF(10, input_rate_hz=1e5), "input_rate_hz is 100000 Hz"),
    ):
        with pytest.warns(UserWarning, match=message) as warned:
            make()
        assert warned[0].filename == __file__
