"""Keras' dtype policies, its backend, and inputs that are no numbers."""

import os
import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf

import rate2spike as r2s
from rate2spike.errors import InputError
from rate2spike.spiking.layers.lif import LIFCell

RNG = np.random.default_rng(1)
FRAMES = (RNG.random((8, 23, 5)) < 0.3).astype(np.float32)
CONTEXT = RNG.random((8, 23, 2)).astype(np.float32)
WANTED = RNG.random((8, 1)).astype(np.float32)
POLICIES = ("mixed_float16", "float64")  # bfloat16 goes the way of float16


@pytest.fixture
def policy(request):
    """A global policy, and for float64 what Keras takes where it has no policy."""
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(request.param)
    keras.config.set_floatx("float64" if request.param == "float64" else "float32")
    yield request.param
    keras.config.set_floatx("float32")
    keras.config.set_dtype_policy(before)


def network() -> keras.Model:
    """Layers, a cell in keras.layers.RNN, and a layer of Keras between them."""
    frames, context = keras.Input((None, 5)), keras.Input((None, 2))
    active = {"threshold": 0.1, "surrogate": "super", "surrogate_scale": 1.0}
    z = r2s.CLIF(6, **active, interaction="add", seed=1, activity_regularizer=r2s.SpikeRateRegularizer())(
        [frames, context]
    )
    z = keras.layers.RNN(LIFCell(6, **active, seed=3), return_sequences=True)(z)
    z = keras.layers.Dense(6)(r2s.ALIF(6, **active, seed=2, recompute=True)(z))
    return keras.Model([frames, context], r2s.LI(1, input_rate_hz=100.0, seed=6)(z)[:, -1])


@pytest.mark.parametrize("policy", POLICIES, indirect=True)
def test_a_global_policy_trains_saves_and_loads(policy, tmp_path):
    model = network()
    before = [w.numpy() for w in model.trainable_weights]
    model.compile(keras.optimizers.Adam(0.01), "mse")
    losses = model.fit([FRAMES, CONTEXT], WANTED, epochs=2, batch_size=8, verbose=0).history["loss"]
    assert np.isfinite(losses).all()
    moved = [np.abs(w.numpy() - b).max() for w, b in zip(model.trainable_weights, before, strict=True)]
    assert min(moved) > 0  # there is a gradient for every weight
    assert {w.dtype for w in model.trainable_weights} == {"float64" if policy == "float64" else "float32"}
    model.save(tmp_path / "net.keras")
    expected = model([FRAMES, CONTEXT]).numpy()
    loaded = r2s.load_network(tmp_path / "net.keras")
    np.testing.assert_array_equal(loaded([FRAMES, CONTEXT]).numpy(), expected)
    assert len(r2s.record_states(model, [FRAMES, CONTEXT])) == 3


@pytest.mark.parametrize("policy", ["mixed_float16"], indirect=True)
def test_under_16_bits_a_layer_computes_what_it_computes_in_float32(policy):
    layer, plain = r2s.LIF(6, seed=1, threshold=0.1), r2s.LIF(6, seed=1, threshold=0.1, dtype="float32")
    z = layer(FRAMES)
    assert z.dtype == tf.float32 and z.numpy().sum() > 0
    np.testing.assert_array_equal(z, plain(FRAMES))
    as_half = layer(tf.constant(FRAMES, tf.float16))  # what a layer of Keras before it gives
    np.testing.assert_array_equal(as_half, z)


def rate_weights() -> np.ndarray:
    model = r2s.keras_model("go-nogo", n_units=20, seed=1, evaluate_every=2, batch_size=2)
    model.fit(epochs=1, verbose=0)
    return np.concatenate([w.numpy().ravel() for w in model.trainable_weights])


def test_the_rate_network_is_the_same_under_every_policy():
    expected = rate_weights()
    try:
        keras.config.set_dtype_policy("mixed_float16")
        keras.config.set_floatx("float16")  # Adam's learning rate would be rounded
        np.testing.assert_array_equal(rate_weights(), expected)
        assert keras.config.floatx() == "float16"
    finally:
        keras.config.set_floatx("float32")
        keras.config.set_dtype_policy("float32")


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_input_that_is_no_number_is_refused_or_seen_in_the_output(bad):
    frames = FRAMES.copy()
    frames[0, 5, 1] = bad
    layer, pair = r2s.LIF(6, seed=1), r2s.CLIF(6, seed=1)
    with pytest.raises(InputError, match=f"the input of layer {layer.name} holds NaN"):
        layer(frames)
    with pytest.raises(InputError, match="number 1 of 2"):
        pair([frames, CONTEXT])
    with pytest.raises(InputError, match="number 1 of 2"):
        pair.states([tf.constant(frames), CONTEXT])
    in_a_graph = tf.function(layer)(tf.constant(frames)).numpy()
    assert (
        np.isfinite(in_a_graph[0, :5]).all() and np.isnan(in_a_graph[0, 5]).all() and np.isfinite(in_a_graph[1:]).all()
    )
    cell = keras.layers.RNN(LIFCell(6, seed=1), return_sequences=True)
    assert np.isnan(cell(frames).numpy()[0, 5]).all()
    rate = r2s.RateLayer(r2s.TrainConfig(n_units=6, seed=1))(frames[:2, :, 1:2]).numpy()
    assert np.isnan(rate[0, 5:]).all() and np.isfinite(rate[0, :4]).all() and np.isfinite(rate[1]).all()


def test_states_of_a_model_with_one_layer_of_ours():
    frames = keras.Input((None, 5))
    model = keras.Model(frames, r2s.LI(4, seed=1)(frames))
    (states,) = r2s.record_states(model, FRAMES).values()
    assert states.v.shape == (24, 8, 4)


ON_TORCH = """import sys, types
sys.modules['keras'] = k = types.ModuleType('keras')
k.config, k.backend = k, lambda: 'torch'
"""


@pytest.mark.parametrize("first", ["", ON_TORCH])
def test_the_backend_that_the_environment_names(first, tmp_path):
    """Keras' file of settings and KERAS_BACKEND name others: TensorFlow is taken, unless Keras runs already."""
    (tmp_path / "keras.json").write_text(
        '{"backend": "jax", "floatx": "float64", "image_data_format": "channels_first"}'
    )
    code = first + "import rate2spike as r2s, numpy as np; print(r2s.LIF(2, seed=1)(np.ones((1, 3, 2))).shape)"
    env = {
        **os.environ,
        "KERAS_BACKEND": "torch",
        "TF_USE_LEGACY_KERAS": "1",
        "KERAS_HOME": str(tmp_path),
        "TF_CPP_MIN_LOG_LEVEL": "2",
    }
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True)
    if first:
        assert "InputError: Keras runs on torch in this process" in done.stderr.splitlines()[-1]
    else:
        assert done.stdout.strip() == "(1, 3, 2)", done.stderr


def test_settings_that_keras_does_not_take_are_named_in_one_line(tmp_path):
    (tmp_path / "keras.json").write_text("[]")
    done = subprocess.run(
        [sys.executable, "-m", "rate2spike", "context", "--synthetic"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        env={**os.environ, "KERAS_HOME": str(tmp_path), "TF_CPP_MIN_LOG_LEVEL": "2"},
    )
    assert done.returncode == 2 and done.stderr.splitlines()[-1].startswith(
        "rate2spike context: Keras does not start: "
    )
    assert str(tmp_path / "keras.json") in done.stderr and "Traceback" not in done.stderr
