"""The success rule of the sine task, computed from two waves, against correlations with every shifted wave."""

import numpy as np
import pytest

from rate2spike.rate import tasks
from rate2spike.trained_model import STEP_S


def naive(task, window, *, spiking):
    """Correlation above 0.9 at one of 21 lags, half the range of values in 0.7 to 1.3."""
    if not 0.7 <= (window.max() - window.min()) / 2 <= 1.3:
        return False
    n_steps = task.n_steps - task.window_start
    times = task.window_start + np.arange(window.size) * (n_steps / window.size if spiking else 1)
    waves = [np.sin(2 * np.pi * task.frequency_hz * STEP_S * (times - lag)) for lag in range(-10, 11)]
    return max(np.corrcoef(window, wave)[0, 1] for wave in waves) > 0.9


@pytest.mark.parametrize("options", [{}, {"frequency_hz": 3.3}, {"window_start": 250}, {"n_steps": 230}])
@pytest.mark.parametrize("spiking", [False, True])
def test_rule_is_that_of_shifted_waves(options, spiking):
    task = tasks.get("sine", options)
    rng = np.random.default_rng(len(options) + spiking)
    n_steps = task.n_steps - task.window_start
    sizes = [n_steps, 20 * n_steps, 7 * n_steps + 3] if spiking else [n_steps - 1, n_steps]
    verdicts = []
    for k in range(300):
        size = sizes[k % len(sizes)]
        steps = task.window_start + np.arange(size) * (n_steps / size if spiking else 1)
        wave = np.sin(2 * np.pi * task.frequency_hz * STEP_S * (steps - rng.uniform(-25, 25)))
        noise = rng.normal(size=size) if k % 2 else np.cumsum(rng.normal(size=size)) / np.sqrt(size)
        window = rng.uniform(0.6, 1.3) * wave + rng.uniform(0, 0.5) * noise + rng.uniform(-1, 1)
        verdicts.append(task.is_correct(window, "sine", spiking=spiking))
        assert verdicts[-1] == naive(task, window, spiking=spiking)
    assert 30 < sum(verdicts) < 270


@pytest.mark.parametrize("spiking", [False, True])
@pytest.mark.parametrize(
    "values", [[np.nan], [0.0], [1.0], [-1.3], [1.0, -1.0], [np.nan, 1.0, -1.0], [np.inf, 0.0], [1e300, -1e300]]
)
def test_outputs_that_are_no_wave_are_wrong(values, spiking):
    task = tasks.get("sine")
    window = np.resize(np.array(values), 300)
    assert task.is_correct(window, "sine", spiking=spiking) is False


def test_a_single_value_that_is_no_number_spoils_a_wave():
    task = tasks.get("sine")
    window = np.sin(2 * np.pi * 2 * STEP_S * np.arange(100, 400))
    assert task.is_correct(window, "sine", spiking=False) is True
    window[17] = np.nan
    assert task.is_correct(window, "sine", spiking=False) is False
