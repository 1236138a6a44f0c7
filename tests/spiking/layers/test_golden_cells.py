"""Cells against numbers of the published code: every case found in csnn.json of the golden folder."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from rate2spike.spiking.layers import choices, resets, surrogates
from rate2spike.spiking.layers.alif import ALIF, ALIFCell
from rate2spike.spiking.layers.clif import CLIF, CLIFCell
from rate2spike.spiking.layers.li import LI, LICell
from rate2spike.spiking.layers.lif import LIF, LIFCell

from helpers import golden_csnn

GOLDEN = golden_csnn()
LAYERS = {"lif": (LIF, LIFCell), "alif": (ALIF, ALIFCell), "clif": (CLIF, CLIFCell), "li": (LI, LICell)}
CASES = [name for name, case in GOLDEN.items() if isinstance(case, dict) and "cfg" in case and "out" in case]
OPTIONS = {
    "tau": "tau_ms",
    "dt": "dt_ms",
    "threshold": "threshold",
    "spike_grad_magnitude": "surrogate_scale",
    "tau_beta": "tau_adaptation_ms",
    "thr_incr": "threshold_increment",
    "tau_soma": "tau_soma_ms",
    "tau_apical": "tau_apical_ms",
    "use_bias": "use_bias",
    "use_recurrent": "recurrent",
    "use_soma_recurrent": "recurrent_soma",
    "use_apical_recurrent": "recurrent_apical",
}
CODED = {
    "reset_type": ("reset", ("subtraction", "zero", "none")),
    "spike_grad": ("surrogate", ("triangle", "super", "gaussian")),
    "interaction_type": ("interaction", choices.INTERACTIONS),
}
WEIGHTS = {  # golden gradient -> the array it starts from, and where it is in a layer: (attribute, variable)
    "weight": ("W_soma", "weights_in", "kernel"),
    "rec_weight": ("R_soma", "weights_in", "recurrent"),
    "bias": ("b_soma", "weights_in", "bias"),
    "weight_soma": ("W_soma", "soma", "kernel"),
    "weight_apical": ("W_apical", "apical", "kernel"),
    "rec_weight_soma": ("R_soma", "soma", "recurrent"),
    "rec_weight_apical": ("R_apical", "apical", "recurrent"),
    "bias_soma": ("b_soma", "soma", "bias"),
    "bias_apical": ("b_apical", "apical", "bias"),
}
STATES = {"state_v": "v", "state_vs": "v", "state_va": "a", "state_b": "b", "state_z": "z"}


def array(name: str) -> np.ndarray:
    return np.array(GOLDEN["shared"][name], np.float32)


def options(cfg: dict) -> dict:
    """The cell's options of a golden configuration."""
    known = {OPTIONS[name]: value for name, value in cfg.items() if name in OPTIONS}
    flags = {name: bool(value) for name, value in known.items() if name.startswith(("use_", "recurrent"))}
    coded = {CODED[name][0]: CODED[name][1][int(value)] for name, value in cfg.items() if name in CODED}
    assert set(cfg) <= set(OPTIONS) | set(CODED)
    return known | flags | coded


def variable(layer, golden_name: str):
    _, attribute, part = WEIGHTS[golden_name]
    return getattr(getattr(layer.cell, attribute), part)


def layer_of(name: str, **more):
    """The layer of a case with its weights, and its inputs."""
    case, kind = GOLDEN[name], name.split("_")[0]
    layer = LAYERS[kind][0](GOLDEN["shared"]["n_units"], seed=1, **options(case["cfg"]), **more)
    inputs = (array("x"), array("ctx")) if kind == "clif" else array("x")
    layer(inputs)
    for golden_name in case["grad"]:
        variable(layer, golden_name).assign(array(WEIGHTS[golden_name][0]).T)
    return layer, inputs


