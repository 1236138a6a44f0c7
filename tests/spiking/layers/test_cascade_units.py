"""Units of cascades against the numbers of the published code: single units in float64 (specification, 1.1 to 1.7)."""

import warnings

import numpy as np
import pytest
import tensorflow as tf

import rate2spike as r2s
from rate2spike.errors import InputError, InputWarning
from rate2spike.spiking.layers.dendritic_stages import Stage, discount
from rate2spike.spiking.layers.surrogates import surrogate

DENDRITIC = ("TwoCompartment", "BAP", "ParallelSubunits", "PRC")
GAINS = {"BAP": ("TwoCompartment", 0.5), "PRC": ("ParallelSubunits", 0.05)}


def unit(name, **options):
    """One unit with the weight 1 to each of its compartments."""
    kind, gain = GAINS.get(name, (name, None))
    layer = getattr(r2s, kind)(
        1, seed=1, dtype="float64", **({} if gain is None else {"backprop_gain": gain}), **options
    )
    return layer


def states_of(name, to_dendrite, to_soma=None, **options):
    """States of one unit (T + 1,), of inputs (T,) to its compartments."""
    layer = unit(name, **options)
    if to_soma is None:
        x, kernel = np.asarray(to_dendrite, float)[None, :, None], np.ones((1, 1))
    else:
        x, kernel = np.stack([to_dendrite, to_soma], -1).astype(float)[None], np.eye(2)[:, None]
    layer.build(x.shape)
    layer.cell.kernel.assign(kernel)
    states = layer.states(x)
    return {field: value[:, 0, 0] for field, value in states._asdict().items()}


def pulse(height, n_steps=60):
    return np.r_[height, np.zeros(n_steps - 1)]


def spike_steps(states):
    return np.flatnonzero(states["z"]).tolist()


def test_discounts_have_no_factor():
    found = [discount(tau, 1.0) for tau in (5, 10, 40, 80)]
    np.testing.assert_allclose(found, [0.8187307531, 0.9048374180, 0.9753099120, 0.9875778005], atol=1e-10)


def test_surrogate_and_stages():
    u = tf.constant([-1.0, -0.1, 0, 0.05, 0.1, 1], tf.float64)
    slopes = [0.00826446, 0.25, 1, 0.44444444, 0.25, 0.00826446]
    np.testing.assert_allclose(surrogate(u, "super", 10.0), slopes, atol=1e-8)
    x = tf.constant([0, 1, 1.5, 2, 2.5, 3], tf.float64)
    stage = Stage("na", 1, 2, 10)
    np.testing.assert_allclose(stage(x, 1.0), [2.06e-9, 1.0000454, 1.50669285, 2.5, 3.49330715, 3.9999546], atol=5e-8)
    calcium = Stage("ca", 1, 4, 10, passes_input=False)
    found = calcium(tf.constant([3.8, 4, 4.2], tf.float64), 1.0)
    np.testing.assert_allclose(found, [0.11920292, 0.5, 0.88079708], atol=1e-8)


def test_readout_has_its_maximum_at_step_8():
    v = states_of("CascadeReadout", pulse(1))["v"]
    np.testing.assert_allclose(
        v[2:8], [1, 1.72356817, 2.22986902, 2.56648056, 2.77157661, 2.87570566], atol=1e-8, rtol=0
    )
    assert v.argmax() == 8
    np.testing.assert_allclose(v.max(), 2.90324030, atol=1e-8)


def test_one_input_gives_14_spikes():
    states = states_of("OneCompartment", pulse(60))
    found = states["v"][[2, 3, 4, 6, 15]]
    np.testing.assert_allclose(found, [60, 103.41409027, 118.79214119, 125.44107402, 19.30895483], atol=1e-7)
    assert spike_steps(states) == list(range(3, 17))


@pytest.mark.parametrize(
    ("drive", "steps"),
    [
        (0.3, [28, 29, 57, 58]),
        (0.5, [15, 16, 29, 30, 43, 44, 57, 58]),
        (1, [9, 10, 17, 18, 24, 25, 30, 31, 37, 38, 44, 45, 50, 51, 57, 58]),
        (5, list(range(5, 61))),
    ],
)
def test_the_late_reset_makes_doublets(drive, steps):
    states = states_of("OneCompartment", np.full(60, drive))
    assert spike_steps(states) == steps
    if drive == 5:
        np.testing.assert_allclose(states["v"].max(), 131.3629, atol=1e-4)


def test_34_spikes_at_drive_2():
    assert len(spike_steps(states_of("OneCompartment", np.full(60, 2.0)))) == 34


