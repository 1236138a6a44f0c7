"""Learning rules against numbers of the published code: every case found in dendsn.json of the golden folder."""

import json
import re

import numpy as np
import pytest
import tensorflow as tf

import rate2spike as r2s

from helpers import golden_dendsn
from plasticity_nets import dense, neurons

CASES = golden_dendsn()
FUNCTIONS = {"relu": tf.nn.relu, "sigmoid": tf.nn.sigmoid}
TOLERANCE = {"float64": 1e-9, "float32": 1e-5}
both_dtypes = pytest.mark.parametrize("dtype", ["float64", "float32"])
both_modes = pytest.mark.parametrize("step_mode", ["s", "m"])


def cases(kind):
    names = [name for name in CASES if name.startswith(f"learning.{kind}.")]
    return pytest.mark.parametrize("name", names or [pytest.param("", marks=pytest.mark.skip("no golden numbers"))])


def function(text):
    """A function of w, t or v by its text, such as relu(t-0.25)."""
    if text in ("identity", None):
        return None
    return lambda x: tf.cast(eval(str(text), FUNCTIONS, dict.fromkeys("wtv", x)), x.dtype)


def gauss35(v):
    return 3.5 * tf.exp(-v * v / 2) / np.sqrt(2 * np.pi)


def options(text):
    """`LIF tau=2 decay_input=False` as a dict."""
    return {name: json.loads(value.lower()) for name, value in re.findall(r"(\w+)=(\S+)", text)}


def net(case, dtype, step_mode):
    """Synapse and layer of a case."""
    p, w = case["p"], np.array(case["in"]["w"])
    of_soma = options(p["soma"])
    assert p["soma"].startswith("LIF") and p["dend"].startswith("segregated passive")
    more = {"f_da": gauss35} if p.get("f_da") == "gauss35" else {}
    assert p.get("f_da") in (None, "None", "gauss35")
    synapse = dense(w.shape[1], w.shape[0], step_mode=step_mode, dtype=dtype)
    synapse.weight.assign(w.T)
    layer = neurons(
        [p["n_soma"]],
        p["n_input"],
        step_mode=step_mode,
        dtype=dtype,
        compartment=options(p["dend"]),
        soma=of_soma,
        forward_strength=p["forward_strength"],
        **more,
    )
    return synapse, layer


def source(name):
    """The case whose pre, w and post are those of a case."""
    see = CASES[name]["p"].get("see")
    where = see.split()[0] if see else name
    if where not in CASES:
        pytest.skip(f"{where}, whose inputs these are, is not in the file")
    return CASES[where]


def learnt(learner, synapse, layer, pre, step_mode):
    """Changes, and the spikes: of every step, or of the whole sequence."""
    if step_mode == "m":
        post = layer(synapse(pre)).numpy()
        return [learner.step().numpy()], post
    changes, post = [], []
    for now in pre:
        post.append(layer(synapse(now)).numpy())
        changes.append(learner.step().numpy())
    return changes, np.array(post)


def close(got, expected, dtype):
    expected = np.asarray(expected, float)
    np.testing.assert_allclose(got, expected, atol=TOLERANCE[dtype] * max(1, np.abs(expected).max()), rtol=0)


@cases("stdp")
@both_dtypes
@both_modes
def test_stdp(name, dtype, step_mode):
    case = CASES[name]
    p, pre = case["p"], np.array(case["in"]["pre"], dtype)
    synapse, layer = net(case, dtype, step_mode)
    learner = r2s.plasticity.STDPLearner(
        synapse,
        layer,
        p["tau_pre"],
        p["tau_post"],
        *(function(p[key]) for key in ("f_w_pre_post", "f_w_post_pre", "f_trace_pre", "f_trace_post")),
        step_mode=step_mode,
    )
    changes, post = learnt(learner, synapse, layer, pre, step_mode)
    np.testing.assert_array_equal(post, case["out"]["post"])
    close(learner.trace_pre, case["out"]["trace_pre"][-1], dtype)
    close(learner.trace_post, case["out"]["trace_post"][-1], dtype)
    close(sum(changes).T, case["out"]["dw_total"], dtype)
    if step_mode == "s":
        close([one.T for one in changes], case["out"]["dw_per_step"], dtype)


@cases("semi_stdp")
@both_dtypes
@both_modes
def test_semi_stdp(name, dtype, step_mode):
    p, case = CASES[name]["p"], source(name)
    synapse, layer = net(case, dtype, step_mode)
    learner = r2s.plasticity.SemiSTDPLearner(
        synapse, layer, p["tau_pre"], function(p["f_w_pre_post"]), function(p["f_trace_pre"]), step_mode
    )
    changes, _ = learnt(learner, synapse, layer, np.array(case["in"]["pre"], dtype), step_mode)
    close(sum(changes).T, CASES[name]["out"]["dw_total"], dtype)
    if step_mode == "s":
        close([one.T for one in changes], CASES[name]["out"]["dw_per_step"], dtype)


@cases("dpp")
@both_dtypes
@both_modes
def test_dendritic_prediction(name, dtype, step_mode):
    case = CASES[name]
    p, out, pre = case["p"], case["out"], np.array(case["in"]["pre"], dtype)
    synapse, layer = net(case, dtype, step_mode)
    learner = r2s.plasticity.DPPLearner(synapse, layer, function(p["f_rate"]), function(p["f_w"]), step_mode=step_mode)
    changes, post = learnt(learner, synapse, layer, pre, step_mode)
    np.testing.assert_array_equal(post, out["post"])
    steps = slice(None) if step_mode == "m" else -1
    close(layer.v_dend_pre_spike, np.array(out["v_dend_pre"])[steps], dtype)
    close(layer.v_soma_pre_spike, np.array(out["v_soma_pre"])[steps], dtype)
    if "u_pred_fixed" in out:
        close(layer.predicted_soma(layer.v_dend_pre_spike), np.array(out["u_pred_fixed"])[steps], dtype)
    close(sum(changes).T, out.get("dw_fixed", out["dw_as_is"]), dtype)
