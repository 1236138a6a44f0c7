"""The kernel of surrogate gradients against tangents: every weight's derivative carried forward in time, in float64."""

import numpy as np
import pytest

from rate2spike.spiking.kernels.surrogate_gradient import backward, forward, loss_and_gradient
from rate2spike.spiking.tuning.coarse_network import CoarseUnits

N, N_STEPS, N_OUTPUTS, STEPS_PER_COLUMN = 7, 40, 2, 5
N_COLUMNS = N_STEPS // STEPS_PER_COLUMN
SURROGATE = (np.float32(5.0), np.float32(0.3))


def units_of(rng) -> CoarseUnits:
    """Units that differ in everything, some of them with no rise time."""
    decay_r = np.where(np.arange(N) % 3 == 0, 0, rng.uniform(0.2, 0.8, N))
    decay_d = rng.uniform(0.7, 0.97, N)
    values = {
        "leak": rng.uniform(0.05, 0.2, N),
        "noise_sd": rng.uniform(0, 0.5, N),
        "v_peak": np.full(N, -40.0),
        "v_reset": rng.uniform(-66, -60, N),
        "n_refractory": rng.integers(0, 4, N),
        "decay_d": decay_d,
        "decay_r": decay_r,
        "gain": (1 - decay_r) * (1 - decay_d) * 1000,
    }
    arrays = {name: value.astype(np.float32) for name, value in values.items()}
    return CoarseUnits(**arrays | {"n_refractory": values["n_refractory"].astype(np.int32)})