@pytest.mark.parametrize(
    ("name", "potentials"),
    [
        ("TwoCompartment", [3.34450433, 5.56424662, 24.18968712, 17.26054447, 38.72508946, 48.88511354]),
        ("BAP", [3.34450433, 5.56424662, 24.18968712, 24.39215580, 71.64724322, 99.80773673]),
        ("ParallelSubunits", [2.25597534, 3.38744841, 25.69421406, 269.5574842, 1739.537987, 3326.529979]),
        ("PRC", [2.25597534, 3.38744841, 25.69421406, 270.9652378, 1748.329024, 3342.507585]),
    ],
)
def test_potentials_at_constant_drive(name, potentials):
    v = states_of(name, np.full(60, 0.3), np.full(60, 0.3))["v"]
    np.testing.assert_allclose(v[[5, 6, 10, 20, 40, 60]], potentials, rtol=2e-9, atol=1e-8)


def test_the_loop_prolongs_a_burst():
    alone, looped = (states_of(name, pulse(5), np.zeros(60)) for name in ("TwoCompartment", "BAP"))
    assert spike_steps(alone) == [*range(6, 13), *range(15, 20), 23, 24, 25, 31, 32]
    assert spike_steps(looped) == [*range(6, 18), *range(20, 25), 28, 29, 30, 34, 35, 40, 41, 49, 50]
    np.testing.assert_allclose(alone["d"][2:5], [5, 8.61784086, 11.14934510], atol=1e-8)
    np.testing.assert_allclose(alone["n"][3:6], [6, 9.61784086, 12.14934510], atol=1e-8)


@pytest.mark.parametrize("name", ["ParallelSubunits", "PRC"])
def test_the_parallel_cascade_runs_away(name):
    states = states_of(name, pulse(5), np.zeros(60))
    assert spike_steps(states) == list(range(8, 61))
    np.testing.assert_allclose(states["na"][2:4], [5, 8.18730753], atol=1e-8)
    np.testing.assert_allclose(states["ca"][2:4], [5, 8.97020333], atol=1e-8)
    np.testing.assert_allclose(states["ca_out"][3], 0.9999546, atol=1e-7)
    np.testing.assert_allclose(states["nmda"][4:6], [6.99995461, 17.10030730], atol=1e-8)


FIRST_STEPS = {  # of an impulse at step 0: when a state is first other than at rest
    "OneCompartment": {"s": 1, "v": 2, "z": 3, "sent": 4},
    "TwoCompartment": {"d_syn": 1, "d": 2, "n": 3, "v": 4, "z": 5, "sent": 6},
    "ParallelSubunits": {
        "d_syn": 1,
        "na": 2,
        "ca": 2,
        "na_out": 3,
        "nmda": 4,
        "nmda_out": 5,
        "v": 6,
        "z": 7,
        "sent": 8,
    },
}


@pytest.mark.parametrize("name", FIRST_STEPS)
def test_every_arrow_costs_one_step(name):
    somatic = () if name == "OneCompartment" else (np.zeros(20),)
    states = states_of(name, pulse(1000, 20), *somatic)
    found = {state: int(np.flatnonzero(np.abs(states[state]) > 1e-6)[0]) for state in FIRST_STEPS[name]}
    assert found == FIRST_STEPS[name]


@pytest.mark.parametrize("name", DENDRITIC)
def test_without_input_nearly_nothing_happens(name):
    states = states_of(name, np.zeros(60), np.zeros(60))
    assert 0 < np.abs(states["v"]).max() < 1e-6 and not states["z"].any()


@pytest.mark.parametrize(
    ("scale", "n_inputs", "n_units", "sd"),
    [(140, 100, 4, 1.3322761), (15, 100, 4, 0.1427439), (3, 700, 200, 0.01079042), (0.02, 700, 200, 7.193615e-5)],
)
def test_initial_weights(scale, n_inputs, n_units, sd):
    layer = r2s.TwoCompartment(n_units, initial_scale=scale, seed=1)
    np.testing.assert_allclose(layer.cell.initial_sd_factor / np.sqrt(n_inputs), sd, rtol=1e-6)
    layer.build((None, None, n_inputs))
    drawn = layer.cell.kernel.numpy()
    assert drawn.shape == (n_inputs, n_units, 2)
    if n_units == 200:
        np.testing.assert_allclose(drawn.std(), sd, rtol=0.01)


def test_normalized_filters_have_the_gain_1():
    """At rest under a constant drive, each filter is at its input."""
    states = states_of("CascadeReadout", np.full(400, 0.7), normalize=True)
    np.testing.assert_allclose([states["s"][-1], states["v"][-1]], 0.7, atol=1e-12)
    published = states_of("CascadeReadout", np.full(400, 0.7))
    np.testing.assert_allclose(published["v"][-1], 0.7 * 5.5166556 * 10.5083319, rtol=1e-7)


def test_no_spike_within_the_refractory_time():
    steps = spike_steps(states_of("OneCompartment", np.full(60, 5.0), refractory_ms=3.0))
    assert set(np.diff(steps)) == {4}
    doubled = states_of("OneCompartment", np.full(60, 5.0), refractory_ms=6.0, dt_ms=2.0)
    assert set(np.diff(spike_steps(doubled))) == {4}


