"""Layers of dendritic neurons and their inputs, for the tests of spiking/dendrites."""

import numpy as np
import tensorflow as tf

import rate2spike as r2s

d = r2s.dendrites
KINDS = {
    "VDiffForward": d.VDiffForwardDendNeuron,
    "VActivationForward": d.VActivationForwardDendNeuron,
    "VDiffForwardSBackward": d.VDiffForwardSBackwardDendNeuron,
    "VActivationForwardSBackward": d.VActivationForwardSBackwardDendNeuron,
}


def square(v):
    return v**2


def drawn(n_steps, *shape, dtype="float64", seed=0, mean=1.0):
    return tf.constant(np.random.default_rng(seed).normal(mean, 1.0, size=(n_steps, *shape)), dtype)


def tree(bidirection=False, n_output=2, coupling=0.5, dtype="float64", active=None):
    kind = d.PassiveDendCompartment if active is None else d.PAComponentDendCompartment
    compartment = kind(3.0, **({} if active is None else {"f_dca": active}))
    return d.VDiffDend(compartment, d.Kto1DendWiring(2, n_output, bidirection=bidirection), coupling, True, dtype=dtype)


def segregated(n=2, tau=2.0, decay_input=False, active=None):
    options = {} if active is None else {"f_dca": active}
    kind = d.PassiveDendCompartment if active is None else d.PAComponentDendCompartment
    return d.SegregatedDend(kind(tau, decay_input, **options), d.SegregatedDendWiring(n))


def made(kind, dend, soma_shape=(3,), soma=None, **options):
    arguments = (square,) if "Activation" in kind else ()
    if "SBackward" in kind:
        options = {"backward_strength": [0.5, -0.25], "backward_strength_learnable": True} | options
    options = {"forward_strength": [0.75, 0.5], "forward_strength_learnable": True, "dtype": "float64"} | options
    return KINDS[kind](
        dend, d.LIFSoma(2.0, v_threshold=0.25) if soma is None else soma, soma_shape, *arguments, **options
    )


def trained(layer):
    return list(layer.trainable_variables)


def weighed(y):
    return tf.reduce_sum(tf.reshape(tf.range(1, y.shape[0] + 1, dtype=y.dtype), [-1] + [1] * (y.shape.rank - 1)) * y)


DENDRITES = {
    "tree": lambda: tree(True),
    "segregated": lambda: segregated(decay_input=True),
    "active tree": lambda: tree(active=lambda v: 0.3 * v**2),
}
