"""Learners of every rule with a synapse and a layer, for the tests of spiking/plasticity."""

import pytest
import tensorflow as tf

import rate2spike as r2s

from plasticity_nets import dense, excite, neurons, spikes

X = spikes(5, 3, 6)


def soft_bound(w):
    return 1.0 - w


def net(step_mode="m", n_input=2, **options):
    synapse = dense(6, 2 * n_input, step_mode=step_mode, **options)
    excite(synapse, 2.0)
    return synapse, neurons([2], n_input, step_mode=step_mode)


LEARNERS = {
    "STDP": lambda syn, dsn, **options: r2s.plasticity.STDPLearner(syn, dsn, 2.0, 4.0, soft_bound, **options),
    "semi-STDP": lambda syn, dsn, **options: r2s.plasticity.SemiSTDPLearner(syn, dsn, 2.0, soft_bound, **options),
    "DPP": lambda syn, dsn, **options: r2s.plasticity.DPPLearner(
        syn, dsn, tf.nn.sigmoid, soft_bound, tau_psp=2.0, **options
    ),
}
every_learner = pytest.mark.parametrize("name", LEARNERS)


def made(name, step_mode="m", **options):
    synapse, layer = net(step_mode)
    return synapse, layer, LEARNERS[name](synapse, layer, step_mode=step_mode, **options)
