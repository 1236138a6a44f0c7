"""What no layer of the kit can use is said in one line: names, dtypes, inputs, functions, numbers beyond any float."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import rate2spike as r2s
from rate2spike.errors import InputError

d = r2s.dendrites


def dendrite(**options):
    return d.SegregatedDend(d.PassiveDendCompartment(tau=2.0), d.SegregatedDendWiring(2), **options)


def layer(**options):
    return d.VDiffForwardDendNeuron(dendrite(), d.LIFSoma(), options.pop("soma_shape", [3]), **options)


def refused(make, message):
    with pytest.raises(InputError, match=message) as caught:
        make()
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 300


@pytest.mark.parametrize("dtype", ["float99", "int32", "string", 3])
def test_a_dtype_that_is_none_of_floating_point_numbers(dtype):
    refused(lambda: d.LinearIdentitySynapse(4, 3, dtype=dtype), "dtype must be a dtype policy of Keras")
    refused(lambda: dendrite(dtype=dtype), "dtype must be a dtype policy of Keras")


def test_other_options_of_keras():
    refused(lambda: d.LIFSoma(name="a/b"), "name must be text without a /, got 'a/b'")
    refused(lambda: d.LIFSoma(name=3), "name must be text without a /, got 3")
    refused(lambda: d.LIFSoma(trainable=None), "trainable must be true or false, got None")


@pytest.mark.parametrize(
    "x", [None, np.array([["a", "b"]]), np.ones((2, 2), complex), tf.ragged.constant([[1.0], [1.0, 2.0]])]
)
def test_an_input_that_is_no_array_of_numbers(x):
    refused(lambda: dendrite()(x), "must be an array of numbers, got")


def test_a_symbolic_input_of_another_width_is_one_line():
    refused(lambda: dendrite()(keras.Input((2, 6))), r"takes inputs \(..., 2\)")


@pytest.mark.parametrize("step_mode", ["s", "m"])
@pytest.mark.parametrize("function", [lambda u: None, lambda u: u[..., :1], lambda u: u > 0, lambda u: 0.0])
def test_a_surrogate_that_gives_no_spike_for_every_voltage(function, step_mode):
    """Without the check one of three somas would spike for all."""
    soma = d.LIFSoma(surrogate_function=function, step_mode=step_mode)
    refused(lambda: soma(np.ones((5, 2, 3), "float32")), "surrogate_function must give numbers of the kind and shape")


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: d.PassiveDendCompartment(tau=10**400), "tau must be a positive number, got 1000"),
        (lambda: d.PassiveDendCompartment(v_rest=-(10**400)), "v_rest must be a finite number, got -1000"),
        (lambda: d.SegregatedDendWiring(10**400), "n_compartment must be a whole number from 1, got 1000"),
        (lambda: layer(forward_strength=10**400), "forward_strength must be finite numbers, got 1000"),
        (lambda: layer(forward_strength=1j), "forward_strength must be finite numbers, got 1j"),
        (lambda: layer(forward_strength=np.array([1, 2j])), "forward_strength must be finite numbers"),
        (lambda: d.LinearIdentitySynapse(2, 2, wmin=10**400), "wmin must be a number or an array of numbers"),
        (lambda: d.LinearIdentitySynapse(2, 2, wmax=np.array([1j])), "wmax must be a number or an array of numbers"),
        (lambda: d.LinearIdentitySynapse(2, 2, seed=np.eye(2)), "seed must be a whole number .* got array"),
        (lambda: d.LinearIdentitySynapse(2, 2, seed=10**400), "seed must be a whole number .* got 1000"),
        (lambda: d.DendWiring([[0]], 1, np.array(0)), "output_index must be a sequence of indices"),
        (lambda: layer(soma_shape=np.array(3)), "soma_shape must be a sequence of whole numbers"),
        (lambda: layer(store_v_dend_seq=None), "store_v_dend_seq must be true or false, got None"),
        (lambda: layer(store_v_soma_pre_spike=0), "store_v_soma_pre_spike must be true or false, got 0"),
        (lambda: d.unfold_forward_fold(None, tf.exp), "x_seq must be an array of numbers, got None"),
    ],
)
def test_options_that_cannot_be_used(make, message):
    refused(make, message)