def loss_and_slopes(layer, inputs):
    """The golden loss, its gradients with respect to weights and inputs, and the outputs."""
    inputs = tf.nest.map_structure(tf.constant, inputs)
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        outputs = layer(inputs)
        loss = tf.reduce_sum(array("loss_mask") * outputs)
    slopes = tape.gradient(loss, [layer.trainable_variables, inputs])
    by_variable = {v.path: g.numpy() for v, g in zip(layer.trainable_variables, slopes[0], strict=True)}
    return float(loss), by_variable, slopes[1], outputs.numpy()


@pytest.mark.parametrize("recompute", [False, True])
@pytest.mark.parametrize("name", CASES)
def test_cell(name, recompute):
    case = GOLDEN[name]
    layer, inputs = layer_of(name, recompute=recompute)
    loss, by_variable, d_inputs, outputs = loss_and_slopes(layer, inputs)
    if name.startswith("li") and not name.startswith("lif"):
        np.testing.assert_allclose(outputs, case["out"], atol=1e-6)
    else:
        np.testing.assert_array_equal(outputs, case["out"])
    assert loss == pytest.approx(case["loss"], abs=1e-5)
    for golden_name, wanted in case["grad"].items():
        found = by_variable[variable(layer, golden_name).path]
        np.testing.assert_allclose(found.T, wanted, atol=2e-6, rtol=1e-4, err_msg=golden_name)
    for key, found in zip(("grad_x", "grad_ctx"), tf.nest.flatten(d_inputs), strict=False):
        np.testing.assert_allclose(found, case[key], atol=2e-6, rtol=1e-4, err_msg=key)
    states = layer.states(inputs)
    for key in case.keys() & STATES.keys():
        found = getattr(states, STATES[key])
        assert not found[0].any()
        np.testing.assert_allclose(found[1:].transpose(1, 0, 2), case[key], atol=1e-5, err_msg=key)


@pytest.mark.parametrize("name", CASES)
def test_keras_rnn_of_the_cell(name):
    """The same by the cell in Keras' own loop and automatic differentiation."""
    case, kind = GOLDEN[name], name.split("_")[0]
    more = {"n_context": GOLDEN["shared"]["n_ctx"]} if kind == "clif" else {}
    cell = LAYERS[kind][1](GOLDEN["shared"]["n_units"], seed=1, **options(case["cfg"]), **more)
    rnn = keras.layers.RNN(cell, return_sequences=True)
    x = np.concatenate([array("x"), array("ctx")], -1) if kind == "clif" else array("x")
    rnn(x)
    for golden_name in case["grad"]:
        variable(rnn, golden_name).assign(array(WEIGHTS[golden_name][0]).T)
    _, by_variable, _, outputs = loss_and_slopes(rnn, x)
    np.testing.assert_allclose(outputs, case["out"], atol=1e-6)
    for golden_name, wanted in case["grad"].items():
        found = by_variable[variable(rnn, golden_name).path]
        np.testing.assert_allclose(found.T, wanted, atol=2e-6, rtol=1e-4, err_msg=golden_name)


@pytest.mark.skipif("surrogate" not in GOLDEN, reason="no such golden case")
def test_surrogates():
    case = GOLDEN["surrogate"]
    x = tf.constant(case["x"])
    for name, wanted in case.items():
        if name == "x":
            continue
        with tf.GradientTape() as tape:
            tape.watch(x)
            z = surrogates.spikes(x, name.split("_")[0], wanted["alpha"])
        np.testing.assert_array_equal(z, wanted["value"])
        np.testing.assert_allclose(tape.gradient(z, x), wanted["grad"], atol=1e-6)


@pytest.mark.skipif("reset" not in GOLDEN, reason="no such golden case")
def test_resets():
    case = GOLDEN["reset"]
    for kind in choices.RESETS:
        found = resets.reset(tf.constant(case["u"]), tf.constant(case["z"]), case["thr"], kind)
        np.testing.assert_allclose(found, case[kind], atol=1e-7)
