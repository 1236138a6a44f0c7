"""Networks of two cascade layers against the published code's loss, spikes, gradients and steps (specification, 1.8)."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import rate2spike as r2s
from rate2spike.spiking.training.optimizer import adam

B, T, N_INPUTS, N_HIDDEN, N_OUTPUTS = 8, 200, 100, 4, 2
# layer, its options and the scale of its weights; loss, hidden spikes per unit, largest outputs of trials 0 and 1, norms of
# the gradients, first row of dW2, losses before steps 0, 1, 2 and 5 of Adam
NETWORKS = {
    "one": (
        ("OneCompartment", {}, 140),
        0.8648737844,
        (29, 18, 17, 26),
        [2.6600436, 0.79114601, 2.9936541, 1.39771306],
        (0.32307786, 1.4976921),
        (1.1677884, -0.071116177),
        (0.86487378, 0.85583391, 0.85027813, 0.83618788),
    ),
    "no BAP": (
        ("TwoCompartment", {}, 15),
        0.8548166277,
        (30, 6, 14, 20),
        [2.72206125, 0.70959759, 2.72206125, 0.29735206],
        (11.146061, 1.4793477),
        (1.1602796, -0.54710503),
        (0.85481663, 0.76353284, 0.76287452, 0.5395729),
    ),
    "BAP": (
        ("TwoCompartment", {"backprop_gain": 0.5}, 15),
        1.2126706113,
        (38, 10, 14, 30),
        [2.72206125, 0.70959759, 4.48974102, 0.35286962],
        (13.245875, 2.1741028),
        (2.0586161, -0.4738828),
        (1.21267061, 1.08585591, 1.0109489, 0.67664462),
    ),
    "parallel": (
        ("ParallelSubunits", {}, 1),
        1.4194570836,
        (34, 6, 6, 36),
        [0, 0, 3.89331729, 0],
        (224.89615, 1.901915),
        (0.65734566, -0.0012506531),
        (1.41945708, 0.47475643, 0.35753707, 0.34948794),
    ),
    "PRC": (
        ("ParallelSubunits", {"backprop_gain": 0.05}, 1),
        1.6387943895,
        (37, 6, 6, 44),
        [0, 0, 4.83991768, 0],
        (239.76689, 2.4003103),
        (0.76511057, -0.0012373394),
        (1.63879439, 0.47033958, 0.35593642, 0.26756062),
    ),
}
ADAMAX = {
    "one": (0.86487378, 0.85583391, 0.85081421, 0.83657199),
    "no BAP": (0.85481663, 0.76353284, 0.7439993, 0.54133008),
    "BAP": (1.21267061, 1.08585591, 1.03115059, 0.86646898),
    "parallel": (1.41945708, 0.47475643, 0.35937326, 0.34979236),
    "PRC": (1.63879439, 0.47033958, 0.35671431, 0.34974279),
}
every_network = pytest.mark.parametrize("name", NETWORKS)


def data():
    b, t, i = np.ogrid[:B, :T, :N_INPUTS]
    return ((37 * b + 17 * t**2 + 7 * i**2 + 3 * t * i) % 199 == 0).astype(float), np.arange(B) % 2


def amplitude_of(scale, n_inputs):
    """Of sines with the SD of initial weights of this scale."""
    return np.sqrt(2 / n_inputs) * scale * (1 - np.exp(-0.1))


def network(name, dtype="float64", **options):
    kind, own, scale = NETWORKS[name][0]
    hidden = getattr(r2s, kind)(N_HIDDEN, dtype=dtype, **own, **options)
    readout = r2s.CascadeReadout(N_OUTPUTS, dtype=dtype, **({"recompute": True} if "recompute" in options else {}))
    model = keras.Sequential(
        [keras.Input((None, N_INPUTS), dtype=dtype), hidden, readout, r2s.MaxOverTime(dtype=dtype)]
    )
    i, h = np.ogrid[:N_INPUTS, :N_HIDDEN]
    angle = 0.37 * i + 1.7 * h + 0.5
    if kind != "OneCompartment":
        angle = angle[..., None] + 0.9 * np.arange(2)
    h, o = np.ogrid[:N_HIDDEN, :N_OUTPUTS]
    hidden.cell.kernel.assign(amplitude_of(scale, N_INPUTS) * np.sin(angle))
    readout.cell.kernel.assign(amplitude_of(7, N_HIDDEN) * np.cos(1.1 * h + 2.3 * o))
    return model


def loss_of(model):
    x, y = data()
    return tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(y, model(x)))


def slopes_of(model):
    with tf.GradientTape() as tape:
        loss = loss_of(model)
    return loss, tape.gradient(loss, model.trainable_variables)


def losses_before_steps(model, optimizer):
    losses = []
    for _ in range(6):
        loss, slopes = slopes_of(model)
        losses.append(float(loss))
        optimizer.apply(slopes, model.trainable_variables)
    return np.array(losses)[[0, 1, 2, 5]]


def check_steps(found, published):
    np.testing.assert_allclose(found[:3], published[:3], atol=1e-6, rtol=0)
    np.testing.assert_allclose(found[3], published[3], atol=1e-3, rtol=0)


def test_the_data_are_those_of_the_specification():
    x, _ = data()
    assert x.sum() == 900 and x[0].sum() == 200 and (x[1:].sum((1, 2)) == 100).all()


@every_network
@pytest.mark.parametrize("recompute", [False, True])
def test_loss_spikes_outputs_and_gradients(name, recompute):
    _, loss, spikes, outputs, norms, row, _ = NETWORKS[name]
    model = network(name, recompute=recompute)
    found, slopes = slopes_of(model)
    np.testing.assert_allclose(found, loss, atol=1e-8)
    x, _ = data()
    hidden = r2s.record_states(model, x)[0]
    assert tuple(hidden.z.sum((0, 1)).astype(int)) == spikes
    np.testing.assert_allclose(np.ravel(model(x)[:2]), outputs, atol=5e-8)
    np.testing.assert_allclose([np.linalg.norm(slope) for slope in slopes], norms, rtol=1e-6)
    # printed with eight digits
    np.testing.assert_allclose(slopes[1].numpy()[0], row, rtol=1e-6)


@every_network
def test_in_float32(name):
    model = network(name, "float32")
    found, slopes = slopes_of(model)
    np.testing.assert_allclose(found, NETWORKS[name][1], rtol=1e-4)
    np.testing.assert_allclose([np.linalg.norm(slope) for slope in slopes], NETWORKS[name][4], rtol=1e-3)


@every_network
def test_steps_of_adam(name):
    model = network(name)
    check_steps(losses_before_steps(model, adam(model.trainable_variables, 2e-3)), NETWORKS[name][6])


@every_network
def test_steps_of_adamax(name):
    model = network(name)
    optimizer = keras.optimizers.Adamax(2e-3, epsilon=1e-8)
    optimizer.build(model.trainable_variables)
    check_steps(losses_before_steps(model, optimizer), ADAMAX[name])


@pytest.mark.parametrize(("kind", "n"), [("OneCompartment", 408), ("ParallelSubunits", 808)])
def test_parameter_counts(kind, n):
    model = keras.Sequential([keras.Input((None, 100)), getattr(r2s, kind)(4), r2s.CascadeReadout(2)])
    assert sum(int(np.prod(one.shape)) for one in model.trainable_variables) == n


def test_networks_of_any_depth_learn_from_batches_of_any_size():
    layers = [r2s.ParallelSubunits(5, initial_scale=3.0, seed=1), r2s.TwoCompartment(6, initial_scale=60.0, seed=2)]
    model = keras.Sequential(
        [
            keras.Input((None, 7)),
            *layers,
            r2s.OneCompartment(5, initial_scale=200.0, seed=3),
            r2s.CascadeReadout(2, seed=4),
        ]
    )
    for shape in ((1, 30, 7), (9, 71, 7)):
        assert model(np.ones(shape, "f4")).shape == (*shape[:2], 2)
