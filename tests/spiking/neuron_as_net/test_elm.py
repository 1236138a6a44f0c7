"""The ELM neuron: its equations against a plain loop, gradients by finite differences, counts, routing."""

import numpy as np
import pytest

from rate2spike.errors import InputError
from rate2spike.machine.keras_on_tensorflow import tf
from rate2spike.spiking.detailed_cells.events import SynapticEvents
from rate2spike.spiking.kernels.leaky_memory import remember, remember_slopes
from rate2spike.spiking.neuron_as_net.elm import ElmArchitecture
from rate2spike.spiking.neuron_as_net.elm_layers import elm_model
from rate2spike.spiking.neuron_as_net.heads import layer_5_heads
from rate2spike.spiking.neuron_as_net.leaky_memory import (
    MemoryWeights,
    leaky_sum_of_batch,
    memory_by_kernel,
    memory_by_tensorflow,
)
from rate2spike.spiking.neuron_as_net.network import TwinNetwork

SMALL = ElmArchitecture(30, 5, n_branches=4, n_per_branch=12, least_tau_ms=2, most_tau_ms=20)


def by_plain_loop(model, architecture, x):
    """Outputs by the equations of the paper, one step after the other."""
    w = {v.path: v.numpy() for v in model.variables}
    routing, strengths = architecture.routing(), np.maximum(w["synapses/strengths"], 0)
    k_b, tau = np.exp(-1 / architecture.tau_branch_ms), architecture.time_constants_ms()
    k_m = np.exp(-1 / tau)
    share = 1 - np.exp(-architecture.speed / tau)
    if architecture.update == "linear":
        share = architecture.speed * (1 - k_m)
    further = np.array(architecture.more_tau_branch_ms).reshape(-1, 1)
    b, m = np.zeros(architecture.n_branches), np.zeros(architecture.n_memory)
    slow = np.zeros((further.size, b.size))
    spikes, somatic = [], []
    for now in x:
        received = np.where(routing >= 0, strengths * now[routing], 0).sum(1)
        b = k_b * b + received
        slow = np.exp(-1 / further) * slow + architecture.tau_branch_ms / further * received
        h = np.maximum(np.concatenate([b, slow.ravel(), k_m * m]) @ w["memory/to_hidden"] + w["memory/hidden_bias"], 0)
        proposal = 1.7159 * np.tanh(2 / 3 * (h @ w["memory/to_memory"] + w["memory/memory_bias"]))
        m = k_m * m + share * proposal
        spikes.append(1 / (1 + np.exp(-(m @ w["spikes/kernel"][0] + w["spikes/bias"]))))
        somatic.append(m @ w["somatic/kernel"][0] + w["somatic/bias"])
    return np.array(spikes), np.array(somatic)


@pytest.mark.parametrize("n_memory", [1, 5, 10, 20, 50, 100])
def test_published_counts(n_memory):
    count = {1: 4601, 5: 5077, 10: 5852, 20: 8002, 50: 19252, 100: 54002}[n_memory]
    assert ElmArchitecture(n_memory=n_memory).n_parameters == count
    if n_memory == 20:
        assert elm_model(ElmArchitecture(), 0).count_params() == count


def test_routing():
    routing = ElmArchitecture().routing()
    assert routing.shape == (45, 100)
    np.testing.assert_array_equal(routing[0, :6], [0, 639, 1, 640, 2, 641])
    np.testing.assert_array_equal(routing[1, :3], [653, 15, 654])  # from place 29 on
    assert (routing[44] >= 0).sum() == 2 and set(routing.ravel()) == {-1, *range(1278)}


def test_routing_of_unequal_kinds():
    routing = ElmArchitecture(10, n_branches=2, n_per_branch=5, n_excitatory=8).routing()
    np.testing.assert_array_equal(routing.ravel(), [0, 8, 1, 9, 2, 3, 4, 5, 6, 7])


@pytest.mark.parametrize("more", [(), (8, 70)])
@pytest.mark.parametrize("update", ["exponential", "linear"])
def test_it_is_the_published_equations(update, more):
    architecture = ElmArchitecture(
        30, 5, n_branches=4, n_per_branch=12, update=update, speed=2, more_tau_branch_ms=more
    )
    model, rng = elm_model(architecture, 3), np.random.default_rng(0)
    assert model.count_params() == architecture.n_parameters
    model.set_weights([w + rng.normal(0, 0.2, w.shape) for w in model.get_weights()])
    x = (rng.random((2, 50, 30)) < 0.1).astype("f4")
    found = model(x)
    for b in range(2):
        spikes, somatic = by_plain_loop(model, architecture, x[b])
        np.testing.assert_allclose(found["spikes"][b], spikes, atol=1e-5)
        np.testing.assert_allclose(found["somatic"][b], somatic, atol=1e-5)


def some_weights(rng, d=4, h=6):
    def drawn(*shape):
        return tf.constant(rng.normal(0, 0.7, shape).astype("f4"))

    keep = tf.constant(rng.uniform(0.3, 0.95, d).astype("f4"))
    return drawn(3, 12, h), MemoryWeights(keep, drawn(d), drawn(d, h), drawn(h, d), drawn(d))


def test_slopes_are_those_of_automatic_differentiation():
    rng = np.random.default_rng(1)
    u, weights = some_weights(rng)
    seen = tf.constant(rng.normal(size=(3, 12, 4)).astype("f4"))
    found = []
    for loop in (memory_by_kernel, memory_by_tensorflow):
        with tf.GradientTape() as tape:
            tape.watch([u, *weights])
            total = tf.reduce_sum(loop(u, weights) * seen)
        found.append([total, *tape.gradient(total, [u, *weights])])
    for ours, theirs in zip(*found, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=2e-4, atol=2e-5)


