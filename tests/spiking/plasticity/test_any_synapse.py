"""Rules on masked and convolutional synapses and on layers of any soma shape, against the rule on a dense synapse."""

import numpy as np
import pytest
import tensorflow as tf

import rate2spike as r2s

from plasticity_nets import dense, excite, neurons, run, spikes

T, B = 5, 3


def soft_bound(w):
    return 1.0 - w


RULES = {
    "STDP": lambda syn, dsn: r2s.plasticity.STDPLearner(
        syn, dsn, 2.0, 4.0, soft_bound, f_trace_post=tf.square, step_mode=syn.step_mode
    ),
    "semi-STDP": lambda syn, dsn: r2s.plasticity.SemiSTDPLearner(syn, dsn, 2.0, soft_bound, step_mode=syn.step_mode),
    "DPP": lambda syn, dsn: r2s.plasticity.DPPLearner(
        syn, dsn, tf.nn.sigmoid, soft_bound, step_mode=syn.step_mode, tau_psp=2.0
    ),
}
every_rule = pytest.mark.parametrize("rule", RULES)
both_modes = pytest.mark.parametrize("step_mode", ["s", "m"])


def change(rule, synapse, layer, x):
    """The change, and the spikes, of which there are some and not all."""
    learner = RULES[rule](synapse, layer)
    post = run(synapse, layer, x)
    assert 0 < post.mean() < 1
    return learner.step().numpy(), post


def cells(soma_shape, n_input=1, step_mode="m"):
    """Somas that do not scale their input: with all leaks alike, a single compartment would foretell them exactly."""
    return neurons(soma_shape, n_input, step_mode=step_mode, soma={"decay_input": False})


def convolution(*arguments, step_mode, n_axes=2, **options):
    kind = getattr(r2s.dendrites, f"Conv{n_axes}dIdentitySynapse")
    return kind(*arguments, step_mode=step_mode, **{"seed": 1, "dtype": "float64", "bias": False, **options})


@every_rule
@both_modes
def test_a_masked_synapse_learns_where_it_is_connected_as_a_dense_one(rule, step_mode):
    masked = r2s.dendrites.MaskedLinearIdentitySynapse(
        8, 6, init_sparsity=0.5, step_mode=step_mode, seed=1, dtype="float64"
    )
    excite(masked, 3.0)
    mask = masked.conn.mask.numpy()
    whole = dense(8, 6, step_mode=step_mode)
    whole.weight.assign(masked.weight * mask)
    x = spikes(T, B, 8)
    got, post = change(rule, masked, cells([3], 2, step_mode), x)
    expected, post_of_whole = change(rule, whole, cells([3], 2, step_mode), x)
    np.testing.assert_array_equal(post, post_of_whole)
    np.testing.assert_allclose(got, expected * mask, atol=1e-9)
    assert np.abs(got).max() > 0.1 and 0 < mask.mean() < 1


@every_rule
@both_modes
@pytest.mark.parametrize("n_input", [1, 2])
def test_a_convolution_of_single_pixels_is_the_dense_rule_with_its_outputs_in_another_order(rule, step_mode, n_input):
    """Dense: compartments of a soma side by side. Convolution: channel = compartment · somas + soma."""
    n_soma = 3
    order = np.arange(n_soma * n_input).reshape(n_soma, n_input).T.ravel()  # of the dense outputs in the channels
    conv = convolution(8, n_soma * n_input, 1, step_mode=step_mode)
    excite(conv, 1.5)
    whole = dense(8, n_soma * n_input, step_mode=step_mode)
    in_order = np.empty((8, n_soma * n_input))
    in_order[:, order] = conv.weight.numpy()[0, 0]
    whole.weight.assign(in_order)
    x = spikes(T, B, 8)
    got, post = change(rule, conv, cells([n_soma, 1, 1], n_input, step_mode), x[..., None, None])
    expected, post_of_whole = change(rule, whole, cells([n_soma], n_input, step_mode), x)
    np.testing.assert_array_equal(post[..., 0, 0], post_of_whole)
    np.testing.assert_allclose(got[0, 0], expected[:, order], atol=1e-9)
    assert np.abs(got).max() > 0.1


def patches(x, size, stride, dilation, padding):
    """x (T, B, C, H, W) as (T, B, H', W', C size size), as a convolution sees it."""
    x = np.pad(x, [(0, 0)] * 3 + [(padding, padding)] * 2)
    span = dilation * (size - 1) + 1
    places = [range(0, length - span + 1, stride) for length in x.shape[-2:]]
    cut = [
        [x[..., a : a + span : dilation, b : b + span : dilation].reshape(*x.shape[:2], -1) for b in places[1]]
        for a in places[0]
    ]
    return np.stack([np.stack(row, 2) for row in cut], 2)


