"""Layers of the kit from their configuration, and networks from .keras files."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import rate2spike as r2s

d = r2s.dendrites


@keras.saving.register_keras_serializable("tests")
def bump(v):
    return d.gaussian(v, 0.0, 1.0)


def coupled():
    compartment = d.PAComponentDendCompartment(3, f_dca=bump, store_va_seq=True)
    return d.VDiffDend(compartment, d.DendWiring([[0, 1], [0, 0]], 2, [1]), [[0.0, 0.25], [0.0, 0.0]], True)


def segregated():
    return d.SegregatedDend(d.PassiveDendCompartment(2.0, False, -0.5), d.SegregatedDendWiring(2))


LAYERS = {
    "passive": lambda: d.PassiveDendCompartment(3.0, False, -0.25, "m", True, time_major=False),
    "active": lambda: d.PAComponentDendCompartment(3, f_dca=bump),
    "segregated": segregated,
    "coupled": coupled,
    "IF": lambda: d.IFSoma(2, None, d.SigmoidSurrogate(2.0), True),
    "LIF": lambda: d.LIFSoma(3, False, surrogate_function=d.LogisticStochasticFiring(0.4, 5.0, seed=2)),
    "QIF": lambda: d.QIFSoma(3.0, curvature=2.0),
    "EIF": lambda: d.EIFSoma(3.0, sharpness=0.2),
    "AdLIF": lambda: d.AdLIFSoma(3.0, adaptation=0.3),
    "VDiffForward": lambda: d.VDiffForwardDendNeuron(segregated(), d.LIFSoma(), [3], [0.5, 0.25], True),
    "VActivationForward": lambda: d.VActivationForwardDendNeuron(coupled(), d.IFSoma(), [3], bump, step_mode="m"),
    "VDiffForwardSBackward": lambda: d.VDiffForwardSBackwardDendNeuron(
        coupled(),
        d.LIFSoma(),
        [3, 2],
        backward_strength=0.3,
        backward_strength_learnable=True,
        store_v_dend_pre_spike=True,
    ),
    "VActivationForwardSBackward": lambda: d.VActivationForwardSBackwardDendNeuron(
        segregated(), d.LIFSoma(), [3], bump, 0.3
    ),
}


@pytest.mark.parametrize("name", LAYERS)
def test_a_configuration_makes_the_same_layer(name):
    layer = LAYERS[name]()
    config = keras.saving.serialize_keras_object(layer)
    again = keras.saving.deserialize_keras_object(config)
    assert keras.saving.serialize_keras_object(again) == config
    assert [(one.name, one.trainable) for one in again.weights] == [(one.name, one.trainable) for one in layer.weights]


def test_a_network_is_saved_with_what_it_has_learnt(tmp_path):
    layer = d.VActivationForwardSBackwardDendNeuron(
        coupled(), d.LIFSoma(v_threshold=0.1), [3], bump, 0.5, True, 0.3, True, "m", time_major=False
    )
    synapse = d.LinearIdentitySynapse(4, 6, step_mode="m", seed=1, time_major=False)
    model = keras.Sequential([keras.Input((9, 4)), synapse, layer])
    layer.backward_strength.assign(-0.7)
    layer.dend.coupling_strength.assign([[0.0, 0.5], [0.0, 0.0]])
    x = np.random.default_rng(1).normal(1, 1, (2, 9, 4)).astype("f4")
    y = model.predict(x, verbose=0)
    assert 0 < y.mean() < 1
    model.save(tmp_path / "net.keras")
    again = keras.models.load_model(tmp_path / "net.keras")
    np.testing.assert_array_equal(again.predict(x, verbose=0), y)
    assert float(again.layers[1].backward_strength) == pytest.approx(-0.7)
    assert len(again.trainable_weights) == len(model.trainable_weights) == 4


def test_a_function_that_is_not_registered_is_given_when_loading(tmp_path):
    def shifted(v):
        return v - 0.1

    compartment = d.PAComponentDendCompartment(2.0, f_dca=shifted, step_mode="m", time_major=False)
    model = keras.Sequential([keras.Input((5, 2)), compartment])
    model.save(tmp_path / "net.keras")
    again = keras.models.load_model(tmp_path / "net.keras", custom_objects={"shifted": shifted})
    x = np.ones((1, 5, 2), "f4")
    np.testing.assert_array_equal(again.predict(x, verbose=0), model.predict(x, verbose=0))


def test_a_network_can_be_cloned_with_its_weights():
    model = keras.Sequential([keras.Input((6,)), LAYERS["VDiffForward"]()])
    model.layers[0].forward_strength.assign([0.1, 0.9])
    again = keras.models.clone_model(model)
    again.set_weights(model.get_weights())
    x = tf.random.stateless_normal([4, 6], [1, 2])
    np.testing.assert_array_equal(again(x), model(x))
