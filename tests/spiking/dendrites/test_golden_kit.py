"""Compartments, wirings, dendrites, somas and neurons against numbers of the published package: every case in dendsn.json."""

import re
import warnings

import numpy as np
import pytest
import tensorflow as tf

import rate2spike as r2s
from rate2spike.errors import InputWarning

from helpers import golden_dendsn

CASES = golden_dendsn()
PRECISION = {"float64": 1e-9, "float32": 1e-5}
kit = r2s.dendrites


def gauss(x):
    return 2.5 * kit.gaussian(x, 0.5, 1.0)


def gauss35(x):
    return 3.5 * kit.gaussian(x, 0.0, 1.0)


FUNCTIONS = {"step": lambda x: tf.cast(x >= 0, x.dtype), "gauss": gauss, "gauss35": gauss35}


def cases(kind, of="", but="?"):
    return [name for name in CASES if name.startswith(f"{kind}.") and of in name and but not in name]


def every(kind, **chosen):
    """Run a test for all cases of a kind, dtypes and step modes."""

    def decorated(test):
        for name, values in (("name", cases(kind, **chosen)), ("dtype", PRECISION), ("step_mode", ("s", "m"))):
            test = pytest.mark.parametrize(name, list(values))(test)
        return test

    return decorated


def close(values, expected, dtype):
    values, expected = np.asarray(values), np.array(expected)
    assert values.dtype == dtype and values.shape == expected.shape
    assert (np.abs(values - expected) <= PRECISION[dtype] * np.maximum(1, np.abs(expected))).all()


def settings(text):
    """What `a=1 b=True c=None(soft)` says, by name."""
    values = {"True": True, "False": False, "None": None}
    found = re.findall(r"(\w+)=(True|False|None|-?\d[\w.\-]*)", text)
    return {name: values[value] if value in values else float(value) for name, value in found}


def function(text):
    """The function that a text names first, or None."""
    named = re.search(r"\b(step|gauss35|gauss)\b", text)
    return named and FUNCTIONS[named[1]]


def compartment(text, dtype):
    options = {name: value for name, value in settings(text).items() if name in ("tau", "decay_input", "v_rest")}
    if function(text) is None and not re.search(r"\bPA", text):
        return kit.PassiveDendCompartment(**options, dtype=dtype)
    return kit.PAComponentDendCompartment(**options, f_dca=function(text), dtype=dtype)


def dendrite(text, dtype):
    of_wiring, _, of_compartment = text.partition(",")
    said = settings(text)
    if of_wiring.startswith("segregated"):
        return kit.SegregatedDend(compartment(of_compartment, dtype), kit.SegregatedDendWiring(said["n"]), dtype=dtype)
    wiring = kit.Kto1DendWiring(said["k"], said["n_output"], bidirection=bool(re.search(r"\bbi", of_wiring)))
    coupling = {"coupling_strength": said.get("coupling", 1.0), "coupling_strength_learnable": True}
    return kit.VDiffDend(compartment(of_compartment, dtype), wiring, **coupling, dtype=dtype)


def soma(text, dtype):
    names = {"tau": "tau", "decay_input": "decay_input", "v_reset": "v_reset", "v_th": "v_threshold"}
    options = {names[name]: value for name, value in settings(text).items() if name in names}
    return (kit.LIFSoma if text.startswith("LIF") else kit.IFSoma)(**options, dtype=dtype)


def ran(layer, x, step_mode, seen, trained=()):
    """Outputs, series by name (from `seen`: recorder of a sequence or a step -> name), and gradients."""
    layer.step_mode = step_mode
    x = tf.constant(x, layer.dtype)
    with tf.GradientTape() as tape:
        tape.watch(x)
        if step_mode == "m":
            outputs = layer(x)
            series = {name: of_sequence() for name, (of_sequence, _) in seen.items()}
        else:
            steps, outputs = [], []
            for x_now in x:
                outputs.append(layer(x_now))
                steps.append([of_step() for _, of_step in seen.values()])
            outputs = tf.stack(outputs)
            series = {name: tf.stack(of_steps) for name, of_steps in zip(seen, zip(*steps, strict=True), strict=True)}
        weights = tf.reshape(tf.range(1, len(x) + 1, dtype=x.dtype) / 8, [-1] + [1] * (len(outputs.shape) - 1))
        loss = tf.reduce_sum(weights * outputs)
    return outputs, series, tape.gradient(loss, [x, *trained])


@pytest.mark.parametrize("name", cases("functional"))
@pytest.mark.parametrize("dtype", PRECISION)
def test_functional(name, dtype):
    case, given = CASES[name], {key: tf.constant(value, dtype) for key, value in CASES[name]["in"].items()}
    if "gaussian" in name:
        close(kit.gaussian(given["x"], case["p"]["mean"], case["p"]["var"]), case["out"]["y"], dtype)
        return
    factors = {key.replace("factor", "").strip("_"): value for key, value in given.items() if "factor" in key}
    for key, factor in factors.items():
        found = kit.diff_mask_mult_sum(given["x1"], given["x2"], given["mask"], factor)
        close(found, case["out"][key or "y"], dtype)


