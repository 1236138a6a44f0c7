"""The neuron kinds against theory: f-I curves in closed form or by quadrature, step by step against a plain statement."""

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.optimize import brentq

from rate2spike.errors import InputError
from rate2spike.spiking.kernels import membranes, reference
from rate2spike.spiking.simulator.network import SpikingNetwork
from rate2spike.spiking.simulator.params import NEURONS, AdLIFParams, EIFParams, LIFParams, QIFParams, neuron_params
from rate2spike.spiking.simulator.recording import RECORDABLE
from rate2spike.spiking.simulator.simulate_reference import InjectedDraws
from rate2spike.spiking.simulator.stimulation import Stimulation

from helpers import small_model

PRECISIONS = ["float32", "float64"]
ALL = [LIFParams, QIFParams, AdLIFParams, EIFParams]


def unconnected(params, n_units=4, **options) -> SpikingNetwork:
    zeros = np.zeros((n_units, n_units))
    model = small_model(n_units=n_units, dale=False, dtype=np.float64, w_rec=zeros, w_in=np.ones((n_units, 1)))
    return SpikingNetwork.from_model(model, 1.0, params=params, **options)


def rate_hz(params, drive_mv, precision="float32", duration_columns=401, dt_s=2.5e-5):
    record = unconnected(params, dt_s=dt_s).run(
        np.full((1, duration_columns), drive_mv), seed=1, record=("spikes",), precision=precision
    )
    steps = record.events[record.events[:, 0] == 0, 1]
    settled = steps[steps > record.n_steps // 2]
    return (settled.size - 1) / (np.ptp(settled) * record.dt_s)


def climb_s(params, slope_mv):
    """Time from reset to peak where tau_m dv/dt = slope_mv(v)."""
    return quad(lambda v: params.tau_m_s / slope_mv(v), params.v_reset_mv, params.v_peak_mv, limit=500)[0]


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("drive_mv", [50.0, 500.0, 3000.0])
def test_f_i_curve_of_the_quadratic_neuron(precision, drive_mv):
    """T = t_ref + tau_m / sqrt(I) [atan(v_peak / sqrt(I)) - atan(v_reset / sqrt(I))]."""
    params = QIFParams(noise_sd_mv=0.0)
    root = np.sqrt(drive_mv)
    climb = params.tau_m_s / root * (np.arctan(params.v_peak_mv / root) - np.arctan(params.v_reset_mv / root))
    expected = 1 / (params.t_ref_s + climb)
    # Euler's first step out of the reset is 4225 / 400 mV long: the coarse step errs by a per cent of the climb
    assert rate_hz(params, drive_mv, precision) == pytest.approx(expected, rel=0.02)


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("drive_mv", [1.0, 5.0, 50.0])
def test_f_i_curve_of_the_exponential_neuron(precision, drive_mv):
    """T = t_ref + integral of tau_m dv / (-v + I + D exp((v - v_T) / D))."""
    params = EIFParams(noise_sd_mv=0.0)
    current = params.bias_mv + drive_mv
    climb = climb_s(
        params, lambda v: -v + current + params.slope_mv * np.exp((v - params.v_threshold_mv) / params.slope_mv)
    )
    assert rate_hz(params, drive_mv, precision) == pytest.approx(1 / (params.t_ref_s + climb), rel=0.02)


@pytest.mark.parametrize("precision", PRECISIONS)
def test_the_exponential_neuron_is_silent_below_its_rheobase(precision):
    """The rheobase is v_T - D."""
    params = EIFParams(noise_sd_mv=0.0)
    u = np.full((1, 201), params.v_threshold_mv - params.slope_mv - params.bias_mv - 0.1)
    assert not unconnected(params).run(u, seed=1, precision=precision).events[:, 1].max(initial=0) > 200
    assert rate_hz(params, params.v_threshold_mv - params.slope_mv - params.bias_mv + 0.1, precision, 801, 5e-5) > 0


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("drive_mv", [5.0, 20.0, 100.0])
def test_f_i_curve_of_the_adaptive_neuron(precision, drive_mv):
    """T solves v(T) = v_peak with a(t) = a_0 exp(-t/tau_a), a_0 = b / (1 - exp(-T/tau_a)), v leaving reset at t_ref."""
    params = AdLIFParams(noise_sd_mv=0.0, adaptation_mv=2.0)
    tau_m, tau_a, current = params.tau_m_s, params.tau_a_s, params.bias_mv + drive_mv

    def peak_minus_end(interval):
        start = params.adaptation_mv / (1 - np.exp(-interval / tau_a)) * np.exp(-params.t_ref_s / tau_a)
        t = interval - params.t_ref_s
        adapting = start * tau_a / (tau_a - tau_m) * (np.exp(-t / tau_a) - np.exp(-t / tau_m))
        v = current + (params.v_reset_mv - current) * np.exp(-t / tau_m) - adapting
        return v - params.v_peak_mv

    interval = brentq(peak_minus_end, params.t_ref_s + 1e-6, 2.0)
    assert rate_hz(params, drive_mv, precision, 801) == pytest.approx(1 / interval, rel=0.01)


def slope_mv(p, v, total, a):
    if p.kind == "eif":
        return total - v + p.slope_mv * np.exp((v - p.v_threshold_mv) / p.slope_mv)
    return v**2 + total if p.kind == "qif" else total - v - (a if p.kind == "adlif" else 0)


def naive(network, u, uniforms, normals, stimuli):
    """Specification with constants per unit, any kind and stimulation, in NumPy."""
    p, dt, n = network.params, network.dt_s, network.n_units
    tau_m, t_ref, tau_r, reset, peak, bias = (
        p.per_unit(name, n) for name in ("tau_m_s", "t_ref_s", "tau_r_s", "v_reset_mv", "v_peak_mv", "bias_mv")
    )
    sd = p.noise_per_step_mv(n, dt)
    per_column = network.steps_per_column
    n_steps = per_column * (u.shape[1] - 1)
    v, (ipsc, h, r, hr, t_last, a) = reset + uniforms[:n] * 95, np.zeros((6, n))
    coins, out, spikes = iter(uniforms[n:]), np.zeros(n_steps), np.zeros((n, n_steps), bool)
    single = tau_r == 0
    rise = np.where(single, 1, tau_r)
    decay, decay_r = np.exp(-dt / network.tau_d_s), np.exp(-dt / rise)
    for i in range(1, n_steps + 1):
        total = ipsc + bias + network.w_in @ u[:, int(np.floor(i / per_column + 0.5))]
        for s in stimuli:
            if s.continuous and s.first_step < i <= s.end_step:
                total[list(s.units)] += s.signed_mv
        dv = slope_mv(p, v, total, a)
        v = v + dt * (dt * i > t_last + t_ref) * dv / tau_m + sd * normals[i - 1]
        if p.kind == "adlif":
            a = a * np.exp(-dt / p.tau_a_s)
        for s in stimuli:
            if not s.continuous and s.first_step < i <= s.end_step and next(coins) < s.duty:
                v[list(s.units)] += s.signed_mv
        spike = v >= peak
        if p.kind == "adlif":
            a = a + p.adaptation_mv * spike
        jump = network.w[:, spike].sum(1)
        t_last = t_last + (dt * i - t_last) * spike
        double = ipsc * decay + h * dt, r * decay + hr * dt
        h, hr = h * decay_r + jump / (rise * network.tau_d_s), hr * decay_r + spike / (rise * network.tau_d_s)
        ipsc = np.where(single, ipsc * decay + jump / network.tau_d_s, double[0])
        r = np.where(single, r * decay + spike / network.tau_d_s, double[1])
        v = np.where(spike, reset, v)
        spikes[:, i - 1], out[i - 1] = spike, network.readout[0] @ r
    return spikes, out


def mixed_constants(n, kind):
    rng = np.random.default_rng(7)
    peak = {"qif": 30.0, "eif": -20.0}.get(kind, -40.0)
    bias = (50, 300) if kind == "qif" else (-42, -35)
    return dict(
        tau_m_s=rng.uniform(0.005, 0.02, n),
        t_ref_s=rng.integers(0, 80, n) * 5e-5 + 1e-5,
        bias_mv=rng.uniform(*bias, n),
        noise_sd_mv=rng.uniform(0, 0.3, n),
        tau_r_s=np.where(rng.random(n) < 0.3, 0.0, rng.uniform(0.001, 0.005, n)),
        v_reset_mv=rng.uniform(-70, -55, n),
        v_peak_mv=peak + rng.uniform(0, 3, n),
    )


STIMULI = (
    Stimulation("inh", 100, 800, (0, 3), amplitude_mv=1.0, duty=0.2),
    Stimulation("exc", 300, 2000, (1, 2, 3), continuous=True, amplitude_mv=15.0),
    Stimulation("exc", 500, 5000, (1,)),
)


@pytest.mark.parametrize("kind", NEURONS)
@pytest.mark.parametrize("steps_per_column", [100, 60])
def test_reference_path_equals_the_naive_statement_with_constants_per_unit(kind, steps_per_column):
    n = 12
    model = small_model(n_units=n, n_inputs=2, n_som=2, dtype=np.float64)
    params = neuron_params(kind, **mixed_constants(n, kind))
    network = SpikingNetwork.from_model(model, 2.0, params=params, dt_s=0.005 / steps_per_column)
    rng = np.random.default_rng(4)
    u = rng.normal(size=(2, 31)) * 5
    n_steps = steps_per_column * 30
    uniforms, normals = rng.random(n + 2 * n_steps), rng.standard_normal((n_steps, n))
    record = network.run(u, draws=InjectedDraws(uniforms, normals), record=RECORDABLE, stimulation=STIMULI)
    spikes, output = naive(network, u, uniforms, normals, STIMULI)
    np.testing.assert_array_equal(record.spikes, spikes)
    assert spikes[:, 10:].any()
    np.testing.assert_allclose(record.output[0], output, rtol=1e-8, atol=1e-8)


@pytest.mark.parametrize("kind", NEURONS)
def test_fast_path_equals_the_reference_without_noise(kind):
    """Same start, no noise, no coins, no rounding of refractory periods: spikes differ by rounding only."""
    n = 12
    constants = mixed_constants(n, kind) | {"noise_sd_mv": 0.0}
    model = small_model(n_units=n, n_inputs=2, n_som=2, dtype=np.float64)
    network = SpikingNetwork.from_model(model, 2.0, params=neuron_params(kind, **constants))
    u = np.random.default_rng(4).normal(size=(2, 61)) * 5
    current = STIMULI[1]
    fast = network.run(u, seed=3, record=("voltage", "spikes", "output"), stimulation=current)
    peak, reset = (network.params.per_unit(name, n) for name in ("v_peak_mv", "v_reset_mv"))
    # the kernel's own start, from its 64-bit key
    from rate2spike.seeding import Role, key64

    state = network.fast.start(key64(3, Role.SIMULATION), 0)
    start = (state.u[:n] + peak - reset) / 95
    draws = InjectedDraws(start, np.zeros(n * fast.n_steps))
    reference = network.run(u, draws=draws, record=("voltage", "spikes", "output"), stimulation=current)
    assert reference.events.shape[0] > 30
    assert abs(fast.events.shape[0] - reference.events.shape[0]) <= 0.02 * reference.events.shape[0]
    early = slice(0, 400)  # before rounding has moved a spike by a step
    np.testing.assert_allclose(fast.voltage_mv[:, early], reference.voltage_mv[:, early], atol=0.05)
    # a spike a step early or late moves a jump of the single-exponential filter by a step
    assert np.abs(fast.output - reference.output).mean() < 0.005 * np.abs(reference.output).max()


def test_every_kind_has_its_membranes():
    assert list(membranes.KINDS) == list(reference.KINDS) == list(NEURONS)
    for kind in reference.KINDS:
        assert set(reference.KINDS[kind]._fields) <= set(NEURONS[kind].numbers())


@pytest.mark.parametrize("params", ALL)
def test_same_seed_same_result_whatever_is_recorded(params):
    network = SpikingNetwork.from_model(small_model(n_units=20), 2.0, params=params())
    u = np.ones((1, 21)) * 20
    everything = network.run(u, seed=3, record=RECORDABLE)
    np.testing.assert_array_equal(everything.output, network.run(u, seed=3, record="output").output)
    np.testing.assert_array_equal(everything.firing_rate_hz, network.run(u, seed=3, record=()).firing_rate_hz)
    assert everything.neuron == params.kind


@pytest.mark.parametrize("precision", PRECISIONS)
def test_physical_noise_gives_the_same_voltage_spread_for_every_step_and_the_published_one_does_not(precision):
    """Ornstein-Uhlenbeck: the stationary variance is sd^2 tau_m / (2 dt) for a step's sd."""

    def spread(scaling, dt_s):
        params = LIFParams(v_peak_mv=1e3, bias_mv=0.0, t_ref_s=0.0, v_reset_mv=-1.0, noise_scaling=scaling)
        network = unconnected(params, n_units=400, dt_s=dt_s)
        record = network.run(np.zeros((1, 41)), seed=5, record=("voltage",), precision=precision)
        return record.voltage_mv[:, -1].std()

    expected = 0.1 * np.sqrt(0.01 / (2 * 5e-5))
    for dt_s in (5e-5, 2.5e-4):
        assert spread("sqrt_dt", dt_s) == pytest.approx(expected, rel=0.15)
    assert spread("per_step", 2.5e-4) == pytest.approx(expected / np.sqrt(5), rel=0.15)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: neuron_params("hh"), "unknown neuron 'hh': choose from lif, qif, adlif, eif"),
        (lambda: neuron_params("lif", slope_mv=1), "lif neurons have no 'slope_mv': choose from tau_m_s"),
        (lambda: EIFParams(slope_mv=0), "slope_mv must be above 0, got 0"),
        (lambda: AdLIFParams(adaptation_mv=-1), "adaptation_mv must be at least 0"),
        (lambda: LIFParams(bias_mv=np.nan), "bias_mv must be finite, got nan"),
        (lambda: LIFParams(bias_mv=[1.0, np.inf]), "bias_mv must be finite, got inf"),
        (lambda: LIFParams(bias_mv="much"), "bias_mv must be a number or one per unit"),
        (lambda: LIFParams(v_reset_mv=-30), "v_reset_mv must be below v_peak_mv"),
        (lambda: LIFParams(noise_scaling="dt"), "unknown noise scaling 'dt': choose from per_step, sqrt_dt"),
        (lambda: unconnected(LIFParams(tau_m_s=np.full(3, 0.01))), "tau_m_s holds 3 numbers, the network has 4 units"),
        (lambda: unconnected(LIFParams(), dt_s=3e-4), "must divide a column's 5 ms, got 0.3 ms"),
        (lambda: unconnected(LIFParams(), dt_s=0.0), "must be above 0"),
    ],
)
def test_refusals(call, message):
    with pytest.raises(InputError, match=message):
        call()