def test_slopes_are_finite_differences():
    """Of a smooth stretch: no relu may turn within the difference."""
    rng = np.random.default_rng(2)
    u, weights = some_weights(rng)
    u = u + 6.0
    seen = rng.normal(size=(3, 12, 4)).astype("f4")
    arguments = [u, *weights]

    def total(given):
        return tf.reduce_sum(memory_by_kernel(given[0], MemoryWeights(*given[1:])) * seen)

    with tf.GradientTape() as tape:
        tape.watch(arguments)
        slopes = tape.gradient(total(arguments), arguments)
    for k, one in enumerate(arguments):
        direction = rng.normal(size=one.shape).astype("f4")
        step = 3e-3 / np.linalg.norm(direction)
        ends = [[*arguments[:k], one + sign * step * direction, *arguments[k + 1 :]] for sign in (1, -1)]
        difference = float(total(ends[0]) - total(ends[1])) / (2 * step)
        assert float(tf.reduce_sum(slopes[k] * direction)) == pytest.approx(difference, rel=0.02, abs=0.02)


def test_results_of_an_item_are_the_same_whatever_is_computed_with_it():
    rng = np.random.default_rng(2)
    u, weights = some_weights(rng, d=5, h=7)
    seen, found = rng.normal(size=(3, 12, 5)).astype("f4"), []
    for ranges in ([(0, 3)], [(0, 1), (1, 3)], [(0, 2), (2, 3)]):
        memory, hidden, proposal = np.empty((3, 12, 5), "f4"), np.empty((3, 12, 7), "f4"), np.empty((3, 12, 5), "f4")
        d_u, d_total = np.empty_like(hidden), np.empty_like(memory)
        keep, gain, from_memory, to_memory, _ = (one.numpy() for one in weights)
        back = (keep, gain, np.ascontiguousarray(to_memory.T), np.ascontiguousarray(from_memory.T))
        for first, last in ranges:
            remember(memory, hidden, proposal, u.numpy(), *(one.numpy() for one in weights), first, last)
            remember_slopes(d_u, d_total, seen, hidden, proposal, *back, first, last)
        found.append((memory, hidden, proposal, d_u, d_total))
    for other in found[1:]:
        for a, b in zip(found[0], other, strict=True):
            np.testing.assert_array_equal(a, b)


def test_leaky_sum():
    x = tf.constant(np.random.default_rng(0).normal(size=(2, 7, 3)).astype("f4"))
    with tf.GradientTape() as tape:
        tape.watch(x)
        found = leaky_sum_of_batch(x, 0.5)
        last = tf.reduce_sum(found[:, -1])
    expected = np.zeros((2, 3))
    for t in range(7):
        expected = 0.5 * expected + x[:, t]
        np.testing.assert_allclose(found[:, t], expected, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(tape.gradient(last, x)[0, :, 0], 0.5 ** np.arange(6, -1, -1), rtol=1e-6)


def test_time_constants_are_trained_if_asked_for():
    trained = ElmArchitecture(30, 5, n_branches=4, n_per_branch=12, train_tau=True)
    model = elm_model(trained, 0)
    assert model.count_params() == trained.n_parameters == SMALL.n_parameters + 5
    x = (np.random.default_rng(0).random((1, 40, 30)) < 0.2).astype("f4")
    log_tau = model.get_layer("memory").log_tau
    np.testing.assert_allclose(np.exp(log_tau), trained.time_constants_ms(), rtol=1e-5)
    with tf.GradientTape() as tape:
        total = tf.reduce_sum(model(x)["somatic"])
    assert np.abs(tape.gradient(total, log_tau.value)).max() > 0


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (dict(n_memory=0), "number of memory units must be a whole number from 1, got 0"),
        (dict(least_tau_ms=10, most_tau_ms=5), "most_tau_ms must not be below least_tau_ms, got 5 and 10"),
        (dict(n_branches=10, n_per_branch=5), "n_branches 10 windows of n_per_branch 5 do not cover 1278 synapses"),
        (dict(more_tau_branch_ms=[8, -1]), "a time constant must be a positive number, got -1"),
        (dict(update="euler"), "unknown update 'euler'"),
        (dict(n_excitatory=2000), "n_excitatory must be at most 1278"),
    ],
)
def test_what_is_refused(given, message):
    with pytest.raises(InputError, match=message):
        ElmArchitecture(**given)


def test_inhibition_may_count_negative():
    shared = dict(n_synapses=6, n_memory=2, n_branches=2, n_per_branch=4, heads=layer_5_heads(0))
    plain = TwinNetwork(ElmArchitecture(**shared), 1)
    signed = TwinNetwork(ElmArchitecture(**shared, negative_inhibition=True), 1)
    events = SynapticEvents(6, 30, [2, 5, 9, 9], [0, 4, 1, 5])
    mirrored = SynapticEvents(6, 30, [2, 5, 9, 9], [0, 4, 1, 5], weight=[1, -1, 1, -1])
    assert np.array_equal(signed.predict([events])["somatic"], plain.predict([mirrored])["somatic"])
    assert not np.array_equal(signed.predict([events])["somatic"], plain.predict([events])["somatic"])
    dense = signed.model(events.to_dense().T[None].astype(np.float32))["somatic"]
    np.testing.assert_allclose(dense, signed.predict([events])["somatic"], rtol=1e-5)