class Case:
    """One trial with all that it needs; numbers as float32, so that both sides begin with the same."""

    def __init__(self, seed):
        rng = np.random.default_rng(seed)
        self.units = units_of(rng)
        self.w_from = (rng.normal(size=(N, N)) * 0.02 * (rng.random((N, N)) < 0.7)).astype(np.float32)
        self.w_out = (rng.normal(size=(N_OUTPUTS, N)) * 0.01).astype(np.float32)
        self.v_start = rng.uniform(-65, -35, N).astype(np.float32)
        self.drive = rng.uniform(-42, -5, (1, N_COLUMNS, N)).astype(np.float32)
        self.noise = rng.normal(size=(N_STEPS, N)).astype(np.float32)
        self.target = rng.normal(size=(1, N_COLUMNS, N_OUTPUTS)).astype(np.float32)
        self.weight = rng.uniform(0, 0.1, (1, N_COLUMNS, N_OUTPUTS)).astype(np.float32)
        self.weight[:, :2] = 0

    def by_kernel(self, spike_cost=0.0):
        """(distance, outputs, spikes, loss, gradient, gradient_out) of the kernel."""
        distance, filtered = np.empty((2, N_STEPS, N), np.float32)
        outputs, n_spikes = np.empty((N_STEPS, N_OUTPUTS), np.float32), np.zeros(N, np.float32)
        rise, current, rise_own, own = np.zeros((4, N), np.float32)
        state = (self.v_start.copy(), np.zeros(N, np.int32), current, rise, rise_own, own)
        weights = (self.w_from, self.w_out, STEPS_PER_COLUMN)
        forward(0, self.drive, self.noise, self.units, *weights, state, distance, filtered, outputs, n_spikes)
        gradient, gradient_out = np.zeros((N, N), np.float32), np.zeros((N_OUTPUTS, N), np.float32)
        adjoint = tuple(np.empty((5, N), np.float32))
        loss = backward(
            0, self.target, self.weight, self.units, *weights, SURROGATE, np.float32(spike_cost),
            adjoint, distance, filtered, outputs, gradient, gradient_out,
        )  # fmt: skip
        return distance, outputs, n_spikes, loss, gradient, gradient_out

    def by_tangents(self, spike_cost=0.0):
        """(spikes (T, N), outputs, loss, gradient, gradient_out), float64, in the equations' own words."""
        u = CoarseUnits(*(value.astype(np.float64) for value in self.units))
        w, w_out = self.w_from.astype(np.float64), self.w_out.astype(np.float64)
        n_w = N * N
        v, x, h, own_x, own_h = self.v_start.astype(np.float64), *np.zeros((4, N))
        d_v, d_x, d_h, d_own_x, d_own_h = np.zeros((5, N, n_w))
        refractory_left = np.zeros(N)
        spikes, outputs = np.zeros((N_STEPS, N)), np.zeros((N_STEPS, N_OUTPUTS))
        loss, gradient, gradient_out = 0.0, np.zeros(n_w), np.zeros((N_OUTPUTS, N))
        half_width, height = (float(value) for value in SURROGATE)
        for t in range(N_STEPS):
            column = min(int((t + STEPS_PER_COLUMN // 2) / STEPS_PER_COLUMN), N_COLUMNS - 1)
            x, d_x = u.decay_d * x + u.gain * h, u.decay_d[:, None] * d_x + u.gain[:, None] * d_h
            h, d_h = u.decay_r * h, u.decay_r[:, None] * d_h
            own_x, d_own_x = (
                u.decay_d * own_x + u.gain * own_h,
                u.decay_d[:, None] * d_own_x + u.gain[:, None] * d_own_h,
            )
            own_h, d_own_h = u.decay_r * own_h, u.decay_r[:, None] * d_own_h
            is_free = refractory_left == 0
            refractory_left = np.maximum(refractory_left - 1, 0)
            inflow = x + self.drive[0, column]
            moved = v + u.leak * (inflow - v) + u.noise_sd * self.noise[t]
            d_moved = d_v + u.leak[:, None] * (d_x - d_v)
            distance = moved - u.v_peak
            fired = is_free & (distance >= 0)
            slope = np.maximum(1 - np.abs(distance) / half_width, 0) * height / half_width * is_free
            d_fired = slope[:, None] * d_moved
            v = np.where(fired, u.v_reset, np.where(is_free, moved, v))
            d_v = np.where(fired[:, None], 0, np.where(is_free[:, None], d_moved, d_v))
            refractory_left[fired] = u.n_refractory[fired]
            h = h + fired @ w
            d_h = d_h + w.T @ d_fired
            for source in np.flatnonzero(fired):
                d_h[np.arange(N), source * N + np.arange(N)] += 1
            own_h, d_own_h = own_h + fired, d_own_h + d_fired
            outputs[t], spikes[t] = w_out @ own_x, fired
            error = outputs[t] - self.target[0, column]
            weighted = self.weight[0, column] * error
            loss += 0.5 * weighted @ error
            gradient += weighted @ w_out @ d_own_x + spike_cost * d_fired.sum(0)
            gradient_out += np.outer(weighted, own_x)
        return spikes, outputs, loss, gradient.reshape(N, N), gradient_out


@pytest.mark.parametrize("spike_cost", [0.0, 0.02])
@pytest.mark.parametrize("seed", range(6))
def test_kernel_gives_what_tangents_give(seed, spike_cost):
    case = Case(seed)
    distance, outputs, n_spikes, loss, gradient, gradient_out = case.by_kernel(spike_cost)
    spikes, outputs_2, loss_2, gradient_2, gradient_out_2 = case.by_tangents(spike_cost)
    assert spikes.sum() > 20 and np.abs(gradient_2).max() > 0
    np.testing.assert_array_equal(distance >= 0, spikes)
    np.testing.assert_array_equal(n_spikes, spikes.sum(0))
    np.testing.assert_allclose(outputs, outputs_2, atol=1e-5 * np.abs(outputs_2).max())
    assert loss == pytest.approx(loss_2, rel=1e-5)
    np.testing.assert_allclose(gradient, gradient_2, atol=2e-4 * np.abs(gradient_2).max())
    np.testing.assert_allclose(gradient_out, gradient_out_2, atol=1e-5 * np.abs(gradient_out_2).max())


def test_gradient_of_output_weights_is_the_slope_of_the_loss():
    case, step = Case(3), 1e-3
    gradient_out = case.by_kernel()[-1]
    w_out = case.w_out
    for output, unit in ((0, 0), (1, 4), (0, 6)):
        losses = []
        for sign in (1, -1):
            case.w_out = w_out.copy()
            case.w_out[output, unit] += sign * step
            losses.append(case.by_tangents()[2])
        slope = (losses[0] - losses[1]) / (2 * step)
        assert gradient_out[output, unit] == pytest.approx(slope, rel=1e-2, abs=1e-4)


def test_gradients_of_a_block_are_sums_over_its_trials_whatever_was_run_before():
    cases = [Case(seed) for seed in range(3)]
    first = cases[0]

    def of(chosen):
        gradient, gradient_out = np.zeros((N, N), np.float32), np.zeros((N_OUTPUTS, N), np.float32)
        n_spikes, outputs = np.zeros(N, np.float32), np.empty((len(chosen), N_STEPS, N_OUTPUTS), np.float32)
        stacked = [np.concatenate([getattr(cases[k], name) for k in chosen]) for name in ("drive", "target", "weight")]
        loss = loss_and_gradient(
            np.array([cases[k].v_start for k in chosen]), stacked[0], np.array(chosen, np.uint64) + np.uint64(11),
            stacked[1], stacked[2], first.units, first.w_from, first.w_out, STEPS_PER_COLUMN, SURROGATE, np.float32(0),
            gradient, gradient_out, n_spikes, outputs,
        )  # fmt: skip
        return loss, gradient, gradient_out, n_spikes

    alone, together = [of([k]) for k in range(3)], of([0, 1, 2])
    for k in range(4):
        np.testing.assert_allclose(together[k], sum(one[k] for one in alone), rtol=1e-5, atol=1e-5)
    for one, again in zip(of([1]), alone[1], strict=True):
        np.testing.assert_array_equal(one, again)


def test_units_far_below_threshold_have_no_gradient():
    case = Case(0)
    case.drive = np.full_like(case.drive, -100)
    case.v_start = np.full_like(case.v_start, -65)
    _, outputs, n_spikes, _, gradient, gradient_out = case.by_kernel(spike_cost=1.0)
    assert not n_spikes.any() and not outputs.any() and not gradient.any() and not gradient_out.any()