@every("passive", but="closed_form")
def test_passive(name, dtype, step_mode):
    case = CASES[name]
    p, out = case["p"], case["out"]
    layer = kit.PassiveDendCompartment(p["tau"], p["decay_input"], p["v_rest"], store_v_seq=True, dtype=dtype)
    outputs, series, (dx,) = ran(layer, case["in"]["x"], step_mode, {"v": (lambda: layer.v_seq, lambda: layer.v)})
    close(outputs, out["v_seq"], dtype)
    close(series["v"], out["v_seq"], dtype)
    close(dx, out["grad_x"], dtype)


@pytest.mark.parametrize("name", cases("passive", of="closed_form"))
@pytest.mark.parametrize("dtype", PRECISION)
def test_closed_form(name, dtype):
    """Its coefficients are what a compartment makes of single pulses, of the voltage that it starts from, and of its rest."""
    p, out = CASES[name]["p"], CASES[name]["out"]
    layer = kit.PassiveDendCompartment(p["tau"], decay_input=False, step_mode="m", dtype=dtype)
    close(tf.transpose(layer(tf.eye(p["T"], dtype=dtype))), out["M"], dtype)
    for start, v_rest, key in ((1.0, 0.0, "a_init"), (0.0, 1.0, "a_rest")):
        layer.v_rest = 0.0
        layer.reset()
        layer(tf.constant([[start]], dtype))
        layer.v_rest = v_rest
        close(layer(tf.zeros([p["T"], 1], dtype))[:, 0], out[key], dtype)


@every("pa")
def test_passive_and_active(name, dtype, step_mode):
    case = CASES[name]
    p, out = case["p"], case["out"]
    layer = kit.PAComponentDendCompartment(
        p["tau"], p["decay_input"], p["v_rest"], FUNCTIONS[p["f_dca"]], "s", True, True, True, dtype=dtype
    )
    seen = {"v_seq": (lambda: layer.v_seq, lambda: layer.v), "vp_seq": (lambda: layer.vp_seq, lambda: layer.vp)}
    seen |= {"va_seq": (lambda: layer.va_seq, lambda: layer.va)}
    outputs, series, (dx,) = ran(layer, case["in"]["x"], step_mode, seen)
    for found, key in ((outputs, "v_seq"), *((series[key], key) for key in seen), (dx, "grad_x")):
        close(found, out[key], dtype)


@pytest.mark.parametrize("name", cases("wiring"))
def test_wiring(name):
    trees = re.search(r"kto1_k(\d+)_o(\d+)(_bi)?", name)
    if trees:
        wiring = kit.Kto1DendWiring(int(trees[1]), int(trees[2]), bidirection=bool(trees[3]))
    else:
        wiring = kit.SegregatedDendWiring(int(re.search(r"segregated_?n?(\d+)", name)[1]))
    out = dict(CASES[name]["out"])
    np.testing.assert_array_equal(wiring.adjacency_matrix, out.pop("adjacency"))
    for key, value in out.items():
        assert getattr(wiring, key) == value, key


@every("dendrite")
def test_dendrite(name, dtype, step_mode):
    case = CASES[name]
    p, out = case["p"], case["out"]
    leaky = kit.PassiveDendCompartment(p["tau"], p["decay_input"], store_v_seq=True, dtype=dtype)
    if "segregated" in name:
        layer = kit.SegregatedDend(leaky, kit.SegregatedDendWiring(np.shape(case["in"]["x"])[-1]), dtype=dtype)
        close(ran(layer, case["in"]["x"], step_mode, {})[0], out["v"], dtype)
        return
    said = settings(p["wiring"])
    wiring = kit.Kto1DendWiring(said["k"], said["n_output"], bidirection=p["bidirection"])
    layer = quietly(kit.VDiffDend, leaky, wiring, case["in"]["coupling"], True, dtype=dtype)
    seen = {"v": (lambda: leaky.v_seq, lambda: leaky.v)}
    outputs, series, (dx, d_coupling) = ran(layer, case["in"]["x"], step_mode, seen, [layer.coupling_strength])
    for found, key in ((outputs, "v_out"), (series["v"], "v_all"), (dx, "grad_x"), (d_coupling, "grad_coupling")):
        close(found, out[key], dtype)


