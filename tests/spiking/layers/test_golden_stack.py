"""A whole network, loss, regulariser and three updates against the published code."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from rate2spike.spiking.context.config import ContextConfig
from rate2spike.spiking.context.readout import block_means, positive_weight
from rate2spike.spiking.context.updates import Tensors, Updates
from rate2spike.spiking.layers.alif import ALIF
from rate2spike.spiking.layers.clif import CLIF
from rate2spike.spiking.layers.li import LI
from rate2spike.spiking.layers.lif import LIF
from rate2spike.spiking.layers.regularizers import spike_rate_penalty

from helpers import golden_csnn

GOLDEN = golden_csnn()
STACK, SHARED = GOLDEN.get("stack", {}), GOLDEN.get("shared", {})
MODELS = [name for name, case in STACK.items() if isinstance(case, dict) and "loss_traj_3_steps" in case]


def network(name: str) -> keras.Model:
    n_units = SHARED["n_units"]
    frames, context = keras.Input((None, SHARED["n_in"])), keras.Input((None, SHARED["n_ctx"]))
    inputs = [frames, context] if "clif" in name else keras.layers.Concatenate()([frames, context])
    common = {"threshold": STACK["threshold"], "seed": 1}
    if "clif" in name:
        hidden = CLIF(
            n_units,
            tau_soma_ms=STACK["tau_soma"],
            tau_apical_ms=STACK["tau_apical"],
            interaction="add" if name == "add_clif" else "relu_mult",
            **common,
        )
    elif name == "lif":
        hidden = LIF(n_units, tau_ms=STACK["tau_soma"], **common)
    else:
        hidden = ALIF(
            n_units,
            tau_ms=STACK["tau_soma"],
            tau_adaptation_ms=STACK["alif_tau_beta"],
            threshold_increment=STACK["alif_thr_incr"],
            **common,
        )
    spikes = hidden(inputs)
    return keras.Model([frames, context], [LI(1, tau_ms=STACK["tau_out"], seed=2)(spikes), spikes])


def parameters(model: keras.Model, name: str) -> dict[str, tuple]:
    """Golden name -> (variable, golden start)."""
    hidden, readout = (layer.cell for layer in model.layers if hasattr(layer, "cell"))
    first = 0 if "clif" in name else 1
    own = {
        f"{first + 1}.cell.weight": (readout.weights_in.kernel, STACK["W_out"]),
        f"{first + 1}.cell.bias": (readout.weights_in.bias, STACK["b_out"]),
    }
    ways = {"_soma": "soma", "_apical": "apical"} if "clif" in name else {"": "weights_in"}
    for suffix, attribute in ways.items():
        weights, letter = getattr(hidden, attribute), "apical" if suffix == "_apical" else "soma"
        kernel = SHARED[f"W_{letter}"] if suffix else STACK["W_cat"]
        own |= {
            f"{first}.cell.weight{suffix}": (weights.kernel, kernel),
            f"{first}.cell.rec_weight{suffix}": (weights.recurrent, SHARED[f"R_{letter}"]),
            f"{first}.cell.bias{suffix}": (weights.bias, SHARED[f"b_{letter}"]),
        }
    return own


@pytest.mark.parametrize("name", MODELS)
def test_stack(name):
    case, model = STACK[name], network(name)
    config = ContextConfig(
        seq_len=2,
        learning_rate=STACK["lr"],
        l2_decay=STACK["l2_decay"],
        target_spike_prob=STACK["target_spike_prob"],
        spike_reg_l2=STACK["spike_reg_l2"],
        n_units=SHARED["n_units"],
        legacy=True,
        task_type="recognition",
    )
    found = parameters(model, name)
    assert found.keys() == case["grad"].keys()
    for variable, start in found.values():
        variable.assign(np.array(start, np.float32).T)
    updates = Updates(model, config)
    arrays = [np.array(STACK[key]) for key in ("x", "ctx", "targets", "block_idx")]
    batch = Tensors(*(tf.constant(a.astype(kind)) for a, kind in zip(arrays, ("f4", "f4", "i8", "i8"), strict=True)))
    # the golden weight of the answer 1 is 2, whatever the task
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("rate2spike.spiking.context.updates.positive_weight", lambda *_: STACK["pos_weight"])
        check_first_update(updates, batch, case, found)
        losses = []
        for k in range(3):
            updates.optimizer.learning_rate.assign(STACK["lr"] * STACK["lr_decay"] ** k)
            losses.append(float(updates.update(batch).loss))
    np.testing.assert_allclose(losses, case["loss_traj_3_steps"], atol=1e-5)
    for key, (variable, _) in found.items():
        np.testing.assert_allclose(variable.numpy().T, case["params_after_3"][key], atol=1e-5, err_msg=key)


def check_first_update(updates: Updates, batch: Tensors, case: dict, found: dict) -> None:
    readout, spikes = updates.model([batch.frames, batch.context])
    np.testing.assert_allclose(readout[:, :, 0], case["readout"], atol=1e-5)
    np.testing.assert_array_equal(tf.reduce_sum(spikes, 1), case["spike_sum"])
    with tf.GradientTape() as tape:
        loss, penalty, outcome = updates.losses(batch)
        total = loss + STACK["spike_reg_l2"] * penalty
    np.testing.assert_allclose(outcome.logits, case["reduced"], atol=1e-5)
    assert float(loss) == pytest.approx(case["bce"], abs=1e-6)
    assert float(penalty) == pytest.approx(case["reg"], abs=1e-4)
    assert float(total) == pytest.approx(case["loss"], abs=1e-6)
    assert float(outcome.spike_probability) == pytest.approx(case["spike_prob"], abs=1e-6)
    slopes = tape.gradient(total, [variable for variable, _ in found.values()])
    for key, slope in zip(found, slopes, strict=True):
        np.testing.assert_allclose(slope.numpy().T, case["grad"][key], atol=2e-6, rtol=1e-4, err_msg=key)


@pytest.mark.skipif("spike_reg" not in GOLDEN, reason="no such golden case")
def test_spike_rate_penalty():
    case = GOLDEN["spike_reg"]
    counts = tf.constant(case["spike_counts"])
    with tf.GradientTape() as tape:
        tape.watch(counts)
        penalty = spike_rate_penalty(counts, tf.constant(case["time_steps"]), case["target"])
    assert float(penalty) == pytest.approx(case["loss"], abs=1e-6)
    np.testing.assert_allclose(tape.gradient(penalty, counts), case["grad"], atol=2e-6)


@pytest.mark.skipif("block_readout" not in GOLDEN, reason="no such golden case")
def test_block_means():
    case = GOLDEN["block_readout"]
    outputs, index = tf.constant(case["outputs"]), tf.constant(np.array(case["block_idx"]), tf.int64)
    np.testing.assert_allclose(block_means(outputs, index, 2, legacy=True), case["reduced"], atol=1e-6)
    assert block_means(tf.ones([1, 4]), tf.zeros([1, 4], tf.int64), 1).numpy() == 1.0
    legacy = block_means(tf.ones([1, 4]), tf.zeros([1, 4], tf.int64), 1, legacy=True)
    assert legacy.numpy() == pytest.approx(0.8)


@pytest.mark.skipif("pos_weight" not in GOLDEN, reason="no such golden case")
def test_positive_weights():
    for task, weights in GOLDEN["pos_weight"].items():
        for n_items, weight in weights.items():
            assert positive_weight(task, int(n_items)) == pytest.approx(weight)
