"""Networks on events say what they say on dense input, with the same gradients, on any number of threads."""

import pickle

import numpy as np
import pytest

from rate2spike.errors import InputError
from rate2spike.machine.keras_on_tensorflow import tf
from rate2spike.spiking.detailed_cells.events import SynapticEvents
from rate2spike.spiking.neuron_as_net import side_by_side, sparse_first_layer
from rate2spike.spiking.neuron_as_net.architecture import ConvolutionalArchitecture
from rate2spike.spiking.neuron_as_net.elm import ElmArchitecture
from rate2spike.spiking.neuron_as_net.event_batch import batch_of_windows
from rate2spike.spiking.neuron_as_net.network import TwinNetwork
from rate2spike.spiking.neuron_as_net.rivals import logistic_regression, one_hidden_layer

N = 30
ARCHITECTURES = {
    "tcn": ConvolutionalArchitecture(N, [9, 4], 6, initial_weights=0.3),
    "one unit": ConvolutionalArchitecture(N, [9], 1, "linear", normalisation="none"),
    "rms": ConvolutionalArchitecture(N, [9, 4], 6, "leaky_gelu", initial_weights="he_normal", normalisation="rms"),
    "elm": ElmArchitecture(N, 5, n_branches=4, n_per_branch=12, train_tau=True),
    "logistic": logistic_regression(N, 9),
    "hidden": one_hidden_layer(N, 6, 9),
}


def some_events(n_ms=100, seed=0, weighted=False):
    rng = np.random.default_rng(seed)
    x = rng.random((N, n_ms)) < 0.05
    return SynapticEvents.from_dense(np.where(x, rng.random(x.shape), 0) if weighted else x)


@pytest.mark.parametrize("name", ARCHITECTURES)
@pytest.mark.parametrize("training", [False, True])
def test_events_are_as_dense_input(name, training):
    network = TwinNetwork(ARCHITECTURES[name], seed=1)
    batch = batch_of_windows([some_events(seed=k, weighted=k == 1) for k in range(3)], [0, 20, 50], 50)
    dense, found = batch.to_dense(N), []
    for run in (
        lambda: network.model(dense, training=training),
        lambda: network.outputs([tf.constant(one) for one in batch.arrays], *batch[4:], training=training),
    ):
        with tf.GradientTape() as tape:
            outputs = run()
            total = tf.add_n([tf.reduce_sum(one[:, 10:] ** 2) for one in outputs.values()])
        found.append([*outputs.values(), *tape.gradient(total, network.model.trainable_variables)])
    for a, b in zip(*found, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-4 * np.abs(a).max())


def test_windows_are_cut_out_of_simulations():
    events = some_events(weighted=True)
    batch = batch_of_windows([events, events], [0, 37], 40)
    np.testing.assert_array_equal(batch.to_dense(N)[1], events.to_dense()[:, 37:77].T)
    assert (np.diff(batch.synapse) >= 0).all()


def test_windows_without_events():
    empty = SynapticEvents(N, 100, [], [])
    network = TwinNetwork(ARCHITECTURES["tcn"])
    out = network.predict([empty, some_events()])
    assert np.isfinite(out["spikes"]).all()
    np.testing.assert_allclose(out["somatic"][1:], network.predict([some_events()])["somatic"], rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("name", ["tcn", "elm"])
def test_the_number_of_threads_changes_no_bit(name, monkeypatch):
    monkeypatch.setattr(side_by_side, "_OPERATIONS_PER_THREAD", 1)
    network = TwinNetwork(ARCHITECTURES[name])
    batch = batch_of_windows([some_events(seed=k) for k in range(5)], [0] * 5, 100)
    found = []
    for n_cores in (1, 2, 3):
        monkeypatch.setattr(side_by_side, "usable_cores", lambda n=n_cores: n)
        with tf.GradientTape() as tape:
            outputs = network.outputs([tf.constant(one) for one in batch.arrays], *batch[4:], training=True)
            total = tf.reduce_sum(outputs["somatic"] ** 2)
        found.append([total, *tape.gradient(total, network.model.trainable_variables)])
    for other in found[1:]:
        for a, b in zip(found[0], other, strict=True):
            assert (a is None and b is None) or np.array_equal(a, b)


def test_on_a_gpu_it_would_be_the_same(monkeypatch):
    batch = batch_of_windows([some_events()], [0], 100)
    columns = [tf.constant(one) for one in batch.arrays]
    for name in ("tcn", "elm"):
        network = TwinNetwork(ARCHITECTURES[name])
        ours = network.outputs(columns, 1, 100)
        with monkeypatch.context() as patch:
            for module in ("sparse_first_layer", "leaky_memory"):
                patch.setattr(f"rate2spike.spiking.neuron_as_net.{module}.has_gpu", lambda: True)
            dense = network.outputs(columns, 1, 100)
        for head, one in ours.items():
            np.testing.assert_allclose(one, dense[head], rtol=1e-4, atol=1e-5)
    assert not sparse_first_layer.has_gpu()


def test_it_is_compiled_once_for_any_number_of_events():
    network, traced = TwinNetwork(ARCHITECTURES["tcn"]), []

    def run(*columns):
        traced.append(1)
        return network.outputs(columns, 1, 100)

    kinds = [tf.TensorSpec([None], dtype) for dtype in (tf.int32, tf.int32, tf.int32, tf.float32)]
    compiled = tf.function(run, input_signature=kinds)
    for seed in range(3):
        batch = batch_of_windows([some_events(seed=seed)], [0], 100)
        out = compiled(*batch.arrays)["somatic"]
        np.testing.assert_allclose(out, network.predict([some_events(seed=seed)])["somatic"], rtol=1e-5, atol=1e-6)
    assert len(traced) == 1


@pytest.mark.parametrize("name", ["tcn", "elm"])
def test_equality_and_pickling_are_by_value(name):
    network = TwinNetwork(ARCHITECTURES[name], seed=3)
    again = pickle.loads(pickle.dumps(network))
    assert again == network and again.seed == 3
    assert network == TwinNetwork(ARCHITECTURES[name], seed=3) != TwinNetwork(ARCHITECTURES[name], seed=4)
    assert network != 3


def test_rivals_have_no_more_than_they_should():
    assert logistic_regression(N, 9).n_parameters == 2 * (N * 9 + 1) + 2 * 3
    assert one_hidden_layer(N, 6, 9).overview == "FCN__DxWxT_1x6x9"


def test_what_is_refused():
    network = TwinNetwork(ARCHITECTURES["tcn"])
    with pytest.raises(InputError, match="events must be of 30 synapses, as the network; got \\[5\\]"):
        network.predict([SynapticEvents(5, 10, [], [])])
    for wrong in (None, 1, np.array(3), [None]):
        with pytest.raises(InputError, match="events must be one or several SynapticEvents"):
            network.predict(wrong)
    with pytest.raises(InputError, match="events must all have one duration_ms"):
        network.predict([some_events(50), some_events(60)])
    with pytest.raises(InputError, match="architecture must be a ConvolutionalArchitecture or an ElmArchitecture"):
        TwinNetwork("tcn")
