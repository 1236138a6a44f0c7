"""Synapses and stochastic firing against numbers of the published package: every case found in dendsn.json."""

import numpy as np
import pytest
import tensorflow as tf

from rate2spike.spiking.dendrites import convolutions, stochastic_firing
from rate2spike.spiking.dendrites.connections import LinearSynapseConn, MaskedLinearSynapseConn
from rate2spike.spiking.dendrites.filters import LISynapseFilter

from helpers import golden_dendsn

CASES = golden_dendsn()
SYNAPSES = [name for name in CASES if name.startswith("synapse.")]
STOCHASTIC = [name for name in CASES if name.startswith("stochastic.")]
PRECISION = {"float64": 1e-9, "float32": 1e-5}
FIRING = {"logistic": stochastic_firing.LogisticStochasticFiring, "exp": stochastic_firing.ExpStochasticFiring}


def close(values, expected, dtype):
    values, expected = np.asarray(values), np.array(expected)
    assert values.dtype == dtype and values.shape == expected.shape
    assert (np.abs(values - expected) <= PRECISION[dtype] * np.maximum(1, np.abs(expected))).all()


def connection(name, case, dtype):
    """The connection of a case, with its weights."""
    weight, bias, settings = np.array(case["in"]["w"]), case["in"].get("b"), case["p"]
    options = {"bias": bias is not None, "dtype": dtype, "seed": 1}
    kind = name.split(".")[1].split("_")[0]
    if kind.startswith("conv"):
        geometry = {one: settings[one] for one in ("stride", "padding", "dilation", "groups") if one in settings}
        n_inputs = weight.shape[1] * settings.get("groups", 1)
        made = getattr(convolutions, f"Conv{kind[4]}dSynapseConn")(
            n_inputs, len(weight), weight.shape[2:], **geometry, **options
        )
    else:
        made = {"linear": LinearSynapseConn, "masked": MaskedLinearSynapseConn, "clamp": LinearSynapseConn}[kind](
            weight.shape[1],
            weight.shape[0],
            **options,
            **{one: settings[one] for one in ("wmin", "wmax") if one in settings},
        )
    made.set_published_weight(weight)
    if bias is not None:
        made.bias.assign(bias)
    if "mask" in case["in"]:
        made.set_published_mask(case["in"]["mask"])
    return made


def in_both_modes(layer, x):
    """Outputs (T, B, ...) of the sequence, once at once and once step by step."""
    layer.step_mode = "m"
    at_once = layer(x)
    layer.step_mode = "s"
    layer.reset()
    return at_once, tf.stack([layer(now) for now in x])


@pytest.mark.parametrize("dtype", PRECISION)
@pytest.mark.parametrize("name", SYNAPSES)
def test_synapses(name, dtype):
    case = CASES[name]
    is_filter = name.startswith("synapse.li_filter")
    layer = LISynapseFilter(case["p"]["tau"]) if is_filter else connection(name, case, dtype)
    if "w_clamped" in case["out"]:
        layer.clamp_weights()
        close(layer.published_weight(), case["out"]["w_clamped"], dtype)
        return
    for y in in_both_modes(layer, np.array(case["in"]["x"], dtype)):
        close(y, case["out"]["y"], dtype)
    if "grad_w_of_sum_y2" in case["out"]:
        layer.step_mode = "m"
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(tf.square(layer(np.array(case["in"]["x"], dtype))))
        close(tape.gradient(loss, layer.weight).numpy().T, case["out"]["grad_w_of_sum_y2"], dtype)


@pytest.mark.parametrize("dtype", PRECISION)
@pytest.mark.parametrize("name", STOCHASTIC)
def test_stochastic_firing(name, dtype):
    case = CASES[name]
    firing = FIRING[name.split(".")[1].split("_")[0]](**case["p"], seed=1)
    v = tf.constant(case["in"]["v"], dtype)
    close(firing.rate_function(v), case["out"]["rate"], dtype)
    with tf.GradientTape() as tape:
        tape.watch(v)
        spikes = firing(v)
    assert set(spikes.numpy()) <= {0, 1}
    close(tape.gradient(spikes, v), case["out"]["surrogate_grad"], dtype)
