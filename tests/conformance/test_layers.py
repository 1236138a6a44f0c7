"""What every spiking layer does. A new one adds a line to LAYERS; the first test finds those that are not listed."""

import pkgutil
from importlib import import_module

import keras
import numpy as np
import pytest
import tensorflow as tf

import rate2spike as r2s
import rate2spike.spiking.layers
from rate2spike.spiking.layers import saved_network
from rate2spike.spiking.layers.cascade_cell import CascadeCell, SpikingCascadeCell
from rate2spike.spiking.layers.cell import Cell
from rate2spike.spiking.layers.cell_layer import CellLayer

# name in the façade: widths of its inputs, options under which it is active
LAYERS = {
    "LIF": ((5,), {"threshold": 0.1}),
    "ALIF": ((5,), {"threshold": 0.1}),
    "CLIF": ((5, 3), {"threshold": 0.05}),
    "LI": ((5,), {}),
    "OneCompartment": ((5,), {"initial_scale": 300.0}),
    "TwoCompartment": ((5,), {"initial_scale": 100.0, "backprop_gain": 0.5}),
    "ParallelSubunits": ((5,), {"initial_scale": 20.0, "backprop_gain": 0.05}),
    "CascadeReadout": ((5,), {}),
}
ON_ITS_WAY = {"sent"}  # a state that is the output alone
B, T, N = 3, 24, 7
every_layer = pytest.mark.parametrize("name", LAYERS)


def made(name, **changes):
    return getattr(r2s, name)(N, seed=1, **LAYERS[name][1], **changes)


def inputs_of(name, n_trials=B, n_steps=T):
    rng = np.random.default_rng(0)
    given = [(rng.random((n_trials, n_steps, width)) < 0.4).astype("f4") for width in LAYERS[name][0]]
    return given[0] if len(given) == 1 else given


def part(inputs, index):
    return [x[index] for x in inputs] if isinstance(inputs, list) else inputs[index]


def test_every_layer_and_cell_of_the_room_is_listed():
    room = rate2spike.spiking.layers
    modules = [import_module(f"{room.__name__}.{item.name}") for item in pkgutil.iter_modules(room.__path__)]
    classes = {value for module in modules for value in vars(module).values() if isinstance(value, type)}
    layers = {one for one in classes if issubclass(one, CellLayer) and one is not CellLayer}
    assert {one.__name__ for one in layers} == set(LAYERS)
    bases = (Cell, CascadeCell, SpikingCascadeCell)
    cells = {one for one in classes if issubclass(one, Cell) and one not in bases}
    assert {one.cell_class for one in layers} == cells
    assert layers <= set(saved_network.LAYERS), "Keras finds a class only when it has been imported"


@every_layer
def test_shape_and_dtype(name):
    layer, inputs = made(name), inputs_of(name)
    y = layer(inputs)
    shapes = [x.shape for x in inputs] if isinstance(inputs, list) else inputs.shape
    assert y.shape == (B, T, N) == layer.compute_output_shape(shapes) and y.dtype == "float32"
    assert made(name)(inputs_of(name, 1, 1)).shape == (1, 1, N)
    double = made(name, dtype="float64")(inputs)
    assert double.dtype == "float64" and np.ptp(y) > 0


@every_layer
def test_a_trial_is_the_same_in_any_batch(name):
    layer, inputs = made(name), inputs_of(name)
    whole = layer(inputs).numpy()
    for index in (slice(0, 1), slice(1, 3)):
        np.testing.assert_allclose(layer(part(inputs, index)), whole[index], rtol=1e-5, atol=1e-6)


@every_layer
def test_the_configuration_makes_the_same_layer(name):
    layer, inputs = made(name, recompute=True), inputs_of(name)
    again = type(layer).from_config(layer.get_config())
    assert again.get_config() == layer.get_config()
    np.testing.assert_array_equal(again(inputs), layer(inputs))
    cell = type(layer.cell).from_config(layer.cell.get_config())
    assert cell.get_config() == layer.cell.get_config()


@every_layer
def test_saved_and_loaded(name, tmp_path):
    given = inputs_of(name)
    symbolic = [keras.Input((None, width)) for width in LAYERS[name][0]]
    symbolic = symbolic if isinstance(given, list) else symbolic[0]
    layer = made(name)
    model = keras.Model(symbolic, layer(symbolic))
    for weight in layer.trainable_weights:  # not those that the seed draws again
        weight.assign(weight * 1.5)
    model.save(tmp_path / "m.keras")
    np.testing.assert_array_equal(r2s.load_network(tmp_path / "m.keras")(given), model(given))


@every_layer
def test_every_weight_gets_a_finite_gradient(name):
    layer, inputs = made(name), inputs_of(name)
    layer(inputs)
    with tf.GradientTape() as tape:
        y = layer(inputs)
        loss = tf.reduce_sum(y * tf.cos(tf.cumsum(tf.ones_like(y), 1)))
    gradients = tape.gradient(loss, layer.trainable_weights)
    assert gradients and all(np.isfinite(one).all() and np.any(one) for one in gradients)


@every_layer
def test_the_state_is_carried_from_step_to_step(name):
    """The cell, step by step, gives what the layer gives; and each of its states decides what comes next."""
    layer, inputs = made(name), inputs_of(name)
    whole = layer(inputs).numpy()
    states, outputs, matters = layer.cell.get_initial_state(B), [], set()
    for t in range(T):
        now = part(inputs, (slice(None), t))
        for k, state in enumerate(layer.cell.state_names):
            without = [tf.zeros_like(one) if i == k else one for i, one in enumerate(states)]
            pairs = zip(layer.cell.call(now, states)[1], layer.cell.call(now, without)[1], strict=True)
            matters |= {state} if any(not np.allclose(a, b, atol=1e-4) for a, b in pairs) else set()
        output, states = layer.cell.call(now, states)
        outputs.append(output)
    np.testing.assert_allclose(np.stack(outputs, 1), whole, rtol=1e-5, atol=1e-6)
    assert matters == set(layer.cell.state_names) - ON_ITS_WAY