@every_rule
@pytest.mark.parametrize(("stride", "dilation", "padding"), [(1, 1, 0), (2, 1, 1), (1, 2, 1)])
@pytest.mark.parametrize("n_input", [1, 2])
def test_a_convolution_is_the_dense_rule_on_every_patch(rule, stride, dilation, padding, n_input):
    n_soma, size, n_from = 2, 2, 3
    options = {"stride": stride, "dilation": dilation, "padding": padding}
    conv = convolution(n_from, n_soma * n_input, size, step_mode="m", **options)
    excite(conv, 1.5)
    x = spikes(T, B, n_from, 4, 5)
    unrolled = patches(x, size, stride, dilation, padding)
    height, width = unrolled.shape[2:4]
    layer = cells([n_soma, height, width], n_input)
    got, post = change(rule, conv, layer, x)

    order = np.arange(n_soma * n_input).reshape(n_soma, n_input).T.ravel()
    whole = dense(n_from * size * size, n_soma * n_input)
    kernel = conv.weight.numpy().transpose(2, 0, 1, 3).reshape(n_from * size * size, -1)  # patches: channel first
    in_order = np.empty_like(kernel)
    in_order[:, order] = kernel
    whole.weight.assign(in_order)
    as_batch = unrolled.reshape(T, B * height * width, -1)
    expected, post_of_whole = change(rule, whole, cells([n_soma], n_input), as_batch)

    np.testing.assert_array_equal(post.transpose(0, 1, 3, 4, 2).reshape(post_of_whole.shape), post_of_whole)
    expected = expected[:, order].reshape(n_from, size, size, -1).transpose(1, 2, 0, 3)
    np.testing.assert_allclose(got, expected, atol=1e-5)
    assert np.abs(got).max() > 0.1


@every_rule
def test_groups_of_channels_learn_as_convolutions_of_their_own(rule):
    conv = convolution(4, 4, 2, step_mode="m", groups=2)
    excite(conv, 1.5)
    x = spikes(T, B, 4, 3, 3)
    got, _ = change(rule, conv, cells([4, 2, 2]), x)
    for group in range(2):
        part = slice(2 * group, 2 * group + 2)
        own = convolution(2, 2, 2, step_mode="m")
        own.weight.assign(conv.weight.numpy()[..., part])
        expected, _ = change(rule, own, cells([2, 2, 2]), x[:, :, part])
        np.testing.assert_allclose(got[..., part], expected, atol=1e-9)


@every_rule
@pytest.mark.parametrize(("n_axes", "space"), [(1, (6,)), (3, (3, 2, 4))])
def test_sequences_and_steps_agree_for_convolutions_of_one_and_three_axes(rule, n_axes, space):
    changes = []
    for step_mode in ("s", "m"):
        conv = convolution(2, 4, 2, step_mode=step_mode, n_axes=n_axes)
        excite(conv, 1.5)
        layer = cells([2, *(length - 1 for length in space)], 2, step_mode)
        changes.append(change(rule, conv, layer, spikes(T, B, 2, *space))[0])
    np.testing.assert_allclose(changes[0], changes[1], atol=1e-9)
    assert np.abs(changes[0]).max() > 0.1


@every_rule
def test_a_dense_synapse_feeds_a_layer_of_three_axes(rule):
    """The published rules fail there. Outputs are reshaped between synapse and layer: channel, height, width."""
    n_input, soma_shape, x = 2, (2, 3, 1), spikes(T, B, 8)
    synapse, layer = dense(8, 12), cells(soma_shape, n_input)
    excite(synapse, 1.5)
    learner = RULES[rule](synapse, layer)
    layer(tf.reshape(synapse(x), (T, B, 4, 3, 1)))
    got = learner.step().numpy()
    flat, its_layer = dense(8, 12), cells([6], n_input)
    order = np.arange(12).reshape(6, n_input).T.ravel()
    in_order = np.empty((8, 12))
    in_order[:, order] = synapse.weight.numpy()
    flat.weight.assign(in_order)
    expected, _ = change(rule, flat, its_layer, x)
    np.testing.assert_allclose(got, expected[:, order], atol=1e-9)


def test_a_filter_behind_the_connection_is_not_seen():
    d = r2s.dendrites
    conn, x = dense(8, 3).conn, spikes(T, B, 8)
    filtered, layer = d.BaseSynapse(conn, d.LISynapseFilter(2.0), step_mode="m"), cells([3])
    excite(filtered, 1.5)
    learner = RULES["semi-STDP"](filtered, layer)
    post = run(filtered, layer, x)
    change = learner.step().numpy()
    trace = np.zeros((B, 8))
    expected = 0
    for now, fired in zip(x, post, strict=True):
        trace = trace / 2 + now
        expected = expected + np.einsum("bi,bo->io", trace, fired)
    np.testing.assert_allclose(change, (1 - conn.weight.numpy()) * expected, atol=1e-9)
    assert np.abs(change).max() > 0.1
    np.testing.assert_allclose(learner.trace_pre, trace, atol=1e-12)
