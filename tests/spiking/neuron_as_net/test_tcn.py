"""Convolutional networks: published counts and names, causality, and lists of any length."""

import numpy as np
import pytest

from rate2spike.errors import InputError
from rate2spike.spiking.neuron_as_net.architecture import (
    PRESETS,
    ConvolutionalArchitecture,
    ball_and_stick_architecture,
    point_architecture,
    preset,
)
from rate2spike.spiking.neuron_as_net.heads import Head, layer_5_heads
from rate2spike.spiking.neuron_as_net.tcn import after_first_layer, convolutional_model

SMALL = ConvolutionalArchitecture(12, [7, 4, 3], [6, 5, 4], ["relu", "lrelu", "tanh"], initial_weights=0.3)


@pytest.mark.parametrize(
    ("name", "count"),
    [
        ("fcn-1x128x43", 7_037_590),
        ("tcn-3x64x100", 4_615_766),
        ("tcn-4x64x120", 4_702_102),
        ("tcn-7x128x153", 9_236_374),
    ],
)
def test_published_counts(name, count):
    architecture = preset(name)
    assert architecture.n_parameters == convolutional_model(architecture, 0).count_params() == count


def test_counts_of_the_other_cells():
    point, stick = point_architecture(), ball_and_stick_architecture()
    assert point.n_parameters == convolutional_model(point, 0).count_params() == 8005
    assert stick.n_parameters == convolutional_model(stick, 0).count_params() == 189_644
    assert ball_and_stick_architecture(4, 48, 51).n_parameters == 510_252
    assert ball_and_stick_architecture(8, 64, 11).history_ms == 91


@pytest.mark.parametrize(
    ("lengths", "width", "overview"),
    [
        ([54, 24, 24], 64, "TCN__DxWxT_3x64x100"),
        ([43], 128, "FCN__DxWxT_1x128x43"),
        ([45, 1], 128, "FCN__DxWxT_2x128x45"),
        ([5, 3], [8, 3], "TCN__DxWxT_2x5x7"),
    ],
)
def test_overview(lengths, width, overview):
    assert ConvolutionalArchitecture(filter_lengths_ms=lengths, widths=width).overview == overview


def test_presets_are_named_by_what_they_are():
    for name in PRESETS:
        kind, _, sizes = preset(name).overview.partition("__DxWxT_")
        assert name in ("default", f"{kind.lower()}-{sizes}")


def test_order_names_and_initial_values():
    model = convolutional_model(SMALL, 3)
    names = [layer.name for layer in model.layers]
    hidden = [f"layer_{k}{end}" for k in (1, 2, 3) for end in ("", "_activation", "_BN")]
    assert names[:10] == ["input_layer", *hidden] and set(names[10:]) == {"spikes", "somatic", "dendritic"}
    assert model.get_layer("layer_1_BN").momentum == 0.99 and model.get_layer("layer_1_BN").epsilon == 1e-3
    assert model.get_layer("spikes").bias.numpy() == -2
    big = convolutional_model(preset("tcn-3x64x100"), 1)
    for name, sd in [("layer_1", 0.002), ("layer_3", 0.002), ("dendritic", 0.05)]:
        # a normal distribution that is cut at 2 SD has 0.88 of the SD
        assert np.std(big.get_layer(name).kernel) == pytest.approx(0.8796 * sd, rel=0.03)


def test_seeds():
    def weights(seed):
        return [w.copy() for w in convolutional_model(SMALL, seed).get_weights()]

    assert all(map(np.array_equal, weights(4), weights(4)))
    assert not np.array_equal(weights(4)[0], weights(5)[0])


def test_no_output_knows_the_future_or_what_is_older_than_the_history():
    model, history = convolutional_model(SMALL, 0), SMALL.history_ms
    x = np.random.default_rng(0).random((1, 60, 12)).astype("f4")
    later, older = x.copy(), x.copy()
    later[:, 31:] += 1
    older[:, : 30 - history + 1] += 1
    first_seen = x.copy()
    first_seen[:, 30 - history + 1] += 1
    out, out_later, out_older, out_seen = (model(one) for one in (x, later, older, first_seen))
    for name in out:
        assert np.abs(out[name] - out_later[name])[:, :31].max() < 1e-6
        assert np.abs(out[name] - out_older[name])[:, 30:].max() < 1e-6
        assert np.abs(out[name] - out_seen[name])[:, 30].max() > 1e-6
    assert out["dendritic"].shape == (1, 60, 20) and out["spikes"].shape == (1, 60, 1)


def test_what_comes_after_the_first_layer_has_the_same_variables():
    model = convolutional_model(SMALL, 0)
    rest = after_first_layer(model)
    x = np.random.default_rng(0).random((2, 30, 12)).astype("f4")
    for name, one in rest(model.get_layer("layer_1")(x)).items():
        np.testing.assert_array_equal(one, model(x)[name])
    assert {id(v) for v in rest.variables} < {id(v) for v in model.variables}


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (dict(filter_lengths_ms=[]), "filter_lengths_ms must be a list of 1 to 100 lengths, got 0"),
        (dict(filter_lengths_ms=[5, 0]), "a filter's length must be a whole number from 1, got 0"),
        (dict(widths=[3, 3]), "widths must be one for all layers, or as many as filter_lengths_ms, 3; got 2"),
        (dict(activations="relo"), "unknown activation 'relo'"),
        (dict(l2=-1), "an L2 penalty must be a number from 0"),
        (
            dict(initial_weights="he"),
            "initial_weights must be standard deviations, or names of Keras such as he_normal",
        ),
        (dict(heads=(Head("spikes"), Head("spikes"))), "heads must have different names"),
        (dict(heads=()), "heads must be one or several Head"),
    ],
)
def test_what_is_refused(given, message):
    with pytest.raises(InputError, match=message) as error:
        ConvolutionalArchitecture(**given)
    assert "\n" not in str(error.value)


def test_two_heads():
    assert [head.name for head in layer_5_heads(0)] == ["spikes", "somatic"]
    assert [layer_5_heads()[0].initial_bias, layer_5_heads(spike_bias=-6.5)[0].initial_bias] == [-2.0, -6.5]