@pytest.mark.parametrize(
    ("kind", "stable", "unstable"),
    [
        ("TwoCompartment", {"backprop_gain": 1.24}, {"backprop_gain": 1.27}),
        ("ParallelSubunits", {"backprop_gain": 0.156}, {"backprop_gain": 0.159}),
        (
            "TwoCompartment",
            {"backprop_gain": 0.78, "dendrite_gain": 3.0},
            {"backprop_gain": 0.88, "dendrite_gain": 3.0},
        ),
    ],
)
def test_an_unstable_loop_is_said_with_the_largest_stable_gain(kind, stable, unstable):
    """What is called unstable fires for ever after one pulse, what is not falls silent."""

    def fires_at_the_end(options):
        layer = getattr(r2s, kind)(1, seed=1, **options)
        x = np.zeros((1, 2500, 2))
        x[:, :100] = 5.0
        layer.build(x.shape)
        layer.cell.kernel.assign(np.eye(2)[:, None])
        return bool(layer.states(x).z[-100:].any())

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert not fires_at_the_end(stable)
    with pytest.warns(InputWarning, match=r"backprop_gain .* can keep itself firing; the largest stable one is \d"):
        assert fires_at_the_end(unstable)


@pytest.mark.parametrize(
    ("kind", "options", "message"),
    [
        ("TwoCompartment", {"backprop_gain": -1}, "backprop_gain must be a number from 0, got -1"),
        ("OneCompartment", {"tau_mem_ms": 0}, "tau_mem_ms must be a positive number, got 0"),
        ("ParallelSubunits", {"ca_slope": "steep"}, "ca_slope must be a positive number, got 'steep'"),
        ("OneCompartment", {"refractory_ms": float("nan")}, "refractory_ms must be a number from 0, got nan"),
        ("CascadeReadout", {"initial_scale": 0}, "initial_scale must be"),
        ("TwoCompartment", {"tau_ms": 3}, "did you mean"),
        ("OneCompartment", {"normalize": "yes"}, "normalize must be true or false"),
    ],
)
def test_options_that_cannot_be_used_are_one_line(kind, options, message):
    with pytest.raises(InputError, match=message):
        getattr(r2s, kind)(3, **options)


def test_time_constants_and_gains_can_be_trained():
    layer = r2s.ParallelSubunits(
        2, trainable_tau=True, trainable_gain=True, backprop_gain=0.05, initial_scale=5.0, seed=1
    )
    x = (np.random.default_rng(0).random((4, 80, 10)) < 0.2).astype("f4")
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(layer(x) * tf.cos(tf.range(80.0))[:, None])
    names = [variable.name for variable in layer.trainable_variables]
    assert len(names) == 1 + 5 + 4
    for name, slope in zip(names, tape.gradient(loss, layer.trainable_variables), strict=True):
        assert np.isfinite(slope).all() and np.any(slope), name


def test_balanced_readout_weights_leave_no_unit_and_no_input_that_only_inhibits():
    layers = [r2s.CascadeReadout(40, balanced=balanced, seed=1, dtype="float64") for balanced in (False, True)]
    drawn, balanced = (built.cell.kernel.numpy() for built in layers if built.build((None, None, 60)) is None)
    np.testing.assert_allclose([*balanced.sum(0), *balanced.sum(1)], 0, atol=1e-12)
    assert balanced.std() == pytest.approx(drawn.std(), rel=0.05)
    assert np.corrcoef(balanced.ravel(), drawn.ravel())[0, 1] > 0.95
    assert r2s.CascadeReadout.from_config(layers[1].get_config()).cell.balanced
    with pytest.raises(InputError, match="balanced weights need at least 2 inputs and 2 units, got 4 and 1"):
        r2s.CascadeReadout(1, balanced=True).build((None, None, 4))


@pytest.mark.parametrize("tau_ms", [1e7, 1e300])
def test_loops_that_are_too_slow_to_be_judged_cost_no_time(tau_ms, recwarn):
    r2s.TwoCompartment(2, backprop_gain=0.5, tau_dendrite_ms=tau_ms)
    r2s.TwoCompartment(2, backprop_gain=0.5, tau_mem_ms=tau_ms)
    assert not [one for one in recwarn if "unstable" in str(one.message)]


@pytest.mark.parametrize("shape", [(2, 3), (2, 0, 3)])
def test_the_maximum_of_wrong_inputs_is_one_line(shape):
    with pytest.raises(InputError, match=r"inputs of MaxOverTime are \(batch, time, units\)") as caught:
        r2s.MaxOverTime()(np.zeros(shape, "f4"))
    assert "\n" not in str(caught.value)