@every("soma")
def test_soma(name, dtype, step_mode):
    case = CASES[name]
    p, out = case["p"], case["out"]
    own = [p["tau"], p["decay_input"]] if ".LIF." in name else []
    kind = kit.LIFSoma if own else kit.IFSoma
    for detach_reset, key in ((False, "grad_x"), (True, "grad_x_detach_reset")):
        layer = kind(*own, p["v_threshold"], p["v_reset"], detach_reset=detach_reset, dtype=dtype)
        layer.store_v_seq = layer.store_v_pre_spike = True
        spikes, series, (dx,) = ran(layer, case["in"]["x"], step_mode, of_soma(layer))
        np.testing.assert_array_equal(spikes, case["out"]["spike"])
        for found, of in ((series["v_pre"], "v_pre"), (series["v_post"], "v_post"), (dx, key)):
            close(found, out[of], dtype)


def of_soma(layer):
    return {"v_pre": (lambda: layer.v_pre_spike,) * 2, "v_post": (lambda: layer.v_seq, lambda: layer.v)}


@pytest.mark.parametrize("name", cases("surrogate"))
@pytest.mark.parametrize("dtype", PRECISION)
def test_surrogate(name, dtype):
    case, u = CASES[name], tf.constant(CASES[name]["in"]["v"], dtype)
    with tf.GradientTape() as tape:
        tape.watch(u)
        spikes = kit.SigmoidSurrogate(case["p"]["alpha"])(u)
    np.testing.assert_array_equal(spikes, case["out"]["spike"])
    close(tape.gradient(spikes, u), case["out"]["grad"], dtype)


def neuron(p, dtype):
    """The layer that a case describes in words."""
    options = {"forward_strength": p["forward_strength"], "forward_strength_learnable": True, "dtype": dtype}
    kind = "VDiff"
    arguments = [dendrite(p["dend"], dtype), soma(p["soma"], dtype), p["soma_shape"]]
    if "f_da" in p:
        kind, arguments = "VActivation", [*arguments, function(p["f_da"])]
    if "backward_strength" in p:
        kind += "ForwardSBackward"
        options |= {"backward_strength": p["backward_strength"], "backward_strength_learnable": True}
    else:
        kind += "Forward"
    return getattr(kit, f"{kind}DendNeuron")(*arguments, **options)


def test_words_of_a_case_are_understood():
    """Kept-back cases may name the active component as a setting, or behind the compartment."""
    for said in (
        "segregated n=2, PA tau=2 decay_input=False f_dca=gauss v_rest=-.5",
        "segregated n=2, PA(gauss) tau=2",
    ):
        leaky = dendrite(said, "float64").compartment
        assert leaky.f_dca is gauss and leaky.tau == 2


@every("neuron", but="reshape")
def test_neuron(name, dtype, step_mode):
    case = CASES[name]
    p, out = case["p"], case["out"]
    layer = quietly(neuron, p, dtype)
    layer.store_v_dend_seq = layer.store_v_soma_seq = layer.store_v_soma_pre_spike = True
    seen = {
        "v_dend_all": (lambda: layer.v_dend_seq, lambda: layer.v_dend),
        "v_soma_pre": (lambda: layer.v_soma_pre_spike,) * 2,
        "v_soma_post": (lambda: layer.v_soma_seq, lambda: layer.v_soma),
    }
    of_grad = {"grad_forward_strength": "forward_strength", "grad_backward_strength": "backward_strength"}
    trained = {key: getattr(layer, attribute) for key, attribute in of_grad.items() if key in out}
    if "grad_coupling" in out:
        trained["grad_coupling"] = layer.dend.coupling_strength
    spikes, series, (dx, *slopes) = ran(layer, case["in"]["x"], step_mode, seen, trained.values())
    np.testing.assert_array_equal(spikes, out["spike"])
    assert set(out) == {"spike", *seen, "grad_x", *trained}
    for key, found in (*series.items(), ("grad_x", dx), *zip(trained, slopes, strict=True)):
        close(found, out[key], dtype)


@pytest.mark.parametrize("name", cases("neuron", of="reshape"))
def test_reshaped_input(name):
    case = CASES[name]
    n = case["p"]["n_input"]
    for key, expected in case["out"].items():
        layout, soma_shape = re.fullmatch(r"(\w+?)_soma([\dx]+)", key).groups()
        leaky = kit.PassiveDendCompartment()
        dend = kit.SegregatedDend(leaky, kit.SegregatedDendWiring(n))
        layer = quietly(kit.VDiffForwardDendNeuron, dend, kit.LIFSoma(), [int(one) for one in soma_shape.split("x")])
        x = np.array(case["in"][f"x_{layout}"])
        found = layer.to_compartments(tf.constant(x))
        np.testing.assert_array_equal(found, expected)
        np.testing.assert_array_equal(layer.to_features(found), x)


def quietly(make, *arguments, **options):
    """Some published cases are unstable, which we warn of."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", InputWarning)
        return make(*arguments, **options)
